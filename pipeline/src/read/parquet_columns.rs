//! Columns of a Parquet file by their dotted paths, as the types that rules declare.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, BooleanArray, RecordBatch, StructArray};
use arrow::datatypes::{DataType, Schema};

use crate::read::{ForeignType, vectors};

/// Whether a column holds text: strings, also as a dictionary of strings.
pub(super) fn is_text(data_type: &DataType) -> bool {
    match data_type {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => true,
        DataType::Dictionary(_, values) => is_text(values),
        _ => false,
    }
}

/// Whether a column can be taken as the declared type.
pub(super) fn usable(from: &DataType, kind: ForeignType) -> bool {
    match kind {
        ForeignType::Vector => vectors::is_list_of_numbers(from),
        _ => castable(from, &kind.arrow()),
    }
}

/// Whether a column can be taken as the declared type without changing what it says.
fn castable(from: &DataType, to: &DataType) -> bool {
    match to {
        DataType::Utf8 => is_text(from),
        DataType::Int64 => from.is_integer(),
        DataType::Float64 => from.is_numeric(),
        other => from == other,
    }
}

/// The type at the end of a path.
pub(super) fn typed_path(schema: &Schema, path: &str) -> Option<DataType> {
    let mut steps = path.split('.');
    let mut at = schema.field_with_name(steps.next()?).ok()?.data_type();
    for step in steps {
        let DataType::Struct(fields) = at else { return None };
        at = fields.find(step)?.1.data_type();
    }
    Some(at.clone())
}

/// The column at the end of a path.
pub(super) fn follow(batch: &RecordBatch, path: &str) -> Option<ArrayRef> {
    let mut steps = path.split('.');
    let mut at = Arc::clone(batch.column_by_name(steps.next()?)?);
    for step in steps {
        let inner = at.as_any().downcast_ref::<StructArray>()?;
        let column = Arc::clone(inner.column_by_name(step)?);
        // a null struct makes its fields null
        at = match inner.nulls() {
            None => column,
            Some(nulls) => {
                let there = BooleanArray::new(nulls.inner().clone(), None);
                let gone = arrow::compute::not(&there).ok()?;
                arrow::compute::nullif(&column, &gone).ok()?
            }
        };
    }
    Some(at)
}
