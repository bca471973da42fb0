//! The spans that explain a value.

use tamis_kernels::Word;

/// The most spans one annotator gives.
const MOST: usize = 16;

/// Byte spans, the first 16 of those found.
#[derive(Default)]
pub(super) struct Spans(Vec<(usize, usize)>);

impl Spans {
    /// Adds a span where there is room.
    pub(super) fn push(&mut self, start: usize, end: usize) {
        if !self.is_full() {
            self.0.push((start, end));
        }
    }

    /// Whether no further span is taken.
    pub(super) fn is_full(&self) -> bool {
        self.0.len() >= MOST
    }

    /// Adds the span of the words from `start` up to `end`.
    pub(super) fn push_words(&mut self, words: &[Word], start: usize, end: usize) {
        if let (Some(first), Some(last)) = (words.get(start), words.get(end.saturating_sub(1))) {
            self.push(first.start, last.end);
        }
    }

    /// The spans found.
    pub(super) fn into_vec(self) -> Vec<(usize, usize)> {
        self.0
    }
}
