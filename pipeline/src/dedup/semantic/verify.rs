//! The exact cosine of each candidate pair.

use std::path::PathBuf;
use std::sync::Arc;

use crate::dedup::near::buckets::PAIR;
use crate::dedup::near::verify::verified;
use crate::embed::compare::{append, least_cosine};
use crate::table::batch::{Rows, columns, lost, typed};
use crate::table::cursor::SortedCursor;
use crate::table::names::{CENTER, VECTOR};
use crate::table::node::{Inputs, Node};
use crate::table::row_id::ROW_ID;
use crate::table::stream::per_batch;
use arrow::array::{BinaryArray, Float64Array, RecordBatch};
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::common::Result;
use datafusion::execution::SendableRecordBatchStream;
use serde::{Deserialize, Serialize};
use tamis_kernels::vectors::cosine;

/// Keeps the pairs whose cosine is at least the threshold; the input has the pairs with the vector
/// of `row_id`, sorted by `center`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct VerifyCosine {
    /// Files of `row_id, vector`.
    pub vectors: Vec<PathBuf>,
    /// The least cosine.
    pub threshold: f64,
    /// Rows of the files held at a time.
    pub batch_rows: usize,
}

/// The pair at hand.
#[derive(Default)]
struct Vectors {
    center: Option<u64>,
    of_center: Vec<f32>,
    of_member: Vec<f32>,
}

/// Takes the vector in `row` of `batch`.
fn read(batch: &RecordBatch, row: usize, vector: &mut Vec<f32>) -> Result<()> {
    vector.clear();
    append(typed::<BinaryArray>(batch, VECTOR)?.value(row), vector);
    Ok(())
}

impl Node for VerifyCosine {
    const NAME: &'static str = "VerifyCosineExec";
    const INPUT_ORDER: &'static [&'static str] = &[CENTER];

    fn schema(&self, _inputs: &[SchemaRef]) -> Result<SchemaRef> {
        Ok(verified())
    }

    fn rows(&self, inputs: &Inputs<'_>, schema: SchemaRef) -> Result<SendableRecordBatchStream> {
        Ok(self.execute(inputs.stream()?, schema))
    }
}

impl VerifyCosine {
    fn execute(
        &self,
        input: SendableRecordBatchStream,
        schema: SchemaRef,
    ) -> SendableRecordBatchStream {
        let names = [ROW_ID, VECTOR];
        let mut cursor = SortedCursor::new(self.vectors.clone(), &names, 0, self.batch_rows);
        // a cosine is a f32 and is held against the same f32 on every path
        let least = least_cosine(self.threshold);
        let mut vectors = Vectors::default();
        per_batch(input, schema, move |batch, out| {
            verified_rows(batch, &mut cursor, &mut vectors, least, out)
        })
    }
}

fn verified_rows(
    batch: &RecordBatch,
    cursor: &mut SortedCursor,
    vectors: &mut Vectors,
    least: f32,
    schema: &SchemaRef,
) -> Result<RecordBatch> {
    let pairs = columns(batch, PAIR)?;
    let [.., centers, _] = pairs;
    let mut kept = Rows::default();
    let mut similarities = Vec::new();
    for (row, &center) in centers.iter().enumerate() {
        if vectors.center != Some(center) {
            let Some((found, at)) = cursor.seek(center)? else { return Err(lost(center)) };
            read(found, at, &mut vectors.of_center)?;
            vectors.center = Some(center);
        }
        read(batch, row, &mut vectors.of_member)?;
        let similarity = cosine(&vectors.of_member, &vectors.of_center);
        if similarity >= least {
            similarities.push(f64::from(similarity));
            kept.push(pairs.map(|column| column[row]));
        }
    }
    let mut all = kept.columns();
    all.push(Arc::new(Float64Array::from(similarities)));
    Ok(RecordBatch::try_new(Arc::clone(schema), all)?)
}
