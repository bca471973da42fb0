//! `tamis rules`: check, test, list, explain and diff.

mod by_labels;
mod diff;
mod test;

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Subcommand};
use serde_json::{Value, json};
use tamis_pipeline::PipelineError;
use tamis_pipeline::config::ConfigFile;
use tamis_pipeline::look;
use tamis_rules::annotators::{self, ANNOTATORS};
use tamis_rules::difference::Judge;
use tamis_rules::nearest::suggest;
use tamis_rules::{RuleSet, RuleSource, TokenizerSpec, explain, packs, schema};

const EXAMPLES: &str = "Examples:
  tamis rules check rules.yaml                  every mistake, with line and column
  tamis rules check rules.yaml --on corpus/     and whether the declared columns are there
  tamis rules test rules.yaml                   the tests in the file
  tamis rules test rules.yaml --format junit >tests.xml   for a build server
  tamis rules schema >rules.schema.json         for editors
  tamis rules test rules.yaml --labels out/review   and against what reviewers said
  tamis rules list                              packs and annotators
  tamis rules list tamis/web                    the rules of a pack
  tamis rules diff gopher@datatrove gopher@dclm --on corpus/   where two packs disagree, and why
  tamis rules explain mean_word_length          what an annotator measures
  tamis rules explain web/too-short             what a rule does and why";

