//! Ranks of all documents from the names of shards and their row counts alone, window by window.
//!
//! A document's rank is a hash of its id, and its id is a hash of shard and row. So ranks need no
//! reading, and the documents of lowest rank are those whose rank falls into the first window of
//! the 64-bit range: no heap, little memory, and no dependence on the number of threads.

use tamis_kernels::hash128;
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// Documents that the first window aims at, and those that the largest does.
const WINDOW: [u64; 2] = [1024, 65_536];

/// The documents of one shard, as far as ranks go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ShardRows {
    /// Its name.
    pub(crate) name: String,
    /// Its documents.
    pub(crate) count: u64,
}

/// A document with its rank; ties are broken by the id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Ranked {
    /// Its rank.
    pub(crate) rank: u64,
    /// Its document id.
    pub(crate) id: u128,
    /// Number of the shard.
    pub(crate) shard: u32,
    /// Number of the document in it.
    pub(crate) number: u64,
}

/// Hashes ids and ranks of one shard without allocating.
pub(crate) struct Ranker {
    seed: u64,
    bytes: Vec<u8>,
}

impl Ranker {
    /// For the documents of `shard`.
    pub(crate) fn new(seed: u64, shard: &str) -> Self {
        let mut bytes = Vec::with_capacity(shard.len() + 9);
        bytes.extend_from_slice(shard.as_bytes());
        bytes.extend_from_slice(&[0; 9]);
        Self { seed, bytes }
    }

    /// The rank and the id of the document in `row`: [`tamis_kernels::document_id`] of one piece.
    pub(crate) fn rank(&mut self, row: u64) -> (u64, u128) {
        let name = self.bytes.len() - 8;
        self.bytes[name..].copy_from_slice(&row.to_le_bytes());
        let id = hash128(&self.bytes);
        (xxh3_64_with_seed(&hex(id), self.seed), id)
    }
}

/// Thirty-two hexadecimal digits.
fn hex(id: u128) -> [u8; 32] {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = [0; 32];
    for (at, byte) in id.to_be_bytes().into_iter().enumerate() {
        text[at * 2] = DIGITS[usize::from(byte >> 4)];
        text[at * 2 + 1] = DIGITS[usize::from(byte & 15)];
    }
    text
}

/// The key of a document that is drawn by its size: an exponential variate of that rate, so that
/// the order is one of drawing without replacement with chances as the sizes.
pub(crate) fn by_size(rank: u64, size: u64) -> u64 {
    // 52 bits of the rank and a half: a number that is never rounded to 0 or 1
    let uniform = ((rank >> 12) as f64 + 0.5) / (1_u64 << 52) as f64;
    // positive numbers sort as their bits do
    (-uniform.ln() / size.max(1) as f64).to_bits()
}

/// A walk over all documents by rank.
#[derive(Debug)]
pub(crate) struct RankWalk {
    seed: u64,
    /// Documents of the current window, last first.
    window: Vec<Ranked>,
    /// Where the next window begins; none behind the last.
    next: Option<u64>,
    aim: u64,
}

impl RankWalk {
    /// A walk from the lowest rank on.
    pub(crate) fn new(seed: u64) -> Self {
        Self { seed, window: Vec::new(), next: Some(0), aim: WINDOW[0] }
    }

    /// The next documents, at most `count`; none at the end. `row` turns the number of a document
    /// in a shard into its row.
    pub(crate) fn next(
        &mut self,
        shards: &[ShardRows],
        row: &(dyn Fn(usize, u64) -> u64 + Sync),
        count: usize,
    ) -> Vec<Ranked> {
        let total: u64 = shards.iter().map(|shard| shard.count).sum();
        while self.window.is_empty() {
            let Some(low) = self.next else { return Vec::new() };
            let width = (u64::MAX / total.max(1)).saturating_mul(self.aim);
            let high = if total <= self.aim { u64::MAX } else { low.saturating_add(width) };
            self.window = window(self.seed, shards, row, low, high);
            self.window.sort_unstable_by(|one, other| other.cmp(one));
            self.next = high.checked_add(1);
            self.aim = (self.aim * 4).min(WINDOW[1]);
        }
        let from = self.window.len().saturating_sub(count.max(1));
        let mut taken = self.window.split_off(from);
        taken.reverse();
        taken
    }
}

