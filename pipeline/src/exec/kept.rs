//! The documents that rules kept and that are no exact copies.

use std::path::PathBuf;

use arrow::array::StringArray;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::common::Result;
use datafusion::execution::SendableRecordBatchStream;
use serde::{Deserialize, Serialize};

use super::flow::{PLACE, Walk, columns, per_batch};
use super::rewrite::typed;

/// The column with what rules decided.
pub(super) const DECISION: &str = "rule_decision";

/// Passes on the rows, in input order, of documents that are still there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// Links of documents that go as exact duplicates, in input order.
    pub gone: Option<PathBuf>,
}

impl Kept {
    pub(super) fn execute(
        &self,
        input: SendableRecordBatchStream,
        schema: SchemaRef,
    ) -> SendableRecordBatchStream {
        let mut gone = self.gone.clone().map(|path| Walk::new(vec![path], &[PLACE], 0, 4096));
        per_batch(input, schema, move |batch, _| {
            let [places] = columns(batch, [PLACE])?;
            let decisions = typed::<StringArray>(batch, DECISION)?;
            let mut keep = Vec::with_capacity(places.len());
            for (row, &place) in places.iter().enumerate() {
                let copy = match &mut gone {
                    Some(gone) => gone.seek(place)?.is_some(),
                    None => false,
                };
                keep.push(decisions.value(row) == "kept" && !copy);
            }
            Ok::<_, datafusion::common::DataFusionError>(arrow::compute::filter_record_batch(
                batch,
                &keep.into(),
            )?)
        })
    }
}

/// Its schema is its input's.
pub(super) fn kept(input: &SchemaRef) -> Result<SchemaRef> {
    input.index_of(PLACE)?;
    Ok(std::sync::Arc::clone(input))
}
