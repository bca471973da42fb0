//! How a session begins: what is asked for, what an earlier session has settled, and what of it
//! cannot be changed any more.

use std::path::{Path, PathBuf};

use tamis_rules::{DefectKind, RuleSet, RuleSource};

use super::Session;
use crate::InspectError;
use crate::data::{OpenOptions, Prefetch, Quiet, Source};
use crate::draft::Base;
use crate::model::{Frame, Population, SampleSpec, Strata, Unit};
use crate::review::{self, Choices, FrameShard, FrameShards, Manifest, Repeats, Review, kinds};
use crate::stats::{Gate, Settings};

/// The seed where none is given.
const SEED: u64 = 7;

/// What a person asks for; everything that is left out is as the review has it, or the default.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// A run directory, or files and folders of a corpus.
    pub inputs: Vec<String>,
    /// Columns of a corpus.
    pub columns: OpenOptions,
    /// Folder of the review.
    pub review: Option<PathBuf>,
    /// Another review of the same input.
    pub session: Option<String>,
    /// Who reviews.
    pub reviewer: Option<String>,
    /// Seed of the sample.
    pub seed: Option<u64>,
    /// Which documents of a run.
    pub population: Option<Population>,
    /// An SQL condition.
    pub filter: Option<String>,
    /// What strata are made of.
    pub strata: Option<Strata>,
    /// What is drawn with equal chances.
    pub unit: Option<Unit>,
    /// Names of the kinds of defect.
    pub kinds: Vec<String>,
    /// Whether findings are hidden until a document is judged.
    pub blind: bool,
    /// Whether no document comes a second time.
    pub no_repeats: bool,
    /// What the labels shall show.
    pub gate: Option<Gate>,
    /// The rule file that drafts are appended to.
    pub rules: Option<PathBuf>,
}

/// What holds for the whole session.
pub(super) struct Terms {
    pub(super) inputs: Vec<String>,
    pub(super) columns: OpenOptions,
    pub(super) folder: PathBuf,
    /// The sample that counts.
    pub(super) spec: SampleSpec,
    pub(super) choices: Choices,
    pub(super) settings: Settings,
    pub(super) rule_file: Option<PathBuf>,
    pub(super) base: Base,
}

/// Opens the input and the review; refuses another review than the one that is there.
pub(super) fn open(options: Options) -> Result<Session, InspectError> {
    let source = Source::open(&options.inputs, &options.columns)?;
    let folder =
        review::folder(&options.inputs, options.review.as_deref(), options.session.as_deref())?;
    let there = Manifest::read(&folder)?;
    let spec = spec(&options, there.as_ref(), source.is_run());
    source.check(&spec)?;
    source.draw(&spec, 0, 0, &Quiet)?;
    let own = own_rules(options.rules.as_deref())?;
    let choices = choices(&options, there, own.as_ref(), &source, &spec)?;
    let base = match source.root() {
        Some(root) => Base::of_run(&root)?,
        None => own_base(options.rules.as_deref()),
    };
    let settings = Settings { unit: spec.unit, gate: options.gate, ..Settings::default() };
    let terms = Terms {
        inputs: options.inputs,
        columns: options.columns,
        folder,
        spec,
        choices,
        settings,
        rule_file: options.rules,
        base,
    };
    let frame = source.frame();
    let asked = terms.manifest(&frame, &source);
    let reviewer = options.reviewer.unwrap_or_else(review::default_reviewer);
    let review = if frame.is_sample {
        Review::open(&terms.folder, asked, &reviewer)?
    } else {
        Review::begin(&terms.folder, asked, &reviewer)?
    };
    let frame = remembered(frame, review.manifest());
    Ok(Session {
        settled: Ok(frame.is_sample),
        spec: terms.spec.clone(),
        source,
        review,
        frame,
        order: super::order::Order::default(),
        documents: Prefetch::default(),
        read: Prefetch::default(),
        entries: std::collections::HashMap::new(),
        measuring: None,
        measured: false,
        terms,
    })
}

/// What an earlier session has counted of the same frame.
pub(super) fn remembered(mut frame: Frame, manifest: &Manifest) -> Frame {
    if frame.is_sample && manifest.size.is_some() {
        frame.documents = manifest.documents;
        frame.size = manifest.size;
        frame.size_max = manifest.size_max;
        frame.strata.clone_from(&manifest.strata);
    }
    frame
}

