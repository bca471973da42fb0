//! Rows as bfloat16 numbers, on their way to a GPU.

use minhash_lsh::for_every_level;

use crate::vectors::bf16::{round, widen};
use crate::vectors::sign::Part;

impl<'a> Part<'a> {
    /// Whole rows of `dimensions`.
    pub(super) fn rows(self, dimensions: usize) -> usize {
        match self {
            Self::Floats(rows) => rows.len() / dimensions,
            Self::Halves(rows) => rows.len() / dimensions,
        }
    }

    /// `count` numbers from `from` on, or as many as there are.
    pub(super) fn slice(self, from: usize, count: usize) -> Part<'a> {
        match self {
            Self::Floats(rows) => Self::Floats(&rows[from..rows.len().min(from + count)]),
            Self::Halves(rows) => Self::Halves(&rows[from..rows.len().min(from + count)]),
        }
    }

    /// Puts row `row` into `into`, after emptying it.
    pub(super) fn copy_row(self, row: usize, dimensions: usize, into: &mut Vec<f32>) {
        into.clear();
        match self {
            Self::Floats(rows) => into.extend(&rows[row * dimensions..][..dimensions]),
            Self::Halves(rows) => {
                into.extend(rows[row * dimensions..][..dimensions].iter().map(|bits| widen(*bits)));
            }
        }
    }
}

/// `bits`, or 0 where they stand for no finite number.
#[expect(clippy::inline_always, reason = "each vector width needs its own copy")]
#[inline(always)]
fn finite(bits: u16) -> u16 {
    if bits & 0x7f80 == 0x7f80 { 0 } else { bits }
}

for_every_level! {
    /// Rounds each number of `from` into `to`.
    pub(super) fn round_all = round_all_body(from: &[f32], to: &mut [u16])
}

for_every_level! {
    /// Copies `from` into `to`, with 0 for what is not finite.
    pub(super) fn copy_finite = copy_finite_body(from: &[u16], to: &mut [u16])
}

#[expect(clippy::inline_always, reason = "each vector width needs its own copy")]
#[inline(always)]
fn round_all_body(from: &[f32], to: &mut [u16]) {
    for (to, value) in to.iter_mut().zip(from) {
        *to = round(*value);
    }
}

#[expect(clippy::inline_always, reason = "each vector width needs its own copy")]
#[inline(always)]
fn copy_finite_body(from: &[u16], to: &mut [u16]) {
    for (to, bits) in to.iter_mut().zip(from) {
        *to = finite(*bits);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_level_rounds_alike(bits in prop::collection::vec(any::<u32>(), 0..100)) {
            let from: Vec<f32> = bits.iter().map(|bits| f32::from_bits(*bits)).collect();
            let halves: Vec<u16> = bits.iter().map(|bits| (bits >> 16) as u16).collect();
            for level in minhash_lsh::Level::available() {
                let mut to = vec![7; from.len()];
                round_all(level, &from, &mut to);
                prop_assert!(to.iter().zip(&from).all(|(to, from)| *to == round(*from)));
                copy_finite(level, &halves, &mut to);
                prop_assert!(to.iter().zip(&halves).all(|(to, from)| *to == finite(*from)));
            }
        }
    }
}
