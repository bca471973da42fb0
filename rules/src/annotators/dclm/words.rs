//! What DCLM counts over words.

use super::super::{Example, Measure, Value, ValueType};

/// The annotator `dclm_word_count`.
pub(in crate::annotators) const WORD_COUNT: Measure = Measure::plain(
    "dclm_word_count",
    ValueType::Int,
    "words",
    (0.0, f64::INFINITY),
    "Words between blanks, tabs, line ends and NUL whose first character is a letter or a digit: \
     a word in quotes or brackets is left out, one with an apostrophe counts once.",
    "DCLM, page_length_filter with length_type word and ignore_punctuation",
    &[Example::int("One, (two) 3rd it's — ok", 4), Example::int("", 0)],
    |document| {
        let parts = document.text().split([' ', '\n', '\r', '\t', '\u{b}', '\u{c}', '\0']);
        Value::count(parts.filter(|part| part.starts_with(char::is_alphanumeric)).count())
    },
);

/// The annotator `dclm_mean_word_length`.
pub(in crate::annotators) const MEAN_WORD_LENGTH: Measure = Measure::plain(
    "dclm_mean_word_length",
    ValueType::Float,
    "characters",
    (1.0, f64::INFINITY),
    "The mean length of all words in characters, punctuation included; words stand between white \
     space. A text without words gives NULL.",
    "DCLM, word_length_filter",
    &[Example::float("a bb, cccc", 8.0 / 3.0), Example::null(" ")],
    |document| {
        let counts = document.blank_counts();
        Value::ratio(counts.chars, counts.all)
    },
);

/// The annotator `dclm_symbol_word_ratio`.
pub(in crate::annotators) const SYMBOL_WORD_RATIO: Measure = Measure::plain(
    "dclm_symbol_word_ratio",
    ValueType::Float,
    "symbols per word",
    (0.0, f64::INFINITY),
    "Occurrences of `#`, `...`, `. . .` and `…`, each not overlapping itself, divided by all words; \
     words stand between white space. A text without words gives NULL.",
    "DCLM, symbol_ratio_filter",
    &[
        Example::float("##a b... c . . . d…", 5.0 / 7.0),
        Example::float("a.. b", 0.0),
        Example::null(""),
    ],
    |document| {
        let text = document.text().as_bytes();
        let hashes = memchr::memchr_iter(b'#', text).count();
        let dots = memchr::memmem::find_iter(text, "...").count();
        let spaced = memchr::memmem::find_iter(text, ". . .").count();
        let signs = memchr::memmem::find_iter(text, "…").count();
        Value::ratio(hashes + dots + spaced + signs, document.blank_words().len())
    },
);

/// The annotator `dclm_unalphabetic_word_ratio`.
pub(in crate::annotators) const UNALPHABETIC_WORD_RATIO: Measure = Measure::plain(
    "dclm_unalphabetic_word_ratio",
    ValueType::Float,
    "share of words",
    (0.0, 1.0),
    "Words without a letter divided by all words; words stand between white space. A text without \
     words gives NULL.",
    "DCLM, alphabetic_word_ratio_filter",
    &[Example::float("a1, 2 - b", 2.0 / 4.0), Example::null("")],
    |document| {
        let counts = document.blank_counts();
        Value::ratio(counts.all - counts.alphabetic, counts.all)
    },
);

/// The annotator `dclm_stop_word_count`.
pub(in crate::annotators) const STOP_WORD_COUNT: Measure = Measure::plain(
    "dclm_stop_word_count",
    ValueType::Int,
    "words",
    (0.0, f64::INFINITY),
    "Words that are one of `the`, `be`, `to`, `of`, `and`, `that`, `have` and `with` in any case, \
     with no mark beside them; each occurrence counts. Words stand between white space.",
    "DCLM, stop_word_filter with count_unique False",
    &[Example::int("the the The that, with", 4), Example::int("", 0)],
    |document| Value::count(document.blank_counts().stop_words_any_case),
);
