//! `datatrove_duplicate_line_ratio`: lines that are copies, as datatrove measures it.

use super::super::evidence::Spans;
use super::super::{Example, Measure, Value, ValueType};
use crate::document::Document;

/// The annotator `datatrove_duplicate_line_ratio`.
pub(in crate::annotators) const DUPLICATE_LINE_RATIO: Measure = Measure {
    name: "datatrove_duplicate_line_ratio",
    value_type: ValueType::Float,
    unit: "share of lines",
    range: (0.0, 1.0),
    definition: "Lines that stood before in the text divided by all lines. Lines are what stands \
        between runs of line feeds, compared as they are; empty ends of the text count. An \
        empty text gives NULL.",
    source: "datatrove 0.10.1, GopherRepetitionFilter",
    examples: &[
        Example::float("aa\nb\naa\naa", 2.0 / 4.0),
        Example::float("a\n a", 0.0),
        Example::null(""),
    ],
    measure,
    evidence,
};

fn measure(document: &mut Document<'_>) -> Value {
    if document.text().is_empty() {
        return Value::Null;
    }
    let counts = document.repeated_newline_runs(|_, _| ());
    Value::ratio(counts.copies, counts.all)
}

fn evidence(document: &mut Document<'_>) -> Vec<(usize, usize)> {
    let mut spans = Spans::default();
    document.repeated_newline_runs(|start, end| spans.push(start, end));
    spans.into_vec()
}
