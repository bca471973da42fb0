//! Opens anything: finished runs and files of a corpus; draws samples and fetches documents.
//!
//! One [`Source`] belongs to one worker thread. Calls may block and can be cancelled through
//! [`Progress`]; a cancelled call has kept what it learnt, and the next one goes on from there.

mod asked;
mod build;
mod corpus;
mod draw;
#[cfg(feature = "screen")]
mod histogram;
mod lines;
mod lowest;
mod marks;
mod original;
mod overview;
mod prefetch;
mod ranks;
mod record;
mod run;
mod run_document;
mod run_scan;
mod strata;

use std::cell::RefCell;
use std::path::{Path, PathBuf};

use tamis_pipeline::look::{Found, Run};
use tamis_rules::{DefectKind, RuleSet};

pub use prefetch::{AHEAD, Prefetch};

use crate::error::InspectError;
#[cfg(feature = "screen")]
use crate::model::Histogram;
use crate::model::{Document, Entry, Frame, Overview, SampleSpec, Twin};
use crate::sample::SAMPLER;
use corpus::Corpus;
use draw::{Backend, Drawing};
use run::RunData;

/// How inputs are opened.
#[derive(Debug, Clone, Default)]
pub struct OpenOptions {
    /// The column with the text; none looks for the known names.
    pub text_column: Option<String>,
    /// The column with the user's id; none looks for the known names.
    pub id_column: Option<String>,
}

/// Told about long work, and asked whether to go on.
pub trait Progress {
    /// Share of the work that is done, from 0 to 1.
    fn progress(&self, share: f64);
    /// Whether to stop; the call gives an error for which [`is_cancelled`] holds.
    fn cancelled(&self) -> bool;
}

/// Progress that nobody watches.
#[derive(Debug, Clone, Copy, Default)]
pub struct Quiet;

impl Progress for Quiet {
    fn progress(&self, _share: f64) {}

    fn cancelled(&self) -> bool {
        false
    }
}

const CANCELLED: &str = "cancelled";

fn cancelled() -> InspectError {
    InspectError::Usage(CANCELLED.to_owned())
}

/// Whether a call ended because [`Progress::cancelled`] said so.
pub fn is_cancelled(error: &InspectError) -> bool {
    matches!(error, InspectError::Usage(what) if what == CANCELLED)
}

enum Kind {
    Run(Box<RunData>),
    Corpus(Box<Corpus>),
}

/// An opened run directory, or files and folders of a corpus.
pub struct Source {
    name: String,
    kind: Kind,
    drawing: RefCell<Option<Drawing>>,
}

impl Source {
    /// Opens a run directory, or files, folders and globs of JSONL, Parquet and text; nothing but
    /// names, footers and manifests is read.
    pub fn open(inputs: &[String], options: &OpenOptions) -> Result<Self, InspectError> {
        let kind = match inputs {
            [only] if Run::is_run(Path::new(only)) => {
                Kind::Run(Box::new(RunData::open(Path::new(only), options)?))
            }
            _ => Kind::Corpus(Box::new(Corpus::open(inputs, options)?)),
        };
        Ok(Self { name: inputs.join(" "), kind, drawing: RefCell::new(None) })
    }

    /// Whether it is a run directory.
    pub fn is_run(&self) -> bool {
        matches!(self.kind, Kind::Run(_))
    }

    /// The run directory, where it is one.
    pub fn root(&self) -> Option<PathBuf> {
        match &self.kind {
            Kind::Run(run) => Some(run.run.root().to_owned()),
            Kind::Corpus(_) => None,
        }
    }

    /// The rule set of the run, rebuilt from its manifest; none for a corpus.
    pub fn rules(&self) -> Result<Option<RuleSet>, InspectError> {
        match &self.kind {
            Kind::Run(run) => run.rules().map(|rules| Some(rules.set.clone())),
            Kind::Corpus(_) => Ok(None),
        }
    }

    fn backend(&self) -> &dyn Backend {
        match &self.kind {
            Kind::Run(run) => run.as_ref(),
            Kind::Corpus(corpus) => corpus.as_ref(),
        }
    }

    /// What is known right now of the frame of the last [`Source::draw`].
    pub fn frame(&self) -> Frame {
        let mut frame = Frame {
            name: self.name.clone(),
            sampler: SAMPLER.to_owned(),
            progress: 1.0,
            is_sample: true,
            ..Frame::default()
        };
        let drawing = self.drawing.borrow();
        let spec = drawing.as_ref().map(|drawing| drawing.spec.clone()).unwrap_or_default();
        self.backend().describe(&spec, &mut frame);
        if let Some(drawing) = drawing.as_ref() {
            drawing.describe(&mut frame);
        }
        frame
    }

    /// The documents `from..from + count` of the sample, fewer at its end. A corpus of JSONL is
    /// read once before the first of them; strata, token weights and rare populations need one scan
    /// of the annotations (of a corpus: of everything).
    pub fn draw(
        &self,
        spec: &SampleSpec,
        from: usize,
        count: usize,
        progress: &dyn Progress,
    ) -> Result<Vec<Entry>, InspectError> {
        let mut drawing = self.drawing.borrow_mut();
        if drawing.as_ref().is_none_or(|drawing| drawing.spec != *spec) {
            *drawing = Some(Drawing::new(spec.clone()));
        }
        match drawing.as_mut() {
            Some(drawing) => drawing.draw(self.backend(), from, count, progress),
            None => Ok(Vec::new()),
        }
    }

