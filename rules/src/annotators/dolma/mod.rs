//! What the tagger `gopher_v1` of dolma measures, with exactly its definitions.
//!
//! They differ from ours in taking words between white space, the median of their lengths, every
//! copy of a line and not only the later ones, and characters of words as the denominator.

pub(super) mod duplicate_gram_char_ratio;
pub(super) mod lines;
pub(super) mod top_gram_char_ratio;
pub(super) mod words;

use super::{Example, Measure, Value, ValueType};
use crate::document::Document;

const SOURCE: &str = "dolma 1.2.1, tagger gopher_v1";

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
    Measure::plain(name, value_type, unit, range, definition, SOURCE, examples, measure)
}
