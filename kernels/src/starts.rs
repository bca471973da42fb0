//! Which of 64 bytes a word or a mark can begin at, as bits.

use crate::masks::{BLOCK, flag, highest};

/// Bytes that one [`Starts`] covers.
pub const STARTS_BLOCK: usize = BLOCK;

/// The marks at which something begins: brackets, and what stands before numbers and labels.
pub const START_MARKS: &[u8] = b"!(,:<?[\\]";

/// One bit for each of 64 bytes, the first byte lowest.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct Starts {
    /// ASCII letters, and bytes of characters outside ASCII.
    pub letters: u64,
    /// Letters that stand behind no ASCII letter or digit; [`START_MARKS`]; the first bytes of
    /// characters outside ASCII.
    pub begins: u64,
}

impl Starts {
    /// The starts among the 64 bytes from `at`; nothing begins after the end.
    #[inline]
    pub fn of(bytes: &[u8], at: usize) -> Self {
        let rest = bytes.get(at..).unwrap_or_default();
        let before = at.checked_sub(1).and_then(|before| bytes.get(before));
        let inside = before.is_some_and(u8::is_ascii_alphanumeric);
        if let Some(block) = rest.first_chunk::<BLOCK>() {
            return Self::block(block, inside);
        }
        let mut block = [0; BLOCK];
        for (to, from) in block.iter_mut().zip(rest) {
            *to = *from;
        }
        Self::block(&block, inside)
    }

    #[inline]
    fn block(block: &[u8; BLOCK], inside: bool) -> Self {
        let mut starts = Self::default();
        let mut alphanumeric = 0;
        for (index, part) in block.as_chunks::<16>().0.iter().enumerate() {
            let (mut one, mut begins, mut letters) = ([0_u8; 16], [0_u8; 16], [0_u8; 16]);
            // plain loops over bytes, which compilers turn into vector compares
            for (at, &byte) in part.iter().enumerate() {
                let letter = flag((byte | 0x20).wrapping_sub(b'a') < 26);
                one[at] = letter | flag(byte.wrapping_sub(b'0') < 10);
                letters[at] = letter | byte;
                // 0x80 to 0xbf go on with a character
                begins[at] = letter | flag(is_mark(byte)) | flag(byte >= 0xc0);
            }
            let shift = 16 * index;
            alphanumeric |= u64::from(highest(&one)) << shift;
            starts.begins |= u64::from(highest(&begins)) << shift;
            starts.letters |= u64::from(highest(&letters)) << shift;
        }
        let behind = alphanumeric << 1 | u64::from(inside);
        starts.begins &= !(starts.letters & alphanumeric & behind);
        starts
    }
}

/// Whether `byte` is one of [`START_MARKS`], in as few compares as can be.
#[inline]
#[expect(
    clippy::needless_bitwise_bool,
    reason = "without branches many bytes are compared at once"
)]
fn is_mark(byte: u8) -> bool {
    // an opening bracket and a comma differ in one bit
    (byte & !0x04 == b'(')
        | (byte.wrapping_sub(b'[') < 3)
        | (byte == b'!')
        | (byte == b':')
        | (byte == b'<')
        | (byte == b'?')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The definition written down as plainly as can be.
    fn plain(text: &str, at: usize) -> Starts {
        let bytes = text.as_bytes();
        let mut starts = Starts::default();
        for bit in 0..STARTS_BLOCK {
            let Some(&byte) = bytes.get(at + bit) else { break };
            let before = (at + bit).checked_sub(1).map_or(0, |before| bytes[before]);
            let letter = byte.is_ascii_alphabetic();
            let begins = letter && !before.is_ascii_alphanumeric()
                || START_MARKS.contains(&byte)
                || !byte.is_ascii() && text.is_char_boundary(at + bit);
            starts.letters |= u64::from(letter || !byte.is_ascii()) << bit;
            starts.begins |= u64::from(begins) << bit;
        }
        starts
    }

    #[test]
    fn words_begin_behind_what_is_no_letter() {
        let starts = Starts::of(b"ab (c1d) 2e_f", 0);
        assert_eq!(starts.begins, 0b1_0000_0001_1001);
        assert_eq!(Starts::of(b"ab", 1).begins, 0);
    }

    #[test]
    fn every_byte_is_a_mark_or_not() {
        for byte in 0..=u8::MAX {
            assert_eq!(is_mark(byte), START_MARKS.contains(&byte), "{byte}");
        }
    }

    proptest! {
        #[test]
        fn bits_are_what_the_definition_says(text in "([a-zA-Z]{0,40}[ -@\\[-`{-\u{7f}é中\n]{0,3}){0,9}", at in 0_usize..200) {
            prop_assert_eq!(Starts::of(text.as_bytes(), at), plain(&text, at));
        }
    }
}
