//! The quality signals of RedPajama-Data v2 that a text alone gives, with exactly its definitions.
//!
//! Signals for each line are given as their mean over the lines, or their sum where it says so.

pub(super) mod duplicate_gram_char_ratio;
pub(super) mod lines;
pub(super) mod marks;
pub(super) mod top_gram_char_ratio;
pub(super) mod words;

use super::{Example, Measure, Value, ValueType};
use crate::document::Document;

/// A measure of this family.
const fn of(
    name: &'static str,
    value_type: ValueType,
    unit: &'static str,
    range: (f64, f64),
    definition: &'static str,
    examples: &'static [Example],
    measure: fn(&mut Document<'_>) -> Value,
) -> Measure {
    Measure::plain(
        name,
        value_type,
        unit,
        range,
        definition,
        "RedPajama-Data v2, quality signals (rps_doc_*, rps_lines_*)",
        examples,
        measure,
    )
}
