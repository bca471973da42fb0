//! Exact duplicates: of documents with the same text, each but the first in survivor order goes.
//!
//! Work is linear whatever the number of copies, and only one key is held.

use arrow::array::{Array, FixedSizeBinaryArray, RecordBatch};
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::common::Result;
use datafusion::execution::SendableRecordBatchStream;
use serde::{Deserialize, Serialize};

use crate::dedup::links::{Reference, linked, links};
use crate::table::batch::{columns, typed};
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

/// The first document of the run at hand.
struct First {
    hash: Vec<u8>,
    row_id: u64,
    source: u64,
}

impl Node for Star {
    const NAME: &'static str = "StarExec";
    const DISTRIBUTION: Distribution = Distribution::ByKeys(&[CONTENT_HASH]);
    const INPUT_ORDER: &'static [&'static str] = &[CONTENT_HASH, RANK];

    fn schema(&self, _inputs: &[SchemaRef]) -> Result<SchemaRef> {
        Ok(links())
    }

    fn rows(&self, inputs: &Inputs<'_>, schema: SchemaRef) -> Result<SendableRecordBatchStream> {
        let (star, mut first) = (self.clone(), None);
        Ok(per_batch(inputs.stream()?, schema, move |batch, out| {
            star.links(batch, &mut first, out)
        }))
    }
}

impl Star {
    fn links(
        &self,
        batch: &RecordBatch,
        first: &mut Option<First>,
        schema: &SchemaRef,
    ) -> Result<RecordBatch> {
        let hashes = typed::<FixedSizeBinaryArray>(batch, CONTENT_HASH)?;
        let [row_ids, sources] = columns(batch, [ROW_ID, SOURCE_HASH])?;
        let (mut members, mut survivors) = (Vec::new(), Vec::new());
        for (row, (&row_id, &source)) in row_ids.iter().zip(sources).enumerate() {
            if hashes.is_null(row) {
                continue;
            }
            match first {
                Some(first) if first.hash == hashes.value(row) => {
                    let allowed = !self.apart || first.source != source;
                    if allowed && self.reference.allows(row_id, first.row_id) {
                        members.push(row_id);
                        survivors.push(first.row_id);
                    }
                }
                _ => *first = Some(First { hash: hashes.value(row).to_vec(), row_id, source }),
            }
        }
        linked(schema, members, survivors, None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{ArrayRef, FixedSizeBinaryBuilder, UInt64Array};
    use std::sync::Arc;

    fn survivors(star: &Star, rows: &[(u8, u64, u64)]) -> Vec<(u64, u64)> {
        let mut hashes = FixedSizeBinaryBuilder::new(16);
        rows.iter().for_each(|row| hashes.append_value([row.0; 16]).unwrap());
        let numbers = |of: fn(&(u8, u64, u64)) -> u64| -> ArrayRef {
            Arc::new(UInt64Array::from_iter_values(rows.iter().map(of)))
        };
        let batch = RecordBatch::try_from_iter([
            (CONTENT_HASH, Arc::new(hashes.finish()) as ArrayRef),
            (ROW_ID, numbers(|row| row.1)),
            (SOURCE_HASH, numbers(|row| row.2)),
        ])
        .unwrap();
        let found = star.links(&batch, &mut None, &links()).unwrap();
        let [members, first] = columns(&found, [ROW_ID, crate::table::names::SURVIVOR]).unwrap();
        members.iter().copied().zip(first.iter().copied()).collect()
    }

    #[test]
    fn all_but_the_first_of_a_text_go_for_it() {
        let mut star = Star { apart: false, reference: Reference::default() };
        let rows = [(1, 3, 0), (1, 4, 0), (2, 5, 0), (3, 1, 0), (3, 2, 1), (3, 9, 0)];
        assert_eq!(survivors(&star, &rows), [(4, 3), (2, 1), (9, 1)]);
        star.apart = true;
        assert_eq!(survivors(&star, &rows), [(2, 1)]);
    }
}
