//! Shingles: the hashes of runs of consecutive words, and how much two sets of them share.

use crate::for_every_level;
use crate::simd::Level;

/// The longest shingle, in words.
pub const SHINGLE_WORDS_MAX: usize = 32;

const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

/// The output of splitmix64 for counter `n` (Steele, Lea, Flood 2014).
pub(crate) const fn splitmix(n: u64) -> u64 {
    let mut x = n.wrapping_add(1).wrapping_mul(STEP);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// An odd factor for each place in a shingle.
const FACTORS: [u64; SHINGLE_WORDS_MAX] = {
    let mut table = [0; SHINGLE_WORDS_MAX];
    let mut at = 0;
    while at < SHINGLE_WORDS_MAX {
        table[at] = splitmix(at as u64) | 1;
        at += 1;
    }
    table
};

/// Spreads every bit over all: two rounds of multiply and shift.
#[expect(clippy::inline_always, reason = "must be compiled for the caller's vector width")]
#[inline(always)]
const fn mix(mut x: u64) -> u64 {
    x ^= x >> 32;
    x = x.wrapping_mul(0xd6e8_feb8_6659_fd93);
    x ^= x >> 32;
    x = x.wrapping_mul(0xa5cb_9243_d7cb_d1a5);
    x ^ (x >> 32)
}

/// Puts the shingles of `size` consecutive words into `shingles`, in order, after emptying it.
///
/// `words` are the hashes of a document's words. A document of fewer words than `size` has one
/// shingle, its whole text, so that copies of short documents are found; one without words has
/// none. Two different shingles have the same hash with a chance of about 2^-64.
///
/// # Panics
///
/// When `size` is not from 1 to [`SHINGLE_WORDS_MAX`].
pub fn shingles(level: Level, words: &[u64], size: usize, shingles: &mut Vec<u64>) {
    assert!((1..=SHINGLE_WORDS_MAX).contains(&size), "a shingle of 1 to {SHINGLE_WORDS_MAX} words");
    shingles.clear();
    if words.is_empty() {
        return;
    }
    let size = size.min(words.len());
    shingles.resize(words.len() - size + 1, 0);
    if size == 5 {
        fives(level, words, shingles);
    } else {
        runs(level, words, size, shingles);
    }
}

for_every_level! {
    /// Shingles of any size; one for each place of `out`.
    fn runs = runs_body(words: &[u64], size: usize, out: &mut [u64])
}

#[expect(clippy::inline_always, reason = "must be compiled for the caller's vector width")]
#[inline(always)]
fn runs_body(words: &[u64], size: usize, out: &mut [u64]) {
    for (place, factor) in FACTORS.iter().take(size).enumerate() {
        let seen = words.get(place..).unwrap_or_default();
        for (sum, word) in out.iter_mut().zip(seen) {
            *sum = sum.wrapping_add(word.wrapping_mul(*factor));
        }
    }
    for sum in out {
        *sum = mix(sum.wrapping_add(size as u64));
    }
}

for_every_level! {
    /// [`runs`] of five words in one walk.
    fn fives = fives_body(words: &[u64], out: &mut [u64])
}

#[expect(clippy::inline_always, reason = "must be compiled for the caller's vector width")]
#[inline(always)]
fn fives_body(words: &[u64], out: &mut [u64]) {
    let count = out.len();
    let [Some(first), Some(second), Some(third), Some(fourth), Some(fifth)] =
        [0, 1, 2, 3, 4].map(|place| words.get(place..place + count))
    else {
        return;
    };
    for at in 0..count {
        let sum = first[at]
            .wrapping_mul(FACTORS[0])
            .wrapping_add(second[at].wrapping_mul(FACTORS[1]))
            .wrapping_add(third[at].wrapping_mul(FACTORS[2]))
            .wrapping_add(fourth[at].wrapping_mul(FACTORS[3]))
            .wrapping_add(fifth[at].wrapping_mul(FACTORS[4]));
        out[at] = mix(sum.wrapping_add(5));
    }
}

/// The shingles as a set: sorted, each once.
pub fn shingle_set(shingles: &mut Vec<u64>) {
    shingles.sort_unstable();
    shingles.dedup();
}

/// The Jaccard similarity, from 0 to 1, of two sets as [`shingle_set`] makes them: what they share
/// over what they have together. Two empty sets have nothing in common. What is not sorted, or has
/// copies, gives a wrong number.
pub fn jaccard(a: &[u64], b: &[u64]) -> f64 {
    let (mut i, mut j, mut shared) = (0, 0, 0_usize);
    while let (Some(x), Some(y)) = (a.get(i), b.get(j)) {
        // no branches: which of the two is smaller cannot be foreseen
        shared += usize::from(x == y);
        i += usize::from(x <= y);
        j += usize::from(y <= x);
    }
    let together = a.len() + b.len() - shared;
    if together == 0 { 0.0 } else { shared as f64 / together as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn of(words: &[u64], size: usize) -> Vec<u64> {
        let mut out = Vec::new();
        shingles(Level::detect(), words, size, &mut out);
        out
    }

    #[test]
    fn there_is_one_for_each_run_of_words() {
        let words: Vec<u64> = (0..9).map(splitmix).collect();
        assert_eq!(of(&words, 5).len(), 5);
        assert_eq!(of(&words[..5], 5).len(), 1);
        assert_eq!(of(&words[..4], 5).len(), 1, "a short document is one shingle");
        assert_eq!(of(&[], 5), [] as [u64; 0]);
        assert_eq!(of(&words, 5)[2], of(&words[2..], 5)[0]);
        assert_ne!(of(&[words[0], words[1]], 2), of(&[words[1], words[0]], 2), "order counts");
        assert_ne!(of(&words[..3], 5), of(&words[..3], 2)[..1], "so does length");
    }

    #[test]
    fn jaccard_by_hand() {
        assert!((jaccard(&[1, 2, 3, 4], &[3, 4, 5]) - 0.4).abs() < 1e-12);
        assert!((jaccard(&[1, 2], &[1, 2]) - 1.0).abs() < 1e-12);
        assert!(jaccard(&[], &[]).abs() < 1e-12);
        assert!(jaccard(&[1], &[]).abs() < 1e-12);
    }

    proptest! {
        #[test]
        fn every_level_gives_the_same_bits(
            words in prop::collection::vec(any::<u64>(), 0..200), size in 1_usize..12,
        ) {
            let mut expected = Vec::new();
            shingles(Level::Baseline, &words, size, &mut expected);
            let general = {
                let size = size.min(words.len());
                let mut out = vec![0; (words.len() + 1 - size).min(words.len())];
                runs(Level::Baseline, &words, size, &mut out);
                out
            };
            prop_assert_eq!(&general, &expected);
            for level in Level::available() {
                let mut out = Vec::new();
                shingles(level, &words, size, &mut out);
                prop_assert_eq!(&out, &expected, "{:?}", level);
            }
        }

        #[test]
        fn jaccard_is_what_sets_say(
            a in prop::collection::btree_set(0_u64..60, 0..40),
            b in prop::collection::btree_set(0_u64..60, 0..40),
        ) {
            let flat = |set: &BTreeSet<u64>| set.iter().copied().collect::<Vec<_>>();
            let both = a.intersection(&b).count() as f64;
            let any = a.union(&b).count() as f64;
            let expected = if any == 0.0 { 0.0 } else { both / any };
            prop_assert!((jaccard(&flat(&a), &flat(&b)) - expected).abs() < 1e-12);
        }
    }
}
