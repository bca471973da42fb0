//! `whitespace_char_ratio`: white space.

use super::measure::no_evidence;
use super::{Example, Measure, Value, ValueType};
use crate::document::Document;

/// The annotator `whitespace_char_ratio`.
pub(super) const WHITESPACE_CHAR_RATIO: Measure = Measure {
    name: "whitespace_char_ratio",
    value_type: ValueType::Float,
    unit: "share of characters",
    range: (0.0, 1.0),
    definition: "White space divided by characters. An empty text gives NULL.",
    source: "tamis",
    examples: &[Example::float("a b\n", 2.0 / 4.0), Example::float("a", 0.0), Example::null("")],
    measure,
    evidence: no_evidence,
};

fn measure(document: &mut Document<'_>) -> Value {
    let counts = document.characters();
    Value::ratio(counts.whitespace, counts.all)
}
