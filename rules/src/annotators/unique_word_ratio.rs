//! `unique_word_ratio`: how many of the words differ.

use super::measure::no_evidence;
use super::{Example, Measure, Value, ValueType};
use crate::document::Document;

/// The annotator `unique_word_ratio`.
pub(super) const UNIQUE_WORD_RATIO: Measure = Measure {
    name: "unique_word_ratio",
    value_type: ValueType::Float,
    unit: "share of words",
    range: (0.0, 1.0),
    definition: "Different words divided by words, upper and lower case being the same. Words are our \
        own: runs of Unicode letters, digits and underscores. A text without words gives \
        NULL.",
    source: "tamis",
    examples: &[
        Example::float("The the THE cat", 2.0 / 4.0),
        Example::float("a b", 1.0),
        Example::null("..."),
    ],
    measure,
    evidence: no_evidence,
};

fn measure(document: &mut Document<'_>) -> Value {
    let words = document.words().len();
    Value::ratio(document.distinct_words(), words)
}
