//! Star edges: in an input sorted by key, every later row of a run points at the run's first.
//!
//! The first row is the survivor, so the sort order behind the key *is* the survivor policy.
//! Work is linear whatever the size of a run, and only one row is held.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, BooleanArray, RecordBatch, StringArray, UInt32Array};
use arrow::compute::{concat, filter_record_batch};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::common::{Result, exec_datafusion_err};
use datafusion::execution::SendableRecordBatchStream;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use futures::StreamExt;
use serde::{Deserialize, Serialize};

/// The column that names the survivor.
pub const SURVIVOR_ID: &str = "survivor_id";
/// The column with the name by which a user knows the survivor.
pub const TWIN: &str = "twin";

/// Adds `survivor_id` and `twin` to rows sorted by `key` and drops the runs of one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Star {
    /// The column that members of a cluster share.
    pub key: String,
    /// The column with the document's id.
    pub id: String,
    /// The column with the user's id, may be null.
    pub user_id: String,
}

/// The first row of the run at hand.
struct Head {
    key: ArrayRef,
    id: String,
    twin: String,
    /// The head's own row, held back until a second member shows that there is a cluster.
    held: Option<RecordBatch>,
}

impl Star {
    pub(super) fn schema(&self, input: &SchemaRef) -> Result<SchemaRef> {
        for name in [&self.key, &self.id, &self.user_id] {
            input.index_of(name)?;
        }
        let mut fields: Vec<_> = input.fields().iter().cloned().collect();
        fields.push(Arc::new(Field::new(SURVIVOR_ID, DataType::Utf8, false)));
        fields.push(Arc::new(Field::new(TWIN, DataType::Utf8, false)));
        Ok(Arc::new(Schema::new(fields)))
    }

    pub(super) fn execute(
        &self,
        input: SendableRecordBatchStream,
        schema: SchemaRef,
    ) -> SendableRecordBatchStream {
        let star = self.clone();
        let out = Arc::clone(&schema);
        let mut head: Option<Head> = None;
        let linked = input.map(move |batch| star.link(&batch?, &mut head, &out));
        Box::pin(RecordBatchStreamAdapter::new(schema, linked))
    }

    fn link(
        &self,
        batch: &RecordBatch,
        head: &mut Option<Head>,
        schema: &SchemaRef,
    ) -> Result<RecordBatch> {
        let keys = column(batch, &self.key)?;
        let ids = strings(batch, &self.id)?;
        let user_ids = strings(batch, &self.user_id)?;
        let mut ready: Vec<RecordBatch> = Vec::new();
        let mut keep = vec![false; batch.num_rows()];
        let mut survivors: Vec<String> = Vec::with_capacity(batch.num_rows());
        let mut twins: Vec<String> = Vec::with_capacity(batch.num_rows());
        let mut head_row: Option<usize> = None;
        for row in 0..batch.num_rows() {
            let key = keys.slice(row, 1);
            let same = head.as_ref().is_some_and(|head| head.key.as_ref() == key.as_ref());
            if same {
                keep[row] = true;
                if let Some(first) = head_row.take() {
                    keep[first] = true;
                }
                if let Some(held) = head.as_mut().and_then(|head| head.held.take()) {
                    ready.push(held);
                }
            } else {
                let id = ids.value(row).to_owned();
                let twin =
                    if user_ids.is_null(row) { id.clone() } else { user_ids.value(row).to_owned() };
                *head = Some(Head { key, id, twin, held: None });
                head_row = Some(row);
            }
            if let Some(head) = head.as_ref() {
                survivors.push(head.id.clone());
                twins.push(head.twin.clone());
            }
        }
        let mut columns = batch.columns().to_vec();
        columns.push(Arc::new(StringArray::from(survivors)));
        columns.push(Arc::new(StringArray::from(twins)));
        let linked = RecordBatch::try_new(Arc::clone(schema), columns)?;
        if let (Some(row), Some(head)) = (head_row, head.as_mut()) {
            // a copy of one row, not a slice, so that the batch behind it can go
            let index = UInt32Array::from(vec![u32::try_from(row).unwrap_or(u32::MAX)]);
            head.held = Some(arrow::compute::take_record_batch(&linked, &index)?);
            let key = concat(&[head.key.as_ref()])?;
            head.key = key;
        }
        ready.push(filter_record_batch(&linked, &BooleanArray::from(keep))?);
        Ok(arrow::compute::concat_batches(schema, &ready)?)
    }
}

fn column<'a>(batch: &'a RecordBatch, name: &str) -> Result<&'a ArrayRef> {
    batch
        .column_by_name(name)
        .ok_or_else(|| exec_datafusion_err!("column {name} is missing from the plan's input"))
}

fn strings<'a>(batch: &'a RecordBatch, name: &str) -> Result<&'a StringArray> {
    column(batch, name)?
        .as_any()
        .downcast_ref::<StringArray>()
        .ok_or_else(|| exec_datafusion_err!("column {name} must be Utf8"))
}
