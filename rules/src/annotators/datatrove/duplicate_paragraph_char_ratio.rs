//! `datatrove_duplicate_paragraph_char_ratio`: characters in paragraphs that are copies, as datatrove measures it.

use super::super::evidence::Spans;
use super::super::{Example, Measure, Value, ValueType};
use crate::document::Document;

/// The annotator `datatrove_duplicate_paragraph_char_ratio`.
pub(in crate::annotators) const DUPLICATE_PARAGRAPH_CHAR_RATIO: Measure = Measure {
    name: "datatrove_duplicate_paragraph_char_ratio",
    value_type: ValueType::Float,
    unit: "share of characters",
    range: (0.0, 1.0),
    definition: "Characters of paragraphs that stood before in the text divided by all its \
        characters, white space included. Paragraphs are what stands between runs of two and \
        more line feeds, after white space at both ends of the text is taken away. An empty \
        text gives NULL.",
    source: "datatrove 0.10.1, GopherRepetitionFilter",
    examples: &[
        Example::float("aaa\n\nb\n\naaa", 3.0 / 11.0),
        Example::float("one", 0.0),
        Example::null(""),
    ],
    measure,
    evidence,
};

fn measure(document: &mut Document<'_>) -> Value {
    let chars = document.chars();
    let counts = document.repeated_newline_paragraphs(|_, _| ());
    Value::ratio(counts.copied_chars, chars)
}

fn evidence(document: &mut Document<'_>) -> Vec<(usize, usize)> {
    let mut spans = Spans::default();
    document.repeated_newline_paragraphs(|start, end| spans.push(start, end));
    spans.into_vec()
}
