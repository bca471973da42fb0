//! `stop_word_count`: different English stop words.

use super::measure::no_evidence;
use super::{Example, Measure, Value, ValueType};
use crate::document::Document;

/// The annotator `stop_word_count`.
pub(super) const STOP_WORD_COUNT: Measure = Measure {
    name: "stop_word_count",
    value_type: ValueType::Int,
    unit: "different words",
    range: (0.0, f64::INFINITY),
    definition: "How many of the English words the, be, to, of, and, that, have, with occur, each \
        counted once, upper and lower case being the same. English prose has at least two.",
    source: "Gopher (Rae et al. 2021, arXiv 2112.11446), ignoring case",
    examples: &[
        Example::int("The cat and the dog", 2),
        Example::int("Of that to have with and be the", 8),
        Example::int("le chat", 0),
    ],
    measure,
    evidence: no_evidence,
};

fn measure(document: &mut Document<'_>) -> Value {
    const STOP_WORDS: [&[u8]; 8] = [b"the", b"be", b"to", b"of", b"and", b"that", b"have", b"with"];
    let text = document.text().as_bytes();
    let mut found = [false; STOP_WORDS.len()];
    for word in document.words().iter().filter(|word| (2..=4).contains(&word.chars)) {
        let bytes = text.get(word.start..word.end).unwrap_or_default();
        for (found, stop_word) in found.iter_mut().zip(STOP_WORDS) {
            *found |= bytes.eq_ignore_ascii_case(stop_word);
        }
    }
    Value::count(found.into_iter().filter(|found| *found).count())
}
