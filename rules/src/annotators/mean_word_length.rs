//! `mean_word_length`: the mean length of a word.

use super::measure::no_evidence;
use super::{Example, Measure, Value, ValueType};
use crate::document::Document;

/// The annotator `mean_word_length`.
pub(super) const MEAN_WORD_LENGTH: Measure = Measure {
    name: "mean_word_length",
    value_type: ValueType::Float,
    unit: "characters per word",
    range: (1.0, f64::INFINITY),
    definition: "Characters of all words divided by words. Words are our own: runs of Unicode \
        letters, digits and underscores. A text without words gives NULL.",
    source: "Gopher (Rae et al. 2021, arXiv 2112.11446), over our words",
    examples: &[Example::float("to be, or naïve", 11.0 / 4.0), Example::null("!")],
    measure,
    evidence: no_evidence,
};

fn measure(document: &mut Document<'_>) -> Value {
    let words = document.words();
    let chars = words.iter().map(|word| word.chars as usize).sum();
    Value::ratio(chars, words.len())
}
