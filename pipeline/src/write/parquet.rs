//! Parquet: the input's own columns and metadata.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, RecordBatch};
use arrow::compute::{BatchCoalescer, concat};
use arrow::datatypes::SchemaRef;
use parquet::arrow::arrow_writer::{ArrowColumnWriter, ArrowRowGroupWriterFactory, compute_leaves};
use parquet::arrow::{ArrowSchemaConverter, ArrowWriter};
use parquet::basic::{Compression, Type as PhysicalType};
use parquet::errors::ParquetError;
use parquet::file::metadata::{KeyValue, ParquetMetaDataReader, RowGroupMetaData};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::ColumnDescriptor;

use crate::error::WriteError;
use crate::read::plain::list_of;
use crate::table::atomic::PartFile;
use crate::table::part::ROWS_PER_GROUP;
use crate::write::lists::{Chunk, bytes_of};

/// Rows handed to the encoder at a time, so that page borders do not depend on chunks.
const ROWS_PER_WRITE: usize = 1024;
/// Bytes of a row group in memory before it is written out.
const GROUP_BYTES: usize = 64 << 20;

/// Writes one Parquet file.
pub struct ParquetPartWriter {
    writer: SerializedFileWriter<PartFile>,
    factory: ArrowRowGroupWriterFactory,
    schema: SchemaRef,
    /// For each column of the table, its first leaf where it is put into the file as it lies.
    as_it_lies: Vec<Option<usize>>,
    /// The other columns, up to the next whole batch.
    coalescer: BatchCoalescer,
    /// Rows since the last whole batch.
    pending: usize,
    group: Option<Group>,
    path: std::path::PathBuf,
}

/// A row group in the making.
struct Group {
    columns: Vec<Column>,
    rows: usize,
}

/// A column of a row group.
enum Column {
    /// Its leaves, encoded as they come.
    Encoded(Vec<ArrowColumnWriter>),
    /// Lists that may lie in the file as in memory, and who encodes them where they do not.
    Lists(Vec<ArrayRef>, Box<ArrowColumnWriter>),
}

impl Group {
    /// Bytes it will have, about.
    fn bytes(&self) -> usize {
        let of = |column: &Column| match column {
            Column::Encoded(leaves) => {
                leaves.iter().map(ArrowColumnWriter::get_estimated_total_bytes).sum()
            }
            Column::Lists(arrays, _) => arrays.iter().map(bytes_of).sum::<usize>(),
        };
        self.columns.iter().map(of).sum()
    }
}

impl ParquetPartWriter {
    /// A file that will appear at `path`.
    pub fn create(path: &Path, schema: SchemaRef) -> Result<Self, WriteError> {
        Self::new(path, schema, None)
    }

    /// The same with the columns of `input` stored as they are there.
    pub fn like(input: &Path, path: &Path, schema: SchemaRef) -> Result<Self, WriteError> {
        Self::new(path, schema, Some(input))
    }

    fn new(path: &Path, schema: SchemaRef, input: Option<&Path>) -> Result<Self, WriteError> {
        let failed = |error: &dyn std::fmt::Display| {
            WriteError::new(path, format!("cannot be written: {error}"))
        };
        let file = PartFile::create(path)?;
        let properties = crate::table::part::properties().map_err(|e| failed(&e))?;
        let mut properties = as_in(input, &schema, properties);
        // what other tools keep in the footer, such as the features of a data set, travels along
        let told: BTreeMap<_, _> = schema.metadata().iter().collect();
        if !told.is_empty() {
            let pairs =
                told.into_iter().map(|(key, value)| KeyValue::new(key.clone(), value.clone()));
            properties =
                properties.into_builder().set_key_value_metadata(Some(pairs.collect())).build();
        }
        let (writer, factory) =
            ArrowWriter::try_new(file, SchemaRef::clone(&schema), Some(properties))
                .and_then(ArrowWriter::into_serialized_writer)
                .map_err(|e| failed(&e))?;
        let as_it_lies = as_it_lies(&schema, &writer);
        let others: Vec<usize> =
            (0..as_it_lies.len()).filter(|at| as_it_lies[*at].is_none()).collect();
        let others = Arc::new(schema.project(&others).map_err(|e| failed(&e))?);
        let coalescer = BatchCoalescer::new(others, ROWS_PER_WRITE);
        let path = path.to_owned();
        Ok(Self { writer, factory, schema, as_it_lies, coalescer, pending: 0, group: None, path })
    }

    fn failed(&self, error: &dyn std::fmt::Display) -> WriteError {
        WriteError::new(&self.path, format!("cannot be written: {error}"))
    }

