//! `FineWeb`'s four shares, and whether there is anything to measure.

use super::super::evidence::Spans;
use super::super::{Example, Measure, Value, ValueType};
use crate::document::Document;

/// The annotator `fineweb_line_count`.
pub(in crate::annotators) const LINE_COUNT: Measure = of(
    "fineweb_line_count",
    ValueType::Int,
    "lines",
    f64::INFINITY,
    "Lines between line feeds that are not blank.",
    &[Example::int("a\n \n\n b", 2), Example::int("", 0)],
    |document| Value::count(document.line_counts().filled),
);

/// The annotator `fineweb_terminal_line_ratio`.
pub(in crate::annotators) const TERMINAL_LINE_RATIO: Measure = of(
    "fineweb_terminal_line_ratio",
    ValueType::Float,
    "share of lines",
    1.0,
    "Lines that end with a mark that ends a sentence in some script, no white space after it, \
     divided by all lines that are not blank. Quotes, brackets and colons end none. A text without \
     such lines gives NULL.",
    &[
        Example::float("One.\n\nTwo. \nThree!\n四。", 3.0 / 4.0),
        Example::float("\"One.\"", 0.0),
        Example::null(" "),
    ],
    |document| {
        let counts = document.line_counts();
        Value::ratio(counts.terminal, counts.filled)
    },
);

/// The annotator `fineweb_short_line_ratio`.
pub(in crate::annotators) const SHORT_LINE_RATIO: Measure = of(
    "fineweb_short_line_ratio",
    ValueType::Float,
    "share of lines",
    1.0,
    "Lines of at most 30 characters, white space at their ends included, divided by all lines that \
     are not blank. A text without such lines gives NULL.",
    &[
        Example::float(
            "123456789 123456789 1234567890\n\nthis line has one character too many",
            0.5,
        ),
        Example::null(""),
    ],
    |document| {
        let counts = document.line_counts();
        Value::ratio(counts.short, counts.filled)
    },
);

/// The annotator `fineweb_duplicate_line_char_ratio`.
pub(in crate::annotators) const DUPLICATE_LINE_CHAR_RATIO: Measure = Measure {
    evidence: |document| {
        let mut spans = Spans::default();
        document.repeated_filled_lines(|start, end| spans.push(start, end));
        spans.into_vec()
    },
    ..of(
        "fineweb_duplicate_line_char_ratio",
        ValueType::Float,
        "share of characters",
        1.0,
        "Characters of lines that stood before in the text divided by all its characters but line \
         feeds. Lines stand between line feeds and are compared as they are, blank ones left out. \
         A text of line feeds alone gives NULL.",
        &[Example::float("aaa\n\nb\naaa\n a", 3.0 / 9.0), Example::null("\n")],
        |document| {
            let copied = document.repeated_filled_lines(|_, _| ()).copied_chars;
            let feeds = document.line_counts().all - 1;
            Value::ratio(copied, document.chars() - feeds)
        },
    )
};

/// The annotator `fineweb_newline_word_ratio`.
pub(in crate::annotators) const NEWLINE_WORD_RATIO: Measure = of(
    "fineweb_newline_word_ratio",
    ValueType::Float,
    "line feeds per word",
    f64::INFINITY,
    "Line feeds divided by words. Words are what spaCy's English tokenizer gives: each punctuation \
     mark is a word of its own. A text without words gives NULL.",
    &[Example::float("One, two.\n\nThree", 2.0 / 5.0), Example::null("\n")],
    |document| {
        let feeds = document.line_counts().all - 1;
        Value::ratio(feeds, document.spacy_words().len())
    },
);

const fn of(
    name: &'static str,
    value_type: ValueType,
    unit: &'static str,
    most: f64,
    definition: &'static str,
    examples: &'static [Example],
    measure: fn(&mut Document<'_>) -> Value,
) -> Measure {
    Measure::plain(
        name,
        value_type,
        unit,
        (0.0, most),
        definition,
        "datatrove 0.10.1, FineWebQualityFilter",
        examples,
        measure,
    )
}
