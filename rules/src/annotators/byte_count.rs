//! `byte_count`: the size of the text.

use super::measure::no_evidence;
use super::{Example, Measure, Value, ValueType};
use crate::document::Document;

/// The annotator `byte_count`.
pub(super) const BYTE_COUNT: Measure = Measure {
    name: "byte_count",
    value_type: ValueType::Int,
    unit: "bytes",
    range: (0.0, f64::INFINITY),
    definition: "Bytes of the text in UTF-8.",
    source: "tamis",
    examples: &[Example::int("abc", 3), Example::int("é", 2), Example::int("", 0)],
    measure,
    evidence: no_evidence,
};

fn measure(document: &mut Document<'_>) -> Value {
    Value::count(document.text().len())
}
