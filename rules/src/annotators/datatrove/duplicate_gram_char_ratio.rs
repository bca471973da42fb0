//! `datatrove_duplicate_Ngram_char_ratio`: how much of the text repeats n words in a row.

use super::super::evidence::Spans;
use super::super::value::share;
use super::super::{Example, Measure, Value, ValueType};
use crate::document::Document;

/// The annotator `datatrove_duplicate_5gram_char_ratio`.
pub(in crate::annotators) const DUPLICATE_5GRAM_CHAR_RATIO: Measure = of::<5>(
    "datatrove_duplicate_5gram_char_ratio",
    &[
        Example::float("a b c d e z a b c d e", 5.0 / 21.0),
        Example::float("a b c d e", 0.0),
        Example::null(""),
    ],
);

/// The annotator `datatrove_duplicate_6gram_char_ratio`.
pub(in crate::annotators) const DUPLICATE_6GRAM_CHAR_RATIO: Measure = of::<6>(
    "datatrove_duplicate_6gram_char_ratio",
    &[
        Example::float("a b c d e f z a b c d e f", 6.0 / 25.0),
        Example::float("a b c d e f", 0.0),
        Example::null(""),
    ],
);

/// The annotator `datatrove_duplicate_7gram_char_ratio`.
pub(in crate::annotators) const DUPLICATE_7GRAM_CHAR_RATIO: Measure = of::<7>(
    "datatrove_duplicate_7gram_char_ratio",
    &[
        Example::float("a b c d e f g z a b c d e f g", 7.0 / 29.0),
        Example::float("a b c d e f g", 0.0),
        Example::null(""),
    ],
);

/// The annotator `datatrove_duplicate_8gram_char_ratio`.
pub(in crate::annotators) const DUPLICATE_8GRAM_CHAR_RATIO: Measure = of::<8>(
    "datatrove_duplicate_8gram_char_ratio",
    &[
        Example::float("a b c d e f g h z a b c d e f g h", 8.0 / 33.0),
        Example::float("a b c d e f g h", 0.0),
        Example::null(""),
    ],
);

/// The annotator `datatrove_duplicate_9gram_char_ratio`.
pub(in crate::annotators) const DUPLICATE_9GRAM_CHAR_RATIO: Measure = of::<9>(
    "datatrove_duplicate_9gram_char_ratio",
    &[
        Example::float("a b c d e f g h i z a b c d e f g h i", 9.0 / 37.0),
        Example::float("a b c d e f g h i", 0.0),
        Example::null(""),
    ],
);

/// The annotator `datatrove_duplicate_10gram_char_ratio`.
pub(in crate::annotators) const DUPLICATE_10GRAM_CHAR_RATIO: Measure = of::<10>(
    "datatrove_duplicate_10gram_char_ratio",
    &[
        Example::float("a b c d e f g h i j z a b c d e f g h i j", 10.0 / 41.0),
        Example::float("a b c d e f g h i j", 0.0),
        Example::null(""),
    ],
);

const DEFINITION: &str = "A walk over the words; n is the number in the name. Where the next n words, written \
        without spaces, read like n words passed before, their characters are added and the \
        walk jumps over them; else it goes on by one word. The sum is divided by all \
        characters of the text, white space included. Words are what spaCy's English \
        tokenizer gives: each punctuation mark is a word of its own. An empty text gives \
        NULL.";

const fn of<const N: usize>(name: &'static str, examples: &'static [Example]) -> Measure {
    Measure {
        name,
        value_type: ValueType::Float,
        unit: "share of characters",
        range: (0.0, 1.0),
        definition: DEFINITION,
        source: "datatrove 0.10.1, GopherRepetitionFilter",
        examples,
        measure: measure::<N>,
        evidence: evidence::<N>,
    }
}

fn measure<const N: usize>(document: &mut Document<'_>) -> Value {
    let text_chars = document.chars();
    let view = document.spacy_grams();
    let chars = view.grams.greedy_duplicates(N, view.table, |_, _| ());
    share(chars, text_chars as u64)
}

fn evidence<const N: usize>(document: &mut Document<'_>) -> Vec<(usize, usize)> {
    let view = document.spacy_grams();
    let mut spans = Spans::default();
    view.grams.greedy_duplicates(N, view.table, |start, end| {
        spans.push_words(view.words, start, end);
    });
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
    fn the_walk_jumps_over_a_duplicate() {
        assert_eq!(value::<5>("a a a a a a a"), Value::Float(5.0 / 13.0));
        assert_eq!(value::<5>("a a a a a a a a a a a"), Value::Float(10.0 / 21.0));
    }

    #[test]
    fn what_reads_the_same_without_spaces_is_the_same() {
        assert_eq!(value::<5>("a b c d e ! ab c d x y z a bc d x y"), Value::Float(6.0 / 35.0));
        assert_eq!(value::<5>("ab c d e f ! a bc d e f"), Value::Float(6.0 / 23.0));
    }
}
