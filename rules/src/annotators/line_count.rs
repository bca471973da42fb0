//! `line_count`: lines that are not blank.

use super::measure::no_evidence;
use super::{Example, Measure, Value, ValueType};
use crate::document::Document;

/// The annotator `line_count`.
pub(super) const LINE_COUNT: Measure = Measure {
    name: "line_count",
    value_type: ValueType::Int,
    unit: "lines",
    range: (0.0, f64::INFINITY),
    definition: "Lines that hold something other than white space. A line ends at a line feed.",
    source: "tamis",
    examples: &[Example::int("a\n\nb\n", 2), Example::int("one", 1), Example::int(" \n", 0)],
    measure,
    evidence: no_evidence,
};

fn measure(document: &mut Document<'_>) -> Value {
    Value::count(document.lines().len())
}
