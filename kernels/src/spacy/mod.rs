//! English words as spaCy's rule-based tokenizer cuts them, by our own code.
//!
//! A run between white space is cut in this order: an exception is cut as its entry says; else
//! punctuation is peeled off both ends, again and again; what is left is an exception, a web
//! address kept whole, or cut at infixes. Last, neighbouring pieces that spell an exception
//! (`and/or`, `:)`) are put together again.

mod affixes;
mod exceptions;
mod infixes;
mod lists;
mod sentences;
mod url;

use crate::char_class::{
    CLASS, DIGIT, LETTER, LOWER, MARK, SPACE, UPPER, WIDE, is_letter, is_space,
};
use crate::punctuation::is_punctuation;
use crate::words::{ALPHABETIC, SYMBOL, Word, saturate};
use exceptions::{Exceptions, Parts};

pub use sentences::sentences;

/// The word definition of tools that use spaCy's English tokenizer: words and punctuation marks,
/// case kept.
///
/// [`Word::hash`] is 0: only n-grams ask for it, see [`crate::Grams::fill_joined`].
#[derive(Default)]
pub struct SpacyEnglish {
    suffixes: Vec<(usize, usize)>,
    pieces: Vec<Word>,
}

/// The run that is being cut.
struct Run<'a> {
    text: &'a str,
    exceptions: &'static Exceptions,
    words: &'a mut Vec<Word>,
}

impl SpacyEnglish {
    /// Puts the words of `text` into `words`, in order, after emptying it.
    pub fn scan(&mut self, text: &str, words: &mut Vec<Word>) {
        words.clear();
        let mut run = Run { text, exceptions: Exceptions::get(), words };
        let bytes = text.as_bytes();
        let mut at = 0;
        while at < bytes.len() {
            let start = at;
            let mut seen = 0;
            while let Some(&byte) = bytes.get(at) {
                let class = CLASS[usize::from(byte)];
                if class & SPACE != 0 || (class & WIDE != 0 && wide_space(text, at)) {
                    break;
                }
                seen |= class;
                at += 1;
            }
            if at > start {
                self.cut(&mut run, start, at, seen);
            }
            // over the white space that ended the run; a wide one is at most three bytes
            at += bytes.get(at).map_or(1, |&byte| match byte {
                0xc2 => 2,
                0x80.. => 3,
                _ => 1,
            });
        }
    }

    /// Cuts the run of characters of the classes `seen`.
    fn cut(&mut self, run: &mut Run<'_>, start: usize, end: usize, seen: u8) {
        if run.exception(start, end) {
            return;
        }
        if seen & (MARK | WIDE) == 0 && (seen & DIGIT == 0 || seen & LETTER == 0) {
            run.push(start, end, seen);
            return;
        }
        if seen & (WIDE | DIGIT) == 0 && Self::cut_plain(run, start, end) {
            return;
        }
        let first = run.words.len();
        self.cut_affixes(run, start, end);
        run.merge(first, &mut self.pieces);
    }

    /// Cuts letters with one mark at their end, by far the most frequent run that needs a cut;
    /// gives false for any other.
    fn cut_plain(run: &mut Run<'_>, start: usize, end: usize) -> bool {
        let bytes = &run.text.as_bytes()[start..end];
        let Some((&last, letters)) = bytes.split_last() else { return false };
        let seen = letters.iter().fold(0, |seen, &byte| seen | CLASS[usize::from(byte)]);
        if letters.len() < 2 || seen & !LETTER != 0 {
            return false;
        }
        let peeled = match last {
            b'.' => letters.last().is_some_and(u8::is_ascii_lowercase) || both_upper(letters),
            b',' | b';' | b':' | b'!' | b'?' | b')' | b'"' | b'\'' | b']' => true,
            _ => false,
        };
        if peeled {
            if !run.exception(start, end - 1) {
                run.push(start, end - 1, seen);
            }
            run.push(end - 1, end, MARK);
        }
        peeled
    }

