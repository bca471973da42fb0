//! JSONL without an index of its own: one pass counts the records and remembers where every
//! thousandth stands; compressed files also leave the bytes of the documents that come first.

use std::collections::{BinaryHeap, HashMap, HashSet};
use std::io::{Read, Seek, SeekFrom};
use std::sync::Arc;

use tamis_pipeline::PipelineError;
use tamis_pipeline::read::framing::{Framer, Piece};
use tamis_pipeline::read::{Compression, Shard, decompress};

use super::ranks::Ranker;
use super::{Progress, cancelled};
use crate::error::InspectError;

/// Records between two places that are remembered.
const STRIDE: u64 = 1024;
/// Records between two looks at the clock.
const TICK: u64 = 4096;
/// Longest record that the pass holds: longer ones are fetched when they are shown.
const HELD: usize = 1 << 20;
/// Bytes of records of compressed files that are kept.
const KEPT_BYTES: usize = 64 << 20;

type Bytes = Box<dyn Read + Send>;

/// What the pass learnt of one file.
#[derive(Debug, Clone, Default)]
pub(crate) struct Index {
    /// Records, failures included.
    pub(crate) records: u64,
    /// Where each [`STRIDE`]th record begins in the decompressed file.
    places: Vec<u64>,
}

/// One record and its rank, the largest rank first in a heap.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Held {
    rank: (u64, u128),
    shard: usize,
    row: u64,
    bytes: Vec<u8>,
}

/// Bytes of the records of lowest rank, as many as fit.
#[derive(Default)]
pub(crate) struct Kept {
    /// Ranks below are not wanted.
    from: (u64, u128),
    /// Only these, by shard and row, whatever their rank.
    only: Option<HashSet<(usize, u64)>>,
    heap: BinaryHeap<Held>,
    bytes: usize,
    full: bool,
}

impl Kept {
    fn wants(&self, rank: (u64, u128), place: (usize, u64)) -> bool {
        self.only.as_ref().is_none_or(|only| only.contains(&place))
            && rank >= self.from
            && (!self.full || self.heap.peek().is_some_and(|worst| rank < worst.rank))
    }

    fn push(&mut self, held: Held) {
        self.bytes += held.bytes.len();
        self.heap.push(held);
        while self.bytes > KEPT_BYTES && self.heap.len() > 1 {
            self.full = true;
            if let Some(worst) = self.heap.pop() {
                self.bytes -= worst.bytes.len();
            }
        }
    }

    /// By shard and row.
    pub(crate) fn into_records(self) -> HashMap<(usize, u64), Arc<[u8]>> {
        self.heap.into_iter().map(|held| ((held.shard, held.row), Arc::from(held.bytes))).collect()
    }
}

/// A pass over files that can be left and gone on with.
pub(crate) struct Pass {
    shards: Vec<(usize, Shard)>,
    at: usize,
    open: Option<(Framer<Bytes>, Ranker)>,
    /// What was learnt, by number of the shard.
    pub(crate) indexes: HashMap<usize, Index>,
    seed: u64,
    /// Records of compressed files.
    pub(crate) kept: Kept,
    bytes: u64,
    done: u64,
}

impl Pass {
    /// A pass over `shards`, given with their numbers, for the documents from rank `from` on.
    pub(crate) fn new(shards: Vec<(usize, Shard)>, seed: u64, from: (u64, u128)) -> Self {
        let size = |shard: &Shard| std::fs::metadata(&shard.path).map_or(0, |data| data.len());
        let bytes = shards.iter().map(|(_, shard)| size(shard)).sum();
        Self {
            shards,
            at: 0,
            open: None,
            indexes: HashMap::new(),
            seed,
            kept: Kept { from, ..Kept::default() },
            bytes,
            done: 0,
        }
    }

    /// The same pass for some records alone, by shard and row.
    pub(crate) fn only(mut self, records: HashSet<(usize, u64)>) -> Self {
        self.kept.only = Some(records);
        self
    }

    /// Share of the bytes that was read, from 0 to 1.
    pub(crate) fn progress(&self) -> f64 {
        let stored = self.open.as_ref().map_or(0, |(framer, _)| framer.offset());
        let now = self.shards.get(self.at).map_or(0, |(_, shard)| {
            let size = std::fs::metadata(&shard.path).map_or(0, |data| data.len());
            // what a compressed file holds is not known: a fourth is a fair guess
            let guess = if shard.compression == Compression::None { stored } else { stored / 4 };
            guess.min(size)
        });
        if self.bytes == 0 { 1.0 } else { (self.done + now) as f64 / self.bytes as f64 }
    }

    /// Goes on to the end; a cancelled pass goes on from there when it is called again.
    pub(crate) fn run(&mut self, progress: &dyn Progress) -> Result<(), InspectError> {
        while let Some((number, shard)) = self.shards.get(self.at).cloned() {
            if self.open.is_none() {
                let (bytes, _) = decompress::open(&shard).map_err(PipelineError::from)?;
                self.open = Some((Framer::new(bytes, HELD), Ranker::new(self.seed, &shard.name)));
            }
            self.shard(number, shard.compression, progress)?;
            self.open = None;
            self.at += 1;
            self.done += std::fs::metadata(&shard.path).map_or(0, |data| data.len());
        }
        Ok(())
    }

