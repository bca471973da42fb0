//! The documents that rules kept and that are no exact copies.

use crate::table::names::RULE_DECISION;
use crate::table::node::{Inputs, Node, only};
use std::path::PathBuf;
use std::sync::Arc;

use arrow::array::StringArray;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::common::Result;
use datafusion::execution::SendableRecordBatchStream;
use serde::{Deserialize, Serialize};

use crate::table::batch::columns;
use crate::table::batch::typed;
use crate::table::cursor::SortedCursor;
use crate::table::row_id::ROW_ID;
use crate::table::stream::per_batch;

/// Passes on the rows, in input order, of documents that are still there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Kept {
    /// Links of documents that go as exact duplicates, in input order.
    pub gone: Option<PathBuf>,
}

impl Node for Kept {
    const NAME: &'static str = "KeptExec";

    fn schema(&self, inputs: &[SchemaRef]) -> Result<SchemaRef> {
        kept(only(inputs, Self::NAME)?)
    }

    fn rows(&self, inputs: &Inputs<'_>, schema: SchemaRef) -> Result<SendableRecordBatchStream> {
        Ok(self.execute(inputs.stream()?, schema))
    }
}

impl Kept {
    pub(crate) fn execute(
        &self,
        input: SendableRecordBatchStream,
        schema: SchemaRef,
    ) -> SendableRecordBatchStream {
        let mut gone =
            self.gone.clone().map(|path| SortedCursor::new(vec![path], &[ROW_ID], 0, 4096));
        per_batch(input, schema, move |batch, _| {
            let [places] = columns(batch, [ROW_ID])?;
            let decisions = typed::<StringArray>(batch, RULE_DECISION)?;
            let mut keep = Vec::with_capacity(places.len());
            for (row, &place) in places.iter().enumerate() {
                let copy = match &mut gone {
                    Some(gone) => gone.seek(place)?.is_some(),
                    None => false,
                };
                keep.push(decisions.value(row) == "kept" && !copy);
            }
            Ok::<_, datafusion::common::DataFusionError>(arrow::compute::filter_record_batch(
                batch,
                &keep.into(),
            )?)
        })
    }
}

/// Its schema is its input's.
pub(crate) fn kept(input: &SchemaRef) -> Result<SchemaRef> {
    input.index_of(ROW_ID)?;
    Ok(std::sync::Arc::clone(input))
}

/// Passes on the rows of a scan whose place is in a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Pick {
    /// The file: a sorted column `place`.
    pub places: PathBuf,
    /// The first place of the unit that is scanned.
    pub from: u64,
    /// The file holds annotations, and only what is still there is wanted.
    #[serde(default)]
    pub kept: Option<Kept>,
}

impl Node for Pick {
    const NAME: &'static str = "PickExec";

    fn schema(&self, inputs: &[SchemaRef]) -> Result<SchemaRef> {
        Ok(Arc::clone(only(inputs, Self::NAME)?))
    }

    fn rows(&self, inputs: &Inputs<'_>, schema: SchemaRef) -> Result<SendableRecordBatchStream> {
        Ok(self.execute(inputs.stream()?, schema))
    }
}

impl Pick {
    pub(crate) fn execute(
        &self,
        input: SendableRecordBatchStream,
        schema: SchemaRef,
    ) -> SendableRecordBatchStream {
        let names: &[&str] = if self.kept.is_some() { &[ROW_ID, RULE_DECISION] } else { &[ROW_ID] };
        let mut walk = SortedCursor::new(vec![self.places.clone()], names, self.from, 4096);
        let gone = self.kept.as_ref().and_then(|kept| kept.gone.clone());
        let mut gone = gone.map(|path| SortedCursor::new(vec![path], &[ROW_ID], self.from, 4096));
        let decided = self.kept.is_some();
        per_batch(input, schema, move |batch, _| {
            let [places] = columns(batch, [ROW_ID])?;
            let mut keep = Vec::with_capacity(places.len());
            for place in places {
                let there = match walk.seek(*place)? {
                    Some((found, at)) if decided => {
                        typed::<StringArray>(found, RULE_DECISION)?.value(at) == "kept"
                    }
                    found => found.is_some(),
                };
                let copy = match &mut gone {
                    Some(gone) => gone.seek(*place)?.is_some(),
                    None => false,
                };
                keep.push(there && !copy);
            }
            Ok(arrow::compute::filter_record_batch(batch, &keep.into())?)
        })
    }
}
