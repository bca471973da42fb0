//! Sentences as spaCy's rule-based sentencizer ends them, line by line.

use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory};

use crate::char_class::is_space;
use crate::words::Word;

/// Calls `found` with the bounds of each sentence of `text`; `words` are its words as
/// [`crate::SpacyEnglish`] gives them.
///
/// A line is a text of its own, and its end always ends a sentence. Within a line a sentence goes
/// on over the mark that ends it and over any punctuation after that, up to the first other word.
/// White space that is more than one blank is a word of its own there, so it begins a sentence too.
///
/// Source: observed on spaCy 3.8, component `sentencizer` with its default marks.
pub fn sentences(text: &str, words: &[Word], mut found: impl FnMut(usize, usize)) {
    let mut open: Option<(usize, usize)> = None;
    let mut ended = false;
    for word in words {
        let bytes = &text[word.start..word.end];
        let starts = match open {
            None => true,
            Some((_, end)) => match &text[end..word.start] {
                "" | " " => ended && !is_end(bytes) && !is_marks(bytes),
                gap => ended || gap.chars().any(is_line_end),
            },
        };
        if starts {
            if let Some((start, end)) = open {
                found(start, end);
            }
            open = Some((word.start, word.end));
            ended = false;
        } else if let Some((_, end)) = &mut open {
            *end = word.end;
        }
        ended |= is_end(bytes);
    }
    if let Some((start, end)) = open {
        found(start, end);
    }
}

/// A character at which Python's `str.splitlines` ends a line.
fn is_line_end(c: char) -> bool {
    is_space(c)
        && matches!(c, '\n'..='\r' | '\u{1c}'..='\u{1e}' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// Whether a word is one of the marks that end a sentence.
fn is_end(word: &str) -> bool {
    match word.as_bytes() {
        [byte] => matches!(byte, b'.' | b'!' | b'?'),
        [first, ..] if *first >= 0xc2 => {
            let mut chars = word.chars();
            matches!((chars.next(), chars.next()), (Some(c), None) if is_wide_end(c))
        }
        _ => false,
    }
}

/// The marks outside ASCII that end a sentence: the default `punct_chars` of spaCy 3.8.
fn is_wide_end(c: char) -> bool {
    matches!(c, '\u{589}' | '\u{61f}' | '\u{6d4}' | '\u{700}'..='\u{702}' | '\u{7f9}' | '\u{964}'..='\u{965}' | '\u{104a}'..='\u{104b}' | '\u{1362}' | '\u{1367}'..='\u{1368}' | '\u{166e}' | '\u{1735}'..='\u{1736}' | '\u{1803}' | '\u{1809}' | '\u{1944}'..='\u{1945}' | '\u{1aa8}'..='\u{1aab}' | '\u{1b5a}'..='\u{1b5b}' | '\u{1b5e}'..='\u{1b5f}' | '\u{1c3b}'..='\u{1c3c}' | '\u{1c7e}'..='\u{1c7f}' | '\u{203c}'..='\u{203d}' | '\u{2047}'..='\u{2049}' | '\u{2e2e}' | '\u{2e3c}' | '\u{3002}' | '\u{a4ff}' | '\u{a60e}'..='\u{a60f}' | '\u{a6f3}' | '\u{a6f7}' | '\u{a876}'..='\u{a877}' | '\u{a8ce}'..='\u{a8cf}' | '\u{a92f}' | '\u{a9c8}'..='\u{a9c9}' | '\u{aa5d}'..='\u{aa5f}' | '\u{aaf0}'..='\u{aaf1}' | '\u{abeb}' | '\u{fe52}' | '\u{fe56}'..='\u{fe57}' | '\u{ff01}' | '\u{ff0e}' | '\u{ff1f}' | '\u{ff61}' | '\u{10a56}'..='\u{10a57}' | '\u{11047}'..='\u{11048}' | '\u{110be}'..='\u{110c1}' | '\u{11141}'..='\u{11143}' | '\u{111c5}'..='\u{111c6}' | '\u{111cd}' | '\u{111de}'..='\u{111df}' | '\u{11238}'..='\u{11239}' | '\u{1123b}'..='\u{1123c}' | '\u{112a9}' | '\u{1144b}'..='\u{1144c}' | '\u{115c2}'..='\u{115c3}' | '\u{115c9}'..='\u{115d7}' | '\u{11641}'..='\u{11642}' | '\u{1173c}'..='\u{1173e}' | '\u{11a42}'..='\u{11a43}' | '\u{11a9b}'..='\u{11a9c}' | '\u{11c41}'..='\u{11c42}' | '\u{16a6e}'..='\u{16a6f}' | '\u{16af5}' | '\u{16b37}'..='\u{16b38}' | '\u{16b44}' | '\u{1bc9f}' | '\u{1da88}')
}

/// Whether every character of a word is punctuation (category P).
fn is_marks(word: &str) -> bool {
    word.chars().all(|c| {
        if c.is_ascii() {
            c.is_ascii_punctuation() && !matches!(c, '$' | '+' | '<'..='>' | '^' | '`' | '|' | '~')
        } else {
            c.general_category_group() == GeneralCategoryGroup::Punctuation
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SpacyEnglish;
    use proptest::prelude::*;

    fn cut(text: &str) -> Vec<&str> {
        let mut words = Vec::new();
        SpacyEnglish::default().scan(text, &mut words);
        let mut parts = Vec::new();
        sentences(text, &words, |start, end| parts.push(&text[start..end]));
        parts
    }

    #[test]
    fn a_sentence_ends_after_its_marks() {
        assert_eq!(cut("One. Two! Three? Four"), ["One.", "Two!", "Three?", "Four"]);
        assert_eq!(
            cut("He said \"no.\" Then (yes.) He left."),
            ["He said \"no.\"", "Then (yes.)", "He left."]
        );
        assert_eq!(cut("Wait... what?! No."), ["Wait... what?!", "No."]);
        assert_eq!(cut("版は二です。 次は三です。 終"), ["版は二です。", "次は三です。", "終"]);
        assert!(cut(" \n ").is_empty());
    }

    #[test]
    fn abbreviations_and_numbers_end_none() {
        assert_eq!(
            cut("Mr. Smith paid 3.50 to J. Doe of the U.S. today."),
            ["Mr. Smith paid 3.50 to J. Doe of the U.S. today."]
        );
        assert_eq!(cut("a. b. c."), ["a. b. c."]);
        assert_eq!(cut("Item 5. Next."), ["Item 5.", "Next."]);
    }

    #[test]
    fn lines_and_wide_gaps_end_sentences() {
        assert_eq!(cut("one\ntwo"), ["one", "two"]);
        assert_eq!(cut("one\u{2028}two\rthree"), ["one", "two", "three"]);
        assert_eq!(cut("One. ) two"), ["One. )", "two"]);
        assert_eq!(cut("One.  ) two"), ["One.", ") two"]);
        assert_eq!(cut("One  two"), ["One  two"]);
    }

    proptest! {
        #[test]
        fn sentences_hold_every_word_once(text in "([a-zA-Z]{1,4}|[.!?…\"')( \n\t]|Mr\\.){0,60}") {
            let joined: String = cut(&text).concat().chars().filter(|c| !is_space(*c)).collect();
            let bare: String = text.chars().filter(|c| !is_space(*c)).collect();
            prop_assert_eq!(joined, bare);
        }
    }
}
