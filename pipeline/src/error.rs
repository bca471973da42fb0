//! What can stop a run. Trouble with one record never does: it becomes a failure and goes on.

use std::io;
use std::path::{Path, PathBuf};

/// The errors of a run.
#[derive(Debug, thiserror::Error)]
pub enum PipelineError {
    /// The configuration or the command line makes no sense.
    #[error("{0}")]
    Usage(String),
    /// A rule file is broken.
    #[error(transparent)]
    Rules(#[from] tamis_rules::RuleError),
    /// The input cannot be used at all.
    #[error(transparent)]
    Read(#[from] crate::error::ReadError),
    /// An output could not be written.
    #[error(transparent)]
    Write(#[from] crate::error::WriteError),
    /// The engine failed.
    #[error("{}", plain(.0))]
    Engine(Box<datafusion::error::DataFusionError>),
    /// A file of the run directory cannot be used.
    #[error("{}: {what}", path.display())]
    RunDirectory {
        /// The file or folder.
        path: PathBuf,
        /// What is wrong and what to do.
        what: String,
    },
    /// The books do not balance.
    #[error(
        "the run does not balance: {0}; files in the run directory were changed, or this is a bug in tamis; --force starts over"
    )]
    Unbalanced(String),
    /// The user asked to stop; everything finished so far stays.
    #[error("stopped: the parts in flight are finished, run the same command again to go on")]
    Stopped,
}

impl PipelineError {
    /// A trouble with a file of the run directory.
    pub fn directory(path: impl Into<PathBuf>, what: impl std::fmt::Display) -> Self {
        Self::RunDirectory { path: path.into(), what: what.to_string() }
    }

    /// Exit code of the command: 1 where a check failed, 2 for usage or broken input.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Engine(error) if is_input_error(error) => 2,
            Self::Unbalanced(_) | Self::Engine(_) | Self::Stopped => 1,
            _ => 2,
        }
    }
}

impl From<datafusion::error::DataFusionError> for PipelineError {
    fn from(error: datafusion::error::DataFusionError) -> Self {
        Self::Engine(Box::new(error))
    }
}

impl From<arrow::error::ArrowError> for PipelineError {
    fn from(error: arrow::error::ArrowError) -> Self {
        Self::Engine(Box::new(error.into()))
    }
}

/// Whether a reader's or a writer's error lies inside the engine's.
fn is_input_error(error: &datafusion::error::DataFusionError) -> bool {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if error.is::<crate::error::ReadError>() || error.is::<crate::error::WriteError>() {
            return true;
        }
        cause = error.source();
    }
    false
}

/// The engine wraps our own errors; the innermost message is the one that helps.
fn plain(error: &datafusion::error::DataFusionError) -> String {
    use datafusion::error::DataFusionError as E;
    match error {
        E::External(inner) => inner.to_string(),
        E::Context(_, inner) => plain(inner),
        E::Shared(inner) => plain(inner),
        E::ArrowError(inner, _) => match inner.as_ref() {
            arrow::error::ArrowError::ExternalError(inner) => inner.to_string(),
            other => other.to_string(),
        },
        E::ResourcesExhausted(what) => {
            format!("the memory limit is too small for this step ({what}); raise --memory")
        }
        other => other.to_string(),
    }
}

/// What makes a whole input unusable.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// A file or folder cannot be opened.
    #[error("{}: {what}", path.display())]
    Path {
        /// The file or folder.
        path: PathBuf,
        /// What is wrong and what to do.
        what: String,
    },
    /// The input carries decisions already.
    #[error(
        "{shard} {place}: the record already has a field '{field}'; name another one with --reason-field"
    )]
    ReasonField {
        /// The shard.
        shard: String,
        /// Line or column.
        place: String,
        /// The field.
        field: String,
    },
    /// A batch could not be built.
    #[error("a batch could not be built: {0}")]
    Arrow(#[from] arrow::error::ArrowError),
}

impl ReadError {
    pub(crate) fn path(path: impl Into<PathBuf>, what: impl std::fmt::Display) -> Self {
        Self::Path { path: path.into(), what: what.to_string() }
    }
}

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
