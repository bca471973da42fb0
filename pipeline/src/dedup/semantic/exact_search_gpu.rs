//! The exact search for semantic duplicates on cards: documents are gathered in files, in survivor
//! order, and decided there; what cards leave undone is left to the CPU.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::mpsc::SyncSender;
use std::sync::{Mutex, PoisonError};

use arrow::array::RecordBatch;
use datafusion::common::{DataFusionError, Result};
use serde::{Deserialize, Serialize};
use tamis_kernels::vectors::{Leader, Rows};

use crate::dedup::rank::rank_of;
use crate::dedup::semantic::audit::Queries;
use crate::dedup::semantic::exact_search::{ExactSearch, Member};
use crate::dedup::semantic::resolve::{Center, Decisions};
use crate::embed::parts::PartVectors;
use crate::table::batch::{Rows as Pairs, columns, numbered};
use crate::table::names::QUERY;
use crate::table::part::{Content, WritePart};
use crate::table::row_groups::RowGroups;
use crate::table::row_id::ROW_ID;

/// Bytes of a member in its file.
const WIDTH: usize = 24;
/// Documents that are decided between two batches of the output.
const STEP: usize = 1 << 16;

/// Documents that are read at a time, to be decided.
const AHEAD: usize = 1 << 12;

/// Files of vectors that lie in survivor order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct InOrder {
    /// The files.
    pub files: Vec<PathBuf>,
    /// Documents of the run before each unit.
    pub bases: Vec<u64>,
}

/// Random documents that are compared with all others on the way, for the audit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Asked {
    /// How many.
    pub count: usize,
    /// The first place of those that may be drawn.
    pub from: u64,
    /// Where the pairs go.
    pub path: PathBuf,
}

/// A file that is written first, read then, and removed in the end.
struct Spilled {
    path: PathBuf,
    writer: BufWriter<File>,
    file: File,
}

impl Spilled {
    fn create(path: PathBuf) -> Result<Self> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(DataFusionError::IoError)?;
        }
        let writer = BufWriter::with_capacity(1 << 20, File::create(&path)?);
        let file = File::open(&path)?;
        Ok(Self { path, writer, file })
    }
}

impl Drop for Spilled {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Where the vectors of gathered documents lie.
enum Vectors {
    Spilled(Spilled),
    /// In the parts they came in, which are in survivor order.
    Parts(PartVectors),
}

/// Documents in survivor order: three numbers of each in a file, and its vector.
pub(crate) struct Gathered {
    members: Spilled,
    vectors: Vectors,
    dimensions: usize,
    count: usize,
}

impl Gathered {
    pub(crate) fn create(spill: &Path, dimensions: usize) -> Result<Self> {
        let members = Spilled::create(spill.with_extension("members"))?;
        let vectors = Vectors::Spilled(Spilled::create(spill.with_extension("vectors"))?);
        Ok(Self { members, vectors, dimensions, count: 0 })
    }

    /// Gathers the documents of `files`, which lie in survivor order, with all threads; none where
    /// their vectors cannot be read from where they lie.
    pub(crate) fn of_files(lead: &ExactSearch, order: &InOrder) -> Result<Option<Self>> {
        let Some(vectors) = PartVectors::open(&order.files, &lead.comparer)? else {
            return Ok(None);
        };
        let groups = RowGroups::open(order.files.clone())?;
        let starts = groups.starts();
        let members = Spilled::create(lead.spill.with_extension("members"))?;
        lead.comparer.in_parallel(groups.count(), |group| {
            let mut row = starts[group];
            for batch in groups.read(group, &[ROW_ID])? {
                let [places] = columns(&batch, [ROW_ID])?;
                let mut bytes = Vec::with_capacity(places.len() * WIDTH);
                for place in places {
                    let rank = rank_of(*place, &order.bases, None)?.unwrap_or(0);
                    for number in [rank, *place, 0] {
                        bytes.extend_from_slice(&number.to_le_bytes());
                    }
                }
                members.writer.get_ref().write_all_at(&bytes, row * WIDTH as u64)?;
                row += places.len() as u64;
            }
            Ok(())
        })?;
        let (dimensions, count) = (vectors.dimensions(), vectors.count());
        Ok(Some(Self { members, vectors: Vectors::Parts(vectors), dimensions, count }))
    }

    /// Appends a document, with the bytes of its vector.
    pub(crate) fn push(&mut self, member: Member, vector: &[u8]) -> Result<()> {
        for number in [member.rank, member.place, member.source] {
            self.members.writer.write_all(&number.to_le_bytes())?;
        }
        if let Vectors::Spilled(vectors) = &mut self.vectors {
            vectors.writer.write_all(vector)?;
        }
        self.count += 1;
        Ok(())
    }

