//! Where the documents of a corpus are, and which of them are not to be had.

use tamis_pipeline::read::Shard;

use super::super::ranks::Ranker;
use super::Corpus;
use crate::error::InspectError;
use crate::model::Entry;

impl Corpus {
    /// Records that could not be read when the walk met them.
    pub(crate) fn passed_over(&self) -> u64 {
        self.passed_over.get()
    }

    /// Files that cannot be read.
    pub(crate) fn warnings(&self) -> Vec<String> {
        self.warnings.borrow().clone()
    }

    /// The document of an id, once the documents are counted: ids are hashes of their places.
    pub(crate) fn find(&self, document_id: &str) -> Result<Option<Entry>, InspectError> {
        let Ok(wanted) = u128::from_str_radix(document_id, 16) else { return Ok(None) };
        let counts = self.counts.borrow().clone();
        for (number, (shard, count)) in self.shards.iter().zip(counts).enumerate() {
            let mut ranker = Ranker::new(0, &shard.name);
            let row = (0..count.unwrap_or(0)).find(|row| ranker.rank(*row).1 == wanted);
            if let Some(row) = row {
                let record = self.read(number, row, false)?;
                return Ok(Some(self.entry(number, row, record.id, record.text.len() as u64)));
            }
        }
        Ok(None)
    }

    /// Bytes of the files as they are stored.
    pub(crate) fn stored_bytes(&self) -> u64 {
        let size = |shard: &Shard| std::fs::metadata(&shard.path).map_or(0, |data| data.len());
        self.shards.iter().map(size).sum()
    }

    /// Names of the files with their documents, where they were counted.
    pub(crate) fn counted(&self) -> Vec<(String, Option<u64>)> {
        let counts = self.counts.borrow();
        self.shards.iter().map(|shard| shard.name.clone()).zip(counts.iter().copied()).collect()
    }
}
