//! Words as RedPajama-Data normalises them: without ASCII punctuation, in lower case, decomposed.

use tamis_kernels::{ALPHABETIC, Word, hash_word};
use unicode_normalization::char::{canonical_combining_class, decompose_canonical};

/// Puts the words of `text` that are left after normalising into `out`; `blank` are those between
/// white space. Their bounds are those of the word before, their characters those after it.
pub(super) fn scan(text: &str, blank: &[Word], bytes: &mut Vec<u8>, out: &mut Vec<Word>) {
    out.clear();
    let mut marks: Vec<char> = Vec::new();
    for word in blank {
        bytes.clear();
        let part = text.get(word.start..word.end).unwrap_or_default();
        let chars = if part.is_ascii() {
            let kept = part.bytes().filter(|byte| !byte.is_ascii_punctuation());
            bytes.extend(kept.map(|byte| byte.to_ascii_lowercase()));
            bytes.len()
        } else {
            wide(part, bytes, &mut marks)
        };
        if chars == 0 {
            continue;
        }
        out.push(Word {
            hash: hash_word(bytes),
            chars: u32::try_from(chars).unwrap_or(u32::MAX),
            flags: word.flags & ALPHABETIC,
            ..*word
        });
    }
}

/// Writes a normalised word into `bytes` and gives its characters.
fn wide(part: &str, bytes: &mut Vec<u8>, marks: &mut Vec<char>) -> usize {
    let mut chars = 0;
    let mut utf8 = [0; 4];
    let mut flush = |marks: &mut Vec<char>, bytes: &mut Vec<u8>| {
        // combining marks stand in the order of their classes
        marks.sort_by_key(|mark| canonical_combining_class(*mark));
        for mark in marks.drain(..) {
            bytes.extend_from_slice(mark.encode_utf8(&mut utf8).as_bytes());
        }
    };
    let mut other = [0; 4];
    for c in part.chars().filter(|c| !c.is_ascii_punctuation()).flat_map(char::to_lowercase) {
        decompose_canonical(c, |c| {
            chars += 1;
            if canonical_combining_class(c) == 0 {
                flush(marks, bytes);
                bytes.extend_from_slice(c.encode_utf8(&mut other).as_bytes());
            } else {
                marks.push(c);
            }
        });
    }
    flush(marks, bytes);
    chars
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use tamis_kernels::blank_words;
    use unicode_normalization::UnicodeNormalization;

    fn named(word: &str) -> (u64, u32) {
        (hash_word(word.as_bytes()), u32::try_from(word.chars().count()).unwrap())
    }

    fn scanned(text: &str) -> Vec<(u64, u32)> {
        let (mut blank, mut bytes, mut out) = (Vec::new(), Vec::new(), Vec::new());
        blank_words(text, &mut blank);
        scan(text, &blank, &mut bytes, &mut out);
        out.iter().map(|word| (word.hash, word.chars)).collect()
    }

    #[test]
    fn words_lose_marks_case_and_composition() {
        let words = scanned("Don't -- CAFÉ's “x”");
        let expected: Vec<(u64, u32)> = ["dont", "cafe\u{301}s", "“x”"].map(named).to_vec();
        assert_eq!(words, expected);
    }

    proptest! {
        #[test]
        fn what_the_definition_says(text in "([a-zA-Z'.]{0,5}|[À-ÿẠ-ỹ가-각\u{300}-\u{330}]{0,4}| ){0,20}") {
            let bare: String = text.chars().filter(|c| !c.is_ascii_punctuation()).collect();
            let normal: String = bare.chars().flat_map(char::to_lowercase).nfd().collect();
            let plain: Vec<(u64, u32)> = normal
                .split_whitespace().map(named).collect();
            prop_assert_eq!(scanned(&text), plain);
        }
    }
}
