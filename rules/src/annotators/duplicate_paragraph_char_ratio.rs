//! `duplicate_paragraph_char_ratio`: how much of the text stands in paragraphs that are copies.

use super::evidence::Spans;
use super::{Example, Measure, Value, ValueType};
use crate::document::Document;

/// The annotator `duplicate_paragraph_char_ratio`.
pub(super) const DUPLICATE_PARAGRAPH_CHAR_RATIO: Measure = Measure {
    name: "duplicate_paragraph_char_ratio",
    value_type: ValueType::Float,
    unit: "share of characters",
    range: (0.0, 1.0),
    definition: "Characters of paragraphs that stood before in the text, the first of each left out, \
        divided by the characters of paragraphs. Paragraphs are compared without white space \
        at their ends. Those without a letter or digit, such as the rules of a table or \
        closing braces, count on neither side. A text without such a paragraph gives NULL.",
    source: "Gopher (Rae et al. 2021, arXiv 2112.11446, table A1), measured our way",
    examples: &[
        Example::float("aaa\n\nb\n\n aaa", 3.0 / 7.0),
        Example::float("one\n\ntwo", 0.0),
        Example::null(""),
    ],
    measure,
    evidence,
};

fn measure(document: &mut Document<'_>) -> Value {
    let counts = document.repeated_paragraphs(|_, _| ());
    Value::ratio(counts.copied_chars, counts.chars)
}

fn evidence(document: &mut Document<'_>) -> Vec<(usize, usize)> {
    let mut spans = Spans::default();
    document.repeated_paragraphs(|start, end| spans.push(start, end));
    spans.into_vec()
}
