//! A corpus of vectors like those of real embeddings, made row by row from a seed.

use std::io;

use super::made::{Source, mix};
use super::rows::Rows;
use super::{cosine, normalize};

/// Topics that rows belong to.
const TOPICS: usize = 1000;
/// Shares of a row's squared length: what all rows have in common, and what its topic gives.
const COMMON: f64 = 0.25;
const TOPIC: f64 = 0.25;

/// Unit vectors with a common direction, topics, and a covariance whose `k`-th eigenvalue falls as
/// `1 / (k + 5)`; the last ones are copies of earlier ones at cosines from 0.90 to 0.99.
///
/// Isotropic vectors would be told apart by any few components; embeddings of text point into a
/// cone and vary in few directions, which is what a search has to cope with.
#[derive(Debug)]
pub struct Corpus {
    count: usize,
    planted: usize,
    dimensions: usize,
    seed: u64,
    common: Vec<f32>,
    topics: Vec<f32>,
    /// Deviation of each component before it is turned.
    spread: Vec<f32>,
    /// The directions of the reflections that turn it.
    mirrors: [Vec<f32>; 2],
}

impl Corpus {
    /// `count` rows, the last `planted` of which are near earlier ones.
    pub fn new(count: usize, planted: usize, dimensions: usize, seed: u64) -> Self {
        let mut source = Source::new(seed);
        let eigen: Vec<f64> = (0..dimensions).map(|k| 1.0 / (k as f64 + 5.0)).collect();
        let sum: f64 = eigen.iter().sum();
        #[expect(clippy::cast_possible_truncation, reason = "rounded to what is stored")]
        let spread: Vec<f32> = eigen.iter().map(|value| (value / sum).sqrt() as f32).collect();
        let mut shaped = || {
            let mut vector = source.normals(dimensions);
            vector.iter_mut().zip(&spread).for_each(|(value, spread)| *value *= spread);
            normalize(&mut vector);
            vector
        };
        let common = shaped();
        let topics = (0..TOPICS).flat_map(|_| shaped()).collect();
        let mirrors = [source.unit(dimensions), source.unit(dimensions)];
        let planted = planted.min(count / 2);
        Self { count, planted, dimensions, seed, common, topics, spread, mirrors }
    }

    /// The planted pairs: the original, the copy and their cosine.
    pub fn planted(&self) -> impl Iterator<Item = (usize, usize, f32)> + '_ {
        (self.count - self.planted..self.count).map(|copy| {
            let (mut left, mut right) = (vec![0.0; self.dimensions], vec![0.0; self.dimensions]);
            let original = self.original(copy);
            self.row(original, &mut left);
            self.row(copy, &mut right);
            (original, copy, cosine(&left, &right))
        })
    }

    fn original(&self, copy: usize) -> usize {
        let from = mix(self.seed ^ mix(copy as u64)) % (self.count - self.planted) as u64;
        usize::try_from(from).unwrap_or(0)
    }

    fn row(&self, number: usize, into: &mut [f32]) {
        if number < self.count - self.planted {
            return self.fresh(number, into);
        }
        let mut original = vec![0.0; self.dimensions];
        self.fresh(self.original(number), &mut original);
        let wanted = 0.90 + (number % 91) as f64 / 1000.0;
        let mut source = Source::new(mix(self.seed.wrapping_add(number as u64)));
        into.copy_from_slice(&source.near(&original, wanted));
    }

    fn fresh(&self, number: usize, into: &mut [f32]) {
        let mut state = mix(self.seed ^ (number as u64) << 20);
        let topic = usize::try_from(state % TOPICS as u64).unwrap_or(0);
        let topic = &self.topics[topic * self.dimensions..][..self.dimensions];
        #[expect(clippy::cast_possible_truncation, reason = "rounded to what is stored")]
        let [common, given, own] =
            [COMMON, TOPIC, 1.0 - COMMON - TOPIC].map(|share| share.sqrt() as f32);
        for (at, value) in into.iter_mut().enumerate() {
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            // the sum of four uniform numbers is near enough to a normal one, and quick
            let bits = mix(state);
            let sum = (0..4).map(|part| (bits >> (16 * part) & 0xffff) as f32).sum::<f32>();
            let normal = (sum - 2.0 * 65_535.0) / 37_837.0;
            *value = common * self.common[at] + given * topic[at] + own * self.spread[at] * normal;
        }
        for mirror in &self.mirrors {
            let along = 2.0 * cosine_unclamped(into, mirror);
            into.iter_mut().zip(mirror).for_each(|(value, mirror)| *value -= along * mirror);
        }
        normalize(into);
    }
}

fn cosine_unclamped(left: &[f32], right: &[f32]) -> f32 {
    let mut product = 0.0;
    super::unit::dot(minhash_lsh::Level::detect(), left, right, &mut product);
    product
}

impl Rows for Corpus {
    fn count(&self) -> usize {
        self.count
    }

    fn dimensions(&self) -> usize {
        self.dimensions
    }

    fn read(&self, first: usize, into: &mut [f32]) -> io::Result<()> {
        for (at, row) in into.chunks_exact_mut(self.dimensions).enumerate() {
            self.row(first + at, row);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_units_and_planted_pairs_are_near() {
        let corpus = Corpus::new(3000, 200, 96, 1);
        let mut rows = vec![0.0; 3000 * 96];
        corpus.read(0, &mut rows).unwrap();
        for row in rows.chunks_exact(96) {
            assert!((super::super::unit::squared_length(row) - 1.0).abs() < 1e-6);
        }
        assert_eq!(corpus.planted().count(), 200);
        for (left, right, found) in corpus.planted() {
            assert!((0.899..0.991).contains(&found), "{found}");
            let again = cosine(&rows[left * 96..][..96], &rows[right * 96..][..96]);
            assert_eq!(found.to_bits(), again.to_bits());
        }
    }
}
