//! What kind of character a byte or a `char` is.

use unicode_properties::GeneralCategory::{
    self, LowercaseLetter, ModifierLetter, OtherLetter, TitlecaseLetter, UppercaseLetter,
};
use unicode_properties::UnicodeGeneralCategory;

/// An ASCII lower-case letter.
pub(crate) const LOWER: u8 = 1;
/// An ASCII upper-case letter.
pub(crate) const UPPER: u8 = 2;
/// An ASCII digit.
pub(crate) const DIGIT: u8 = 4;
/// Any other ASCII character that is no space.
pub(crate) const MARK: u8 = 8;
/// An ASCII character that ends a run of text: blank, tab, line ends, file separators.
pub(crate) const SPACE: u8 = 16;
/// The underscore, beside [`MARK`].
pub(crate) const UNDERSCORE: u8 = 32;
/// A byte of a character outside ASCII.
pub(crate) const WIDE: u8 = 128;
/// An ASCII letter.
pub(crate) const LETTER: u8 = LOWER | UPPER;
/// An ASCII character of a word.
#[cfg(test)]
pub(crate) const WORD: u8 = LETTER | DIGIT | UNDERSCORE;

/// The class of each byte.
pub(crate) const CLASS: [u8; 256] = {
    let mut table = [0_u8; 256];
    let mut byte = 0_u8;
    loop {
        table[byte as usize] = match byte {
            b'a'..=b'z' => LOWER,
            b'A'..=b'Z' => UPPER,
            b'0'..=b'9' => DIGIT,
            b'_' => MARK | UNDERSCORE,
            b'\t'..=b'\r' | 0x1c..=0x20 => SPACE,
            0x80..=0xff => WIDE,
            _ => MARK,
        };
        if byte == u8::MAX {
            break table;
        }
        byte += 1;
    }
};

/// The class of `byte`.
#[cfg(test)]
pub(crate) fn class(byte: u8) -> u8 {
    CLASS[usize::from(byte)]
}

/// White space as Python's `str.isspace` has it: Unicode's, and the four separators 1C to 1F.
pub fn is_space(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{1c}'..='\u{1f}')
}

/// A letter by its general category (Lu, Ll, Lt, Lm, Lo), which is what Python's `str.isalpha`
/// asks; combining vowel signs and letter numbers are none.
pub fn is_letter(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_alphabetic();
    }
    matches!(
        c.general_category(),
        UppercaseLetter | LowercaseLetter | TitlecaseLetter | ModifierLetter | OtherLetter
    )
}

/// A pictogram, arrow, box or other symbol (category So).
pub(crate) fn is_icon(c: char) -> bool {
    !c.is_ascii() && c.general_category() == GeneralCategory::OtherSymbol
}

/// The character that starts at byte `at` of `text`; U+FFFD at the end of it.
pub(crate) fn char_at(text: &str, at: usize) -> char {
    text.get(at..).and_then(|rest| rest.chars().next()).unwrap_or(char::REPLACEMENT_CHARACTER)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_agrees_with_the_standard_library() {
        for byte in 0..128_u8 {
            let c = char::from(byte);
            assert_eq!(class(byte) & LETTER != 0, c.is_ascii_alphabetic(), "{c:?}");
            assert_eq!(class(byte) & DIGIT != 0, c.is_ascii_digit(), "{c:?}");
            assert_eq!(class(byte) & WORD != 0, c.is_alphanumeric() || c == '_', "{c:?}");
            assert_eq!(class(byte) & SPACE != 0, is_space(c), "{c:?}");
        }
    }

    #[test]
    fn vowel_signs_are_no_letters() {
        assert!(is_letter('é') && is_letter('中') && is_letter('ª'));
        assert!(!is_letter('\u{93f}') && !is_letter('Ⅷ') && !is_letter('5'));
    }
}
