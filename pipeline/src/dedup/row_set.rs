//! Sets of documents, one bit each.

use crate::table::batch::columns;
use crate::table::batch::typed;
use crate::table::cursor::SortedCursor;
use crate::table::names::RANK;
use crate::table::names::SIMILARITY;
use arrow::array::{Array, Float64Array};
use datafusion::common::Result;
use std::path::Path;

/// The ranks of documents that go, one bit each.
pub(crate) struct RankSet(Vec<u64>);

impl RankSet {
    pub(crate) fn new(documents: u64) -> Self {
        Self(vec![0; usize::try_from(documents / 64 + 1).unwrap_or(0)])
    }

    /// What an earlier [`Resolve`] wrote.
    pub(crate) fn read(path: &Path, documents: u64) -> Result<Self> {
        let mut gone = Self::new(documents);
        let mut walk = SortedCursor::new(vec![path.to_owned()], &[RANK, SIMILARITY], 0, 4096);
        while let Some(batch) = walk.next()? {
            let similarity = typed::<Float64Array>(&batch, SIMILARITY)?;
            for (row, rank) in columns(&batch, [RANK])?[0].iter().enumerate() {
                if !similarity.is_null(row) {
                    gone.add(*rank);
                }
            }
        }
        Ok(gone)
    }

    pub(crate) fn add(&mut self, rank: u64) {
        let word = usize::try_from(rank / 64).ok().and_then(|word| self.0.get_mut(word));
        if let Some(word) = word {
            *word |= 1 << (rank % 64);
        }
    }

    pub(crate) fn has(&self, rank: u64) -> bool {
        let word = usize::try_from(rank / 64).ok().and_then(|word| self.0.get(word));
        word.is_some_and(|word| word >> (rank % 64) & 1 == 1)
    }
}
