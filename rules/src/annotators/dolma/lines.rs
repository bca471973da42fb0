//! What dolma counts over lines.

use super::super::evidence::Spans;
use super::super::{Example, Measure, ValueType};
use super::of;
use super::words::ratio;
use crate::document::Document;

/// The annotator `dolma_bullet_line_ratio`.
pub(in crate::annotators) const BULLET_LINE_RATIO: Measure = of(
    "dolma_bullet_line_ratio",
    ValueType::Float,
    "share of lines",
    (0.0, 1.0),
    "Lines that start with `*` or `-`, no white space before it, divided by all lines. Lines stand \
     between line feeds, empty ones count.",
    &[Example::float("- a\n * b\n*\n\n", 2.0 / 5.0), Example::float("", 0.0)],
    |document| {
        let counts = document.line_counts();
        ratio(counts.dolma_bullets, counts.all)
    },
);

/// The annotator `dolma_ellipsis_line_ratio`.
pub(in crate::annotators) const ELLIPSIS_LINE_RATIO: Measure = of(
    "dolma_ellipsis_line_ratio",
    ValueType::Float,
    "share of lines",
    (0.0, 1.0),
    "Lines that end with `…`, no white space after it, divided by all lines; three dots are no \
     ellipsis. Lines stand between line feeds, empty ones count.",
    &[Example::float("a…\nb...\nc… \nd", 1.0 / 4.0), Example::float("", 0.0)],
    |document| {
        let counts = document.line_counts();
        ratio(counts.dolma_ellipses, counts.all)
    },
);

/// The annotator `dolma_duplicate_line_ratio`.
pub(in crate::annotators) const DUPLICATE_LINE_RATIO: Measure = Measure {
    evidence,
    ..of(
        "dolma_duplicate_line_ratio",
        ValueType::Float,
        "share of lines",
        (0.0, 1.0),
        "Lines that are there more than once, first occurrences included, divided by all lines. \
         Lines stand between line feeds, empty ones count, so texts whose paragraphs are parted by \
         empty lines are high. An empty text gives 0.",
        &[
            Example::float("a\nb\na\n", 2.0 / 4.0),
            Example::float("a\n\nb\n\nc", 2.0 / 5.0),
            Example::float("", 0.0),
        ],
        |document| {
            let counts = document.copied_feed_lines(|_, _| ());
            ratio(counts.copies, counts.all)
        },
    )
};

/// The annotator `dolma_duplicate_line_char_ratio`.
pub(in crate::annotators) const DUPLICATE_LINE_CHAR_RATIO: Measure = Measure {
    evidence,
    ..of(
        "dolma_duplicate_line_char_ratio",
        ValueType::Float,
        "characters per character",
        (0.0, f64::INFINITY),
        "Characters of the lines that are there more than once, first occurrences and white space \
         included, divided by the characters of all words, white space left out; so the value can \
         exceed 1. Lines stand between line feeds. An empty text gives 0.",
        &[
            Example::float("aa\nb\naa", 4.0 / 5.0),
            Example::float("a b\na b", 6.0 / 4.0),
            Example::float("", 0.0),
        ],
        |document| {
            let copied = document.copied_feed_lines(|_, _| ()).copied_chars;
            ratio(copied, document.blank_counts().chars)
        },
    )
};

fn evidence(document: &mut Document<'_>) -> Vec<(usize, usize)> {
    let mut spans = Spans::default();
    document.copied_feed_lines(|start, end| {
        if start < end {
            spans.push(start, end);
        }
    });
    spans.into_vec()
}
