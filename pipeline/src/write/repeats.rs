//! What became of repeated text when documents were written.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, Float64Array, RecordBatch, StringArray, UInt64Array};
use tamis_kernels::{document_id, hex128};

use crate::dedup::repeats::{EMPTIED, RepeatRow};
use crate::error::PipelineError;
use crate::stage::work::Work;
use crate::table::names::{AGAINST, FIRST_REASON};
use crate::table::part::{Content, WritePart};
use crate::table::row_id::ROW_ID;
use crate::write::outputs::{Emptied, ShardCounts};

/// Fills in the texts that were found when the documents were written.
pub(crate) fn quote(rows: &mut [RepeatRow], counts: &[ShardCounts]) {
    let found: BTreeMap<[u64; 2], &String> =
        counts.iter().flat_map(|shard| &shard.quotes).map(|(at, text)| (*at, text)).collect();
    for quote in rows.iter_mut().flat_map(|row| &mut row.most) {
        if let Some(text) = found.get(&quote.at) {
            quote.text.clone_from(text);
        }
    }
}

/// The documents of which nothing was left, in the form of clusters, so that what counts records
/// counts them too.
fn emptied(counts: &[ShardCounts]) -> datafusion::common::Result<RecordBatch> {
    let rows = || {
        let shards = counts.iter();
        shards.flat_map(|shard| shard.emptied.iter().map(move |gone| (shard.shard.as_str(), gone)))
    };
    let text = |of: &dyn Fn(&str, &Emptied) -> String| -> ArrayRef {
        Arc::new(rows().map(|(shard, gone)| Some(of(shard, gone))).collect::<StringArray>())
    };
    let none = || rows().map(|_| None::<&str>).collect::<StringArray>();
    Ok(RecordBatch::try_from_iter_with_nullable([
        ("document_id", text(&|shard, gone| hex128(document_id(shard, gone.row))), false),
        ("survivor_id", text(&|_, _| String::new()), false),
        ("similarity", Arc::new(rows().map(|_| None::<f64>).collect::<Float64Array>()), true),
        ("kind", text(&|_, gone| gone.kind.clone()), false),
        (FIRST_REASON, text(&|_, gone| format!("dedup/{}", gone.kind)), false),
        ("twin", Arc::new(none()), true),
        ("shard", text(&|shard, _| shard.to_owned()), false),
        ("row", Arc::new(rows().map(|(_, gone)| gone.row).collect::<UInt64Array>()), false),
        (ROW_ID, Arc::new(rows().map(|(_, gone)| gone.row_id).collect::<UInt64Array>()), false),
        (AGAINST, Arc::new(rows().map(|_| Some(false)).collect::<BooleanArray>()), false),
    ])?)
}

impl Work<'_> {
    /// Writes [`EMPTIED`].
    pub(crate) async fn emptied(&self, counts: &[ShardCounts]) -> Result<(), PipelineError> {
        if self.config.content.repeats.is_some() {
            let path = self.directory.path(EMPTIED);
            let part =
                WritePart { path, content: Content::Values, required: Vec::new(), parts: false };
            part.write_batch(emptied(counts)?).await?;
        }
        Ok(())
    }
}
