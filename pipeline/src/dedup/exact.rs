//! Exact duplicates: of documents with the same text, each but the first in survivor order goes.
//!
//! Work is linear whatever the number of copies, and only one key is held.

use std::sync::Arc;

use arrow::array::{Array, FixedSizeBinaryArray, Float64Array, RecordBatch};
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::common::Result;
use datafusion::execution::SendableRecordBatchStream;
use serde::{Deserialize, Serialize};

use crate::dedup::links::Reference;
use crate::dedup::near::verify::verified;
use crate::table::batch::{Rows, columns, typed};
#[cfg(test)]
use crate::table::names::CENTER;
use crate::table::names::{CONTENT_HASH, RANK, SOURCE_HASH};
use crate::table::node::{Distribution, Inputs, Node};
use crate::table::row_id::ROW_ID;
use crate::table::stream::per_batch;

/// Turns `row_id, rank, source_hash, content_hash` into links of all but the first of each run of
/// equal hashes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Star {
    /// Those of the same source as the first of their run stay.
    pub apart: bool,
    /// Which documents only others are held against.
    pub reference: Reference,
}

/// The run at hand: its first document, and the first of another source.
#[derive(Default)]
struct Run {
    hash: Vec<u8>,
    /// Rank, row id and source of each.
    centers: Vec<[u64; 3]>,
}

impl Node for Star {
    const NAME: &'static str = "StarExec";
    const DISTRIBUTION: Distribution = Distribution::ByKeys(&[CONTENT_HASH]);
    const INPUT_ORDER: &'static [&'static str] = &[CONTENT_HASH, RANK];

    fn schema(&self, _inputs: &[SchemaRef]) -> Result<SchemaRef> {
        Ok(verified())
    }

    fn rows(&self, inputs: &Inputs<'_>, schema: SchemaRef) -> Result<SendableRecordBatchStream> {
        let (star, mut run) = (self.clone(), Run::default());
        Ok(per_batch(inputs.stream()?, schema, move |batch, out| star.pairs(batch, &mut run, out)))
    }
}

impl Star {
    fn pairs(&self, batch: &RecordBatch, run: &mut Run, schema: &SchemaRef) -> Result<RecordBatch> {
        let hashes = typed::<FixedSizeBinaryArray>(batch, CONTENT_HASH)?;
        let [ranks, row_ids, sources] = columns(batch, [RANK, ROW_ID, SOURCE_HASH])?;
        let mut pairs = Rows::default();
        let mut count = 0;
        for row in 0..batch.num_rows() {
            if hashes.is_null(row) {
                continue;
            }
            let [rank, row_id, source] = [ranks[row], row_ids[row], sources[row]];
            if run.hash != hashes.value(row) {
                run.hash = hashes.value(row).to_vec();
                run.centers.clear();
            }
            for &[center_rank, center, of] in &run.centers {
                if (!self.apart || of != source) && self.reference.allows(row_id, center) {
                    pairs.push([rank, row_id, source, center_rank, center, of]);
                    count += 1;
                }
            }
            let new = run.centers.iter().all(|[.., of]| *of != source);
            if run.centers.is_empty() || (self.apart && new && run.centers.len() < 2) {
                run.centers.push([rank, row_id, source]);
            }
        }
        let mut all = pairs.columns();
        all.push(Arc::new(Float64Array::from(vec![1.0; count])));
        Ok(RecordBatch::try_new(Arc::clone(schema), all)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{ArrayRef, FixedSizeBinaryBuilder, UInt64Array};

    /// The pairs of documents, each the byte of its hash, its row id and its source.
    fn pairs(star: &Star, rows: &[(u8, u64, u64)]) -> Vec<(u64, u64)> {
        let mut hashes = FixedSizeBinaryBuilder::new(16);
        rows.iter().for_each(|row| hashes.append_value([row.0; 16]).unwrap());
        let numbers = |of: fn(&(u8, u64, u64)) -> u64| -> ArrayRef {
            Arc::new(UInt64Array::from_iter_values(rows.iter().map(of)))
        };
        let batch = RecordBatch::try_from_iter([
            (CONTENT_HASH, Arc::new(hashes.finish()) as ArrayRef),
            (ROW_ID, numbers(|row| row.1)),
            (RANK, numbers(|row| row.1)),
            (SOURCE_HASH, numbers(|row| row.2)),
        ])
        .unwrap();
        let found = star.pairs(&batch, &mut Run::default(), &verified()).unwrap();
        let [members, centers] = columns(&found, [ROW_ID, CENTER]).unwrap();
        members.iter().copied().zip(centers.iter().copied()).collect()
    }

    #[test]
    fn each_document_of_a_text_meets_the_first() {
        let mut star = Star { apart: false, reference: Reference::default() };
        let rows = [(1, 3, 0), (1, 4, 0), (2, 5, 0), (3, 6, 0), (3, 7, 1), (3, 9, 0), (3, 10, 2)];
        assert_eq!(pairs(&star, &rows), [(4, 3), (7, 6), (9, 6), (10, 6)]);
        star.apart = true;
        assert_eq!(pairs(&star, &rows), [(7, 6), (9, 7), (10, 6), (10, 7)]);
    }

    #[test]
    fn documents_of_the_reference_set_do_not_go() {
        let star = Star { apart: false, reference: Reference { own_place: 5, only: true } };
        let rows = [(1, 3, 0), (1, 4, 0), (1, 8, 0), (2, 6, 0), (2, 7, 0)];
        assert_eq!(pairs(&star, &rows), [(8, 3)]);
    }
}
