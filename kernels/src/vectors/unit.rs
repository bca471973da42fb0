//! Unit vectors, and the cosine of two of them, with the same bits on every machine.

use minhash_lsh::{Level, for_every_level};

/// Sums that run side by side: component `i` belongs to sum `i % LANES`, whatever the machine has.
const LANES: usize = 32;

/// Scales `vector` to unit length; false, and `vector` left alone, where it is zero or not finite.
///
/// Squares are summed as `f64` in a fixed order, so the result has the same bits everywhere. Its
/// length is 1 to within `2^-23`.
pub fn normalize(vector: &mut [f32]) -> bool {
    let mut squares = 0.0;
    square_sum(Level::detect(), vector, &mut squares);
    if !squares.is_finite() || squares <= 0.0 {
        return false;
    }
    let scale = 1.0 / squares.sqrt();
    for value in vector {
        #[expect(clippy::cast_possible_truncation, reason = "rounded to what is stored")]
        let scaled = (f64::from(*value) * scale) as f32;
        *value = scaled;
    }
    true
}

/// The cosine of two unit vectors of equal length: their product, at most 1 in size.
///
/// Products are rounded to `f32` and added in a fixed order, so the result has the same bits on
/// every machine. It is within `(d / 32 + 7) * 2^-24` of the product of the vectors given, for `d`
/// components.
pub fn cosine(left: &[f32], right: &[f32]) -> f32 {
    let mut product = 0.0;
    dot(Level::detect(), left, right, &mut product);
    product.clamp(-1.0, 1.0)
}

/// The squared length of `vector`, as [`normalize`] sums it.
pub(crate) fn squared_length(vector: &[f32]) -> f64 {
    let mut squares = 0.0;
    square_sum(Level::detect(), vector, &mut squares);
    squares
}

for_every_level! {
    pub(crate) fn dot = dot_body(left: &[f32], right: &[f32], product: &mut f32)
}

for_every_level! {
    fn square_sum = square_sum_body(vector: &[f32], sum: &mut f64)
}

#[expect(clippy::inline_always, reason = "each vector width needs its own copy")]
#[inline(always)]
fn dot_body(left: &[f32], right: &[f32], product: &mut f32) {
    let mut sums = [0.0_f32; LANES];
    let (mut lefts, mut rights) = (left.chunks_exact(LANES), right.chunks_exact(LANES));
    for (left, right) in (&mut lefts).zip(&mut rights) {
        for lane in 0..LANES {
            // multiplied, then added: a fused step would round differently
            sums[lane] += left[lane] * right[lane];
        }
    }
    let rest = lefts.remainder().iter().zip(rights.remainder());
    for (sum, (left, right)) in sums.iter_mut().zip(rest) {
        *sum += left * right;
    }
    let mut half = LANES / 2;
    while half > 0 {
        for lane in 0..half {
            sums[lane] += sums[lane + half];
        }
        half /= 2;
    }
    *product = sums[0];
}

#[expect(clippy::inline_always, reason = "each vector width needs its own copy")]
#[inline(always)]
fn square_sum_body(vector: &[f32], sum: &mut f64) {
    let mut sums = [0.0_f64; LANES];
    let mut chunks = vector.chunks_exact(LANES);
    for chunk in &mut chunks {
        for lane in 0..LANES {
            let value = f64::from(chunk[lane]);
            sums[lane] += value * value;
        }
    }
    for (sum, value) in sums.iter_mut().zip(chunks.remainder()) {
        *sum += f64::from(*value) * f64::from(*value);
    }
    let mut half = LANES / 2;
    while half > 0 {
        for lane in 0..half {
            sums[lane] += sums[lane + half];
        }
        half /= 2;
    }
    *sum = sums[0];
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vectors::made::Source;
    use proptest::prelude::*;

    #[test]
    fn a_vector_without_direction_is_refused() {
        for mut vector in [vec![], vec![0.0; 5], vec![1.0, f32::NAN], vec![f32::INFINITY, 0.0]] {
            let before = vector.clone();
            assert!(!normalize(&mut vector));
            assert_eq!(format!("{vector:?}"), format!("{before:?}"));
        }
    }

    #[test]
    fn the_largest_and_smallest_numbers_have_a_direction() {
        for value in [f32::MAX, f32::from_bits(1)] {
            let mut vector = [value, 0.0, -value, 0.0];
            assert!(normalize(&mut vector));
            assert!((vector[0] - std::f32::consts::FRAC_1_SQRT_2).abs() < 1e-7, "{vector:?}");
            assert_eq!(vector[2].to_bits(), (-vector[0]).to_bits());
        }
    }

    #[test]
    fn bits_are_pinned() {
        let mut source = Source::new(7);
        let (left, right) = (source.unit(771), source.unit(771));
        let near: Vec<f32> = left.iter().zip(&right).map(|(a, b)| a + b / 4.0).collect();
        assert_eq!(cosine(&left, &near).to_bits(), PINNED);
    }
    const PINNED: u32 = 1_065_321_214;

    proptest! {
        #[test]
        fn every_level_gives_the_same_bits(seed: u64, dimensions in 1_usize..200) {
            let mut source = Source::new(seed);
            let (left, right) = (source.unit(dimensions), source.unit(dimensions));
            let mut expected = 0.0;
            dot(Level::Baseline, &left, &right, &mut expected);
            for level in Level::available() {
                let mut found = 0.0;
                dot(level, &left, &right, &mut found);
                prop_assert_eq!(found.to_bits(), expected.to_bits());
            }
            let exact: f64 =
                left.iter().zip(&right).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum();
            let bound = (dimensions as f64 / 32.0 + 7.0) * 2.0_f64.powi(-24);
            prop_assert!((f64::from(expected) - exact).abs() <= bound);
            prop_assert!((squared_length(&left).sqrt() - 1.0).abs() <= 2.0_f64.powi(-23));
        }
    }
}
