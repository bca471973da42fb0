//! What the heuristic filters of DCLM measure, with exactly its definitions.
//!
//! They differ from ours in counting every copy of a line and not only the later ones, in taking
//! words in three ways, and in what is a bullet or an ellipsis.

pub(super) mod duplicate_gram_char_ratio;
pub(super) mod duplicates;
pub(super) mod lines;
pub(super) mod top_gram_char_ratio;
pub(super) mod words;

use super::{Example, Measure, Value, ValueType, measure::no_evidence};
use crate::document::Document;

/// A measure of this family; `source` is the function that it follows.
#[expect(clippy::too_many_arguments, reason = "a table of constants reads best without names")]
const fn of(
    name: &'static str,
    value_type: ValueType,
    unit: &'static str,
    range: (f64, f64),
    definition: &'static str,
    source: &'static str,
    examples: &'static [Example],
    measure: fn(&mut Document<'_>) -> Value,
) -> Measure {
    Measure {
        name,
        value_type,
        unit,
        range,
        definition,
        source,
        examples,
        measure,
        evidence: no_evidence,
    }
}
