//! What near-duplicate search misses on this corpus: the exact neighbours of random documents,
//! found by comparing them with every other, held against what went.

use std::collections::{BTreeMap, BinaryHeap};
use std::path::PathBuf;

use arrow::array::StringArray;
use datafusion::common::Result;
use serde::{Deserialize, Serialize};
use tamis_kernels::hash64;
use tamis_rules::{BANDS, Compiled};

use crate::dedup::near;
use crate::dedup::near::audit_node::Neighbours;
use crate::error::PipelineError;
use crate::stage::work::Work;
use crate::table::batch::typed;
use crate::table::batch::{Rows, columns, numbered};
use crate::table::cursor::SortedCursor;
use crate::table::names::QUERY;
use crate::table::names::SOURCE;
use crate::table::part::{Content, WritePart};
use crate::table::row_id::ROW_ID;

/// Recall of near-duplicate search as it was measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Audit {
    /// Random documents whose neighbours were looked for among all.
    pub queries: u64,
    /// Pairs at the threshold or above that have one of them.
    pub pairs: u64,
    /// Pairs of which at least one document went.
    pub found: u64,
    /// Their share, 1 where there are no pairs.
    pub recall: f64,
    /// Lower end of the 95 % interval (Wilson 1927).
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

impl Audit {
    pub(crate) fn new(queries: u64, pairs: u64, found: u64) -> Self {
        if pairs == 0 {
            return Self { queries, pairs, found, recall: 1.0, low: 0.0, high: 1.0 };
        }
        let (n, z) = (pairs as f64, 1.959_963_984_540_054_f64);
        let share = found as f64 / n;
        let middle = (share + z * z / (2.0 * n)) / (1.0 + z * z / n);
        let half =
            z / (1.0 + z * z / n) * (share * (1.0 - share) / n + z * z / (4.0 * n * n)).sqrt();
        let (low, high) = ((middle - half).max(0.0), (middle + half).min(1.0));
        Self { queries, pairs, found, recall: share, low, high }
    }
}

/// The documents with the least hash of their place: a random sample that is the same each time.
pub(crate) struct Drawn {
    count: usize,
    best: BinaryHeap<(u64, u64)>,
}

impl Drawn {
    /// At most `count` of those that are offered.
    pub(crate) fn new(count: usize) -> Self {
        Self { count, best: BinaryHeap::new() }
    }

    pub(crate) fn offer(&mut self, place: u64) {
        let offered = (hash64(&place.to_le_bytes()), place);
        let full = self.best.len() == self.count;
        if full && self.best.peek().is_none_or(|worst| offered >= *worst) {
            return;
        }
        self.best.push(offered);
        if self.best.len() > self.count {
            self.best.pop();
        }
    }

    /// Their places, sorted.
    pub(crate) fn places(self) -> Vec<u64> {
        let mut places: Vec<u64> = self.best.into_iter().map(|(_, place)| place).collect();
        places.sort_unstable();
        places
    }
}

/// What became of a document of a pair.
#[derive(Default)]
struct Fate {
    seen: bool,
    gone: bool,
    source: String,
}

