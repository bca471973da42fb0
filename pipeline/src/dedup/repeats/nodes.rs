//! Text that stands in the corpus more than once: hashed parts of documents, and which of them
//! are copies.

use crate::table::node::{Inputs, Node};
use std::path::PathBuf;
use std::sync::Arc;

use arrow::array::{RecordBatch, StringArray};
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::common::{DataFusionError, Result};
use datafusion::execution::SendableRecordBatchStream;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use futures::StreamExt;
use serde::{Deserialize, Serialize};
use tamis_kernels::{Passages, Segment, Tamis, Word, content_hash, lines, paragraphs};
use tamis_rules::AnnotateSpec;

use crate::table::batch::typed;
use crate::table::batch::{Rows, columns, numbered};
use crate::table::cursor::SortedCursor;
use crate::table::names::{BUCKET, RANK, SOURCE_HASH};
use crate::table::row_id::ROW_ID;
use crate::table::stream::per_batch;

/// The columns with the two halves of a part's hash.
pub(crate) const HIGH: &str = "hash_high";
/// The lower half.
pub(crate) const LOW: &str = "hash";
/// The column with the byte at which a part starts, in the text as rules left it.
pub(crate) const START: &str = "start";
/// The column with the byte after its last one.
pub(crate) const END: &str = "end";
/// The column that says which copy a part is: the second is 2.
pub(crate) const COPY: &str = "copy";
/// The column with the place of the document that has the first.
pub(crate) const FIRST: &str = "first";

/// The parts of a document that are hashed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Parts {
    /// Its lines of at least so many bytes.
    Lines(usize),
    /// Its paragraphs of at least so many bytes.
    Paragraphs(usize),
    /// Runs of windows of so many words with one minimizer.
    Runs(usize),
    /// Windows of so many words in the runs of a file.
    Windows(usize, PathBuf),
}

/// Turns `place, text` of one unit into the parts of the documents that stay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Cutting {
    /// The canonical annotation specification: its edits come first.
    pub spec: String,
    /// The annotations of the unit.
    pub annotations: PathBuf,
    /// Links of documents that go as duplicates, in input order.
    pub gone: Vec<PathBuf>,
    /// The first place of the unit.
    pub from: u64,
    /// What is hashed.
    pub parts: Parts,
}

/// Buffers for one document after the other.
#[derive(Default)]
struct Buffers {
    tamis: Tamis,
    words: Vec<Word>,
    segments: Vec<Segment>,
    passages: Passages,
}

impl Node for Cutting {
    const NAME: &'static str = "CuttingExec";

    fn schema(&self, _inputs: &[SchemaRef]) -> Result<SchemaRef> {
        Ok(self.output_schema())
    }

    fn rows(&self, inputs: &Inputs<'_>, schema: SchemaRef) -> Result<SendableRecordBatchStream> {
        Ok(self.execute(inputs.stream()?, schema))
    }
}

impl Cutting {
    /// `hash_high, hash, place, start, end`; for runs `bucket, rank, place, from_source` with the
    /// minimizer, the first and the last window.
    pub(crate) fn output_schema(&self) -> SchemaRef {
        match self.parts {
            Parts::Runs(_) => crate::dedup::near::shared_buckets::bucket_rows(),
            _ => numbered([HIGH, LOW, ROW_ID, START, END]),
        }
    }

    pub(crate) fn execute(
        &self,
        input: SendableRecordBatchStream,
        schema: SchemaRef,
    ) -> SendableRecordBatchStream {
        let cutting = self.clone();
        let walk = |path: &PathBuf, names: &[&str]| {
            SortedCursor::new(vec![path.clone()], names, self.from, 4096)
        };
        let mut decided = walk(&self.annotations, &[ROW_ID, "rule_decision"]);
        let mut gone: Vec<SortedCursor> =
            self.gone.iter().map(|path| walk(path, &[ROW_ID])).collect();
        let mut runs = match &self.parts {
            Parts::Windows(_, path) => Some(walk(path, &[ROW_ID, RANK, SOURCE_HASH])),
            _ => None,
        };
        let mut buffers = Buffers::default();
        let mut spec: Option<AnnotateSpec> = None;
        per_batch(input, schema, move |batch, out| {
            if spec.is_none() {
                let parsed = AnnotateSpec::parse(&cutting.spec);
                spec = Some(parsed.map_err(|error| DataFusionError::External(Box::new(error)))?);
            }
            let Some(spec) = &spec else { return Ok(RecordBatch::new_empty(Arc::clone(out))) };
            let [places] = columns(batch, [ROW_ID])?;
            let texts = typed::<StringArray>(batch, "text")?;
            let (mut parts, mut buckets) = (Rows::default(), Rows::default());
            for (&place, text) in places.iter().zip(texts) {
                let Some(text) = text else { continue };
                if !stays(place, &mut decided, &mut gone)? {
                    continue;
                }
                let text = spec
                    .edited_text(text)
                    .map_err(|error| DataFusionError::External(Box::new(error)))?;
                match (&cutting.parts, &mut runs) {
                    (Parts::Runs(size), _) => buffers.runs(&text, *size, place, &mut buckets),
                    (Parts::Windows(size, _), Some(runs)) => {
                        buffers.windows(&text, *size, place, runs, &mut parts)?;
                    }
                    _ => buffers.segments(&text, &cutting.parts, place, &mut parts),
                }
            }
            if matches!(cutting.parts, Parts::Runs(_)) {
                buckets.batch(out)
            } else {
                parts.batch(out)
            }
        })
    }
}

