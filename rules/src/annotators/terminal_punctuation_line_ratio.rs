//! `terminal_punctuation_line_ratio`: lines that end a sentence.

use super::measure::no_evidence;
use super::{Example, Measure, Value, ValueType};
use crate::document::Document;

/// The annotator `terminal_punctuation_line_ratio`.
pub(super) const TERMINAL_PUNCTUATION_LINE_RATIO: Measure = Measure {
    name: "terminal_punctuation_line_ratio",
    value_type: ValueType::Float,
    unit: "share of lines",
    range: (0.0, 1.0),
    definition: "Lines that end a sentence divided by lines that are not blank. The last character \
        counts, quotes and closing brackets after it left out; it must be one of . ! ? … or \
        their like in other scripts. A text without such a line gives NULL.",
    source: "C4 (Raffel et al. 2020, arXiv 1910.10683) and FineWeb (Penedo et al. 2024, arXiv 2406.17557)",
    examples: &[
        Example::float("He left.\nHome\n\"Why?\"\n(Yes!)", 3.0 / 4.0),
        Example::float("名前です。", 1.0),
        Example::null(""),
    ],
    measure,
    evidence: no_evidence,
};

fn measure(document: &mut Document<'_>) -> Value {
    let text = document.text();
    let lines = document.lines();
    let ended = lines.iter().filter(|line| {
        let line = text.get(line.start..line.end).unwrap_or_default();
        line.trim_end_matches(CLOSING).ends_with(ENDS)
    });
    Value::ratio(ended.count(), lines.len())
}

/// What may follow the end of a sentence.
const CLOSING: &[char] =
    &['"', '\'', '”', '’', '»', '›', '“', '‘', ')', ']', '}', '）', '」', '』', '】', '*', '_'];

/// What ends a sentence.
const ENDS: &[char] =
    &['.', '!', '?', '…', '。', '！', '？', '．', '｡', '।', '॥', '؟', '۔', '։', '።', '؞'];
