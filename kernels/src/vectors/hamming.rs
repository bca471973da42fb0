//! In how many bits signatures differ.

use crate::simd::{Level, for_every_level};

/// Signatures that are compared with one at a time.
const BLOCK: usize = 64;

/// In how many bits two signatures of equal length differ.
pub fn hamming(left: &[u64], right: &[u64]) -> u32 {
    left.iter().zip(right).map(|(left, right)| (left ^ right).count_ones()).sum()
}

/// Gives `sink` each pair of `rows` whose signatures differ in at most `max_hamming` bits, as
/// places in `rows`, the smaller first, in ascending order.
///
/// `signatures` holds `words` words a row; `rows` are numbers of rows in it, a bucket's members.
pub fn close_pairs(
    signatures: &[u64],
    words: usize,
    rows: &[usize],
    max_hamming: u32,
    sink: impl FnMut(usize, usize),
) {
    close_pairs_at(Level::detect(), signatures, words, rows, max_hamming, sink);
}

fn close_pairs_at(
    level: Level,
    signatures: &[u64],
    words: usize,
    rows: &[usize],
    max_hamming: u32,
    mut sink: impl FnMut(usize, usize),
) {
    // word by word within each block, so that a vector holds the same word of many rows
    let blocks: Vec<u64> = (rows.chunks(BLOCK))
        .flat_map(|rows| {
            (0..words).flat_map(move |word| {
                let padding = std::iter::repeat_n(0, BLOCK - rows.len());
                rows.iter().map(move |row| signatures[row * words + word]).chain(padding)
            })
        })
        .collect();
    let mut near = 0;
    for (place, row) in rows.iter().enumerate() {
        let signature = &signatures[row * words..][..words];
        for (number, block) in blocks.chunks_exact(words * BLOCK).enumerate().skip(place / BLOCK) {
            let first = number * BLOCK;
            near_of(level, signature, block, max_hamming, &mut near);
            if first <= place {
                near &= u64::MAX.checked_shl(shift(place - first + 1)).unwrap_or(0);
            }
            near &= u64::MAX >> (BLOCK - BLOCK.min(rows.len() - first));
            while near != 0 {
                sink(place, first + near.trailing_zeros() as usize);
                near &= near - 1;
            }
        }
    }
}

fn shift(places: usize) -> u32 {
    u32::try_from(places).unwrap_or(u32::MAX)
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

    proptest! {
        #[test]
        fn pairs_are_those_of_the_double_loop(
            seed: u64, words in 1_usize..9, count in 0_usize..200, cutoff in 0.3_f64..0.6,
        ) {
            let mut source = Source::new(seed);
            let signatures: Vec<u64> = (0..words * 250).map(|_| source.bits()).collect();
            let rows: Vec<usize> =
                (0..count).map(|_| usize::try_from(source.bits() % 250).unwrap()).collect();
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small")]
            let max = (cutoff * 64.0 * words as f64) as u32;
            let mut expected = Vec::new();
            for left in 0..count {
                for right in left + 1..count {
                    let of = |place: usize| &signatures[rows[place] * words..][..words];
                    if hamming(of(left), of(right)) <= max {
                        expected.push((left, right));
                    }
                }
            }
            for level in Level::available() {
                let mut found = Vec::new();
                close_pairs_at(level, &signatures, words, &rows, max, |left, right| {
                    found.push((left, right));
                });
                prop_assert_eq!(&found, &expected);
            }
        }
    }
}
