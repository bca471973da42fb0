//! Builds the batch of a chunk row by row.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BinaryBuilder, BooleanBuilder, Float64Builder, Int64Builder, RecordBatch,
    StringBuilder, UInt64Builder,
};
use arrow::datatypes::{DataType, Field, Schema};

use crate::error::ReadError;
use crate::read::foreign::Cell;
use crate::read::{ForeignField, ForeignType};

enum Column {
    String(StringBuilder),
    Int(Int64Builder),
    Double(Float64Builder),
    Bool(BooleanBuilder),
    Vector(BinaryBuilder, Vec<u8>),
}

/// A batch in the making.
pub(super) struct BatchBuilder {
    rows: UInt64Builder,
    offsets: UInt64Builder,
    lengths: UInt64Builder,
    texts: StringBuilder,
    ids: StringBuilder,
    raws: Option<BinaryBuilder>,
    foreign: Vec<(String, Column)>,
    count: usize,
    bytes: usize,
}

/// Where a record stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct At {
    pub(super) row: u64,
    pub(super) offset: u64,
    pub(super) length: u64,
}

impl BatchBuilder {
    pub(super) fn new(foreign: &[ForeignField], with_raw: bool) -> Self {
        let column = |kind| match kind {
            ForeignType::String => Column::String(StringBuilder::new()),
            ForeignType::Int => Column::Int(Int64Builder::new()),
            ForeignType::Double => Column::Double(Float64Builder::new()),
            ForeignType::Bool => Column::Bool(BooleanBuilder::new()),
            ForeignType::Vector => Column::Vector(BinaryBuilder::new(), Vec::new()),
        };
        Self {
            rows: UInt64Builder::new(),
            offsets: UInt64Builder::new(),
            lengths: UInt64Builder::new(),
            texts: StringBuilder::new(),
            ids: StringBuilder::new(),
            raws: with_raw.then(BinaryBuilder::new),
            foreign: foreign.iter().map(|f| (f.name.clone(), column(f.kind))).collect(),
            count: 0,
            bytes: 0,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.count
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(super) fn push(
        &mut self,
        at: At,
        text: &str,
        id: Option<&str>,
        raw: &[u8],
        foreign: &[Cell<'_>],
    ) {
        self.rows.append_value(at.row);
        self.offsets.append_value(at.offset);
        self.lengths.append_value(at.length);
        self.texts.append_value(text);
        self.ids.append_option(id);
        self.bytes += text.len();
        if let Some(raws) = &mut self.raws {
            raws.append_value(raw);
            self.bytes += raw.len();
        }
        for (number, (_, column)) in self.foreign.iter_mut().enumerate() {
            match (column, foreign.get(number)) {
                (Column::String(column), Some(Cell::String(value))) => column.append_value(value),
                (Column::Int(column), Some(Cell::Int(value))) => column.append_value(*value),
                (Column::Double(column), Some(Cell::Double(value))) => column.append_value(*value),
                (Column::Bool(column), Some(Cell::Bool(value))) => column.append_value(*value),
                (Column::Vector(column, bytes), Some(Cell::Vector(vector))) => {
                    bytes.clear();
                    bytes.extend(vector.iter().flat_map(|number| number.to_le_bytes()));
                    self.bytes += bytes.len();
                    column.append_value(bytes);
                }
                (Column::String(column), _) => column.append_null(),
                (Column::Int(column), _) => column.append_null(),
                (Column::Double(column), _) => column.append_null(),
                (Column::Bool(column), _) => column.append_null(),
                (Column::Vector(column, _), _) => column.append_null(),
            }
        }
        self.count += 1;
    }

    pub(super) fn finish(&mut self) -> Result<RecordBatch, ReadError> {
        let mut fields = vec![
            Field::new("row", DataType::UInt64, false),
            Field::new("offset", DataType::UInt64, false),
            Field::new("length", DataType::UInt64, false),
            Field::new("text", DataType::Utf8, false),
            Field::new("id", DataType::Utf8, true),
        ];
        let mut columns: Vec<ArrayRef> = vec![
            Arc::new(self.rows.finish()),
            Arc::new(self.offsets.finish()),
            Arc::new(self.lengths.finish()),
            Arc::new(self.texts.finish()),
            Arc::new(self.ids.finish()),
        ];
        if let Some(raws) = &mut self.raws {
            fields.push(Field::new("raw", DataType::Binary, false));
            columns.push(Arc::new(raws.finish()));
        }
        for (name, column) in &mut self.foreign {
            let array: ArrayRef = match column {
                Column::String(column) => Arc::new(column.finish()),
                Column::Int(column) => Arc::new(column.finish()),
                Column::Double(column) => Arc::new(column.finish()),
                Column::Bool(column) => Arc::new(column.finish()),
                Column::Vector(column, _) => Arc::new(column.finish()),
            };
            fields.push(Field::new(name.as_str(), array.data_type().clone(), true));
            columns.push(array);
        }
        self.count = 0;
        self.bytes = 0;
        Ok(RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)?)
    }
}
