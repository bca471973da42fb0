//! What the search for semantic duplicates misses on this corpus: random documents are compared
//! with every other, and what is near enough is held against what went.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use arrow::array::{BinaryArray, StringArray};
use datafusion::common::DataFusionError;
use serde::{Deserialize, Serialize};
use tamis_kernels::vectors::Rows;

use crate::dedup::near::audit::{Audit, Drawn};
use crate::dedup::semantic::Vectors;
use crate::dedup::semantic::hashed_search::Scheme;
use crate::embed::compare::{Comparer, append, numbers};
use crate::embed::parts::PartVectors;
use crate::embed::{Search, Semantic};
use crate::error::PipelineError;
use crate::stage::work::Work;
use crate::table::batch::columns;
use crate::table::batch::typed;
use crate::table::cursor::SortedCursor;
use crate::table::names::QUERY;
use crate::table::names::SOURCE;
use crate::table::names::VECTOR;
use crate::table::row_groups::RowGroups;
use crate::table::row_id::ROW_ID;

/// Random documents of an audit where nobody named a number.
const QUERIES: usize = 500;
/// Rows read at a time.
const ROWS: usize = 4096;

/// How semantic duplicates were looked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SemanticRow {
    /// Least cosine.
    pub threshold: f64,
    /// Where the vectors came from.
    pub embeddings: String,
    /// Numbers of a vector.
    pub dimensions: usize,
    /// Documents that have a vector.
    pub embedded: u64,
    /// Documents without one, which are compared with nothing.
    pub without_vector: u64,
    /// `exact` or `hashed`.
    pub search: String,
    /// The buckets of a hashed search.
    pub scheme: Option<SchemeRow>,
    /// What was found of the pairs of random documents.
    pub audit: Audit,
}

/// The buckets of a hashed search.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SchemeRow {
    /// Bits of a signature.
    pub bits: usize,
    /// Tables.
    pub tables: usize,
    /// Bits of each table's keys.
    pub bits_per_table: usize,
    /// Bits flipped in a lookup, at most.
    pub probe_flips: usize,
    /// Bits in which whole signatures may differ.
    pub max_hamming: u32,
    /// Cosine, and the share of such pairs that is compared, by the formula.
    pub curve: Vec<(f64, f64)>,
}

impl SchemeRow {
    fn of(scheme: Scheme, threshold: f64) -> Result<Self, PipelineError> {
        let bands = scheme.bands()?;
        let mut points = vec![0.5, 0.7, 0.8, threshold];
        points.extend((90..100).map(|hundredth| f64::from(hundredth) / 100.0));
        points.sort_by(f64::total_cmp);
        points.dedup();
        let Scheme { bits, tables, bits_per_table, probe_flips, max_hamming } = scheme;
        let curve = points.into_iter().map(|at| (at, bands.recall(at))).collect();
        Ok(Self { bits, tables, bits_per_table, probe_flips, max_hamming, curve })
    }
}

/// Random documents with their vectors, in input order.
pub(crate) struct Queries {
    pub(crate) places: Vec<u64>,
    pub(crate) vectors: Vec<f32>,
}

impl Queries {
    /// The `count` documents of `files`, at `from` and after, with the least hash of their place.
    pub(crate) fn draw(
        files: &[PathBuf],
        count: usize,
        from: u64,
        comparer: &Comparer,
    ) -> Result<Self, PipelineError> {
        let (places, numbers) = Self::numbers(files, count, from, comparer)?;
        let mut vectors = Vec::new();
        if let Some(parts) = PartVectors::open(files, comparer)? {
            let dimensions = parts.dimensions();
            vectors.resize(numbers.len() * dimensions, 0.0);
            for (number, vector) in numbers.iter().zip(vectors.chunks_exact_mut(dimensions.max(1)))
            {
                parts.read(*number, vector).map_err(DataFusionError::IoError)?;
            }
            return Ok(Self { places, vectors });
        }
        let mut walk = SortedCursor::new(files.to_vec(), &[ROW_ID, VECTOR], from, 256);
        for place in &places {
            if let Some((batch, at)) = walk.seek(*place)? {
                append(typed::<BinaryArray>(batch, VECTOR)?.value(at), &mut vectors);
            }
        }
        Ok(Self { places, vectors })
    }

