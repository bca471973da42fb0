//! `datatrove_mean_word_length`: the mean length of a word, as datatrove measures it.

use super::super::measure::no_evidence;
use super::super::{Example, Measure, Value, ValueType};
use crate::document::Document;

/// The annotator `datatrove_mean_word_length`.
pub(in crate::annotators) const MEAN_WORD_LENGTH: Measure = Measure {
    name: "datatrove_mean_word_length",
    value_type: ValueType::Float,
    unit: "characters per word",
    range: (1.0, f64::INFINITY),
    definition: "The mean length of the words that have at least one character that is no \
        punctuation. Words are what spaCy's English tokenizer gives: each punctuation mark \
        is a word of its own. A text without such a word gives NULL.",
    source: "datatrove 0.10.1, GopherQualityFilter",
    examples: &[
        Example::float("I can't.", 6.0 / 3.0),
        Example::float("a bb, ccc", 6.0 / 3.0),
        Example::null("!"),
    ],
    measure,
    evidence: no_evidence,
};

fn measure(document: &mut Document<'_>) -> Value {
    let words = document.spacy_words().iter().filter(|word| !word.is_symbol());
    let (count, chars) =
        words.fold((0, 0), |(count, chars), word| (count + 1, chars + word.chars as usize));
    Value::ratio(chars, count)
}
