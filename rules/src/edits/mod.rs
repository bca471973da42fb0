//! Edits: removing lines, replacing matches, and what else rules change in a text.
//!
//! [`Edit`] says what a rule does, [`CompiledEdit`] does it to one text, and [`EditedText`] is a
//! text with everything that the edits of all stages made of it.

mod compiled;
mod error;
mod lines;
mod matches;
mod mojibake;
mod personal_data;
mod references;
mod rewrite;
mod stages;
mod trace;

#[cfg(test)]
mod tests;

pub use compiled::CompiledEdit;
pub use error::EditError;
pub(crate) use matches::compile_pattern;
pub use rewrite::Rewritten;
pub(crate) use stages::{EditStages, EditStep};
pub use stages::{EditedSpan, EditedText};

/// What a rule changes in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Edit {
    /// Removes the lines in which a pattern matches.
    RemoveLines {
        /// The regular expression.
        pattern: String,
    },
    /// Removes the lines for which a condition holds.
    RemoveLinesIf {
        /// SQL over the measures of a line, see [`crate::lines::LineCondition`].
        condition: String,
    },
    /// Replaces the matches of a pattern.
    Replace {
        /// The regular expression.
        pattern: String,
        /// What they become; `$1` is the first group.
        with: String,
        /// Only within lines for which this holds, see [`crate::lines::LineCondition`].
        lines_if: Option<String>,
    },
    /// Takes back what is certainly mojibake.
    RepairMojibake,
    /// Removes the sentences that point at something that is not there.
    RemoveDangling {
        /// Kind, verdict and least confidence, see [`crate::findings::Wanted`].
        wanted: String,
    },
    /// Puts a mark behind what points at something that is not there.
    MarkDangling {
        /// Kind, verdict and least confidence, see [`crate::findings::Wanted`].
        wanted: String,
        /// The mark; `{kind}`, `{key}` and `{verdict}` stand for those of the finding.
        with: String,
    },
    /// Replaces personal data.
    ReplacePii {
        /// Kinds, such as `email`.
        kinds: Vec<String>,
        /// What findings become; `{kind}` stands for the kind. Of several, each different finding
        /// of a document gets the next one, and the first again after the last.
        with: Vec<String>,
    },
}

impl Edit {
    /// The key of the rule file.
    pub fn key(&self) -> &'static str {
        match self {
            Self::RemoveLines { .. } => "remove_lines_matching",
            Self::RemoveLinesIf { .. } => "remove_lines_if",
            Self::Replace { .. } => "replace_matches",
            Self::RepairMojibake => "repair",
            Self::RemoveDangling { .. } => "remove_dangling",
            Self::MarkDangling { .. } => "mark_dangling",
            Self::ReplacePii { .. } => "replace_pii",
        }
    }

    /// Whether it edits what points at something that is not there.
    pub fn edits_references(&self) -> bool {
        matches!(self, Self::RemoveDangling { .. } | Self::MarkDangling { .. })
    }
}
