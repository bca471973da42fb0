//! A cursor over Parquet files that lie in the order of a column.

use std::fs::File;
use std::path::PathBuf;

use arrow::array::RecordBatch;
use datafusion::common::{DataFusionError, Result};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use parquet::file::metadata::RowGroupMetaData;
use parquet::file::statistics::Statistics;

use crate::table::batch::columns;
use crate::table::row_id::ROW_ID;

/// Reads files that lie one after the other in the order of their column `place`.
pub(crate) struct SortedCursor {
    paths: std::vec::IntoIter<PathBuf>,
    columns: Vec<String>,
    from: u64,
    batch_rows: usize,
    reader: Option<ParquetRecordBatchReader>,
    batch: Option<RecordBatch>,
    at: usize,
}

impl SortedCursor {
    /// A cursor over `paths` that reads `columns` of documents at `from` and after.
    pub(crate) fn new(paths: Vec<PathBuf>, columns: &[&str], from: u64, batch_rows: usize) -> Self {
        Self {
            paths: paths.into_iter(),
            columns: columns.iter().map(|name| (*name).to_owned()).collect(),
            from,
            batch_rows,
            reader: None,
            batch: None,
            at: 0,
        }
    }

    /// The next batch as it lies in the files.
    pub(crate) fn next(&mut self) -> Result<Option<RecordBatch>> {
        loop {
            if let Some(reader) = self.reader.as_mut() {
                if let Some(batch) = reader.next().transpose()? {
                    return Ok(Some(batch));
                }
                self.reader = None;
            }
            let Some(path) = self.paths.next() else { return Ok(None) };
            let file = File::open(&path).map_err(|error| {
                DataFusionError::Execution(format!("{}: cannot be read: {error}", path.display()))
            })?;
            let builder = ParquetRecordBatchReaderBuilder::try_new(file)?;
            let schema = builder.parquet_schema();
            let place = schema.columns().iter().position(|column| column.name() == ROW_ID);
            let roots = schema.root_schema().get_fields().iter().enumerate();
            let wanted = roots.filter(|(_, field)| self.columns.iter().any(|c| c == field.name()));
            let mask = ProjectionMask::roots(schema, wanted.map(|(at, _)| at).collect::<Vec<_>>());
            let from = self.from;
            let reaches = |group: &RowGroupMetaData| {
                let statistics = place.and_then(|at| group.column(at).statistics());
                let Some(Statistics::Int64(bounds)) = statistics else { return true };
                bounds.max_opt().is_none_or(|most| most.cast_unsigned() >= from)
            };
            let groups = builder.metadata().row_groups().iter().enumerate();
            let groups = groups.filter(|(_, group)| reaches(group)).map(|(at, _)| at).collect();
            let builder = builder.with_projection(mask).with_row_groups(groups);
            self.reader = Some(builder.with_batch_size(self.batch_rows).build()?);
        }
    }

    /// Ends the cursor: nothing is held or found any more.
    pub(crate) fn close(&mut self) {
        (self.reader, self.batch, self.at) = (None, None, 0);
        self.paths = Vec::new().into_iter();
    }

    /// Calls `with` with the number that column `name` has in each row of the document at `place`.
    pub(crate) fn all(&mut self, place: u64, name: &str, mut with: impl FnMut(u64)) -> Result<()> {
        while let Some((batch, at)) = self.seek(place)? {
            with(columns(batch, [name])?[0][at]);
            self.skip();
        }
        Ok(())
    }

    /// Goes past the row that [`SortedCursor::seek`] found, to another one of the same document.
    pub(crate) fn skip(&mut self) {
        self.at += 1;
    }

    /// The row of the document at `place`, where the files have it; places must be asked for in
    /// rising order, the same one any number of times.
    pub(crate) fn seek(&mut self, place: u64) -> Result<Option<(&RecordBatch, usize)>> {
        loop {
            if let Some(batch) = &self.batch {
                let [places] = columns(batch, [ROW_ID])?;
                let rest = places.get(self.at..).unwrap_or_default();
                self.at += rest.partition_point(|here| *here < place);
                if self.at < places.len() {
                    break;
                }
            }
            self.at = 0;
            self.batch = self.next()?;
            if self.batch.is_none() {
                return Ok(None);
            }
        }
        let Some(batch) = &self.batch else { return Ok(None) };
        let [places] = columns(batch, [ROW_ID])?;
        Ok((places.get(self.at) == Some(&place)).then_some((batch, self.at)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::batch::{Rows, numbered};

    #[test]
    fn places_are_found_in_rising_order_over_files() {
        let folder = tempfile::tempdir().unwrap();
        let mut paths = Vec::new();
        for (number, places) in [vec![1_u64, 3, 5], vec![], vec![8, 9]].into_iter().enumerate() {
            let mut rows = Rows::default();
            for place in places {
                rows.push([place, place * 10]);
            }
            let batch = rows.batch(&numbered([ROW_ID, "x"])).unwrap();
            let path = folder.path().join(format!("{number}.parquet"));
            let file = File::create(&path).unwrap();
            let mut writer =
                parquet::arrow::ArrowWriter::try_new(file, batch.schema(), None).unwrap();
            writer.write(&batch).unwrap();
            writer.close().unwrap();
            paths.push(path);
        }
        let mut walk = SortedCursor::new(paths.clone(), &[ROW_ID, "x"], 0, 2);
        let mut found = Vec::new();
        for place in [0, 1, 1, 2, 5, 6, 8, 9, 9, 10] {
            let row = walk.seek(place).unwrap();
            found.push(row.map(|(batch, at)| columns(batch, ["x"]).unwrap()[0][at]));
        }
        let expected =
            [None, Some(10), Some(10), None, Some(50), None, Some(80), Some(90), Some(90), None];
        assert_eq!(found, expected);
        let mut late = SortedCursor::new(paths, &[ROW_ID], 6, 2);
        assert_eq!(columns(&late.next().unwrap().unwrap(), [ROW_ID]).unwrap()[0], [8, 9]);
    }
}
