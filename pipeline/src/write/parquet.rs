//! Parquet: the input's own columns and metadata.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;

use arrow::array::RecordBatch;
use arrow::compute::BatchCoalescer;
use arrow::datatypes::SchemaRef;
use parquet::arrow::{ArrowSchemaConverter, ArrowWriter};
use parquet::basic::{Compression, Type as PhysicalType};
use parquet::file::metadata::{KeyValue, ParquetMetaDataReader, RowGroupMetaData};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnDescriptor;

use super::WriteError;
use super::atomic::PartFile;

/// Rows handed to the encoder at a time, so that page borders do not depend on chunks.
const ROWS_PER_WRITE: usize = 1024;
/// Bytes of a row group in memory before it is written out.
const GROUP_BYTES: usize = 64 << 20;

/// Writes one Parquet file.
pub struct ParquetPartWriter {
    writer: ArrowWriter<PartFile>,
    coalescer: BatchCoalescer,
    path: std::path::PathBuf,
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
        let properties = crate::exec::write_part::properties().map_err(|e| failed(&e))?;
        let mut properties = as_in(input, &schema, properties);
        // what other tools keep in the footer, such as the features of a data set, travels along
        let told: BTreeMap<_, _> = schema.metadata().iter().collect();
        if !told.is_empty() {
            let pairs =
                told.into_iter().map(|(key, value)| KeyValue::new(key.clone(), value.clone()));
            properties =
                properties.into_builder().set_key_value_metadata(Some(pairs.collect())).build();
        }
        let writer = ArrowWriter::try_new(file, SchemaRef::clone(&schema), Some(properties))
            .map_err(|e| failed(&e))?;
        let coalescer = BatchCoalescer::new(schema, ROWS_PER_WRITE);
        Ok(Self { writer, coalescer, path: path.to_owned() })
    }

    fn failed(&self, error: &dyn std::fmt::Display) -> WriteError {
        WriteError::new(&self.path, format!("cannot be written: {error}"))
    }

    fn drain(&mut self) -> Result<(), WriteError> {
        while let Some(batch) = self.coalescer.next_completed_batch() {
            self.writer.write(&batch).map_err(|e| self.failed(&e))?;
            if self.writer.in_progress_size() > GROUP_BYTES {
                self.writer.flush().map_err(|e| self.failed(&e))?;
            }
        }
        Ok(())
    }

    /// Adds rows.
    pub fn write(&mut self, batch: &RecordBatch) -> Result<(), WriteError> {
        self.coalescer.push_batch(batch.clone()).map_err(|e| self.failed(&e))?;
        self.drain()
    }

    /// Puts the file in place.
    pub fn finish(mut self) -> Result<(), WriteError> {
        self.coalescer.finish_buffered_batch().map_err(|e| self.failed(&e))?;
        self.drain()?;
        let path = self.path.clone();
        let file = self
            .writer
            .into_inner()
            .map_err(|error| WriteError::new(&path, format!("cannot be written: {error}")))?;
        file.finish()
    }
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
    use arrow::array::{Float32Builder, Int64Array, ListBuilder, StringArray};
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
}
