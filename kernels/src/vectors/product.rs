//! All products of some rows with some others, fast and approximate, tile by tile.
//!
//! Every product is one chain of fused or unfused steps over the components, so it is within
//! [`product_bound`] of the exact one whatever the machine has; its bits may differ between
//! machines. Whoever needs the same bits everywhere computes those near a border again.

use minhash_lsh::Level;

/// A row's worth of floats that a tile holds at most: 14 rows of 32.
pub(crate) const TILE_MAX: usize = 14 * 32;
/// Components that are packed at a time.
const PACKED: usize = 32;
/// Bytes of packed rows that stay in the second-level cache.
const CACHED: usize = 768 << 10;

/// The share of `|x| |y|` by which a product of [`tiles`] is off at most, for rows of `dimensions`.
///
/// A sum of `d` rounded products in any order, fused or not, is within `d u / (1 - d u)` of
/// `sum |x_i y_i|`, where `u = 2^-24` (Higham, Accuracy and Stability of Numerical Algorithms,
/// section 3.1), and that sum is at most `|x| |y|` (Cauchy and Schwarz). The factor 1.01 covers the
/// quotient for all `d` up to 65,536. What is lost below the smallest normal number, `2^-149` a step
/// at most, is the caller's to add.
pub(crate) fn product_bound(dimensions: usize) -> f64 {
    (dimensions as f64 + 2.0) * 1.01 * 2.0_f64.powi(-24)
}

/// How wide the tiles of a machine are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// 14 x 32, AVX-512.
    #[cfg(target_arch = "x86_64")]
    Wide,
    /// 6 x 16, AVX2 with fused steps.
    #[cfg(target_arch = "x86_64")]
    Middle,
    /// 4 x 8, plain code.
    Narrow,
}

impl Shape {
    /// The widest one of `level`.
    pub(crate) fn of(level: Level) -> Self {
        #[cfg(target_arch = "x86_64")]
        {
            let had = Level::detect();
            if level == Level::Avx512 && had == Level::Avx512 {
                return Self::Wide;
            }
            if level != Level::Baseline && had != Level::Baseline && is_x86_feature_detected!("fma")
            {
                return Self::Middle;
            }
        }
        let _ = level;
        Self::Narrow
    }

    /// Rows on the left of a tile.
    pub(crate) fn left(self) -> usize {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Wide => 14,
            #[cfg(target_arch = "x86_64")]
            Self::Middle => 6,
            Self::Narrow => 4,
        }
    }

    /// Rows on the right of a tile.
    pub(crate) fn right(self) -> usize {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Wide => 32,
            #[cfg(target_arch = "x86_64")]
            Self::Middle => 16,
            Self::Narrow => 8,
        }
    }

    /// Rows on the left that are worked on together, so that they stay in a cache.
    pub(crate) fn left_block(self, dimensions: usize) -> usize {
        (CACHED / 4 / dimensions.max(1) / self.left()).clamp(1, 64) * self.left()
    }
}

/// Rows in groups of a tile's width, each group component by component; the last is filled up
/// with zeros.
#[derive(Debug, Default)]
pub(crate) struct Panels {
    width: usize,
    dimensions: usize,
    rows: usize,
    /// Where the aligned part of `floats` starts.
    start: usize,
    floats: Vec<f32>,
}

impl Panels {
    /// Packs `rows` (row-major), each through `change`, in groups of `width`.
    pub(crate) fn pack(
        &mut self,
        rows: &[f32],
        dimensions: usize,
        width: usize,
        change: impl Fn(f32) -> f32,
    ) {
        let count = rows.len() / dimensions;
        let size = count.div_ceil(width) * width * dimensions;
        (self.width, self.dimensions, self.rows) = (width, dimensions, count);
        if self.floats.len() < size + 16 {
            self.floats = vec![0.0; size + 16];
        }
        self.start = self.floats.as_ptr().align_offset(64).min(16);
        let group_floats = width * dimensions;
        let groups = self.floats[self.start..self.start + size].chunks_exact_mut(group_floats);
        for (group, packed) in groups.enumerate() {
            // some components of all rows at a time, so that what is written stays in a cache
            for from in (0..dimensions).step_by(PACKED) {
                let many = PACKED.min(dimensions - from);
                for lane in 0..width {
                    let row = group * width + lane;
                    let part = &mut packed[from * width + lane..];
                    let places = part.iter_mut().step_by(width).take(many);
                    if row < count {
                        let row = &rows[row * dimensions + from..][..many];
                        places.zip(row).for_each(|(place, value)| *place = change(*value));
                    } else {
                        places.for_each(|place| *place = 0.0);
                    }
                }
            }
        }
    }

