//! `duplicate_line_ratio`: lines that are copies.

use super::evidence::Spans;
use super::{Example, Measure, Value, ValueType};
use crate::document::Document;

/// The annotator `duplicate_line_ratio`.
pub(super) const DUPLICATE_LINE_RATIO: Measure = Measure {
    name: "duplicate_line_ratio",
    value_type: ValueType::Float,
    unit: "share of lines",
    range: (0.0, 1.0),
    definition: "Lines that stood before in the text, the first of each left out, divided by lines. \
        Lines are compared without white space at their ends. Those without a letter or \
        digit, such as the rules of a table or closing braces, count on neither side. A text \
        without such a line gives NULL.",
    source: "Gopher (Rae et al. 2021, arXiv 2112.11446, table A1), measured our way",
    examples: &[
        Example::float("aa\nb\n aa\naa", 2.0 / 4.0),
        Example::float("}\n}\nx", 0.0),
        Example::null("---"),
    ],
    measure,
    evidence,
};

fn measure(document: &mut Document<'_>) -> Value {
    let counts = document.repeated_lines(|_, _| ());
    Value::ratio(counts.copies, counts.all)
}

fn evidence(document: &mut Document<'_>) -> Vec<(usize, usize)> {
    let mut spans = Spans::default();
    document.repeated_lines(|start, end| spans.push(start, end));
    spans.into_vec()
}
