//! `tamis sample`: a uniform random sample, as pages or as JSONL.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use serde_json::{Value, json};
use tamis_inspector::page::{Page, render};
use tamis_inspector::sample::{HashRank, SAMPLER};
use tamis_pipeline::PipelineError;
use tamis_pipeline::look::{self, Place, Run};
use tamis_pipeline::read::{self, Columns, ReadOptions};

const EXAMPLES: &str = "Examples:
  tamis sample out                              ten documents that were kept
  tamis sample out -n 20 --from removed         twenty that were removed, with the reasons
  tamis sample out -n 3 --from removed --by rule   three for each rule
  tamis sample out --where 'word_count > 5000'
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
    /// Characters of text to show for each document, 0 for all
    #[arg(long, default_value_t = 1200)]
    chars: usize,
    /// Print JSONL instead of pages
    #[arg(long)]
    json: bool,
}

/// Draws the sample and prints it.
pub(crate) fn run(args: &SampleArgs) -> anyhow::Result<ExitCode> {
    if let [only] = args.inputs.as_slice()
        && Run::is_run(Path::new(only))
    {
        return from_run(args, Path::new(only));
    }
    if args.condition.is_some() || args.by == Some(By::Rule) || args.from == From::Removed {
        return Err(PipelineError::Usage(
            "--where, --by rule and --from removed need a run directory: tamis run first".into(),
        )
        .into());
    }
    from_corpus(args)
}

fn from_run(args: &SampleArgs, root: &Path) -> anyhow::Result<ExitCode> {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let mut groups: BTreeMap<String, HashRank<Place>> = BTreeMap::new();
    let run = runtime.block_on(Run::open(root))?;
    let wanted = |decision: &str| match args.from {
        From::Kept => decision == "kept",
        From::Removed => decision == "removed",
        From::All => true,
    };
    runtime.block_on(run.walk(args.condition.as_deref(), |place| {
        if !wanted(&place.decision) {
            return;
        }
        let group = match args.by {
            None => String::new(),
            Some(By::Rule) => place.reason.clone().unwrap_or_default(),
            Some(By::Source) => place.shard.clone(),
        };
        let sampler = groups.entry(group).or_insert_with(|| HashRank::new(args.seed, args.n));
        let id = place.document_id.clone();
        sampler.offer(&id, || place);
    }))?;
    let mut out = std::io::stdout().lock();
    for (group, sampler) in groups {
        let frame = sampler.offered();
        let sample = sampler.into_sample();
        header(&mut out, args, &group, sample.len(), frame)?;
        for place in sample {
            let found = run.fetch(&place)?;
            if args.json {
                let line = json!({
                    "document_id": place.document_id, "id": place.id, "shard": place.shard,
                    "row": place.row, "decision": place.decision, "record": found.record,
                });
                writeln!(out, "{line}")?;
            } else {
                let page = Page {
                    name: place.id.as_deref().unwrap_or(&place.document_id),
                    place: format!("{} row {}", place.shard, place.row),
                    decision: &place.decision,
                    reasons: &found.reasons,
                    text: &found.text,
                    characters: args.chars,
                };
                write!(out, "{}", render(&page))?;
            }
        }
    }
    Ok(ExitCode::SUCCESS)
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

fn from_corpus(args: &SampleArgs) -> anyhow::Result<ExitCode> {
    let options = ReadOptions {
        columns: Columns { text: None, id: None },
        foreign: Vec::new(),
        reason_field: String::new(),
        with_raw: false,
        batch_bytes: 4 << 20,
        batch_rows: 1024,
        record_bytes_max: 128 << 20,
        limit: None,
    };
    let mut groups: BTreeMap<String, HashRank<(String, String, u64, String)>> = BTreeMap::new();
    for shard in look::shards(&args.inputs)? {
        let group = if args.by == Some(By::Source) { shard.name.clone() } else { String::new() };
        let sampler = groups.entry(group).or_insert_with(|| HashRank::new(args.seed, args.n));
        let mut reader = read::open(&shard, &options).map_err(PipelineError::from)?;
        while let Some(chunk) = reader.next_chunk().map_err(PipelineError::from)? {
            for document in look::documents(&shard, &chunk)? {
                sampler.offer(&document.document_id, || {
                    let name = document.id.unwrap_or(&document.document_id).to_owned();
                    (name, shard.name.clone(), document.row, document.text.to_owned())
                });
            }
        }
    }
    let mut out = std::io::stdout().lock();
    for (group, sampler) in groups {
        let frame = sampler.offered();
        let sample = sampler.into_sample();
        header(&mut out, args, &group, sample.len(), frame)?;
        for (name, shard, row, text) in sample {
            if args.json {
                writeln!(out, "{}", json!({"id": name, "shard": shard, "row": row, "text": text}))?;
            } else {
                let page = Page {
                    name: &name,
                    place: format!("{shard} row {row}"),
                    decision: "read",
                    reasons: &[] as &[Value],
                    text: &text,
                    characters: args.chars,
                };
                write!(out, "{}", render(&page))?;
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}
