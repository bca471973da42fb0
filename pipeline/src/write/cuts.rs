//! The spans that were cut out of each document, as one row.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, ListArray, RecordBatch, StringArray, StructArray, UInt64Array,
};
use arrow::buffer::OffsetBuffer;
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Fields, Schema, SchemaRef};
use datafusion::common::Result;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use futures::StreamExt;
use serde::{Deserialize, Serialize};

use crate::table::batch::{columns, typed};
use crate::table::names::{CUTS, KIND};
use crate::table::node::{Inputs, Node};
use crate::table::row_id::ROW_ID;

/// Turns `row_id, start, end, kind`, by row id, into `row_id, cuts`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CutsOfDocuments {}

fn cut_fields() -> Fields {
    Fields::from(vec![
        Field::new(KIND, DataType::Utf8, false),
        Field::new("start", DataType::UInt64, false),
        Field::new("end", DataType::UInt64, false),
    ])
}

fn cut() -> FieldRef {
    Arc::new(Field::new("item", DataType::Struct(cut_fields()), false))
}

/// What a copy is a copy of, its first byte and the byte behind its last, in a list.
pub(crate) fn cuts_type() -> DataType {
    DataType::List(cut())
}

impl Node for CutsOfDocuments {
    const NAME: &'static str = "CutsOfDocumentsExec";
    const INPUT_ORDER: &'static [&'static str] = &[ROW_ID];

    fn schema(&self, _inputs: &[SchemaRef]) -> Result<SchemaRef> {
        Ok(Arc::new(Schema::new(vec![
            Field::new(ROW_ID, DataType::UInt64, false),
            Field::new(CUTS, cuts_type(), true),
        ])))
    }

    fn rows(&self, inputs: &Inputs<'_>, schema: SchemaRef) -> Result<SendableRecordBatchStream> {
        let out = Arc::clone(&schema);
        let mut grouped = Grouped::default();
        // the last document is whole when there are no more spans
        let ended = inputs.stream()?.map(Some).chain(futures::stream::once(async { None }));
        let rows = ended.map(move |batch| {
            match batch {
                None => grouped.close(),
                Some(batch) => grouped.take(&batch?)?,
            }
            grouped.batch(&out)
        });
        Ok(Box::pin(RecordBatchStreamAdapter::new(schema, rows)))
    }
}

/// Spans of documents; those of the last one may go on in the next batch.
#[derive(Default)]
struct Grouped {
    row_ids: Vec<u64>,
    lengths: Vec<usize>,
    open: Option<(u64, usize)>,
    kinds: Vec<String>,
    starts: Vec<u64>,
    ends: Vec<u64>,
}

impl Grouped {
    fn take(&mut self, batch: &RecordBatch) -> Result<()> {
        let [row_ids, starts, ends] = columns(batch, [ROW_ID, "start", "end"])?;
        let kinds = typed::<StringArray>(batch, KIND)?;
        for (row, &row_id) in row_ids.iter().enumerate() {
            match &mut self.open {
                Some((open, spans)) if *open == row_id => *spans += 1,
                _ => {
                    self.close();
                    self.open = Some((row_id, 1));
                }
            }
            self.kinds.push(kinds.value(row).to_owned());
            self.starts.push(starts[row]);
            self.ends.push(ends[row]);
        }
        Ok(())
    }

    fn close(&mut self) {
        if let Some((row_id, spans)) = self.open.take() {
            self.row_ids.push(row_id);
            self.lengths.push(spans);
        }
    }

    /// The documents that are whole.
    fn batch(&mut self, schema: &SchemaRef) -> Result<RecordBatch> {
        let lengths = std::mem::take(&mut self.lengths);
        let whole: usize = lengths.iter().sum();
        let kinds: StringArray = self.kinds.drain(..whole).map(Some).collect();
        let numbers = |column: &mut Vec<u64>| -> ArrayRef {
            Arc::new(UInt64Array::from_iter_values(column.drain(..whole)))
        };
        let spans =
            vec![Arc::new(kinds) as ArrayRef, numbers(&mut self.starts), numbers(&mut self.ends)];
        let spans = StructArray::try_new(cut_fields(), spans, None)?;
        let offsets = OffsetBuffer::from_lengths(lengths);
        let lists = ListArray::try_new(cut(), offsets, Arc::new(spans), None)?;
        let row_ids = UInt64Array::from(std::mem::take(&mut self.row_ids));
        debug_assert_eq!(row_ids.len(), lists.len(), "a list for each document");
        Ok(RecordBatch::try_new(Arc::clone(schema), vec![Arc::new(row_ids), Arc::new(lists)])?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spans(rows: &[(u64, u64, u64)]) -> RecordBatch {
        let numbers = |of: fn(&(u64, u64, u64)) -> u64| -> ArrayRef {
            Arc::new(UInt64Array::from_iter_values(rows.iter().map(of)))
        };
        let kinds: StringArray = rows.iter().map(|_| Some("lines")).collect();
        RecordBatch::try_from_iter([
            (ROW_ID, numbers(|row| row.0)),
            ("start", numbers(|row| row.1)),
            ("end", numbers(|row| row.2)),
            (KIND, Arc::new(kinds) as ArrayRef),
        ])
        .unwrap()
    }

    #[test]
    fn a_document_is_whole_when_the_next_one_comes() {
        let schema = CutsOfDocuments {}.schema(&[]).unwrap();
        let mut grouped = Grouped::default();
        grouped.take(&spans(&[(1, 0, 4), (1, 9, 12), (3, 0, 2)])).unwrap();
        let first = grouped.batch(&schema).unwrap();
        grouped.take(&spans(&[(3, 5, 6)])).unwrap();
        grouped.close();
        let second = grouped.batch(&schema).unwrap();
        let told = |batch: &RecordBatch| {
            let lists = typed::<ListArray>(batch, CUTS).unwrap();
            let lengths: Vec<usize> = (0..lists.len()).map(|row| lists.value(row).len()).collect();
            (columns(batch, [ROW_ID]).unwrap()[0].to_vec(), lengths)
        };
        assert_eq!(told(&first), (vec![1], vec![2]));
        assert_eq!(told(&second), (vec![3], vec![2]));
    }
}
