//! The spans that explain a value.

use tamis_kernels::{TopGram, Word};

use crate::document::GramView;

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

/// Where the n-gram `top` occurs.
pub(super) fn top_spans(
    view: &mut GramView<'_>,
    top: Option<TopGram>,
    n: usize,
) -> Vec<(usize, usize)> {
    let mut spans = Spans::default();
    if let Some(top) = top {
        view.grams.occurrences(top.first, n, view.table, |start, end| {
            spans.push_words(view.words, start, end);
        });
    }
    spans.into_vec()
}

/// Where n-grams occur that come again, first occurrences included.
pub(super) fn copy_spans(view: &mut GramView<'_>, n: usize) -> Vec<(usize, usize)> {
    let mut spans = Spans::default();
    view.grams.copies(n, view.table, |start, end| spans.push_words(view.words, start, end));
    spans.into_vec()
}
