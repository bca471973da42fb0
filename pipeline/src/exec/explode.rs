//! One row for each bucket a document falls into.

use std::path::PathBuf;

use arrow::array::{Array, FixedSizeBinaryArray, RecordBatch, StringArray};
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::common::Result;
use datafusion::execution::SendableRecordBatchStream;
use serde::{Deserialize, Serialize};

use super::flow::{PLACE, Rows, Walk, columns, numbered, per_batch, unit_and_position};
use super::rewrite::typed;
use crate::plans::SOURCE;
use tamis_kernels::hash64;
use tamis_rules::BANDS;

/// The column with the hash of a band, which names a bucket.
pub const BUCKET: &str = "bucket";
/// The column with the document's number in survivor order.
pub const RANK: &str = "rank";
/// The column with the hash of the document's source.
pub const FROM: &str = "from_source";

/// Turns `place, rule_decision, minhash_bands, source` of all documents, in input order, into
/// `bucket, rank, place, from_source` of those that are kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Explode {
    /// Documents of the run before each unit.
    pub bases: Vec<u64>,
    /// Links of documents that go as exact duplicates, in input order.
    pub gone: Option<PathBuf>,
    /// `place, rank` in input order; without it the first document has the first rank.
    pub ranks: Option<PathBuf>,
}

/// `bucket, rank, place, from_source`.
pub(super) fn buckets() -> SchemaRef {
    numbered([BUCKET, RANK, PLACE, FROM])
}

impl Explode {
    pub(super) fn execute(
        &self,
        input: SendableRecordBatchStream,
        schema: SchemaRef,
    ) -> SendableRecordBatchStream {
        let walk = |path: &PathBuf, names: &[&str]| Walk::new(vec![path.clone()], names, 0, 4096);
        let mut gone = self.gone.as_ref().map(|path| walk(path, &[PLACE]));
        let mut ranks = self.ranks.as_ref().map(|path| walk(path, &[PLACE, RANK]));
        let bases = self.bases.clone();
        per_batch(input, schema, move |batch, out| rows(batch, &bases, &mut gone, &mut ranks, out))
    }
}

/// The number in survivor order of the document at `place`: by `ranks`, or input order where there
/// are none.
pub(super) fn rank_of(place: u64, bases: &[u64], ranks: Option<&mut Walk>) -> Result<Option<u64>> {
    let Some(ranks) = ranks else {
        let (unit, position) = unit_and_position(place);
        return Ok(Some(bases.get(unit).copied().unwrap_or(0) + position));
    };
    let Some((found, at)) = ranks.seek(place)? else { return Ok(None) };
    Ok(columns(found, [RANK])?[0].get(at).copied())
}

fn rows(
    batch: &RecordBatch,
    bases: &[u64],
    gone: &mut Option<Walk>,
    ranks: &mut Option<Walk>,
    schema: &SchemaRef,
) -> Result<RecordBatch> {
    let [places] = columns(batch, [PLACE])?;
    let decisions = typed::<StringArray>(batch, "rule_decision")?;
    let bands = typed::<FixedSizeBinaryArray>(batch, BANDS)?;
    let sources = typed::<StringArray>(batch, SOURCE)?;
    let mut all = Rows::default();
    for (row, &place) in places.iter().enumerate() {
        if decisions.value(row) != "kept" || bands.is_null(row) {
            continue;
        }
        if let Some(gone) = gone
            && gone.seek(place)?.is_some()
        {
            continue;
        }
        let Some(rank) = rank_of(place, bases, ranks.as_mut())? else { continue };
        let source = hash64(sources.value(row).as_bytes());
        for band in bands.value(row).as_chunks::<8>().0 {
            all.push([u64::from_le_bytes(*band), rank, place, source]);
        }
    }
    all.batch(schema)
}
