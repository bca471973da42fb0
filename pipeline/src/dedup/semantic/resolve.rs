//! Who stays where two measures have a say: near duplicates by words, and semantic ones.
//!
//! Documents are decided in survivor order; one goes exactly when a document that stays is
//! similar enough to it by either measure. The best such document is its survivor.

use crate::dedup::links::Kind;
use crate::table::names::KIND;
use crate::table::node::{Inputs, Node};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, RecordBatch, UInt64Array};
use datafusion::arrow::datatypes::{DataType, SchemaRef};
use datafusion::common::Result;
use datafusion::execution::SendableRecordBatchStream;
use serde::{Deserialize, Serialize};

use crate::dedup::row_set::RankSet;
use crate::table::batch::typed;
use crate::table::batch::{columns, schema_of};
use crate::table::cursor::SortedCursor;
use crate::table::names::RANK;
use crate::table::names::{CENTER, CENTER_RANK};
use crate::table::names::{SIMILARITY, SURVIVOR};
use crate::table::row_id::ROW_ID;
use crate::table::stream::leaf;

/// `place, survivor, similarity, measure`.
pub(crate) fn settled() -> SchemaRef {
    schema_of(&[
        (ROW_ID, DataType::UInt64),
        (SURVIVOR, DataType::UInt64),
        (SIMILARITY, DataType::Float64),
        (KIND, DataType::UInt64),
    ])
}

/// Documents decided between two batches of the output.
const STEP: usize = 8192;

/// A document that another may go for, and how similar it is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Center {
    pub(crate) rank: u64,
    pub(crate) place: u64,
    pub(crate) similarity: f64,
}

/// Verified pairs in the order of rank and then of the better document's rank.
pub(crate) struct Pairs {
    walk: SortedCursor,
    batch: Option<RecordBatch>,
    at: usize,
}

impl Pairs {
    pub(crate) fn open(path: Option<&Path>) -> Self {
        let names = [RANK, ROW_ID, CENTER_RANK, CENTER, SIMILARITY];
        let paths = path.map(Path::to_owned).into_iter().collect();
        Self { walk: SortedCursor::new(paths, &names, 0, 4096), batch: None, at: 0 }
    }

    /// Rank and place of the document of the next pair, and its center.
    fn peek(&mut self) -> Result<Option<(u64, u64, Center)>> {
        loop {
            if let Some(batch) = &self.batch
                && self.at < batch.num_rows()
            {
                let [ranks, places, center_ranks, centers] =
                    columns(batch, [RANK, ROW_ID, CENTER_RANK, CENTER])?;
                let at = self.at;
                let similarity = typed::<Float64Array>(batch, SIMILARITY)?.value(at);
                let center = Center { rank: center_ranks[at], place: centers[at], similarity };
                return Ok(Some((ranks[at], places[at], center)));
            }
            self.at = 0;
            self.batch = self.walk.next()?;
            if self.batch.is_none() {
                return Ok(None);
            }
        }
    }

    /// Takes the pairs of the document of `rank`; its best center that stays.
    fn of(&mut self, rank: u64, gone: &RankSet) -> Result<Option<Center>> {
        let mut best = None;
        while let Some((here, _, center)) = self.peek()?
            && here <= rank
        {
            if here == rank && best.is_none() && !gone.has(center.rank) {
                best = Some(center);
            }
            self.at += 1;
        }
        Ok(best)
    }

    /// Rank and place of the next document before `rank` that has a pair.
    fn before(&mut self, rank: u64) -> Result<Option<(u64, u64)>> {
        Ok(self.peek()?.filter(|next| next.0 < rank).map(|(rank, place, _)| (rank, place)))
    }
}

/// Decides documents in survivor order.
pub(crate) struct Decisions {
    words: Pairs,
    gone: RankSet,
    places: Vec<u64>,
    survivors: Vec<u64>,
    similarities: Vec<f64>,
    measures: Vec<u64>,
}

impl Decisions {
    pub(crate) fn new(words: Option<&Path>, documents: u64) -> Self {
        Self {
            words: Pairs::open(words),
            gone: RankSet::new(documents),
            places: Vec::new(),
            survivors: Vec::new(),
            similarities: Vec::new(),
            measures: Vec::new(),
        }
    }

    /// Decides the document of `rank`, after all before it that have pairs by words alone; true
    /// where it stays. `meaning` is asked once those are decided.
    pub(crate) fn decide(
        &mut self,
        rank: u64,
        place: u64,
        meaning: impl FnOnce(&RankSet) -> Result<Option<Center>>,
    ) -> Result<bool> {
        self.before(rank)?;
        let meaning = meaning(&self.gone)?;
        self.one(rank, place, meaning)
    }

    /// Whether the document of `rank` went.
    pub(crate) fn went(&self, rank: u64) -> bool {
        self.gone.has(rank)
    }

    /// Decides the documents before `rank` that have pairs by words alone.
    pub(crate) fn before(&mut self, rank: u64) -> Result<()> {
        while let Some((rank, place)) = self.words.before(rank)? {
            self.one(rank, place, None)?;
        }
        Ok(())
    }

    fn one(&mut self, rank: u64, place: u64, meaning: Option<Center>) -> Result<bool> {
        let words = self.words.of(rank, &self.gone)?;
        let (center, measure) = match (words, meaning) {
            (None, None) => return Ok(true),
            (Some(words), Some(meaning)) if meaning.rank < words.rank => {
                (meaning, (Kind::Semantic as u64))
            }
            (Some(words), _) => (words, (Kind::Fuzzy as u64)),
            (None, Some(meaning)) => (meaning, (Kind::Semantic as u64)),
        };
        self.gone.add(rank);
        self.places.push(place);
        self.survivors.push(center.place);
        self.similarities.push(center.similarity);
        self.measures.push(measure);
        Ok(false)
    }

