//! `datatrove_sentence_count`: sentences, as datatrove counts them for C4.

use super::super::measure::no_evidence;
use super::super::{Example, Measure, Value, ValueType};
use crate::document::Document;

/// The annotator `datatrove_sentence_count`.
pub(in crate::annotators) const SENTENCE_COUNT: Measure = Measure {
    name: "datatrove_sentence_count",
    value_type: ValueType::Int,
    unit: "sentences",
    range: (0.0, f64::INFINITY),
    definition: "Sentences as spaCy's rule-based English sentencizer ends them, each line by \
        itself: after a `.`, `!`, `?` or its like in another script that is a word of its own, and \
        the punctuation that follows. Abbreviations that the tokenizer knows end none, and the end \
        of a line always ends one.",
    source: "datatrove 0.10.1, C4QualityFilter",
    examples: &[
        Example::int("Mr. Smith left. \"Why?\" he asked. Nobody knew", 4),
        Example::int("One\nTwo", 2),
        Example::int("", 0),
    ],
    measure,
    evidence: no_evidence,
};

fn measure(document: &mut Document<'_>) -> Value {
    let mut count = 0;
    document.spacy_sentences(|_, _| count += 1);
    Value::count(count)
}
