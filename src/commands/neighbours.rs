//! `tamis neighbours`: the documents of a run that say nearly the same as one of them.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use serde_json::json;
use tamis_inspector::visible::visible;
use tamis_pipeline::PipelineError;
use tamis_pipeline::look::{Density, EMBEDDING_NEIGHBOUR_COUNT, Near, Place, Run};

use super::run::machine;

const EXAMPLES: &str = "Examples:
  tamis run corpus/ --out out --dedup exact,fuzzy,semantic
  tamis neighbours out page-17                         by your own id
  tamis neighbours out 3f0c9a... -n 50 --json          by document id, for other programs
  tamis neighbours out --within 0.8                    documents that stand alone, and out/neighbours.parquet";

/// The options of `tamis neighbours`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct NeighboursArgs {
    /// A run directory made with --dedup semantic
    out: PathBuf,
    /// A document id, or an id of your own; without it, the documents with the fewest neighbours
    document: Option<String>,
    /// How many
    #[arg(short, long, value_name = "N", default_value_t = 10)]
    number: usize,
    /// Without a document: the least cosine of a neighbour
    #[arg(long, value_name = "COSINE", default_value_t = 0.8)]
    within: f64,
    /// Without a document: random documents among which neighbours are counted
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    sample: usize,
    /// Characters of each text to show
    #[arg(long, value_name = "N", default_value_t = 160)]
    chars: usize,
    /// Worker threads [default: all cores]
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
    /// Print JSON lines
    #[arg(long)]
    json: bool,
}

/// Prints the nearest documents of one.
pub(crate) fn run(args: &NeighboursArgs) -> anyhow::Result<ExitCode> {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let run = runtime.block_on(Run::open(&args.out))?;
    let (threads, _) = machine(args.threads, None)?;
    let Some(document) = &args.document else {
        let (within, sample) = (args.within, args.sample);
        if !(-1.0..=1.0).contains(&within) || sample == 0 {
            return Err(PipelineError::Usage(format!(
                "--within {within} --sample {sample}: a cosine is from -1 to 1, and a sample has documents"
            ))
            .into());
        }
        let density =
            runtime.block_on(run.neighbour_counts(within, sample, args.number, threads))?;
        return fewest(&run, &density, args);
    };
    let places = runtime.block_on(run.named(document))?;
    let mut out = std::io::stdout().lock();
    for place in &places {
        let near = runtime.block_on(run.neighbours(&place.document_id, args.number, threads))?;
        let Some(near) = near else {
            return Err(PipelineError::Usage(format!(
                "document {} has no embedding: rules removed it, it is an exact copy, or the model knows nothing of its text",
                place.document_id
            ))
            .into());
        };
        if !args.json {
            writeln!(out, "{}", visible(&format!("near {}", title(&run, place, args.chars)?)))?;
        }
        for one in &near {
            print(&mut out, &run, place, one, args)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The names of a document and how its text begins, on one line.
fn title(run: &Run, place: &Place, chars: usize) -> anyhow::Result<String> {
    let text = run.fetch(place)?.text;
    let text: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let text: String = text.chars().take(chars).collect();
    let name = place.id.as_deref().unwrap_or(&place.document_id);
    Ok(format!("{name} ({}) {text}", place.decision))
}

fn print(
    out: &mut impl Write,
    run: &Run,
    of: &Place,
    near: &Near,
    args: &NeighboursArgs,
) -> anyhow::Result<()> {
    if args.json {
        let line = match &near.place {
            Some(place) => json!({
                "of": of.document_id, "document_id": place.document_id, "id": place.id,
                "cosine": near.cosine, "decision": place.decision, "reason": place.reason,
                "shard": place.shard, "row": place.row,
                "text": run.fetch(place)?.text.chars().take(args.chars).collect::<String>(),
            }),
            None => json!({"of": of.document_id, "cosine": near.cosine, "reference": true}),
        };
        writeln!(out, "{line}")?;
        return Ok(());
    }
    let told = match &near.place {
        Some(place) => title(run, place, args.chars)?,
        None => "(a document of the reference set)".to_owned(),
    };
    writeln!(out, "{}", visible(&format!("  {:.4}  {told}", near.cosine)))?;
    Ok(())
}

/// Prints the documents that have the fewest neighbours.
fn fewest(run: &Run, density: &Density, args: &NeighboursArgs) -> anyhow::Result<ExitCode> {
    let mut out = std::io::stdout().lock();
    for (near, count) in &density.fewest {
        if args.json {
            let place = near.place.as_ref();
            let line = json!({
                "document_id": place.map(|place| &place.document_id),
                "id": place.and_then(|place| place.id.as_ref()),
                EMBEDDING_NEIGHBOUR_COUNT: count, "sample": density.sample, "within": args.within,
            });
            writeln!(out, "{line}")?;
            continue;
        }
        let told = match &near.place {
            Some(place) => title(run, place, args.chars)?,
            None => "(a document of the reference set)".to_owned(),
        };
        writeln!(out, "{}", visible(&format!("{count:8}  {told}")))?;
    }
    if !args.json {
        writeln!(
            out,
            "neighbours of {} documents within {} among {} of them: {}",
            density.documents,
            args.within,
            density.sample,
            density.path.display()
        )?;
    }
    Ok(ExitCode::SUCCESS)
}
