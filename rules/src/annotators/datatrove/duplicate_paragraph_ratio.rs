//! `datatrove_duplicate_paragraph_ratio`: paragraphs that are copies, as datatrove measures it.

use super::super::evidence::Spans;
use super::super::{Example, Measure, Value, ValueType};
use crate::document::Document;

/// The annotator `datatrove_duplicate_paragraph_ratio`.
pub(in crate::annotators) const DUPLICATE_PARAGRAPH_RATIO: Measure = Measure {
    name: "datatrove_duplicate_paragraph_ratio",
    value_type: ValueType::Float,
    unit: "share of paragraphs",
    range: (0.0, 1.0),
    definition: "Paragraphs that stood before in the text divided by all paragraphs. Paragraphs are \
        what stands between runs of two and more line feeds, after white space at both ends \
        of the text is taken away. An empty text gives NULL.",
    source: "datatrove 0.10.1, GopherRepetitionFilter",
    examples: &[
        Example::float("aa\n\nb\n\naa\n\naa", 2.0 / 4.0),
        Example::float("a\n\n a", 0.0),
        Example::null(""),
    ],
    measure,
    evidence,
};

fn measure(document: &mut Document<'_>) -> Value {
    if document.text().is_empty() {
        return Value::Null;
    }
    let counts = document.repeated_newline_paragraphs(|_, _| ());
    Value::ratio(counts.copies, counts.all)
}

fn evidence(document: &mut Document<'_>) -> Vec<(usize, usize)> {
    let mut spans = Spans::default();
    document.repeated_newline_paragraphs(|start, end| spans.push(start, end));
    spans.into_vec()
}
