//! `datatrove_duplicate_line_char_ratio`: characters in lines that are copies, as datatrove measures it.

use super::super::evidence::Spans;
use super::super::{Example, Measure, Value, ValueType};
use crate::document::Document;

/// The annotator `datatrove_duplicate_line_char_ratio`.
pub(in crate::annotators) const DUPLICATE_LINE_CHAR_RATIO: Measure = Measure {
    name: "datatrove_duplicate_line_char_ratio",
    value_type: ValueType::Float,
    unit: "share of characters",
    range: (0.0, 1.0),
    definition: "Characters of lines that stood before in the text divided by all its characters, \
        white space included. Lines are what stands between runs of line feeds, compared as \
        they are; empty ends of the text count. An empty text gives NULL.",
    source: "datatrove 0.10.1, GopherRepetitionFilter",
    examples: &[
        Example::float("aaa\nb\naaa", 3.0 / 9.0),
        Example::float("one", 0.0),
        Example::null(""),
    ],
    measure,
    evidence,
};

fn measure(document: &mut Document<'_>) -> Value {
    let chars = document.chars();
    let counts = document.repeated_newline_runs(|_, _| ());
    Value::ratio(counts.copied_chars, chars)
}

fn evidence(document: &mut Document<'_>) -> Vec<(usize, usize)> {
    let mut spans = Spans::default();
    document.repeated_newline_runs(|start, end| spans.push(start, end));
    spans.into_vec()
}
