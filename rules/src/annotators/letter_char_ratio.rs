//! `letter_char_ratio`: letters.

use super::measure::no_evidence;
use super::{Example, Measure, Value, ValueType};
use crate::document::Document;

/// The annotator `letter_char_ratio`.
pub(super) const LETTER_CHAR_RATIO: Measure = Measure {
    name: "letter_char_ratio",
    value_type: ValueType::Float,
    unit: "share of characters",
    range: (0.0, 1.0),
    definition: "Letters of any script divided by characters, white space included. An empty text \
        gives NULL.",
    source: "tamis",
    examples: &[Example::float("ab 1", 2.0 / 4.0), Example::float("é中", 1.0), Example::null("")],
    measure,
    evidence: no_evidence,
};

fn measure(document: &mut Document<'_>) -> Value {
    let counts = document.characters();
    Value::ratio(counts.letters, counts.all)
}
