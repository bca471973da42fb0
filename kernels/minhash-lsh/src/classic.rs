//! MinHash as it was first described (Broder 1997): one hash function for each slot.

use crate::shingles::splitmix;

/// Puts the least value of each of `slots.len()` independent hashes over all shingles into
/// `slots`, `u64::MAX` where there are none: slow, and what the fast signature is held against.
pub fn classic_signature(shingles: &[u64], slots: &mut [u64]) {
    for (number, slot) in slots.iter_mut().enumerate() {
        let key = splitmix(number as u64 ^ 0x636c_6173_7369_6300);
        let hash = |shingle: &u64| splitmix(shingle ^ key);
        *slot = shingles.iter().map(hash).min().unwrap_or(u64::MAX);
    }
}
