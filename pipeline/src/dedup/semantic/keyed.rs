//! Vectors that lie beside the corpus, matched with documents by the user's ids.

use crate::table::names::KEY;
use crate::table::node::{Inputs, Node, only};
use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;

use arrow::array::{ArrayRef, BinaryArray, BinaryBuilder, RecordBatch, UInt64Array};
use datafusion::arrow::datatypes::{DataType, SchemaRef};
use datafusion::common::{Result, exec_err};
use datafusion::execution::SendableRecordBatchStream;
use serde::{Deserialize, Serialize};

use crate::embed::keyed::Reader;
use crate::table::batch::typed;
use crate::table::batch::{columns, schema_of};
use crate::table::cursor::SortedCursor;
use crate::table::names::VECTOR;
use crate::table::row_id::ROW_ID;
use crate::table::stream::{leaf, per_batch};

/// `place, vector`.
pub(crate) fn vectors() -> SchemaRef {
    schema_of(&[(ROW_ID, DataType::UInt64), (VECTOR, DataType::Binary)])
}

/// Reads files of embeddings: `place`, which is the hash of the id here, and `vector`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct KeyedRows {
    /// The files.
    pub files: Vec<PathBuf>,
    /// The name of their id column, where the user gave one.
    pub id: Option<String>,
}

impl Node for KeyedRows {
    const NAME: &'static str = "KeyedRowsExec";
    const INPUTS: usize = 0;

    fn schema(&self, _inputs: &[SchemaRef]) -> Result<SchemaRef> {
        Ok(vectors())
    }

    fn rows(&self, _inputs: &Inputs<'_>, schema: SchemaRef) -> Result<SendableRecordBatchStream> {
        Ok(self.execute(schema))
    }
}

impl KeyedRows {
    pub(crate) fn execute(&self, schema: SchemaRef) -> SendableRecordBatchStream {
        let mut files: VecDeque<PathBuf> = self.files.iter().cloned().collect();
        let id = self.id.clone();
        let mut open: Option<Reader> = None;
        leaf(schema, move || {
            loop {
                if let Some(reader) = &mut open
                    && let Some(batch) = reader.next()?
                {
                    return Ok(Some(batch));
                }
                let Some(path) = files.pop_front() else { return Ok(None) };
                open = Some(Reader::open(&path, id.as_deref())?);
            }
        })
    }
}

/// Turns `key, place`, sorted by key, into `place, vector` of those that have one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Lookup {
    /// The vectors, sorted by the hash of their ids.
    pub vectors: PathBuf,
}

impl Node for Lookup {
    const NAME: &'static str = "LookupExec";

    fn schema(&self, _inputs: &[SchemaRef]) -> Result<SchemaRef> {
        Ok(vectors())
    }

    fn rows(&self, inputs: &Inputs<'_>, schema: SchemaRef) -> Result<SendableRecordBatchStream> {
        Ok(self.execute(inputs.stream()?, schema))
    }
}

impl Lookup {
    pub(crate) fn execute(
        &self,
        input: SendableRecordBatchStream,
        schema: SchemaRef,
    ) -> SendableRecordBatchStream {
        let mut walk = SortedCursor::new(vec![self.vectors.clone()], &[ROW_ID, VECTOR], 0, 1024);
        per_batch(input, schema, move |batch, out| found(batch, &mut walk, out))
    }
}

fn found(batch: &RecordBatch, walk: &mut SortedCursor, schema: &SchemaRef) -> Result<RecordBatch> {
    let [keys, places] = columns(batch, [KEY, ROW_ID])?;
    let (mut with, mut vectors) = (Vec::new(), BinaryBuilder::new());
    for (&key, &place) in keys.iter().zip(places) {
        if let Some((rows, at)) = walk.seek(key)? {
            with.push(place);
            vectors.append_value(typed::<BinaryArray>(rows, VECTOR)?.value(at));
        }
    }
    let columns: Vec<ArrayRef> =
        vec![Arc::new(UInt64Array::from(with)), Arc::new(vectors.finish())];
    Ok(RecordBatch::try_new(Arc::clone(schema), columns)?)
}

/// Passes rows sorted by `place` on, each once; two vectors for one id must be the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Single {}

impl Node for Single {
    const NAME: &'static str = "SingleExec";

    fn schema(&self, inputs: &[SchemaRef]) -> Result<SchemaRef> {
        Ok(Arc::clone(only(inputs, Self::NAME)?))
    }

    fn rows(&self, inputs: &Inputs<'_>, schema: SchemaRef) -> Result<SendableRecordBatchStream> {
        Ok(self.execute(inputs.stream()?, schema))
    }
}

impl Single {
    #[expect(clippy::unused_self, reason = "all nodes are run the same way")]
    pub(crate) fn execute(
        &self,
        input: SendableRecordBatchStream,
        schema: SchemaRef,
    ) -> SendableRecordBatchStream {
        let mut last: Option<(u64, Vec<u8>)> = None;
        per_batch(input, schema, move |batch, _| {
            let [places] = columns(batch, [ROW_ID])?;
            let vectors = typed::<BinaryArray>(batch, VECTOR)?;
            let mut keep = Vec::with_capacity(places.len());
            for (row, &place) in places.iter().enumerate() {
                let vector = vectors.value(row);
                match &last {
                    Some((before, known)) if *before == place => {
                        if known != vector {
                            return exec_err!(
                                "the embeddings hold two different vectors for one id"
                            );
                        }
                        keep.push(false);
                    }
                    _ => {
                        last = Some((place, vector.to_vec()));
                        keep.push(true);
                    }
                }
            }
            Ok(arrow::compute::filter_record_batch(batch, &keep.into())?)
        })
    }
}
