//! Where each document stands in survivor order, beside its vector.

use crate::table::names::VECTOR;
use crate::table::node::{Inputs, Node};
use std::path::PathBuf;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray, UInt64Array};
use datafusion::arrow::datatypes::{DataType, SchemaRef};
use datafusion::common::Result;
use datafusion::execution::SendableRecordBatchStream;
use serde::{Deserialize, Serialize};
use tamis_kernels::hash64;

use crate::dedup::rank::rank_of;
use crate::table::batch::typed;
use crate::table::batch::{columns, schema_of};
use crate::table::cursor::SortedCursor;
use crate::table::names::SOURCE;
use crate::table::names::{RANK, SOURCE_HASH};
use crate::table::row_id::ROW_ID;
use crate::table::stream::per_batch;

/// Turns `place, vector`, in input order, into `rank, place, from_source, vector`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Ranked {
    /// Documents of the run before each unit.
    pub bases: Vec<u64>,
    /// `place, rank` in input order; without it the first document has the first rank.
    pub ranks: Option<PathBuf>,
    /// The annotations, where sources matter.
    pub sources: Option<Vec<PathBuf>>,
}

/// `rank, place, from_source, vector`.
pub(crate) fn ranked() -> SchemaRef {
    schema_of(&[
        (RANK, DataType::UInt64),
        (ROW_ID, DataType::UInt64),
        (SOURCE_HASH, DataType::UInt64),
        (VECTOR, DataType::Binary),
    ])
}

impl Node for Ranked {
    const NAME: &'static str = "RankedExec";

    fn schema(&self, _inputs: &[SchemaRef]) -> Result<SchemaRef> {
        Ok(ranked())
    }

    fn rows(&self, inputs: &Inputs<'_>, schema: SchemaRef) -> Result<SendableRecordBatchStream> {
        Ok(self.execute(inputs.stream()?, schema))
    }
}

impl Ranked {
    pub(crate) fn execute(
        &self,
        input: SendableRecordBatchStream,
        schema: SchemaRef,
    ) -> SendableRecordBatchStream {
        let walk =
            |paths: Vec<PathBuf>, name: &str| SortedCursor::new(paths, &[ROW_ID, name], 0, 4096);
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
    mut ranks: Option<&mut SortedCursor>,
    mut sources: Option<&mut SortedCursor>,
    schema: &SchemaRef,
) -> Result<RecordBatch> {
    let [places] = columns(batch, [ROW_ID])?;
    let (mut of_rank, mut of_source) = (Vec::new(), Vec::new());
    for &place in places {
        let rank = rank_of(place, bases, ranks.as_deref_mut())?;
        of_rank.push(rank.ok_or_else(|| crate::table::batch::lost(place))?);
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
    let vectors = vectors.ok_or_else(|| crate::table::batch::lost(0))?;
    let columns: Vec<ArrayRef> = vec![
        Arc::new(UInt64Array::from(of_rank)),
        Arc::new(UInt64Array::from(places.to_vec())),
        Arc::new(UInt64Array::from(of_source)),
        vectors,
    ];
    Ok(RecordBatch::try_new(Arc::clone(schema), columns)?)
}
