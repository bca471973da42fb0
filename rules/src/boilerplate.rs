//! Lines that many documents of one source share.

use tamis_kernels::{Segment, lines};

use crate::annotators::boilerplate::NAMES;
use crate::spec::AnnotateSpec;

/// Documents of a source that have a line in common from which on it is boilerplate, at least.
const DOCUMENTS: u64 = 10;
/// One document of so many of the source, at least.
const ONE_OF: u64 = 1000;

/// How many documents of a source of `documents` a line must stand in.
#[must_use]
pub fn least(documents: u64) -> u64 {
    documents.div_ceil(ONE_OF).max(DOCUMENTS)
}

/// What a line is known by, never 0.
pub(crate) fn name(line: &Segment) -> u64 {
    line.hash.max(1)
}

/// Buffers for one text after the other.
#[derive(Default)]
pub struct Lines {
    segments: Vec<Segment>,
    names: Vec<u64>,
}

impl Lines {
    /// The names of the different lines of `text` that have a letter or a digit, sorted.
    pub fn of(&mut self, text: &str) -> &[u64] {
        lines(text, &mut self.segments);
        self.names.clear();
        self.names.extend(self.segments.iter().filter(|line| line.wordy).map(name));
        self.names.sort_unstable();
        self.names.dedup();
        &self.names
    }
}

impl AnnotateSpec {
    /// Whether it measures what only a first reading of the corpus can tell.
    #[must_use]
    pub fn wants_boilerplate(&self) -> bool {
        let stages = self.stages.iter().flat_map(|stage| &stage.annotations);
        self.original.iter().chain(stages).any(|name| NAMES.contains(&name.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_counted_once_a_document() {
        let mut lines = Lines::default();
        assert_eq!(lines.of("Home\n  Home \n---\n\nLog in\nHome").len(), 2);
        assert_eq!(lines.of("---\n").len(), 0);
    }

    #[test]
    fn ten_documents_or_one_of_a_thousand() {
        assert_eq!([0, 9999, 10_000, 10_001, 2_000_000].map(least), [10, 10, 10, 11, 2000]);
    }
}