/// Whether rules and dedup keep the document.
fn stays(place: u64, decided: &mut SortedCursor, gone: &mut [SortedCursor]) -> Result<bool> {
    let kept = match decided.seek(place)? {
        Some((batch, at)) => typed::<StringArray>(batch, "rule_decision")?.value(at) == "kept",
        None => false,
    };
    if !kept {
        return Ok(false);
    }
    for gone in gone {
        if gone.seek(place)?.is_some() {
            return Ok(false);
        }
    }
    Ok(true)
}

impl Buffers {
    fn segments(&mut self, text: &str, parts: &Parts, place: u64, rows: &mut Rows<5>) {
        let least = match parts {
            Parts::Lines(least) => {
                lines(text, &mut self.segments);
                *least
            }
            Parts::Paragraphs(least) => {
                paragraphs(text, &mut self.segments);
                *least
            }
            Parts::Runs(_) | Parts::Windows(..) => return,
        };
        let wordy =
            self.segments.iter().filter(|part| part.wordy && part.end - part.start >= least);
        for part in wordy {
            let hash = content_hash(text.get(part.start..part.end).unwrap_or_default());
            #[expect(clippy::cast_possible_truncation, reason = "the two halves")]
            let (high, low) = ((hash >> 64) as u64, hash as u64);
            rows.push([high, low, place, part.start as u64, part.end as u64]);
        }
    }

    fn passages(&mut self, text: &str) {
        self.tamis.scan(text, &mut self.words);
        self.passages.fill(text, &self.words);
    }

    fn runs(&mut self, text: &str, size: usize, place: u64, rows: &mut Rows<4>) {
        self.passages(text);
        self.passages.runs(size, |minimizer, first, last| {
            rows.push([minimizer, first as u64, place, last as u64]);
        });
    }

    fn windows(
        &mut self,
        text: &str,
        size: usize,
        place: u64,
        runs: &mut SortedCursor,
        rows: &mut Rows<5>,
    ) -> Result<()> {
        let mut filled = false;
        while let Some((batch, at)) = runs.seek(place)? {
            let [first, last] = columns(batch, [RANK, SOURCE_HASH])?.map(|column| column[at]);
            runs.skip();
            if !std::mem::replace(&mut filled, true) {
                self.passages(text);
            }
            for window in first..=last {
                let window = usize::try_from(window).unwrap_or(usize::MAX);
                let hash = self.passages.hash(window, size);
                if let (Some([high, low]), Some((start, end))) =
                    (hash, self.passages.bounds(window, size))
                {
                    rows.push([high, low, place, start as u64, end as u64]);
                }
            }
        }
        Ok(())
    }
}

/// Passes on the parts that are equal to one of an earlier document, as `place, start, end, copy,
/// first, hash`; the input is sorted by hash, place and start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Copies {
    /// Copies from which on they go, the first counted.
    pub least: u64,
}

/// `place, start, end, copy, first, hash`.
pub(crate) fn copies() -> SchemaRef {
    numbered([ROW_ID, START, END, COPY, FIRST, LOW])
}

/// The equal parts at hand.
#[derive(Default)]
struct Equal {
    hash: Option<[u64; 2]>,
    first: u64,
    count: u64,
    waiting: Vec<[u64; 6]>,
}

impl Equal {
    fn take(&mut self, [high, low, place, start, end]: [u64; 5], least: u64, out: &mut Rows<6>) {
        if self.hash != Some([high, low]) {
            self.hash = Some([high, low]);
            self.first = place;
            self.count = 1;
            self.waiting.clear();
            return;
        }
        if self.first == place {
            // what a document says twice itself is its own affair
            return;
        }
        self.count += 1;
        self.waiting.push([place, start, end, self.count, self.first, low]);
        if self.count >= least {
            self.waiting.drain(..).for_each(|row| out.push(row));
        }
    }
}

