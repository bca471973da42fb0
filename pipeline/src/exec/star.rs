//! Star edges: in an input sorted by key, every later row of a run points at the run's first.
//!
//! The first row is the survivor, so the sort order behind the key *is* the survivor policy.
//! Work is linear whatever the size of a run, and only one key is held.

use std::sync::Arc;

use arrow::array::{
    Array, FixedSizeBinaryArray, Float64Array, RecordBatch, StringArray, UInt64Array,
};
use datafusion::arrow::datatypes::{DataType, SchemaRef};
use datafusion::common::Result;
use datafusion::execution::SendableRecordBatchStream;
use serde::{Deserialize, Serialize};

use super::flow::{PLACE, columns, per_batch, schema_of};
use super::rewrite::typed;

/// The column with the place of the document that stays.
pub const SURVIVOR: &str = "survivor";
/// The column with the similarity to it.
pub const SIMILARITY: &str = "similarity";

/// Turns rows sorted by `key` into `place, survivor, similarity` of all but the first of each run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Star {
    /// The binary column that members of a cluster share.
    pub key: String,
    /// A text column: those that have it in common with the first of their run stay.
    pub apart: Option<String>,
    /// Which documents only others are held against.
    pub reference: Reference,
}

/// The reference set: documents that never go, and come first in survivor order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reference {
    /// The first place of the run's own documents.
    pub own_place: u64,
    /// Only what is similar to a document of the reference set goes.
    pub only: bool,
}

impl Reference {
    /// Whether the document at `place` belongs to it.
    pub(super) fn has(self, place: u64) -> bool {
        place < self.own_place
    }

    /// Whether the document at `place` may go for the one at `center`.
    pub(super) fn allows(self, place: u64, center: u64) -> bool {
        !self.has(place) && (!self.only || self.has(center))
    }
}

/// `place, survivor, similarity`.
pub(super) fn links() -> SchemaRef {
    schema_of(&[
        (PLACE, DataType::UInt64),
        (SURVIVOR, DataType::UInt64),
        (SIMILARITY, DataType::Float64),
    ])
}

impl Star {
    pub(super) fn execute(
        &self,
        input: SendableRecordBatchStream,
        schema: SchemaRef,
    ) -> SendableRecordBatchStream {
        let key = self.key.clone();
        let apart = self.apart.clone();
        let reference = self.reference;
        let mut head: Option<(Vec<u8>, u64, String)> = None;
        per_batch(input, schema, move |batch, out| {
            let keys = typed::<FixedSizeBinaryArray>(batch, &key)?;
            let [places] = columns(batch, [PLACE])?;
            let (mut members, mut survivors) = (Vec::new(), Vec::new());
            let sources = match &apart {
                Some(name) => Some(typed::<StringArray>(batch, name)?),
                None => None,
            };
            for (row, &place) in places.iter().enumerate() {
                let source = sources.map_or("", |sources| sources.value(row));
                match &head {
                    Some((key, first, of)) if !keys.is_null(row) && key == keys.value(row) => {
                        let apart = sources.is_none() || of != source;
                        if apart && reference.allows(place, *first) {
                            members.push(place);
                            survivors.push(*first);
                        }
                    }
                    _ => {
                        head = (!keys.is_null(row))
                            .then(|| (keys.value(row).to_vec(), place, source.to_owned()));
                    }
                }
            }
            linked(out, members, survivors, None)
        })
    }
}

/// Links as a batch; without similarities they are 1.
pub(super) fn linked(
    schema: &SchemaRef,
    members: Vec<u64>,
    survivors: Vec<u64>,
    similarities: Option<Vec<f64>>,
) -> Result<RecordBatch> {
    let similarities = similarities.unwrap_or_else(|| vec![1.0; members.len()]);
    Ok(RecordBatch::try_new(
        Arc::clone(schema),
        vec![
            Arc::new(UInt64Array::from(members)),
            Arc::new(UInt64Array::from(survivors)),
            Arc::new(Float64Array::from(similarities)),
        ],
    )?)
}
