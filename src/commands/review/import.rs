//! Labels of scripts and other tools, through the same log as those of the inspector.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use tamis_inspector::InspectError;
use tamis_inspector::data::{OpenOptions, Source};
use tamis_inspector::model::{Frame, Population, SampleSpec};
use tamis_inspector::review::{self, Choices, FrameShards, Import, Manifest, Repeats, kinds};
use tamis_rules::DefectKind;

/// The seed that `tamis sample` has too.
const SEED: u64 = 7;

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
    /// Seed of the sample, where the review begins with this import; else 7
    #[arg(long, requires = "label")]
    seed: Option<u64>,
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
    let spec = spec(args, there.as_ref(), source.is_run());
    let reviewer = args.reviewer.clone().unwrap_or_else(review::default_reviewer);
    import.into_review(&source, &spec, folder, &reviewer, |frame| asked(there, &frame, &spec, args))
}

/// The sample: that of the review where there is one, with what was asked for otherwise; the
/// manifest then says whether that is the same.
fn spec(args: &ImportArgs, there: Option<&Manifest>, is_run: bool) -> SampleSpec {
    let mut spec = there.map_or_else(
        || SampleSpec {
            seed: SEED,
            population: if is_run { Population::Kept } else { Population::All },
            ..SampleSpec::default()
        },
        |there| there.sample.clone(),
    );
    spec.seed = args.seed.unwrap_or(spec.seed);
    spec.population = match args.from {
        Some(From::Kept) => Population::Kept,
        Some(From::Removed) => Population::Removed,
        Some(From::Flagged) => Population::Flagged,
        Some(From::All) => Population::All,
        None => spec.population,
    };
    if args.condition.is_some() {
        spec.filter.clone_from(&args.condition);
    }
    spec
}

/// The manifest that is asked for: that of the review there, held against the data and the
/// options, or a new one.
fn asked(
    there: Option<Manifest>,
    frame: &Frame,
    spec: &SampleSpec,
    args: &ImportArgs,
) -> Result<Manifest, InspectError> {
    let own: Vec<DefectKind> = args.kinds.iter().map(|name| DefectKind::named(name)).collect();
    let own = kinds::settle(&own)?;
    let (mut choices, shards) = there.map_or_else(
        || {
            let repeats = Some(Repeats { seed: spec.seed, ..Repeats::default() });
            (Choices { kinds: own.clone(), repeats, blind: false }, FrameShards::default())
        },
        |there| {
            let Manifest { kinds, repeats, blind, shards, .. } = there;
            (Choices { kinds, repeats, blind }, shards)
        },
    );
    if !args.kinds.is_empty() {
        choices.kinds = own;
    }
    Ok(Manifest::new(frame, shards, spec, choices, review::now_ms()))
}