impl Node for Copies {
    const NAME: &'static str = "CopiesExec";

    fn schema(&self, _inputs: &[SchemaRef]) -> Result<SchemaRef> {
        Ok(copies())
    }

    fn rows(&self, inputs: &Inputs<'_>, schema: SchemaRef) -> Result<SendableRecordBatchStream> {
        Ok(self.execute(inputs.stream()?, schema))
    }
}

impl Copies {
    pub(crate) fn execute(
        &self,
        input: SendableRecordBatchStream,
        schema: SchemaRef,
    ) -> SendableRecordBatchStream {
        let (least, mut equal) = (self.least, Equal::default());
        per_batch(input, schema, move |batch, out| {
            let [high, low, place, start, end] = columns(batch, [HIGH, LOW, ROW_ID, START, END])?;
            let mut rows = Rows::default();
            for row in 0..batch.num_rows() {
                let part = [high[row], low[row], place[row], start[row], end[row]];
                equal.take(part, least, &mut rows);
            }
            rows.batch(out)
        })
    }
}

/// Joins copies of a document that overlap or touch; the input is sorted by place and start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Joined {}

impl Node for Joined {
    const NAME: &'static str = "JoinedExec";

    fn schema(&self, _inputs: &[SchemaRef]) -> Result<SchemaRef> {
        Ok(copies())
    }

    fn rows(&self, inputs: &Inputs<'_>, schema: SchemaRef) -> Result<SendableRecordBatchStream> {
        Ok(self.execute(inputs.stream()?, schema))
    }
}

impl Joined {
    #[expect(clippy::unused_self, reason = "all nodes are run the same way")]
    pub(crate) fn execute(
        &self,
        input: SendableRecordBatchStream,
        schema: SchemaRef,
    ) -> SendableRecordBatchStream {
        let mut open: Option<[u64; 6]> = None;
        let out = Arc::clone(&schema);
        // the last one goes on when there are no more
        let ended = input.map(Some).chain(futures::stream::once(async { None }));
        let joined = ended.map(move |batch| {
            let mut rows = Rows::default();
            let Some(batch) = batch.transpose()? else {
                open.take().into_iter().for_each(|row| rows.push(row));
                return rows.batch(&out);
            };
            let names = [ROW_ID, START, END, COPY, FIRST, LOW];
            let all = columns(&batch, names)?;
            for row in 0..batch.num_rows() {
                let next = all.map(|column| column[row]);
                match &mut open {
                    Some(joined) if joined[0] == next[0] && next[1] <= joined[2] => {
                        joined[2] = joined[2].max(next[2]);
                        joined[3] = joined[3].max(next[3]);
                    }
                    _ => {
                        if let Some(done) = open.replace(next) {
                            rows.push(done);
                        }
                    }
                }
            }
            rows.batch(&out)
        });
        Box::pin(RecordBatchStreamAdapter::new(schema, joined))
    }
}

/// The columns of runs that [`Parts::Runs`] names.
pub(crate) const RUNS: [&str; 4] = [BUCKET, RANK, ROW_ID, SOURCE_HASH];

#[cfg(test)]
mod tests {
    use super::*;

    fn copies_of(parts: &[[u64; 5]], least: u64) -> Vec<[u64; 2]> {
        let (mut equal, mut rows) = (Equal::default(), Rows::default());
        for part in parts {
            equal.take(*part, least, &mut rows);
        }
        let batch = rows.batch(&copies()).unwrap();
        let [places, starts] = columns(&batch, [ROW_ID, START]).unwrap();
        places.iter().zip(starts).map(|(place, start)| [*place, *start]).collect()
    }

    #[test]
    fn what_stands_in_an_earlier_document_is_a_copy() {
        let parts = [[1, 1, 5, 0, 10], [1, 1, 5, 10, 20], [1, 1, 7, 0, 10], [1, 1, 7, 4, 14]];
        assert_eq!(copies_of(&parts, 2), [[7, 0], [7, 4]]);
        assert_eq!(copies_of(&parts, 3), [[7, 0], [7, 4]]);
        assert!(copies_of(&parts, 4).is_empty());
        assert!(copies_of(&[[1, 1, 5, 0, 10], [1, 2, 6, 0, 10], [2, 2, 7, 0, 10]], 2).is_empty());
    }
}
