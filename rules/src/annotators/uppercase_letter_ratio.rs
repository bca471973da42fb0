//! `uppercase_letter_ratio`: upper-case letters.

use super::measure::no_evidence;
use super::{Example, Measure, Value, ValueType};
use crate::document::Document;

/// The annotator `uppercase_letter_ratio`.
pub(super) const UPPERCASE_LETTER_RATIO: Measure = Measure {
    name: "uppercase_letter_ratio",
    value_type: ValueType::Float,
    unit: "share of letters",
    range: (0.0, 1.0),
    definition: "Upper-case letters divided by letters; letters of scripts without case count as not \
        upper-case. A text without letters gives NULL.",
    source: "tamis",
    examples: &[
        Example::float("ABc1", 2.0 / 3.0),
        Example::float("中É", 1.0 / 2.0),
        Example::null("12"),
    ],
    measure,
    evidence: no_evidence,
};

fn measure(document: &mut Document<'_>) -> Value {
    let counts = document.characters();
    Value::ratio(counts.uppercase, counts.letters)
}
