//! Bands: documents that agree in every slot of a band fall into the same bucket.

use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::curve::Banding;

/// Puts the hash of each band of `signature` into `hashes`, after emptying it. The band's number
/// is part of the hash, so buckets of different bands are different.
pub fn band_hashes(signature: &[u32], banding: Banding, hashes: &mut Vec<u64>) {
    hashes.clear();
    let mut bytes = Vec::with_capacity(banding.rows() * 4);
    for (band, rows) in signature.chunks_exact(banding.rows()).take(banding.bands()).enumerate() {
        bytes.clear();
        bytes.extend(rows.iter().flat_map(|row| row.to_le_bytes()));
        hashes.push(xxh3_64_with_seed(&bytes, band as u64 + 1));
    }
}
