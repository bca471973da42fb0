//! What dolma counts over words.

use super::super::{Example, Measure, Value, ValueType};
use super::of;

/// The annotator `dolma_word_count`.
pub(in crate::annotators) const WORD_COUNT: Measure = of(
    "dolma_word_count",
    ValueType::Int,
    "words",
    (0.0, f64::INFINITY),
    "Words: what stands between white space.",
    &[Example::int("One, two - three", 4), Example::int(" ", 0)],
    |document| Value::count(document.blank_words().len()),
);

/// The annotator `dolma_median_word_length`.
pub(in crate::annotators) const MEDIAN_WORD_LENGTH: Measure = of(
    "dolma_median_word_length",
    ValueType::Float,
    "characters",
    (0.0, f64::INFINITY),
    "The median of the lengths of all words in characters, punctuation included; with an even \
     number of words the mean of the two in the middle. Words stand between white space. A text \
     without words gives 0.",
    &[
        Example::float("a bb, cccc", 3.0),
        Example::float("a bb cccc ddddddd", 3.0),
        Example::float("", 0.0),
    ],
    |document| Value::Float(document.median_blank_length().unwrap_or(0.0)),
);

/// The annotator `dolma_symbol_word_ratio`.
pub(in crate::annotators) const SYMBOL_WORD_RATIO: Measure = of(
    "dolma_symbol_word_ratio",
    ValueType::Float,
    "share of words",
    (0.0, 1.0),
    "Words that hold `#` or `…`, divided by all words; three dots are no symbol. Words stand \
     between white space. A text without words gives 0.",
    &[
        Example::float("#one two… three... ##", 3.0 / 4.0),
        Example::float("one", 0.0),
        Example::float("", 0.0),
    ],
    |document| {
        let counts = document.blank_counts();
        ratio(counts.symbols, counts.all)
    },
);

/// The annotator `dolma_alphabetic_word_ratio`.
pub(in crate::annotators) const ALPHABETIC_WORD_RATIO: Measure = of(
    "dolma_alphabetic_word_ratio",
    ValueType::Float,
    "share of words",
    (0.0, 1.0),
    "Words with at least one letter divided by all words. Words stand between white space. A text \
     without words gives 0.",
    &[Example::float("a1, 2 - b", 2.0 / 4.0), Example::float("", 0.0)],
    |document| {
        let counts = document.blank_counts();
        ratio(counts.alphabetic, counts.all)
    },
);

/// The annotator `dolma_stop_word_count`.
pub(in crate::annotators) const STOP_WORD_COUNT: Measure = of(
    "dolma_stop_word_count",
    ValueType::Int,
    "words",
    (0.0, f64::INFINITY),
    "Words that are one of `the`, `be`, `to`, `of`, `and`, `that`, `have` and `with`, in lower \
     case and with no mark beside them; each occurrence counts. Words stand between white space.",
    &[Example::int("the the The that, with", 3), Example::int("", 0)],
    |document| Value::count(document.blank_counts().stop_words),
);

/// `part / whole`, 0 where `whole` is.
pub(super) fn ratio(part: usize, whole: usize) -> Value {
    Value::Float(part as f64 / whole.max(1) as f64)
}