    fn groups(&self) -> impl Iterator<Item = &[f32]> {
        let count = self.rows.div_ceil(self.width.max(1));
        let floats = self.width * self.dimensions;
        self.floats[self.start..].chunks_exact(floats.max(1)).take(count)
    }
}

/// Calls `each(left row, right row, tile)` for every tile of products of `left` with `right`, where
/// the rows are the first of the tile, which holds `shape.left()` rows of `shape.right()` products.
/// Rows past the end of either give products of 0.
pub(crate) fn tiles(
    shape: Shape,
    left: &Panels,
    right: &Panels,
    mut each: impl FnMut(usize, usize, &[f32]),
) {
    assert_eq!((left.width, right.width), (shape.left(), shape.right()), "packed for this shape");
    assert_eq!(left.dimensions, right.dimensions, "rows of equal length");
    let mut tile = [0.0_f32; TILE_MAX];
    let tile = &mut tile[..shape.left() * shape.right()];
    for (right_group, right_floats) in right.groups().enumerate() {
        for (left_group, left_floats) in left.groups().enumerate() {
            multiply(shape, left_floats, right_floats, tile);
            each(left_group * left.width, right_group * right.width, tile);
        }
    }
}

/// Puts the products of one group on the left with one on the right into `tile`.
fn multiply(shape: Shape, left: &[f32], right: &[f32], tile: &mut [f32]) {
    match shape {
        #[cfg(target_arch = "x86_64")]
        Shape::Wide => {
            #[expect(unsafe_code, reason = "the CPU has what this was compiled for")]
            // SAFETY: `Shape::of` gives this shape only where `Level::detect` found AVX-512.
            unsafe {
                x86::wide(left, right, tile);
            }
        }
        #[cfg(target_arch = "x86_64")]
        Shape::Middle => {
            #[expect(unsafe_code, reason = "the CPU has what this was compiled for")]
            // SAFETY: `Shape::of` gives this shape only where the CPU has AVX2 and FMA.
            unsafe {
                x86::middle(left, right, tile);
            }
        }
        Shape::Narrow => narrow(left, right, tile),
    }
}

