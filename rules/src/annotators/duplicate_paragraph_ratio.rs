//! `duplicate_paragraph_ratio`: paragraphs that are copies.

use super::evidence::Spans;
use super::{Example, Measure, Value, ValueType};
use crate::document::Document;

/// The annotator `duplicate_paragraph_ratio`.
pub(super) const DUPLICATE_PARAGRAPH_RATIO: Measure = Measure {
    name: "duplicate_paragraph_ratio",
    value_type: ValueType::Float,
    unit: "share of paragraphs",
    range: (0.0, 1.0),
    definition: "Paragraphs that stood before in the text, the first of each left out, divided by \
        paragraphs. Paragraphs are compared without white space at their ends. Those without \
        a letter or digit, such as the rules of a table or closing braces, count on neither \
        side. A text without such a paragraph gives NULL.",
    source: "Gopher (Rae et al. 2021, arXiv 2112.11446, table A1), measured our way",
    examples: &[
        Example::float("aa\n\nb\n\n aa\n\naa", 2.0 / 4.0),
        Example::float("}\n\n}\n\nx", 0.0),
        Example::null("---"),
    ],
    measure,
    evidence,
};

fn measure(document: &mut Document<'_>) -> Value {
    let counts = document.repeated_paragraphs(|_, _| ());
    Value::ratio(counts.copies, counts.all)
}

fn evidence(document: &mut Document<'_>) -> Vec<(usize, usize)> {
    let mut spans = Spans::default();
    document.repeated_paragraphs(|start, end| spans.push(start, end));
    spans.into_vec()
}
