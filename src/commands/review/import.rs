//! Labels of scripts and other tools, through the same log as those of the inspector.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use tamis_inspector::InspectError;
use tamis_inspector::data::{OpenOptions, Source};
use tamis_inspector::model::{Frame, Population, SampleSpec};
use tamis_inspector::review::{self, Choices, FrameShards, Import, Manifest, Repeats, kinds};
use tamis_rules::DefectKind;

/// What to draw from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum From {
    /// Documents that stayed
    Kept,
    /// Documents that went
    Removed,
    /// Documents that rules flagged and kept
    Flagged,
    /// Everything that was read
    All,
}

/// The options of an import.
#[derive(Debug, Args)]
pub(super) struct ImportArgs {
    /// Import labels, one JSON object in each line
    #[arg(long, value_name = "FILE")]
    pub(super) label: Option<PathBuf>,
    /// Who gives the labels; without it the user's name
    #[arg(long, value_name = "NAME", requires = "label")]
    reviewer: Option<String>,
    /// Seed of the sample, where the review begins with this import
    #[arg(long, default_value_t = 7, requires = "label")]
    seed: u64,
    /// What the sample was drawn from, where the review begins with this import
    #[arg(long, value_enum, requires = "label")]
    from: Option<From>,
    /// Only documents for which this SQL condition holds, where the review begins here
    #[arg(long = "where", value_name = "SQL", requires = "label")]
    condition: Option<String>,
    /// Kinds of defect, where the review begins here; else those of the review
    #[arg(long, value_name = "A,B,..", value_delimiter = ',', requires = "label")]
    kinds: Vec<String>,
}

/// Imports the labels of `path` into the review in `folder`; gives what is worth saying.
pub(super) fn import(
    inputs: &[String],
    folder: &Path,
    path: &Path,
    args: &ImportArgs,
) -> Result<Vec<String>, InspectError> {
    let import = Import::read(path)?;
    let source = Source::open(inputs, &OpenOptions::default())?;
    let there = Manifest::read(folder)?;
    let spec = match &there {
        Some(manifest) => manifest.sample.clone(),
        None => spec(args, source.is_run()),
    };
    let reviewer = args.reviewer.clone().unwrap_or_else(review::default_reviewer);
    import.into_review(&source, &spec, folder, &reviewer, |frame| asked(there, &frame, &spec, args))
}

fn spec(args: &ImportArgs, is_run: bool) -> SampleSpec {
    let population = match args.from {
        Some(From::Kept) => Population::Kept,
        Some(From::Removed) => Population::Removed,
        Some(From::Flagged) => Population::Flagged,
        Some(From::All) => Population::All,
        None if is_run => Population::Kept,
        None => Population::All,
    };
    SampleSpec {
        seed: args.seed,
        population,
        filter: args.condition.clone(),
        ..SampleSpec::default()
    }
}

/// The manifest of the review: the one there, held against the data, or a new one.
fn asked(
    there: Option<Manifest>,
    frame: &Frame,
    spec: &SampleSpec,
    args: &ImportArgs,
) -> Result<Manifest, InspectError> {
    let own: Vec<DefectKind> = args.kinds.iter().map(|name| DefectKind::named(name)).collect();
    let (choices, shards) = match there {
        // only what the data say is asked again
        Some(there) => (
            Choices { kinds: there.kinds, repeats: there.repeats, blind: there.blind },
            there.shards,
        ),
        None => {
            let kinds = kinds::settle(&own)?;
            let repeats = Some(Repeats { seed: spec.seed, ..Repeats::default() });
            (Choices { kinds, repeats, blind: false }, FrameShards::default())
        }
    };
    Ok(Manifest::new(frame, shards, spec, choices, review::now_ms()))
}
