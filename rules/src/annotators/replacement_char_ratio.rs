//! `replacement_char_ratio`: characters that were lost in decoding.

use super::evidence::Spans;
use super::{Example, Measure, Value, ValueType};
use crate::document::Document;

/// The annotator `replacement_char_ratio`.
pub(super) const REPLACEMENT_CHAR_RATIO: Measure = Measure {
    name: "replacement_char_ratio",
    value_type: ValueType::Float,
    unit: "share of characters",
    range: (0.0, 1.0),
    definition: "Characters U+FFFD divided by characters: what a wrong decoder leaves behind. An \
        empty text gives NULL.",
    source: "tamis",
    examples: &[Example::float("a�b�", 2.0 / 4.0), Example::float("a", 0.0), Example::null("")],
    measure,
    evidence,
};

fn measure(document: &mut Document<'_>) -> Value {
    let counts = document.characters();
    Value::ratio(counts.replacement, counts.all)
}

fn evidence(document: &mut Document<'_>) -> Vec<(usize, usize)> {
    let mut spans = Spans::default();
    for (start, part) in document.text().match_indices(char::REPLACEMENT_CHARACTER) {
        spans.push(start, start + part.len());
        if spans.is_full() {
            break;
        }
    }
    spans.into_vec()
}
