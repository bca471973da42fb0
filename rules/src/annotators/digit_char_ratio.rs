//! `digit_char_ratio`: digits.

use super::measure::no_evidence;
use super::{Example, Measure, Value, ValueType};
use crate::document::Document;

/// The annotator `digit_char_ratio`.
pub(super) const DIGIT_CHAR_RATIO: Measure = Measure {
    name: "digit_char_ratio",
    value_type: ValueType::Float,
    unit: "share of characters",
    range: (0.0, 1.0),
    definition: "Digits and other numerals of any script divided by characters, white space included. \
        An empty text gives NULL.",
    source: "tamis",
    examples: &[Example::float("a1 2", 2.0 / 4.0), Example::float("٣", 1.0), Example::null("")],
    measure,
    evidence: no_evidence,
};

fn measure(document: &mut Document<'_>) -> Value {
    let counts = document.characters();
    Value::ratio(counts.digits, counts.all)
}
