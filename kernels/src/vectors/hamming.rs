//! In how many bits signatures differ.

use minhash_lsh::{Level, for_every_level};

/// Signatures that are compared with one at a time.
const BLOCK: usize = 64;

/// In how many bits two signatures of equal length differ.
pub fn hamming(left: &[u64], right: &[u64]) -> u32 {
    left.iter().zip(right).map(|(left, right)| (left ^ right).count_ones()).sum()
}

/// Signatures of equal length, to be compared with others: word by word within each block, so that
/// a vector of the processor holds the same word of many.
#[derive(Clone, Debug)]
pub struct PackedSignatures {
    level: Level,
    words: usize,
    count: usize,
    blocks: Vec<u64>,
}

impl PackedSignatures {
    /// None yet, of `words` words each.
    pub fn new(words: usize) -> Self {
        Self { level: Level::detect(), words, count: 0, blocks: Vec::new() }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Takes one more.
    pub fn push(&mut self, signature: &[u64]) {
        let lane = self.count % BLOCK;
        if lane == 0 {
            self.blocks.resize(self.blocks.len() + self.words * BLOCK, 0);
        }
        let first = self.blocks.len() - self.words * BLOCK;
        for (word, value) in signature.iter().take(self.words).enumerate() {
            self.blocks[first + word * BLOCK + lane] = *value;
        }
        self.count += 1;
    }

    /// Gives `sink` the places of those that differ from `signature` in at most `max_hamming` bits,
    /// ascending, until it says false.
    pub fn near(&self, signature: &[u64], max_hamming: u32, mut sink: impl FnMut(usize) -> bool) {
        let mut near = 0;
        for (number, block) in self.blocks.chunks_exact(self.words.max(1) * BLOCK).enumerate() {
            let first = number * BLOCK;
            near_of(self.level, signature, block, max_hamming, &mut near);
            near &= u64::MAX >> (BLOCK - BLOCK.min(self.count - first));
            while near != 0 {
                if !sink(first + near.trailing_zeros() as usize) {
                    return;
                }
                near &= near - 1;
            }
        }
    }
}

for_every_level! {
    fn near_of = near_body(signature: &[u64], block: &[u64], max_hamming: u32, near: &mut u64)
}

#[expect(clippy::inline_always, reason = "each vector width needs its own copy")]
#[inline(always)]
fn near_body(signature: &[u64], block: &[u64], max_hamming: u32, near: &mut u64) {
    let mut differing = [0_u64; BLOCK];
    for (word, others) in signature.iter().zip(block.chunks_exact(BLOCK)) {
        for (count, other) in differing.iter_mut().zip(others) {
            *count += u64::from((word ^ other).count_ones());
        }
    }
    *near = 0;
    for (lane, count) in differing.iter().enumerate() {
        *near |= u64::from(*count <= u64::from(max_hamming)) << lane;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vectors::made::Source;
    use proptest::prelude::*;

    impl PackedSignatures {
        fn near_first(&self, signature: &[u64], max: u32) -> Option<usize> {
            let mut first = None;
            self.near(signature, max, |place| {
                assert!(first.is_none(), "asked once more");
                first = Some(place);
                false
            });
            first
        }
    }

    proptest! {
        #[test]
        fn pairs_are_those_of_the_double_loop(
            seed: u64, words in 1_usize..9, count in 0_usize..200, cutoff in 0.3_f64..0.6,
        ) {
            let mut source = Source::new(seed);
            let signatures: Vec<u64> = (0..words * count).map(|_| source.bits()).collect();
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small")]
            let max = (cutoff * 64.0 * words as f64) as u32;
            let mut expected = Vec::new();
            for left in 0..count {
                for right in left + 1..count {
                    let of = |place: usize| &signatures[place * words..][..words];
                    if hamming(of(left), of(right)) <= max {
                        expected.push((left, right));
                    }
                }
            }
            for level in Level::available() {
                let mut packed = PackedSignatures { level, ..PackedSignatures::new(words) };
                let mut found = Vec::new();
                for (right, signature) in signatures.chunks_exact(words).enumerate() {
                    packed.near(signature, max, |left| {
                        found.push((left, right));
                        true
                    });
                    packed.push(signature);
                }
                found.sort_unstable();
                let first = packed.near_first(&signatures[..words.min(signatures.len())], max);
                prop_assert_eq!(first, (count > 0).then_some(0));
                prop_assert_eq!(&found, &expected);
            }
        }
    }
}
