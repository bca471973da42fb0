//! Seeded random numbers for simulations.

use super::number::whole;
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// A stream of numbers that is the same everywhere for a seed.
pub(crate) struct Random {
    seed: u64,
    drawn: u64,
}

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self { seed, drawn: 0 }
    }

    /// Uniform in `(0, 1)`.
    pub(crate) fn uniform(&mut self) -> f64 {
        self.drawn += 1;
        let bits = xxh3_64_with_seed(&self.drawn.to_le_bytes(), self.seed) >> 12;
        (bits as f64 + 0.5) / (1_u64 << 52) as f64
    }

    /// True with the chance `p`.
    pub(crate) fn chance(&mut self, p: f64) -> bool {
        self.uniform() < p
    }

    /// Uniform below `end`.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        usize::try_from(whole(self.uniform() * end as f64)).unwrap().min(end - 1)
    }
}

/// The numbers below `end` in random order.
pub(crate) fn shuffled(random: &mut Random, end: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..end).collect();
    for place in (1..end).rev() {
        order.swap(place, random.below(place + 1));
    }
    order
}

/// A frame whose sizes have a heavy tail, and whose large documents may be worse than the others.
pub(crate) struct HeavyFrame {
    documents: Vec<(bool, u64)>,
}

impl HeavyFrame {
    /// `rate` gives the chance of a defect from the share of documents that are larger.
    pub(crate) fn new(random: &mut Random, documents: usize, rate: impl Fn(f64) -> f64) -> Self {
        let mut one = || {
            let larger = random.uniform();
            // Pareto with index 1.2: finite mean, infinite variance
            let size = whole((200.0 * larger.powf(-1.0 / 1.2)).min(1e9));
            (random.chance(rate(larger)), size)
        };
        Self { documents: (0..documents).map(|_| one()).collect() }
    }

    pub(crate) fn totals(&self) -> super::walk::Totals {
        let sizes = || self.documents.iter().map(|(_, size)| *size);
        super::walk::Totals {
            documents: Some(self.documents.len() as u64),
            size: Some(sizes().sum()),
            size_max: sizes().max(),
        }
    }

    pub(crate) fn document_rate(&self) -> f64 {
        let bad = self.documents.iter().filter(|(bad, _)| *bad).count();
        bad as f64 / self.documents.len() as f64
    }

    pub(crate) fn token_rate(&self) -> f64 {
        let bad: u64 = self.documents.iter().filter(|(bad, _)| *bad).map(|(_, size)| size).sum();
        let all: u64 = self.documents.iter().map(|(_, size)| size).sum();
        bad as f64 / all as f64
    }

    /// All documents in a random order.
    pub(crate) fn draw(&self, random: &mut Random) -> Vec<(bool, u64)> {
        shuffled(random, self.documents.len())
            .into_iter()
            .map(|place| self.documents[place])
            .collect()
    }

    /// All documents by exponential ranks over sizes.
    pub(crate) fn draw_by_size(&self, random: &mut Random) -> Vec<(bool, u64)> {
        let mut ranked: Vec<(f64, (bool, u64))> = self
            .documents
            .iter()
            .map(|document| (-random.uniform().ln() / document.1 as f64, *document))
            .collect();
        ranked.sort_by(|a, b| a.0.total_cmp(&b.0));
        ranked.into_iter().map(|(_, document)| document).collect()
    }
}

/// A label of the sample by one reviewer.
pub(crate) fn label(id: u64, verdict: crate::model::Verdict) -> crate::model::Label {
    crate::model::Label {
        document_id: format!("{id:032x}"),
        id: None,
        content_hash: format!("{id:x}"),
        verdict,
        kinds: Vec::new(),
        flagged: false,
        note: None,
        reviewer: "ann".to_owned(),
        at_ms: id,
        spent_ms: 3_000,
        stratum: None,
        size: 1_000,
        rules: Vec::new(),
        sampled: true,
        repeat: false,
    }
}
