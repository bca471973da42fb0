//! `word_count`: words.

use super::measure::no_evidence;
use super::{Example, Measure, Value, ValueType};
use crate::document::Document;

/// The annotator `word_count`.
pub(super) const WORD_COUNT: Measure = Measure {
    name: "word_count",
    value_type: ValueType::Int,
    unit: "words",
    range: (0.0, f64::INFINITY),
    definition: "Words of the text. Words are our own: runs of Unicode letters, digits and \
        underscores. Punctuation never counts.",
    source: "tamis",
    examples: &[Example::int("It's 3.5 km - long_name", 6), Example::int("— … !", 0)],
    measure,
    evidence: no_evidence,
};

fn measure(document: &mut Document<'_>) -> Value {
    Value::count(document.words().len())
}
