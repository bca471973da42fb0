//! The bytes of a vector, made on the CPU as the GPU makes them: no pair may be excluded.

use super::super::rotate::rotation;
use super::*;
use crate::vectors::bf16;
use crate::vectors::made::Source;
use crate::vectors::made_corpus::Corpus;
use crate::vectors::{Rows, cosine, normalize};

/// The right bytes of a row and its rounding error, as `quantize` of `rows.cu` makes them.
fn quantized(plan: &Plan, row: &[f32]) -> ([i8; ROTATED], f32) {
    let rounded: Vec<f32> = row.iter().map(|value| bf16::widen(bf16::round(*value))).collect();
    let whole: f32 = rounded.iter().map(|value| value * value).sum();
    let directions = plan.rotation.rows.chunks_exact(plan.dimensions);
    let (mut bytes, mut kept, mut lost) = ([0; ROTATED], 0.0, 0.0);
    for (byte, direction) in bytes.iter_mut().zip(directions).take(PREFIX) {
        let part: f32 = rounded.iter().zip(direction).map(|(x, r)| x * bf16::widen(*r)).sum();
        #[expect(clippy::cast_possible_truncation, reason = "a byte")]
        let steps = (part / plan.step()).round_ties_even().clamp(-127.0, 127.0) as i8;
        *byte = steps;
        kept += part * part;
        lost += (part - f32::from(steps) * plan.step()).powi(2);
    }
    let slack = up(2.1 * plan.rotated_error() + 2e-4);
    let rest = ((whole - kept).max(0.0) + slack).sqrt()
        * (std::f32::consts::FRAC_1_SQRT_2 * 1.000_01)
        / plan.step();
    let rest = (rest * 1.0001).ceil();
    assert!(rest <= 127.0, "the rest {rest} has no byte");
    #[expect(clippy::cast_possible_truncation, reason = "a byte")]
    let rest = rest as i8;
    bytes[PREFIX..].copy_from_slice(&[rest, rest, 127, 127, 127, 127]);
    (bytes, lost.sqrt())
}

fn product(left: &[i8], right: &[i8]) -> i32 {
    left.iter().zip(right).map(|(a, b)| i32::from(*a) * i32::from(*b)).sum()
}

/// Counts the pairs above and the candidates among `rows`, and checks that the former are among
/// the latter.
fn checked(rows: &[f32], dimensions: usize, threshold: f32) -> (usize, usize) {
    let rotation = rotation(rows, dimensions);
    let plan = Plan { rotation, dimensions, threshold, limits: Limits::default() };
    let rows: Vec<&[f32]> = rows.chunks_exact(dimensions).collect();
    let (bytes, worst): (Vec<_>, Vec<_>) = rows.iter().map(|row| quantized(&plan, row)).unzip();
    let Some(border) = plan.border(worst.iter().copied().fold(0.0, f32::max)) else {
        return (0, rows.len() * rows.len());
    };
    let (mut above, mut candidates) = (0, 0);
    for left in 0..rows.len() {
        let mut lefts = bytes[left];
        for (to, byte) in lefts[PREFIX + 2..].iter_mut().zip(border.to_le_bytes()) {
            *to = byte.cast_signed();
        }
        for right in left + 1..rows.len() {
            let candidate = product(&lefts, &bytes[right]) >= 0;
            candidates += usize::from(candidate);
            if cosine(rows[left], rows[right]) >= threshold {
                above += 1;
                assert!(candidate, "{left} {right} at {threshold}");
            }
        }
    }
    (above, candidates)
}

#[test]
fn no_pair_is_excluded() {
    let mut source = Source::new(1);
    for (dimensions, threshold) in [(3, 0.999), (40, 0.8), (150, 0.95), (300, 0.9), (700, 0.85)] {
        for anisotropy in [0.0, 0.5, 4.0] {
            let mut rows: Vec<f32> = Vec::new();
            for row in 0..300_usize {
                let mut next = source.normals(dimensions);
                next.iter_mut()
                    .enumerate()
                    .for_each(|(at, x)| *x /= (at as f32 + 1.0).powf(anisotropy / 2.0));
                assert!(normalize(&mut next));
                if row % 2 == 1 {
                    let wanted = f64::from(threshold) + 1e-6 * (source.uniform() - 0.5);
                    next = source.near(&rows[(row - 1) * dimensions..], wanted);
                }
                rows.extend(next);
            }
            let (above, _) = checked(&rows, dimensions, threshold);
            assert!(above > 40 || anisotropy > 0.0, "{above} {dimensions} {threshold}");
        }
    }
}

#[test]
fn most_pairs_of_embeddings_are_excluded() {
    for dimensions in [384, 768] {
        let corpus = Corpus::new(1500, 200, dimensions, 11);
        let mut rows = vec![0.0; 1500 * dimensions];
        corpus.read(0, &mut rows).unwrap();
        let (above, candidates) = checked(&rows, dimensions, 0.95);
        assert!(above > 60, "{above}");
        assert!(candidates < above + 200, "{above} {candidates}");
    }
}