/// Documents that one thread looks at, at most.
const CHUNK: u64 = 1 << 20;

/// The documents with ranks from `low` to `high`, in any order.
fn window(
    seed: u64,
    shards: &[ShardRows],
    row: &(dyn Fn(usize, u64) -> u64 + Sync),
    low: u64,
    high: u64,
) -> Vec<Ranked> {
    let mut tasks: Vec<(usize, u64, u64)> = Vec::new();
    for (number, shard) in shards.iter().enumerate() {
        let mut from = 0;
        while from < shard.count {
            let to = (from + CHUNK).min(shard.count);
            tasks.push((number, from, to));
            from = to;
        }
    }
    let total: u64 = shards.iter().map(|shard| shard.count).sum();
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let threads = if total < 100_000 { 1 } else { threads.min(tasks.len()).max(1) };
    let work = |mine: &[(usize, u64, u64)]| {
        let mut found = Vec::new();
        for &(shard, from, to) in mine {
            let mut ranker = Ranker::new(seed, &shards[shard].name);
            for number in from..to {
                let (rank, id) = ranker.rank(row(shard, number));
                if rank >= low && rank <= high {
                    let shard = u32::try_from(shard).unwrap_or(u32::MAX);
                    found.push(Ranked { rank, id, shard, number });
                }
            }
        }
        found
    };
    if threads == 1 {
        return work(&tasks);
    }
    let work = &work;
    std::thread::scope(|scope| {
        let each = tasks.len().div_ceil(threads);
        let running: Vec<_> =
            tasks.chunks(each).map(|mine| scope.spawn(move || work(mine))).collect();
        running.into_iter().flat_map(|thread| thread.join().unwrap_or_default()).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::rank;
    use tamis_kernels::{document_id, hex128};

    fn walk(seed: u64, shards: &[ShardRows], step: usize) -> Vec<Ranked> {
        let mut walk = RankWalk::new(seed);
        let mut all = Vec::new();
        loop {
            let next = walk.next(shards, &|_, number| number, step);
            if next.is_empty() {
                return all;
            }
            all.extend(next);
        }
    }

    fn shards(counts: &[u64]) -> Vec<ShardRows> {
        let name = |at: usize| format!("folder/{at:03}.jsonl");
        counts.iter().enumerate().map(|(at, &count)| ShardRows { name: name(at), count }).collect()
    }

    #[test]
    fn ids_and_ranks_are_those_of_the_sampler() {
        let (shard, row) = ("a/b.parquet", 123_456);
        let (got, id) = Ranker::new(7, shard).rank(row);
        assert_eq!(id, document_id(shard, row));
        assert_eq!(got, rank(7, &hex128(id)));
    }

    #[test]
    fn the_walk_visits_every_document_once_in_rank_order() {
        let shards = shards(&[0, 1, 70_000, 0, 45_000, 3]);
        let all = walk(11, &shards, 500);
        assert_eq!(all.len(), 115_004);
        assert!(all.windows(2).all(|pair| pair[0] < pair[1]));
        // steps and windows do not matter
        assert_eq!(all[..3000], walk(11, &shards, 7)[..3000]);
    }

    #[test]
    fn an_empty_frame_ends_at_once() {
        assert!(walk(1, &shards(&[0, 0]), 5).is_empty());
        assert!(walk(1, &[], 5).is_empty());
    }

    #[test]
    fn small_numbers_come_first_for_large_sizes() {
        assert!(by_size(5, 1000) < by_size(5, 10));
        assert!(by_size(u64::MAX, 1) < by_size(0, 1));
        assert!(f64::from_bits(by_size(0, 1)).is_finite());
    }
}
