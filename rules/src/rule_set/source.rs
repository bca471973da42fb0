//! Where rules come from: packs, files and texts.

use std::path::{Path, PathBuf};

use crate::error::RuleError;
use crate::nearest::suggest;
use crate::packs;

/// Where rules come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RuleSource {
    /// A pack that is compiled in.
    Pack(String),
    /// A file.
    File(PathBuf),
    /// A text, for tests and for files that are not written yet.
    Inline {
        /// How errors call it; what it extends lies beside a file of this name.
        name: String,
        /// The file's text.
        text: String,
    },
}

impl RuleSource {
    /// A pack where there is one of that name, else a file relative to `folder`.
    pub fn named_beside(name: &str, folder: &Path) -> Self {
        if name == "none" || packs::find(name).is_some() {
            Self::Pack(name.to_owned())
        } else {
            Self::File(folder.join(name))
        }
    }

    pub(super) fn key(&self) -> String {
        match self {
            Self::Pack(name) | Self::Inline { name, .. } => name.clone(),
            Self::File(path) => path.display().to_string(),
        }
    }

    pub(super) fn text(&self) -> Result<String, RuleError> {
        match self {
            Self::Pack(name) => packs::find(name).map(str::to_owned).ok_or_else(|| {
                RuleError::whole(
                    name,
                    format!("there is no pack of that name{}", known_packs(name)),
                )
            }),
            Self::File(path) => std::fs::read_to_string(path).map_err(|error| {
                let message = if error.kind() == std::io::ErrorKind::NotFound {
                    let known = known_packs(&path.display().to_string());
                    format!("there is neither a file nor a pack of that name{known}")
                } else {
                    format!("cannot be read: {error}")
                };
                RuleError::whole(&self.key(), message)
            }),
            Self::Inline { text, .. } => Ok(text.clone()),
        }
    }

    /// Whether it can be there: a file that is not is a misspelt name.
    pub(super) fn is_missing(&self) -> bool {
        match self {
            Self::Pack(name) => packs::find(name).is_none(),
            Self::File(path) => !path.exists(),
            Self::Inline { .. } => false,
        }
    }

    pub(super) fn folder(&self) -> &Path {
        match self {
            Self::File(path) => path.parent().unwrap_or(Path::new("")),
            Self::Inline { name, .. } => Path::new(name).parent().unwrap_or(Path::new("")),
            Self::Pack(_) => Path::new(""),
        }
    }
}

/// What was probably meant, and all packs.
pub(super) fn known_packs(name: &str) -> String {
    let names = packs::names();
    format!("{}; packs: {}", suggest(name, names.iter().copied()), names.join(", "))
}