    fn shard(
        &mut self,
        number: usize,
        compression: Compression,
        progress: &dyn Progress,
    ) -> Result<(), InspectError> {
        loop {
            let told = self.progress();
            let Some((framer, ranker)) = self.open.as_mut() else { return Ok(()) };
            let index = self.indexes.entry(number).or_default();
            progress.progress(told);
            if progress.cancelled() {
                return Err(cancelled());
            }
            for _ in 0..TICK {
                let (place, held) = match framer.next_piece() {
                    Piece::End => return Ok(()),
                    Piece::Line { at, offset, .. } => (offset, Some(at)),
                    Piece::TooLong { offset, .. } | Piece::Broken { offset, .. } => (offset, None),
                };
                let row = index.records;
                index.records += 1;
                if row.is_multiple_of(STRIDE) {
                    index.places.push(place);
                }
                if compression == Compression::None {
                    continue;
                }
                let Some(at) = held else { continue };
                let rank = ranker.rank(row);
                if self.kept.wants(rank, (number, row)) {
                    let bytes = framer.bytes()[at].to_vec();
                    self.kept.push(Held { rank, shard: number, row, bytes });
                }
            }
        }
    }
}

/// The bytes of one record: by seeking in a plain file, by reading up to it in a compressed one.
pub(crate) fn record(
    shard: &Shard,
    index: &Index,
    row: u64,
    record_bytes_max: usize,
) -> Result<Vec<u8>, InspectError> {
    let broken = |what: String| InspectError::file(&shard.path, format!("record {row}: {what}"));
    let (bytes, mut at): (Bytes, u64) = if shard.compression == Compression::None {
        // before the pass nothing is known of the file: it is read from its start
        let stride = row / STRIDE;
        let place = usize::try_from(stride).ok().and_then(|at| index.places.get(at));
        let (place, first) = place.map_or((0, 0), |place| (*place, stride * STRIDE));
        let mut file = std::fs::File::open(&shard.path)
            .map_err(|error| InspectError::file(&shard.path, error))?;
        file.seek(SeekFrom::Start(place)).map_err(|e| broken(e.to_string()))?;
        (Box::new(file), first)
    } else {
        (decompress::open(shard).map_err(PipelineError::from)?.0, 0)
    };
    let mut framer = Framer::new(bytes, record_bytes_max);
    loop {
        let piece = framer.next_piece();
        if at == row {
            return match piece {
                Piece::Line { at, .. } => Ok(framer.bytes()[at].to_vec()),
                Piece::TooLong { length, .. } => {
                    Err(broken(format!("has {length} bytes, more than {record_bytes_max}")))
                }
                Piece::Broken { error, .. } => Err(broken(error.to_string())),
                Piece::End => Err(broken("there is none, the file has changed".into())),
            };
        }
        if matches!(piece, Piece::End | Piece::Broken { .. }) {
            return Err(broken("there is none, the file has changed".into()));
        }
        at += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Quiet;
    use std::io::Write;
    use tamis_pipeline::read::Format;

    fn shard(path: &std::path::Path, compression: Compression) -> Shard {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        Shard { path: path.to_owned(), name, format: Format::Jsonl, compression }
    }

    fn corpus(path: &std::path::Path, records: usize) {
        let mut file = std::fs::File::create(path).unwrap();
        for number in 0..records {
            writeln!(
                file,
                "{{\"text\": \"number {number}\"}}{}",
                if number % 5 == 0 { "\n" } else { "" }
            )
            .unwrap();
        }
    }

    #[test]
    fn every_record_is_found_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.jsonl");
        corpus(&path, 5000);
        let plain = shard(&path, Compression::None);
        let mut pass = Pass::new(vec![(3, plain.clone())], 1, (0, 0));
        pass.run(&Quiet).unwrap();
        let index = pass.indexes[&3].clone();
        assert_eq!(index.records, 5000);
        assert!((pass.progress() - 1.0).abs() < 1e-9);
        for row in [0, 1, 1023, 1024, 1025, 4999] {
            let found = record(&plain, &index, row, 1 << 20).unwrap();
            assert_eq!(found, format!("{{\"text\": \"number {row}\"}}").into_bytes());
        }
        assert!(record(&plain, &index, 5000, 1 << 20).is_err());
        std::fs::write(&path, "").unwrap();
        assert!(record(&plain, &index, 4999, 1 << 20).is_err());
    }

    #[test]
    fn a_cancelled_pass_goes_on() {
        struct Stop(std::cell::Cell<u32>);
        impl Progress for Stop {
            fn progress(&self, _: f64) {}
            fn cancelled(&self) -> bool {
                self.0.set(self.0.get() + 1);
                self.0.get() == 2
            }
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.jsonl");
        corpus(&path, 20_000);
        let mut pass = Pass::new(vec![(0, shard(&path, Compression::None))], 1, (0, 0));
        assert!(pass.run(&Stop(std::cell::Cell::new(0))).is_err());
        let before = pass.indexes[&0].records;
        assert!(before > 0 && before < 20_000);
        pass.run(&Quiet).unwrap();
        assert_eq!(pass.indexes[&0].records, 20_000);
    }

    #[test]
    fn the_kept_records_are_those_of_lowest_rank() {
        let mut kept = Kept::default();
        let large = vec![0; KEPT_BYTES / 4];
        for rank in [9, 3, 7, 1, 5, 8, 2] {
            if kept.wants((rank, 0), (0, rank)) {
                kept.push(Held { rank: (rank, 0), shard: 0, row: rank, bytes: large.clone() });
            }
        }
        let mut rows: Vec<u64> = kept.into_records().into_keys().map(|key| key.1).collect();
        rows.sort_unstable();
        assert_eq!(rows, [1, 2, 3, 5]);
    }
}
