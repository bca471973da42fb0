//! Buckets of signatures: which documents are compared, and what share of pairs that finds.

use super::projection::BITS_MAX;

/// Share of the pairs right at the threshold that a chosen scheme finds at least.
const FOUND: f64 = 0.995;
/// Share of them that may be lost to the cut-off of the whole signature.
const LOST_TO_CUTOFF: f64 = 0.0015;
/// What a key to sort, with its signature, and a pair to compare cost, in the same unit: nanoseconds
/// of a core, about.
const KEY_COST: f64 = 1000.0;
const PAIR_COST: f64 = 1.0;
/// How similar documents are that have nothing to do with each other: shares of pairs by cosine.
/// Embeddings point into a cone, so unrelated ones are not at right angles.
const BACKGROUND: [(f64, f64); 3] = [(0.80, 0.1), (0.18, 0.3), (0.02, 0.5)];
/// Keys that one document may be looked up by.
const KEYS_MAX: usize = 1024;

/// A scheme of buckets: `tables` tables, each keyed by its own `bits_per_table` bits of the
/// signature, in which a document is also looked up with up to `probe_flips` bits flipped; and the
/// number of bits in which whole signatures may differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignBands {
    bits: usize,
    tables: usize,
    bits_per_table: usize,
    probe_flips: usize,
    max_hamming: u32,
}

/// Why a scheme makes no sense.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum SignBandsError {
    /// Tables that do not fit into the signature, or keys that are too long.
    #[error(
        "{tables} tables of {bits_per_table} bits with {probe_flips} flipped make no sense in a signature of {bits} bits: keys are 1 to 32 bits of their own, and 0 to 2 are flipped"
    )]
    Shape {
        /// Bits of a signature.
        bits: usize,
        /// Tables.
        tables: usize,
        /// Bits of a key.
        bits_per_table: usize,
        /// Bits flipped.
        probe_flips: usize,
    },
    /// A threshold that is none, or for which no scheme finds enough.
    #[error(
        "no scheme finds 99.5 % of the pairs with a cosine of {threshold} in signatures of {bits} bits: choose a threshold from 0 to 1 and 64 to 512 bits, or the exact search"
    )]
    Threshold {
        /// The threshold.
        threshold: f64,
        /// Bits of a signature.
        bits: usize,
    },
}

impl SignBands {
    /// A scheme for signatures of `bits` bits.
    pub fn new(
        bits: usize,
        tables: usize,
        bits_per_table: usize,
        probe_flips: usize,
        max_hamming: u32,
    ) -> Result<Self, SignBandsError> {
        let shape_fits = (1..=32).contains(&bits_per_table)
            && tables >= 1
            && bits <= BITS_MAX
            && tables * bits_per_table <= bits
            && probe_flips <= 2;
        if !shape_fits {
            return Err(SignBandsError::Shape { bits, tables, bits_per_table, probe_flips });
        }
        Ok(Self { bits, tables, bits_per_table, probe_flips, max_hamming })
    }

    /// The cheapest scheme that finds at least 99.5 % of the pairs whose cosine is right at
    /// `threshold`, for `documents` documents whose unrelated pairs are as similar as those of
    /// usual embeddings.
    pub fn for_threshold(
        threshold: f64,
        documents: u64,
        bits: usize,
    ) -> Result<Self, SignBandsError> {
        let none = SignBandsError::Threshold { threshold, bits };
        if !(0.0..=1.0).contains(&threshold) || bits == 0 || bits > BITS_MAX {
            return Err(none);
        }
        let max_hamming = cutoff(bits, threshold);
        let mut best: Option<(f64, Self)> = None;
        for probe_flips in 0..=2 {
            for bits_per_table in 4..=32 {
                // more tables find more and cost more, so the fewest that suffice are the best
                let fits = |tables: usize| {
                    let bands = Self { bits, tables, bits_per_table, probe_flips, max_hamming };
                    (bands.recall(threshold) >= FOUND).then_some(bands)
                };
                let most = bits / bits_per_table;
                let (mut low, mut high) = (1, most + 1);
                while low < high {
                    let middle = usize::midpoint(low, high);
                    if middle > most || fits(middle).is_some() {
                        high = middle;
                    } else {
                        low = middle + 1;
                    }
                }
                let Some(bands) = (low <= most).then(|| fits(low)).flatten() else { continue };
                let cost = bands.cost(documents);
                if bands.keys_at_most() <= KEYS_MAX && best.is_none_or(|(least, _)| cost < least) {
                    best = Some((cost, bands));
                }
            }
        }
        best.map(|(_, bands)| bands).ok_or(none)
    }

    /// Bits of a signature.
    pub fn bits(self) -> usize {
        self.bits
    }

    /// Tables.
    pub fn tables(self) -> usize {
        self.tables
    }

    /// Bits of a key.
    pub fn bits_per_table(self) -> usize {
        self.bits_per_table
    }

    /// Bits that are flipped at most when a document is looked up.
    pub fn probe_flips(self) -> usize {
        self.probe_flips
    }

    /// In how many bits two signatures may differ.
    pub fn max_hamming(self) -> u32 {
        self.max_hamming
    }

    /// Puts the keys under which a document is stored into `keys`, one a table, after emptying it.
    /// The table's number is part of the key, so buckets of different tables are different.
    pub fn own_keys(self, signature: &[u64], keys: &mut Vec<u64>) {
        keys.clear();
        keys.extend((0..self.tables).map(|table| self.key(signature, table)));
    }

    /// Puts the further keys under which a document finds others of the *same* set into `keys`,
    /// after emptying it; its own keys are not among them.
    ///
    /// Of two documents whose keys in a table differ in at most `probe_flips` bits, exactly one
    /// finds the other: the one that has a 1 in the highest differing bit. So half of the keys
    /// need not be looked up.
    pub fn join_keys(self, signature: &[u64], keys: &mut Vec<u64>) {
        self.flipped_keys(signature, true, keys);
    }

