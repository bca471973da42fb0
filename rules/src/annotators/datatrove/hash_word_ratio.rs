//! `datatrove_hash_word_ratio`: hash signs for each word, as datatrove measures it.

use super::super::measure::no_evidence;
use super::super::{Example, Measure, Value, ValueType};
use crate::document::Document;

/// The annotator `datatrove_hash_word_ratio`.
pub(in crate::annotators) const HASH_WORD_RATIO: Measure = Measure {
    name: "datatrove_hash_word_ratio",
    value_type: ValueType::Float,
    unit: "hash signs per word",
    range: (0.0, f64::INFINITY),
    definition: "Every `#` of the text divided by all words. Words are what spaCy's English tokenizer \
        gives: each punctuation mark is a word of its own. A text without words gives NULL.",
    source: "datatrove 0.10.1, GopherQualityFilter",
    examples: &[Example::float("# One", 1.0 / 2.0), Example::float("a b", 0.0), Example::null("")],
    measure,
    evidence: no_evidence,
};

fn measure(document: &mut Document<'_>) -> Value {
    let hashes = memchr::memchr_iter(b'#', document.text().as_bytes()).count();
    Value::ratio(hashes, document.spacy_words().len())
}
