//! `datatrove_top_Ngram_char_ratio`: how much of the text is its most frequent n-gram.

use super::super::evidence::top_spans;
use super::super::value::share;
use super::super::{Example, Measure, Value, ValueType};
use crate::document::Document;

/// The annotator `datatrove_top_2gram_char_ratio`.
pub(in crate::annotators) const TOP_2GRAM_CHAR_RATIO: Measure = of::<2>(
    "datatrove_top_2gram_char_ratio",
    &[
        Example::float("a b z a b", 6.0 / 9.0),
        Example::float("a b", 1.0),
        Example::float("a", 0.0),
        Example::null(""),
    ],
);

/// The annotator `datatrove_top_3gram_char_ratio`.
pub(in crate::annotators) const TOP_3GRAM_CHAR_RATIO: Measure = of::<3>(
    "datatrove_top_3gram_char_ratio",
    &[
        Example::float("a b c z a b c", 10.0 / 13.0),
        Example::float("a b c", 1.0),
        Example::float("a", 0.0),
        Example::null(""),
    ],
);

/// The annotator `datatrove_top_4gram_char_ratio`.
pub(in crate::annotators) const TOP_4GRAM_CHAR_RATIO: Measure = of::<4>(
    "datatrove_top_4gram_char_ratio",
    &[
        Example::float("a b c d z a b c d", 14.0 / 17.0),
        Example::float("a b c d", 1.0),
        Example::float("a", 0.0),
        Example::null(""),
    ],
);

const DEFINITION: &str = "The length of the most frequent n-gram, its words joined by single spaces, times its \
        occurrences, divided by all characters of the text, white space included; n is the \
        number in the name. An n-gram that occurs once counts too, occurrences may overlap, \
        so the value can exceed 1, and among equally frequent ones the first is taken. Words \
        are what spaCy's English tokenizer gives: each punctuation mark is a word of its \
        own. A text with fewer than n words gives 0, an empty text NULL.";

const fn of<const N: usize>(name: &'static str, examples: &'static [Example]) -> Measure {
    Measure {
        name,
        value_type: ValueType::Float,
        unit: "characters per character",
        range: (0.0, f64::INFINITY),
        definition: DEFINITION,
        source: "datatrove 0.10.1, GopherRepetitionFilter",
        examples,
        measure: measure::<N>,
        evidence: evidence::<N>,
    }
}

fn measure<const N: usize>(document: &mut Document<'_>) -> Value {
    let text_chars = document.chars();
    let view = document.spacy_grams();
    let chars = view.grams.top(N, view.table).map_or(0, |top| {
        let spaces = N as u64 - 1;
        (view.grams.chars(top.first, top.first + N) + spaces) * u64::from(top.count)
    });
    share(chars, text_chars as u64)
}

fn evidence<const N: usize>(document: &mut Document<'_>) -> Vec<(usize, usize)> {
    let mut view = document.spacy_grams();
    let top = view.grams.top(N, view.table);
    top_spans(&mut view, top, N)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Scratch;

    fn value<const N: usize>(text: &str) -> Value {
        measure::<N>(&mut Document::new(text, &mut Scratch::default()))
    }

    #[test]
    fn the_first_of_the_most_frequent_is_taken() {
        assert_eq!(value::<2>("aaaa bb c d"), Value::Float(7.0 / 11.0));
        assert_eq!(value::<2>("c d aaaa bb"), Value::Float(3.0 / 11.0));
    }

    #[test]
    fn overlapping_marks_exceed_the_text() {
        assert_eq!(value::<2>("))))"), Value::Float(9.0 / 4.0));
    }
}