    /// Refuses a specification that cannot be drawn, such as a filter that is no SQL; reads next to
    /// nothing.
    pub fn check(&self, spec: &SampleSpec) -> Result<(), InspectError> {
        self.backend().check(spec)
    }

    /// Counts what has no counts yet, so that a sample can be drawn: a corpus of JSONL is read to
    /// its end. A call that was cancelled is gone on with by the next one of the same seed.
    pub fn prepare(&self, spec: &SampleSpec, progress: &dyn Progress) -> Result<(), InspectError> {
        self.backend().prepare(spec, progress)
    }

    /// The entry of a document, by its id; in a run by the user's id too. None where nothing is
    /// called so, or where the file of it was not counted yet.
    pub fn find(&self, name: &str) -> Result<Option<Entry>, InspectError> {
        match &self.kind {
            Kind::Run(run) => run.find(name),
            Kind::Corpus(corpus) => corpus.find(name),
        }
    }

    /// Bytes that a scan of everything reads of a corpus; none for a run, whose annotations are
    /// small.
    pub fn scanned_bytes(&self) -> Option<u64> {
        match &self.kind {
            Kind::Run(_) => None,
            Kind::Corpus(corpus) => Some(corpus.stored_bytes()),
        }
    }

    /// The shards with their documents, where they were counted.
    pub fn shards(&self) -> Vec<(String, Option<u64>)> {
        match &self.kind {
            Kind::Run(run) => {
                run.slices.iter().map(|slice| (slice.shard.clone(), Some(slice.rows))).collect()
            }
            Kind::Corpus(corpus) => corpus.counted(),
        }
    }

    /// The kinds of defect that the rules of a run name; none for a corpus.
    pub fn defects(&self) -> Vec<DefectKind> {
        match &self.kind {
            Kind::Run(run) => {
                let named = run.run.manifest().pointer("/rules/defects").cloned();
                named.and_then(|named| serde_json::from_value(named).ok()).unwrap_or_default()
            }
            Kind::Corpus(_) => Vec::new(),
        }
    }

    /// Counts documents and bytes of the frame of `spec` exactly, by one scan; [`Source::frame`]
    /// knows them afterwards. The order of the sample stays.
    pub fn measure(&self, spec: &SampleSpec, progress: &dyn Progress) -> Result<(), InspectError> {
        let mut drawing = self.drawing.borrow_mut();
        if drawing.as_ref().is_none_or(|drawing| drawing.spec != *spec) {
            *drawing = Some(Drawing::new(spec.clone()));
        }
        match drawing.as_mut() {
            Some(drawing) => drawing.measure(self.backend(), progress),
            None => Ok(()),
        }
    }

    /// The first documents of a corpus, readable before a pass has ended: not a sample. Empty for
    /// a run, which needs no pass.
    pub fn head(&self, count: usize) -> Result<Vec<Entry>, InspectError> {
        match &self.kind {
            Kind::Run(_) => Ok(Vec::new()),
            Kind::Corpus(corpus) => corpus.head(count),
        }
    }

    /// A document with its text, marks and reasons.
    pub fn fetch(&self, entry: &Entry) -> Result<Document, InspectError> {
        match &self.kind {
            Kind::Run(run) => run.fetch(entry),
            Kind::Corpus(corpus) => corpus.fetch(entry),
        }
    }

    /// The record of a document, its text and the reasons it carries, without anything else.
    pub fn record(&self, entry: &Entry) -> Result<Found, InspectError> {
        match &self.kind {
            Kind::Run(run) => Ok(run.run.fetch(&run.record_place(entry)?)?),
            Kind::Corpus(corpus) => corpus.record(entry),
        }
    }

    /// The cluster of a document, survivor first, with the texts of its members.
    pub fn twins(&self, entry: &Entry, limit: usize) -> Result<Vec<Twin>, InspectError> {
        match &self.kind {
            Kind::Run(run) => run.twins(entry, limit),
            Kind::Corpus(_) => Ok(Vec::new()),
        }
    }

    /// Funnel, rules and sources of a run; empty for a corpus.
    pub fn overview(&self) -> Result<Overview, InspectError> {
        match &self.kind {
            Kind::Run(run) => overview::overview(run),
            Kind::Corpus(_) => Ok(Overview::default()),
        }
    }

    /// The distribution of an annotation over all documents of a run.
    #[cfg(feature = "screen")]
    pub fn histogram(&self, annotation: &str) -> Result<Histogram, InspectError> {
        match &self.kind {
            Kind::Run(run) => histogram::histogram(run.run.parts(), annotation),
            Kind::Corpus(_) => {
                let what = "a corpus has no annotations; tamis run makes them";
                Err(InspectError::Usage(what.to_owned()))
            }
        }
    }

    /// Records that were met while drawing and could not be read: they are passed over, and the
    /// counts of a corpus still hold them.
    pub fn passed_over(&self) -> u64 {
        match &self.kind {
            Kind::Run(_) => 0,
            Kind::Corpus(corpus) => corpus.passed_over(),
        }
    }

    /// Things worth saying: files that cannot be read.
    pub fn warnings(&self) -> Vec<String> {
        match &self.kind {
            Kind::Run(_) => Vec::new(),
            Kind::Corpus(corpus) => corpus.warnings(),
        }
    }
}

#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod tests;
