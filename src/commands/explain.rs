//! `tamis explain`: everything known about one document of a run.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use serde_json::{Map, Value, json};
use tamis_inspector::page::{plain, reason};
use tamis_inspector::visible::visible;
use tamis_pipeline::contamination::{CONTAMINATED, CONTAMINATION};
use tamis_pipeline::look::{Found, Place, Run};

/// A row of a Parquet file as JSON.
type Row = Map<String, Value>;

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
    CONTAMINATION,
    CONTAMINATED,
];

/// Prints everything known about one document.
pub(crate) fn run(args: &ExplainArgs) -> anyhow::Result<ExitCode> {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let run = runtime.block_on(Run::open(&args.out))?;
    let rows = runtime.block_on(run.annotations(&args.document))?;
    let places = runtime.block_on(run.named(&args.document))?;
    let mut out = std::io::stdout().lock();
    for place in places {
        let row = rows.iter().find(|row| {
            row.get("document_id").and_then(Value::as_str) == Some(place.document_id.as_str())
        });
        let found = run.fetch(&place)?;
        let members = runtime.block_on(run.clusters(&place.document_id))?;
        let repeats = runtime.block_on(run.repeats(&place.document_id))?;
        if args.json {
            let line = json!({
                "document_id": place.document_id, "id": place.id, "shard": place.shard,
                "row": place.row, "decision": place.decision, "reasons": found.reasons,
                "annotations": row, "cluster": members, "repeats": repeats, "record": found.record,
            });
            writeln!(out, "{}", serde_json::to_string_pretty(&line)?)?;
            continue;
        }
        let mut page = String::new();
        what_became_of_it(&mut page, &place, row, &found);
        measured(&mut page, row);
        of_sets(&mut page, row);
        cluster(&mut page, &members);
        cut_out(&mut page, &repeats);
        page += "\ntext\n";
        match args.chars {
            0 => page += &found.text,
            limit => page.extend(found.text.chars().take(limit)),
        }
        writeln!(out, "{}\n", visible(&page))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn what_became_of_it(page: &mut String, place: &Place, row: Option<&Row>, found: &Found) {
    *page += &format!("document  {}\n", place.document_id);
    if let Some(id) = &place.id {
        *page += &format!("id        {id}\n");
    }
    let number = |name: &str| row.and_then(|row| row.get(name)).map(plain).unwrap_or_default();
    *page += &format!(
        "place     {} row {}, byte {}, {} bytes\ndecision  {}\n",
        place.shard,
        place.row,
        number("offset"),
        number("length"),
        place.decision
    );
    for one in &found.reasons {
        *page += &format!("          {}\n", reason(one));
        let spans = one.get("spans").and_then(Value::as_array).filter(|spans| !spans.is_empty());
        if let Some(spans) = spans {
            let spans: Vec<String> = spans.iter().map(Value::to_string).collect();
            *page += &format!("            at bytes {}\n", spans.join(" "));
        }
    }
    if place.decision == "failed" {
        let message = found.record.get("message").map(plain).unwrap_or_default();
        *page += &format!("          {message}\n");
    }
}

fn measured(page: &mut String, row: Option<&Row>) {
    let told = |name: &str| !BOOKKEEPING.contains(&name) && name != "edits" && name != "edited";
    let known: Vec<_> = row.into_iter().flatten().filter(|(name, _)| told(name)).collect();
    *page += "\nannotations\n";
    for (name, value) in known.iter().filter(|(name, _)| !name.contains('/')) {
        *page += &format!("  {name:<40} {}\n", plain(value));
    }
    *page += "\nrules\n";
    for (name, value) in known.iter().filter(|(name, _)| name.contains('/')) {
        let word = match value {
            Value::Bool(true) => "fired",
            Value::Bool(false) => "-",
            _ => "undecided",
        };
        *page += &format!("  {name:<40} {word}\n");
    }
}

/// Passages of evaluation sets, whatever became of the document.
fn of_sets(page: &mut String, row: Option<&Row>) {
    let passages = row.and_then(|row| row.get(CONTAMINATION)).and_then(Value::as_array);
    let Some(passages) = passages.filter(|passages| !passages.is_empty()) else { return };
    *page += "\ntext of evaluation sets\n";
    for passage in passages.iter().take(20) {
        let text = |name: &str| passage.get(name).map(plain).unwrap_or_default();
        *page += &format!(
            "  {}/{} {} words, {} of the item, at bytes [{},{}]\n",
            text("set"),
            text("item"),
            text("words"),
            text("overlap_ratio"),
            text("start"),
            text("end")
        );
    }
    if passages.len() > 20 {
        *page += &format!("  and {} more\n", passages.len() - 20);
    }
}

fn cluster(page: &mut String, members: &[Row]) {
    if !members.is_empty() {
        *page += "\ncluster (first 20 members)\n";
    }
    for member in members {
        let text = |name: &str| member.get(name).map(plain).unwrap_or_default();
        let survives = text("document_id") == text("survivor_id");
        *page += &format!(
            "  {} {} ({}, similarity {})\n",
            text("document_id"),
            if survives { "survivor" } else { "duplicate" },
            text("kind"),
            text("similarity")
        );
    }
}

fn cut_out(page: &mut String, repeats: &[Row]) {
    if !repeats.is_empty() {
        *page += "\ncut out, as it stands elsewhere (bytes of the text after the edits of rules)\n";
    }
    for copy in repeats {
        let text = |name: &str| copy.get(name).map(plain).unwrap_or_default();
        *page += &format!(
            "  {} {}..{}, copy {}, first in {}\n",
            text("kind"),
            text("start"),
            text("end"),
            text("copy"),
            text("first_document_id")
        );
    }
}
