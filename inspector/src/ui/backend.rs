//! What the screen asks of the data, the log and the statistics.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use crate::InspectError;
use crate::model::{
    Document, Draft, Entry, Frame, Histogram, Overview, SampleSpec, Trial, Twin, Verdict,
};
pub use crate::review::Seen;
use crate::summary::Summary;

/// In the place of a job's number: all of them, because the user leaves.
pub const EVERYTHING: u64 = u64::MAX;

/// A long job, as the one who does it sees it.
#[derive(Clone)]
pub struct Job {
    /// Its number.
    pub id: u64,
    cancelled: Arc<Mutex<HashSet<u64>>>,
    report: Arc<dyn Fn(u64, f64) + Send + Sync>,
}

impl std::fmt::Debug for Job {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Job").field("id", &self.id).finish_non_exhaustive()
    }
}

impl Job {
    /// A job that reports its progress (from 0 to 1) to `report`.
    pub fn new(
        id: u64,
        cancelled: Arc<Mutex<HashSet<u64>>>,
        report: Arc<dyn Fn(u64, f64) + Send + Sync>,
    ) -> Self {
        Self { id, cancelled, report }
    }

    /// A job that nobody watches or cancels.
    pub fn unwatched() -> Self {
        Self::new(0, Arc::default(), Arc::new(|_, _| ()))
    }

    /// Says how far it is, from 0 to 1; true where it shall stop.
    pub fn tick(&self, progress: f64) -> bool {
        (self.report)(self.id, progress);
        self.cancelled()
    }

    /// Whether it shall stop.
    pub fn cancelled(&self) -> bool {
        let cancelled = self.cancelled.lock().unwrap_or_else(PoisonError::into_inner);
        cancelled.contains(&self.id) || cancelled.contains(&EVERYTHING)
    }
}

/// What is said of a document.
#[derive(Debug, Clone, PartialEq)]
pub enum Said {
    /// A verdict, with kinds of defect from the user's list.
    Label(Verdict, Vec<String>),
    /// Marked for a second look or not.
    Flag(bool),
    /// A note; none takes it away.
    Note(Option<String>),
}

/// A line that the review log shall hold.
#[derive(Debug, Clone, PartialEq)]
pub enum Act {
    /// Something is said of a document.
    Say(Said, Box<Seen>),
    /// The line `seq` is taken back: always the last one that holds.
    Undo(u64),
    /// The line `seq` holds again: always the one that was taken back last.
    Redo(u64),
}

/// What a session starts with.
#[derive(Debug, Clone, Default)]
pub struct Opened {
    /// The frame.
    pub frame: Frame,
    /// What this reviewer said and did not take back, oldest first, by the log's numbers.
    pub said: Vec<(u64, Said, Seen)>,
    /// What the labels say.
    pub summary: Summary,
}

/// A rule as it shall be written to the user's file.
#[derive(Debug, Clone, PartialEq)]
pub struct NewRule {
    /// What it does.
    pub draft: Draft,
    /// Its name, `house/cookie-banner`.
    pub id: String,
    /// Why it exists.
    pub why: String,
    /// The document that becomes its test.
    pub document_id: String,
}

/// The data, the log and the statistics behind the screen; everything may take its time.
pub trait Backend: Send {
    /// Draws by another specification: the frame, and the labels that are in force.
    fn open(&mut self, spec: &SampleSpec, job: &Job) -> Result<Opened, InspectError>;

    /// Entries of the sample from rank `from`; fewer than `count` at its end.
    fn draw(&mut self, from: usize, count: usize, job: &Job) -> Result<Vec<Entry>, InspectError>;

    /// The entry of a document, by its id or the user's.
    fn find(&mut self, name: &str) -> Result<Option<Entry>, InspectError>;

    /// A document with its text.
    fn fetch(&mut self, entry: &Entry) -> Result<Document, InspectError>;

    /// The cluster of a document, survivor first; empty where it has none.
    fn twins(&mut self, entry: &Entry, job: &Job) -> Result<Vec<Twin>, InspectError>;

    /// Counts of the run.
    fn overview(&mut self, job: &Job) -> Result<Overview, InspectError>;

    /// The distribution of an annotation.
    fn histogram(&mut self, annotation: &str, job: &Job) -> Result<Histogram, InspectError>;

    /// Writes a line to the log and syncs it; its number.
    fn append(&mut self, act: &Act) -> Result<u64, InspectError>;

    /// What the labels say.
    fn summarize(&mut self) -> Result<Summary, InspectError>;

    /// What a draft would do.
    fn try_draft(&mut self, draft: &Draft, job: &Job) -> Result<Trial, InspectError>;

    /// Appends a rule with its test to the user's file; where it stands now.
    fn append_rule(&mut self, rule: &NewRule) -> Result<String, InspectError>;

    /// Does a slice (some 20 ms) of work that goes on behind the screen, the reading of a foreign
    /// file to its end above all; the frame as it is known now, none once nothing is left.
    fn advance(&mut self) -> Result<Option<Frame>, InspectError> {
        Ok(None)
    }
}
