//! What the streaming nodes share: one output batch for each input batch, typed columns, and a
//! walk over files that lie in the order of places.

use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, UInt64Array};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::common::{DataFusionError, Result};
use datafusion::execution::SendableRecordBatchStream;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use futures::StreamExt;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use parquet::file::metadata::RowGroupMetaData;
use parquet::file::statistics::Statistics;

use super::rewrite::typed;

/// The column that says where a document stands in the run: the number of its unit, then its
/// position there, so that the order of places is input order.
pub const PLACE: &str = "place";
/// Bits of a place that hold the position.
const POSITION_BITS: u32 = 40;

/// The place of the first document of `unit`.
pub fn first_place(unit: usize) -> u64 {
    (unit as u64) << POSITION_BITS
}

/// The unit and the position in it.
pub fn unit_and_position(place: u64) -> (usize, u64) {
    let unit = usize::try_from(place >> POSITION_BITS).unwrap_or(usize::MAX);
    (unit, place & ((1 << POSITION_BITS) - 1))
}

/// A schema of columns that are never null.
pub(crate) fn schema_of(columns: &[(&str, DataType)]) -> SchemaRef {
    let fields = columns.iter().map(|(name, kind)| Field::new(*name, kind.clone(), false));
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

/// A schema of 64-bit numbers that are never null.
pub(crate) fn numbered<const N: usize>(names: [&str; N]) -> SchemaRef {
    schema_of(&names.map(|name| (name, DataType::UInt64)))
}

/// Rows of `N` 64-bit numbers in the making, column by column.
pub(crate) struct Rows<const N: usize>([Vec<u64>; N]);

impl<const N: usize> Default for Rows<N> {
    fn default() -> Self {
        Self(std::array::from_fn(|_| Vec::new()))
    }
}

impl<const N: usize> Rows<N> {
    /// Appends a row.
    pub(crate) fn push(&mut self, row: [u64; N]) {
        for (column, value) in self.0.iter_mut().zip(row) {
            column.push(value);
        }
    }

    /// The columns, behind which others may follow.
    pub(crate) fn columns(self) -> Vec<ArrayRef> {
        self.0
            .into_iter()
            .map(|column| -> ArrayRef { Arc::new(UInt64Array::from(column)) })
            .collect()
    }

    /// The rows as a batch.
    pub(crate) fn batch(self, schema: &SchemaRef) -> Result<RecordBatch> {
        Ok(RecordBatch::try_new(Arc::clone(schema), self.columns())?)
    }
}

/// Rows of the 64-bit columns `names` of a batch.
pub(crate) fn columns<'a, const N: usize>(
    batch: &'a RecordBatch,
    names: [&str; N],
) -> Result<[&'a [u64]; N]> {
    let mut found = [&[] as &[u64]; N];
    for (to, name) in found.iter_mut().zip(names) {
        *to = typed::<UInt64Array>(batch, name)?.values();
    }
    Ok(found)
}

/// A stream that makes one batch of `schema` of each batch of `input`.
pub(super) fn per_batch(
    input: SendableRecordBatchStream,
    schema: SchemaRef,
    mut step: impl FnMut(&RecordBatch, &SchemaRef) -> Result<RecordBatch> + Send + 'static,
) -> SendableRecordBatchStream {
    let out = Arc::clone(&schema);
    let batches = input.map(move |batch| step(&batch?, &out));
    Box::pin(RecordBatchStreamAdapter::new(schema, batches))
}

/// A stream over the batches that `next` gives until there are none.
pub(super) fn leaf(
    schema: SchemaRef,
    next: impl FnMut() -> Result<Option<RecordBatch>> + Send + 'static,
) -> SendableRecordBatchStream {
    let batches = futures::stream::try_unfold(next, |mut next| async move {
        Ok(next()?.map(|batch| (batch, next)))
    });
    Box::pin(RecordBatchStreamAdapter::new(schema, batches))
}

/// Reads files that lie one after the other in the order of their column `place`.
pub(crate) struct Walk {
    paths: std::vec::IntoIter<PathBuf>,
    columns: Vec<String>,
    from: u64,
    batch_rows: usize,
    reader: Option<ParquetRecordBatchReader>,
    batch: Option<RecordBatch>,
    at: usize,
}

impl Walk {
    /// A walk over `paths` that reads `columns` of documents at `from` and after.
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
            let place = schema.columns().iter().position(|column| column.name() == PLACE);
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

    /// Ends the walk: nothing is held or found any more.
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

    /// Goes past the row that [`Walk::seek`] found, to another one of the same document.
    pub(crate) fn skip(&mut self) {
        self.at += 1;
    }

    /// The row of the document at `place`, where the files have it; places must be asked for in
    /// rising order, the same one any number of times.
    pub(crate) fn seek(&mut self, place: u64) -> Result<Option<(&RecordBatch, usize)>> {
        loop {
            if let Some(batch) = &self.batch {
                let [places] = columns(batch, [PLACE])?;
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
        let [places] = columns(batch, [PLACE])?;
        Ok((places.get(self.at) == Some(&place)).then_some((batch, self.at)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_a_unit_and_a_position() {
        assert_eq!(unit_and_position(first_place(3) + 17), (3, 17));
        assert!(first_place(1) > first_place(0) + (1 << 39));
    }

    #[test]
    fn places_are_found_in_rising_order_over_files() {
        let folder = tempfile::tempdir().unwrap();
        let mut paths = Vec::new();
        for (number, places) in [vec![1_u64, 3, 5], vec![], vec![8, 9]].into_iter().enumerate() {
            let mut rows = Rows::default();
            for place in places {
                rows.push([place, place * 10]);
            }
            let batch = rows.batch(&numbered([PLACE, "x"])).unwrap();
            let path = folder.path().join(format!("{number}.parquet"));
            let file = File::create(&path).unwrap();
            let mut writer =
                parquet::arrow::ArrowWriter::try_new(file, batch.schema(), None).unwrap();
            writer.write(&batch).unwrap();
            writer.close().unwrap();
            paths.push(path);
        }
        let mut walk = Walk::new(paths.clone(), &[PLACE, "x"], 0, 2);
        let mut found = Vec::new();
        for place in [0, 1, 1, 2, 5, 6, 8, 9, 9, 10] {
            let row = walk.seek(place).unwrap();
            found.push(row.map(|(batch, at)| columns(batch, ["x"]).unwrap()[0][at]));
        }
        let expected =
            [None, Some(10), Some(10), None, Some(50), None, Some(80), Some(90), Some(90), None];
        assert_eq!(found, expected);
        let mut late = Walk::new(paths, &[PLACE], 6, 2);
        assert_eq!(columns(&late.next().unwrap().unwrap(), [PLACE]).unwrap()[0], [8, 9]);
    }
}