    /// Puts all keys under which a document from *outside* finds the stored ones into `keys`, after
    /// emptying it, its own among them.
    pub fn query_keys(self, signature: &[u64], keys: &mut Vec<u64>) {
        self.flipped_keys(signature, false, keys);
        keys.extend((0..self.tables).map(|table| self.key(signature, table)));
    }

    fn flipped_keys(self, signature: &[u64], from_one_only: bool, keys: &mut Vec<u64>) {
        keys.clear();
        if self.probe_flips == 0 {
            return;
        }
        for table in 0..self.tables {
            let own = self.key(signature, table);
            let tops = (0..self.bits_per_table).filter(|top| !from_one_only || own >> top & 1 == 1);
            for top in tops {
                let once = own ^ (1 << top);
                keys.push(once);
                if self.probe_flips == 2 {
                    keys.extend((0..top).map(|bit| once ^ (1 << bit)));
                }
            }
        }
    }

    fn key(self, signature: &[u64], table: usize) -> u64 {
        let from = table * self.bits_per_table;
        let (word, shift) = (from / 64, from % 64);
        let mut value = signature[word] >> shift;
        if shift + self.bits_per_table > 64 {
            value |= signature[word + 1] << (64 - shift);
        }
        (table as u64) << 32 | value & ((1 << self.bits_per_table) - 1)
    }

    /// Keys that a document is stored under and looked up by in a join, at most.
    pub fn keys_at_most(self) -> usize {
        let bits = self.bits_per_table;
        let flips = match self.probe_flips {
            0 => 0,
            1 => bits,
            _ => bits + bits * (bits - 1) / 2,
        };
        self.tables * (1 + flips)
    }

    /// The chance that a pair of vectors with this cosine is found: that it meets in a table and
    /// its signatures differ in no more than `max_hamming` bits.
    ///
    /// Exact for a random projection: bits differ independently with the chance `angle / pi`. The
    /// distribution of the number of differing bits is carried from table to table, once for all
    /// pairs and once for those that have met nowhere; where vectors are centred before they are
    /// signed, the cosine is that of the centred ones.
    pub fn recall(self, cosine: f64) -> f64 {
        self.chance_to_be_found(cosine, self.max_hamming)
    }

    /// The chance that a pair of vectors with this cosine meets in a table, whatever the whole
    /// signatures say: the share of pairs that are compared.
    pub fn candidates(self, cosine: f64) -> f64 {
        self.chance_to_be_found(cosine, u32::MAX)
    }

    /// The number of tables in which a pair of this cosine meets, on average.
    fn meetings(self, cosine: f64) -> f64 {
        let differing = binomial(self.bits_per_table, differs(cosine));
        self.tables as f64 * differing.iter().take(self.probe_flips + 1).sum::<f64>()
    }

    /// The chance to be found with at most `cutoff` differing bits.
    fn chance_to_be_found(self, cosine: f64, cutoff: u32) -> f64 {
        let chance = differs(cosine);
        let table = binomial(self.bits_per_table, chance);
        let mut apart = table.clone();
        apart.iter_mut().take(self.probe_flips + 1).for_each(|share| *share = 0.0);
        let rest = binomial(self.bits - self.tables * self.bits_per_table, chance);
        let (mut all, mut missed) = (rest.clone(), rest);
        for _ in 0..self.tables {
            all = convolve(&all, &table);
            missed = convolve(&missed, &apart);
        }
        let within = |shares: &[f64]| {
            let count = usize::try_from(cutoff).unwrap_or(usize::MAX).saturating_add(1);
            shares.iter().take(count).sum::<f64>()
        };
        (within(&all) - within(&missed)).clamp(0.0, 1.0)
    }

    /// What a self-join of `documents` documents costs, about.
    fn cost(self, documents: u64) -> f64 {
        let documents = documents as f64;
        let looked_up = (self.keys_at_most() - self.tables) as f64 / 2.0;
        let keys = documents * (self.tables as f64 + looked_up);
        let meetings: f64 =
            BACKGROUND.iter().map(|(share, cosine)| share * self.meetings(*cosine)).sum();
        keys * KEY_COST + documents * documents / 2.0 * meetings * PAIR_COST
    }
}

/// The chance that a bit differs.
fn differs(cosine: f64) -> f64 {
    cosine.clamp(-1.0, 1.0).acos() / std::f64::consts::PI
}

/// The number of bits in which all but a few of the pairs at `threshold` differ at most.
fn cutoff(bits: usize, threshold: f64) -> u32 {
    let mut sum = 0.0;
    let shares = binomial(bits, differs(threshold));
    let at = shares.iter().position(|share| {
        sum += share;
        sum >= 1.0 - LOST_TO_CUTOFF
    });
    u32::try_from(at.unwrap_or(bits)).unwrap_or(u32::MAX)
}

/// The chances of 0, 1, ... `count` events of chance `chance` each.
fn binomial(count: usize, chance: f64) -> Vec<f64> {
    let mut shares = vec![1.0];
    for _ in 0..count {
        shares = convolve(&shares, &[1.0 - chance, chance]);
    }
    shares
}

fn convolve(left: &[f64], right: &[f64]) -> Vec<f64> {
    let mut sums = vec![0.0; left.len() + right.len() - 1];
    for (at, share) in left.iter().enumerate() {
        sums[at..].iter_mut().zip(right).for_each(|(sum, other)| *sum += share * other);
    }
    sums
}

#[cfg(test)]
#[path = "bands_tests.rs"]
mod tests;
