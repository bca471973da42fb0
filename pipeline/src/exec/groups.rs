//! Row groups of finished parts, read in any order by any thread.

use std::fs::File;
use std::path::PathBuf;

use arrow::array::RecordBatch;
use datafusion::common::Result;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ParquetRecordBatchReaderBuilder};

/// The row groups of some files, in order.
pub(crate) struct Groups {
    files: Vec<(PathBuf, ArrowReaderMetadata)>,
    /// File, group in it, rows before it in all files.
    groups: Vec<(usize, usize, u64)>,
    rows: u64,
}

impl Groups {
    pub(crate) fn open(paths: Vec<PathBuf>) -> Result<Self> {
        let mut all = Self { files: Vec::new(), groups: Vec::new(), rows: 0 };
        for path in paths {
            let metadata = ArrowReaderMetadata::load(&File::open(&path)?, Default::default())?;
            for (number, group) in metadata.metadata().row_groups().iter().enumerate() {
                all.groups.push((all.files.len(), number, all.rows));
                all.rows += u64::try_from(group.num_rows()).unwrap_or(0);
            }
            all.files.push((path, metadata));
        }
        Ok(all)
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.groups.len()
    }

    /// Rows of all.
    pub(crate) fn rows(&self) -> u64 {
        self.rows
    }

    /// Rows before a group.
    pub(crate) fn before(&self, group: usize) -> u64 {
        self.groups.get(group).map_or(self.rows, |group| group.2)
    }

    /// The columns `names` of a group, in batches.
    pub(crate) fn read(&self, group: usize, names: &[&str]) -> Result<Vec<RecordBatch>> {
        let Some((file, number, _)) = self.groups.get(group) else { return Ok(Vec::new()) };
        let (path, metadata) = &self.files[*file];
        let builder =
            ParquetRecordBatchReaderBuilder::new_with_metadata(File::open(path)?, metadata.clone());
        let schema = builder.parquet_schema();
        let roots = schema.root_schema().get_fields().iter().enumerate();
        let wanted = roots.filter(|(_, field)| names.contains(&field.name()));
        let mask = ProjectionMask::roots(schema, wanted.map(|(at, _)| at).collect::<Vec<_>>());
        let builder = builder.with_projection(mask).with_row_groups(vec![*number]);
        Ok(builder.with_batch_size(1 << 16).build()?.collect::<Result<_, _>>()?)
    }
}
