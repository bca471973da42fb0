//! `ellipsis_line_ratio`: lines that end with an ellipsis.

use super::evidence::Spans;
use super::{Example, Measure, Value, ValueType};
use crate::document::Document;
use tamis_kernels::Segment;

/// The annotator `ellipsis_line_ratio`.
pub(super) const ELLIPSIS_LINE_RATIO: Measure = Measure {
    name: "ellipsis_line_ratio",
    value_type: ValueType::Float,
    unit: "share of lines",
    range: (0.0, 1.0),
    definition: "Lines that end with `...` or `…` divided by lines that are not blank: teasers that \
        were cut off. A text without such a line gives NULL.",
    source: "Gopher (Rae et al. 2021, arXiv 2112.11446), blank lines left out",
    examples: &[
        Example::float("Read more...\n\nThe end.", 1.0 / 2.0),
        Example::float("a… \n", 1.0),
        Example::null(""),
    ],
    measure,
    evidence,
};

fn measure(document: &mut Document<'_>) -> Value {
    let text = document.text();
    let lines = document.lines();
    Value::ratio(lines.iter().filter(|line| is_cut_off(text, line)).count(), lines.len())
}

fn evidence(document: &mut Document<'_>) -> Vec<(usize, usize)> {
    let text = document.text();
    let mut spans = Spans::default();
    for line in document.lines().iter().filter(|line| is_cut_off(text, line)) {
        spans.push(line.start, line.end);
    }
    spans.into_vec()
}

fn is_cut_off(text: &str, line: &Segment) -> bool {
    let line = text.get(line.start..line.end).unwrap_or_default();
    line.ends_with("...") || line.ends_with('…')
}
