//! Words and sentences as RedPajama-Data counts them in a text as it is.

use std::sync::LazyLock;

use ahash::AHashSet;
use tamis_kernels::{hash_word, is_letter};

/// Counts over what a split into runs of word characters and runs of marks gives.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct RawWords {
    /// Runs of either kind.
    pub(crate) all: usize,
    /// Runs with an ASCII letter.
    pub(crate) alphabetic: usize,
    /// Runs with a letter that has a case and none in lower case.
    pub(crate) all_caps: usize,
    /// Runs that are an English stop word.
    pub(crate) stop_words: usize,
}

/// English stop words of the collection `stopwords-json` (Apache-2.0) as RedPajama-Data reads it,
/// without those that hold an apostrophe: a run never does.
const STOP_WORDS: &str = include_str!("stop_words_en.txt");

static STOPS: LazyLock<AHashSet<u64>> = LazyLock::new(|| {
    STOP_WORDS.split_whitespace().map(|word| hash_word(word.as_bytes())).collect()
});

/// The longest stop word in bytes.
const STOP_BYTES_MAX: usize = 13;

/// A character of Python's `\w`.
fn is_word(c: char) -> bool {
    if c.is_ascii() {
        c.is_ascii_alphanumeric() || c == '_'
    } else {
        is_letter(c) || c.is_numeric()
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Space,
    Word,
    Marks,
}

fn kind(c: char) -> Kind {
    if is_word(c) {
        Kind::Word
    } else if tamis_kernels::is_space(c) {
        Kind::Space
    } else {
        Kind::Marks
    }
}

impl RawWords {
    /// Counts the runs of `text`.
    pub(crate) fn of(text: &str) -> Self {
        let mut counts = Self::default();
        let mut run = Run::default();
        let (mut before, mut start) = (Kind::Space, 0);
        for (at, c) in text.char_indices() {
            let here = kind(c);
            if here != before {
                counts.close(before, text.get(start..at).unwrap_or_default(), run);
                (before, start, run) = (here, at, Run::default());
            }
            run.add(c);
        }
        counts.close(before, text.get(start..).unwrap_or_default(), run);
        counts
    }

    fn close(&mut self, kind: Kind, part: &str, run: Run) {
        if kind == Kind::Space {
            return;
        }
        self.all += 1;
        self.alphabetic += usize::from(run.ascii_letter);
        self.all_caps += usize::from(run.upper && !run.lower);
        let stops = part.len() <= STOP_BYTES_MAX && STOPS.contains(&hash_word(part.as_bytes()));
        self.stop_words += usize::from(stops);
    }
}

/// What was seen in a run.
#[derive(Clone, Copy, Default)]
struct Run {
    ascii_letter: bool,
    upper: bool,
    lower: bool,
}

impl Run {
    fn add(&mut self, c: char) {
        self.ascii_letter |= c.is_ascii_alphabetic();
        self.upper |= c.is_uppercase();
        self.lower |= c.is_lowercase();
    }
}

/// Sentences as the pattern `\b[^.!?]+[.!?]*` finds them: from the next edge of a word on, over all
/// that ends none, over what does.
pub(crate) fn sentences(text: &str) -> usize {
    let ends = |c: char| matches!(c, '.' | '!' | '?');
    let (mut count, mut inside, mut marks, mut before) = (0, false, false, false);
    for c in text.chars() {
        let word = is_word(c);
        if inside {
            if ends(c) {
                marks = true;
            } else if marks {
                (inside, marks) = (false, false);
            }
        }
        if !inside && word != before && !ends(c) {
            inside = true;
            count += 1;
        }
        before = word;
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_counted() {
        // Don ' t SHOUT , the 5 — É_ B2
        let found = RawWords::of("Don't SHOUT, the 5 — É_ B2");
        let expected = RawWords { all: 10, alphabetic: 5, all_caps: 3, stop_words: 2 };
        assert_eq!(found, expected);
        assert_eq!(RawWords::of(" \n"), RawWords::default());
    }

    #[test]
    fn stop_words_are_short_runs() {
        assert!(STOPS.len() > 500);
        assert!(STOP_WORDS.split_whitespace().all(|word| word.len() <= STOP_BYTES_MAX));
        assert!(!STOP_WORDS.contains('\''));
    }

    #[test]
    fn sentences_start_at_the_edge_of_a_word() {
        assert_eq!(sentences("One. Two! Three"), 3);
        assert_eq!(sentences("Version 3.5 is out..."), 2);
        assert_eq!(sentences("... !"), 0);
        assert_eq!(sentences(""), 0);
    }
}
