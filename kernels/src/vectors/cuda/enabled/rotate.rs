//! The directions in which vectors differ most, found on a sample: a rotation to them concentrates
//! a vector's length in its first components.

use minhash_lsh::Level;

use crate::vectors::bf16;
use crate::vectors::made::Source;
use crate::vectors::product::{Panels, Shape, tiles};

/// Components that are kept.
pub(super) const PREFIX: usize = 122;
/// Rows of a rotation, the last of which are zero, and bytes of a packed row.
pub(super) const ROTATED: usize = 128;
/// Steps of the iteration; any basis is right, a better one leaves fewer candidates.
const ITERATIONS: usize = 12;

/// A rotation to `PREFIX` directions: its rows are orthonormal, but for rounding, and together no
/// longer than a rotation's.
pub(super) struct Rotation {
    /// `ROTATED` rows of `dimensions` bfloat16 numbers.
    pub(super) rows: Vec<u16>,
    /// The largest component of the sample after rotation.
    pub(super) largest: f32,
}

/// The rotation for a sample of vectors, `sample` (row-major).
pub(super) fn rotation(sample: &[f32], dimensions: usize) -> Rotation {
    let kept = PREFIX.min(dimensions);
    let count = sample.len() / dimensions;
    let mut transposed = vec![0.0; sample.len()];
    for (number, row) in sample.chunks_exact(dimensions).enumerate() {
        row.iter().enumerate().for_each(|(at, value)| transposed[at * count + number] = *value);
    }
    // second moments, not centred: cosines are about the origin
    let moments = products(&transposed, &transposed, count.max(1));
    let mut basis = Source::new(0).normals(kept * dimensions);
    orthonormalize(&mut basis, dimensions);
    for _ in 0..ITERATIONS {
        if moments.len() == dimensions * dimensions {
            basis = products(&basis, &moments, dimensions);
        }
        orthonormalize(&mut basis, dimensions);
    }
    let scale = 1.0 / norm_bound(&basis, dimensions).sqrt();
    // rounding can add a little to the norm, so it is measured again and the scale adjusted
    let mut rounded = round(&basis, scale);
    let over = norm_bound(&widen(&rounded), dimensions);
    if over > 1.0 {
        rounded = round(&basis, scale / over.sqrt() * 0.999);
    }
    // where even that fails, no rotation at all keeps every bound true
    if norm_bound(&widen(&rounded), dimensions) > 1.0 {
        rounded.fill(0);
    }
    let rotated = products(sample, &widen(&rounded), dimensions);
    let largest = rotated.iter().fold(0.0_f32, |most, value| most.max(value.abs()));
    rounded.resize(ROTATED * dimensions, 0);
    Rotation { rows: rounded, largest }
}

#[expect(clippy::cast_possible_truncation, reason = "rounded to bfloat16 next")]
fn round(basis: &[f32], scale: f64) -> Vec<u16> {
    basis.iter().map(|value| bf16::round((f64::from(*value) * scale) as f32)).collect()
}

fn widen(rows: &[u16]) -> Vec<f32> {
    rows.iter().map(|bits| bf16::widen(*bits)).collect()
}

/// All products of rows of `left` with rows of `right`, row-major.
fn products(left: &[f32], right: &[f32], dimensions: usize) -> Vec<f32> {
    let shape = Shape::of(Level::detect());
    let (mut lefts, mut rights) = (Panels::default(), Panels::default());
    lefts.pack(left, dimensions, shape.left(), |value| value);
    rights.pack(right, dimensions, shape.right(), |value| value);
    let (rows, columns) = (left.len() / dimensions, right.len() / dimensions);
    let mut all = vec![0.0; rows * columns];
    tiles(shape, &lefts, &rights, |row, column, tile| {
        for (lane, part) in tile.chunks_exact(shape.right()).enumerate() {
            if row + lane < rows {
                let width = part.len().min(columns - column);
                all[(row + lane) * columns + column..][..width].copy_from_slice(&part[..width]);
            }
        }
    });
    all
}

/// Makes rows orthonormal, twice over, because once is not enough where they are nearly parallel.
fn orthonormalize(basis: &mut [f32], dimensions: usize) {
    for _ in 0..2 {
        for at in 0..basis.len() / dimensions {
            let (before, rest) = basis.split_at_mut(at * dimensions);
            let row = &mut rest[..dimensions];
            let mut precise: Vec<f64> = row.iter().map(|value| f64::from(*value)).collect();
            for other in before.chunks_exact(dimensions) {
                let along = sum_of_products(&precise, other, |value| *value);
                precise.iter_mut().zip(other).for_each(|(a, b)| *a -= along * f64::from(*b));
            }
            let length = precise.iter().map(|value| value * value).sum::<f64>().sqrt();
            let scale = if length > 0.0 { 1.0 / length } else { 0.0 };
            #[expect(clippy::cast_possible_truncation, reason = "rounded to what is stored")]
            row.iter_mut().zip(&precise).for_each(|(to, value)| *to = (value * scale) as f32);
        }
    }
}

/// The product of two rows in `f64`, in sums that run side by side.
fn sum_of_products<T>(left: &[T], right: &[f32], widen: impl Fn(&T) -> f64) -> f64 {
    let mut sums = [0.0; 16];
    let (mut lefts, mut rights) = (left.chunks_exact(16), right.chunks_exact(16));
    for (left, right) in (&mut lefts).zip(&mut rights) {
        for ((sum, left), right) in sums.iter_mut().zip(left).zip(right) {
            *sum += widen(left) * f64::from(*right);
        }
    }
    let rest = lefts.remainder().iter().zip(rights.remainder());
    sums.iter().sum::<f64>() + rest.map(|(a, b)| widen(a) * f64::from(*b)).sum::<f64>()
}

/// A bound of the square of the norm of `basis`: the largest sum of sizes in a row of its products
/// with itself (Gershgorin), in `f64`, with a little for the rounding of those sums.
fn norm_bound(basis: &[f32], dimensions: usize) -> f64 {
    let rows: Vec<&[f32]> = basis.chunks_exact(dimensions).collect();
    let product = |a: &[f32], b: &[f32]| sum_of_products(a, b, |value| f64::from(*value));
    let sums = rows.iter().map(|a| rows.iter().map(|b| product(a, b).abs()).sum::<f64>());
    sums.fold(0.0, f64::max) * (1.0 + 1e-9)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rotation_keeps_lengths_within_its_bound_and_finds_where_vectors_lie() {
        for dimensions in [5, 64, 200, 300] {
            let mut source = Source::new(dimensions as u64);
            let mut sample = Vec::new();
            for _ in 0..600 {
                let mut row = source.normals(dimensions);
                row.iter_mut().enumerate().for_each(|(at, x)| *x /= 1.0 + at as f32 / 3.0);
                assert!(crate::vectors::normalize(&mut row));
                sample.extend(row);
            }
            let rotation = rotation(&sample, dimensions);
            assert_eq!(rotation.rows.len(), ROTATED * dimensions);
            let rows = widen(&rotation.rows);
            assert!(norm_bound(&rows, dimensions) <= 1.0);
            let rotated = products(&sample, &rows, dimensions);
            let mut kept = 0.0;
            for row in rotated.chunks_exact(ROTATED) {
                let square: f64 = row.iter().map(|x| f64::from(*x).powi(2)).sum();
                assert!(square <= 1.0 + 1e-4, "{square}");
                kept += square / 600.0;
            }
            assert!(kept > 0.93, "{dimensions} {kept}");
            assert!(rotation.largest <= 1.0);
        }
    }
}
