//! Links: which document goes for which.

use serde::{Deserialize, Serialize};

/// The reference set: documents that never go, and come first in survivor order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Reference {
    /// The first place of the run's own documents.
    pub own_place: u64,
    /// Only what is similar to a document of the reference set goes.
    pub only: bool,
}

impl Reference {
    /// Whether the document at `place` belongs to it.
    pub(crate) fn has(self, place: u64) -> bool {
        place < self.own_place
    }

    /// Whether the document at `place` may go for the one at `center`.
    pub(crate) fn allows(self, place: u64, center: u64) -> bool {
        !self.has(place) && (!self.only || self.has(center))
    }
}

/// By what a document is similar to its survivor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Its text is the same.
    Exact = 0,
    /// Its words.
    Fuzzy = 1,
    /// Its meaning.
    Semantic = 2,
}

impl Kind {
    /// Those that a run is asked for, by their names.
    pub(crate) fn named(name: &str) -> Option<Self> {
        [Self::Exact, Self::Fuzzy, Self::Semantic].into_iter().find(|kind| kind.name() == name)
    }

    /// As people read it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Fuzzy => "fuzzy",
            Self::Semantic => "semantic",
        }
    }
}
