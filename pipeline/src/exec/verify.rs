//! The exact similarity of each candidate pair.

use std::path::PathBuf;
use std::sync::Arc;

use arrow::array::{BinaryArray, Float64Array, RecordBatch};
use datafusion::arrow::datatypes::{DataType, SchemaRef};
use datafusion::common::{Result, exec_datafusion_err};
use datafusion::execution::SendableRecordBatchStream;
use serde::{Deserialize, Serialize};
use tamis_kernels::jaccard;

use super::buckets::{CENTER, CENTER_RANK};
use super::explode::RANK;
use super::flow::{PLACE, Rows, Walk, columns, per_batch, schema_of};
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

/// Puts the set in `row` of `batch` into `set`.
fn read_set(batch: &RecordBatch, row: usize, set: &mut Vec<u64>) -> Result<()> {
    let bytes = typed::<BinaryArray>(batch, SHINGLES)?.value(row);
    set.clear();
    set.extend(bytes.as_chunks::<8>().0.iter().map(|eight| u64::from_le_bytes(*eight)));
    Ok(())
}

/// The sets of the pair at hand.
#[derive(Default)]
struct Sets {
    center: Option<u64>,
    of_center: Vec<u64>,
    of_member: Vec<u64>,
}

impl Verify {
    pub(super) fn execute(
        &self,
        input: SendableRecordBatchStream,
        schema: SchemaRef,
    ) -> SendableRecordBatchStream {
        let names = [PLACE, SHINGLES];
        let mut walk = Walk::new(self.shingles.clone(), &names, 0, self.batch_rows);
        let threshold = self.threshold;
        let mut sets = Sets::default();
        per_batch(input, schema, move |batch, out| {
            rows(batch, &mut walk, &mut sets, threshold, out)
        })
    }
}

fn rows(
    batch: &RecordBatch,
    walk: &mut Walk,
    sets: &mut Sets,
    threshold: f64,
    schema: &SchemaRef,
) -> Result<RecordBatch> {
    let names = [RANK, PLACE, CENTER_RANK, CENTER];
    let pairs = columns(batch, names)?;
    let mut kept = Rows::default();
    let mut similarities = Vec::new();
    for row in 0..batch.num_rows() {
        let center = pairs[3][row];
        if sets.center != Some(center) {
            let Some((found, at)) = walk.seek(center)? else {
                return Err(exec_datafusion_err!(
                    "the shingles of place {center} are missing; {}",
                    super::rewrite::changed()
                ));
            };
            read_set(found, at, &mut sets.of_center)?;
            sets.center = Some(center);
        }
        read_set(batch, row, &mut sets.of_member)?;
        let similarity = jaccard(&sets.of_member, &sets.of_center);
        if similarity >= threshold {
            similarities.push(similarity);
            kept.push(pairs.map(|column| column[row]));
        }
    }
    let mut all = kept.columns();
    all.push(Arc::new(Float64Array::from(similarities)));
    Ok(RecordBatch::try_new(Arc::clone(schema), all)?)
}
