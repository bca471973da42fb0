//! The hashed search for semantic duplicates: sign hashes of vectors, the buckets they fall into,
//! and the pairs to compare there.

use crate::table::node::{Inputs, Node};
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::{ArrayRef, BinaryArray, BinaryBuilder, RecordBatch};
use datafusion::arrow::compute::concat_batches;
use datafusion::arrow::datatypes::{DataType, SchemaRef};
use datafusion::common::Result;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use futures::StreamExt;
use serde::{Deserialize, Serialize};
use tamis_kernels::vectors::{Engine, PackedSignatures, Projection, SignBands, SignHash};

use crate::dedup::links::Reference;
use crate::dedup::near::buckets::pairs;
use crate::embed::compare::{Comparer, external, numbers};
use crate::progress;
use crate::table::batch::typed;
use crate::table::batch::{Rows, columns, schema_of};
use crate::table::names::VECTOR;
use crate::table::names::{BUCKET, RANK, SOURCE_HASH};
use crate::table::row_id::ROW_ID;
use crate::table::stream::per_batch;

/// The column that says whether a document is stored in a bucket (1) or looked up there (0).
pub(crate) const STORED: &str = "stored";
/// The column with the sign hash.
pub(crate) const SIGNATURE: &str = "signature";

/// A scheme of buckets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Scheme {
    /// Bits of a signature.
    pub bits: usize,
    /// Tables.
    pub tables: usize,
    /// Bits of each table's keys.
    pub bits_per_table: usize,
    /// Bits flipped in a lookup, at most.
    pub probe_flips: usize,
    /// Bits in which whole signatures may differ.
    pub max_hamming: u32,
}

/// The seed of the projection: the same in every run, so that runs can be repeated.
const SEED: u64 = 0x7461_6d69_7300_0001;

impl Scheme {
    /// The cheapest scheme that finds 99.5 % of the pairs at the threshold, in the shortest
    /// signatures for which there is one.
    pub(crate) fn choose(threshold: f64, documents: u64) -> Result<Self> {
        let bands = SignBands::for_threshold(threshold, documents, 256)
            .or_else(|_| SignBands::for_threshold(threshold, documents, 512))
            .map_err(external)?;
        Ok(Self {
            bits: bands.bits(),
            tables: bands.tables(),
            bits_per_table: bands.bits_per_table(),
            probe_flips: bands.probe_flips(),
            max_hamming: bands.max_hamming(),
        })
    }

    /// The scheme of the kernels.
    pub(crate) fn bands(self) -> Result<SignBands> {
        let Self { bits, tables, bits_per_table, probe_flips, max_hamming } = self;
        SignBands::new(bits, tables, bits_per_table, probe_flips, max_hamming).map_err(external)
    }
}

/// Turns `rank, place, from_source, vector` into `bucket, rank, place, from_source, stored,
/// signature`, a row for each key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Sign {
    /// Numbers of a vector.
    pub dimensions: usize,
    /// The buckets.
    pub scheme: Scheme,
    /// What hashes.
    pub comparer: Comparer,
}

/// `bucket, rank, place, from_source, stored, signature`.
pub(crate) fn signed() -> SchemaRef {
    schema_of(&[
        (BUCKET, DataType::UInt64),
        (RANK, DataType::UInt64),
        (ROW_ID, DataType::UInt64),
        (SOURCE_HASH, DataType::UInt64),
        (STORED, DataType::UInt64),
        (SIGNATURE, DataType::Binary),
    ])
}

/// What signs, from the first batch to the last.
struct Signer {
    engine: Engine,
    hash: SignHash,
    bands: SignBands,
    /// Bits so far, and those of them that a card left open.
    bits: (u64, u64),
}

impl Signer {
    fn new(sign: &Sign) -> Result<Self> {
        let projection = Projection::new(sign.dimensions, sign.scheme.bits, SEED);
        let hash = SignHash::new(projection.map_err(external)?, None).map_err(external)?;
        let (engine, bands) = (sign.comparer.engine()?, sign.scheme.bands()?);
        Ok(Self { engine, hash, bands, bits: (0, 0) })
    }

