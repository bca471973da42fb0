//! `RedPajama`'s signals over words and sentences.

use super::super::{Example, Measure, Value, ValueType};
use super::of;
use crate::document::Document;

/// The annotator `redpajama_word_count`.
pub(in crate::annotators) const WORD_COUNT: Measure = of(
    "redpajama_word_count",
    ValueType::Int,
    "words",
    (0.0, f64::INFINITY),
    "Words between white space that are left after ASCII punctuation is taken away \
     (rps_doc_word_count).",
    &[Example::int("Don't -- stop!", 2), Example::int("", 0)],
    |document| Value::count(document.normal_words().len()),
);

/// The annotator `redpajama_mean_word_length`.
pub(in crate::annotators) const MEAN_WORD_LENGTH: Measure = of(
    "redpajama_mean_word_length",
    ValueType::Float,
    "characters",
    (1.0, f64::INFINITY),
    "The mean length of the words between white space in characters, after ASCII punctuation is \
     taken away and the rest decomposed (NFD), so an accent is a character of its own \
     (rps_doc_mean_word_length). A text without words gives NULL.",
    &[Example::float("Don't é", 6.0 / 2.0), Example::null("...")],
    |document| {
        let words = document.normal_words();
        let chars: usize = words.iter().map(|word| word.chars as usize).sum();
        Value::ratio(chars, words.len())
    },
);

/// The annotator `redpajama_unique_word_ratio`.
pub(in crate::annotators) const UNIQUE_WORD_RATIO: Measure = of(
    "redpajama_unique_word_ratio",
    ValueType::Float,
    "share of words",
    (0.0, 1.0),
    "Different words divided by all words; words stand between white space, without ASCII \
     punctuation, in lower case and decomposed (rps_doc_frac_unique_words). A text without words \
     gives NULL.",
    &[Example::float("The cat, the cat.", 2.0 / 4.0), Example::null("")],
    |document| {
        let different = document.normal_word_counts().len();
        Value::ratio(different, document.normal_words().len())
    },
);

/// The annotator `redpajama_unigram_entropy`.
pub(in crate::annotators) const UNIGRAM_ENTROPY: Measure = of(
    "redpajama_unigram_entropy",
    ValueType::Float,
    "nats",
    (0.0, f64::INFINITY),
    "The entropy of the words of the text: the sum of -p ln p over its different words, p the share \
     of each; words stand between white space, without ASCII punctuation, in lower case and \
     decomposed (rps_doc_unigram_entropy). A text without words gives NULL.",
    &[
        Example::float("one two", std::f64::consts::LN_2),
        Example::float("one One", 0.0),
        Example::null(""),
    ],
    |document| {
        let counts = document.normal_word_counts();
        let all: u32 = counts.iter().sum();
        if all == 0 {
            return Value::Null;
        }
        let share = |count: &u32| f64::from(*count) / f64::from(all);
        let entropy: f64 = counts.iter().map(share).map(|p| -p * p.ln()).sum();
        // one word alone gives minus zero
        Value::Float(entropy.max(0.0))
    },
);

/// The annotator `redpajama_sentence_count`.
pub(in crate::annotators) const SENTENCE_COUNT: Measure = of(
    "redpajama_sentence_count",
    ValueType::Int,
    "sentences",
    (0.0, f64::INFINITY),
    "Matches of `\\b[^.!?]+[.!?]*` (rps_doc_num_sentences): a number with a decimal point makes two.",
    &[Example::int("One. Two! Three", 3), Example::int("It costs 3.50.", 2), Example::int("", 0)],
    |document| Value::count(document.raw_sentences()),
);

/// The annotator `redpajama_all_caps_word_ratio`.
pub(in crate::annotators) const ALL_CAPS_WORD_RATIO: Measure = of(
    "redpajama_all_caps_word_ratio",
    ValueType::Float,
    "share of runs",
    (0.0, 1.0),
    "Runs with a letter in upper case and none in lower case, divided by all runs of word \
     characters and of marks (rps_doc_frac_all_caps_words). A text without runs gives NULL.",
    &[Example::float("SHOUT, quietly B2", 2.0 / 4.0), Example::null("")],
    |document| {
        let counts = document.raw_words();
        Value::ratio(counts.all_caps, counts.all)
    },
);

/// The annotator `redpajama_unalphabetic_word_ratio`.
pub(in crate::annotators) const UNALPHABETIC_WORD_RATIO: Measure = of(
    "redpajama_unalphabetic_word_ratio",
    ValueType::Float,
    "share of runs",
    (0.0, 1.0),
    "Runs without an ASCII letter divided by all runs of word characters and of marks: every run of \
     punctuation is one, and so is every word of another script (rps_doc_frac_no_alph_words). A \
     text without runs gives NULL.",
    &[Example::float("One, 2 да", 3.0 / 4.0), Example::null("")],
    |document| {
        let counts = document.raw_words();
        Value::ratio(counts.all - counts.alphabetic, counts.all)
    },
);

/// The annotator `redpajama_stop_word_ratio`.
pub(in crate::annotators) const STOP_WORD_RATIO: Measure = of(
    "redpajama_stop_word_ratio",
    ValueType::Float,
    "share of runs",
    (0.0, 1.0),
    "Runs that are an English stop word in lower case, of a list of 523, divided by all runs of \
     word characters and of marks (rps_doc_stop_word_fraction). A text without words gives 0.",
    &[Example::float("The cat and the dog.", 2.0 / 6.0), Example::float("", 0.0)],
    |document| {
        if document.normal_words().is_empty() {
            return Value::Float(0.0);
        }
        let counts = document.raw_words();
        Value::ratio(counts.stop_words, counts.all)
    },
);

/// The annotator `redpajama_symbol_word_ratio`.
pub(in crate::annotators) const SYMBOL_WORD_RATIO: Measure = of(
    "redpajama_symbol_word_ratio",
    ValueType::Float,
    "symbols per run",
    (0.0, f64::INFINITY),
    "Occurrences of `#`, `...` and `…` divided by all runs of word characters and of marks \
     (rps_doc_symbol_to_word_ratio). A text without runs gives NULL.",
    &[Example::float("#a b... c…", 3.0 / 6.0), Example::null("")],
    symbols,
);

fn symbols(document: &mut Document<'_>) -> Value {
    let text = document.text().as_bytes();
    let hashes = memchr::memchr_iter(b'#', text).count();
    let dots = memchr::memmem::find_iter(text, "...").count();
    let signs = memchr::memmem::find_iter(text, "…").count();
    Value::ratio(hashes + dots + signs, document.raw_words().all)
}
