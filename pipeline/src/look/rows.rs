//! Single rows of a Parquet file, without reading the others.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use arrow::datatypes::SchemaRef;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder, RowSelection,
};
use parquet::file::metadata::{PageIndexPolicy, RowGroupMetaData};
use parquet::file::statistics::Statistics;

use crate::error::PipelineError;
use crate::read::guarded;

/// Rows of a batch.
const BATCH_ROWS: usize = 4096;
/// Footers that are kept.
const FOOTERS: usize = 64;

/// A Parquet file whose rows are fetched by their numbers.
#[derive(Clone)]
pub struct RowFile {
    path: PathBuf,
    metadata: ArrowReaderMetadata,
}

impl RowFile {
    /// Reads the footer, with the index of pages where there is one.
    pub fn open(path: &Path) -> Result<Self, PipelineError> {
        let broken = |what: String| PipelineError::directory(path, what);
        let file = File::open(path).map_err(|error| broken(format!("cannot be read: {error}")))?;
        let options = ArrowReaderOptions::new().with_offset_index_policy(PageIndexPolicy::Optional);
        let metadata = guarded(|| ArrowReaderMetadata::load(&file, options))
            .map_err(|error| broken(format!("the footer cannot be read: {error}")))?;
        Ok(Self { path: path.to_owned(), metadata })
    }

    /// The columns of the file.
    pub fn schema(&self) -> &SchemaRef {
        self.metadata.schema()
    }

    /// Rows that the footer speaks of.
    pub fn num_rows(&self) -> u64 {
        u64::try_from(self.metadata.metadata().file_metadata().num_rows()).unwrap_or(0)
    }

    /// The rows with these numbers, ascending and each once, with the top-level `columns`, all where
    /// none are named; only the row groups and pages that hold them are read.
    pub fn rows(
        &self,
        rows: &[u64],
        columns: Option<&[&str]>,
    ) -> Result<RecordBatch, PipelineError> {
        let broken = |what: String| PipelineError::directory(&self.path, what);
        let mut groups = Vec::new();
        let mut ranges = Vec::new();
        // rows of the chosen groups so far, rows of all groups so far
        let (mut chosen, mut first) = (0_usize, 0_u64);
        let mut rest = rows;
        for (number, group) in self.metadata.metadata().row_groups().iter().enumerate() {
            let count = u64::try_from(group.num_rows()).unwrap_or(0);
            let here = rest.partition_point(|row| *row < first + count);
            let (inside, after) = rest.split_at(here);
            rest = after;
            if !inside.is_empty() {
                groups.push(number);
                for row in inside {
                    let at = chosen + usize::try_from(row.saturating_sub(first)).unwrap_or(0);
                    ranges.push(at..at + 1);
                }
                chosen += usize::try_from(count).unwrap_or(0);
            }
            first += count;
        }
        if let Some(row) = rest.first() {
            return Err(broken(format!("holds no row {row}, only {first}")));
        }
        let selection = RowSelection::from_consecutive_ranges(ranges.into_iter(), chosen);
        let mut batches = Vec::new();
        let schema = self.read(groups, Some(selection), columns, |batch| {
            batches.push(batch.clone());
            Ok(())
        })?;
        let batch = guarded(|| concat_batches(&schema, &batches)).map_err(broken)?;
        if batch.num_rows() != rows.len() {
            return Err(broken("holds fewer rows than its footer says".to_owned()));
        }
        Ok(batch)
    }

    /// `count` rows from row `first` on, in order, batch by batch.
    pub fn range(
        &self,
        first: u64,
        count: u64,
        columns: &[&str],
        visit: impl FnMut(&RecordBatch) -> Result<(), PipelineError>,
    ) -> Result<(), PipelineError> {
        let (mut groups, mut chosen, mut at) = (Vec::new(), 0_u64, 0_u64);
        let mut skip = 0;
        for (number, group) in self.metadata.metadata().row_groups().iter().enumerate() {
            let rows = u64::try_from(group.num_rows()).unwrap_or(0);
            if at < first.saturating_add(count) && at + rows > first {
                if groups.is_empty() {
                    skip = first - at;
                }
                groups.push(number);
                chosen += rows;
            }
            at += rows;
        }
        let number = |value: u64| usize::try_from(value).unwrap_or(usize::MAX);
        let end = number(skip.saturating_add(count).min(chosen));
        let range = number(skip).min(end)..end;
        let selection =
            RowSelection::from_consecutive_ranges(std::iter::once(range), number(chosen));
        self.read(groups, Some(selection), Some(columns), visit).map(|_| ())
    }

    /// The row groups that may hold rows `from` to `to` of `shard`, by the statistics of the columns
    /// `shard` and `row`; they hold others too.
    pub(super) fn groups_with(
        &self,
        shard: &str,
        from: u64,
        to: u64,
        columns: &[&str],
        visit: impl FnMut(&RecordBatch) -> Result<(), PipelineError>,
    ) -> Result<(), PipelineError> {
        let place = |name: &str| {
            let schema = self.metadata.metadata().file_metadata().schema_descr();
            schema.columns().iter().position(|column| column.path().string() == name)
        };
        let (shards, rows) = (place("shard"), place("row"));
        let wanted = |group: &RowGroupMetaData| {
            let bounds = shards.and_then(|at| group.column(at).statistics());
            let Some(Statistics::ByteArray(bounds)) = bounds else { return true };
            let (Some(least), Some(most)) = (bounds.min_opt(), bounds.max_opt()) else {
                return true;
            };
            if most.data() < shard.as_bytes() || least.data() > shard.as_bytes() {
                return false;
            }
            // a group of one shard is known by its rows too
            if least.data() != most.data() {
                return true;
            }
            let Some(Statistics::Int64(bounds)) = rows.and_then(|at| group.column(at).statistics())
            else {
                return true;
            };
            let below = bounds.max_opt().is_some_and(|most| most.cast_unsigned() < from);
            let above = bounds.min_opt().is_some_and(|least| least.cast_unsigned() > to);
            !below && !above
        };
        let groups = self.metadata.metadata().row_groups().iter().enumerate();
        let groups: Vec<usize> =
            groups.filter(|(_, group)| wanted(group)).map(|(at, _)| at).collect();
        if groups.is_empty() {
            return Ok(());
        }
        self.read(groups, None, Some(columns), visit).map(|_| ())
    }