/// The options of `tamis rules`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct RulesArgs {
    #[command(subcommand)]
    command: RulesCommand,
    /// A tokenizer.json, for rules that count tokens: check, test
    #[arg(long, global = true, value_name = "FILE")]
    tokenizer: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum RulesCommand {
    /// Read rule files and packs and say everything that is wrong with them
    Check {
        /// Rule files and packs
        #[arg(required = true, value_name = "FILE|PACK")]
        sources: Vec<String>,
        /// Verify the declared columns against a corpus
        #[arg(long, value_name = "FILE")]
        on: Option<PathBuf>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Run the tests in rule files and packs
    Test {
        /// Rule files and packs
        #[arg(required = true, value_name = "FILE|PACK")]
        sources: Vec<String>,
        /// Judge the labelled documents of a review too: none that is good may be dropped
        #[arg(long, value_name = "OUT/review")]
        labels: Option<PathBuf>,
        /// How to print the outcome: `text`, `json` (a line for each test) or `junit` (XML)
        #[arg(long, value_enum, default_value_t = test::Format::Text)]
        format: test::Format,
        /// Print JSON, as --format json
        #[arg(long)]
        json: bool,
    },
    /// Print the JSON Schema of rule files, which makes editors complete and check them
    Schema {
        /// Print that of `tamis.yaml` instead
        #[arg(long)]
        config: bool,
    },
    /// List packs and annotators, or the rules of files and packs
    List {
        /// Rule files and packs
        #[arg(value_name = "FILE|PACK")]
        sources: Vec<String>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// The documents on which two rule files or packs disagree, and why
    ///
    /// The exit status is 1 where there are any.
    Diff {
        /// A rule file or pack
        #[arg(value_name = "FILE|PACK")]
        first: String,
        /// Another one
        #[arg(value_name = "FILE|PACK")]
        second: String,
        /// Files and folders of a corpus
        #[arg(long, required = true, num_args = 1.., value_name = "FILE")]
        on: Vec<String>,
        /// Documents to print, 0 for all
        #[arg(short, default_value_t = 20, value_name = "N")]
        n: usize,
        /// Column with the text [default: text, content or `raw_content`, as found]
        #[arg(long, value_name = "NAME")]
        text_column: Option<String>,
        /// Print JSON lines, the last one a summary
        #[arg(long)]
        json: bool,
    },
    /// The page of an annotator, a rule or a pack
    Explain {
        /// An annotator, a rule or a pack
        name: String,
        /// Where to look for rules beside the packs
        #[arg(long, value_name = "FILE")]
        rules: Vec<String>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

/// Does what was asked.
pub(crate) fn run(args: RulesArgs) -> anyhow::Result<ExitCode> {
    let mut out = std::io::stdout().lock();
    let tokenizer = args.tokenizer.as_deref().map(TokenizerSpec::open).transpose();
    let tokenizer = tokenizer.map_err(PipelineError::from)?;
    let load = |names: &[String]| {
        let set = load(names)?;
        Ok::<_, PipelineError>(match &tokenizer {
            Some(tokenizer) => set.with_token_counts(tokenizer.clone()),
            None => set,
        })
    };
    match args.command {
        RulesCommand::Check { sources, on, json } => {
            check(&mut out, load(&sources), on.as_deref(), json)
        }
        RulesCommand::Test { sources, labels, format, json } => {
            let format = if json { test::Format::Json } else { format };
            if labels.is_some() && format == test::Format::Junit {
                let message =
                    "--format junit holds tests only: judge --labels in a call of its own";
                return Err(PipelineError::Usage(message.to_owned()).into());
            }
            let tested = test::run(&mut out, &load(&sources)?, format)?;
            match labels {
                None => Ok(tested),
                Some(labels) => {
                    let judged = by_labels::test(
                        &mut out,
                        &load(&sources)?,
                        &labels,
                        format != test::Format::Text,
                    )?;
                    Ok(if tested == ExitCode::SUCCESS { judged } else { tested })
                }
            }
        }
        RulesCommand::Schema { config } => {
            let text = if config { ConfigFile::schema_text() } else { schema::rule_file_text() };
            write!(out, "{text}")?;
            Ok(ExitCode::SUCCESS)
        }
        RulesCommand::List { sources, json } => list(&mut out, &sources, json),
        RulesCommand::Diff { first, second, on, n, text_column, json } => {
            let judge = |name: &String| -> Result<Judge, PipelineError> {
                Ok(Judge::new(load(std::slice::from_ref(name))?)?)
            };
            let judges = [judge(&first)?, judge(&second)?];
            let diff = diff::Diff { names: [&first, &second], judges, most: n, json };
            diff.run(&mut out, &on, text_column)
        }
        RulesCommand::Explain { name, rules, json } => explain_name(&mut out, &name, &rules, json),
    }
}

fn load(names: &[String]) -> Result<RuleSet, PipelineError> {
    let sources: Vec<RuleSource> =
        names.iter().map(|name| RuleSource::named_beside(name, Path::new(""))).collect();
    Ok(RuleSet::load(&sources)?)
}

/// Values for percentiles that are not known before a run.
fn trial(set: &RuleSet) -> BTreeMap<String, f64> {
    set.percentiles().iter().map(|percentile| (percentile.key(), 0.0)).collect()
}

fn check(
    out: &mut impl Write,
    loaded: Result<RuleSet, PipelineError>,
    on: Option<&Path>,
    as_json: bool,
) -> anyhow::Result<ExitCode> {
    let checked = loaded.and_then(|set| {
        set.compile(&trial(&set))?;
        Ok(set)
    });
    let set = match checked {
        Ok(set) => set,
        Err(PipelineError::Rules(error)) if as_json => {
            let problems: Vec<Value> = error
                .problems
                .iter()
                .map(|p| json!({"file": p.file, "line": p.line, "column": p.column, "message": p.message}))
                .collect();
            writeln!(out, "{}", json!({"ok": false, "problems": problems}))?;
            return Ok(ExitCode::from(2));
        }
        Err(error) => return Err(error.into()),
    };
    let mut missing = Vec::new();
    if let Some(on) = on {
        let found = look::columns_of(&on.display().to_string(), set.columns())?;
        for (column, outcome) in set.columns().iter().zip(found) {
            if let Some(trouble) = outcome {
                let at = &column.at;
                missing.push(format!(
                    "{}:{}:{}: column '{}' {trouble}",
                    set.file_name(at),
                    at.line,
                    at.column,
                    column.name
                ));
            }
        }
    }
    let (rules, tests) = (set.rules().len(), set.tests().len());
    if as_json {
        writeln!(
            out,
            "{}",
            json!({"ok": missing.is_empty(), "rules": rules, "tests": tests, "problems": missing})
        )?;
    } else if missing.is_empty() {
        writeln!(out, "fine: {rules} rules, {tests} tests, hash {}", set.hash_hex())?;
    } else {
        for line in &missing {
            writeln!(out, "{line}")?;
        }
    }
    Ok(ExitCode::from(u8::from(!missing.is_empty())))
}

fn list(out: &mut impl Write, names: &[String], as_json: bool) -> anyhow::Result<ExitCode> {
    if names.is_empty() {
        if as_json {
            let annotators: Vec<Value> = ANNOTATORS
                .iter()
                .map(|one| json!({"name": one.name(), "type": explain::type_name(*one), "unit": one.unit(), "source": one.source()}))
                .collect();
            writeln!(out, "{}", json!({"packs": packs::names(), "annotators": annotators}))?;
            return Ok(ExitCode::SUCCESS);
        }
        writeln!(out, "packs")?;
        for name in packs::names() {
            let set = load(&[name.to_owned()])?;
            writeln!(out, "  {name:<40} {} rules", set.rules().len())?;
        }
        writeln!(out, "\nannotators")?;
        for one in ANNOTATORS {
            writeln!(out, "  {:<40} {:<7} {}", one.name(), explain::type_name(*one), one.unit())?;
        }
        return Ok(ExitCode::SUCCESS);
    }
    let set = load(names)?;
    for rule in set.rules() {
        let what = rule.condition.as_deref().unwrap_or_default().split_whitespace();
        let what: String = what.collect::<Vec<_>>().join(" ");
        if as_json {
            writeln!(
                out,
                "{}",
                json!({"id": rule.id, "action": rule.action.key(), "condition": rule.condition, "why": rule.why, "follows": rule.follows, "stage": rule.stage})
            )?;
        } else {
            writeln!(out, "{:<36} {:<22} {what}", rule.id, rule.action.key())?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn explain_name(
    out: &mut impl Write,
    name: &str,
    files: &[String],
    as_json: bool,
) -> anyhow::Result<ExitCode> {
    if let Some(annotator) = annotators::find(name) {
        if as_json {
            let (low, high) = annotator.range();
            let page = json!({
                "annotator": name, "definition": annotator.definition(), "unit": annotator.unit(),
                "type": explain::type_name(annotator), "range": [low, high], "source": annotator.source(),
            });
            writeln!(out, "{page}")?;
        } else {
            write!(out, "{}", explain::annotator_page(annotator))?;
        }
        return Ok(ExitCode::SUCCESS);
    }
    if packs::find(name).is_some() {
        return list(out, &[name.to_owned()], as_json);
    }
    let mut sources: Vec<Vec<String>> = files.iter().map(|file| vec![file.clone()]).collect();
    sources.extend(packs::names().into_iter().map(|pack| vec![pack.to_owned()]));
    for source in sources {
        let set = load(&source)?;
        if let Some(annotator) = set.annotator(name).filter(|_| !as_json) {
            write!(out, "{}", explain::annotator_page(&*annotator))?;
            return Ok(ExitCode::SUCCESS);
        }
        if let Some(rule) = set.rules().iter().find(|rule| rule.id == name) {
            if as_json {
                writeln!(
                    out,
                    "{}",
                    json!({"rule": rule.id, "action": rule.action.key(), "condition": rule.condition, "why": rule.why, "follows": rule.follows, "stage": rule.stage})
                )?;
            } else {
                write!(out, "{}", explain::rule_page(&set, rule))?;
            }
            return Ok(ExitCode::SUCCESS);
        }
    }
    let known =
        "tamis rules list shows annotators and packs; --rules FILE adds the rules of a file";
    let names = ANNOTATORS.iter().map(|one| one.name()).chain(packs::names());
    let near = suggest(name, names);
    let message = format!("there is no annotator, rule or pack '{name}'{near}; {known}");
    Err(PipelineError::Usage(message).into())
}