    /// What was decided since the last call: the documents that go.
    pub(crate) fn batch(&mut self) -> Result<RecordBatch> {
        let numbers = |column: &mut Vec<u64>| -> ArrayRef {
            Arc::new(UInt64Array::from(std::mem::take(column)))
        };
        let columns = vec![
            numbers(&mut self.places),
            numbers(&mut self.survivors),
            Arc::new(Float64Array::from(std::mem::take(&mut self.similarities))),
            numbers(&mut self.measures),
        ];
        Ok(RecordBatch::try_new(settled(), columns)?)
    }
}

/// Decides by pairs alone: those of near duplicates, and verified semantic ones from a file. It
/// has no input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ResolveBoth {
    /// Verified pairs of near duplicates, by rank and then by the better one's.
    pub words: Option<PathBuf>,
    /// Verified pairs of semantic duplicates, in the same order.
    pub meaning: PathBuf,
    /// Documents of the run.
    pub documents: u64,
}

impl Node for ResolveBoth {
    const NAME: &'static str = "ResolveBothExec";
    const INPUTS: usize = 0;

    fn schema(&self, _inputs: &[SchemaRef]) -> Result<SchemaRef> {
        Ok(settled())
    }

    fn rows(&self, _inputs: &Inputs<'_>, schema: SchemaRef) -> Result<SendableRecordBatchStream> {
        Ok(self.execute(schema))
    }
}

impl ResolveBoth {
    pub(crate) fn execute(&self, schema: SchemaRef) -> SendableRecordBatchStream {
        let mut decisions = Decisions::new(self.words.as_deref(), self.documents);
        let mut pairs = Pairs::open(Some(&self.meaning));
        let mut ended = false;
        leaf(schema, move || {
            if ended {
                return Ok(None);
            }
            for _ in 0..STEP {
                let words = decisions.words.peek()?.map(|(rank, place, _)| (rank, place));
                let meaning = pairs.peek()?.map(|(rank, place, _)| (rank, place));
                let next = match (words, meaning) {
                    (Some(words), Some(meaning)) => Some(words.min(meaning)),
                    (one, other) => one.or(other),
                };
                let Some((rank, place)) = next else {
                    ended = true;
                    break;
                };
                decisions.decide(rank, place, |gone| pairs.of(rank, gone))?;
            }
            decisions.batch().map(Some)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::StreamExt;

    use crate::dedup::near::verify::verified;
    use crate::table::batch::Rows;

    fn write(path: &Path, pairs: &[([u64; 4], f64)]) {
        let mut rows = Rows::default();
        for (pair, _) in pairs {
            let [rank, row_id, center_rank, center] = *pair;
            rows.push([rank, row_id, 0, center_rank, center, 0]);
        }
        let mut columns = rows.columns();
        columns.push(Arc::new(pairs.iter().map(|pair| Some(pair.1)).collect::<Float64Array>()));
        let batch = RecordBatch::try_new(verified(), columns).unwrap();
        let file = std::fs::File::create(path).unwrap();
        let mut writer = parquet::arrow::ArrowWriter::try_new(file, batch.schema(), None).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
    }

    /// `(place, survivor, measure)` of those that go; places are ten times the ranks.
    fn settle(words: &[(u64, u64)], meaning: &[(u64, u64)]) -> Vec<(u64, u64, u64)> {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, pairs: &[(u64, u64)]| {
            let path = folder.path().join(name);
            let pairs: Vec<_> =
                pairs.iter().map(|(a, b)| ([*a, a * 10, *b, b * 10], 0.9)).collect();
            write(&path, &pairs);
            path
        };
        let (words, meaning) = (file("w.parquet", words), file("m.parquet", meaning));
        let node = ResolveBoth { words: Some(words), meaning, documents: 100 };
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let batches = runtime.block_on(node.execute(settled()).collect::<Vec<_>>());
        let mut found = Vec::new();
        for batch in batches {
            let batch = batch.unwrap();
            let [places, survivors, measures] = columns(&batch, [ROW_ID, SURVIVOR, KIND]).unwrap();
            found
                .extend(places.iter().zip(survivors).zip(measures).map(|((a, b), c)| (*a, *b, *c)));
        }
        found
    }

    #[test]
    fn either_measure_is_enough_and_the_better_document_wins() {
        // 2 goes by words, 3 by meaning, 4 by both: for 1 rather than 3, which went
        let found = settle(&[(2, 1), (4, 3)], &[(3, 1), (4, 1)]);
        assert_eq!(
            found,
            [
                (20, 10, (Kind::Fuzzy as u64)),
                (30, 10, (Kind::Semantic as u64)),
                (40, 10, (Kind::Semantic as u64))
            ]
        );
        // the same center by both measures: the words are what a person can check
        assert_eq!(settle(&[(5, 2)], &[(5, 2)]), [(50, 20, (Kind::Fuzzy as u64))]);
    }

    #[test]
    fn nobody_goes_for_a_document_that_goes() {
        // 2 goes for 1 by meaning, so that 3, like 2 by words alone, stays
        assert_eq!(settle(&[(3, 2)], &[(2, 1)]), [(20, 10, (Kind::Semantic as u64))]);
        // documents that have pairs by words alone are decided in their turn
        let found = settle(&[(1, 0), (2, 1), (9, 8)], &[(3, 1), (4, 2)]);
        assert_eq!(
            found,
            [
                (10, 0, (Kind::Fuzzy as u64)),
                (40, 20, (Kind::Semantic as u64)),
                (90, 80, (Kind::Fuzzy as u64))
            ]
        );
    }
}