    fn read(
        &self,
        groups: Vec<usize>,
        selection: Option<RowSelection>,
        columns: Option<&[&str]>,
        mut visit: impl FnMut(&RecordBatch) -> Result<(), PipelineError>,
    ) -> Result<SchemaRef, PipelineError> {
        let broken = |what: String| PipelineError::directory(&self.path, what);
        let file =
            File::open(&self.path).map_err(|error| broken(format!("cannot be read: {error}")))?;
        let mut builder =
            ParquetRecordBatchReaderBuilder::new_with_metadata(file, self.metadata.clone());
        if let Some(names) = columns {
            let fields = self.schema().fields().iter().enumerate();
            let wanted = fields.filter(|(_, field)| names.contains(&field.name().as_str()));
            let mask = ProjectionMask::roots(builder.parquet_schema(), wanted.map(|(at, _)| at));
            builder = builder.with_projection(mask);
        }
        if let Some(selection) = selection {
            builder = builder.with_row_selection(selection);
        }
        let mut reader =
            guarded(|| builder.with_row_groups(groups).with_batch_size(BATCH_ROWS).build())
                .map_err(broken)?;
        let schema = arrow::array::RecordBatchReader::schema(&reader);
        while let Some(batch) = guarded(|| reader.next().transpose()).map_err(broken)? {
            visit(&batch)?;
        }
        Ok(schema)
    }
}

/// Footers that were read before.
#[derive(Default)]
pub struct RowFiles(Mutex<Vec<RowFile>>);

impl RowFiles {
    /// The file at `path`.
    pub fn open(&self, path: &Path) -> Result<RowFile, PipelineError> {
        let mut known = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(at) = known.iter().position(|file| file.path == path) {
            let file = known.remove(at);
            known.push(file.clone());
            return Ok(file);
        }
        let file = RowFile::open(path)?;
        if known.len() >= FOOTERS {
            known.remove(0);
        }
        known.push(file.clone());
        Ok(file)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    use arrow::array::{ArrayRef, StringArray, UInt64Array};
    use parquet::arrow::ArrowWriter;
    use parquet::file::properties::WriterProperties;

    fn write(path: &Path, groups: &[usize]) {
        let total: usize = groups.iter().sum();
        let numbers: ArrayRef = Arc::new(UInt64Array::from_iter_values(0..total as u64));
        let texts: ArrayRef =
            Arc::new(StringArray::from_iter_values((0..total).map(|at| format!("text {at}"))));
        let batch = RecordBatch::try_from_iter([("number", numbers), ("text", texts)]).unwrap();
        let properties = WriterProperties::builder().set_data_page_row_count_limit(3).build();
        let file = File::create(path).unwrap();
        let mut writer = ArrowWriter::try_new(file, batch.schema(), Some(properties)).unwrap();
        let mut at = 0;
        for rows in groups {
            writer.write(&batch.slice(at, *rows)).unwrap();
            writer.flush().unwrap();
            at += rows;
        }
        writer.close().unwrap();
    }

    #[test]
    fn rows_come_from_unequal_groups_first_and_last_included() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.parquet");
        write(&path, &[1, 7, 20, 2]);
        let file = RowFile::open(&path).unwrap();
        assert_eq!(file.num_rows(), 30);
        for wanted in [vec![0, 1, 7, 8, 27, 28, 29], vec![29], vec![], (0..30).collect()] {
            let batch = file.rows(&wanted, Some(&["number"])).unwrap();
            assert_eq!(batch.num_columns(), 1);
            let numbers = batch.column(0).as_any().downcast_ref::<UInt64Array>().unwrap();
            assert_eq!(numbers.values().to_vec(), wanted);
        }
        assert_eq!(file.rows(&[3], None).unwrap().num_columns(), 2);
        assert!(file.rows(&[30], None).unwrap_err().to_string().contains("no row 30"));
    }

    #[test]
    fn a_damaged_file_is_an_error_with_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.parquet");
        write(&path, &[50, 50]);
        let mut bytes = std::fs::read(&path).unwrap();
        for byte in bytes.iter_mut().take(120).skip(4) {
            *byte ^= 0x5a;
        }
        std::fs::write(&path, &bytes).unwrap();
        let damaged = RowFile::open(&path).and_then(|file| file.rows(&[0], None)).unwrap_err();
        assert!(damaged.to_string().contains("a.parquet"), "{damaged}");
        std::fs::write(&path, &bytes[..200]).unwrap();
        let cut = RowFile::open(&path).err().unwrap().to_string();
        assert!(cut.contains("a.parquet"), "{cut}");
    }
}
