//! One-permutation MinHash with a true minimum for slots that nothing falls into.
//!
//! One hash sends each shingle to one slot and ranks it there (Li, Owen, Zhang 2012). Slot `i` is
//! the least rank of what fell into it; where nothing did, the least value of an own hash `i` over
//! all shingles, which is the first round of Fast Similarity Sketching (Dahlgaard, Knudsen, Thorup
//! 2017) with its last fallback. In either case the shingle that decides slot `i` of the union of
//! two sets is any of the union with the same chance, and both signatures hold its value exactly
//! where both sets have it: the chance that two slots agree is the Jaccard similarity.

use crate::for_every_level;
use crate::shingles::splitmix;
use crate::simd::Level;

/// What a slot holds of a document without shingles.
pub const EMPTY: u32 = u32::MAX;

/// Computes the signature of a document's `shingles`, one value for each of `slots`: [`EMPTY`] in
/// all of them where there are no shingles, and in none otherwise.
///
/// Duplicates and order of the shingles change nothing. Work is linear in shingles and slots for
/// long documents; a document of `n` shingles leaves about `k·exp(-n/k)` of `k` slots empty, each
/// of which costs one more walk, 16 shingles at a time with AVX-512.
pub fn signature(level: Level, shingles: &[u64], slots: &mut [u32]) {
    slots.fill(EMPTY);
    if shingles.is_empty() || slots.is_empty() {
        return;
    }
    scatter(shingles, slots);
    for (number, slot) in slots.iter_mut().enumerate() {
        if *slot == EMPTY {
            let mut least = EMPTY;
            least_of(level, shingles, number as u64, &mut least);
            *slot = least.min(EMPTY - 1);
        }
    }
}

/// Each shingle to its slot, by its upper half; its lower half is the rank.
#[expect(clippy::cast_possible_truncation, reason = "halves of a hash are taken on purpose")]
fn scatter(shingles: &[u64], slots: &mut [u32]) {
    let count = slots.len() as u64;
    for &shingle in shingles {
        let slot = ((shingle >> 32) * count) >> 32;
        let rank = (shingle as u32).min(EMPTY - 1);
        if let Some(least) = slots.get_mut(slot as usize) {
            *least = rank.min(*least);
        }
    }
}

for_every_level! {
    /// The least value of hash `number` over all shingles.
    fn least_of = least_of_body(shingles: &[u64], number: u64, least: &mut u32)
}

#[expect(clippy::inline_always, reason = "must be compiled for the caller's vector width")]
#[inline(always)]
#[expect(clippy::cast_possible_truncation, reason = "halves of a hash are taken on purpose")]
fn least_of_body(shingles: &[u64], number: u64, least: &mut u32) {
    let key = splitmix(number ^ 0x7461_6d69_7300_0000);
    let (low, high) = (key as u32, (key >> 32) as u32);
    for &shingle in shingles {
        let mut x = (shingle as u32 ^ low).wrapping_mul(0x85eb_ca6b);
        x ^= x >> 15;
        x = (x ^ (shingle >> 32) as u32 ^ high).wrapping_mul(0xc2b2_ae35);
        x ^= x >> 16;
        *least = x.min(*least);
    }
}
