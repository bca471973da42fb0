//! `redpajama_top_Ngram_char_ratio`: how much of the words is the most frequent n-gram.

use super::super::evidence::top_spans;
use super::super::{Example, Measure, Value, ValueType};
use super::of as measure_of;
use crate::document::Document;

/// The annotator `redpajama_top_2gram_char_ratio`.
pub(in crate::annotators) const TOP_2GRAM_CHAR_RATIO: Measure = of::<2>(
    "redpajama_top_2gram_char_ratio",
    &[Example::float("a b zz a b", 4.0 / 6.0), Example::float("a b", 0.0), Example::float("", 0.0)],
);

/// The annotator `redpajama_top_3gram_char_ratio`.
pub(in crate::annotators) const TOP_3GRAM_CHAR_RATIO: Measure = of::<3>(
    "redpajama_top_3gram_char_ratio",
    &[
        Example::float("a b c zz a b c", 6.0 / 8.0),
        Example::float("a b c", 0.0),
        Example::float("", 0.0),
    ],
);

/// The annotator `redpajama_top_4gram_char_ratio`.
pub(in crate::annotators) const TOP_4GRAM_CHAR_RATIO: Measure = of::<4>(
    "redpajama_top_4gram_char_ratio",
    &[
        Example::float("a b c d zz a b c d", 8.0 / 10.0),
        Example::float("a b c d", 0.0),
        Example::float("", 0.0),
    ],
);

const DEFINITION: &str = "Characters of the most frequent n-gram times its occurrences, divided by the characters of \
        all words; n is the number in the name. Among equally frequent ones the first is taken, \
        occurrences may overlap, so the value can exceed 1, and where every n-gram occurs once it is \
        0. Words stand between white space, without ASCII punctuation, in lower case and decomposed \
        (NFD).";

const fn of<const N: usize>(name: &'static str, examples: &'static [Example]) -> Measure {
    Measure {
        evidence: evidence::<N>,
        ..measure_of(
            name,
            ValueType::Float,
            "characters per character",
            (0.0, f64::INFINITY),
            DEFINITION,
            examples,
            measure::<N>,
        )
    }
}

fn measure<const N: usize>(document: &mut Document<'_>) -> Value {
    let view = document.normal_grams();
    let all = view.grams.chars(0, view.words.len());
    if all == 0 {
        return Value::Float(0.0);
    }
    let top = view.grams.top(N, view.table).filter(|top| top.count > 1);
    let chars =
        top.map_or(0, |top| view.grams.chars(top.first, top.first + N) * u64::from(top.count));
    Value::Float(chars as f64 / all as f64)
}

fn evidence<const N: usize>(document: &mut Document<'_>) -> Vec<(usize, usize)> {
    let mut view = document.normal_grams();
    let top = view.grams.top(N, view.table).filter(|top| top.count > 1);
    top_spans(&mut view, top, N)
}
