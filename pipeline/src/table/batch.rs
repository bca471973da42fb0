//! Batches of typed columns.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, RecordBatch, UInt64Array};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::common::{DataFusionError, Result, exec_datafusion_err};

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

/// A column of a known type.
pub(crate) fn typed<'a, T: Array + 'static>(batch: &'a RecordBatch, name: &str) -> Result<&'a T> {
    batch
        .column_by_name(name)
        .and_then(|column| column.as_any().downcast_ref::<T>())
        .ok_or_else(|| exec_datafusion_err!("column {name} is missing or of another type"))
}

/// What to do when two readings saw different inputs.
pub(crate) fn changed() -> &'static str {
    "an input changed while the run was under way; run again with --force"
}

/// A row that an earlier stage must have written and did not.
pub(crate) fn lost(row_id: u64) -> DataFusionError {
    DataFusionError::Execution(format!("row {row_id} is missing; {}", changed()))
}
