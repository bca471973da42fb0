//! `dolma_duplicate_Ngram_char_ratio`: how much of all n-grams is n-grams that come again.

use super::super::evidence::copy_spans;
use super::super::{Example, Measure, Value, ValueType};
use super::of as measure_of;
use crate::document::Document;

/// The annotator `dolma_duplicate_5gram_char_ratio`.
pub(in crate::annotators) const DUPLICATE_5GRAM_CHAR_RATIO: Measure = of::<5>(
    "dolma_duplicate_5gram_char_ratio",
    &[
        Example::float("a b c d e z a b c d e", 10.0 / 35.0),
        Example::float("a b c d e", 0.0),
        Example::null("a b c d"),
    ],
);

/// The annotator `dolma_duplicate_6gram_char_ratio`.
pub(in crate::annotators) const DUPLICATE_6GRAM_CHAR_RATIO: Measure = of::<6>(
    "dolma_duplicate_6gram_char_ratio",
    &[
        Example::float("a b c d e f z a b c d e f", 12.0 / 48.0),
        Example::float("a b c d e f", 0.0),
        Example::null("a b c d"),
    ],
);

/// The annotator `dolma_duplicate_7gram_char_ratio`.
pub(in crate::annotators) const DUPLICATE_7GRAM_CHAR_RATIO: Measure = of::<7>(
    "dolma_duplicate_7gram_char_ratio",
    &[
        Example::float("a b c d e f g z a b c d e f g", 14.0 / 63.0),
        Example::float("a b c d e f g", 0.0),
        Example::null("a b c d"),
    ],
);

/// The annotator `dolma_duplicate_8gram_char_ratio`.
pub(in crate::annotators) const DUPLICATE_8GRAM_CHAR_RATIO: Measure = of::<8>(
    "dolma_duplicate_8gram_char_ratio",
    &[
        Example::float("a b c d e f g h z a b c d e f g h", 16.0 / 80.0),
        Example::float("a b c d e f g h", 0.0),
        Example::null("a b c d"),
    ],
);

/// The annotator `dolma_duplicate_9gram_char_ratio`.
pub(in crate::annotators) const DUPLICATE_9GRAM_CHAR_RATIO: Measure = of::<9>(
    "dolma_duplicate_9gram_char_ratio",
    &[
        Example::float("a b c d e f g h i z a b c d e f g h i", 18.0 / 99.0),
        Example::float("a b c d e f g h i", 0.0),
        Example::null("a b c d"),
    ],
);

/// The annotator `dolma_duplicate_10gram_char_ratio`.
pub(in crate::annotators) const DUPLICATE_10GRAM_CHAR_RATIO: Measure = of::<10>(
    "dolma_duplicate_10gram_char_ratio",
    &[
        Example::float("a b c d e f g h i j z a b c d e f g h i j", 20.0 / 120.0),
        Example::float("a b c d e f g h i j", 0.0),
        Example::null("a b c d"),
    ],
);

const DEFINITION: &str = "Characters of all n-grams that occur more than once, each occurrence by itself, divided by \
        the characters of all n-grams; n is the number in the name. A word counts once for each \
        n-gram it stands in. Words stand between white space. A text with fewer than n words gives \
        NULL: dolma writes no attribute then.";

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
    let view = document.blank_grams();
    if view.words.len() < N {
        return Value::Null;
    }
    let (copied, all) = view.grams.copied_mass(N, view.table);
    Value::Float(copied as f64 / all.max(1) as f64)
}

fn evidence<const N: usize>(document: &mut Document<'_>) -> Vec<(usize, usize)> {
    copy_spans(&mut document.blank_grams(), N)
}
