//! Who stays: documents in survivor order, each against the better ones it is similar to.
//!
//! A document goes exactly when one that stays is similar to it, and it goes for the best of
//! those. One bit for each document of the run is held.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{Array, Float64Array, RecordBatch};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::common::Result;
use datafusion::execution::SendableRecordBatchStream;
use futures::StreamExt;
use serde::{Deserialize, Serialize};

use super::buckets::{CENTER, CENTER_RANK, pairs};
use super::explode::RANK;
use super::flow::{PLACE, Rows, Walk, columns, leaf};
use super::rewrite::typed;
use super::star::SIMILARITY;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;

/// Resolves verified pairs sorted by `rank` and `center_rank`.
///
/// Output: one row for each document that goes; and, with no similarity, one for each that stays
/// although it is similar to documents which all go themselves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resolve {
    /// Documents of the run.
    pub documents: u64,
}

/// `rank, place, center_rank, center, similarity`.
pub(super) fn resolved() -> SchemaRef {
    let number = |name: &str| Field::new(name, DataType::UInt64, false);
    Arc::new(Schema::new(vec![
        number(RANK),
        number(PLACE),
        number(CENTER_RANK),
        number(CENTER),
        Field::new(SIMILARITY, DataType::Float64, true),
    ]))
}

/// The ranks of documents that go, one bit each.
pub(super) struct Gone(Vec<u64>);

impl Gone {
    pub(super) fn new(documents: u64) -> Self {
        Self(vec![0; usize::try_from(documents / 64 + 1).unwrap_or(0)])
    }

    /// What an earlier [`Resolve`] wrote.
    pub(super) fn read(path: &Path, documents: u64) -> Result<Self> {
        let mut gone = Self::new(documents);
        let mut walk = Walk::new(vec![path.to_owned()], &[RANK, SIMILARITY], 0, 4096);
        while let Some(batch) = walk.next()? {
            let similarity = typed::<Float64Array>(&batch, SIMILARITY)?;
            for (row, rank) in columns(&batch, [RANK])?[0].iter().enumerate() {
                if !similarity.is_null(row) {
                    gone.add(*rank);
                }
            }
        }
        Ok(gone)
    }

    pub(super) fn add(&mut self, rank: u64) {
        let word = usize::try_from(rank / 64).ok().and_then(|word| self.0.get_mut(word));
        if let Some(word) = word {
            *word |= 1 << (rank % 64);
        }
    }

    pub(super) fn has(&self, rank: u64) -> bool {
        let word = usize::try_from(rank / 64).ok().and_then(|word| self.0.get(word));
        word.is_some_and(|word| word >> (rank % 64) & 1 == 1)
    }
}

/// One resolved row: rank, place, center's rank, center, similarity.
type Row = ([u64; 4], Option<f64>);

struct State {
    gone: Gone,
    at_hand: Option<Row>,
    rows: Vec<Row>,
}

impl State {
    /// Takes one pair; the best center that stays decides.
    fn pair(&mut self, pair: [u64; 4], similarity: f64) {
        if self.at_hand.is_none_or(|(row, _)| row[0] != pair[0]) {
            // the document before may be this one's center: decide it first
            self.close();
        }
        let stays = !self.gone.has(pair[2]);
        match &mut self.at_hand {
            Some((row, decided)) => {
                if decided.is_none() && stays {
                    (*row, *decided) = (pair, Some(similarity));
                }
            }
            None => self.at_hand = Some((pair, stays.then_some(similarity))),
        }
    }

    fn close(&mut self) {
        if let Some((row, decided)) = self.at_hand.take() {
            if decided.is_some() {
                self.gone.add(row[0]);
            }
            self.rows.push((row, decided));
        }
    }

    fn batch(&mut self) -> Result<RecordBatch> {
        let rows = std::mem::take(&mut self.rows);
        let mut pairs = Rows::default();
        for (row, _) in &rows {
            pairs.push(*row);
        }
        let mut all = pairs.columns();
        let similarities = rows.iter().map(|(_, similarity)| *similarity);
        all.push(Arc::new(similarities.collect::<Float64Array>()));
        Ok(RecordBatch::try_new(resolved(), all)?)
    }
}

impl Resolve {
    pub(super) fn execute(
        &self,
        input: SendableRecordBatchStream,
        schema: SchemaRef,
    ) -> SendableRecordBatchStream {
        let mut state = State { gone: Gone::new(self.documents), at_hand: None, rows: Vec::new() };
        // the last document is decided when there are no more pairs
        let ended = input.map(Some).chain(futures::stream::once(async { None }));
        let decided = ended.map(move |batch| {
            match batch {
                None => state.close(),
                Some(batch) => {
                    let batch = batch?;
                    let similarities = typed::<Float64Array>(&batch, SIMILARITY)?;
                    let [rank, place, center_rank, center] =
                        columns(&batch, [RANK, PLACE, CENTER_RANK, CENTER])?;
                    for row in 0..batch.num_rows() {
                        let pair = [rank[row], place[row], center_rank[row], center[row]];
                        state.pair(pair, similarities.value(row));
                    }
                }
            }
            state.batch()
        });
        Box::pin(RecordBatchStreamAdapter::new(schema, decided))
    }
}

/// Pairs that no bucket gave: a document whose centers all go, with the document for which its
/// best center goes. Holds 24 bytes for each such document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hops {
    /// What [`Resolve`] wrote.
    pub resolved: PathBuf,
}

impl Hops {
    pub(super) fn schema() -> SchemaRef {
        pairs()
    }

    pub(super) fn execute(&self, schema: SchemaRef) -> SendableRecordBatchStream {
        let path = self.resolved.clone();
        let out = Arc::clone(&schema);
        let mut walk: Option<(Walk, Vec<[u64; 3]>)> = None;
        leaf(schema, move || {
            if walk.is_none() {
                walk = Some((Walk::new(vec![path.clone()], &NAMES, 0, 4096), orphans(&path)?));
            }
            let Some((rows, orphans)) = walk.as_mut() else { return Ok(None) };
            let Some(batch) = rows.next()? else { return Ok(None) };
            let similarity = typed::<Float64Array>(&batch, SIMILARITY)?;
            let [rank, _, center_rank, center] = columns(&batch, FOUR)?;
            let mut all = Rows::default();
            for row in 0..batch.num_rows() {
                if similarity.is_null(row) {
                    continue;
                }
                let from = orphans.partition_point(|orphan| orphan[0] < rank[row]);
                let of_this = orphans.iter().skip(from).take_while(|o| o[0] == rank[row]);
                for [_, orphan_rank, orphan] in of_this {
                    all.push([*orphan_rank, *orphan, center_rank[row], center[row]]);
                }
            }
            Ok(Some(all.batch(&out)?))
        })
    }
}

const FOUR: [&str; 4] = [RANK, PLACE, CENTER_RANK, CENTER];
const NAMES: [&str; 5] = [RANK, PLACE, CENTER_RANK, CENTER, SIMILARITY];

/// The rank of the center that went, rank and place of the document: sorted.
fn orphans(path: &Path) -> Result<Vec<[u64; 3]>> {
    let mut walk = Walk::new(vec![path.to_owned()], &NAMES, 0, 4096);
    let mut found = Vec::new();
    while let Some(batch) = walk.next()? {
        let similarity = typed::<Float64Array>(&batch, SIMILARITY)?;
        let [rank, place, center_rank, _] = columns(&batch, FOUR)?;
        for row in 0..batch.num_rows() {
            if similarity.is_null(row) {
                found.push([center_rank[row], rank[row], place[row]]);
            }
        }
    }
    found.sort_unstable();
    Ok(found)
}
