//! `paragraph_count`: paragraphs.

use super::measure::no_evidence;
use super::{Example, Measure, Value, ValueType};
use crate::document::Document;

/// The annotator `paragraph_count`.
pub(super) const PARAGRAPH_COUNT: Measure = Measure {
    name: "paragraph_count",
    value_type: ValueType::Int,
    unit: "paragraphs",
    range: (0.0, f64::INFINITY),
    definition: "Paragraphs: lines in a row, ended by a line that is empty or holds only white space.",
    source: "tamis",
    examples: &[Example::int("a\nb\n\nc", 2), Example::int("a\n \nb", 2), Example::int("", 0)],
    measure,
    evidence: no_evidence,
};

fn measure(document: &mut Document<'_>) -> Value {
    Value::count(document.paragraphs().len())
}
