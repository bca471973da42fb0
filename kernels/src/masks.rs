//! Which of 64 bytes belong to words, as bits.

/// Bytes that one set of masks covers.
pub(crate) const BLOCK: usize = 64;

/// One bit for each byte of a block, the first byte lowest.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub(crate) struct Masks {
    /// ASCII letters, digits and underscores.
    pub(crate) word: u64,
    /// ASCII letters.
    pub(crate) letter: u64,
    /// Bytes of characters outside ASCII.
    pub(crate) wide: u64,
}

impl Masks {
    /// The masks of the block at `at`; bytes after the end belong to nothing.
    #[inline]
    pub(crate) fn of(bytes: &[u8], at: usize) -> Self {
        let rest = bytes.get(at..).unwrap_or_default();
        if let Some(block) = rest.first_chunk::<BLOCK>() {
            return Self::block(block);
        }
        let mut block = [0; BLOCK];
        for (to, from) in block.iter_mut().zip(rest) {
            *to = *from;
        }
        Self::block(&block)
    }

    #[inline]
    fn block(block: &[u8; BLOCK]) -> Self {
        let (mut letter, mut word, mut wide) = ([0_u8; BLOCK], [0_u8; BLOCK], [0_u8; BLOCK]);
        // plain loops over bytes, which compilers turn into vector compares
        for (at, &byte) in block.iter().enumerate() {
            letter[at] = u8::from((byte | 0x20).wrapping_sub(b'a') < 26);
            let digit = u8::from(byte.wrapping_sub(b'0') < 10);
            word[at] = letter[at] | digit | u8::from(byte == b'_');
            wide[at] = byte >> 7;
        }
        Self { word: pack(&word), letter: pack(&letter), wide: pack(&wide) }
    }
}

/// The lowest bit of each of 64 bytes.
#[inline]
fn pack(bytes: &[u8; BLOCK]) -> u64 {
    // the product brings bit 0 of byte n to bit 56 + n
    const GATHER: u64 = 0x0102_0408_1020_4080;
    let (eights, _) = bytes.as_chunks::<8>();
    eights
        .iter()
        .rev()
        .fold(0, |mask, eight| mask << 8 | (u64::from_le_bytes(*eight).wrapping_mul(GATHER) >> 56))
}

/// All bits or none.
#[inline]
pub(crate) fn flag(is: bool) -> u8 {
    if is { u8::MAX } else { 0 }
}

/// The highest bit of each of 16 bytes.
#[cfg(target_arch = "x86_64")]
#[inline]
pub(crate) fn highest(bytes: &[u8; 16]) -> u16 {
    use std::arch::x86_64::{_mm_movemask_epi8, _mm_set_epi64x};
    let [low, high] = [0, 8].map(|from| {
        bytes
            .get(from..)
            .and_then(<[u8]>::first_chunk)
            .map_or(0, |eight| i64::from_le_bytes(*eight))
    });
    #[expect(unsafe_code, reason = "the compiler knows no other way to say this")]
    // SAFETY: every CPU of this architecture has SSE2.
    let mask = unsafe { _mm_movemask_epi8(_mm_set_epi64x(high, low)) };
    u16::try_from(mask).unwrap_or(u16::MAX)
}

/// The highest bit of each of 16 bytes.
#[cfg(not(target_arch = "x86_64"))]
#[inline]
pub(crate) fn highest(bytes: &[u8; 16]) -> u16 {
    bytes.iter().rev().fold(0, |mask, byte| mask << 1 | u16::from(byte >> 7))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::char_class::{CLASS, LETTER, WIDE, WORD};

    #[test]
    fn every_byte_has_the_bits_of_its_class() {
        let bytes: Vec<u8> = (0..=255).collect();
        for at in [0, 13, 64, 128, 192, 250, 300] {
            let masks = Masks::of(&bytes, at);
            for bit in 0..BLOCK {
                let class = bytes.get(at + bit).map_or(0, |byte| CLASS[usize::from(*byte)]);
                let is = |mask: u64| mask >> bit & 1 == 1;
                assert_eq!(is(masks.word), class & WORD != 0, "{}", at + bit);
                assert_eq!(is(masks.letter), class & LETTER != 0, "{}", at + bit);
                assert_eq!(is(masks.wide), class & WIDE != 0, "{}", at + bit);
            }
        }
    }
}
