//! Where the documents of each shard stand in the annotations.

use std::path::Path;
use std::sync::Arc;

use arrow::array::UInt64Array;

use crate::error::PipelineError;
use crate::look::Run;
use crate::read::{Format, discover};
use crate::stage::units::TEXT_FILES_PER_UNIT;
use crate::table::batch::typed;

/// The documents of one shard in the annotations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slice {
    /// The shard.
    pub shard: String,
    /// Number of the annotation part.
    pub part: usize,
    /// Row of its first document in the part.
    pub first: u64,
    /// Its documents.
    pub rows: u64,
    /// Their rows in the shard, where these are not 0, 1, 2 and so on: unreadable parts of a Parquet
    /// file are one record of many rows.
    sparse: Option<Arc<[u64]>>,
}

impl Slice {
    /// The row in the shard of the document with a number, counted in the slice.
    pub fn row(&self, number: u64) -> u64 {
        match &self.sparse {
            None => number,
            Some(rows) => {
                let at = usize::try_from(number).ok();
                at.and_then(|at| rows.get(at)).copied().unwrap_or(number)
            }
        }
    }

    /// The number of the document in a row of the shard.
    pub fn number(&self, row: u64) -> Option<u64> {
        match &self.sparse {
            None => Some(row).filter(|row| *row < self.rows),
            Some(rows) => rows.binary_search(&row).ok().map(|at| at as u64),
        }
    }
}

impl Run {
    /// The shards that hold documents, in input order.
    pub fn layout(&self) -> Result<Vec<Slice>, PipelineError> {
        let mut slices: Vec<Slice> = Vec::new();
        let (mut part, mut first, mut texts) = (0, 0, 0);
        for (number, row) in self.report.shards.iter().enumerate() {
            let kind = discover::kind_of(Path::new(&row.shard));
            let is_text = kind.is_some_and(|(format, _)| format == Format::Text);
            // small text files share a part, as the run cut its units
            if is_text && texts > 0 && texts < TEXT_FILES_PER_UNIT {
                texts += 1;
            } else {
                part += usize::from(number > 0);
                first = 0;
                texts = usize::from(is_text);
            }
            if row.read == 0 {
                continue;
            }
            let shard = row.shard.clone();
            let mut slice = Slice { shard, part, first, rows: row.read, sparse: None };
            first += row.read;
            let in_rows = kind.is_some_and(|(format, _)| format == Format::Parquet);
            if in_rows && row.failed > 0 {
                slice.sparse = self.sparse(&slice)?;
            }
            slices.push(slice);
        }
        Ok(slices)
    }

    /// The rows of a shard's documents, where they are not consecutive.
    fn sparse(&self, slice: &Slice) -> Result<Option<Arc<[u64]>>, PipelineError> {
        let mut rows = Vec::new();
        self.part(slice)?.range(slice.first, slice.rows, &["row"], |batch| {
            rows.extend_from_slice(typed::<UInt64Array>(batch, "row")?.values());
            Ok(())
        })?;
        let dense = rows.iter().zip(0_u64..).all(|(row, number)| *row == number);
        Ok((!dense).then(|| rows.into()))
    }
}