    /// Adds rows.
    pub fn write(&mut self, batch: &RecordBatch) -> Result<(), WriteError> {
        let mut from = 0;
        while from < batch.num_rows() {
            // whole batches end at the same rows in all columns
            let now = (ROWS_PER_WRITE - self.pending).min(batch.num_rows() - from);
            self.add(&batch.slice(from, now)).map_err(|e| self.failed(&e))?;
            (self.pending, from) = ((self.pending + now) % ROWS_PER_WRITE, from + now);
            if self.pending == 0 {
                self.drain().map_err(|e| self.failed(&e))?;
            }
        }
        Ok(())
    }

    /// Adds rows that do not reach past the next whole batch.
    fn add(&mut self, rows: &RecordBatch) -> Result<(), ParquetError> {
        if self.group.is_none() {
            self.group = Some(self.begin()?);
        }
        let Some(group) = &mut self.group else { return Ok(()) };
        let mut others = Vec::with_capacity(rows.num_columns());
        for (at, column) in group.columns.iter_mut().enumerate() {
            match column {
                Column::Lists(arrays, _) => arrays.push(Arc::clone(rows.column(at))),
                Column::Encoded(_) => others.push(at),
            }
        }
        Ok(self.coalescer.push_batch(rows.project(&others)?)?)
    }

    fn begin(&self) -> Result<Group, ParquetError> {
        let number = self.writer.flushed_row_groups().len();
        let mut leaves = self.factory.create_column_writers(number)?.into_iter();
        let descriptor = self.writer.schema_descr();
        let mut columns = Vec::with_capacity(self.as_it_lies.len());
        for (root, lies) in self.as_it_lies.iter().enumerate() {
            let count = (0..descriptor.num_columns())
                .filter(|leaf| descriptor.get_column_root_idx(*leaf) == root)
                .count();
            let mut own: Vec<_> = leaves.by_ref().take(count).collect();
            columns.push(match (lies, own.pop()) {
                (Some(_), Some(leaf)) => Column::Lists(Vec::new(), Box::new(leaf)),
                (_, last) => {
                    own.extend(last);
                    Column::Encoded(own)
                }
            });
        }
        Ok(Group { columns, rows: 0 })
    }

    /// Encodes the batches that are whole.
    fn drain(&mut self) -> Result<(), ParquetError> {
        while let Some(batch) = self.coalescer.next_completed_batch() {
            let Some(group) = &mut self.group else { break };
            let mut arrays = batch.columns().iter();
            for (column, field) in group.columns.iter_mut().zip(self.schema.fields()) {
                let Column::Encoded(leaves) = column else { continue };
                let Some(array) = arrays.next() else { break };
                for (leaf, writer) in compute_leaves(field, array)?.iter().zip(leaves) {
                    writer.write(leaf)?;
                }
            }
            group.rows += batch.num_rows();
            if group.bytes() > GROUP_BYTES || group.rows >= ROWS_PER_GROUP {
                self.end_group()?;
            }
        }
        Ok(())
    }

    /// Puts the row group into the file.
    fn end_group(&mut self) -> Result<(), ParquetError> {
        let Some(group) = self.group.take() else { return Ok(()) };
        let descriptor = self.writer.schema_descr();
        let lying: Vec<_> =
            self.as_it_lies.iter().map(|leaf| leaf.map(|leaf| descriptor.column(leaf))).collect();
        let mut row_group = self.writer.next_row_group()?;
        for (at, (column, leaf)) in group.columns.into_iter().zip(lying).enumerate() {
            match (column, leaf) {
                (Column::Lists(arrays, mut encoded), Some(leaf)) => {
                    if let Some(chunk) = Chunk::of(&leaf, &arrays)? {
                        let (bytes, close) = chunk.parts();
                        row_group.append_column(&bytes, close)?;
                        continue;
                    }
                    for array in evenly(arrays)? {
                        for leaf in compute_leaves(self.schema.field(at), &array)? {
                            encoded.write(&leaf)?;
                        }
                    }
                    encoded.close()?.append_to_row_group(&mut row_group)?;
                }
                (Column::Lists(_, leaf), None) => {
                    leaf.close()?.append_to_row_group(&mut row_group)?;
                }
                (Column::Encoded(leaves), _) => {
                    for leaf in leaves {
                        leaf.close()?.append_to_row_group(&mut row_group)?;
                    }
                }
            }
        }
        row_group.close()?;
        Ok(())
    }

    /// Puts the file in place.
    pub fn finish(mut self) -> Result<(), WriteError> {
        self.coalescer.finish_buffered_batch().map_err(|e| self.failed(&e))?;
        self.drain().map_err(|e| self.failed(&e))?;
        self.end_group().map_err(|e| self.failed(&e))?;
        let path = self.path.clone();
        let file = self
            .writer
            .into_inner()
            .map_err(|error| WriteError::new(&path, format!("cannot be written: {error}")))?;
        file.finish()
    }
}