    fn signatures(&mut self, rows: &[f32]) -> Vec<u64> {
        let signed = self.engine.signatures(&self.hash, rows);
        self.bits.0 += signed.words.len() as u64 * 64;
        self.bits.1 += signed.recomputed;
        signed.words
    }
}

impl Drop for Signer {
    fn drop(&mut self) {
        self.engine.take_notes().into_iter().for_each(progress::note);
        if self.bits.1 > 0 {
            let share = 100.0 * self.bits.1 as f64 / self.bits.0 as f64;
            let devices = self.engine.devices();
            let devices: Vec<String> = devices.iter().map(ToString::to_string).collect();
            let devices = devices.join(", ");
            progress::note(format!(
                "sign hashes on {devices}: {share:.4} % of the bits lay within the error bound and were computed again"
            ));
        }
    }
}

impl Node for Sign {
    const NAME: &'static str = "SignExec";

    fn schema(&self, _inputs: &[SchemaRef]) -> Result<SchemaRef> {
        Ok(signed())
    }

    fn rows(&self, inputs: &Inputs<'_>, schema: SchemaRef) -> Result<SendableRecordBatchStream> {
        Ok(self.execute(inputs.stream()?, schema))
    }
}

impl Sign {
    pub(crate) fn execute(
        &self,
        input: SendableRecordBatchStream,
        schema: SchemaRef,
    ) -> SendableRecordBatchStream {
        let sign = self.clone();
        let mut signer: Option<Signer> = None;
        per_batch(input, schema, move |batch, out| {
            let signer = match &mut signer {
                Some(signer) => signer,
                none => none.insert(Signer::new(&sign)?),
            };
            sign.rows(batch, signer, out)
        })
    }

    fn rows(
        &self,
        batch: &RecordBatch,
        signer: &mut Signer,
        schema: &SchemaRef,
    ) -> Result<RecordBatch> {
        let [ranks, places, sources] = columns(batch, [RANK, ROW_ID, SOURCE_HASH])?;
        let vectors = typed::<BinaryArray>(batch, VECTOR)?;
        let signatures = signer.signatures(&numbers(vectors));
        let bands = signer.bands;
        let words = self.scheme.bits / 64;
        let mut all = Rows::default();
        let mut kept = BinaryBuilder::new();
        let mut keys = Vec::new();
        for (row, signature) in signatures.chunks_exact(words).enumerate() {
            let bytes: Vec<u8> = signature.iter().flat_map(|word| word.to_le_bytes()).collect();
            for stored in [1, 0] {
                match stored {
                    1 => bands.own_keys(signature, &mut keys),
                    _ => bands.join_keys(signature, &mut keys),
                }
                for key in &keys {
                    all.push([*key, ranks[row], places[row], sources[row], stored]);
                    kept.append_value(&bytes);
                }
            }
        }
        let mut columns: Vec<ArrayRef> = all.columns();
        columns.push(Arc::new(kept.finish()));
        Ok(RecordBatch::try_new(Arc::clone(schema), columns)?)
    }
}

/// Pairs of a bucket whose signatures are near: `rank, place, center_rank, center`; the input is
/// sorted by bucket and rank.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Near {
    /// Bits in which signatures may differ.
    pub max_hamming: u32,
    /// Better documents that one is paired with in a bucket, at most.
    pub centers: usize,
    /// Better documents that one is held against in a bucket, at most.
    pub bucket: usize,
    /// The reference set.
    pub reference: Reference,
    /// Only pairs of different sources.
    pub apart: bool,
    /// Threads that compare; what is found does not depend on them.
    pub threads: usize,
}

/// Batches that are taken at a time, for each thread.
const TAKEN: usize = 4;

/// The documents of the bucket at hand.
struct Bucket {
    name: Option<u64>,
    /// Rank, place, source, and whether it is stored.
    members: Vec<[u64; 4]>,
    signatures: PackedSignatures,
}

/// Some rows of the input.
struct Part<'a> {
    names: &'a [u64],
    /// Ranks, places, sources, and whether each is stored.
    members: [&'a [u64]; 4],
    signatures: &'a BinaryArray,
}

impl Node for Near {
    const NAME: &'static str = "NearExec";

    fn schema(&self, _inputs: &[SchemaRef]) -> Result<SchemaRef> {
        Ok(near())
    }

