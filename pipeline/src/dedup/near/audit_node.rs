//! The exact neighbours of a few documents among all of a unit.

use crate::table::names::QUERY;
use crate::table::node::{Inputs, Node};
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, BinaryArray, Float64Array, RecordBatch, UInt64Array};
use datafusion::arrow::datatypes::{DataType, SchemaRef};
use datafusion::common::Result;
use datafusion::execution::SendableRecordBatchStream;
use serde::{Deserialize, Serialize};

use crate::table::batch::typed;
use crate::table::batch::{columns, schema_of};
use crate::table::cursor::SortedCursor;
use crate::table::names::SHINGLES;
use crate::table::names::SIMILARITY;
use crate::table::row_id::ROW_ID;
use crate::table::stream::per_batch;

/// Turns `place, shingles` into `place, query, similarity` of every pair with one of the queries
/// that is similar enough; of two queries the later has the pair.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Neighbours {
    /// Files of `place, shingles` with the queries.
    pub queries: Vec<PathBuf>,
    /// The least similarity.
    pub threshold: f64,
}

/// `place, query, similarity`.
pub(crate) fn neighbours() -> SchemaRef {
    schema_of(&[
        (ROW_ID, DataType::UInt64),
        (QUERY, DataType::UInt64),
        (SIMILARITY, DataType::Float64),
    ])
}

/// The queries, found by any of their shingles.
#[derive(Default)]
struct Index {
    /// Place and number of shingles of each.
    queries: Vec<(u64, usize)>,
    by_shingle: HashMap<u64, Vec<u32>>,
}

impl Index {
    fn read(paths: &[PathBuf]) -> Result<Self> {
        let mut index = Self::default();
        let mut walk = SortedCursor::new(paths.to_vec(), &[ROW_ID, SHINGLES], 0, 256);
        while let Some(batch) = walk.next()? {
            let sets = typed::<BinaryArray>(&batch, SHINGLES)?;
            for (row, place) in columns(&batch, [ROW_ID])?[0].iter().enumerate() {
                let number = u32::try_from(index.queries.len()).unwrap_or(u32::MAX);
                let set = sets.value(row).as_chunks::<8>().0;
                index.queries.push((*place, set.len()));
                for shingle in set {
                    let shingle = u64::from_le_bytes(*shingle);
                    index.by_shingle.entry(shingle).or_default().push(number);
                }
            }
        }
        Ok(index)
    }
}

impl Node for Neighbours {
    const NAME: &'static str = "NeighboursExec";

    fn schema(&self, _inputs: &[SchemaRef]) -> Result<SchemaRef> {
        Ok(neighbours())
    }

    fn rows(&self, inputs: &Inputs<'_>, schema: SchemaRef) -> Result<SendableRecordBatchStream> {
        Ok(self.execute(inputs.stream()?, schema))
    }
}

impl Neighbours {
    pub(crate) fn execute(
        &self,
        input: SendableRecordBatchStream,
        schema: SchemaRef,
    ) -> SendableRecordBatchStream {
        let neighbours = self.clone();
        let mut index: Option<Index> = None;
        let mut shared: Vec<u32> = Vec::new();
        per_batch(input, schema, move |batch, out| {
            if index.is_none() {
                index = Some(Index::read(&neighbours.queries)?);
            }
            let index = index.get_or_insert_default();
            shared.resize(index.queries.len(), 0);
            pairs(batch, index, &mut shared, neighbours.threshold, out)
        })
    }
}

fn pairs(
    batch: &RecordBatch,
    index: &Index,
    shared: &mut [u32],
    threshold: f64,
    schema: &SchemaRef,
) -> Result<RecordBatch> {
    let sets = typed::<BinaryArray>(batch, SHINGLES)?;
    let (mut places, mut queries, mut similarities) = (Vec::new(), Vec::new(), Vec::new());
    for (row, &place) in columns(batch, [ROW_ID])?[0].iter().enumerate() {
        let set = if sets.is_valid(row) { sets.value(row).as_chunks::<8>().0 } else { &[] };
        let mut met: Vec<u32> = Vec::new();
        for shingle in set {
            let found = index.by_shingle.get(&u64::from_le_bytes(*shingle));
            for &query in found.into_iter().flatten() {
                if shared[query as usize] == 0 {
                    met.push(query);
                }
                shared[query as usize] += 1;
            }
        }
        for query in met {
            let both = std::mem::take(&mut shared[query as usize]) as usize;
            let (of, size) = index.queries[query as usize];
            let similarity = both as f64 / (set.len() + size - both) as f64;
            let is_query = index.queries.binary_search_by_key(&place, |query| query.0).is_ok();
            // a pair of two queries is met twice
            if similarity >= threshold && place != of && (!is_query || place > of) {
                places.push(place);
                queries.push(of);
                similarities.push(similarity);
            }
        }
    }
    let columns: Vec<ArrayRef> = vec![
        Arc::new(UInt64Array::from(places)),
        Arc::new(UInt64Array::from(queries)),
        Arc::new(Float64Array::from(similarities)),
    ];
    Ok(RecordBatch::try_new(Arc::clone(schema), columns)?)
}
