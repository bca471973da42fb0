//! Bands: documents that agree in every slot of a band fall into the same bucket.

use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::curve::Banding;

/// Puts the hash of each band of `signature` into `hashes`, after emptying it: one for each of
/// [`Banding::bands`], in order. The band's number is part of the hash, so buckets of different
/// bands are different.
///
/// # Panics
///
/// When `signature` has not [`Banding::slots`] values.
pub fn band_hashes(signature: &[u32], banding: Banding, hashes: &mut Vec<u64>) {
    assert_eq!(signature.len(), banding.slots(), "a value for each slot");
    hashes.clear();
    let mut bytes = Vec::with_capacity(banding.rows() * 4);
    for (band, rows) in signature.chunks_exact(banding.rows()).enumerate() {
        bytes.clear();
        bytes.extend(rows.iter().flat_map(|row| row.to_le_bytes()));
        hashes.push(xxh3_64_with_seed(&bytes, band as u64 + 1));
    }
}
