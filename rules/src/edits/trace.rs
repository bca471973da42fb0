//! Where the bytes of an edited text stood before.

/// One place of a text that an edit replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cut {
    /// Its first byte before the edit.
    pub(crate) from: usize,
    /// The byte after its last one before the edit.
    pub(crate) to: usize,
    /// The first byte after the edit of what stands in its place.
    pub(crate) at: usize,
    /// Bytes that stand in its place.
    pub(crate) length: usize,
}

/// One edit that changed a text.
#[derive(Debug, Clone)]
pub(super) struct TracedEdit {
    /// Number of its rule.
    pub(super) rule: u32,
    /// What it replaced, in order and without overlap, in bytes of the text that it saw.
    pub(super) cuts: Vec<Cut>,
}

/// The way back from a text to the one it was made of, edit by edit.
#[derive(Debug, Clone, Default)]
pub(super) struct Trace(pub(super) Vec<TracedEdit>);

impl Trace {
    /// The bytes of the original text from which `start..end` of the text behind the first `edits`
    /// edits came. What an edit put in comes from the whole place that it replaced.
    pub(super) fn back(&self, edits: usize, start: usize, end: usize) -> (usize, usize) {
        self.0.iter().take(edits).rev().fold((start, end), |(start, end), edit| {
            let first = start_before(&edit.cuts, start);
            (first, end_before(&edit.cuts, end).max(first))
        })
    }
}

/// Where a span that begins at `at` after an edit began before it.
fn start_before(cuts: &[Cut], at: usize) -> usize {
    let passed = cuts.partition_point(|cut| cut.at + cut.length <= at);
    match cuts.get(passed) {
        Some(cut) if at >= cut.at => cut.from,
        _ => behind(cuts, passed, at),
    }
}

/// Where a span that ends at `at` after an edit ended before it.
fn end_before(cuts: &[Cut], at: usize) -> usize {
    let passed = cuts.partition_point(|cut| cut.at + cut.length < at);
    match cuts.get(passed) {
        Some(cut) if at > cut.at => cut.to,
        _ => behind(cuts, passed, at),
    }
}

/// Where the byte `at`, which lies behind the first `passed` cuts, stood before.
fn behind(cuts: &[Cut], passed: usize, at: usize) -> usize {
    let last = passed.checked_sub(1).and_then(|last| cuts.get(last));
    last.map_or(at, |cut| at - (cut.at + cut.length) + cut.to)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn traced(cuts: &[Cut]) -> TracedEdit {
        TracedEdit { rule: 0, cuts: cuts.to_vec() }
    }

    #[test]
    fn bytes_behind_an_edit_are_found_again() {
        // "ab me@x.org cd" became "ab <mail> cd", then the line feed-free "ab" went
        let trace = Trace(vec![
            traced(&[Cut { from: 3, to: 11, at: 3, length: 6 }]),
            traced(&[Cut { from: 0, to: 3, at: 0, length: 0 }]),
        ]);
        assert_eq!(trace.back(2, 7, 9), (12, 14));
        assert_eq!(trace.back(2, 0, 6), (3, 11));
        assert_eq!(trace.back(2, 1, 4), (3, 11));
        assert_eq!(trace.back(1, 10, 12), (12, 14));
        assert_eq!(trace.back(0, 10, 12), (10, 12));
    }

    #[test]
    fn an_end_at_an_edit_stays_before_it() {
        let trace = Trace(vec![traced(&[Cut { from: 4, to: 9, at: 4, length: 0 }])]);
        assert_eq!(trace.back(1, 0, 4), (0, 4));
        assert_eq!(trace.back(1, 4, 6), (9, 11));
    }
}
