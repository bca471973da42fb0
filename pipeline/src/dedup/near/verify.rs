//! The exact Jaccard similarity of each candidate pair.

use std::path::PathBuf;
use std::sync::Arc;

use arrow::array::{Float64Array, RecordBatch};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::common::Result;
use datafusion::execution::SendableRecordBatchStream;
use serde::{Deserialize, Serialize};
use tamis_kernels::jaccard;

use super::buckets::{PAIR, pairs};
use super::shingle_sets::ShingleSets;
use crate::table::batch::{Rows, columns};
use crate::table::names::{CENTER, SIMILARITY};
use crate::table::node::{Distribution, Inputs, Node};
use crate::table::row_id::ROW_ID;
use crate::table::stream::per_batch;

/// Keeps the pairs whose similarity is at least the threshold, and adds it. Sets are looked up by
/// row id, so that none travels with its pair.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Verify {
    /// The file of shingle sets of each unit.
    pub sets: Vec<PathBuf>,
    /// The least similarity.
    pub threshold: f64,
}

/// The columns of a pair, then `similarity`.
pub(crate) fn verified() -> SchemaRef {
    let mut fields: Vec<_> = pairs().fields().iter().cloned().collect();
    fields.push(Arc::new(Field::new(SIMILARITY, DataType::Float64, false)));
    Arc::new(Schema::new(fields))
}

impl Node for Verify {
    const NAME: &'static str = "VerifyExec";
    const DISTRIBUTION: Distribution = Distribution::Any;
    const INPUT_ORDER: &'static [&'static str] = &[CENTER, ROW_ID];

    fn schema(&self, _inputs: &[SchemaRef]) -> Result<SchemaRef> {
        Ok(verified())
    }

    fn detail(&self) -> String {
        format!("similarity >= {}", self.threshold)
    }

    fn rows(&self, inputs: &Inputs<'_>, schema: SchemaRef) -> Result<SendableRecordBatchStream> {
        let sets = ShingleSets::new(self.sets.clone());
        let (threshold, mut pair) = (self.threshold, PairSets::default());
        Ok(per_batch(inputs.stream()?, schema, move |batch, out| {
            verified_rows(batch, &sets, &mut pair, threshold, out)
        }))
    }
}

/// The sets of the pair at hand.
#[derive(Default)]
struct PairSets {
    center: Option<u64>,
    of_center: Vec<u64>,
    of_member: Vec<u64>,
    bytes: Vec<u8>,
}

fn verified_rows(
    batch: &RecordBatch,
    sets: &ShingleSets,
    pair: &mut PairSets,
    threshold: f64,
    schema: &SchemaRef,
) -> Result<RecordBatch> {
    let pairs = columns(batch, PAIR)?;
    let [_, row_ids, _, _, centers, _] = pairs;
    let mut kept = Rows::default();
    let mut similarities = Vec::new();
    for (row, (&row_id, &center)) in row_ids.iter().zip(centers).enumerate() {
        if pair.center != Some(center) {
            sets.read(center, &mut pair.of_center, &mut pair.bytes)?;
            pair.center = Some(center);
        }
        sets.read(row_id, &mut pair.of_member, &mut pair.bytes)?;
        let similarity = jaccard(&pair.of_member, &pair.of_center);
        if similarity >= threshold {
            similarities.push(similarity);
            kept.push(pairs.map(|column| column[row]));
        }
    }
    let mut all = kept.columns();
    all.push(Arc::new(Float64Array::from(similarities)));
    Ok(RecordBatch::try_new(Arc::clone(schema), all)?)
}
