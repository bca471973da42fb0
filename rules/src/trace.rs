//! Where the bytes of an edited text stood before.

/// One place of a text that an edit replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cut {
    /// Its first byte before the edit.
    pub(crate) from: usize,
    /// The byte after its last one before the edit.
    pub(crate) to: usize,
    /// Bytes that stand in its place.
    pub(crate) length: usize,
}

/// The way back from a text to the one it was made of, edit by edit.
#[derive(Debug, Clone, Default)]
pub struct Trace(pub(crate) Vec<Vec<Cut>>);

impl Trace {
    /// The bytes from which `start..end` of the edited text came. What an edit put in comes from
    /// the whole place that it replaced.
    pub fn back(&self, start: usize, end: usize) -> (usize, usize) {
        self.back_from(self.0.len(), start, end)
    }

    /// As [`Trace::back`], from the text behind the first `edits` edits.
    pub(crate) fn back_from(&self, edits: usize, start: usize, end: usize) -> (usize, usize) {
        self.0.iter().take(edits).rev().fold((start, end), |(start, end), cuts| {
            let first = before(cuts, start, false);
            (first, before(cuts, end, true).max(first))
        })
    }
}

fn before(cuts: &[Cut], at: usize, is_end: bool) -> usize {
    // bytes taken out and put in so far
    let (mut out, mut put) = (0, 0);
    for cut in cuts {
        let start = cut.from + put - out;
        let end = start + cut.length;
        if at < start || (is_end && at == start) {
            break;
        }
        if at < end || (is_end && at == end) {
            return if is_end { cut.to } else { cut.from };
        }
        out += cut.to - cut.from;
        put += cut.length;
    }
    at + out - put
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_behind_an_edit_are_found_again() {
        // "ab me@x.org cd" became "ab <mail> cd", then the line feed-free "ab" went
        let trace = Trace(vec![
            vec![Cut { from: 3, to: 11, length: 6 }],
            vec![Cut { from: 0, to: 3, length: 0 }],
        ]);
        assert_eq!(trace.back(7, 9), (12, 14));
        assert_eq!(trace.back(0, 6), (3, 11));
        assert_eq!(trace.back(1, 4), (3, 11));
    }

    #[test]
    fn an_end_at_an_edit_stays_before_it() {
        let trace = Trace(vec![vec![Cut { from: 4, to: 9, length: 0 }]]);
        assert_eq!(trace.back(0, 4), (0, 4));
        assert_eq!(trace.back(4, 6), (9, 11));
    }
}
