//! `RedPajama`'s signals over lines.

use super::super::{Example, Measure, Value, ValueType};
use super::of;
use crate::document::Document;

/// Lines as its pattern finds them: each with its line feed, and the rest if there is one.
fn lines(document: &mut Document<'_>) -> usize {
    let all = document.line_counts().all;
    let text = document.text();
    all - usize::from(text.is_empty() || text.ends_with('\n'))
}

/// The annotator `redpajama_ellipsis_line_ratio`.
pub(in crate::annotators) const ELLIPSIS_LINE_RATIO: Measure = of(
    "redpajama_ellipsis_line_ratio",
    ValueType::Float,
    "share of lines",
    (0.0, 1.0),
    "Lines that end with `...` or `…`, white space after it left out, divided by all lines, empty \
     ones too (rps_doc_frac_lines_end_with_ellipsis). A text without lines gives NULL.",
    &[Example::float("a... \nb…\n\nc\n", 2.0 / 4.0), Example::null("")],
    |document| {
        let hits = document.line_counts().redpajama_ellipses;
        Value::ratio(hits, lines(document))
    },
);

/// The annotator `redpajama_terminal_line_ratio`.
pub(in crate::annotators) const TERMINAL_LINE_RATIO: Measure = of(
    "redpajama_terminal_line_ratio",
    ValueType::Float,
    "share of lines",
    (0.0, 1.0),
    "Lines that end with `.`, `!`, `?` or `”`, white space after it left out, divided by all lines, \
     empty ones too: the mean of rps_lines_ending_with_terminal_punctution_mark. A text without \
     lines gives NULL.",
    &[Example::float("a. \nb\"\nc”\n", 2.0 / 3.0), Example::null("")],
    |document| {
        let hits = document.line_counts().redpajama_terminal;
        Value::ratio(hits, lines(document))
    },
);

/// The annotator `redpajama_bullet_line_ratio`.
pub(in crate::annotators) const BULLET_LINE_RATIO: Measure = of(
    "redpajama_bullet_line_ratio",
    ValueType::Float,
    "share of lines",
    (0.0, 1.0),
    "Lines that start with one of `• ‣ ▶ ◀ ◦ ■ □ ▪ ▫ –`, white space before it left out, divided by \
     all lines, empty ones too: the mean of rps_lines_start_with_bulletpoint. Neither `-` nor `*` \
     is a bullet. A text without lines gives NULL.",
    &[Example::float("• a\n- b\n  – c\n", 2.0 / 3.0), Example::null("")],
    |document| {
        let hits = document.line_counts().redpajama_bullets;
        Value::ratio(hits, lines(document))
    },
);

/// The annotator `redpajama_mean_line_word_count`.
pub(in crate::annotators) const MEAN_LINE_WORD_COUNT: Measure = of(
    "redpajama_mean_line_word_count",
    ValueType::Float,
    "words per line",
    (0.0, f64::INFINITY),
    "Words divided by lines, empty ones too: the mean of rps_lines_num_words. Words stand between \
     white space and have more than ASCII punctuation. A text without lines gives NULL.",
    &[Example::float("one - two\n\nthree\n", 1.0), Example::null("")],
    |document| {
        let words = document.normal_words().len();
        Value::ratio(words, lines(document))
    },
);

/// The annotator `redpajama_javascript_count`.
pub(in crate::annotators) const JAVASCRIPT_COUNT: Measure = of(
    "redpajama_javascript_count",
    ValueType::Int,
    "words",
    (0.0, f64::INFINITY),
    "Words that are `javascript` in any case once ASCII punctuation is taken away: the sum of \
     rps_lines_javascript_counts.",
    &[Example::int("Enable Java-Script; JavaScript!\njavascripts", 2), Example::int("", 0)],
    |document| {
        let wanted = tamis_kernels::hash_word(b"javascript");
        let words = document.normal_words();
        Value::count(words.iter().filter(|word| word.hash == wanted).count())
    },
);

/// The annotator `redpajama_mean_line_uppercase_ratio`.
pub(in crate::annotators) const MEAN_LINE_UPPERCASE_RATIO: Measure = of(
    "redpajama_mean_line_uppercase_ratio",
    ValueType::Float,
    "share of characters",
    (0.0, 1.0),
    "The share of upper-case letters in the characters of a line, its line feed included, as the \
     mean over all lines: the mean of rps_lines_uppercase_letter_fraction. A text without lines \
     gives NULL.",
    &[Example::float("AB c\nd", 2.0 / 5.0 / 2.0), Example::null("")],
    |document| mean(document, |line| part(line.chars(), char::is_uppercase)),
);

/// The annotator `redpajama_mean_line_digit_ratio`.
pub(in crate::annotators) const MEAN_LINE_DIGIT_RATIO: Measure = of(
    "redpajama_mean_line_digit_ratio",
    ValueType::Float,
    "share of characters",
    (0.0, 1.0),
    "The share of numerals in the characters of a line after normalising (ASCII punctuation taken \
     away, white space one blank and none at the ends), as the mean over all lines: the mean of \
     rps_lines_numerical_chars_fraction. A line that is empty then has 0; accents are not parted \
     from their letters. A text without lines gives NULL.",
    &[Example::float(" 1,2  ab\n--\n", 2.0 / 5.0 / 2.0), Example::null("")],
    |document| {
        mean(document, |line| {
            let mut blank = true;
            let bare =
                line.trim_end_matches(|c: char| c.is_whitespace() || c.is_ascii_punctuation());
            let bare = bare.chars().filter(|c| !c.is_ascii_punctuation());
            part(
                bare.filter(|c| !(std::mem::replace(&mut blank, c.is_whitespace()) && blank)),
                char::is_numeric,
            )
        })
    },
);

/// The share of the characters that are `wanted`; 0 where there is none.
fn part(chars: impl Iterator<Item = char>, wanted: impl Fn(char) -> bool) -> f64 {
    let (mut all, mut hits) = (0_u32, 0_u32);
    for c in chars {
        all += 1;
        hits += u32::from(wanted(c));
    }
    f64::from(hits) / f64::from(all.max(1))
}

fn mean(document: &mut Document<'_>, value: impl Fn(&str) -> f64) -> Value {
    let (mut sum, mut all) = (0.0, 0_u32);
    for line in document.text().split_inclusive('\n') {
        sum += value(line);
        all += 1;
    }
    if all == 0 { Value::Null } else { Value::Float(sum / f64::from(all)) }
}
