//! What can go wrong while looking.

use std::path::{Path, PathBuf};

use tamis_pipeline::PipelineError;
use tamis_rules::RuleError;

/// An error of the inspector; displays as what, where and what to do.
#[derive(Debug, thiserror::Error)]
pub enum InspectError {
    /// Usage, or broken input.
    #[error(transparent)]
    Pipeline(#[from] PipelineError),
    /// A rule or condition.
    #[error(transparent)]
    Rules(#[from] RuleError),
    /// A file that cannot be read or written.
    #[error("{path}: {what}")]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong, and what to do.
        what: String,
    },
    /// Something the user asked for that cannot be.
    #[error("{0}")]
    Usage(String),
}

impl InspectError {
    /// An error at a file.
    pub fn file(path: &Path, what: impl std::fmt::Display) -> Self {
        Self::File { path: path.to_owned(), what: what.to_string() }
    }
}