impl Work<'_> {
    /// Measures recall with `count` random documents; reads the corpus once more.
    pub(crate) async fn audit(
        &self,
        compiled: &Compiled,
        count: usize,
        threshold: f64,
    ) -> Result<Audit, PipelineError> {
        let directory = self.directory;
        let done = directory.path(&format!(".state/audit/{count}/audit.json"));
        if let Ok(text) = std::fs::read_to_string(&done) {
            return serde_json::from_str(&text)
                .map_err(|error| PipelineError::directory(&done, error));
        }
        let chosen = self.choose(count)?;
        let queries = directory.path(&format!(".state/audit/{count}/queries.parquet"));
        let mut places = Rows::default();
        for place in &chosen {
            places.push([*place]);
        }
        let part_of = WritePart {
            path: queries.clone(),
            content: Content::Values,
            required: Vec::new(),
            parts: false,
        };
        part_of.write_batch(places.batch(&numbered([ROW_ID]))?).await?;
        let part = |kind: &str, unit: usize| {
            directory.path(&format!(".state/audit/{count}/{kind}-{unit:05}.parquet"))
        };
        self.movement(
            "audit: choose",
            self.own(),
            |unit| part("sets", unit).exists(),
            async |unit, _| {
                let (scan, path) = (&self.units[unit], part("sets", unit));
                Ok(near::shingles(unit, scan, &compiled.spec, &queries, &path)?)
            },
        )
        .await?;
        let sets: Vec<PathBuf> = self.own().map(|unit| part("sets", unit)).collect();
        // against a reference set only, nothing else is looked for
        let others =
            if self.config.content.only_against { 0..self.references.len() } else { self.all() };
        self.movement(
            "audit: compare",
            others.clone(),
            |unit| part("pairs", unit).exists(),
            async |unit, _| {
                let neighbours = Neighbours { queries: sets.clone(), threshold };
                let scan = &self.units[unit];
                let spec = self.spec(unit, compiled);
                Ok(near::compare(unit, scan, spec, neighbours, &part("pairs", unit))?)
            },
        )
        .await?;
        let pairs: Vec<PathBuf> = others.map(|unit| part("pairs", unit)).collect();
        let (pairs, found) = self.found(&pairs)?;
        let audit = Audit::new(chosen.len() as u64, pairs, found);
        let json =
            serde_json::to_vec(&audit).map_err(|error| PipelineError::directory(&done, error))?;
        directory.write_whole(&done, &json)?;
        // a rerun reads the file, and the report must have the same digits
        let audit = serde_json::from_slice(&json)
            .map_err(|error| PipelineError::directory(&done, error))?;
        for unit in self.all() {
            for kind in ["sets", "pairs"] {
                let _ = std::fs::remove_file(part(kind, unit));
            }
        }
        Ok(audit)
    }

    /// Places of the documents with the least hash of their place, among those that have shingles
    /// and that rules kept; sorted.
    fn choose(&self, count: usize) -> Result<Vec<u64>, PipelineError> {
        let mut drawn = Drawn::new(count);
        let mut walk = SortedCursor::new(self.parts(), &[ROW_ID, "rule_decision", BANDS], 0, 4096);
        while let Some(batch) = walk.next()? {
            let decisions = typed::<StringArray>(&batch, "rule_decision")?;
            let bands = batch.column_by_name(BANDS);
            for (row, place) in columns(&batch, [ROW_ID])?[0].iter().enumerate() {
                let has = bands.is_some_and(|bands| !bands.is_null(row));
                if has && decisions.value(row) == "kept" {
                    drawn.offer(*place);
                }
            }
        }
        Ok(drawn.places())
    }

    /// Pairs of documents that near-duplicate search saw, and those of which one went.
    fn found(&self, files: &[PathBuf]) -> Result<(u64, u64), PipelineError> {
        let mut known: BTreeMap<u64, Fate> = BTreeMap::new();
        let mut pairs: Vec<(u64, u64)> = Vec::new();
        let mut walk = SortedCursor::new(files.to_vec(), &[ROW_ID, QUERY], 0, 4096);
        while let Some(batch) = walk.next()? {
            let [places, queries] = columns(&batch, [ROW_ID, QUERY])?;
            pairs.extend(places.iter().copied().zip(queries.iter().copied()));
        }
        for (one, other) in &pairs {
            known.insert(*one, Fate::default());
            known.insert(*other, Fate::default());
        }
        let mut kept =
            SortedCursor::new(self.all_parts(), &[ROW_ID, "rule_decision", SOURCE], 0, 4096);
        let copies: Vec<PathBuf> = self.exact_links().into_iter().collect();
        let mut copies = SortedCursor::new(copies, &[ROW_ID], 0, 4096);
        let mut went = SortedCursor::new(vec![self.near()], &[ROW_ID], 0, 4096);
        for (place, fate) in &mut known {
            if let Some((batch, at)) = kept.seek(*place)? {
                fate.seen = typed::<StringArray>(batch, "rule_decision")?.value(at) == "kept";
                typed::<StringArray>(batch, SOURCE)?.value(at).clone_into(&mut fate.source);
            }
            fate.seen &= copies.seek(*place)?.is_none();
            fate.gone = went.seek(*place)?.is_some();
        }
        let across = self.config.content.across_sources;
        let (mut all, mut found) = (0, 0);
        for (one, other) in &pairs {
            let (Some(one), Some(other)) = (known.get(one), known.get(other)) else { continue };
            if one.seen && other.seen && !(across && one.source == other.source) {
                all += 1;
                found += u64::from(one.gone || other.gone);
            }
        }
        Ok((all, found))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_is_wilsons() {
        let audit = Audit::new(10, 100, 95);
        // by hand: centre 0.93335, half width 0.04514
        assert!((audit.low - 0.8882).abs() < 5e-4, "{audit:?}");
        assert!((audit.high - 0.9785).abs() < 5e-4, "{audit:?}");
        let all = Audit::new(10, 50, 50);
        assert!((all.high - 1.0).abs() < 1e-9 && all.low > 0.92, "{all:?}");
        assert!((Audit::new(5, 0, 0).low).abs() < 1e-9);
    }
}
