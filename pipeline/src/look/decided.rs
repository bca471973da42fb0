//! What became of each document of one shard, in two bits a document.

use std::path::PathBuf;

use arrow::array::{Array, BooleanArray, StringArray, UInt64Array};

use crate::error::PipelineError;
use crate::look::rows::RowFile;
use crate::look::{Run, Slice};
use crate::table::batch::typed;
use crate::table::names::{AGAINST, DECISION};

/// Why documents go that rules kept, in the order in which the reasons count.
pub const REASONS: [&str; 6] = [
    "dedup/exact",
    "dedup/fuzzy",
    "dedup/semantic",
    "dedup/lines",
    "dedup/paragraphs",
    "dedup/passages",
];

/// Documents of a shard that dedup speaks of.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Duplicates {
    /// Rows that go and the number of the reason in [`REASONS`], by row; the first counts.
    pub gone: Vec<(u64, usize)>,
    /// Rows for which others go, by row.
    pub survivors: Vec<u64>,
}

/// Bits by number.
#[derive(Debug, Clone, Default)]
struct Bits(Vec<u64>);

impl Bits {
    fn new(length: u64) -> Self {
        Self(vec![0; usize::try_from(length / 64 + 1).unwrap_or(0)])
    }

    fn set(&mut self, at: u64) {
        if let Some(word) = usize::try_from(at / 64).ok().and_then(|word| self.0.get_mut(word)) {
            *word |= 1 << (at % 64);
        }
    }

    fn get(&self, at: u64) -> bool {
        let word = usize::try_from(at / 64).ok().and_then(|word| self.0.get(word));
        word.is_some_and(|word| word >> (at % 64) & 1 == 1)
    }

    /// Bits that are set before `at`.
    fn before(&self, at: u64) -> u64 {
        let whole = usize::try_from(at / 64).unwrap_or(usize::MAX).min(self.0.len());
        let full: u64 = self.0[..whole].iter().map(|word| u64::from(word.count_ones())).sum();
        let rest = self.0.get(whole).map_or(0, |word| word & ((1 << (at % 64)) - 1));
        full + u64::from(rest.count_ones())
    }
}

/// What became of the documents of one shard, by their number in it.
#[derive(Debug, Clone, Default)]
pub struct Decided {
    kept: Bits,
    removed: Bits,
    count: u64,
}

impl Decided {
    /// `kept`, `removed` or `failed`.
    pub fn decision(&self, at: u64) -> &'static str {
        if self.kept.get(at) {
            "kept"
        } else if self.removed.get(at) {
            "removed"
        } else {
            "failed"
        }
    }

    /// Records with the same decision before it: its number in the output file.
    pub fn ordinal(&self, at: u64) -> u64 {
        match self.decision(at) {
            "kept" => self.kept.before(at),
            "removed" => self.removed.before(at),
            _ => at - self.kept.before(at) - self.removed.before(at),
        }
    }

    /// Documents of the shard.
    pub fn len(&self) -> u64 {
        self.count
    }

    /// Whether the shard holds no document.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Bytes it takes in memory.
    pub fn bytes(&self) -> usize {
        (self.kept.0.len() + self.removed.0.len()) * 8
    }
}

impl Run {
    /// What became of the documents of `slice`.
    pub fn decided(&self, slice: &Slice) -> Result<Decided, PipelineError> {
        let mut decided = Decided {
            kept: Bits::new(slice.rows),
            removed: Bits::new(slice.rows),
            count: slice.rows,
        };
        let file = self.file_of(&self.decisions, slice)?;
        let mut at = 0;
        file.range(slice.first, slice.rows, &[DECISION], |batch| {
            let column = typed::<StringArray>(batch, DECISION)?;
            for decision in column {
                match decision {
                    Some("kept") => decided.kept.set(at),
                    Some("removed") => decided.removed.set(at),
                    _ => {}
                }
                at += 1;
            }
            Ok(())
        })?;
        Ok(decided)
    }

    /// What dedup says of the documents of a shard in the rows from `from` to `to`.
    pub fn duplicates(&self, shard: &str, from: u64, to: u64) -> Result<Duplicates, PipelineError> {
        let mut found = Duplicates::default();
        for path in &self.gone {
            let file = self.files.open(path)?;
            let columns = ["document_id", "survivor_id", "kind", "shard", "row", AGAINST];
            file.groups_with(shard, from, to, &columns, |batch| {
                let text = |name| typed::<StringArray>(batch, name);
                let (ids, survivors) = (text("document_id")?, text("survivor_id")?);
                let (shards, rows) = (text("shard")?, typed::<UInt64Array>(batch, "row")?);
                let kinds = text("kind")?;
                let against = typed::<BooleanArray>(batch, AGAINST)?;
                for at in 0..batch.num_rows() {
                    let row = rows.value(at);
                    if row < from || row > to || shards.value(at) != shard {
                        continue;
                    }
                    if ids.value(at) != survivors.value(at) {
                        let named =
                            |reason: &&str| reason.strip_prefix("dedup/") == Some(kinds.value(at));
                        let reason = REASONS.iter().position(named);
                        found.gone.push((row, reason.unwrap_or(0)));
                    } else if !(against.is_valid(at) && against.value(at)) {
                        found.survivors.push(row);
                    }
                }
                Ok(())
            })?;
        }
        found.gone.sort_unstable();
        found.gone.dedup_by_key(|(row, _)| *row);
        found.survivors.sort_unstable();
        found.survivors.dedup();
        Ok(found)
    }

    /// The annotations that hold the documents of `slice`.
    pub fn part(&self, slice: &Slice) -> Result<RowFile, PipelineError> {
        self.file_of(&self.parts, slice)
    }

    /// The one of a table's parts that holds the documents of `slice`.
    fn file_of(&self, parts: &[PathBuf], slice: &Slice) -> Result<RowFile, PipelineError> {
        let missing = || {
            let what = format!("holds nothing of {}", slice.shard);
            PipelineError::directory(&self.root, what)
        };
        self.files.open(parts.get(slice.part).ok_or_else(missing)?)
    }
}
