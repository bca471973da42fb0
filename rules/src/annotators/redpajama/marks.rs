//! `RedPajama`'s signals over single marks and phrases.

use super::super::{Example, Measure, Value, ValueType};
use super::of;
use crate::document::Document;

/// The annotator `redpajama_curly_bracket_ratio`.
pub(in crate::annotators) const CURLY_BRACKET_RATIO: Measure = of(
    "redpajama_curly_bracket_ratio",
    ValueType::Float,
    "share of characters",
    (0.0, 1.0),
    "Curly brackets, opening and closing, divided by all characters (rps_doc_curly_bracket). An \
     empty text gives 0.",
    &[Example::float("{a}é", 2.0 / 4.0), Example::float("", 0.0)],
    |document| {
        let brackets = memchr::memchr2_iter(b'{', b'}', document.text().as_bytes()).count();
        Value::Float(brackets as f64 / document.chars().max(1) as f64)
    },
);

/// The annotator `redpajama_lorem_ipsum_ratio`.
pub(in crate::annotators) const LOREM_IPSUM_RATIO: Measure = of(
    "redpajama_lorem_ipsum_ratio",
    ValueType::Float,
    "occurrences per character",
    (0.0, 1.0),
    "Occurrences of `lorem ipsum` divided by all characters, both after normalising: ASCII \
     punctuation is taken away, the rest is in lower case and decomposed, and white space is one \
     blank (rps_doc_lorem_ipsum). An empty text gives 0.",
    &[
        Example::float("Lorem\nIpsum, a", 1.0 / 13.0),
        Example::float("lorem a", 0.0),
        Example::float("", 0.0),
    ],
    lorem_ipsum,
);

fn lorem_ipsum(document: &mut Document<'_>) -> Value {
    let text = document.text();
    // without the letters in a row there is nothing to normalise for
    let bytes = text.as_bytes();
    let starts = memchr::memchr2_iter(b'l', b'L', bytes);
    if !starts.into_iter().any(|at| bytes.get(at..at + 5).is_some_and(is_lorem)) {
        return Value::Float(0.0);
    }
    let words = document.normal_words();
    // one blank between words, none at the ends
    let blanks = words.len().saturating_sub(1);
    let chars: usize = words.iter().map(|word| word.chars as usize).sum();
    let plain = |start, end| {
        let part = text.get(start..end).unwrap_or_default();
        part.bytes().filter(|byte| !byte.is_ascii_punctuation())
    };
    let count = words.windows(2).filter(|pair| {
        let first = plain(pair[0].start, pair[0].end).map(|byte| byte.to_ascii_lowercase());
        let second = plain(pair[1].start, pair[1].end).map(|byte| byte.to_ascii_lowercase());
        first.collect::<Vec<u8>>().ends_with(b"lorem")
            && second.take(5).eq(b"ipsum".iter().copied())
    });
    Value::Float(count.count() as f64 / (chars + blanks).max(1) as f64)
}

fn is_lorem(bytes: &[u8]) -> bool {
    bytes.eq_ignore_ascii_case(b"lorem")
}
