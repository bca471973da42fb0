//! Where each document stands in survivor order, beside its vector.

use std::path::PathBuf;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray, UInt64Array};
use datafusion::arrow::datatypes::{DataType, SchemaRef};
use datafusion::common::Result;
use datafusion::execution::SendableRecordBatchStream;
use serde::{Deserialize, Serialize};
use tamis_kernels::hash64;

use super::explode::{FROM, RANK, rank_of};
use super::flow::{PLACE, Walk, columns, per_batch, schema_of};
use super::rewrite::typed;
use crate::plans::SOURCE;

/// The column with a document's embedding: f32 of unit length, little-endian.
pub const VECTOR: &str = "vector";

/// Turns `place, vector`, in input order, into `rank, place, from_source, vector`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ranked {
    /// Documents of the run before each unit.
    pub bases: Vec<u64>,
    /// `place, rank` in input order; without it the first document has the first rank.
    pub ranks: Option<PathBuf>,
    /// The annotations, where sources matter.
    pub sources: Option<Vec<PathBuf>>,
}

/// `rank, place, from_source, vector`.
pub(super) fn ranked() -> SchemaRef {
    schema_of(&[
        (RANK, DataType::UInt64),
        (PLACE, DataType::UInt64),
        (FROM, DataType::UInt64),
        (VECTOR, DataType::Binary),
    ])
}

impl Ranked {
    pub(super) fn execute(
        &self,
        input: SendableRecordBatchStream,
        schema: SchemaRef,
    ) -> SendableRecordBatchStream {
        let walk = |paths: Vec<PathBuf>, name: &str| Walk::new(paths, &[PLACE, name], 0, 4096);
        let mut ranks = self.ranks.clone().map(|path| walk(vec![path], RANK));
        let mut sources = self.sources.clone().map(|paths| walk(paths, SOURCE));
        let bases = self.bases.clone();
        per_batch(input, schema, move |batch, out| {
            rows(batch, &bases, ranks.as_mut(), sources.as_mut(), out)
        })
    }
}

fn rows(
    batch: &RecordBatch,
    bases: &[u64],
    mut ranks: Option<&mut Walk>,
    mut sources: Option<&mut Walk>,
    schema: &SchemaRef,
) -> Result<RecordBatch> {
    let [places] = columns(batch, [PLACE])?;
    let (mut of_rank, mut of_source) = (Vec::new(), Vec::new());
    for &place in places {
        let rank = rank_of(place, bases, ranks.as_deref_mut())?;
        of_rank.push(rank.ok_or_else(|| super::rewrite::lost(place))?);
        of_source.push(match sources.as_mut() {
            None => 0,
            Some(sources) => match sources.seek(place)? {
                Some((found, at)) => {
                    hash64(typed::<StringArray>(found, SOURCE)?.value(at).as_bytes())
                }
                None => 0,
            },
        });
    }
    let vectors = batch.column_by_name(VECTOR).map(Arc::clone);
    let vectors = vectors.ok_or_else(|| super::rewrite::lost(0))?;
    let columns: Vec<ArrayRef> = vec![
        Arc::new(UInt64Array::from(of_rank)),
        Arc::new(UInt64Array::from(places.to_vec())),
        Arc::new(UInt64Array::from(of_source)),
        vectors,
    ];
    Ok(RecordBatch::try_new(Arc::clone(schema), columns)?)
}
