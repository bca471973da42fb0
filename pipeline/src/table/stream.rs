//! Streams of batches.

use std::sync::Arc;

use arrow::array::RecordBatch;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::common::Result;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use futures::StreamExt;

/// A stream that makes one batch of `schema` of each batch of `input`.
pub(crate) fn per_batch(
    input: SendableRecordBatchStream,
    schema: SchemaRef,
    mut step: impl FnMut(&RecordBatch, &SchemaRef) -> Result<RecordBatch> + Send + 'static,
) -> SendableRecordBatchStream {
    let out = Arc::clone(&schema);
    let batches = input.map(move |batch| step(&batch?, &out));
    Box::pin(RecordBatchStreamAdapter::new(schema, batches))
}

/// A stream over the batches that `next` gives until there are none.
pub(crate) fn leaf(
    schema: SchemaRef,
    next: impl FnMut() -> Result<Option<RecordBatch>> + Send + 'static,
) -> SendableRecordBatchStream {
    let batches = futures::stream::try_unfold(next, |mut next| async move {
        Ok(next()?.map(|batch| (batch, next)))
    });
    Box::pin(RecordBatchStreamAdapter::new(schema, batches))
}