    /// Their places, and their numbers among all of the files.
    pub(crate) fn numbers(
        files: &[PathBuf],
        count: usize,
        from: u64,
        comparer: &Comparer,
    ) -> datafusion::common::Result<(Vec<u64>, Vec<usize>)> {
        let groups = RowGroups::open(files.to_vec())?;
        let drawn = Mutex::new(Drawn::new(count));
        comparer.in_parallel(groups.count(), |group| {
            for batch in groups.read(group, &[ROW_ID])? {
                let places = columns(&batch, [ROW_ID])?[0].iter().filter(|place| **place >= from);
                let mut drawn = drawn.lock().unwrap_or_else(PoisonError::into_inner);
                places.for_each(|place| drawn.offer(*place));
            }
            Ok(())
        })?;
        let places = drawn.into_inner().unwrap_or_else(PoisonError::into_inner).places();
        let starts = groups.starts();
        let numbers = comparer.in_parallel(groups.count(), |group| {
            let (mut numbers, mut start) =
                (Vec::new(), usize::try_from(starts[group]).unwrap_or(0));
            for batch in groups.read(group, &[ROW_ID])? {
                let [here] = columns(&batch, [ROW_ID])?;
                let wanted = here.first().zip(here.last()).map(|(first, last)| {
                    let from = places.partition_point(|place| place < first);
                    let to = places.partition_point(|place| place <= last);
                    &places[from..to]
                });
                for place in wanted.unwrap_or_default() {
                    numbers.extend(here.binary_search(place).map(|at| start + at));
                }
                start += here.len();
            }
            Ok(numbers)
        })?;
        Ok((places, numbers.concat()))
    }
}