fn narrow(left: &[f32], right: &[f32], tile: &mut [f32]) {
    let mut sums = [[0.0_f32; 8]; 4];
    for (left, right) in left.chunks_exact(4).zip(right.chunks_exact(8)) {
        for row in 0..4 {
            for column in 0..8 {
                // ARM fuses, x86 without FMA would call a function for it
                sums[row][column] = if cfg!(target_arch = "aarch64") {
                    left[row].mul_add(right[column], sums[row][column])
                } else {
                    sums[row][column] + left[row] * right[column]
                };
            }
        }
    }
    tile.copy_from_slice(sums.as_flattened());
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::{
        _mm256_fmadd_ps, _mm256_loadu_ps, _mm256_set1_ps, _mm256_setzero_ps, _mm256_storeu_ps,
        _mm512_fmadd_ps, _mm512_loadu_ps, _mm512_set1_ps, _mm512_setzero_ps, _mm512_storeu_ps,
    };

    #[target_feature(enable = "avx512f")]
    pub(super) fn wide(left: &[f32], right: &[f32], tile: &mut [f32]) {
        assert!(left.len() / 14 == right.len() / 32 && tile.len() == 14 * 32, "whole groups");
        let mut sums = [[_mm512_setzero_ps(); 2]; 14];
        for (left, right) in left.chunks_exact(14).zip(right.chunks_exact(32)) {
            #[expect(unsafe_code, reason = "vector loads take pointers")]
            // SAFETY: `right` has 32 floats, which are the two loads; no alignment is asked for.
            let columns = unsafe {
                [_mm512_loadu_ps(right.as_ptr()), _mm512_loadu_ps(right.as_ptr().add(16))]
            };
            for row in 0..14 {
                let value = _mm512_set1_ps(left[row]);
                sums[row][0] = _mm512_fmadd_ps(value, columns[0], sums[row][0]);
                sums[row][1] = _mm512_fmadd_ps(value, columns[1], sums[row][1]);
            }
        }
        for (half, sum) in tile.chunks_exact_mut(16).zip(sums.as_flattened()) {
            #[expect(unsafe_code, reason = "vector stores take pointers")]
            // SAFETY: `half` has 16 floats; no alignment is asked for.
            unsafe {
                _mm512_storeu_ps(half.as_mut_ptr(), *sum);
            }
        }
    }

    #[target_feature(enable = "avx2,fma")]
    pub(super) fn middle(left: &[f32], right: &[f32], tile: &mut [f32]) {
        assert!(left.len() / 6 == right.len() / 16 && tile.len() == 6 * 16, "whole groups");
        let mut sums = [[_mm256_setzero_ps(); 2]; 6];
        for (left, right) in left.chunks_exact(6).zip(right.chunks_exact(16)) {
            #[expect(unsafe_code, reason = "vector loads take pointers")]
            // SAFETY: `right` has 16 floats, which are the two loads; no alignment is asked for.
            let columns = unsafe {
                [_mm256_loadu_ps(right.as_ptr()), _mm256_loadu_ps(right.as_ptr().add(8))]
            };
            for row in 0..6 {
                let value = _mm256_set1_ps(left[row]);
                sums[row][0] = _mm256_fmadd_ps(value, columns[0], sums[row][0]);
                sums[row][1] = _mm256_fmadd_ps(value, columns[1], sums[row][1]);
            }
        }
        for (half, sum) in tile.chunks_exact_mut(8).zip(sums.as_flattened()) {
            #[expect(unsafe_code, reason = "vector stores take pointers")]
            // SAFETY: `half` has 8 floats; no alignment is asked for.
            unsafe {
                _mm256_storeu_ps(half.as_mut_ptr(), *sum);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vectors::made::Source;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn every_product_is_within_the_bound(
            seed: u64, lefts in 1_usize..40, rights in 1_usize..70, dimensions in 1_usize..130,
        ) {
            let mut source = Source::new(seed);
            let left = source.normals(lefts * dimensions);
            let right = source.normals(rights * dimensions);
            for level in Level::available() {
                let shape = Shape::of(level);
                let (mut left_panels, mut right_panels) = (Panels::default(), Panels::default());
                // what a buffer held before must not matter
                left_panels.pack(&vec![f32::NAN; 900], 9, shape.left(), |x| x);
                left_panels.pack(&left, dimensions, shape.left(), |x| x);
                right_panels.pack(&right, dimensions, shape.right(), |x| x);
                let mut found = vec![f32::NAN; lefts * rights];
                tiles(shape, &left_panels, &right_panels, |row, column, tile| {
                    for (at, product) in tile.iter().enumerate() {
                        let (row, column) = (row + at / shape.right(), column + at % shape.right());
                        if row < lefts && column < rights {
                            found[row * rights + column] = *product;
                        } else {
                            assert_eq!(product.abs().to_bits(), 0);
                        }
                    }
                });
                for (at, product) in found.iter().enumerate() {
                    let left = &left[at / rights * dimensions..][..dimensions];
                    let right = &right[at % rights * dimensions..][..dimensions];
                    let exact: f64 =
                        left.iter().zip(right).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum();
                    let length = |row: &[f32]| row.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>().sqrt();
                    let bound = product_bound(dimensions) * length(left) * length(right);
                    prop_assert!((f64::from(*product) - exact).abs() <= bound);
                }
            }
        }
    }
}
