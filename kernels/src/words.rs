//! The words of a text.

use crate::char_class::char_at;
use crate::masks::{BLOCK, Masks};

/// A flag of [`Word::flags`]: at least one character is a letter.
pub const ALPHABETIC: u8 = 1;
/// A flag of [`Word::flags`]: every character is punctuation.
pub const SYMBOL: u8 = 2;

/// One word of a text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Word {
    /// The byte at which the word starts.
    pub start: usize,
    /// The byte after its last one.
    pub end: usize,
    /// The hash of the word; what is hashed is said by the word definition.
    pub hash: u64,
    /// Characters (Unicode scalar values) in the text, before any lower-casing.
    pub chars: u32,
    /// [`ALPHABETIC`] and [`SYMBOL`].
    pub flags: u8,
}

impl Word {
    /// Whether at least one character is a letter.
    pub fn is_alphabetic(&self) -> bool {
        self.flags & ALPHABETIC != 0
    }

    /// Whether every character is punctuation.
    pub fn is_symbol(&self) -> bool {
        self.flags & SYMBOL != 0
    }
}

/// Our word definition: runs of Unicode letters, digits and underscores, lower-cased.
///
/// Letters are what Unicode calls alphabetic, so vowel signs stay inside their word; digits are
/// kept as they are. [`Word::hash`] is [`hash_word`] of the lower-cased UTF-8.
#[derive(Default)]
pub struct Tamis {
    lower: Vec<u8>,
}

impl Tamis {
    /// Puts the words of `text` into `words`, in order, after emptying it.
    pub fn scan(&mut self, text: &str, words: &mut Vec<Word>) {
        words.clear();
        let bytes = text.as_bytes();
        let (mut base, mut at) = (0, 0);
        let mut masks = Masks::of(bytes, 0);
        while base < bytes.len() {
            let starts = (masks.word | masks.wide) & (!0 << (at - base));
            if starts == 0 {
                base += BLOCK;
                at = base;
                masks = Masks::of(bytes, base);
                continue;
            }
            let start = base + starts.trailing_zeros() as usize;
            let mut in_block = start - base;
            let mut letters = 0;
            let end = loop {
                let stop = (!masks.word & (!0 << in_block)).trailing_zeros() as usize;
                letters |= masks.letter & (!0 << in_block) & low_bits(stop);
                if stop < BLOCK {
                    break base + stop;
                }
                base += BLOCK;
                in_block = 0;
                masks = Masks::of(bytes, base);
            };
            if end < bytes.len() && masks.wide >> (end - base) & 1 == 1 {
                at = self.scan_wide(text, start, end, words);
                if at >= base + BLOCK {
                    base = at;
                    masks = Masks::of(bytes, base);
                }
                continue;
            }
            words.push(Word {
                start,
                end,
                hash: hash_lower_case(bytes, start, end),
                chars: saturate(end - start),
                flags: if letters == 0 { 0 } else { ALPHABETIC },
            });
            at = end;
        }
    }

    /// The word at `start`, whose bytes up to `ascii_end` are ASCII and are followed by another
    /// character; gives the byte at which the scan goes on.
    fn scan_wide(
        &mut self,
        text: &str,
        start: usize,
        ascii_end: usize,
        words: &mut Vec<Word>,
    ) -> usize {
        let next = char_at(text, ascii_end);
        if start == ascii_end && !next.is_alphanumeric() {
            return ascii_end + next.len_utf8();
        }
        self.lower.clear();
        let (mut end, mut chars, mut flags) = (start, 0_usize, 0);
        let mut utf8 = [0; 4];
        for c in text.get(start..).unwrap_or_default().chars() {
            if !(c.is_alphanumeric() || c == '_') {
                break;
            }
            for lower in c.to_lowercase() {
                self.lower.extend_from_slice(lower.encode_utf8(&mut utf8).as_bytes());
            }
            if c.is_alphabetic() {
                flags = ALPHABETIC;
            }
            chars += 1;
            end += c.len_utf8();
        }
        words.push(Word {
            start,
            end,
            hash: hash_word(&self.lower),
            chars: saturate(chars),
            flags,
        });
        end
    }
}

/// The lowest `count` bits, of at most 64.
#[inline]
fn low_bits(count: usize) -> u64 {
    if count >= BLOCK { !0 } else { (1 << count) - 1 }
}

