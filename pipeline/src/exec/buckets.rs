//! What stands in buckets of two or more, and the pairs to compare there.

use std::path::PathBuf;

use arrow::array::RecordBatch;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::common::Result;
use datafusion::execution::SendableRecordBatchStream;
use serde::{Deserialize, Serialize};

use super::explode::{BUCKET, FROM, RANK};
use super::flow::{PLACE, Rows, columns, numbered, per_batch};
use super::resolve::Gone;
use super::star::Reference;

/// The column with the rank of the better document of a pair.
pub const CENTER_RANK: &str = "center_rank";
/// The column with its place.
pub const CENTER: &str = "center";

/// Passes the rows on whose `bucket` has two or more; the input is sorted by bucket and rank.
///
/// Of the reference set, whose documents come first, only as many pass as can be centers, and
/// only where a document of the run shares their bucket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shared {
    /// The reference set.
    pub reference: Reference,
    /// Its documents that pass of one bucket, at most.
    pub centers: usize,
}

/// Rows at the head of a bucket that wait for one that may go.
#[derive(Default)]
struct Waiting {
    bucket: Option<u64>,
    rows: Vec<[u64; 4]>,
    open: bool,
}

impl Waiting {
    fn take(&mut self, row: [u64; 4], shared: &Shared, kept: &mut Rows<4>) {
        if self.bucket != Some(row[0]) {
            *self = Self { bucket: Some(row[0]), ..Self::default() };
        }
        let of_reference = shared.reference.has(row[2]);
        if self.open {
            kept.push(row);
        } else if of_reference {
            if self.rows.len() < shared.centers {
                self.rows.push(row);
            }
        } else if self.rows.is_empty() {
            // the first of a bucket waits; with a reference set alone it waits for nothing
            if !shared.reference.only {
                self.rows.push(row);
            }
        } else {
            self.open = true;
            self.rows.drain(..).for_each(|row| kept.push(row));
            kept.push(row);
        }
    }
}

impl Shared {
    pub(super) fn execute(
        &self,
        input: SendableRecordBatchStream,
        schema: SchemaRef,
    ) -> SendableRecordBatchStream {
        let shared = self.clone();
        let mut waiting = Waiting::default();
        per_batch(input, schema, move |batch, out| {
            let [buckets, ranks, places, from] = columns(batch, [BUCKET, RANK, PLACE, FROM])?;
            let mut kept = Rows::default();
            for (((&bucket, &rank), &place), &from) in
                buckets.iter().zip(ranks).zip(places).zip(from)
            {
                waiting.take([bucket, rank, place, from], &shared, &mut kept);
            }
            kept.batch(out)
        })
    }
}

/// Pairs to compare: `rank, place, center_rank, center`; the input is sorted by bucket and rank.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pairs {
    /// `None`: each document with the best of its bucket. Otherwise each that is still there with
    /// the best `window` of its bucket that are, the very best left out: all were compared to it.
    pub window: Option<Window>,
    /// Only pairs of different sources.
    pub apart: bool,
    /// The reference set.
    pub reference: Reference,
}

/// The later round.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// Better documents that one is compared with in a bucket, at most.
    pub centers: usize,
    /// What the round before resolved.
    pub resolved: PathBuf,
    /// Documents of the run.
    pub documents: u64,
}

/// `rank, place, center_rank, center`.
pub(super) fn pairs() -> SchemaRef {
    numbered([RANK, PLACE, CENTER_RANK, CENTER])
}

/// The bucket at hand.
#[derive(Default)]
struct Bucket {
    name: Option<u64>,
    /// Rank, place and source of each center.
    centers: Vec<[u64; 3]>,
}

impl Pairs {
    pub(super) fn execute(
        &self,
        input: SendableRecordBatchStream,
        schema: SchemaRef,
    ) -> SendableRecordBatchStream {
        let mut bucket = Bucket::default();
        let (window, apart, reference) = (self.window.clone(), self.apart, self.reference);
        let mut gone: Option<Gone> = None;
        per_batch(input, schema, move |batch, out| {
            if let (Some(window), None) = (&window, &gone) {
                gone = Some(Gone::read(&window.resolved, window.documents)?);
            }
            // where the best is of the same source, the best of another one is the center
            let first = if apart { 2 } else { 1 };
            let centers = window.as_ref().map_or(first, |window| window.centers);
            pairs_of(batch, &mut bucket, (centers, apart, reference), gone.as_ref(), out)
        })
    }
}

fn pairs_of(
    batch: &RecordBatch,
    bucket: &mut Bucket,
    (centers, apart, reference): (usize, bool, Reference),
    gone: Option<&Gone>,
    schema: &SchemaRef,
) -> Result<RecordBatch> {
    let [buckets, ranks, places, sources] = columns(batch, [BUCKET, RANK, PLACE, FROM])?;
    let mut out = Rows::default();
    for (((&name, &rank), &place), &source) in buckets.iter().zip(ranks).zip(places).zip(sources) {
        if bucket.name != Some(name) {
            bucket.name = Some(name);
            bucket.centers.clear();
            if gone.is_some() && !apart {
                // the best of the bucket was everybody's center in the first round
                continue;
            }
        }
        if gone.is_some_and(|gone| gone.has(rank)) {
            continue;
        }
        for [center_rank, center, from] in &bucket.centers {
            if apart && *from == source || !reference.allows(place, *center) {
                continue;
            }
            out.push([rank, place, *center_rank, *center]);
        }
        let new =
            gone.is_some() || !apart || bucket.centers.iter().all(|[.., from]| *from != source);
        let may = !reference.only || reference.has(place);
        if bucket.centers.len() < centers && new && may {
            bucket.centers.push([rank, place, source]);
        }
    }
    out.batch(schema)
}

/// Drops rows that equal the row before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Once {
    /// The columns that say whether two rows are the same.
    pub columns: Vec<String>,
}

impl Once {
    pub(super) fn execute(
        &self,
        input: SendableRecordBatchStream,
        schema: SchemaRef,
    ) -> SendableRecordBatchStream {
        let names = self.columns.clone();
        let mut last: Option<Vec<u64>> = None;
        per_batch(input, schema, move |batch, _| {
            let mut keys = Vec::with_capacity(names.len());
            for name in &names {
                let [column] = columns(batch, [name])?;
                keys.push(column);
            }
            let mut keep = Vec::with_capacity(batch.num_rows());
            for row in 0..batch.num_rows() {
                let same = last
                    .as_ref()
                    .is_some_and(|last| keys.iter().zip(last).all(|(key, last)| key[row] == *last));
                keep.push(!same);
                if !same {
                    last = Some(keys.iter().map(|key| key[row]).collect());
                }
            }
            Ok(arrow::compute::filter_record_batch(batch, &keep.into())?)
        })
    }
}
