//! The exact search for semantic duplicates on cards: documents are gathered in files, in survivor
//! order, and decided there; what cards leave undone is left to the CPU.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::mpsc::SyncSender;
use std::sync::{Mutex, OnceLock, PoisonError};

use arrow::array::{BinaryArray, RecordBatch};
use datafusion::common::{DataFusionError, Result, exec_err};
use serde::{Deserialize, Serialize};
use tamis_kernels::vectors::{Leader, Rows};

use super::explode::rank_of;
use super::flow::{PLACE, columns};
use super::groups::Groups;
use super::lead::{Lead, Member};
use super::ranked::VECTOR;
use super::rewrite::typed;
use super::settle::{Center, Decisions};

/// Bytes of a member in its file.
const WIDTH: usize = 24;
/// Documents that are decided between two batches of the output.
const STEP: usize = 1 << 16;

/// Documents that are read at a time, to be decided.
const AHEAD: usize = 1 << 12;

/// Files of vectors that lie in survivor order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InOrder {
    /// The files.
    pub files: Vec<PathBuf>,
    /// Documents of the run before each unit.
    pub bases: Vec<u64>,
}

/// That vectors are of one width in bytes.
pub(super) fn one_width(width: usize, other: usize) -> Result<()> {
    if width == other && width > 0 {
        return Ok(());
    }
    exec_err!(
        "embeddings have {} numbers in one place and {} in another; they must come from one model",
        width / 4,
        other / 4
    )
}

/// Documents in survivor order, in two files: three numbers of each, and its vector.
pub(super) struct Gathered {
    paths: [PathBuf; 2],
    writers: [BufWriter<File>; 2],
    files: [File; 2],
    dimensions: usize,
    count: usize,
}

impl Gathered {
    pub(super) fn create(spill: &Path, dimensions: usize) -> Result<Self> {
        if let Some(folder) = spill.parent() {
            std::fs::create_dir_all(folder).map_err(DataFusionError::IoError)?;
        }
        let paths = ["members", "vectors"].map(|name| spill.with_extension(name));
        let [members, vectors] = [File::create(&paths[0])?, File::create(&paths[1])?];
        let files = [File::open(&paths[0])?, File::open(&paths[1])?];
        let writers = [members, vectors].map(|file| BufWriter::with_capacity(1 << 20, file));
        Ok(Self { paths, writers, files, dimensions, count: 0 })
    }

    /// Gathers the documents of `files`, which lie in survivor order, with all threads.
    pub(super) fn of_files(lead: &Lead, order: &InOrder) -> Result<Self> {
        let groups = Groups::open(order.files.clone())?;
        let starts = groups.starts();
        let dimensions = OnceLock::new();
        let mut all = Self::create(&lead.spill, 0)?;
        let [members, vectors] = all.writers.each_ref().map(BufWriter::get_ref);
        lead.comparer.in_parallel(groups.count(), |group| {
            let mut row = starts[group];
            for batch in groups.read(group, &[PLACE, VECTOR])? {
                let [places] = columns(&batch, [PLACE])?;
                let rows = typed::<BinaryArray>(&batch, VECTOR)?;
                if places.is_empty() {
                    continue;
                }
                let width = *dimensions.get_or_init(|| rows.value(0).len());
                let mut bytes = Vec::with_capacity(places.len() * WIDTH);
                for (at, place) in places.iter().enumerate() {
                    one_width(width, rows.value(at).len())?;
                    let rank = rank_of(*place, &order.bases, None)?.unwrap_or(0);
                    for number in [rank, *place, 0] {
                        bytes.extend_from_slice(&number.to_le_bytes());
                    }
                }
                members.write_all_at(&bytes, row * WIDTH as u64)?;
                // all rows have one width, so their bytes lie one after the other
                let from = usize::try_from(rows.value_offsets()[0]).unwrap_or(0);
                let data = &rows.value_data()[from..from + places.len() * width];
                vectors.write_all_at(data, row * width as u64)?;
                row += places.len() as u64;
            }
            Ok(())
        })?;
        all.dimensions = dimensions.into_inner().unwrap_or(0) / 4;
        all.count = usize::try_from(starts.last().copied().unwrap_or(0)).unwrap_or(0);
        Ok(all)
    }

    /// Appends a document, with the bytes of its vector.
    pub(super) fn push(&mut self, member: Member, vector: &[u8]) -> Result<()> {
        for number in [member.rank, member.place, member.source] {
            self.writers[0].write_all(&number.to_le_bytes())?;
        }
        self.writers[1].write_all(vector)?;
        self.count += 1;
        Ok(())
    }

    pub(super) fn finish(&mut self) -> Result<()> {
        for writer in &mut self.writers {
            writer.flush()?;
        }
        Ok(())
    }

    /// The document with this number.
    pub(super) fn member(&self, number: usize) -> io::Result<Member> {
        Ok(self.members(number, 1)?.first().copied().unwrap_or_default())
    }

    /// The `count` documents from this number on, or those that there are.
    fn members(&self, first: usize, count: usize) -> io::Result<Vec<Member>> {
        let mut bytes = vec![0; count.min(self.count - first) * WIDTH];
        self.files[0].read_exact_at(&mut bytes, (first * WIDTH) as u64)?;
        let member = |bytes: &[u8; WIDTH]| {
            let number =
                |at: usize| bytes.as_chunks::<8>().0.get(at).map_or(0, |n| u64::from_le_bytes(*n));
            Member { rank: number(0), place: number(1), source: number(2) }
        };
        Ok(bytes.as_chunks::<WIDTH>().0.iter().map(member).collect())
    }
}

