//! `top_Ngram_char_ratio`: how much of the text is its most frequent n-gram.

use super::evidence::Spans;
use super::value::share;
use super::{Example, Measure, Value, ValueType};
use crate::document::{Document, GramView};

/// The annotator `top_2gram_char_ratio`.
pub(super) const TOP_2GRAM_CHAR_RATIO: Measure = of::<2>(
    "top_2gram_char_ratio",
    &[Example::float("a b z a b", 4.0 / 5.0), Example::float("a b c", 0.0), Example::null("")],
);

/// The annotator `top_3gram_char_ratio`.
pub(super) const TOP_3GRAM_CHAR_RATIO: Measure = of::<3>(
    "top_3gram_char_ratio",
    &[
        Example::float("a b c z a b c", 6.0 / 7.0),
        Example::float("a b c d", 0.0),
        Example::null(""),
    ],
);

/// The annotator `top_4gram_char_ratio`.
pub(super) const TOP_4GRAM_CHAR_RATIO: Measure = of::<4>(
    "top_4gram_char_ratio",
    &[
        Example::float("a b c d z a b c d", 8.0 / 9.0),
        Example::float("a b c d e", 0.0),
        Example::null(""),
    ],
);

const DEFINITION: &str = "The share of the words' characters that lies in the most frequent n-gram: n words in \
        a row (n is the number in the name), upper and lower case being the same. A \
        character that two overlapping occurrences share counts once, an n-gram that occurs \
        once gives 0, and among equally frequent ones the first is taken. N-grams without \
        any letter are passed over, so that columns of numbers do not count as repetition. \
        Words are our own: runs of Unicode letters, digits and underscores. A text without \
        words gives NULL.";

const fn of<const N: usize>(name: &'static str, examples: &'static [Example]) -> Measure {
    Measure {
        name,
        value_type: ValueType::Float,
        unit: "share of characters",
        range: (0.0, 1.0),
        definition: DEFINITION,
        source: "Gopher (Rae et al. 2021, arXiv 2112.11446, table A1), measured our way",
        examples,
        measure: measure::<N>,
        evidence: evidence::<N>,
    }
}

/// Gives the characters in the occurrences of the most frequent n-gram, their words to `found`.
fn walk<const N: usize>(view: &mut GramView<'_>, found: impl FnMut(usize, usize)) -> u64 {
    match view.grams.top_with_letters(N, view.table) {
        Some(top) if top.count > 1 => view.grams.occurrences(top.first, N, view.table, found),
        _ => 0,
    }
}

fn measure<const N: usize>(document: &mut Document<'_>) -> Value {
    let mut view = document.grams();
    let chars = walk::<N>(&mut view, |_, _| ());
    share(chars, view.grams.chars(0, view.grams.words()))
}

fn evidence<const N: usize>(document: &mut Document<'_>) -> Vec<(usize, usize)> {
    let mut view = document.grams();
    let mut spans = Spans::default();
    let words = view.words;
    walk::<N>(&mut view, |start, end| spans.push_words(words, start, end));
    spans.into_vec()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Scratch;

    fn value<const N: usize>(text: &str) -> Value {
        measure::<N>(&mut Document::new(text, &mut Scratch::default()))
    }

    #[test]
    fn overlaps_count_once() {
        assert_eq!(value::<2>("ha ha ha ha"), Value::Float(1.0));
        assert_eq!(value::<3>("Ha ha, HA ha! no"), Value::Float(8.0 / 10.0));
    }

    #[test]
    fn columns_of_numbers_are_no_repetition() {
        assert_eq!(value::<2>("0 0 0 0 0 0"), Value::Float(0.0));
        assert_eq!(value::<2>("one"), Value::Float(0.0));
    }
}