impl Work<'_> {
    /// How the search went, with its audit.
    pub(crate) fn semantic_row(&self, semantic: &Semantic) -> Result<SemanticRow, PipelineError> {
        let done = self.directory.path(".state/audit/semantic.json");
        let broken = |error| PipelineError::directory(&done, error);
        if !done.exists() {
            let row = self.make_semantic_row(semantic)?;
            let json = serde_json::to_vec(&row).map_err(broken)?;
            self.directory.write_whole(&done, &json)?;
        }
        // a rerun reads the file, and the report must have the same digits
        let text = std::fs::read(&done).map_err(|error| PipelineError::directory(&done, error))?;
        serde_json::from_slice(&text).map_err(broken)
    }

    fn make_semantic_row(&self, semantic: &Semantic) -> Result<SemanticRow, PipelineError> {
        let Vectors { count, dimensions } = self.vectors(&semantic.embeddings)?;
        let search = semantic.search.settled(count, dimensions);
        let hashed = search == Search::Hashed;
        let scheme = hashed.then(|| Scheme::choose(semantic.threshold, count)).transpose()?;
        self.observer.begin("audit: semantic", 1, 0);
        let audit = self.audit_semantic(semantic, dimensions)?;
        self.observer.unit_done();
        Ok(SemanticRow {
            threshold: semantic.threshold,
            embeddings: semantic.embeddings.told()?,
            dimensions,
            embedded: count,
            without_vector: self.still_there()?.saturating_sub(count),
            search: if hashed { "hashed" } else { "exact" }.to_owned(),
            scheme: scheme.map(|scheme| SchemeRow::of(scheme, semantic.threshold)).transpose()?,
            audit,
        })
    }

    /// Documents that rules kept and that are no exact copies.
    fn still_there(&self) -> Result<u64, PipelineError> {
        let mut kept = 0;
        let mut walk = SortedCursor::new(self.all_parts(), &[ROW_ID, "rule_decision"], 0, ROWS);
        while let Some(batch) = walk.next()? {
            let decisions = typed::<StringArray>(&batch, "rule_decision")?;
            kept += decisions.iter().filter(|decision| *decision == Some("kept")).count() as u64;
        }
        let gone = self.exact_links();
        let gone = gone.map(|path| crate::table::part::rows(&path)).transpose()?;
        Ok(kept.saturating_sub(gone.unwrap_or(0)))
    }

    /// Random documents of an audit.
    pub(crate) fn queries(&self) -> usize {
        self.config.audit.unwrap_or(QUERIES)
    }

    /// Where the pairs of `count` random documents lie, if the search has compared them on the way.
    pub(crate) fn audited(&self, count: usize) -> PathBuf {
        self.directory.dedup(&format!("audited-{count}"))
    }

    fn audit_semantic(
        &self,
        semantic: &Semantic,
        dimensions: usize,
    ) -> Result<Audit, PipelineError> {
        let files = self.vector_files(&semantic.embeddings);
        let count = self.queries();
        let told = self.audited(count);
        // where cards have compared them on the way, their vectors are not needed
        let (places, vectors) = if told.exists() {
            let drawn = Queries::numbers(&files, count, self.own_place(), &self.comparer())?;
            (drawn.0, Vec::new())
        } else {
            let drawn = Queries::draw(&files, count, self.own_place(), &self.comparer())?;
            (drawn.places, drawn.vectors)
        };
        if places.is_empty() {
            return Ok(Audit::new(0, 0, 0));
        }
        let only = self.config.content.only_against;
        let counts = |query: u64, place: u64| {
            // a pair of two queries is met twice
            let is_query = places.binary_search(&place).is_ok();
            place != query && (!is_query || place > query) && (!only || place < self.own_place())
        };
        let mut pairs: Vec<(u64, u64)> = Vec::new();
        if told.exists() {
            let mut walk = SortedCursor::new(vec![told], &[QUERY, ROW_ID], 0, ROWS);
            while let Some(batch) = walk.next()? {
                let [queries, places] = columns(&batch, [QUERY, ROW_ID])?;
                pairs.extend(queries.iter().copied().zip(places.iter().copied()));
            }
            pairs.retain(|(query, place)| counts(*query, *place));
        } else {
            let groups = RowGroups::open(files)?;
            let parts = self.comparer().in_parallel(groups.count(), |group| {
                let mut pairs: Vec<(u64, u64)> = Vec::new();
                for batch in groups.read(group, &[ROW_ID, VECTOR])? {
                    let [here] = columns(&batch, [ROW_ID])?;
                    let rows = numbers(typed::<BinaryArray>(&batch, VECTOR)?);
                    let ours = (vectors.as_slice(), dimensions);
                    Comparer::cpu(1).cross(
                        ours,
                        &rows,
                        semantic.threshold,
                        &mut |query, row, _| {
                            let (query, place) = (places[query], here[row]);
                            if counts(query, place) {
                                pairs.push((query, place));
                            }
                        },
                    )?;
                }
                Ok(pairs)
            })?;
            pairs.extend(parts.concat());
        }
        let (all, found) = self.semantic_found(&pairs)?;
        Ok(Audit::new(places.len() as u64, all, found))
    }

    /// Pairs that may be duplicates of each other, and those of which one went.
    fn semantic_found(&self, pairs: &[(u64, u64)]) -> Result<(u64, u64), PipelineError> {
        let mut gone: BTreeMap<u64, (bool, String)> = BTreeMap::new();
        for (one, other) in pairs {
            gone.entry(*one).or_default();
            gone.entry(*other).or_default();
        }
        let mut went = SortedCursor::new(vec![self.near()], &[ROW_ID], 0, ROWS);
        let mut kept = SortedCursor::new(self.all_parts(), &[ROW_ID, SOURCE], 0, ROWS);
        for (place, (gone, source)) in &mut gone {
            *gone = went.seek(*place)?.is_some();
            if let Some((batch, at)) = kept.seek(*place)? {
                typed::<StringArray>(batch, SOURCE)?.value(at).clone_into(source);
            }
        }
        let across = self.config.content.across_sources;
        let (mut all, mut found) = (0, 0);
        for (one, other) in pairs {
            let (Some(one), Some(other)) = (gone.get(one), gone.get(other)) else { continue };
            if !(across && one.1 == other.1) {
                all += 1;
                found += u64::from(one.0 || other.0);
            }
        }
        Ok((all, found))
    }
}
