//! `duplicate_Ngram_char_ratio`: how much of the text repeats n words in a row.

use super::evidence::Spans;
use super::value::share;
use super::{Example, Measure, Value, ValueType};
use crate::document::Document;

/// The annotator `duplicate_5gram_char_ratio`.
pub(super) const DUPLICATE_5GRAM_CHAR_RATIO: Measure = of::<5>(
    "duplicate_5gram_char_ratio",
    &[
        Example::float("a b c d e z a b c d e", 5.0 / 11.0),
        Example::float("a b c d e", 0.0),
        Example::null(""),
    ],
);

/// The annotator `duplicate_6gram_char_ratio`.
pub(super) const DUPLICATE_6GRAM_CHAR_RATIO: Measure = of::<6>(
    "duplicate_6gram_char_ratio",
    &[
        Example::float("a b c d e f z a b c d e f", 6.0 / 13.0),
        Example::float("a b c d e f", 0.0),
        Example::null(""),
    ],
);

/// The annotator `duplicate_7gram_char_ratio`.
pub(super) const DUPLICATE_7GRAM_CHAR_RATIO: Measure = of::<7>(
    "duplicate_7gram_char_ratio",
    &[
        Example::float("a b c d e f g z a b c d e f g", 7.0 / 15.0),
        Example::float("a b c d e f g", 0.0),
        Example::null(""),
    ],
);

/// The annotator `duplicate_8gram_char_ratio`.
pub(super) const DUPLICATE_8GRAM_CHAR_RATIO: Measure = of::<8>(
    "duplicate_8gram_char_ratio",
    &[
        Example::float("a b c d e f g h z a b c d e f g h", 8.0 / 17.0),
        Example::float("a b c d e f g h", 0.0),
        Example::null(""),
    ],
);

/// The annotator `duplicate_9gram_char_ratio`.
pub(super) const DUPLICATE_9GRAM_CHAR_RATIO: Measure = of::<9>(
    "duplicate_9gram_char_ratio",
    &[
        Example::float("a b c d e f g h i z a b c d e f g h i", 9.0 / 19.0),
        Example::float("a b c d e f g h i", 0.0),
        Example::null(""),
    ],
);

/// The annotator `duplicate_10gram_char_ratio`.
pub(super) const DUPLICATE_10GRAM_CHAR_RATIO: Measure = of::<10>(
    "duplicate_10gram_char_ratio",
    &[
        Example::float("a b c d e f g h i j z a b c d e f g h i j", 10.0 / 21.0),
        Example::float("a b c d e f g h i j", 0.0),
        Example::null(""),
    ],
);

const DEFINITION: &str = "The share of the words' characters that lies in an n-gram which occurred before: n \
        words in a row (n is the number in the name), upper and lower case being the same. \
        The first occurrence does not count, and a character that two duplicates share \
        counts once. N-grams without any letter are passed over, so that columns of numbers \
        do not count as repetition. Words are our own: runs of Unicode letters, digits and \
        underscores. A text without words gives NULL.";

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

fn measure<const N: usize>(document: &mut Document<'_>) -> Value {
    let view = document.grams();
    let chars = view.grams.duplicates(N, view.table, |_, _| ());
    share(chars, view.grams.chars(0, view.grams.words()))
}

fn evidence<const N: usize>(document: &mut Document<'_>) -> Vec<(usize, usize)> {
    let view = document.grams();
    let mut spans = Spans::default();
    view.grams.duplicates(N, view.table, |start, end| spans.push_words(view.words, start, end));
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
    fn overlapping_duplicates_count_once() {
        assert_eq!(value::<5>("a a a a a a a"), Value::Float(6.0 / 7.0));
    }

    #[test]
    fn rows_of_numbers_are_no_repetition() {
        assert_eq!(value::<5>("1 0 0 0 0 0 0 0 0 0 0 0 0"), Value::Float(0.0));
    }

    #[test]
    fn the_evidence_is_the_second_occurrence() {
        let mut scratch = Scratch::default();
        let mut document = Document::new("a b c d e, A b c d e.", &mut scratch);
        assert_eq!(evidence::<5>(&mut document), [(11, 20)]);
    }
}
