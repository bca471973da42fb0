//! Documents that share a bucket, or nearly only those.
//!
//! Most buckets hold one document. Their rows end here, before anything is moved or sorted: the
//! first input is read for its keys, which are counted in a [`BucketFilter`]; then rows of the
//! second input pass whose keys it has seen twice. A few pass that only look so.

use std::sync::Arc;

use arrow::array::{Array, FixedSizeBinaryArray, RecordBatch};
use arrow::compute::filter_record_batch;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::common::{DataFusionError, Result, exec_datafusion_err, internal_err};
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryReservation};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use futures::{StreamExt, TryStreamExt};
use serde::{Deserialize, Serialize};
use tokio::sync::OnceCell;
use tokio::task::JoinSet;

use super::bucket_filter::BucketFilter;
use crate::table::batch::{Rows, columns, numbered, typed};
use crate::table::names::{BUCKET, CONTENT_HASH, RANK, SOURCE_HASH};
use crate::table::node::{Distribution, Inputs, Node};
use crate::table::row_id::ROW_ID;
use tamis_rules::BANDS;

/// What names the buckets of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum BucketKey {
    /// Each band of its signature: `row_id, rank, source_hash, minhash_bands` become
    /// `bucket, rank, row_id, source_hash`, a row for each bucket.
    Bands,
    /// The hash of its text: rows with a column `content_hash` pass as they are.
    ContentHash,
}

/// Passes on rows whose buckets may hold two documents; both inputs have the same rows.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct SharedBuckets {
    /// What names the buckets.
    pub key: BucketKey,
    /// Keys that are expected.
    pub keys: u64,
    /// Bytes that the filter may take.
    pub filter_bytes: u64,
    #[serde(skip)]
    filter: Shared,
}

/// The filter of one plan, made by whichever partition comes first.
#[derive(Debug, Default)]
struct Shared(Arc<OnceCell<Counted>>);

impl Clone for Shared {
    /// Another plan reads its own input.
    fn clone(&self) -> Self {
        Self::default()
    }
}

#[derive(Debug)]
struct Counted {
    filter: BucketFilter,
    _reservation: MemoryReservation,
}

/// `bucket, rank, row_id, source_hash`.
pub(crate) fn bucket_rows() -> SchemaRef {
    numbered([BUCKET, RANK, ROW_ID, SOURCE_HASH])
}

impl SharedBuckets {
    /// For so many keys, with a filter of at most so many bytes.
    pub(crate) fn new(key: BucketKey, keys: u64, filter_bytes: u64) -> Self {
        Self { key, keys, filter_bytes, filter: Shared::default() }
    }
}

impl Node for SharedBuckets {
    const NAME: &'static str = "SharedBucketsExec";
    const INPUTS: usize = 2;
    const DISTRIBUTION: Distribution = Distribution::Any;

    fn schema(&self, inputs: &[SchemaRef]) -> Result<SchemaRef> {
        match (self.key, inputs) {
            (BucketKey::Bands, _) => Ok(bucket_rows()),
            (BucketKey::ContentHash, [_, probe]) => Ok(Arc::clone(probe)),
            (BucketKey::ContentHash, _) => internal_err!("{} takes two inputs", Self::NAME),
        }
    }

    fn detail(&self) -> String {
        format!("{} keys", self.keys)
    }

    fn rows(&self, inputs: &Inputs<'_>, schema: SchemaRef) -> Result<SendableRecordBatchStream> {
        let shared = Arc::clone(&self.filter.0);
        let (key, keys, bytes) = (self.key, self.keys, self.filter_bytes);
        let build = Arc::clone(inputs.plan(0)?);
        let context = Arc::clone(inputs.context());
        let probe = inputs.stream()?;
        let out = Arc::clone(&schema);
        let rows = futures::stream::once(async move {
            let counting = Arc::clone(&shared);
            counting
                .get_or_try_init(|| async move {
                    let filter = BucketFilter::new(keys, bytes);
                    let reservation =
                        MemoryConsumer::new("bucket filter").register(context.memory_pool());
                    reservation.try_grow(filter.bytes())?;
                    let filter = count(key, filter, &build, &context).await?;
                    Ok::<_, DataFusionError>(Counted { filter, _reservation: reservation })
                })
                .await?;
            Ok::<_, DataFusionError>(probe.map(move |batch| {
                let counted = shared
                    .get()
                    .ok_or_else(|| exec_datafusion_err!("the bucket filter is missing"))?;
                shared_rows(key, &batch?, &counted.filter, &out)
            }))
        });
        Ok(Box::pin(RecordBatchStreamAdapter::new(schema, rows.try_flatten())))
    }
}

