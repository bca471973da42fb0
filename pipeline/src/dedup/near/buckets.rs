//! What stands in buckets of two or more, and the pairs to compare there.

use crate::table::names::{CENTER, CENTER_RANK, CENTER_SOURCE};
use crate::table::node::{Distribution, Inputs, Node};
use std::path::PathBuf;

use arrow::array::RecordBatch;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::common::Result;
use datafusion::execution::SendableRecordBatchStream;
use serde::{Deserialize, Serialize};

use super::shared_buckets::bucket_rows;
use crate::dedup::links::Reference;
use crate::dedup::row_set::RankSet;
use crate::table::batch::{Rows, columns, numbered};
use crate::table::names::{BUCKET, RANK, SOURCE_HASH};
use crate::table::row_id::ROW_ID;
use crate::table::stream::per_batch;

/// Passes the rows on whose `bucket` has two or more; the input is sorted by bucket and rank.
///
/// Of the reference set, whose documents come first, only as many pass as can be centers, and
/// only where a document of the run shares their bucket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Shared {
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

impl Node for Shared {
    const NAME: &'static str = "SharedExec";
    const DISTRIBUTION: Distribution = Distribution::ByKeys(&[BUCKET]);
    const INPUT_ORDER: &'static [&'static str] = &[BUCKET, RANK];

    fn schema(&self, _inputs: &[SchemaRef]) -> Result<SchemaRef> {
        Ok(bucket_rows())
    }

    fn rows(&self, inputs: &Inputs<'_>, schema: SchemaRef) -> Result<SendableRecordBatchStream> {
        Ok(self.execute(inputs.stream()?, schema))
    }
}

impl Shared {
    pub(crate) fn execute(
        &self,
        input: SendableRecordBatchStream,
        schema: SchemaRef,
    ) -> SendableRecordBatchStream {
        let shared = self.clone();
        let mut waiting = Waiting::default();
        per_batch(input, schema, move |batch, out| {
            let [buckets, ranks, places, from] =
                columns(batch, [BUCKET, RANK, ROW_ID, SOURCE_HASH])?;
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

/// Pairs to compare, in the columns of [`PAIR`]; the input is sorted by bucket and rank.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Pairs {
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
pub(crate) struct Window {
    /// Better documents that one is compared with in a bucket, at most.
    pub centers: usize,
    /// What the round before resolved.
    pub resolved: PathBuf,
    /// Documents of the run.
    pub documents: u64,
}

/// The columns of candidate pairs.
pub(crate) const PAIR: [&str; 6] = [RANK, ROW_ID, SOURCE_HASH, CENTER_RANK, CENTER, CENTER_SOURCE];

/// A document, and a better one that it may go for: [`PAIR`].
pub(crate) fn pairs() -> SchemaRef {
    numbered(PAIR)
}

/// The bucket at hand.
#[derive(Default)]
struct Bucket {
    name: Option<u64>,
    /// Rank, place and source of each center.
    centers: Vec<[u64; 3]>,
}

impl Node for Pairs {
    const NAME: &'static str = "PairsExec";
    const DISTRIBUTION: Distribution = Distribution::ByKeys(&[BUCKET]);
    const INPUT_ORDER: &'static [&'static str] = &[BUCKET, RANK];

    fn schema(&self, _inputs: &[SchemaRef]) -> Result<SchemaRef> {
        Ok(pairs())
    }

    fn rows(&self, inputs: &Inputs<'_>, schema: SchemaRef) -> Result<SendableRecordBatchStream> {
        Ok(self.execute(inputs.stream()?, schema))
    }
}

impl Pairs {
    pub(crate) fn execute(
        &self,
        input: SendableRecordBatchStream,
        schema: SchemaRef,
    ) -> SendableRecordBatchStream {
        let mut bucket = Bucket::default();
        let (window, apart, reference) = (self.window.clone(), self.apart, self.reference);
        let mut gone: Option<RankSet> = None;
        per_batch(input, schema, move |batch, out| {
            if let (Some(window), None) = (&window, &gone) {
                gone = Some(RankSet::read(&window.resolved, window.documents)?);
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
    gone: Option<&RankSet>,
    schema: &SchemaRef,
) -> Result<RecordBatch> {
    let [buckets, ranks, places, sources] = columns(batch, [BUCKET, RANK, ROW_ID, SOURCE_HASH])?;
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
            out.push([rank, place, source, *center_rank, *center, *from]);
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
