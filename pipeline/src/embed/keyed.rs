//! Vectors that lie beside the corpus, in Parquet or safetensors files, by the user's ids.

use std::fs::File;
use std::path::Path;

use arrow::array::{Array, ArrayRef, BinaryArray, RecordBatch, StringArray, UInt64Array};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Schema};
use datafusion::common::{DataFusionError, Result, exec_datafusion_err, exec_err};
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use std::sync::Arc;
use tamis_kernels::hash64;

use crate::embed::function::units;
use crate::read::vectors;
use crate::read::{ID_NAMES, guarded};
use crate::table::batch::schema_of;
use crate::table::batch::typed;
use crate::table::names::VECTOR;
use crate::table::row_id::ROW_ID;

/// Names under which the vector is looked for, best first.
const VECTOR_NAMES: [&str; 5] = ["embedding", "embeddings", "vector", "vectors", "emb"];

/// Whether a file may hold vectors.
pub(crate) fn is_keyed(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str());
    matches!(extension, Some("parquet" | "safetensors"))
}

/// The hash by which an id is looked up.
pub(crate) fn key(id: &str) -> u64 {
    hash64(id.as_bytes())
}

/// The rows of one file: `place` is the hash of the id, as in the files that are walked by place.
pub(crate) enum Reader {
    /// Parquet.
    Parquet(Box<Columns>),
    /// safetensors, read whole: all vectors of the file.
    Whole(Option<RecordBatch>),
}

/// A Parquet file with its two columns.
pub(crate) struct Columns {
    reader: ParquetRecordBatchReader,
    id: String,
    vector: String,
    shown: String,
}

impl Reader {
    /// Opens `path`; `id` is the name of the id column where the user gave one.
    pub(crate) fn open(path: &Path, id: Option<&str>) -> Result<Self> {
        let shown = path.display().to_string();
        let broken = |error: &dyn std::fmt::Display| {
            exec_datafusion_err!("{shown}: the embeddings cannot be read: {error}")
        };
        if path.extension().is_some_and(|extension| extension == "safetensors") {
            let bytes = std::fs::read(path).map_err(|error| broken(&error))?;
            let rows = crate::embed::safetensors::rows(&bytes).map_err(|error| broken(&error))?;
            let keys: UInt64Array = rows.iter().map(|(id, _)| Some(key(id))).collect();
            let vectors: BinaryArray = rows.iter().map(|(_, bytes)| Some(bytes)).collect();
            return Ok(Self::Whole(Some(batch(keys, &vectors)?)));
        }
        let file = File::open(path).map_err(|error| broken(&error))?;
        let builder = guarded(|| ParquetRecordBatchReaderBuilder::try_new(file))
            .map_err(|error| broken(&error))?;
        let schema = Arc::clone(builder.schema());
        let vector = vector_column(&schema)
            .ok_or_else(|| broken(&"no column is a list of numbers; call it embedding"))?;
        let named: Vec<&str> = id.into_iter().chain(ID_NAMES.iter().copied()).collect();
        let id = named.iter().find(|name| schema.index_of(name).is_ok());
        let id = id.ok_or_else(|| broken(&format!("no column is called {}", named.join(", "))))?;
        let mask = parquet::arrow::ProjectionMask::columns(
            builder.parquet_schema(),
            [*id, vector.as_str()],
        );
        let reader = builder.with_projection(mask).with_batch_size(1024).build()?;
        Ok(Self::Parquet(Box::new(Columns { reader, id: (*id).to_owned(), vector, shown })))
    }

    /// The next rows.
    pub(crate) fn next(&mut self) -> Result<Option<RecordBatch>> {
        match self {
            Self::Whole(batch) => Ok(batch.take()),
            Self::Parquet(columns) => columns.next(),
        }
    }
}

impl Columns {
    fn next(&mut self) -> Result<Option<RecordBatch>> {
        let shown = &self.shown;
        let read = guarded(|| self.reader.next().transpose());
        let Some(rows) = read.map_err(|error| exec_datafusion_err!("{shown}: {error}"))? else {
            return Ok(None);
        };
        let column = |name: &str| -> Result<ArrayRef> {
            let column = rows.column_by_name(name).map(Arc::clone);
            column.ok_or_else(|| exec_datafusion_err!("{shown}: lost its column {name}"))
        };
        let ids = cast(&column(&self.id)?, &DataType::Utf8)?;
        let Some(ids) = ids.as_any().downcast_ref::<StringArray>() else {
            return exec_err!("{shown}: the ids are no text");
        };
        let vectors = vectors::of_lists(&column(&self.vector)?)?;
        let there = arrow::compute::is_not_null(ids)?;
        let keys: UInt64Array = ids.iter().map(|id| Some(key(id.unwrap_or_default()))).collect();
        let all =
            RecordBatch::try_from_iter([("key", Arc::new(keys) as ArrayRef), (VECTOR, vectors)])?;
        let all = arrow::compute::filter_record_batch(&all, &there)?;
        batch(typed::<UInt64Array>(&all, "key")?.clone(), typed::<BinaryArray>(&all, VECTOR)?)
            .map(Some)
    }
}

/// The best column of vectors: by its name, else the first list of numbers.
fn vector_column(schema: &Schema) -> Option<String> {
    let fits = |name: &&str| {
        let field = schema.field_with_name(name);
        field.is_ok_and(|field| vectors::is_list_of_numbers(field.data_type()))
    };
    let named = VECTOR_NAMES.iter().copied().find(fits).map(str::to_owned);
    let mut fields = schema.fields().iter();
    named.or_else(|| {
        let list = fields.find(|field| vectors::is_list_of_numbers(field.data_type()));
        list.map(|field| field.name().clone())
    })
}

/// Rows of keys and vectors at unit length, those without one left out.
fn batch(keys: UInt64Array, vectors: &BinaryArray) -> Result<RecordBatch> {
    let vectors = units(vectors);
    let there = arrow::compute::is_not_null(&vectors)?;
    let schema = schema_of(&[(ROW_ID, DataType::UInt64), (VECTOR, DataType::Binary)]);
    let there = |column: ArrayRef| arrow::compute::filter(&column, &there);
    let columns = vec![there(Arc::new(keys))?, there(vectors)?];
    RecordBatch::try_new(schema, columns).map_err(DataFusionError::from)
}