impl Terms {
    /// The manifest that this session asks for.
    pub(super) fn manifest(&self, frame: &Frame, source: &Source) -> Manifest {
        let shards = source.shards();
        let shards = shards.into_iter().map(|(name, documents)| FrameShard { name, documents });
        let shards = FrameShards::of(shards);
        Manifest::new(frame, shards, &self.spec, self.choices.clone(), review::now_ms())
    }
}

/// The sample of the review there, with what is asked for otherwise; the manifest then says
/// whether that is the same.
fn spec(options: &Options, there: Option<&Manifest>, is_run: bool) -> SampleSpec {
    let mut spec = there.map_or_else(
        || SampleSpec {
            seed: SEED,
            population: if is_run { Population::Kept } else { Population::All },
            ..SampleSpec::default()
        },
        |there| there.sample.clone(),
    );
    spec.seed = options.seed.unwrap_or(spec.seed);
    spec.population = options.population.unwrap_or(spec.population);
    spec.unit = options.unit.unwrap_or(spec.unit);
    spec.filter = options.filter.clone().or(spec.filter);
    spec.strata = options.strata.clone().or(spec.strata);
    spec
}

fn choices(
    options: &Options,
    there: Option<Manifest>,
    own: Option<&RuleSet>,
    source: &Source,
    spec: &SampleSpec,
) -> Result<Choices, InspectError> {
    let named: Vec<DefectKind> = options.kinds.iter().map(|name| DefectKind::named(name)).collect();
    let mut choices = if let Some(Manifest { kinds, repeats, blind, .. }) = there {
        Choices { kinds, repeats, blind }
    } else {
        let own = own.map(RuleSet::defects).unwrap_or_default();
        let listed = if own.is_empty() { source.defects() } else { own.to_vec() };
        let repeats = Some(Repeats { seed: spec.seed, ..Repeats::default() });
        Choices { kinds: kinds::settle(&listed)?, repeats, blind: false }
    };
    if !named.is_empty() {
        choices.kinds = kinds::settle(&named)?;
    }
    choices.blind |= options.blind;
    if options.no_repeats {
        choices.repeats = None;
    }
    Ok(choices)
}

/// The user's rule file, where there is one already.
fn own_rules(file: Option<&Path>) -> Result<Option<RuleSet>, InspectError> {
    let Some(file) = file.filter(|file| file.exists()) else { return Ok(None) };
    Ok(Some(RuleSet::load(&[RuleSource::File(file.to_owned())])?))
}

/// Of a corpus nothing is in force but the user's own rules.
fn own_base(file: Option<&Path>) -> Base {
    let sources = match file.filter(|file| file.exists()) {
        Some(file) => vec![RuleSource::File(file.to_owned())],
        None => Vec::new(),
    };
    Base { sources, ..Base::default() }
}

/// Kinds of defect by their digits: the first is that of `1`; an empty name where a digit has
/// none. Those behind the ninth have no digit.
pub(super) fn by_digit(listed: &[DefectKind]) -> Vec<String> {
    let digits = kinds::digits(listed);
    let of = |digit: u8| {
        let at = digits.iter().position(|one| *one == Some(digit));
        at.and_then(|at| listed.get(at)).map(|kind| kind.name.clone()).unwrap_or_default()
    };
    let mut names: Vec<String> = (1..=9).map(of).collect();
    while names.last().is_some_and(String::is_empty) {
        names.pop();
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_stands_at_its_digit() {
        let mut listed: Vec<DefectKind> = ["a", "b"].map(DefectKind::named).to_vec();
        listed[0].key = Some(3);
        assert_eq!(by_digit(&listed), ["b", "", "a"]);
        assert_eq!(by_digit(&kinds::default_kinds()).len(), 9);
    }

    #[test]
    fn what_is_not_asked_for_is_as_the_review_has_it() {
        let options = Options { seed: Some(4), ..Options::default() };
        assert_eq!(spec(&options, None, true).population, Population::Kept);
        assert_eq!(spec(&options, None, false).population, Population::All);
        let sample = SampleSpec {
            seed: 9,
            population: Population::Removed,
            filter: Some("x > 1".to_owned()),
            ..SampleSpec::default()
        };
        let choices = Choices { kinds: Vec::new(), repeats: None, blind: true };
        let shards = FrameShards::default();
        let there = Manifest::new(&Frame::default(), shards, &sample, choices, 0);
        assert_eq!(spec(&Options::default(), Some(&there), true), sample);
        assert_eq!(spec(&options, Some(&there), true).seed, 4);
    }
}
