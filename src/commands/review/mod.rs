//! `tamis review`: what labels say, and labelling without a terminal.

mod import;
mod show;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use serde_json::json;
use tamis_inspector::model::Frame;
use tamis_inspector::review::export::{self, ExportFormat};
use tamis_inspector::review::{self, Manifest, Reviews};
use tamis_inspector::stats::{Gate, Settings, agreement, summarize};
use tamis_inspector::summary::{GateState, Summary};
use tamis_inspector::visible::visible;
use tamis_pipeline::PipelineError;

const EXAMPLES: &str = "Examples:
  tamis review out                              what the labels of tamis inspect say
  tamis review out --gate 'defect_rate < 2%'    exit 1 where the data do not show it
  tamis review out --gate 'p0=1%, p1=5%'        the same by Wald's sequential test
  tamis review out --export labels --format parquet --to labels.parquet
  tamis sample out -n 100 --json | my-judge > labels.jsonl
  tamis review out --label labels.jsonl --reviewer my-judge

Labels to import are lines of {\"document_id\" or \"id\", \"verdict\": good|defect|skip, \"kinds\": [..],
\"note\": ..}. They must be of the first documents of the sample; behind a gap they count for no rate.
Intervals are confidence sequences: valid although one looks after each label.";

/// What can be exported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum What {
    /// The labels in force, of all reviewers
    Labels,
}

/// Form of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A JSON object in each line
    Jsonl,
    /// A Parquet file
    Parquet,
}

/// The options of `tamis review`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ReviewArgs {
    /// A run directory, or files and folders of a corpus
    #[arg(required = true, value_name = "OUT|FILE")]
    inputs: Vec<String>,
    /// Folder of the review; beside the input where it is not said
    #[arg(long, value_name = "DIR")]
    review: Option<PathBuf>,
    /// Another review of the same input
    #[arg(long, value_name = "NAME")]
    session: Option<String>,
    /// Exit with 1 where the labels do not show this, such as `defect_rate < 2%`
    #[arg(long, value_name = "CONDITION")]
    gate: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// Write out the labels in force
    #[arg(long, value_enum, value_name = "WHAT")]
    export: Option<What>,
    /// Form of the export
    #[arg(long, value_enum, default_value_t = Format::Jsonl, requires = "export")]
    format: Format,
    /// File of the export; JSONL goes to standard output without it
    #[arg(long, value_name = "FILE", requires = "export")]
    to: Option<PathBuf>,
    #[command(flatten)]
    import: import::ImportArgs,
}

/// Imports, exports, or says what the labels say.
pub(crate) fn run(args: &ReviewArgs) -> anyhow::Result<ExitCode> {
    // a gate that is no gate must not be found out after the work
    let gate = args.gate.as_deref().map(str::parse::<Gate>).transpose();
    let gate = gate.map_err(|error| PipelineError::Usage(format!("--gate: {error}")))?;
    let folder = review::folder(&args.inputs, args.review.as_deref(), args.session.as_deref())?;
    let mut notes = Vec::new();
    if let Some(labels) = &args.import.label {
        notes = import::import(&args.inputs, &folder, labels, &args.import)?;
    }
    if !folder.is_dir() {
        return Err(PipelineError::Usage(format!(
            "{}: there is no review yet; label with tamis inspect, or with --label FILE",
            folder.display()
        ))
        .into());
    }
    let reviews = Reviews::read(&folder)?;
    let manifest = Manifest::read(&folder)?;
    notes.extend(reviews.warnings.iter().cloned());
    if args.export.is_some() {
        return write_out(args, &reviews);
    }
    let labels = reviews.all();
    // without a manifest nobody knows what was sampled, so nothing is a sample
    let frame = manifest.as_ref().map_or_else(Frame::default, Manifest::frame);
    let unit = manifest.as_ref().map(|manifest| manifest.sample.unit).unwrap_or_default();
    let has_gate = gate.is_some();
    let summary = summarize(&labels, &frame, &Settings { unit, gate, ..Settings::default() });
    let agreement = agreement(&labels);
    let mut out = std::io::stdout().lock();
    if args.json {
        let reviewers: Vec<_> = reviews
            .reviewers
            .iter()
            .map(|(name, labels)| json!({"reviewer": name, "labels": labels.len()}))
            .collect();
        let whole = json!({
            "manifest": manifest, "reviewers": reviewers, "summary": summary,
            "agreement": agreement, "notes": notes,
        });
        writeln!(out, "{}", serde_json::to_string_pretty(&whole)?)?;
    } else {
        let page = show::page(manifest.as_ref(), &reviews, &summary, &agreement, &notes);
        write!(out, "{}", visible(&page))?;
    }
    Ok(gate_code(&summary, has_gate))
}

/// 1 where a gate was asked for and the labels do not show it.
fn gate_code(summary: &Summary, has_gate: bool) -> ExitCode {
    let passed = summary.gauge.as_ref().is_some_and(|gauge| gauge.state == GateState::Passed);
    ExitCode::from(u8::from(has_gate && !passed))
}

fn write_out(args: &ReviewArgs, reviews: &Reviews) -> anyhow::Result<ExitCode> {
    let labels = reviews.all();
    let format = match args.format {
        Format::Jsonl => ExportFormat::Jsonl,
        Format::Parquet => ExportFormat::Parquet,
    };
    match (&args.to, format) {
        (Some(path), format) => {
            export::export(&labels, format, path)?;
            let mut out = std::io::stdout().lock();
            writeln!(out, "{} labels to {}", labels.len(), path.display())?;
        }
        (None, ExportFormat::Jsonl) => {
            export::write_jsonl(&labels, &mut std::io::stdout().lock())?;
        }
        (None, ExportFormat::Parquet) => {
            let what = "--format parquet needs --to FILE";
            return Err(PipelineError::Usage(what.to_owned()).into());
        }
    }
    Ok(ExitCode::SUCCESS)
}
