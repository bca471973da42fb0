//! `datatrove_ellipsis_line_ratio`: lines with an ellipsis at their end, as datatrove measures it.

use super::super::measure::no_evidence;
use super::super::{Example, Measure, Value, ValueType};
use crate::document::Document;

/// The annotator `datatrove_ellipsis_line_ratio`.
pub(in crate::annotators) const ELLIPSIS_LINE_RATIO: Measure = Measure {
    name: "datatrove_ellipsis_line_ratio",
    value_type: ValueType::Float,
    unit: "share of lines",
    range: (0.0, 1.0),
    definition: "Lines that end with `...` or `…`, white space after it left out, divided by all \
        lines. Lines end as Python's `splitlines` ends them and blank ones count. A text \
        without lines gives NULL.",
    source: "datatrove 0.10.1, GopherQualityFilter",
    examples: &[
        Example::float("a...\nb\n\nc… ", 2.0 / 4.0),
        Example::float("a..", 0.0),
        Example::null(""),
    ],
    measure,
    evidence: no_evidence,
};

fn measure(document: &mut Document<'_>) -> Value {
    let lines = document.python_lines();
    Value::ratio(lines.ellipses, lines.all)
}