/// `count` as 32 bits; more than that is the largest there is.
pub(crate) fn saturate(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

const SEED: u64 = 0x9e37_79b9_7f4a_7c15;
const FIRST: u64 = 0xd6e8_feb8_6659_fd93;
const LAST: u64 = 0xa076_1d64_78bd_642f;

/// The 64-bit hash of a word's bytes; the same on every machine and in every version.
pub fn hash_word(bytes: &[u8]) -> u64 {
    let mut state = SEED ^ bytes.len() as u64;
    let mut at = 0;
    while at < bytes.len() {
        state =
            fold(load(bytes, at, bytes.len()) ^ FIRST, load(bytes, at + 8, bytes.len()) ^ state);
        at += 16;
    }
    fold(state ^ LAST, SEED)
}

/// [`hash_word`] of the ASCII bytes from `start` to `end`, lower-cased on the way.
fn hash_lower_case(bytes: &[u8], start: usize, end: usize) -> u64 {
    let mut state = SEED ^ (end - start) as u64;
    let mut at = start;
    while at < end {
        let low = lower_case(load(bytes, at, end));
        state = fold(low ^ FIRST, lower_case(load(bytes, at + 8, end)) ^ state);
        at += 16;
    }
    fold(state ^ LAST, SEED)
}

/// The product in 128 bits, its halves folded together.
#[expect(clippy::cast_possible_truncation, reason = "the two halves are taken on purpose")]
pub(crate) fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    (product as u64) ^ ((product >> 64) as u64)
}

/// The eight bytes from `at`, little-endian, those at and after `end` as zero.
fn load(bytes: &[u8], at: usize, end: usize) -> u64 {
    if at >= end {
        return 0;
    }
    let wanted = end - at;
    let value = match bytes.get(at..at + 8) {
        Some(eight) => eight.try_into().map_or(0, u64::from_le_bytes),
        None => bytes
            .get(at..)
            .unwrap_or_default()
            .iter()
            .rev()
            .fold(0, |value, &byte| value << 8 | u64::from(byte)),
    };
    if wanted >= 8 { value } else { value & ((1 << (wanted * 8)) - 1) }
}

/// Lower-cases eight ASCII bytes at once.
fn lower_case(bytes: u64) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let from_a = bytes + ONES * (0x80 - u64::from(b'A'));
    let above_z = bytes + ONES * (0x80 - u64::from(b'Z') - 1);
    let upper = (from_a & !above_z) & (ONES * 0x80);
    bytes | (upper >> 2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn scan(text: &str) -> Vec<Word> {
        let mut words = Vec::new();
        Tamis::default().scan(text, &mut words);
        words
    }

    fn texts(text: &str) -> Vec<&str> {
        scan(text).iter().map(|word| &text[word.start..word.end]).collect()
    }

    /// The definition written down as plainly as can be.
    fn plain(text: &str) -> Vec<Word> {
        let mut words = Vec::new();
        let mut rest = text.char_indices().peekable();
        while let Some(&(start, c)) = rest.peek() {
            if !(c.is_alphanumeric() || c == '_') {
                rest.next();
                continue;
            }
            let (mut end, mut chars, mut flags, mut lower) = (start, 0, 0, String::new());
            while let Some((at, c)) = rest.next_if(|(_, c)| c.is_alphanumeric() || *c == '_') {
                end = at + c.len_utf8();
                chars += 1;
                lower.extend(c.to_lowercase());
                if c.is_alphabetic() {
                    flags = ALPHABETIC;
                }
            }
            words.push(Word { start, end, hash: hash_word(lower.as_bytes()), chars, flags });
        }
        words
    }

    #[test]
    fn words_are_runs_of_letters_digits_and_underscores() {
        assert_eq!(texts("Don't stop_me  now: 3.5!"), ["Don", "t", "stop_me", "now", "3", "5"]);
        assert_eq!(texts("naïve café—über"), ["naïve", "café", "über"]);
        assert!(texts(" ,.;\u{2014}\u{1f600}").is_empty());
    }

    #[test]
    fn case_does_not_change_the_hash() {
        let words = scan("ÉTÉ été Straße STRASSE the_End_Of_A_Long_Name_Of_More_Than_16 THE");
        assert_eq!(words[0].hash, words[1].hash);
        assert_ne!(words[2].hash, words[3].hash);
        assert_eq!(words[4].hash, hash_word(b"the_end_of_a_long_name_of_more_than_16"));
        assert_eq!(words[5].hash, hash_word(b"the"));
        assert_eq!((words[0].chars, words[0].end), (3, 5));
    }

    #[test]
    fn digits_are_not_alphabetic() {
        let words = scan("2024 a1 __");
        let flags: Vec<bool> = words.iter().map(Word::is_alphabetic).collect();
        assert_eq!(flags, [false, true, false]);
    }

    #[test]
    fn every_ascii_byte_is_lower_cased_as_the_standard_library_does() {
        for byte in 0..128_u8 {
            let eight = u64::from_le_bytes([byte; 8]);
            assert_eq!(lower_case(eight), u64::from_le_bytes([byte.to_ascii_lowercase(); 8]));
        }
    }

    proptest! {
        #[test]
        fn the_fast_path_finds_what_the_plain_one_finds(text in "\\PC*") {
            prop_assert_eq!(scan(&text), plain(&text));
        }

        #[test]
        fn ascii_text_too(text in "[ -~\n]{0,200}") {
            prop_assert_eq!(scan(&text), plain(&text));
        }

        #[test]
        fn mixed_words_too(text in "([a-zA-Z_]{0,9}[éÉßİ’ 9]{0,2}){0,12}") {
            prop_assert_eq!(scan(&text), plain(&text));
        }
    }
}
