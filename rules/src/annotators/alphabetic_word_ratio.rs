//! `alphabetic_word_ratio`: words that have a letter.

use super::measure::no_evidence;
use super::{Example, Measure, Value, ValueType};
use crate::document::Document;

/// The annotator `alphabetic_word_ratio`.
pub(super) const ALPHABETIC_WORD_RATIO: Measure = Measure {
    name: "alphabetic_word_ratio",
    value_type: ValueType::Float,
    unit: "share of words",
    range: (0.0, 1.0),
    definition: "Words with at least one letter divided by words. Words are our own: runs of Unicode \
        letters, digits and underscores. Since punctuation is no word here, tables and code \
        are not punished for their marks. A text without words gives NULL.",
    source: "Gopher (Rae et al. 2021, arXiv 2112.11446), over our words",
    examples: &[
        Example::float("one 2 three 4", 2.0 / 4.0),
        Example::float("a1 | --- |", 1.0),
        Example::null(""),
    ],
    measure,
    evidence: no_evidence,
};

fn measure(document: &mut Document<'_>) -> Value {
    let words = document.words();
    Value::ratio(words.iter().filter(|word| word.is_alphabetic()).count(), words.len())
}
