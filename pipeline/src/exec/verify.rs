//! The exact similarity of each candidate pair.

use std::path::PathBuf;
use std::sync::Arc;

use arrow::array::{Array, Float64Array, ListArray, RecordBatch, UInt64Array};
use datafusion::arrow::datatypes::{DataType, SchemaRef};
use datafusion::common::{Result, exec_datafusion_err};
use datafusion::execution::SendableRecordBatchStream;
use serde::{Deserialize, Serialize};
use tamis_kernels::jaccard;

use super::buckets::{CENTER, CENTER_RANK};
use super::explode::RANK;
use super::flow::{PLACE, Walk, columns, per_batch, schema_of};
use super::rewrite::typed;
use super::star::SIMILARITY;

/// The column with a document's set of shingles, sorted.
pub const SHINGLES: &str = "shingles";

/// Keeps the pairs whose Jaccard similarity of shingle sets is at least the threshold; the input
/// has the pairs with the shingles of `place`, sorted by `center`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Verify {
    /// Files of `place, shingles`.
    pub shingles: Vec<PathBuf>,
    /// The least similarity.
    pub threshold: f64,
    /// Rows of the files held at a time.
    pub batch_rows: usize,
}

/// `rank, place, center_rank, center, similarity`.
pub(super) fn verified() -> SchemaRef {
    schema_of(&[
        (RANK, DataType::UInt64),
        (PLACE, DataType::UInt64),
        (CENTER_RANK, DataType::UInt64),
        (CENTER, DataType::UInt64),
        (SIMILARITY, DataType::Float64),
    ])
}

/// The set in `row` of `batch`.
fn set(batch: &RecordBatch, row: usize) -> Result<UInt64Array> {
    let list = typed::<ListArray>(batch, SHINGLES)?.value(row);
    list.as_any()
        .downcast_ref::<UInt64Array>()
        .cloned()
        .ok_or_else(|| exec_datafusion_err!("shingles must be UInt64"))
}

impl Verify {
    pub(super) fn execute(
        &self,
        input: SendableRecordBatchStream,
        schema: SchemaRef,
    ) -> SendableRecordBatchStream {
        let out = Arc::clone(&schema);
        let names = [PLACE, SHINGLES];
        let mut walk = Walk::new(self.shingles.clone(), &names, 0, self.batch_rows);
        let threshold = self.threshold;
        per_batch(input, schema, move |batch| rows(batch, &mut walk, threshold, &out))
    }
}

fn rows(
    batch: &RecordBatch,
    walk: &mut Walk,
    threshold: f64,
    schema: &SchemaRef,
) -> Result<RecordBatch> {
    let names = [RANK, PLACE, CENTER_RANK, CENTER];
    let pairs = columns(batch, names)?;
    let mut kept = [Vec::new(), Vec::new(), Vec::new(), Vec::new()];
    let mut similarities = Vec::new();
    for row in 0..batch.num_rows() {
        let center = pairs[3][row];
        let Some((found, at)) = walk.seek(center)? else {
            return Err(exec_datafusion_err!(
                "the shingles of place {center} are missing; {}",
                super::rewrite::changed()
            ));
        };
        let similarity = jaccard(set(batch, row)?.values(), set(found, at)?.values());
        if similarity >= threshold {
            similarities.push(similarity);
            for (column, pair) in kept.iter_mut().zip(pairs) {
                column.push(pair[row]);
            }
        }
    }
    let mut all: Vec<arrow::array::ArrayRef> = Vec::with_capacity(5);
    for column in kept {
        all.push(Arc::new(UInt64Array::from(column)));
    }
    all.push(Arc::new(Float64Array::from(similarities)));
    Ok(RecordBatch::try_new(Arc::clone(schema), all)?)
}
