//! `tamis sample`: a uniform random sample, as pages or as JSONL.

use std::collections::BTreeMap;
use std::io::Write;
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use serde_json::json;
use tamis_inspector::data::{OpenOptions, Quiet, Source};
use tamis_inspector::model::{Decision, Entry, Population, SampleSpec, Strata, Unit};
use tamis_inspector::page::{Page, render};
use tamis_inspector::sample::SAMPLER;
use tamis_pipeline::PipelineError;

const EXAMPLES: &str = "Examples:
  tamis sample out                              ten documents that were kept
  tamis sample out -n 20 --from removed         twenty that were removed, with the reasons
  tamis sample out -n 3 --from removed --by rule   three for each rule
  tamis sample out --where 'word_count > 5000'
  tamis sample out -n 5 --strata 'word_count > 1000'   five of each value
  tamis sample out -n 50 --unit token           long documents come as often as their tokens do
  tamis sample corpus/*.jsonl.zst -n 5          straight from a corpus
  tamis sample out -n 100 --json > sample.jsonl

The sample is the n lowest hashes of (seed, document id): the same on any machine, and its
first k documents are a uniform sample of their own.";

/// What to draw from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum From {
    /// Documents that stayed
    Kept,
    /// Documents that went, with their reasons
    Removed,
    /// Documents that stayed with a flag
    Flagged,
    /// What could not be read
    Failed,
    /// Everything that was read
    All,
}

/// What to draw evenly by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum By {
    /// n documents for each first reason
    Rule,
    /// n documents for each shard
    Source,
}

/// What has equal chances.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Of {
    /// Documents
    Document,
    /// Tokens, by the size of the text
    Token,
}

/// The options of `tamis sample`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct SampleArgs {
    /// A run directory, or files and folders of a corpus
    #[arg(required = true, value_name = "OUT|FILE")]
    inputs: Vec<String>,
    /// Documents to draw
    #[arg(short, default_value_t = 10, value_name = "N")]
    n: usize,
    /// Seed: another one draws another sample
    #[arg(long, default_value_t = 7)]
    seed: u64,
    /// What to draw from, in a run directory
    #[arg(long, value_enum, default_value_t = From::Kept)]
    from: From,
    /// Only documents for which this SQL condition over the annotations holds
    #[arg(long = "where", value_name = "SQL")]
    condition: Option<String>,
    /// Draw n for each rule or each source
    #[arg(long, value_enum)]
    by: Option<By>,
    /// Draw n for each stratum: decision, rule, source, language, length, cluster, or an SQL
    /// expression over the annotations
    #[arg(long, value_name = "STRATA", conflicts_with = "by")]
    strata: Option<String>,
    /// What is drawn with equal chances
    #[arg(long, value_enum, default_value_t = Of::Document)]
    unit: Of,
    /// Column with the text of a corpus [default: text, content or `raw_content`, as found]
    #[arg(long, value_name = "NAME")]
    text_column: Option<String>,
    /// Column with the id of a corpus
    #[arg(long, value_name = "NAME")]
    id_column: Option<String>,
    /// Characters of text to show for each document, 0 for all
    #[arg(long, default_value_t = 1200)]
    chars: usize,
    /// Print JSONL instead of pages
    #[arg(long)]
    json: bool,
}

/// Draws the sample and prints it.
pub(crate) fn run(args: &SampleArgs) -> anyhow::Result<ExitCode> {
    let options =
        OpenOptions { text_column: args.text_column.clone(), id_column: args.id_column.clone() };
    let source = Source::open(&args.inputs, &options)?;
    if !source.is_run() && (args.by == Some(By::Rule) || args.from == From::Removed) {
        return Err(PipelineError::Usage(
            "--by rule and --from removed need a run directory: tamis run first".into(),
        )
        .into());
    }
    let spec = specification(args);
    let mut out = std::io::stdout().lock();
    if spec.strata.is_none() {
        let sample = source.draw(&spec, 0, args.n, &Quiet)?;
        if source.frame().documents.is_none() && !args.json {
            source.measure(&spec, &Quiet)?;
        }
        let frame = source.frame().documents.unwrap_or_default();
        header(&mut out, args, "", sample.len(), frame)?;
        return print(&mut out, args, &source, &sample);
    }
    // the first draw counts the strata
    source.draw(&spec, 0, 1, &Quiet)?;
    let strata = source.frame().strata;
    let each = |documents: u64| usize::try_from(documents).unwrap_or(usize::MAX).min(args.n);
    let wanted = strata.iter().map(|stratum| each(stratum.documents)).sum();
    let mut groups: BTreeMap<String, Vec<Entry>> = BTreeMap::new();
    for entry in source.draw(&spec, 0, wanted, &Quiet)? {
        groups.entry(entry.stratum.clone().unwrap_or_default()).or_default().push(entry);
    }
    for stratum in strata {
        let sample = groups.remove(&stratum.name).unwrap_or_default();
        header(&mut out, args, &stratum.name, sample.len(), stratum.documents)?;
        print(&mut out, args, &source, &sample)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn specification(args: &SampleArgs) -> SampleSpec {
    let strata = match (args.by, args.strata.as_deref()) {
        (Some(By::Rule), _) => Some(Strata::Rule),
        (Some(By::Source), _) => Some(Strata::Source),
        (None, None) => None,
        (None, Some(named)) => Some(Strata::named(named)),
    };
    SampleSpec {
        seed: args.seed,
        population: match args.from {
            From::Kept => Population::Kept,
            From::Removed => Population::Removed,
            From::Flagged => Population::Flagged,
            From::Failed => Population::Failed,
            From::All => Population::All,
        },
        filter: args.condition.clone(),
        unit: match args.unit {
            Of::Document => Unit::Document,
            Of::Token => Unit::Token,
        },
        strata,
    }
}

fn header(
    out: &mut impl Write,
    args: &SampleArgs,
    group: &str,
    drawn: usize,
    frame: u64,
) -> std::io::Result<()> {
    if args.json {
        return Ok(());
    }
    let group = if group.is_empty() { String::new() } else { format!("{group}: ") };
    writeln!(out, "{group}{drawn} of {frame} documents, seed {}, {SAMPLER}\n", args.seed)
}

fn print(
    out: &mut impl Write,
    args: &SampleArgs,
    source: &Source,
    sample: &[Entry],
) -> anyhow::Result<ExitCode> {
    for entry in sample {
        let found = source.record(entry)?;
        let decision = match entry.decision {
            Decision::Kept => "kept",
            Decision::Removed => "removed",
            Decision::Failed => "failed",
            Decision::Read => "read",
        };
        if args.json && source.is_run() {
            let line = json!({
                "document_id": entry.document_id, "id": entry.id, "shard": entry.shard,
                "row": entry.row, "decision": decision, "record": found.record,
            });
            writeln!(out, "{line}")?;
        } else if args.json {
            let (shard, row) = (&entry.shard, entry.row);
            let line = json!({"id": entry.name(), "shard": shard, "row": row, "text": found.text});
            writeln!(out, "{line}")?;
        } else {
            let page = Page {
                name: entry.name(),
                place: format!("{} row {}", entry.shard, entry.row),
                decision,
                reasons: &found.reasons,
                text: &found.text,
                characters: args.chars,
            };
            write!(out, "{}", render(&page))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
