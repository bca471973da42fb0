//! `char_count`: the length of the text.

use super::measure::no_evidence;
use super::{Example, Measure, Value, ValueType};
use crate::document::Document;

/// The annotator `char_count`.
pub(super) const CHAR_COUNT: Measure = Measure {
    name: "char_count",
    value_type: ValueType::Int,
    unit: "characters",
    range: (0.0, f64::INFINITY),
    definition: "Characters (Unicode scalar values) of the text, white space included.",
    source: "tamis",
    examples: &[Example::int("abc", 3), Example::int("é \n", 3), Example::int("", 0)],
    measure,
    evidence: no_evidence,
};

fn measure(document: &mut Document<'_>) -> Value {
    Value::count(document.chars())
}
