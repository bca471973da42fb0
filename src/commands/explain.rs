//! `tamis explain`: everything known about one document of a run.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use serde_json::{Value, json};
use tamis_inspector::page::{plain, reason};
use tamis_pipeline::PipelineError;
use tamis_pipeline::look::{Place, Run};

const EXAMPLES: &str = "Examples:
  tamis explain out page-17                            by your own id
  tamis explain out 3f0c9a...                          by document id
  tamis explain out page-17 --json | jq .annotations";

/// The options of `tamis explain`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ExplainArgs {
    /// A run directory
    out: PathBuf,
    /// A document id, or an id of your own
    document: String,
    /// Characters of text to show, 0 for all
    #[arg(long, default_value_t = 2000)]
    chars: usize,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Columns that say where a document is and what became of it, not what was measured.
const BOOKKEEPING: &[&str] = &[
    "document_id",
    "id",
    "shard",
    "row",
    "offset",
    "length",
    "text_bytes",
    "rule_decision",
    "first_reason",
    "failure",
    "content_hash",
];

/// Prints everything known about one document.
pub(crate) fn run(args: ExplainArgs) -> anyhow::Result<ExitCode> {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let run = runtime.block_on(Run::open(&args.out))?;
    let rows = runtime.block_on(run.annotations(&args.document))?;
    let mut places: Vec<Place> = Vec::new();
    let literal = format!("'{}'", args.document.replace('\'', "''"));
    let condition = format!("document_id = {literal} OR id = {literal}");
    runtime.block_on(run.walk(Some(&condition), |place| places.push(place)))?;
    if places.is_empty() {
        return Err(PipelineError::Usage(format!(
            "no document of {} has the id '{}'; ids stand in annotations/ and in what tamis sample prints",
            args.out.display(),
            args.document
        ))
        .into());
    }
    let mut out = std::io::stdout().lock();
    for place in places {
        let row = rows.iter().find(|row| {
            row.get("document_id").and_then(Value::as_str) == Some(place.document_id.as_str())
        });
        let found = run.fetch(&place)?;
        let members = runtime.block_on(run.clusters(&place.document_id))?;
        if args.json {
            let line = json!({
                "document_id": place.document_id, "id": place.id, "shard": place.shard,
                "row": place.row, "decision": place.decision, "reasons": found.reasons,
                "annotations": row, "cluster": members, "record": found.record,
            });
            writeln!(out, "{}", serde_json::to_string_pretty(&line)?)?;
            continue;
        }
        writeln!(out, "document  {}", place.document_id)?;
        if let Some(id) = &place.id {
            writeln!(out, "id        {id}")?;
        }
        let number = |name: &str| row.and_then(|row| row.get(name)).map(plain).unwrap_or_default();
        writeln!(
            out,
            "place     {} row {}, byte {}, {} bytes",
            place.shard,
            place.row,
            number("offset"),
            number("length")
        )?;
        writeln!(out, "decision  {}", place.decision)?;
        for one in &found.reasons {
            writeln!(out, "          {}", reason(one))?;
            if let Some(spans) =
                one.get("spans").and_then(Value::as_array).filter(|s| !s.is_empty())
            {
                let spans: Vec<String> = spans.iter().map(Value::to_string).collect();
                writeln!(out, "            at bytes {}", spans.join(" "))?;
            }
        }
        if place.decision == "failed" {
            writeln!(
                out,
                "          {}",
                found.record.get("message").map(plain).unwrap_or_default()
            )?;
        }
        let (mut measured, mut rules) = (Vec::new(), Vec::new());
        for (name, value) in row.into_iter().flatten() {
            if BOOKKEEPING.contains(&name.as_str()) || name == "edits" || name == "edited" {
                continue;
            }
            if name.contains('/') {
                rules.push((name, value));
            } else {
                measured.push((name, value));
            }
        }
        writeln!(out, "\nannotations")?;
        for (name, value) in measured {
            writeln!(out, "  {name:<40} {}", plain(value))?;
        }
        writeln!(out, "\nrules")?;
        for (name, value) in rules {
            let word = match value {
                Value::Bool(true) => "fired",
                Value::Bool(false) => "-",
                _ => "undecided",
            };
            writeln!(out, "  {name:<40} {word}")?;
        }
        if !members.is_empty() {
            writeln!(out, "\ncluster (first 20 members)")?;
            for member in &members {
                let text = |name: &str| member.get(name).map(plain).unwrap_or_default();
                let role = if text("document_id") == text("survivor_id") {
                    "survivor"
                } else {
                    "duplicate"
                };
                writeln!(
                    out,
                    "  {} {role} ({}, similarity {})",
                    text("document_id"),
                    text("kind"),
                    text("similarity")
                )?;
            }
        }
        writeln!(out, "\ntext")?;
        let shown: String = if args.chars == 0 {
            found.text.clone()
        } else {
            found.text.chars().take(args.chars).collect()
        };
        writeln!(out, "{shown}\n")?;
    }
    Ok(ExitCode::SUCCESS)
}
