//! Who stays: documents in survivor order, each against the better ones it is similar to.
//!
//! A document goes exactly when one that stays is similar to it, and it goes for the best of
//! those. One bit for each document of the run is held.

use std::sync::Arc;

use crate::dedup::near::buckets::{PAIR, pairs};
use crate::dedup::row_set::RankSet;
use crate::table::batch::{Rows, columns, typed};
use crate::table::names::{CENTER_RANK, RANK, SIMILARITY};
use crate::table::node::{Inputs, Node};
use arrow::array::{Float64Array, RecordBatch};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::common::Result;
use datafusion::execution::SendableRecordBatchStream;
use futures::StreamExt;
use serde::{Deserialize, Serialize};

use datafusion::physical_plan::stream::RecordBatchStreamAdapter;

/// Resolves verified pairs sorted by `rank` and `center_rank`.
///
/// Output: one row for each document that goes; and, with no similarity, one for each that stays
/// although it is similar to documents which all go themselves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Resolve {
    /// Documents of the run.
    pub documents: u64,
}

/// The columns of a pair, then `similarity`, NULL for a document that stays.
pub(crate) fn resolved() -> SchemaRef {
    let mut fields: Vec<_> = pairs().fields().iter().cloned().collect();
    fields.push(Arc::new(Field::new(SIMILARITY, DataType::Float64, true)));
    Arc::new(Schema::new(fields))
}

/// A pair, and its similarity where the document goes for it.
#[derive(Clone, Copy)]
struct Resolved {
    pair: [u64; 6],
    similarity: Option<f64>,
}

/// Where the ranks of the document and of its center stand in a pair.
const OF_DOCUMENT: usize = 0;
const OF_CENTER: usize = 3;

/// Greedy resolution: documents in survivor order, the best center that stays decides.
struct Resolution {
    gone: RankSet,
    at_hand: Option<Resolved>,
    rows: Vec<Resolved>,
}

impl Resolution {
    fn new(documents: u64) -> Self {
        Self { gone: RankSet::new(documents), at_hand: None, rows: Vec::new() }
    }

    /// Takes one pair; pairs come by rank, then by the rank of the center.
    fn take(&mut self, pair: [u64; 6], similarity: f64) {
        if self.at_hand.is_none_or(|at_hand| at_hand.pair[OF_DOCUMENT] != pair[OF_DOCUMENT]) {
            // the document before may be this one's center: decide it first
            self.close();
        }
        let stays = !self.gone.has(pair[OF_CENTER]);
        let this = Resolved { pair, similarity: stays.then_some(similarity) };
        match &mut self.at_hand {
            Some(before) if before.similarity.is_none() && stays => *before = this,
            Some(_) => {}
            None => self.at_hand = Some(this),
        }
    }

    /// Decides the document at hand.
    fn close(&mut self) {
        if let Some(decided) = self.at_hand.take() {
            if decided.similarity.is_some() {
                self.gone.add(decided.pair[OF_DOCUMENT]);
            }
            self.rows.push(decided);
        }
    }

    /// What was decided since the last call.
    fn batch(&mut self) -> Result<RecordBatch> {
        let rows = std::mem::take(&mut self.rows);
        let mut pairs = Rows::default();
        for row in &rows {
            pairs.push(row.pair);
        }
        let mut all = pairs.columns();
        all.push(Arc::new(rows.iter().map(|row| row.similarity).collect::<Float64Array>()));
        Ok(RecordBatch::try_new(resolved(), all)?)
    }
}

impl Node for Resolve {
    const NAME: &'static str = "ResolveExec";
    const INPUT_ORDER: &'static [&'static str] = &[RANK, CENTER_RANK];

    fn schema(&self, _inputs: &[SchemaRef]) -> Result<SchemaRef> {
        Ok(resolved())
    }

    fn rows(&self, inputs: &Inputs<'_>, schema: SchemaRef) -> Result<SendableRecordBatchStream> {
        Ok(self.execute(inputs.stream()?, schema))
    }
}

impl Resolve {
    fn execute(
        &self,
        input: SendableRecordBatchStream,
        schema: SchemaRef,
    ) -> SendableRecordBatchStream {
        let mut resolution = Resolution::new(self.documents);
        // the last document is decided when there are no more pairs
        let ended = input.map(Some).chain(futures::stream::once(async { None }));
        let decided = ended.map(move |batch| {
            match batch {
                None => resolution.close(),
                Some(batch) => {
                    let batch = batch?;
                    let similarities = typed::<Float64Array>(&batch, SIMILARITY)?;
                    let pairs = columns(&batch, PAIR)?;
                    for row in 0..batch.num_rows() {
                        resolution.take(pairs.map(|column| column[row]), similarities.value(row));
                    }
                }
            }
            resolution.batch()
        });
        Box::pin(RecordBatchStreamAdapter::new(schema, decided))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decided(pairs: &[(u64, u64)]) -> Vec<(u64, Option<u64>)> {
        let mut resolution = Resolution::new(10);
        for &(rank, center) in pairs {
            resolution.take([rank, rank, 0, center, center, 0], 0.9);
        }
        resolution.close();
        let rows = resolution.rows.iter();
        rows.map(|row| (row.pair[0], row.similarity.map(|_| row.pair[3]))).collect()
    }

    #[test]
    fn a_document_goes_for_the_best_that_stays() {
        // 1 goes for 0; 2 is similar to 1 only, which went; 3 goes for 2
        let found = decided(&[(1, 0), (2, 1), (3, 1), (3, 2)]);
        assert_eq!(found, [(1, Some(0)), (2, None), (3, Some(2))]);
    }
}
