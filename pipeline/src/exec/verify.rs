//! The exact similarity of each candidate pair.

use std::path::PathBuf;
use std::sync::Arc;

use arrow::array::{BinaryArray, Float64Array, RecordBatch};
use datafusion::arrow::datatypes::{DataType, SchemaRef};
use datafusion::common::{Result, exec_datafusion_err};
use datafusion::execution::SendableRecordBatchStream;
use serde::{Deserialize, Serialize};
use tamis_kernels::jaccard;
use tamis_kernels::vectors::cosine;

use super::buckets::{CENTER, CENTER_RANK};
use super::explode::RANK;
use super::flow::{PLACE, Rows, Walk, columns, per_batch, schema_of};
use super::ranked::VECTOR;
use super::rewrite::typed;
use super::star::SIMILARITY;
use crate::embed::compare::{append, least_cosine};

/// The column with a document's set of shingles, sorted.
pub const SHINGLES: &str = "shingles";

/// How similar two documents are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// Jaccard similarity of their sets of shingles.
    Jaccard,
    /// The cosine of their vectors.
    Cosine,
}

impl Measure {
    /// The column it looks at.
    pub(crate) fn column(self) -> &'static str {
        match self {
            Self::Jaccard => SHINGLES,
            Self::Cosine => VECTOR,
        }
    }
}

/// Keeps the pairs whose similarity is at least the threshold; the input has the pairs with the
/// shingles or the vector of `place`, sorted by `center`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Verify {
    /// What is compared.
    pub measure: Measure,
    /// Files of `place` and that.
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

/// What is compared of one document.
#[derive(Default)]
struct Side {
    set: Vec<u64>,
    vector: Vec<f32>,
}

impl Side {
    /// Takes what stands in `row` of `batch`.
    fn read(&mut self, measure: Measure, batch: &RecordBatch, row: usize) -> Result<()> {
        let bytes = typed::<BinaryArray>(batch, measure.column())?.value(row);
        match measure {
            Measure::Jaccard => {
                self.set.clear();
                let eights = bytes.as_chunks::<8>().0.iter();
                self.set.extend(eights.map(|eight| u64::from_le_bytes(*eight)));
            }
            Measure::Cosine => {
                self.vector.clear();
                append(bytes, &mut self.vector);
            }
        }
        Ok(())
    }

    fn similarity(&self, measure: Measure, other: &Self) -> f64 {
        match measure {
            Measure::Jaccard => jaccard(&self.set, &other.set),
            Measure::Cosine => f64::from(cosine(&self.vector, &other.vector)),
        }
    }
}

/// The pair at hand.
#[derive(Default)]
struct Sets {
    center: Option<u64>,
    of_center: Side,
    of_member: Side,
}

impl Verify {
    pub(super) fn execute(
        &self,
        input: SendableRecordBatchStream,
        schema: SchemaRef,
    ) -> SendableRecordBatchStream {
        let measure = self.measure;
        let names = [PLACE, measure.column()];
        let mut walk = Walk::new(self.shingles.clone(), &names, 0, self.batch_rows);
        let threshold = self.threshold;
        let mut sets = Sets::default();
        per_batch(input, schema, move |batch, out| {
            rows(batch, &mut walk, &mut sets, (measure, threshold), out)
        })
    }
}

fn rows(
    batch: &RecordBatch,
    walk: &mut Walk,
    sets: &mut Sets,
    (measure, threshold): (Measure, f64),
    schema: &SchemaRef,
) -> Result<RecordBatch> {
    let names = [RANK, PLACE, CENTER_RANK, CENTER];
    let pairs = columns(batch, names)?;
    let least = match measure {
        Measure::Jaccard => threshold,
        // a cosine is a f32 and is held against the same f32 on every path
        Measure::Cosine => f64::from(least_cosine(threshold)),
    };
    let mut kept = Rows::default();
    let mut similarities = Vec::new();
    for row in 0..batch.num_rows() {
        let center = pairs[3][row];
        if sets.center != Some(center) {
            let Some((found, at)) = walk.seek(center)? else {
                return Err(exec_datafusion_err!(
                    "the {} of place {center} is missing; {}",
                    measure.column(),
                    super::rewrite::changed()
                ));
            };
            sets.of_center.read(measure, found, at)?;
            sets.center = Some(center);
        }
        sets.of_member.read(measure, batch, row)?;
        let similarity = sets.of_member.similarity(measure, &sets.of_center);
        if similarity >= least {
            similarities.push(similarity);
            kept.push(pairs.map(|column| column[row]));
        }
    }
    let mut all = kept.columns();
    all.push(Arc::new(Float64Array::from(similarities)));
    Ok(RecordBatch::try_new(Arc::clone(schema), all)?)
}
