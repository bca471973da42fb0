//! `datatrove_alphabetic_word_ratio`: words with a letter, as datatrove measures it.

use super::super::measure::no_evidence;
use super::super::{Example, Measure, Value, ValueType};
use crate::document::Document;

/// The annotator `datatrove_alphabetic_word_ratio`.
pub(in crate::annotators) const ALPHABETIC_WORD_RATIO: Measure = Measure {
    name: "datatrove_alphabetic_word_ratio",
    value_type: ValueType::Float,
    unit: "share of words",
    range: (0.0, 1.0),
    definition: "Words with at least one letter divided by all words. Words are what spaCy's English \
        tokenizer gives: each punctuation mark is a word of its own. Text with many marks, \
        such as tables and references, is therefore low. A text without words gives NULL.",
    source: "datatrove 0.10.1, GopherQualityFilter",
    examples: &[
        Example::float("One, two.", 2.0 / 4.0),
        Example::float("a1 2", 1.0 / 2.0),
        Example::null(""),
    ],
    measure,
    evidence: no_evidence,
};

fn measure(document: &mut Document<'_>) -> Value {
    let words = document.spacy_words();
    Value::ratio(words.iter().filter(|word| word.is_alphabetic()).count(), words.len())
}
