//! A text as the reader shows it: its bytes and what is painted over them.

use std::sync::Arc;

use crate::model::{Document, MarkKind, Text};

/// What is painted over a place of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paint {
    /// A finding or rule; the number of its line in [`Document::why`].
    Mark(MarkKind, usize),
    /// Words that the other text has and this one does not.
    Gone,
    /// Words that this text has and the other one does not.
    New,
    /// A token, by its place in the window and its id.
    Token(usize, u32),
}

/// A painted place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// Byte after the last.
    pub end: usize,
    /// What it is.
    pub paint: Paint,
}

/// A text with what is painted over it; cheap to copy.
#[derive(Debug, Clone, Default)]
pub struct Shown {
    /// The text.
    pub text: Arc<str>,
    /// Places, by start.
    pub spans: Arc<[Span]>,
}

/// Which text of a document is on the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// As it is written.
    #[default]
    Edited,
    /// As it was read.
    Original,
    /// Both in one, word by word.
    Diff,
    /// Both beside each other.
    Side,
}

impl Mode {
    /// The next one; a document without an original has one text only.
    #[must_use]
    pub fn next(self, wide: bool) -> Self {
        match self {
            Self::Edited => Self::Original,
            Self::Original => Self::Diff,
            Self::Diff if wide => Self::Side,
            Self::Diff | Self::Side => Self::Edited,
        }
    }

    /// What the title says.
    pub fn name(self) -> &'static str {
        match self {
            Self::Edited => "edited",
            Self::Original => "original",
            Self::Diff => "diff",
            Self::Side => "side by side",
        }
    }
}

impl Shown {
    /// A text with its marks; `blind` leaves them out.
    pub fn of(text: &Text, blind: bool) -> Self {
        let spans = if blind {
            Arc::from([])
        } else {
            text.marks
                .iter()
                .filter(|mark| mark.start < mark.end && mark.end <= text.text.len())
                .map(|mark| Span {
                    start: mark.start,
                    end: mark.end,
                    paint: Paint::Mark(mark.kind, mark.why),
                })
                .collect()
        };
        Self { text: Arc::clone(&text.text), spans }
    }

    /// A document in a mode; a diff comes from the worker.
    pub fn document(document: &Document, mode: Mode, blind: bool) -> Self {
        match (mode, &document.original) {
            (Mode::Original, Some(original)) => Self::of(original, blind),
            _ => Self::of(&document.text, blind),
        }
    }

    /// Spans that touch the bytes from `start` to `end`.
    pub fn spans_in(&self, start: usize, end: usize) -> Vec<Span> {
        let last = self.spans.partition_point(|span| span.start < end);
        self.spans[..last].iter().filter(|span| span.end > start).copied().collect()
    }

    /// The start of the first finding after `byte`, or of the last one before it.
    pub fn finding(&self, byte: usize, forward: bool) -> Option<usize> {
        if forward {
            let at = self.spans.partition_point(|span| span.start <= byte);
            self.spans.get(at).map(|_| at)
        } else {
            self.spans.partition_point(|span| span.start < byte).checked_sub(1)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Mark;

    fn text() -> Text {
        let mark = |start, end| Mark { start, end, kind: MarkKind::Rule, why: 0 };
        Text { text: "0123456789".into(), marks: vec![mark(1, 3), mark(5, 8), mark(9, 40)] }
    }

    #[test]
    fn findings_are_walked_in_order_and_broken_marks_left_out() {
        let shown = Shown::of(&text(), false);
        assert_eq!(shown.spans.len(), 2);
        assert_eq!(shown.finding(0, true), Some(0));
        assert_eq!(shown.finding(1, true), Some(1));
        assert_eq!(shown.finding(5, true), None);
        assert_eq!(shown.finding(5, false), Some(0));
        assert_eq!(shown.spans_in(2, 6).len(), 2);
        assert!(Shown::of(&text(), true).spans.is_empty());
    }
}
