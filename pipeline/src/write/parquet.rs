//! Parquet: the input's own columns and metadata.

use std::collections::BTreeMap;
use std::path::Path;

use arrow::array::RecordBatch;
use arrow::compute::BatchCoalescer;
use arrow::datatypes::SchemaRef;
use parquet::arrow::ArrowWriter;
use parquet::file::metadata::KeyValue;

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
        let failed = |error: &dyn std::fmt::Display| {
            WriteError::new(path, format!("cannot be written: {error}"))
        };
        let file = PartFile::create(path)?;
        let mut properties = crate::exec::write_part::properties().map_err(|e| failed(&e))?;
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