    pub(crate) fn finish(&mut self) -> Result<()> {
        self.members.writer.flush()?;
        if let Vectors::Spilled(vectors) = &mut self.vectors {
            vectors.writer.flush()?;
        }
        Ok(())
    }

    /// The document with this number.
    pub(crate) fn member(&self, number: usize) -> io::Result<Member> {
        Ok(self.members(number, 1)?.first().copied().unwrap_or_default())
    }

    /// The `count` documents from this number on, or those that there are.
    fn members(&self, first: usize, count: usize) -> io::Result<Vec<Member>> {
        let mut bytes = vec![0; count.min(self.count - first) * WIDTH];
        self.members.file.read_exact_at(&mut bytes, (first * WIDTH) as u64)?;
        let member = |bytes: &[u8; WIDTH]| {
            let number =
                |at: usize| bytes.as_chunks::<8>().0.get(at).map_or(0, |n| u64::from_le_bytes(*n));
            Member { rank: number(0), place: number(1), source: number(2) }
        };
        Ok(bytes.as_chunks::<WIDTH>().0.iter().map(member).collect())
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
        let vectors = match &self.vectors {
            Vectors::Parts(parts) => return parts.read(first, into),
            Vectors::Spilled(vectors) => &vectors.file,
        };
        let at = (first * self.dimensions * 4) as u64;
        vectors.read_exact_at(bytemuck::cast_slice_mut(into), at)?;
        for number in into {
            *number = f32::from_bits(u32::from_le(number.to_bits()));
        }
        Ok(())
    }
}

/// Decides documents as cards find what is near them.
pub(crate) struct Deciding<'a> {
    pub(crate) lead: &'a ExactSearch,
    pub(crate) gathered: &'a Gathered,
    pub(crate) decisions: &'a mut Decisions,
    /// Where decisions go.
    pub(crate) send: SyncSender<Result<RecordBatch>>,
    decided: usize,
    /// The next ones, read at once: they are decided one after the other.
    ahead: std::vec::IntoIter<Member>,
    failed: Mutex<Option<io::Error>>,
    /// The numbers of documents that the audit asks for, and what is near them.
    asked: Vec<usize>,
    near: Vec<(usize, usize)>,
}

impl<'a> Deciding<'a> {
    pub(crate) fn new(
        lead: &'a ExactSearch,
        gathered: &'a Gathered,
        decisions: &'a mut Decisions,
        send: SyncSender<Result<RecordBatch>>,
    ) -> Self {
        let (decided, ahead, failed) = (0, Vec::new().into_iter(), Mutex::default());
        let (asked, near) = (Vec::new(), Vec::new());
        Self { lead, gathered, decisions, send, decided, ahead, failed, asked, near }
    }

    /// Draws what the audit asks for: documents in survivor order have the numbers of their files.
    pub(crate) fn ask(&mut self) -> Result<()> {
        if let (Some(asked), Some(order)) = (&self.lead.asked, &self.lead.in_order) {
            let comparer = &self.lead.comparer;
            self.asked = Queries::numbers(&order.files, asked.count, asked.from, comparer)?.1;
        }
        Ok(())
    }

    /// Writes what was found for the audit, where it has asked.
    pub(crate) fn answer(&mut self) -> Result<()> {
        let Some(asked) = self.lead.asked.as_ref().filter(|_| !self.asked.is_empty()) else {
            return Ok(());
        };
        self.near.sort_unstable();
        let mut pairs = Pairs::default();
        for (query, other) in std::mem::take(&mut self.near) {
            let place = |number: usize| Ok::<_, io::Error>(self.gathered.member(number)?.place);
            pairs.push([place(query)?, place(other)?]);
        }
        let batch = pairs.batch(&numbered([QUERY, ROW_ID]))?;
        let part = WritePart {
            path: asked.path.clone(),
            content: Content::Values,
            required: Vec::new(),
            parts: false,
        };
        futures::executor::block_on(part.write_batch(batch))?;
        Ok(())
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

    fn asked(&self) -> &[usize] {
        &self.asked
    }

    fn near(&mut self, asked: usize, row: usize, _cosine: f32) {
        self.near.push((asked, row));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dedup::links::Reference;
    use crate::embed::compare::Comparer;
    use crate::table::names::SURVIVOR;

    #[test]
    fn what_cards_find_is_decided_under_the_names_of_documents() {
        let folder = tempfile::tempdir().unwrap();
        let lead = ExactSearch {
            threshold: 0.9,
            words: None,
            documents: 20_000,
            reference: Reference::default(),
            apart: true,
            block_bytes: 1 << 20,
            spill: folder.path().join("spill"),
            comparer: Comparer::cpu(1),
            in_order: None,
            asked: None,
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
        let [places, survivors] = columns(&batch, [ROW_ID, SURVIVOR]).unwrap();
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
