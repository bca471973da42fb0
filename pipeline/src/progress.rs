//! How far this process has come: counters that the readers raise and the screen reads.
//!
//! They are for eyes only; the books of a run are counted elsewhere.

use std::sync::atomic::{AtomicU64, Ordering};

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