/// Adds the keys of all partitions of `build`, side by side.
async fn count(
    key: BucketKey,
    filter: BucketFilter,
    build: &Arc<dyn ExecutionPlan>,
    context: &Arc<TaskContext>,
) -> Result<BucketFilter> {
    let filter = Arc::new(filter);
    let mut tasks = JoinSet::new();
    for partition in 0..build.properties().partitioning.partition_count() {
        let mut batches = build.execute(partition, Arc::clone(context))?;
        let filter = Arc::clone(&filter);
        tasks.spawn(async move {
            while let Some(batch) = batches.next().await {
                each_key(key, &batch?, |_, key| filter.add(key))?;
            }
            Ok::<_, DataFusionError>(())
        });
    }
    while let Some(done) = tasks.join_next().await {
        done.map_err(|error| exec_datafusion_err!("a worker died: {error}"))??;
    }
    Arc::into_inner(filter).ok_or_else(|| exec_datafusion_err!("the bucket filter is still in use"))
}

/// Calls `with` with the row and each of its keys.
fn each_key(key: BucketKey, batch: &RecordBatch, mut with: impl FnMut(usize, u64)) -> Result<()> {
    let (column, keys_max) = match key {
        BucketKey::Bands => (BANDS, usize::MAX),
        // half of the hash is a key, the whole is compared later
        BucketKey::ContentHash => (CONTENT_HASH, 1),
    };
    let hashes = typed::<FixedSizeBinaryArray>(batch, column)?;
    for row in 0..batch.num_rows() {
        if !hashes.is_null(row) {
            for hash in hashes.value(row).as_chunks::<8>().0.iter().take(keys_max) {
                with(row, u64::from_le_bytes(*hash));
            }
        }
    }
    Ok(())
}

fn shared_rows(
    key: BucketKey,
    batch: &RecordBatch,
    filter: &BucketFilter,
    schema: &SchemaRef,
) -> Result<RecordBatch> {
    if key == BucketKey::ContentHash {
        let mut keep = vec![false; batch.num_rows()];
        each_key(key, batch, |row, key| keep[row] = filter.may_be_shared(key))?;
        return Ok(filter_record_batch(batch, &keep.into())?);
    }
    let [ranks, row_ids, sources] = columns(batch, [RANK, ROW_ID, SOURCE_HASH])?;
    let mut rows = Rows::default();
    each_key(key, batch, |row, key| {
        if filter.may_be_shared(key) {
            rows.push([key, ranks[row], row_ids[row], sources[row]]);
        }
    })?;
    rows.batch(schema)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::node::NodeExec;
    use arrow::array::{ArrayRef, FixedSizeBinaryBuilder, UInt64Array};
    use datafusion::datasource::memory::MemorySourceConfig;
    use datafusion::physical_plan::collect;
    use datafusion::prelude::SessionContext;

    fn documents(row_ids: std::ops::Range<u64>, bands: impl Fn(u64) -> [u64; 2]) -> RecordBatch {
        let mut keys = FixedSizeBinaryBuilder::new(16);
        for row_id in row_ids.clone() {
            let bytes = bands(row_id).map(u64::to_le_bytes).concat();
            keys.append_value(bytes).unwrap();
        }
        let numbers = || -> ArrayRef { Arc::new(UInt64Array::from_iter_values(row_ids.clone())) };
        RecordBatch::try_from_iter([
            (ROW_ID, numbers()),
            (RANK, numbers()),
            (SOURCE_HASH, numbers()),
            (BANDS, Arc::new(keys.finish()) as ArrayRef),
        ])
        .unwrap()
    }

    #[tokio::test]
    async fn documents_of_any_partition_meet() {
        // 7 and 107 share their first band, nobody else shares any
        let bands = |row_id: u64| {
            let first = if row_id == 107 { 7 } else { row_id };
            [tamis_kernels::hash64(&first.to_le_bytes()), !row_id]
        };
        let partitions = [
            vec![documents(0..50, bands)],
            vec![documents(50..90, bands), documents(90..120, bands)],
        ];
        let schema = partitions[0][0].schema();
        let input =
            || MemorySourceConfig::try_new_exec(&partitions, Arc::clone(&schema), None).unwrap();
        let node = SharedBuckets::new(BucketKey::Bands, 240, 1 << 20);
        let plan = NodeExec::try_new(node, vec![input(), input()]).unwrap();
        let rows = collect(Arc::new(plan), SessionContext::new().task_ctx()).await.unwrap();
        let mut found = Vec::new();
        for batch in &rows {
            let [buckets, row_ids] = columns(batch, [BUCKET, ROW_ID]).unwrap();
            found.extend(buckets.iter().copied().zip(row_ids.iter().copied()));
        }
        let key = bands(7)[0];
        assert!(found.contains(&(key, 7)) && found.contains(&(key, 107)), "{found:?}");
        assert!(found.len() < 70, "few others look shared: {}", found.len());
    }
}
