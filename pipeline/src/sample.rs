//! Uniform sampling without replacement by hash rank.
//!
//! Every document gets the rank `xxh3(seed, document_id)`; the sample is the `n` lowest ranks,
//! in rank order. It does not depend on the order of the documents, on shards or threads; each
//! prefix of it is a simple random sample of its own, so a reader may stop or go on at will.

use std::collections::BinaryHeap;

use xxhash_rust::xxh3::xxh3_64_with_seed;

/// Name of the method, for manifests: another version may choose another sample.
pub const SAMPLER: &str = "hash-rank-xxh3/1";

/// Rank of a document; ties cannot matter, they are broken by the id.
pub fn rank(seed: u64, document_id: &str) -> u64 {
    xxh3_64_with_seed(document_id.as_bytes(), seed)
}

struct Ranked<T> {
    key: (u64, String),
    item: T,
}

impl<T> PartialEq for Ranked<T> {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl<T> Eq for Ranked<T> {}

impl<T> PartialOrd for Ranked<T> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> Ord for Ranked<T> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.key.cmp(&other.key)
    }
}

/// The `size` documents of lowest rank among those offered; memory is that of `size` items.
pub struct HashRank<T> {
    seed: u64,
    size: usize,
    offered: u64,
    lowest: BinaryHeap<Ranked<T>>,
}

impl<T> HashRank<T> {
    /// A sampler for `size` documents.
    pub fn new(seed: u64, size: usize) -> Self {
        Self { seed, size, offered: 0, lowest: BinaryHeap::new() }
    }

    /// Offers a document; `item` is made only where it enters the sample.
    pub fn offer(&mut self, document_id: &str, item: impl FnOnce() -> T) {
        self.offered += 1;
        if self.size == 0 {
            return;
        }
        let key = (rank(self.seed, document_id), document_id.to_owned());
        if self.lowest.len() == self.size {
            if self.lowest.peek().is_some_and(|worst| worst.key <= key) {
                return;
            }
            self.lowest.pop();
        }
        self.lowest.push(Ranked { key, item: item() });
    }

    /// Documents offered: the size of the frame the sample stands for.
    pub fn offered(&self) -> u64 {
        self.offered
    }

    /// The sample in rank order.
    pub fn into_sample(self) -> Vec<T> {
        self.lowest.into_sorted_vec().into_iter().map(|ranked| ranked.item).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn draw(seed: u64, size: usize, ids: &[String]) -> Vec<String> {
        let mut sampler = HashRank::new(seed, size);
        for id in ids {
            sampler.offer(id, || id.clone());
        }
        sampler.into_sample()
    }

    fn frame(size: usize) -> Vec<String> {
        (0..size).map(|number| format!("{number:032x}")).collect()
    }

    #[test]
    fn every_document_is_as_likely_as_any_other() {
        let ids = frame(50);
        let mut hits = vec![0_u32; ids.len()];
        let rounds = 10_000;
        for seed in 0..rounds {
            for id in draw(seed, 5, &ids) {
                hits[usize::from_str_radix(&id, 16).unwrap()] += 1;
            }
        }
        let expected = rounds as f64 * 5.0 / 50.0;
        let statistic: f64 =
            hits.iter().map(|&hit| (f64::from(hit) - expected).powi(2) / (expected * 0.9)).sum();
        // 49 degrees of freedom: 99.9 % of uniform samplers stay below 85.4
        assert!(statistic < 85.4, "chi-square {statistic}");
        assert!(hits[0] > 0 && hits[49] > 0);
    }

    #[test]
    fn a_small_frame_is_drawn_whole_and_an_empty_one_not_at_all() {
        assert_eq!(draw(1, 10, &frame(3)).len(), 3);
        assert!(draw(1, 10, &[]).is_empty());
        assert!(draw(1, 0, &frame(3)).is_empty());
    }

    proptest! {
        #[test]
        fn order_does_not_matter_and_prefixes_nest(seed: u64, size in 1usize..20, turn in 0usize..40) {
            let ids = frame(40);
            let mut turned = ids.clone();
            turned.rotate_left(turn);
            let one = draw(seed, size, &ids);
            prop_assert_eq!(&one, &draw(seed, size, &turned));
            let longer = draw(seed, size + 5, &ids);
            prop_assert_eq!(&longer[..one.len()], &one[..]);
        }
    }
}
