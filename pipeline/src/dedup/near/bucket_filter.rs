//! Which buckets may hold two documents, at two bits each.

use std::sync::atomic::{AtomicU64, Ordering};

/// Slots of a word: each has a bit for the first key and one for any other.
const SLOTS_PER_WORD: u64 = 32;
/// Slots for each expected key: of those that stand alone, an eighth shares a slot with others.
const SLOTS_PER_KEY: u64 = 8;

/// Counts keys up to two, in slots that keys share by chance; threads may add side by side, and the
/// result does not depend on their order.
#[derive(Debug)]
pub(crate) struct BucketFilter {
    words: Vec<AtomicU64>,
    slots: u64,
}

impl BucketFilter {
    /// A filter for so many keys in at most so many bytes.
    pub(crate) fn new(keys: u64, bytes_max: u64) -> Self {
        let words =
            (keys.saturating_mul(SLOTS_PER_KEY) / SLOTS_PER_WORD).clamp(1, (bytes_max / 8).max(1));
        let words: Vec<AtomicU64> = (0..words).map(|_| AtomicU64::new(0)).collect();
        let slots = words.len() as u64 * SLOTS_PER_WORD;
        Self { words, slots }
    }

    /// Bytes that it holds.
    pub(crate) fn bytes(&self) -> usize {
        self.words.len() * 8
    }

    /// The word and the first bit of a key's slot.
    fn slot(&self, key: u64) -> (&AtomicU64, u32) {
        // keys are hashes; mixed once more, since others have parted rows by them already
        let mixed = key.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (key >> 32);
        let slot = (u128::from(mixed) * u128::from(self.slots)) >> 64;
        #[expect(clippy::cast_possible_truncation, reason = "below the number of slots")]
        let (word, at) = ((slot as u64 / SLOTS_PER_WORD) as usize, slot as u64 % SLOTS_PER_WORD);
        #[expect(clippy::cast_possible_truncation, reason = "below 64")]
        (&self.words[word], (at * 2) as u32)
    }

    /// Adds a key.
    pub(crate) fn add(&self, key: u64) {
        let (word, bit) = self.slot(key);
        let seen = word.load(Ordering::Relaxed) >> bit & 0b11;
        if seen == 0b11 {
            return;
        }
        if seen & 1 == 1 || word.fetch_or(1 << bit, Ordering::Relaxed) >> bit & 1 == 1 {
            word.fetch_or(0b10 << bit, Ordering::Relaxed);
        }
    }

    /// Whether the key may have been added twice: always true where it was.
    pub(crate) fn may_be_shared(&self, key: u64) -> bool {
        let (word, bit) = self.slot(key);
        word.load(Ordering::Relaxed) >> bit & 0b10 != 0
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
        // 1 - exp(-1/8) of 90,000 are 10,575
        assert!((9_500..11_700).contains(&falsely), "{falsely}");
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
