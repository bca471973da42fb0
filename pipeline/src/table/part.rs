//! The sink of annotations, decisions and clusters: one Parquet file, whole or not at all.

use crate::table::node::{Distribution, Inputs, Node};
use std::path::PathBuf;
use std::sync::Arc;

use crate::error::PipelineError;
use arrow::array::{ArrayRef, BooleanArray, RecordBatch, StringArray, UInt64Array};
use arrow::compute::{BatchCoalescer, filter_record_batch};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::common::{DataFusionError, Result, internal_err};
use datafusion::execution::SendableRecordBatchStream;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use futures::StreamExt;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::schema::types::ColumnPath;
use serde::{Deserialize, Serialize};

use crate::table::atomic::PartFile;
use crate::table::names::{CONTENT_HASH, VECTOR};
use tamis_rules::BANDS;

/// Rows handed to the Parquet writer at a time: fixed, so that page borders do not depend on
/// how the engine happened to cut its batches.
const ROWS_PER_WRITE: usize = 4096;
/// Rows in a row group.
pub(crate) const ROWS_PER_GROUP: usize = 65_536;

/// Writes its input to `path`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct WritePart {
    /// The final name of the file; where `parts`, of a folder with a file for each partition.
    pub path: PathBuf,
    /// What it holds.
    pub content: Content,
    /// Columns that hold no NULL, which the file says.
    #[serde(default)]
    pub required: Vec<String>,
    /// Whether partitions write files of their own.
    #[serde(default)]
    pub parts: bool,
}

/// What a part holds, which says how it is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Content {
    /// Values for people and later steps: compressed.
    Values,
    /// Annotations: values, and hashes, which neither compress nor repeat.
    Annotations,
    /// Sets of hashes, which nothing compresses: in small row groups, as they are.
    Shingles,
    /// Embeddings, stored like sets of hashes, but without bounds of what they are; rows that have
    /// none are left out.
    Vectors,
    /// Rows of hashes and places for a later step.
    Hashes,
}

impl Content {
    fn rows_per_write(self) -> usize {
        match self {
            Self::Values | Self::Annotations | Self::Hashes => ROWS_PER_WRITE,
            Self::Shingles | Self::Vectors => 256,
        }
    }

    fn properties(self) -> Result<WriterProperties> {
        match self {
            Self::Values => properties(),
            Self::Annotations => {
                let mut stored = properties()?.into_builder();
                for name in ["document_id", BANDS, CONTENT_HASH] {
                    stored = stored.set_column_dictionary_enabled(ColumnPath::from(name), false);
                }
                for name in [BANDS, CONTENT_HASH] {
                    let column = ColumnPath::from(name);
                    stored = stored
                        .set_column_compression(column.clone(), Compression::UNCOMPRESSED)
                        .set_column_statistics_enabled(column, EnabledStatistics::None);
                }
                Ok(stored.build())
            }
            Self::Hashes => Ok(WriterProperties::builder()
                .set_compression(Compression::ZSTD(ZstdLevel::try_new(1)?))
                .set_dictionary_enabled(false)
                .set_max_row_group_row_count(Some(ROWS_PER_GROUP))
                .build()),
            Self::Shingles | Self::Vectors => {
                let stored = WriterProperties::builder()
                    .set_compression(Compression::UNCOMPRESSED)
                    .set_dictionary_enabled(false)
                    .set_max_row_group_row_count(Some(2048));
                let vector = ColumnPath::from(VECTOR);
                Ok(if self == Self::Vectors {
                    stored.set_column_statistics_enabled(vector, EnabledStatistics::None).build()
                } else {
                    stored.build()
                })
            }
        }
    }
}

/// One row when the file is in place: `path`, `rows`.
pub(crate) fn schema() -> SchemaRef {
    Arc::new(Schema::new(vec![
        Field::new("path", DataType::Utf8, false),
        Field::new("rows", DataType::UInt64, false),
    ]))
}

/// Writer properties that depend on nothing but this version of tamis.
pub(crate) fn properties() -> Result<WriterProperties> {
    Ok(WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(3)?))
        .set_max_row_group_row_count(Some(ROWS_PER_GROUP))
        .set_created_by(concat!("tamis ", env!("CARGO_PKG_VERSION")).to_owned())
        .build())
}

