//! Words as what stands between white space.

use crate::char_class::{CLASS, LOWER, SPACE, UPPER, WIDE, is_letter, is_space};
use crate::words::{ALPHABETIC, Word, hash_word, saturate};

/// Puts the words of `text` into `words`, in order, after emptying it: what stands between white
/// space, as Python's `str.split` has it, case kept. [`Word::hash`] is [`hash_word`] of the bytes.
pub fn blank_words(text: &str, words: &mut Vec<Word>) {
    words.clear();
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let start = at;
        let mut seen = 0;
        while let Some(&byte) = bytes.get(at) {
            let class = CLASS[usize::from(byte)];
            if class & SPACE != 0 || (byte >= 0xc2 && wide_space(text, at)) {
                break;
            }
            seen |= class;
            at += 1;
        }
        if at > start {
            words.push(word(text, start, at, seen));
        }
        // over the white space that ended the word; a wide one is two or three bytes
        at += bytes.get(at).map_or(1, |&byte| match byte {
            0xc2 => 2,
            0x80.. => 3,
            _ => 1,
        });
    }
}

fn word(text: &str, start: usize, end: usize, seen: u8) -> Word {
    let part = &text[start..end];
    let letters = if seen & (LOWER | UPPER) != 0 {
        true
    } else {
        seen & WIDE != 0 && part.chars().any(is_letter)
    };
    let chars = if seen & WIDE == 0 { end - start } else { part.chars().count() };
    Word {
        start,
        end,
        hash: hash_word(part.as_bytes()),
        chars: saturate(chars),
        flags: if letters { ALPHABETIC } else { 0 },
    }
}

/// Whether a character outside ASCII that is white space starts at `at`.
fn wide_space(text: &str, at: usize) -> bool {
    // the first bytes of the white space outside ASCII
    matches!(text.as_bytes().get(at), Some(0xc2 | 0xe1..=0xe3))
        && text.get(at..).and_then(|rest| rest.chars().next()).is_some_and(is_space)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn scan(text: &str) -> Vec<Word> {
        let mut words = Vec::new();
        blank_words(text, &mut words);
        words
    }

    #[test]
    fn words_stand_between_white_space() {
        let text = " Don't\u{a0}stop—5 \t\u{3000}é!\n";
        let words = scan(text);
        let texts: Vec<&str> = words.iter().map(|word| &text[word.start..word.end]).collect();
        assert_eq!(texts, ["Don't", "stop—5", "é!"]);
        let chars: Vec<u32> = words.iter().map(|word| word.chars).collect();
        assert_eq!(chars, [5, 6, 2]);
        assert!(words.iter().all(Word::is_alphabetic));
        assert!(!scan("5— —")[0].is_alphabetic());
    }

    proptest! {
        #[test]
        fn what_the_standard_library_splits(text in "([\\PC]{0,4}|[a-z,.]{0,9}|[ \n\t\u{a0}\u{2003}\u{85}\u{1f}]){0,20}") {
            let plain: Vec<&str> = text.split(is_space).filter(|word| !word.is_empty()).collect();
            let words = scan(&text);
            let found: Vec<&str> = words.iter().map(|word| &text[word.start..word.end]).collect();
            prop_assert_eq!(found, plain);
        }
    }
}
