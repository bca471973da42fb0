//! `tamis index`: saves what later runs need to go against a corpus.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use tamis_pipeline::PipelineError;
use tamis_pipeline::config::{Alarms, ConfigFile, ContentConfig, RunConfig};
use tamis_pipeline::run::against::index;

use super::run::{Dedup, NearArgs, dedup, machine, signals, workers};
use crate::screen::{Follower, grouped};

const EXAMPLES: &str = "Examples:
  tamis index dumps/2023/ --out idx-2023
  tamis run dumps/2024/ --out out --against idx-2023

The index holds hashes, some 150 bytes a document; candidates are compared on their texts, so the
files it was made of must stay where they are.";

/// The options of `tamis index`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct IndexArgs {
    /// Files, folders or globs
    #[arg(required = true)]
    inputs: Vec<String>,
    /// Folder for the index
    #[arg(short, long, value_name = "DIR")]
    out: PathBuf,
    /// Kinds of duplicates it is to serve [default: exact,fuzzy]
    #[arg(long, value_enum, value_delimiter = ',')]
    dedup: Vec<Dedup>,
    #[command(flatten)]
    near: NearArgs,
    /// Column with the text [default: text, content or `raw_content`, as found]
    #[arg(long, value_name = "NAME")]
    text_column: Option<String>,
    /// Column with your own id [default: id, `doc_id` ..., as found]
    #[arg(long, value_name = "NAME")]
    id_column: Option<String>,
    /// Column that names a document's source [default: the first folder of its shard]
    #[arg(long, value_name = "NAME")]
    source_column: Option<String>,
    /// Worker threads [default: all cores]
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
    /// Memory of the engine before it spills [default: 128MiB a thread, at least 512MiB]
    #[arg(long, value_name = "SIZE")]
    memory: Option<String>,
    /// Start over in a directory that holds another index
    #[arg(long)]
    force: bool,
    /// No progress, no summary
    #[arg(short, long)]
    quiet: bool,
    /// Print the counts as JSON
    #[arg(long)]
    json: bool,
}

/// Saves an index.
pub(crate) fn run(args: IndexArgs) -> anyhow::Result<ExitCode> {
    let kinds = dedup(&args.dedup, None)?;
    if kinds.contains(&Dedup::Semantic) {
        let what = "dedup: an index holds no vectors; semantic duplicates are found from the texts, so a run may go --against any index, or the files themselves";
        return Err(PipelineError::Usage(what.into()).into());
    }
    let fuzzy = args.near.settle(&ConfigFile::default())?;
    let (threads, memory_bytes) = machine(args.threads, args.memory.as_deref())?;
    let config = RunConfig {
        content: ContentConfig {
            dedup_exact: kinds.contains(&Dedup::Exact),
            fuzzy: kinds.contains(&Dedup::Fuzzy).then_some(fuzzy),
            text_column: args.text_column,
            id_column: args.id_column,
            source_column: args.source_column,
            ..ContentConfig::default()
        },
        out: args.out,
        threads,
        memory_bytes,
        temp: None,
        audit: None,
        alarms: Alarms::default(),
        against: Vec::new(),
        force: args.force,
        device: "auto".to_owned(),
        rebuild_plans: false,
    };
    let follower = Follower::new(args.quiet, signals()?);
    let outcome = workers(threads)?.block_on(index(&args.inputs, &config, follower.as_ref()));
    follower.finish();
    let indexed = outcome?;
    let mut stdout = std::io::stdout().lock();
    if args.json {
        serde_json::to_writer_pretty(&mut stdout, &indexed)?;
        writeln!(stdout)?;
    } else if !args.quiet {
        let each = indexed.bytes as f64 / indexed.documents.max(1) as f64;
        writeln!(
            stdout,
            "{} documents of {} shards, {:.1} MB, {each:.0} bytes a document\nuse:  tamis run CORPUS --out OUT --against {}",
            grouped(indexed.documents),
            grouped(indexed.shards),
            indexed.bytes as f64 / 1e6,
            config.out.display()
        )?;
        if indexed.failed > 0 {
            writeln!(stdout, "{} records failed and are not in it", grouped(indexed.failed))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
