//! `symbol_word_ratio`: hash signs and ellipses for each word.

use super::measure::no_evidence;
use super::{Example, Measure, Value, ValueType};
use crate::document::Document;

/// The annotator `symbol_word_ratio`.
pub(super) const SYMBOL_WORD_RATIO: Measure = Measure {
    name: "symbol_word_ratio",
    value_type: ValueType::Float,
    unit: "symbols per word",
    range: (0.0, f64::INFINITY),
    definition: "Hash signs and ellipses divided by words. A run of hash signs counts once (a \
        Markdown heading is one), so does a run of three and more dots; `…` is an ellipsis \
        too. Words are our own: runs of Unicode letters, digits and underscores. A text \
        without words gives NULL.",
    source: "Gopher (Rae et al. 2021, arXiv 2112.11446), runs counted once",
    examples: &[
        Example::float("## One two... three… #tag", 1.0),
        Example::float("a.. b", 0.0),
        Example::null("###"),
    ],
    measure,
    evidence: no_evidence,
};

fn measure(document: &mut Document<'_>) -> Value {
    let words = document.words().len();
    Value::ratio(symbols(document.text()), words)
}

fn symbols(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut count = 0;
    let mut next = 0;
    // E2 starts the three bytes of an ellipsis
    for at in memchr::memchr3_iter(b'#', b'.', 0xe2, bytes) {
        if at < next {
            continue;
        }
        let byte = bytes.get(at).copied().unwrap_or_default();
        if byte == 0xe2 {
            count += usize::from(bytes.get(at + 1..at + 3) == Some(&[0x80, 0xa6]));
            continue;
        }
        let run = bytes.iter().skip(at).take_while(|other| **other == byte).count();
        count += usize::from(byte == b'#' || run >= 3);
        next = at + run;
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Scratch;

    fn value(text: &str) -> Value {
        measure(&mut Document::new(text, &mut Scratch::default()))
    }

    #[test]
    fn leader_dots_are_one_ellipsis() {
        assert_eq!(value("Contents ........ 3"), Value::Float(1.0 / 2.0));
        assert_eq!(value("a–b — c"), Value::Float(0.0));
    }
}
