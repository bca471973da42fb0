//! How files come to be: under a temporary name, synced, renamed; or not at all.

pub mod atomic;
pub mod count;
pub mod failed;
pub mod frames;
pub mod jsonl;
mod lists;
pub mod parquet;
pub mod text;

use std::io;
use std::path::{Path, PathBuf};

/// A file that could not be written, or read back.
#[derive(Debug, thiserror::Error)]
#[error("{}: {what}", path.display())]
pub struct WriteError {
    /// The file.
    pub path: PathBuf,
    /// What is wrong and what to do.
    pub what: String,
}

impl WriteError {
    pub(crate) fn new(path: &Path, what: impl std::fmt::Display) -> Self {
        Self { path: path.to_owned(), what: what.to_string() }
    }

    pub(crate) fn io(path: &Path, error: &io::Error) -> Self {
        let what = match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                "the disk is full; make room and run the same command again".to_owned()
            }
            io::ErrorKind::PermissionDenied => {
                "cannot be written: permission denied; choose another --out".to_owned()
            }
            _ => format!("cannot be written: {error}"),
        };
        Self { path: path.to_owned(), what }
    }
}
