//! What identifies one target of its kind: a normalised number or label.

use std::cmp::Ordering;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Bytes a key holds; longer labels keep their start and a hash of the whole.
const KEY_BYTES: usize = 23;

/// A normalised number or label: `3.2`, `S1`, `B`, `1a`, `installing-packages`.
///
/// Held inline, so that a text with many mentions costs no allocation each.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Key {
    bytes: [u8; KEY_BYTES],
    len: u8,
}

impl Key {
    /// The key of `label` as it stands; long labels keep their start and a hash.
    pub fn new(label: &str) -> Self {
        let mut key = Self::default();
        if label.len() <= KEY_BYTES {
            key.push_all(label.as_bytes());
            return key;
        }
        let mut cut = KEY_BYTES - 9;
        while !label.is_char_boundary(cut) {
            cut -= 1;
        }
        key.push_all(label.get(..cut).unwrap_or_default().as_bytes());
        key.push_all(format!("~{:08x}", fold(label.as_bytes())).as_bytes());
        key
    }

    /// The key of a plain number.
    pub fn number(number: u32) -> Self {
        Self::default().with_number(number)
    }

    /// The key as text.
    pub fn as_str(&self) -> &str {
        let bytes = self.bytes.get(..usize::from(self.len)).unwrap_or_default();
        std::str::from_utf8(bytes).unwrap_or_default()
    }

    /// Whether there is no label.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The key without a part letter: `1` for `1a`, itself where there is none.
    #[must_use]
    pub fn base(&self) -> Self {
        let text = self.as_str();
        let trimmed = text.trim_end_matches(|c: char| c.is_ascii_lowercase());
        match trimmed.as_bytes().last() {
            Some(last) if last.is_ascii_digit() && trimmed.len() + 1 == text.len() => {
                Self::new(trimmed)
            }
            _ => *self,
        }
    }

    /// The last number in the key: 2 for `3.2`, 1 for `S1`.
    pub fn ordinal(&self) -> Option<u32> {
        let text = self.base();
        let text = text.as_str();
        let digits = text.len() - text.bytes().rev().take_while(u8::is_ascii_digit).count();
        text.get(digits..).and_then(|digits| digits.parse().ok())
    }

    /// What stands before the last number: `3.` for `3.2`, `S` for `S1`.
    #[must_use]
    pub fn series(&self) -> Self {
        let text = self.base();
        let text = text.as_str();
        Self::new(text.trim_end_matches(|c: char| c.is_ascii_digit()))
    }

    /// The key with `letter` behind it.
    #[must_use]
    pub(super) fn with_letter(&self, letter: u8) -> Self {
        let mut key = *self;
        match key.bytes.get_mut(usize::from(key.len)) {
            Some(slot) if letter.is_ascii() => {
                *slot = letter;
                key.len += 1;
                key
            }
            _ => Self::new(&format!("{self}{}", char::from(letter))),
        }
    }

    /// The key with `number` behind it.
    #[must_use]
    pub(super) fn with_number(&self, number: u32) -> Self {
        let mut digits = [0; 10];
        let mut used = 0;
        let mut left = number;
        for slot in digits.iter_mut().rev() {
            *slot = b'0' + u8::try_from(left % 10).unwrap_or(0);
            left /= 10;
            used += 1;
            if left == 0 {
                break;
            }
        }
        if usize::from(self.len) + used > KEY_BYTES {
            return Self::new(&format!("{self}{number}"));
        }
        let mut key = *self;
        key.push_all(digits.get(digits.len() - used..).unwrap_or_default());
        key
    }

    /// The bytes and then the length, as numbers that compare as they do.
    fn words(&self) -> [u64; 3] {
        let mut all = [0; KEY_BYTES + 1];
        for (slot, byte) in all.iter_mut().zip(self.bytes.iter().chain([&self.len])) {
            *slot = *byte;
        }
        let (words, _) = all.as_chunks::<8>();
        let mut numbers = [0; 3];
        for (number, word) in numbers.iter_mut().zip(words) {
            *number = u64::from_be_bytes(*word);
        }
        numbers
    }

    fn push_all(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            if let Some(slot) = self.bytes.get_mut(usize::from(self.len)) {
                *slot = byte;
                self.len += 1;
            }
        }
    }
}

impl Ord for Key {
    fn cmp(&self, other: &Self) -> Ordering {
        self.words().cmp(&other.words())
    }
}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// A small hash that is the same everywhere (FNV-1a, folded to 32 bits).
fn fold(bytes: &[u8]) -> u32 {
    let hash = bytes.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    u32::try_from((hash ^ (hash >> 32)) & 0xffff_ffff).unwrap_or(0)
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl Serialize for Key {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(from)?;
        let mut key = Self::default();
        // a hashed key is already short
        key.push_all(text.as_bytes());
        Ok(key)
    }
}

#[cfg(test)]
mod tests {
    use super::Key;

    #[test]
    fn parts_and_series() {
        for (key, base, series, ordinal) in [
            ("3.2", "3.2", "3.", Some(2)),
            ("1a", "1", "", Some(1)),
            ("S1", "S1", "S", Some(1)),
            ("B", "B", "B", None),
            ("A.1", "A.1", "A.", Some(1)),
        ] {
            let key = Key::new(key);
            assert_eq!(key.base().as_str(), base);
            assert_eq!(key.series().as_str(), series);
            assert_eq!(key.ordinal(), ordinal);
        }
    }

    #[test]
    fn long_labels_differ_by_their_tail() {
        let a = Key::new("a-very-long-heading-about-one-thing");
        let b = Key::new("a-very-long-heading-about-one-other");
        assert_ne!(a, b);
        assert!(a.as_str().starts_with("a-very-long"));
        assert_eq!(Key::new(&"表".repeat(20)).as_str().chars().next(), Some('表'));
    }
}
