//! `datatrove_word_count`: words that are no symbols, as datatrove counts them.

use super::super::measure::no_evidence;
use super::super::{Example, Measure, Value, ValueType};
use crate::document::Document;

/// The annotator `datatrove_word_count`.
pub(in crate::annotators) const WORD_COUNT: Measure = Measure {
    name: "datatrove_word_count",
    value_type: ValueType::Int,
    unit: "words",
    range: (0.0, f64::INFINITY),
    definition: "Words with at least one character that is no punctuation. Words are what spaCy's \
        English tokenizer gives: each punctuation mark is a word of its own.",
    source: "datatrove 0.10.1, GopherQualityFilter",
    examples: &[
        Example::int("Don't stop.", 3),
        Example::int("one, two - 3!", 3),
        Example::int("... !", 0),
    ],
    measure,
    evidence: no_evidence,
};

fn measure(document: &mut Document<'_>) -> Value {
    Value::count(document.spacy_words().iter().filter(|word| !word.is_symbol()).count())
}
