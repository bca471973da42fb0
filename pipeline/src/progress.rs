//! How far this process has come: two counters that the nodes raise and the screen reads.
//!
//! They are for eyes only; the books of a run are counted elsewhere.

use std::sync::atomic::{AtomicU64, Ordering};

static DOCUMENTS: AtomicU64 = AtomicU64::new(0);
static TEXT_BYTES: AtomicU64 = AtomicU64::new(0);

/// Raises the counters.
pub(crate) fn add(documents: u64, text_bytes: u64) {
    DOCUMENTS.fetch_add(documents, Ordering::Relaxed);
    TEXT_BYTES.fetch_add(text_bytes, Ordering::Relaxed);
}

/// Documents and bytes of text that passed a reader since the process began, both passes.
pub fn read() -> (u64, u64) {
    (DOCUMENTS.load(Ordering::Relaxed), TEXT_BYTES.load(Ordering::Relaxed))
}

/// What a run tells while it works.
pub trait Observer: Send + Sync {
    /// A movement begins: its name and how many units it has to do.
    fn begin(&self, movement: &str, units: usize);
    /// One more unit is done.
    fn unit_done(&self);
    /// A remark for the user.
    fn note(&self, message: &str);
    /// Whether the user asked to stop after the parts in flight.
    fn stop_asked(&self) -> bool;
}
