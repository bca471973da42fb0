//! `dolma_top_Ngram_char_ratio`: how much of the words is the most frequent n-gram.

use super::super::evidence::top_spans;
use super::super::{Example, Measure, Value, ValueType};
use super::of as measure_of;
use crate::document::Document;

/// The annotator `dolma_top_2gram_char_ratio`.
pub(in crate::annotators) const TOP_2GRAM_CHAR_RATIO: Measure = of::<2>(
    "dolma_top_2gram_char_ratio",
    &[
        Example::float("aa b z aa b", 6.0 / 7.0),
        Example::float("aa b c", 3.0 / 4.0),
        Example::null("a"),
    ],
);

/// The annotator `dolma_top_3gram_char_ratio`.
pub(in crate::annotators) const TOP_3GRAM_CHAR_RATIO: Measure = of::<3>(
    "dolma_top_3gram_char_ratio",
    &[Example::float("a b c z a b c", 6.0 / 7.0), Example::null("a b")],
);

/// The annotator `dolma_top_4gram_char_ratio`.
pub(in crate::annotators) const TOP_4GRAM_CHAR_RATIO: Measure = of::<4>(
    "dolma_top_4gram_char_ratio",
    &[Example::float("a b c d z a b c d", 8.0 / 9.0), Example::null("a b c")],
);

const DEFINITION: &str = "Characters of the words of the most frequent n-gram times its occurrences, divided by the \
        characters of all words; n is the number in the name. An n-gram that occurs once counts \
        too, occurrences may overlap, so the value can exceed 1, and among equally frequent ones \
        the first is taken. Words stand between white space. A text with fewer than n words gives \
        NULL: dolma writes no attribute then.";

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
    let all = document.blank_counts().chars;
    let view = document.blank_grams();
    let Some(top) = view.grams.top(N, view.table) else { return Value::Null };
    let chars = view.grams.chars(top.first, top.first + N) * u64::from(top.count);
    Value::Float(chars as f64 / all.max(1) as f64)
}

fn evidence<const N: usize>(document: &mut Document<'_>) -> Vec<(usize, usize)> {
    let mut view = document.blank_grams();
    let top = view.grams.top(N, view.table);
    top_spans(&mut view, top, N)
}
