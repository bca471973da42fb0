//! The options of `tamis inspect`, and the screen itself.

use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use tamis_inspector::data::OpenOptions;
use tamis_inspector::model::{Population, Strata, Unit};
use tamis_inspector::session::{Options, Session};
use tamis_inspector::stats::Gate;
use tamis_inspector::ui::terminal::{self, keymap_file};
use tamis_inspector::ui::{keymap, theme::Theme};
use tamis_inspector::visible::visible;
use tamis_pipeline::PipelineError;

const EXAMPLES: &str = "Examples:
  tamis inspect out                             what was kept: a ok, x defect, space skip, ? help
  tamis inspect out --from removed --strata rule   did each rule remove the right documents?
  tamis inspect out --from all --blind          flags are hidden until you judge: for recall
  tamis inspect out --gate 'defect_rate < 2%'   how far the labels are from showing that
  tamis inspect out --rules house.yaml          D: try a rule, append it with a test
  tamis inspect corpus/*.jsonl.zst --kinds boilerplate,truncated,garbled
  tamis inspect out --tokenizer tokenizer.json  T: where the tokens begin and end

Each decision is on the disk before the screen shows it as saved; the same command goes on where you
stopped. What a review has settled (seed, population, filter, strata, kinds) stays: --session NAME
begins another one. The labels are read by tamis review.";

/// What to draw from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum From {
    /// Documents that stayed
    Kept,
    /// Documents that went, with their reasons
    Removed,
    /// What could not be read
    Failed,
    /// Documents that stayed with a flag
    Flagged,
    /// Everything that was read
    All,
}

/// What has equal chances.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Of {
    /// Documents
    Document,
    /// Tokens, by the size of the text
    Token,
}

/// Colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Colours {
    /// For a dark background
    Dark,
    /// For a light background
    Light,
    /// None
    None,
}

/// The options of `tamis inspect`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
pub(crate) struct InspectArgs {
    /// A run directory, or files and folders of a corpus
    #[arg(required_unless_present = "keymap_schema", value_name = "OUT|FILE")]
    inputs: Vec<String>,
    /// Seed of the sample [default: that of the review, else 7]
    #[arg(long)]
    seed: Option<u64>,
    /// What to draw from, in a run directory [default: that of the review, else kept]
    #[arg(long, value_enum)]
    from: Option<From>,
    /// Only documents for which this SQL condition over the annotations holds
    #[arg(long = "where", value_name = "SQL")]
    condition: Option<String>,
    /// Draw in turn from each stratum: decision, rule, source, language, length, cluster, or an
    /// SQL expression over the annotations
    #[arg(long, value_name = "STRATA")]
    strata: Option<String>,
    /// What is drawn with equal chances [default: that of the review, else document]
    #[arg(long, value_enum)]
    unit: Option<Of>,
    /// Who reviews [default: the user's name]
    #[arg(long, value_name = "NAME")]
    reviewer: Option<String>,
    /// Another review of the same input
    #[arg(long, value_name = "NAME")]
    session: Option<String>,
    /// Folder of the review [default: review/ in a run, INPUT.review/ beside a corpus]
    #[arg(long, value_name = "DIR")]
    review: Option<PathBuf>,
    /// Kinds of defect, the first is that of the digit 1 [default: `defects:` of the rules]
    #[arg(long, value_name = "A,B,..", value_delimiter = ',')]
    kinds: Vec<String>,
    /// Hide flags and marks until a document is judged
    #[arg(long)]
    blind: bool,
    /// Show no document a second time to see whether you agree with yourself
    #[arg(long)]
    no_repeats: bool,
    /// What the labels shall show, such as `defect_rate < 2%`
    #[arg(long, value_name = "CONDITION")]
    gate: Option<String>,
    /// Your rule file: drafts are appended to it, its `defects:` are the kinds
    #[arg(long, value_name = "FILE")]
    rules: Option<PathBuf>,
    /// A tokenizer.json, to see tokens
    #[arg(long, value_name = "FILE")]
    tokenizer: Option<PathBuf>,
    /// Keys [default: tamis/keymap.yaml in your configuration folder, if there]
    #[arg(long, value_name = "FILE")]
    keymap: Option<PathBuf>,
    /// Print the JSON schema of keymap files, with every action and its keys
    #[arg(long, exclusive = true)]
    keymap_schema: bool,
    /// Colours [default: by `NO_COLOR` and the terminal]
    #[arg(long, value_enum)]
    theme: Option<Colours>,
    /// Leave the mouse to the terminal; m takes it
    #[arg(long)]
    no_mouse: bool,
    /// Column with the text of a corpus [default: text, content or `raw_content`, as found]
    #[arg(long, value_name = "NAME")]
    text_column: Option<String>,
    /// Column with the id of a corpus
    #[arg(long, value_name = "NAME")]
    id_column: Option<String>,
}

/// Opens the screen, or prints the schema of keymap files.
pub(crate) fn run(args: InspectArgs) -> anyhow::Result<ExitCode> {
    if args.keymap_schema {
        let schema = serde_json::to_string_pretty(&keymap::schema())?;
        writeln!(std::io::stdout(), "{schema}")?;
        return Ok(ExitCode::SUCCESS);
    }
    if !(std::io::stdin().is_terminal() && std::io::stdout().is_terminal()) {
        return Err(PipelineError::Usage(
            "tamis inspect needs a terminal; without one, tamis sample prints documents and \
             tamis review takes labels and says what they mean"
                .into(),
        )
        .into());
    }
    let theme = args.theme.map(|colours| match colours {
        Colours::Dark => Theme::Dark,
        Colours::Light => Theme::Light,
        Colours::None => Theme::None,
    });
    let keymap = args.keymap.clone().or_else(|| keymap_file(|name| std::env::var_os(name)));
    let (tokenizer, mouse) = (args.tokenizer.clone(), !args.no_mouse);
    if let Some(missing) = tokenizer.as_ref().filter(|file| !file.is_file()) {
        let what = format!("{}: there is no such tokenizer file", missing.display());
        return Err(PipelineError::Usage(what).into());
    }
    let session = Session::open(options(args)?)?;
    let setup = session.setup(tokenizer.is_some());
    for warning in session.warnings() {
        // stays on the shell's own screen, for when one leaves
        writeln!(std::io::stderr(), "warning: {}", visible(&warning))?;
    }
    let options = terminal::Options { setup, keymap, tokenizer, theme, mouse };
    terminal::run(options, Box::new(session))?;
    Ok(ExitCode::SUCCESS)
}

fn options(args: InspectArgs) -> Result<Options, PipelineError> {
    let gate = args.gate.as_deref().map(str::parse::<Gate>).transpose();
    let gate = gate.map_err(|error| PipelineError::Usage(format!("--gate: {error}")))?;
    Ok(Options {
        inputs: args.inputs,
        columns: OpenOptions { text_column: args.text_column, id_column: args.id_column },
        review: args.review,
        session: args.session,
        reviewer: args.reviewer,
        seed: args.seed,
        population: args.from.map(|from| match from {
            From::Kept => Population::Kept,
            From::Removed => Population::Removed,
            From::Failed => Population::Failed,
            From::Flagged => Population::Flagged,
            From::All => Population::All,
        }),
        filter: args.condition,
        strata: args.strata.map(|named| Strata::named(&named)),
        unit: args.unit.map(|of| match of {
            Of::Document => Unit::Document,
            Of::Token => Unit::Token,
        }),
        kinds: args.kinds,
        blind: args.blind,
        no_repeats: args.no_repeats,
        gate,
        rules: args.rules,
    })
}