/// The file of one partition in the folder of a table.
pub(crate) fn part_path(folder: &std::path::Path, partition: usize) -> PathBuf {
    folder.join(format!("part-{partition:05}.parquet"))
}

impl Node for WritePart {
    const NAME: &'static str = "WritePartExec";
    const DISTRIBUTION: Distribution = Distribution::Any;

    fn detail(&self) -> String {
        self.path.display().to_string()
    }

    fn schema(&self, _inputs: &[SchemaRef]) -> Result<SchemaRef> {
        Ok(schema())
    }

    fn rows(&self, inputs: &Inputs<'_>, schema: SchemaRef) -> Result<SendableRecordBatchStream> {
        let mut part = self.clone();
        if self.parts {
            part.path = part_path(&self.path, inputs.partition());
        } else if inputs.partition() > 0 {
            return internal_err!("{} writes one file, of one partition", Self::NAME);
        }
        Ok(part.execute(inputs.stream()?, schema))
    }
}

impl WritePart {
    pub(crate) fn execute(
        &self,
        input: SendableRecordBatchStream,
        schema: SchemaRef,
    ) -> SendableRecordBatchStream {
        let part = self.clone();
        let out = Arc::clone(&schema);
        let work = async move {
            let rows = part.write(input).await?;
            let columns: Vec<ArrayRef> = vec![
                Arc::new(StringArray::from(vec![part.path.display().to_string()])),
                Arc::new(UInt64Array::from(vec![rows])),
            ];
            Ok(RecordBatch::try_new(out, columns)?)
        };
        Box::pin(RecordBatchStreamAdapter::new(schema, futures::stream::once(work)))
    }

    /// Writes one batch.
    pub(crate) async fn write_batch(&self, batch: RecordBatch) -> Result<u64> {
        let schema = batch.schema();
        let one = futures::stream::once(std::future::ready(Ok(batch)));
        self.write(Box::pin(RecordBatchStreamAdapter::new(schema, one))).await
    }

    /// The schema of the file.
    fn stored(&self, schema: &SchemaRef) -> SchemaRef {
        let fields = schema.fields().iter().map(|field| {
            let nullable = field.is_nullable() && !self.required.contains(field.name());
            Arc::new(field.as_ref().clone().with_nullable(nullable))
        });
        Arc::new(Schema::new_with_metadata(fields.collect::<Vec<_>>(), schema.metadata().clone()))
    }

    async fn write(&self, mut input: SendableRecordBatchStream) -> Result<u64> {
        let external = |error| DataFusionError::External(Box::new(error));
        let mut file = PartFile::create(&self.path).map_err(external)?;
        let schema = self.stored(&input.schema());
        let stored = Arc::clone(&schema);
        let mut writer =
            ArrowWriter::try_new(&mut file, Arc::clone(&schema), Some(self.content.properties()?))?;
        let mut coalescer = BatchCoalescer::new(schema, self.content.rows_per_write());
        let mut rows = 0;
        while let Some(batch) = input.next().await {
            let mut batch = batch?;
            if !self.required.is_empty() {
                // a NULL in a required column is an error here
                batch = RecordBatch::try_new(Arc::clone(&stored), batch.columns().to_vec())?;
            }
            if self.content == Content::Vectors
                && let Some(nulls) = batch.column_by_name(VECTOR).and_then(|column| column.nulls())
            {
                let there = BooleanArray::new(nulls.inner().clone(), None);
                batch = filter_record_batch(&batch, &there)?;
            }
            rows += batch.num_rows() as u64;
            coalescer.push_batch(batch)?;
            while let Some(full) = coalescer.next_completed_batch() {
                writer.write(&full)?;
            }
        }
        coalescer.finish_buffered_batch()?;
        while let Some(last) = coalescer.next_completed_batch() {
            writer.write(&last)?;
        }
        writer.close()?;
        file.finish().map_err(external)?;
        Ok(rows)
    }
}

/// Rows of a finished part.
pub(crate) fn rows(path: &PathBuf) -> Result<u64, PipelineError> {
    let broken = |error: &dyn std::fmt::Display| {
        PipelineError::Unbalanced(format!("{}: cannot be counted again: {error}", path.display()))
    };
    let file = std::fs::File::open(path).map_err(|error| broken(&error))?;
    let reader = SerializedFileReader::new(file).map_err(|error| broken(&error))?;
    Ok(u64::try_from(reader.metadata().file_metadata().num_rows()).unwrap_or(0))
}