/// For each column of `schema`, its leaf where it may lie in the file as in memory: lists of
/// numbers that are not compressed.
fn as_it_lies(schema: &SchemaRef, writer: &SerializedFileWriter<PartFile>) -> Vec<Option<usize>> {
    let descriptor = writer.schema_descr();
    let leaf = |root: usize| {
        let of_root = |leaf: &usize| descriptor.get_column_root_idx(*leaf) == root;
        (0..descriptor.num_columns()).find(of_root)
    };
    let plain = |leaf: &usize| {
        let path = descriptor.column(*leaf).path().clone();
        writer.properties().compression(&path) == Compression::UNCOMPRESSED
    };
    let fields = schema.fields().iter().enumerate();
    fields.map(|(root, field)| list_of(field.data_type()).and(leaf(root)).filter(plain)).collect()
}

/// Arrays one after the other, cut where batches are whole, so that pages do not depend on chunks.
fn evenly(arrays: Vec<ArrayRef>) -> Result<Vec<ArrayRef>, ParquetError> {
    let (mut even, mut pending, mut rows) = (Vec::new(), Vec::new(), 0);
    for array in arrays {
        rows += array.len();
        pending.push(array);
        if rows == ROWS_PER_WRITE {
            even.push(together(&pending)?);
            pending.clear();
            rows = 0;
        }
    }
    if !pending.is_empty() {
        even.push(together(&pending)?);
    }
    Ok(even)
}

fn together(arrays: &[ArrayRef]) -> Result<ArrayRef, ParquetError> {
    let arrays: Vec<&dyn Array> = arrays.iter().map(AsRef::as_ref).collect();
    Ok(concat(&arrays)?)
}

/// The properties for columns as `input` has them: what it does not compress stays so. Lists of
/// numbers, such as embeddings, get no dictionary and no statistics, which take long and serve nobody.
fn as_in(
    input: Option<&Path>,
    schema: &SchemaRef,
    properties: WriterProperties,
) -> WriterProperties {
    let Ok(output) = ArrowSchemaConverter::new().convert(schema) else { return properties };
    let metadata = input
        .and_then(|input| File::open(input).ok())
        .and_then(|file| ParquetMetaDataReader::new().parse_and_finish(&file).ok());
    let stored: Vec<_> = (metadata.iter().filter_map(|metadata| metadata.row_groups().first()))
        .flat_map(RowGroupMetaData::columns)
        .map(|column| (leaf(column.column_descr()), column.compression()))
        .collect();
    let mut builder = properties.into_builder();
    for (at, column) in output.columns().iter().enumerate() {
        let path = column.path().clone();
        if column.max_rep_level() > 0 && column.physical_type() != PhysicalType::BYTE_ARRAY {
            builder = builder
                .set_column_dictionary_enabled(path.clone(), false)
                .set_column_statistics_enabled(path.clone(), EnabledStatistics::None);
        }
        // leaves of one column in their order, whatever lists call their items
        let nth = |columns: &mut dyn Iterator<Item = String>| {
            columns.filter(|name| *name == leaf(column)).count()
        };
        let number = nth(&mut output.columns()[..at].iter().map(|column| leaf(column)));
        let same = stored.iter().filter(|stored| stored.0 == leaf(column)).nth(number);
        if same.is_some_and(|stored| stored.1 == Compression::UNCOMPRESSED) {
            builder = builder.set_column_compression(path, Compression::UNCOMPRESSED);
        }
    }
    builder.build()
}

