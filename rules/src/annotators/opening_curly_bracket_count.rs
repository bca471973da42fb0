//! `opening_curly_bracket_count`: curly brackets that open.

use super::evidence::Spans;
use super::{Example, Measure, Value, ValueType};
use crate::document::Document;

/// The annotator `opening_curly_bracket_count`.
pub(super) const OPENING_CURLY_BRACKET_COUNT: Measure = Measure {
    name: "opening_curly_bracket_count",
    value_type: ValueType::Int,
    unit: "brackets",
    range: (0.0, f64::INFINITY),
    definition: "Curly brackets that open: `{`. A closing one alone does not count.",
    source: "C4 (Raffel et al. 2020, arXiv 1910.10683), which only asks whether there is one",
    examples: &[Example::int("if (a) { b }", 1), Example::int("}", 0)],
    measure: |document| Value::count(memchr::memchr_iter(b'{', document.text().as_bytes()).count()),
    evidence,
};

fn evidence(document: &mut Document<'_>) -> Vec<(usize, usize)> {
    let mut spans = Spans::default();
    for at in memchr::memchr_iter(b'{', document.text().as_bytes()).take(16) {
        spans.push(at, at + 1);
    }
    spans.into_vec()
}
