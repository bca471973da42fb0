//! Row groups of finished parts, read in any order by any thread.

use std::fs::File;
use std::path::PathBuf;

use arrow::array::RecordBatch;
use datafusion::common::Result;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder,
};

/// The row groups of some files, in order.
pub(crate) struct RowGroups {
    files: Vec<(PathBuf, ArrowReaderMetadata)>,
    /// File, and group in it.
    groups: Vec<(usize, usize)>,
}

impl RowGroups {
    pub(crate) fn open(paths: Vec<PathBuf>) -> Result<Self> {
        let mut all = Self { files: Vec::new(), groups: Vec::new() };
        for path in paths {
            let metadata =
                ArrowReaderMetadata::load(&File::open(&path)?, ArrowReaderOptions::default())?;
            let groups = 0..metadata.metadata().num_row_groups();
            all.groups.extend(groups.map(|group| (all.files.len(), group)));
            all.files.push((path, metadata));
        }
        Ok(all)
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.groups.len()
    }

    /// Rows before each group, and of all.
    pub(crate) fn starts(&self) -> Vec<u64> {
        let rows = self.groups.iter().map(|(file, group)| {
            let metadata = self.files[*file].1.metadata();
            u64::try_from(metadata.row_group(*group).num_rows()).unwrap_or(0)
        });
        let mut all = vec![0];
        for rows in rows {
            all.push(all.last().map_or(0, |before| before + rows));
        }
        all
    }

    /// The columns `names` of a group, in batches.
    pub(crate) fn read(&self, group: usize, names: &[&str]) -> Result<Vec<RecordBatch>> {
        let Some((file, number)) = self.groups.get(group) else { return Ok(Vec::new()) };
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