    fn rows(&self, inputs: &Inputs<'_>, schema: SchemaRef) -> Result<SendableRecordBatchStream> {
        Ok(self.execute(inputs.stream()?, schema))
    }
}

impl Near {
    pub(crate) fn execute(
        &self,
        input: SendableRecordBatchStream,
        schema: SchemaRef,
    ) -> SendableRecordBatchStream {
        let near = self.clone();
        let mut bucket = None;
        let out = Arc::clone(&schema);
        let some = input.chunks(TAKEN * self.threads.max(1));
        let found = some.map(move |batches| {
            let batches = batches.into_iter().collect::<Result<Vec<_>>>()?;
            let Some(first) = batches.first() else {
                return Ok(RecordBatch::new_empty(Arc::clone(&out)));
            };
            near.batch(&concat_batches(&first.schema(), &batches)?, &mut bucket, &out)
        });
        Box::pin(RecordBatchStreamAdapter::new(schema, found))
    }

    /// The pairs of the rows of a batch; `open` is the bucket that goes on from batch to batch.
    fn batch(
        &self,
        batch: &RecordBatch,
        open: &mut Option<Bucket>,
        schema: &SchemaRef,
    ) -> Result<RecordBatch> {
        let [names, ranks, places, sources, stored] =
            columns(batch, [BUCKET, RANK, ROW_ID, SOURCE_HASH, STORED])?;
        let part = Part {
            names,
            members: [ranks, places, sources, stored],
            signatures: typed::<BinaryArray>(batch, SIGNATURE)?,
        };
        // pieces of whole buckets, but for the first and the last one
        let piece = names.len().div_ceil(self.threads.max(1) * 4).max(1);
        let mut ends = Vec::new();
        for wanted in (piece..names.len()).step_by(piece) {
            let last = names[wanted - 1];
            let end = wanted + names[wanted..].partition_point(|name| *name == last);
            if ends.last().is_none_or(|before| end > *before) && end < names.len() {
                ends.push(end);
            }
        }
        let starts: Vec<usize> = [0].into_iter().chain(ends.iter().copied()).collect();
        ends.push(names.len());
        let before = Mutex::new(open.take());
        let workers = Comparer::cpu(self.threads);
        let done = workers.in_parallel(starts.len(), |number| {
            let mut bucket = match number {
                0 => before.lock().unwrap_or_else(PoisonError::into_inner).take(),
                _ => None,
            };
            let mut found = Rows::default();
            for row in starts[number]..ends[number] {
                self.row(&mut bucket, &part, row, &mut found);
            }
            Ok((found.batch(schema)?, bucket))
        })?;
        let mut parts = Vec::with_capacity(done.len());
        for (found, bucket) in done {
            parts.push(found);
            *open = bucket;
        }
        Ok(concat_batches(schema, &parts)?)
    }

    fn row(&self, bucket: &mut Option<Bucket>, part: &Part<'_>, row: usize, out: &mut Rows<6>) {
        let name = part.names[row];
        let words = part.signatures.value(row).as_chunks::<8>().0;
        let signature = words.iter().map(|word| u64::from_le_bytes(*word)).collect::<Vec<_>>();
        let bucket = match bucket {
            Some(bucket) if bucket.name == Some(name) => bucket,
            other => other.insert(Bucket {
                name: Some(name),
                members: Vec::new(),
                signatures: PackedSignatures::new(signature.len()),
            }),
        };
        let member = part.members.map(|column| column[row]);
        let [rank, place, source, stored] = member;
        let mut left = self.centers;
        bucket.signatures.near(&signature, self.max_hamming, |at| {
            let [center_rank, center, from, is_stored] = bucket.members[at];
            let meet = stored + is_stored > 0
                && !(self.apart && from == source)
                && self.reference.allows(place, center);
            if meet {
                out.push([rank, place, source, center_rank, center, from]);
                left -= 1;
            }
            left > 0
        });
        let may = !self.reference.only || self.reference.has(place);
        if may && bucket.members.len() < self.bucket {
            bucket.members.push(member);
            bucket.signatures.push(&signature);
        }
    }
}

/// The schema of the pairs.
pub(crate) fn near() -> SchemaRef {
    pairs()
}
