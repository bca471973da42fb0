//! Why an edit cannot be compiled, or cannot be applied to a text.

use crate::pattern;
use crate::references::LanguageError;

/// Why an edit cannot be compiled, or cannot be applied to a text.
#[derive(Debug, thiserror::Error)]
pub enum EditError {
    /// A pattern that is none.
    #[error("{}", pattern::fault(.error).message)]
    Pattern {
        /// The key of the rule file under which it stands.
        key: &'static str,
        /// What the regex library says.
        error: regex::Error,
    },
    /// Another argument that cannot be used.
    #[error("{message}")]
    Argument {
        /// The key of the rule file under which it stands.
        key: &'static str,
        /// What is wrong with it.
        message: String,
    },
    /// The languages that are compiled in cannot be read.
    #[error("references cannot be looked for: {0}")]
    Languages(#[from] LanguageError),
    /// A place that lies across characters, behind the end, or before the place before it.
    #[error(
        "bytes {start} to {end} cannot be replaced in a text of {length} bytes that is edited up to byte {done}"
    )]
    Span {
        /// Its first byte.
        start: usize,
        /// The byte after its last one.
        end: usize,
        /// The byte up to which the text was edited.
        done: usize,
        /// Bytes of the text.
        length: usize,
    },
}

impl EditError {
    /// The key of the rule file that it is about; none where it is about no argument.
    pub fn key(&self) -> Option<&'static str> {
        match self {
            Self::Pattern { key, .. } | Self::Argument { key, .. } => Some(key),
            Self::Languages(_) | Self::Span { .. } => None,
        }
    }
}
