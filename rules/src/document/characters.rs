//! Characters counted by kind.

/// Counts of the characters of one text.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Characters {
    /// All of them.
    pub(crate) all: usize,
    /// Alphabetic ones.
    pub(crate) letters: usize,
    /// Upper-case letters.
    pub(crate) uppercase: usize,
    /// Digits and other numerals.
    pub(crate) digits: usize,
    /// White space.
    pub(crate) whitespace: usize,
    /// Control characters that are no white space.
    pub(crate) control: usize,
    /// U+FFFD.
    pub(crate) replacement: usize,
}

impl Characters {
    /// Counts the characters of `text`.
    pub(crate) fn count(text: &str) -> Self {
        let mut ascii = [0_usize; 128];
        let mut counts = Self::default();
        let bytes = text.as_bytes();
        let mut at = 0;
        while let Some(&byte) = bytes.get(at) {
            if let Some(slot) = ascii.get_mut(usize::from(byte)) {
                *slot += 1;
                at += 1;
                continue;
            }
            let Some(c) = text.get(at..).and_then(|rest| rest.chars().next()) else { break };
            counts.add(c, 1);
            at += c.len_utf8();
        }
        for (byte, &times) in (0_u8..).zip(&ascii) {
            counts.add(char::from(byte), times);
        }
        counts
    }

    fn add(&mut self, c: char, times: usize) {
        self.all += times;
        if c.is_alphabetic() {
            self.letters += times;
            self.uppercase += if c.is_uppercase() { times } else { 0 };
        } else if c.is_whitespace() {
            self.whitespace += times;
        } else if c.is_numeric() {
            self.digits += times;
        } else if is_control(c) {
            self.control += times;
        } else if c == char::REPLACEMENT_CHARACTER {
            self.replacement += times;
        }
    }
}

/// A control character that is no white space.
pub(crate) fn is_control(c: char) -> bool {
    c.is_control() && !c.is_whitespace()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn each_kind_is_counted() {
        let counts = Characters::count("Aé1٣ \n\u{a0}\u{7}\u{fffd}!");
        let expected = Characters {
            all: 10,
            letters: 2,
            uppercase: 1,
            digits: 2,
            whitespace: 3,
            control: 1,
            replacement: 1,
        };
        assert_eq!(counts, expected);
    }

    proptest! {
        #[test]
        fn the_table_gives_what_single_characters_give(text in ".{0,200}") {
            let mut plain = Characters::default();
            text.chars().for_each(|c| plain.add(c, 1));
            prop_assert_eq!(Characters::count(&text), plain);
        }
    }
}
