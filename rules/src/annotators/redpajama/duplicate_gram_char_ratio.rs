//! `redpajama_duplicate_Ngram_char_ratio`: how much of the words lies in n-grams that come again.

use super::super::evidence::copy_spans;
use super::super::value::share;
use super::super::{Example, Measure, Value, ValueType};
use super::of as measure_of;
use crate::document::Document;

/// The annotator `redpajama_duplicate_5gram_char_ratio`.
pub(in crate::annotators) const DUPLICATE_5GRAM_CHAR_RATIO: Measure = of::<5>(
    "redpajama_duplicate_5gram_char_ratio",
    &[
        Example::float("a b c d e zz a b c d e", 10.0 / 12.0),
        Example::float("a b c d e", 0.0),
        Example::float("a", 0.0),
    ],
);

/// The annotator `redpajama_duplicate_6gram_char_ratio`.
pub(in crate::annotators) const DUPLICATE_6GRAM_CHAR_RATIO: Measure = of::<6>(
    "redpajama_duplicate_6gram_char_ratio",
    &[
        Example::float("a b c d e f zz a b c d e f", 12.0 / 14.0),
        Example::float("a b c d e f", 0.0),
        Example::float("a", 0.0),
    ],
);

/// The annotator `redpajama_duplicate_7gram_char_ratio`.
pub(in crate::annotators) const DUPLICATE_7GRAM_CHAR_RATIO: Measure = of::<7>(
    "redpajama_duplicate_7gram_char_ratio",
    &[
        Example::float("a b c d e f g zz a b c d e f g", 14.0 / 16.0),
        Example::float("a b c d e f g", 0.0),
        Example::float("a", 0.0),
    ],
);

/// The annotator `redpajama_duplicate_8gram_char_ratio`.
pub(in crate::annotators) const DUPLICATE_8GRAM_CHAR_RATIO: Measure = of::<8>(
    "redpajama_duplicate_8gram_char_ratio",
    &[
        Example::float("a b c d e f g h zz a b c d e f g h", 16.0 / 18.0),
        Example::float("a b c d e f g h", 0.0),
        Example::float("a", 0.0),
    ],
);

/// The annotator `redpajama_duplicate_9gram_char_ratio`.
pub(in crate::annotators) const DUPLICATE_9GRAM_CHAR_RATIO: Measure = of::<9>(
    "redpajama_duplicate_9gram_char_ratio",
    &[
        Example::float("a b c d e f g h i zz a b c d e f g h i", 18.0 / 20.0),
        Example::float("a b c d e f g h i", 0.0),
        Example::float("a", 0.0),
    ],
);

/// The annotator `redpajama_duplicate_10gram_char_ratio`.
pub(in crate::annotators) const DUPLICATE_10GRAM_CHAR_RATIO: Measure = of::<10>(
    "redpajama_duplicate_10gram_char_ratio",
    &[
        Example::float("a b c d e f g h i j zz a b c d e f g h i j", 20.0 / 22.0),
        Example::float("a b c d e f g h i j", 0.0),
        Example::float("a", 0.0),
    ],
);

const DEFINITION: &str = "Characters of the words that lie in an n-gram that occurs more than once, first \
        occurrences included and each word counted once, divided by the characters of all words; n \
        is the number in the name. Words stand between white space, without ASCII punctuation, in \
        lower case and decomposed (NFD). A text with fewer than n words gives 0.";

const fn of<const N: usize>(name: &'static str, examples: &'static [Example]) -> Measure {
    Measure {
        evidence: evidence::<N>,
        ..measure_of(
            name,
            ValueType::Float,
            "share of characters",
            (0.0, 1.0),
            DEFINITION,
            examples,
            measure::<N>,
        )
    }
}

fn measure<const N: usize>(document: &mut Document<'_>) -> Value {
    let view = document.normal_grams();
    let all = view.grams.chars(0, view.words.len());
    if view.words.len() < N {
        return Value::Float(0.0);
    }
    share(view.grams.copies(N, view.table, |_, _| ()), all)
}

fn evidence<const N: usize>(document: &mut Document<'_>) -> Vec<(usize, usize)> {
    copy_spans(&mut document.normal_grams(), N)
}
