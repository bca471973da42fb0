//! Which buckets may hold two documents, at two bits each.

use std::sync::atomic::{AtomicU64, Ordering};

/// Slots of a word: each has a bit for the first key and one for any other.
const SLOTS_PER_WORD: u64 = 32;
/// Slots for each expected key, which takes two of one word: of keys that stand alone, one in
/// forty looks shared.
const SLOTS_PER_KEY: u64 = 8;
/// The bits of a word for first keys.
const FIRST: u64 = 0x5555_5555_5555_5555;

/// Counts keys up to two, in slots that keys share by chance; threads may add side by side, and the
/// result does not depend on their order.
#[derive(Debug)]
pub(crate) struct BucketFilter {
    words: Vec<AtomicU64>,
}

impl BucketFilter {
    /// A filter for so many keys in at most so many bytes.
    pub(crate) fn new(keys: u64, bytes_max: u64) -> Self {
        let words =
            (keys.saturating_mul(SLOTS_PER_KEY) / SLOTS_PER_WORD).clamp(1, (bytes_max / 8).max(1));
        let words: Vec<AtomicU64> = (0..words).map(|_| AtomicU64::new(0)).collect();
        Self { words }
    }

    /// Bytes that it holds.
    pub(crate) fn bytes(&self) -> usize {
        self.words.len() * 8
    }

    /// The word of a key, and the bits of its two slots there for first keys.
    fn slots(&self, key: u64) -> (&AtomicU64, u64) {
        // keys are hashes; mixed once more, since others have parted rows by them already
        let mixed = (key ^ (key >> 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let word = (u128::from(mixed) * self.words.len() as u128) >> 64;
        let bit = |number: u64| 1_u64 << (number % SLOTS_PER_WORD * 2);
        #[expect(clippy::cast_possible_truncation, reason = "below the number of words")]
        let word = word as usize;
        (&self.words[word], bit(mixed) | bit(mixed >> 5))
    }

    /// Adds a key.
    pub(super) fn add(&self, key: u64) {
        let (word, slots) = self.slots(key);
        let before = word.load(Ordering::Relaxed);
        if before & (slots << 1) == slots << 1 {
            return;
        }
        // one operation sets both, so that of two threads with one key the second sees the first
        if before & slots == slots || word.fetch_or(slots, Ordering::Relaxed) & slots == slots {
            word.fetch_or(slots << 1, Ordering::Relaxed);
        }
    }

    /// Whether the key may have been added twice: always true where it was.
    pub(super) fn may_be_shared(&self, key: u64) -> bool {
        let (word, slots) = self.slots(key);
        (word.load(Ordering::Relaxed) >> 1) & FIRST & slots == slots
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use tamis_kernels::hash64;

    fn key(number: u64) -> u64 {
        hash64(&number.to_le_bytes())
    }

    #[test]
    fn keys_alone_are_mostly_told_from_others() {
        let filter = BucketFilter::new(110_000, u64::MAX);
        (0..100_000).for_each(|number| filter.add(key(number)));
        (0..10_000).for_each(|number| filter.add(key(number)));
        assert!((0..10_000).all(|number| filter.may_be_shared(key(number))));
        let falsely = (10_000..100_000).filter(|number| filter.may_be_shared(key(*number))).count();
        // about one in forty of 90,000
        assert!((1_500..3_500).contains(&falsely), "{falsely}");
    }

    #[test]
    fn threads_add_side_by_side() {
        let filter = BucketFilter::new(1_000, u64::MAX);
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| (0..1_000).for_each(|number| filter.add(key(number))));
            }
        });
        assert!((0..1_000).all(|number| filter.may_be_shared(key(number))));
    }

    proptest! {
        #[test]
        fn no_shared_key_is_missed_however_small_the_filter(
            keys in proptest::collection::vec(any::<u64>(), 1..200),
            bytes in 8_u64..256,
        ) {
            let filter = BucketFilter::new(keys.len() as u64, bytes);
            for key in keys.iter().chain(&keys) {
                filter.add(*key);
            }
            prop_assert!(keys.iter().all(|key| filter.may_be_shared(*key)));
            prop_assert!(filter.bytes() as u64 <= bytes);
        }
    }
}
