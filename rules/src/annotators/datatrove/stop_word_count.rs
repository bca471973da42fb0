//! `datatrove_stop_word_count`: different stop words, as datatrove counts them.

use super::super::measure::no_evidence;
use super::super::{Example, Measure, Value, ValueType};
use crate::document::Document;

/// The annotator `datatrove_stop_word_count`.
pub(in crate::annotators) const STOP_WORD_COUNT: Measure = Measure {
    name: "datatrove_stop_word_count",
    value_type: ValueType::Int,
    unit: "different words",
    range: (0.0, f64::INFINITY),
    definition: "How many of the words the, be, to, of, and, that, have, with occur in lower case, \
        each counted once. Words are what spaCy's English tokenizer gives: each punctuation \
        mark is a word of its own.",
    source: "datatrove 0.10.1, GopherQualityFilter",
    examples: &[
        Example::int("the cat and the dog", 2),
        Example::int("The cat", 0),
        Example::int("of that to have with and be the", 8),
    ],
    measure,
    evidence: no_evidence,
};

fn measure(document: &mut Document<'_>) -> Value {
    let text = document.text();
    let mut found = [false; 8];
    for word in document.spacy_words().iter().filter(|word| (2..=4).contains(&word.chars)) {
        let at = match text.get(word.start..word.end).unwrap_or_default() {
            "the" => 0,
            "be" => 1,
            "to" => 2,
            "of" => 3,
            "and" => 4,
            "that" => 5,
            "have" => 6,
            "with" => 7,
            _ => continue,
        };
        if let Some(found) = found.get_mut(at) {
            *found = true;
        }
    }
    Value::count(found.into_iter().filter(|found| *found).count())
}