    fn cut_affixes(&mut self, run: &mut Run<'_>, start: usize, end: usize) {
        self.suffixes.clear();
        let (mut start, mut end) = (start, end);
        while start < end && !run.is_exception(start, end) {
            let prefix = affixes::prefix(run.slice(start, end));
            if prefix > 0 && run.is_exception(start + prefix, end) {
                run.push_slow(start, start + prefix);
                start += prefix;
                break;
            }
            let suffix = affixes::suffix(run.slice(start + prefix, end));
            if suffix > 0 && run.is_exception(start, end - suffix) {
                self.suffixes.push((end - suffix, end));
                end -= suffix;
                break;
            }
            if prefix == 0 && suffix == 0 {
                break;
            }
            if prefix > 0 {
                run.push_slow(start, start + prefix);
                start += prefix;
            }
            if suffix > 0 {
                self.suffixes.push((end - suffix, end));
                end -= suffix;
            }
        }
        if start < end && !run.exception(start, end) {
            run.push_core(start, end);
        }
        while let Some((start, end)) = self.suffixes.pop() {
            run.push_slow(start, end);
        }
    }
}

fn both_upper(letters: &[u8]) -> bool {
    matches!(letters, [.., a, b] if a.is_ascii_uppercase() && b.is_ascii_uppercase())
}

/// Whether the character outside ASCII at `at` is white space; false inside a character.
fn wide_space(text: &str, at: usize) -> bool {
    // the first bytes of the white space outside ASCII
    matches!(text.as_bytes().get(at), Some(0xc2 | 0xe1..=0xe3))
        && text.get(at..).and_then(|rest| rest.chars().next()).is_some_and(is_space)
}

impl Run<'_> {
    fn slice(&self, start: usize, end: usize) -> &str {
        &self.text[start..end]
    }

    fn is_exception(&self, start: usize, end: usize) -> bool {
        self.exceptions.find(self.slice(start, end)).is_some()
    }

    /// Cuts an exception as its entry says; gives false where there is none.
    fn exception(&mut self, start: usize, end: usize) -> bool {
        let Some(parts) = self.exceptions.find(self.slice(start, end)) else { return false };
        self.push_parts(start, parts);
        true
    }

    fn push_parts(&mut self, start: usize, parts: Parts) {
        let mut at = start;
        for length in parts.lengths() {
            self.push_slow(at, at + length);
            at += length;
        }
    }

    fn push_core(&mut self, start: usize, end: usize) {
        if url::is_match(self.slice(start, end)) {
            self.push_slow(start, end);
            return;
        }
        let mut at = start;
        while let Some((from, to)) = infixes::find(self.slice(start, end), at - start) {
            // an infix at the very start stays with what follows
            if from > 0 {
                if start + from > at {
                    self.push_slow(at, start + from);
                }
                self.push_slow(start + from, start + to);
                at = start + to;
            } else {
                let Some((from, to)) = infixes::find(self.slice(start, end), to) else { break };
                self.push_slow(at, start + from);
                self.push_slow(start + from, start + to);
                at = start + to;
            }
        }
        if at < end {
            self.push_slow(at, end);
        }
    }

    /// Puts together neighbours from word `first` on that spell an exception.
    fn merge(&mut self, first: usize, pieces: &mut Vec<Word>) {
        if self.words.len() < first + 2 {
            return;
        }
        pieces.clear();
        pieces.extend(self.words.drain(first..));
        let mut at = 0;
        while let Some(piece) = pieces.get(at) {
            let longest = (at + 2..=(at + exceptions::PIECES_MAX).min(pieces.len())).rev();
            let found = longest.filter_map(|to| {
                let end = pieces.get(to - 1)?.end;
                let parts = self.exceptions.find(self.slice(piece.start, end))?;
                parts.merges(to - at).then_some((to, parts))
            });
            if let Some((to, parts)) = { found }.next() {
                self.push_parts(piece.start, parts);
                at = to;
            } else {
                self.words.push(*piece);
                at += 1;
            }
        }
    }

    fn push_slow(&mut self, start: usize, end: usize) {
        let seen = self.slice(start, end).bytes().fold(0, |seen, b| seen | CLASS[usize::from(b)]);
        self.push(start, end, seen);
    }

    fn push(&mut self, start: usize, end: usize, seen: u8) {
        let word = self.slice(start, end);
        let (chars, flags) = if seen & WIDE == 0 {
            let alphabetic = if seen & (LOWER | UPPER) != 0 { ALPHABETIC } else { 0 };
            let symbol = if seen & (LETTER | DIGIT) == 0 { SYMBOL } else { 0 };
            (end - start, alphabetic | symbol)
        } else {
            let alphabetic = if word.chars().any(is_letter) { ALPHABETIC } else { 0 };
            let symbol = if word.chars().all(is_punctuation) { SYMBOL } else { 0 };
            (word.chars().count(), alphabetic | symbol)
        };
        self.words.push(Word { start, end, hash: 0, chars: saturate(chars), flags });
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
