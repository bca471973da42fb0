//! `control_char_ratio`: control characters.

use super::evidence::Spans;
use super::{Example, Measure, Value, ValueType};
use crate::document::Document;
use crate::document::is_control;

/// The annotator `control_char_ratio`.
pub(super) const CONTROL_CHAR_RATIO: Measure = Measure {
    name: "control_char_ratio",
    value_type: ValueType::Float,
    unit: "share of characters",
    range: (0.0, 1.0),
    definition: "Control characters (category Cc) that are no white space, divided by characters; \
        tabs, line ends and form feeds do not count. An empty text gives NULL.",
    source: "tamis",
    examples: &[Example::float("ab\t", 1.0 / 4.0), Example::float("a\nb", 0.0), Example::null("")],
    measure,
    evidence,
};

fn measure(document: &mut Document<'_>) -> Value {
    let counts = document.characters();
    Value::ratio(counts.control, counts.all)
}

fn evidence(document: &mut Document<'_>) -> Vec<(usize, usize)> {
    let mut spans = Spans::default();
    for (start, part) in document.text().match_indices(is_control) {
        spans.push(start, start + part.len());
        if spans.is_full() {
            break;
        }
    }
    spans.into_vec()
}