/// The column of the table that a leaf belongs to.
fn leaf(column: &ColumnDescriptor) -> String {
    column.path().parts().first().cloned().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use arrow::array::{
        FixedSizeListArray, FixedSizeListBuilder, Float32Array, Float32Builder, Int64Array,
        ListBuilder, StringArray,
    };
    use arrow::datatypes::{DataType, Field};
    use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
    use parquet::schema::types::ColumnPath;

    #[test]
    fn columns_are_stored_as_in_the_input() {
        let folder = tempfile::tempdir().unwrap();
        let mut vectors = ListBuilder::new(Float32Builder::new());
        for row in 0..100_i16 {
            vectors.append_value((0..8).map(|at| Some(f32::from(row * at))));
        }
        let text: StringArray = (0..100).map(|row| Some(format!("text {row}"))).collect();
        let batch = RecordBatch::try_from_iter([
            ("text", Arc::new(text) as _),
            ("vector", Arc::new(vectors.finish()) as _),
            ("number", Arc::new(Int64Array::from_iter_values(0..100)) as _),
        ])
        .unwrap();
        let input = folder.path().join("in.parquet");
        let path = ["vector", "list", "item"].map(str::to_owned).to_vec();
        let as_given = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .set_column_compression(ColumnPath::new(path), Compression::UNCOMPRESSED)
            .build();
        let file = File::create(&input).unwrap();
        let mut writer = ArrowWriter::try_new(file, batch.schema(), Some(as_given)).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
        let output = folder.path().join("out.parquet");
        let mut writer = ParquetPartWriter::like(&input, &output, batch.schema()).unwrap();
        writer.write(&batch).unwrap();
        writer.finish().unwrap();
        let file = File::open(&output).unwrap();
        let metadata = ParquetMetaDataReader::new().parse_and_finish(&file).unwrap();
        let columns = metadata.row_group(0).columns();
        let told: Vec<_> = (columns.iter())
            .map(|column| (column.compression(), column.dictionary_page_offset().is_some()))
            .map(|(codec, dictionary)| (codec == Compression::UNCOMPRESSED, dictionary))
            .collect();
        assert_eq!(told, [(false, true), (true, false), (false, true)]);
        // without an input to go by, everything is compressed
        let writer = ParquetPartWriter::create(&output, batch.schema());
        writer.unwrap().finish().unwrap();
    }

    /// The bytes of a file of `batch`, cut in pieces of `rows`, and what is read of it again.
    fn written(batch: &RecordBatch, rows: usize) -> (Vec<u8>, RecordBatch, usize) {
        let folder = tempfile::tempdir().unwrap();
        let [input, output] = ["in", "out"].map(|name| folder.path().join(name));
        let file = File::create(&input).unwrap();
        let mut writer = ArrowWriter::try_new(file, batch.schema(), None).unwrap();
        writer.write(&batch.slice(0, 1)).unwrap();
        writer.close().unwrap();
        let mut writer = ParquetPartWriter::like(&input, &output, batch.schema()).unwrap();
        for from in (0..batch.num_rows()).step_by(rows) {
            writer.write(&batch.slice(from, rows.min(batch.num_rows() - from))).unwrap();
        }
        writer.finish().unwrap();
        let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(&output).unwrap());
        let reader = reader.unwrap().with_batch_size(batch.num_rows());
        let groups = reader.metadata().num_row_groups();
        let read: Vec<RecordBatch> = reader.build().unwrap().map(Result::unwrap).collect();
        let read = arrow::compute::concat_batches(&batch.schema(), &read).unwrap();
        (std::fs::read(&output).unwrap(), read, groups)
    }

    fn with_lists(lists: ArrayRef) -> RecordBatch {
        let text: StringArray = (0..lists.len()).map(|row| Some(format!("text {row}"))).collect();
        RecordBatch::try_from_iter([("text", Arc::new(text) as _), ("lists", lists)]).unwrap()
    }

    /// How long the list of a row is, whether it is there, and whether its numbers are.
    type Kind = fn(u16) -> (u16, bool, bool);

    #[test]
    fn lists_are_put_down_as_they_lie_however_rows_come() {
        let rows = 2500_u16;
        let numbers = |from: u16, width: u16| (0..width).map(move |at| Some(f32::from(from ^ at)));
        let fixed = {
            let mut lists = FixedSizeListBuilder::new(Float32Builder::new(), 90);
            for row in 0..rows {
                lists.values().append_slice(&numbers(row, 90).flatten().collect::<Vec<_>>());
                lists.append(true);
            }
            Arc::new(lists.finish()) as ArrayRef
        };
        // the same lengths, one that is longer, one that is null, one with a null, short ones
        let kinds: [Kind; 5] = [
            |_| (33, true, true),
            |row| (33 + u16::from(row == 2000), true, true),
            |row| (33, row != 1500, true),
            |row| (33, true, row != 100),
            |_| (3, true, true),
        ];
        let ragged = kinds.map(|kind| {
            let mut lists = ListBuilder::new(Float32Builder::new());
            for row in 0..rows {
                let (width, there, whole) = kind(row);
                let more = (!whole).then_some(None);
                lists.append_option(there.then(|| numbers(row, width).chain(more)));
            }
            Arc::new(lists.finish()) as ArrayRef
        });
        for lists in [fixed].into_iter().chain(ragged) {
            let batch = with_lists(lists);
            let (bytes, read, _) = written(&batch, 4096);
            assert_eq!(read, batch);
            for cut in [1000, 77] {
                assert!(written(&batch, cut).0 == bytes, "pieces of {cut}");
            }
        }
    }

    #[test]
    fn many_lists_come_in_several_row_groups() {
        let width = 4096;
        let values: Float32Array = (0..6000 * width).map(|at| Some((at % 1013) as f32)).collect();
        let item = Arc::new(Field::new_list_field(DataType::Float32, true));
        let lists = FixedSizeListArray::new(item, 4096, Arc::new(values), None);
        let batch = with_lists(Arc::new(lists));
        let (bytes, read, groups) = written(&batch, 1000);
        assert_eq!((read == batch, groups), (true, 2));
        assert!(written(&batch, 6000).0 == bytes);
    }
}
