//! Hashes that name documents and compare contents.

use xxhash_rust::xxh3::{Xxh3, xxh3_64, xxh3_128};

/// The xxh3-64 hash of `bytes`.
pub fn hash64(bytes: &[u8]) -> u64 {
    xxh3_64(bytes)
}

/// The xxh3-128 hash of `bytes`.
pub fn hash128(bytes: &[u8]) -> u128 {
    xxh3_128(bytes)
}

/// The hash of a text as a reader sees it: each run of Unicode white space counts as one space and
/// both ends are trimmed, so that a copy with another layout has the same hash.
pub fn content_hash(text: &str) -> u128 {
    let text = text.trim();
    let bytes = text.as_bytes();
    let mut hasher = Xxh3::new();
    // what stands from `start` to `at` is hashed as it is
    let (mut start, mut at) = (0, 0);
    while let Some(&byte) = bytes.get(at) {
        let length = match byte {
            b' ' if bytes.get(at + 1).is_some_and(u8::is_ascii_graphic) => {
                at += 2;
                continue;
            }
            b' ' | b'\t'..=b'\r' | 0xc2 | 0xe1..=0xe3 => space_bytes(text, at),
            _ => 0,
        };
        if length == 0 {
            at += 1;
            continue;
        }
        hasher.update(&bytes[start..at]);
        hasher.update(b" ");
        at += length;
        start = at;
    }
    hasher.update(&bytes[start..]);
    hasher.digest128()
}

/// Bytes of white space at `at`.
fn space_bytes(text: &str, at: usize) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    rest.len() - rest.trim_start().len()
}

/// The identity of the document in row `row` (from 0) of the shard with the relative path `shard`.
///
/// Path and row are told apart by a zero byte, which no path holds.
pub fn document_id(shard: &str, row: u64) -> u128 {
    let mut hasher = Xxh3::new();
    hasher.update(shard.as_bytes());
    hasher.update(&[0]);
    hasher.update(&row.to_le_bytes());
    hasher.digest128()
}

/// `hash` as 32 lower-case hexadecimal digits.
pub fn hex128(hash: u128) -> String {
    format!("{hash:032x}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn layout_does_not_change_the_content_hash() {
        let plain = content_hash("one two three");
        assert_eq!(plain, content_hash("  one\n\ttwo\u{a0}\u{2003}three \n"));
        assert_eq!(plain, hash128(b"one two three"));
        assert_ne!(plain, content_hash("one twothree"));
    }

    proptest! {
        #[test]
        fn it_is_the_hash_of_the_words_with_single_spaces(
            text in "([a-zé\u{e000}\u{1c}]{0,3}[ \t\n\u{85}\u{a0}\u{2003}\u{3000}]{0,3}){0,20}",
        ) {
            let single = text.split_whitespace().collect::<Vec<_>>().join(" ");
            prop_assert_eq!(content_hash(&text), hash128(single.as_bytes()));
        }
    }

    #[test]
    fn an_empty_text_has_the_hash_of_nothing() {
        assert_eq!(content_hash(" \n "), hash128(b""));
    }

    #[test]
    fn rows_and_shards_give_different_ids() {
        let ids = [document_id("a", 0), document_id("a", 1), document_id("b", 0)];
        assert_eq!(ids[0], document_id("a", 0));
        assert_ne!(ids[0], ids[1]);
        assert_ne!(ids[0], ids[2]);
    }

    #[test]
    fn hexadecimal_keeps_leading_zeros() {
        assert_eq!(hex128(0xab), "000000000000000000000000000000ab");
    }
}
