//! `datatrove_bullet_line_ratio`: lines with a bullet, as datatrove measures it.

use super::super::evidence::Spans;
use super::super::{Example, Measure, Value, ValueType};
use crate::document::Document;
use crate::document::starts_with_bullet;
use tamis_kernels::break_lines;

/// The annotator `datatrove_bullet_line_ratio`.
pub(in crate::annotators) const BULLET_LINE_RATIO: Measure = Measure {
    name: "datatrove_bullet_line_ratio",
    value_type: ValueType::Float,
    unit: "share of lines",
    range: (0.0, 1.0),
    definition: "Lines whose first character that is no white space is `•` or `-`, divided by all \
        lines; rules such as `---` count as bullets. Lines end as Python's `splitlines` ends \
        them and blank ones count. A text without lines gives NULL.",
    source: "datatrove 0.10.1, GopherQualityFilter",
    examples: &[
        Example::float("- a\n\n•b\nc", 2.0 / 4.0),
        Example::float("* a", 0.0),
        Example::null(""),
    ],
    measure,
    evidence,
};

fn measure(document: &mut Document<'_>) -> Value {
    let lines = document.python_lines();
    Value::ratio(lines.bullets, lines.all)
}

fn evidence(document: &mut Document<'_>) -> Vec<(usize, usize)> {
    let text = document.text();
    let mut spans = Spans::default();
    break_lines(text, |start, end| {
        if starts_with_bullet(text.get(start..end).unwrap_or_default()) {
            spans.push(start, end);
        }
    });
    spans.into_vec()
}
