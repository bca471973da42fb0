//! `datatrove_ellipsis_word_ratio`: ellipses for each word, as datatrove measures it.

use super::super::measure::no_evidence;
use super::super::{Example, Measure, Value, ValueType};
use crate::document::Document;

/// The annotator `datatrove_ellipsis_word_ratio`.
pub(in crate::annotators) const ELLIPSIS_WORD_RATIO: Measure = Measure {
    name: "datatrove_ellipsis_word_ratio",
    value_type: ValueType::Float,
    unit: "ellipses per word",
    range: (0.0, f64::INFINITY),
    definition: "Occurrences of `...`, not overlapping, and of `…`, divided by all words. Words are \
        what spaCy's English tokenizer gives: each punctuation mark is a word of its own. A \
        text without words gives NULL.",
    source: "datatrove 0.10.1, GopherQualityFilter",
    examples: &[
        Example::float("Wait... what…", 2.0 / 4.0),
        Example::float("a ......", 1.0),
        Example::null(""),
    ],
    measure,
    evidence: no_evidence,
};

fn measure(document: &mut Document<'_>) -> Value {
    let text = document.text().as_bytes();
    let dots = memchr::memmem::find_iter(text, "...").count();
    let signs = memchr::memmem::find_iter(text, "…").count();
    Value::ratio(dots + signs, document.spacy_words().len())
}
