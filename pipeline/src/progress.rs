//! How far this process has come: counters that the readers raise and the screen reads.
//!
//! They are for eyes only; the books of a run are counted elsewhere.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

static DOCUMENTS: AtomicU64 = AtomicU64::new(0);
static TEXT_BYTES: AtomicU64 = AtomicU64::new(0);
static STORED_BYTES: AtomicU64 = AtomicU64::new(0);

/// What passed the readers since the process began, in all passes.
#[derive(Debug, Clone, Copy, Default)]
pub struct Progress {
    /// Documents.
    pub documents: u64,
    /// Bytes of their texts.
    pub text_bytes: u64,
    /// Bytes of input files, as they are stored.
    pub stored_bytes: u64,
}

/// Raises the counts of what came out of a reader.
pub(crate) fn add(documents: u64, text_bytes: u64) {
    DOCUMENTS.fetch_add(documents, Ordering::Relaxed);
    TEXT_BYTES.fetch_add(text_bytes, Ordering::Relaxed);
}

/// Raises the count of what went into a reader.
pub(crate) fn add_stored(bytes: u64) {
    STORED_BYTES.fetch_add(bytes, Ordering::Relaxed);
}

static NOTES: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Something a user should know that is no part of the results; each once.
pub(crate) fn note(note: String) {
    let mut notes = NOTES.lock().unwrap_or_else(PoisonError::into_inner);
    if !notes.contains(&note) {
        notes.push(note);
    }
}

/// The notes since the last call.
pub(crate) fn take_notes() -> Vec<String> {
    std::mem::take(&mut NOTES.lock().unwrap_or_else(PoisonError::into_inner))
}

/// The counters as they stand.
pub fn read() -> Progress {
    Progress {
        documents: DOCUMENTS.load(Ordering::Relaxed),
        text_bytes: TEXT_BYTES.load(Ordering::Relaxed),
        stored_bytes: STORED_BYTES.load(Ordering::Relaxed),
    }
}

/// What a run tells while it works.
pub trait Observer: Send + Sync {
    /// A movement begins: its name, how many units it has to do, and the bytes of the input files
    /// that it reads, 0 where it reads none.
    fn begin(&self, movement: &str, units: usize, stored_bytes: u64);
    /// One more unit is done.
    fn unit_done(&self);
    /// A remark for the user.
    fn note(&self, message: &str);
    /// Whether the user asked to stop after the parts in flight.
    fn stop_asked(&self) -> bool;
}

/// Passes on what a run tells, and measures how long its movements take.
pub(crate) struct Timed<'a> {
    inner: &'a dyn Observer,
    steps: Mutex<Vec<(String, Instant)>>,
}

impl<'a> Timed<'a> {
    pub(crate) fn new(inner: &'a dyn Observer) -> Self {
        Self { inner, steps: Mutex::default() }
    }

    /// Each movement that began, and the seconds until the next one did.
    pub(crate) fn seconds(&self) -> Vec<(String, f64)> {
        let steps = self.steps.lock().unwrap_or_else(PoisonError::into_inner);
        let ends = steps.iter().skip(1).map(|step| step.1).chain([Instant::now()]);
        let seconds = |begun: Instant, end: Instant| end.duration_since(begun).as_secs_f64();
        steps.iter().zip(ends).map(|(step, end)| (step.0.clone(), seconds(step.1, end))).collect()
    }
}

impl Observer for Timed<'_> {
    fn begin(&self, movement: &str, units: usize, stored_bytes: u64) {
        let mut steps = self.steps.lock().unwrap_or_else(PoisonError::into_inner);
        steps.push((movement.to_owned(), Instant::now()));
        drop(steps);
        self.inner.begin(movement, units, stored_bytes);
    }

    fn unit_done(&self) {
        self.inner.unit_done();
    }

    fn note(&self, message: &str) {
        self.inner.note(message);
    }

    fn stop_asked(&self) -> bool {
        self.inner.stop_asked()
    }
}