impl Drop for Gathered {
    fn drop(&mut self) {
        for path in &self.paths {
            let _ = std::fs::remove_file(path);
        }
    }
}

impl Rows for Gathered {
    fn count(&self) -> usize {
        self.count
    }

    fn dimensions(&self) -> usize {
        self.dimensions
    }

    fn read(&self, first: usize, into: &mut [f32]) -> io::Result<()> {
        let at = (first * self.dimensions * 4) as u64;
        self.files[1].read_exact_at(bytemuck::cast_slice_mut(into), at)?;
        for number in into {
            *number = f32::from_bits(u32::from_le(number.to_bits()));
        }
        Ok(())
    }
}

/// Decides documents as cards find what is near them.
pub(super) struct Deciding<'a> {
    pub(super) lead: &'a Lead,
    pub(super) gathered: &'a Gathered,
    pub(super) decisions: &'a mut Decisions,
    /// Where decisions go.
    pub(super) send: SyncSender<Result<RecordBatch>>,
    decided: usize,
    /// The next ones, read at once: they are decided one after the other.
    ahead: std::vec::IntoIter<Member>,
    failed: Mutex<Option<io::Error>>,
}

impl<'a> Deciding<'a> {
    pub(super) fn new(
        lead: &'a Lead,
        gathered: &'a Gathered,
        decisions: &'a mut Decisions,
        send: SyncSender<Result<RecordBatch>>,
    ) -> Self {
        let (decided, ahead) = (0, Vec::new().into_iter());
        Self { lead, gathered, decisions, send, decided, ahead, failed: Mutex::default() }
    }
}

impl Leader for Deciding<'_> {
    fn allows(&self, row: usize, center: usize) -> bool {
        if self.lead.all_may() {
            return true;
        }
        let both =
            self.gathered.member(row).and_then(|row| Ok((row, self.gathered.member(center)?)));
        match both {
            Ok((member, center)) => self.lead.allows(member, center),
            Err(error) => {
                // the next decision passes it on
                self.failed.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
                false
            }
        }
    }

    fn decide(&mut self, row: usize, center: Option<(usize, f32)>) -> io::Result<bool> {
        let failed = self.failed.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(error) = failed {
            return Err(error);
        }
        if self.ahead.len() == 0 {
            self.ahead = self.gathered.members(row, AHEAD)?.into_iter();
        }
        let member = self.ahead.next().ok_or(io::ErrorKind::UnexpectedEof)?;
        let center = match center {
            None => None,
            Some((number, cosine)) => {
                let center = self.gathered.member(number)?;
                let similarity = f64::from(cosine);
                Some(Center { rank: center.rank, place: center.place, similarity })
            }
        };
        let stays = self
            .decisions
            .decide(member.rank, member.place, |_| Ok(center))
            .map_err(io::Error::other)?;
        self.decided += 1;
        if self.decided.is_multiple_of(STEP) {
            crate::progress::add(STEP as u64, 0);
            let batch = self.decisions.batch();
            if self.send.send(batch).is_err() {
                return Err(io::Error::other("the search was given up"));
            }
        }
        Ok(stays)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::embed::compare::Comparer;
    use crate::exec::star::{Reference, SURVIVOR};

    #[test]
    fn what_cards_find_is_decided_under_the_names_of_documents() {
        let folder = tempfile::tempdir().unwrap();
        let lead = Lead {
            threshold: 0.9,
            words: None,
            documents: 20_000,
            reference: Reference::default(),
            apart: true,
            block_bytes: 1 << 20,
            spill: folder.path().join("spill"),
            comparer: Comparer::cpu(1),
            in_order: None,
        };
        let count = 2 * AHEAD + 700;
        let mut gathered = Gathered::create(&lead.spill, 1).unwrap();
        for number in 0..count as u64 {
            let member = Member { rank: 2 * number, place: 7 * number, source: number % 2 };
            gathered.push(member, &1.0_f32.to_le_bytes()).unwrap();
        }
        gathered.finish().unwrap();
        let mut decisions = Decisions::new(None, lead.documents);
        let (send, _receive) = std::sync::mpsc::sync_channel(1);
        let mut deciding = Deciding::new(&lead, &gathered, &mut decisions, send);
        assert!(deciding.allows(5, 2) && !deciding.allows(5, 3), "only pairs of different sources");
        for row in 0..count {
            let center = (row % 3 == 2).then(|| (row - 1, 0.95));
            assert_eq!(deciding.decide(row, center).unwrap(), center.is_none(), "{row}");
        }
        let batch = decisions.batch().unwrap();
        let [places, survivors] = columns(&batch, [PLACE, SURVIVOR]).unwrap();
        let found: Vec<_> = places.iter().copied().zip(survivors.iter().copied()).collect();
        let gone = (0..count as u64).filter(|row| row % 3 == 2);
        assert_eq!(found, gone.map(|row| (7 * row, 7 * (row - 1))).collect::<Vec<_>>());
        assert!(
            Deciding::new(&lead, &gathered, &mut decisions, std::sync::mpsc::sync_channel(1).0)
                .decide(count, None)
                .is_err()
        );
    }
}
