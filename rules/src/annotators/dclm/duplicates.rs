//! What DCLM counts over lines and paragraphs that are there more than once.

use super::super::evidence::Spans;
use super::super::{Example, Measure, Value, ValueType};
use crate::document::{Document, Repeated};

/// The annotator `dclm_duplicate_line_ratio`.
pub(in crate::annotators) const DUPLICATE_LINE_RATIO: Measure = of(
    "dclm_duplicate_line_ratio",
    "share of lines",
    "Lines that are there more than once, first occurrences included, divided by all lines. Lines \
     stand between line feeds, trimmed, blank ones left out. A text without lines gives NULL.",
    &[Example::float("a\n\n a\nb\nc", 2.0 / 4.0), Example::float("a", 0.0), Example::null(" ")],
    |document| share_of_all(document.copied_lines(|_, _| ())),
    |document| evidence(|found| document.copied_lines(found)),
);

/// The annotator `dclm_duplicate_line_char_ratio`.
pub(in crate::annotators) const DUPLICATE_LINE_CHAR_RATIO: Measure = of(
    "dclm_duplicate_line_char_ratio",
    "share of characters",
    "Characters of the lines that are there more than once, first occurrences included, divided by \
     those of all lines. Lines stand between line feeds, trimmed, blank ones left out. A text \
     without lines gives NULL.",
    &[Example::float("aa\n\n aa\nb", 4.0 / 5.0), Example::float("a", 0.0), Example::null(" ")],
    |document| share_of_chars(document.copied_lines(|_, _| ())),
    |document| evidence(|found| document.copied_lines(found)),
);

/// The annotator `dclm_duplicate_paragraph_ratio`.
pub(in crate::annotators) const DUPLICATE_PARAGRAPH_RATIO: Measure = of(
    "dclm_duplicate_paragraph_ratio",
    "share of paragraphs",
    "Paragraphs that are there more than once, first occurrences included, divided by all \
     paragraphs. Paragraphs stand between two line feeds in a row, trimmed, blank ones left out. A \
     text without paragraphs gives NULL.",
    &[
        Example::float("a\n\na\n\nb\n \na", 2.0 / 3.0),
        Example::float("a\na", 0.0),
        Example::null("\n\n"),
    ],
    |document| share_of_all(document.copied_feed_blocks(|_, _| ())),
    |document| evidence(|found| document.copied_feed_blocks(found)),
);

/// The annotator `dclm_duplicate_paragraph_char_ratio`.
pub(in crate::annotators) const DUPLICATE_PARAGRAPH_CHAR_RATIO: Measure = of(
    "dclm_duplicate_paragraph_char_ratio",
    "share of characters",
    "Characters of the paragraphs that are there more than once, first occurrences included, \
     divided by those of all paragraphs. Paragraphs stand between two line feeds in a row, trimmed, \
     blank ones left out. A text without paragraphs gives NULL.",
    &[
        Example::float("aa\n\naa\n\nb", 4.0 / 5.0),
        Example::float("a\na", 0.0),
        Example::null("\n\n"),
    ],
    |document| share_of_chars(document.copied_feed_blocks(|_, _| ())),
    |document| evidence(|found| document.copied_feed_blocks(found)),
);

const fn of(
    name: &'static str,
    unit: &'static str,
    definition: &'static str,
    examples: &'static [Example],
    measure: fn(&mut Document<'_>) -> Value,
    evidence: fn(&mut Document<'_>) -> Vec<(usize, usize)>,
) -> Measure {
    let source = "DCLM, massive_web_repetition_filters";
    Measure {
        evidence,
        ..Measure::plain(
            name,
            ValueType::Float,
            unit,
            (0.0, 1.0),
            definition,
            source,
            examples,
            measure,
        )
    }
}

fn share_of_all(counts: Repeated) -> Value {
    Value::ratio(counts.copies, counts.all)
}

fn share_of_chars(counts: Repeated) -> Value {
    Value::ratio(counts.copied_chars, counts.chars)
}

fn evidence(walk: impl FnOnce(&mut dyn FnMut(usize, usize)) -> Repeated) -> Vec<(usize, usize)> {
    let mut spans = Spans::default();
    walk(&mut |start, end| spans.push(start, end));
    spans.into_vec()
}
