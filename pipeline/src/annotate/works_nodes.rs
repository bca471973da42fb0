//! References across the pages of one work: names of targets that pages have and lack, matched by
//! sorting, and given to the documents that lack them.

use crate::table::names::{LACKS, NAME, WORK};
use crate::table::node::{Inputs, Node, only};
use std::path::PathBuf;
use std::sync::Arc;

use arrow::array::{ArrayRef, BinaryBuilder, RecordBatch, StringArray};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::common::{DataFusionError, Result};
use datafusion::execution::SendableRecordBatchStream;
use serde::{Deserialize, Serialize};
use tamis_kernels::hash64;
use tamis_rules::elsewhere::Pages;

use crate::table::batch::typed;
use crate::table::batch::{Rows, columns, numbered};
use crate::table::cursor::SortedCursor;
use crate::table::row_id::POSITION;
use crate::table::row_id::ROW_ID;
use crate::table::stream::per_batch;

/// Calls `with` with the hash of its work, the place and the text of each document that has them.
pub(crate) fn each_text(batch: &RecordBatch, mut with: impl FnMut(u64, u64, &str)) -> Result<()> {
    let [places] = columns(batch, [ROW_ID])?;
    let (texts, works) = (typed::<StringArray>(batch, "text")?, typed::<StringArray>(batch, WORK)?);
    for ((place, text), work) in places.iter().zip(texts).zip(works) {
        if let (Some(text), Some(work)) = (text, work) {
            with(hash64(work.as_bytes()), *place, text);
        }
    }
    Ok(())
}

/// Turns `place, text, work` into `work, name, lacks, place`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Pointing {}

/// `work, name, lacks, place`.
pub(crate) fn pointing() -> SchemaRef {
    numbered([WORK, NAME, LACKS, ROW_ID])
}

impl Node for Pointing {
    const NAME: &'static str = "PointingExec";

    fn schema(&self, _inputs: &[SchemaRef]) -> Result<SchemaRef> {
        Ok(pointing())
    }

    fn rows(&self, inputs: &Inputs<'_>, schema: SchemaRef) -> Result<SendableRecordBatchStream> {
        Ok(self.execute(inputs.stream()?, schema))
    }
}

impl Pointing {
    #[expect(clippy::unused_self, reason = "all nodes are run the same way")]
    pub(crate) fn execute(
        &self,
        input: SendableRecordBatchStream,
        schema: SchemaRef,
    ) -> SendableRecordBatchStream {
        let mut pages = Pages::default();
        per_batch(input, schema, move |batch, out| {
            let mut rows = Rows::default();
            let mut outcome = Ok(());
            each_text(batch, |work, place, text| {
                if outcome.is_ok() {
                    let found = |lacks, name| rows.push([work, name, u64::from(lacks), place]);
                    outcome = pages.read(text, found);
                }
            })?;
            outcome.map_err(|error| DataFusionError::External(Box::new(error)))?;
            rows.batch(out)
        })
    }
}

/// Passes on `place, name` of what a page lacks and another page of its work has; the input is
/// sorted by work, name and lacks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Matched {}

/// `place, name`.
pub(crate) fn matched() -> SchemaRef {
    numbered([ROW_ID, NAME])
}

impl Node for Matched {
    const NAME: &'static str = "MatchedExec";

    fn schema(&self, _inputs: &[SchemaRef]) -> Result<SchemaRef> {
        Ok(matched())
    }

    fn rows(&self, inputs: &Inputs<'_>, schema: SchemaRef) -> Result<SendableRecordBatchStream> {
        Ok(self.execute(inputs.stream()?, schema))
    }
}

impl Matched {
    #[expect(clippy::unused_self, reason = "all nodes are run the same way")]
    pub(crate) fn execute(
        &self,
        input: SendableRecordBatchStream,
        schema: SchemaRef,
    ) -> SendableRecordBatchStream {
        let mut there: Option<[u64; 2]> = None;
        per_batch(input, schema, move |batch, out| {
            let [works, names, lacks, places] = columns(batch, [WORK, NAME, LACKS, ROW_ID])?;
            let mut rows = Rows::default();
            for row in 0..batch.num_rows() {
                let target = [works[row], names[row]];
                if lacks[row] == 0 {
                    there = Some(target);
                } else if there == Some(target) {
                    rows.push([places[row], names[row]]);
                }
            }
            rows.batch(out)
        })
    }
}

/// Adds to each scanned document the names, eight bytes each and sorted, that [`Matched`] or
/// [`Common`](crate::annotate::boilerplate_nodes::Common) found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Elsewhere {
    /// The file, in the order of places and names.
    pub path: PathBuf,
    /// The first place of the unit that is scanned.
    pub from: u64,
    /// The column that gets them.
    pub column: String,
}

impl Node for Elsewhere {
    const NAME: &'static str = "ElsewhereExec";

    fn order(&self) -> &[&str] {
        &[POSITION]
    }

    fn schema(&self, inputs: &[SchemaRef]) -> Result<SchemaRef> {
        Ok(self.output_schema(only(inputs, Self::NAME)?))
    }

    fn rows(&self, inputs: &Inputs<'_>, schema: SchemaRef) -> Result<SendableRecordBatchStream> {
        Ok(self.execute(inputs.stream()?, schema))
    }
}

impl Elsewhere {
    pub(crate) fn output_schema(&self, input: &SchemaRef) -> SchemaRef {
        let mut fields: Vec<_> = input.fields().iter().cloned().collect();
        fields.push(Arc::new(Field::new(&self.column, DataType::Binary, false)));
        Arc::new(Schema::new(fields))
    }

    pub(crate) fn execute(
        &self,
        input: SendableRecordBatchStream,
        schema: SchemaRef,
    ) -> SendableRecordBatchStream {
        let from = self.from;
        let mut walk = SortedCursor::new(vec![self.path.clone()], &[ROW_ID, NAME], from, 4096);
        per_batch(input, schema, move |batch, out| {
            let [positions] = columns(batch, [POSITION])?;
            let mut names = BinaryBuilder::new();
            let mut bytes: Vec<u8> = Vec::new();
            for position in positions {
                bytes.clear();
                walk.all(from + position, NAME, |name| bytes.extend(name.to_le_bytes()))?;
                names.append_value(&bytes);
            }
            let mut all: Vec<ArrayRef> = batch.columns().to_vec();
            all.push(Arc::new(names.finish()));
            Ok(RecordBatch::try_new(Arc::clone(out), all)?)
        })
    }
}
