//! Reads the shards of one unit as rows, good and failed, in input order.

use crate::table::node::{Inputs, Node};
use crate::table::row_id::POSITION;
use std::sync::Arc;

use crate::table::node::leaf_node;
use crate::table::plan::{Plan, pass, project};
use crate::table::row_id::ROW_ID;
use arrow::array::{ArrayRef, RecordBatch, StringArray, UInt32Array, UInt64Array, new_null_array};
use arrow::compute::kernels::length::length;
use arrow::compute::{cast, concat, take};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::common::{DataFusionError, Result, exec_datafusion_err};
use datafusion::execution::SendableRecordBatchStream;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use serde::{Deserialize, Serialize};
use tamis_kernels::{document_id, hex128};

use crate::progress;
use crate::read;
use crate::read::{Chunk, Columns, Failure, ForeignField, ReadOptions, Shard, ShardReader};

/// The parameters of a scan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Scan {
    /// The shards, read one after the other.
    pub shards: Vec<Shard>,
    /// The text column and the id column, where the user named them.
    pub columns: Columns,
    /// The columns that rules name, with their types.
    pub foreign: Vec<ForeignField>,
    /// The field that carries a decision; an input that has it already is refused.
    pub reason_field: String,
    /// Bytes of text a batch aims at.
    pub batch_bytes: usize,
    /// Rows a batch holds at most.
    pub batch_rows: usize,
    /// Bytes of a record above which it is a failure.
    pub record_bytes_max: usize,
    /// Records read of each shard at most.
    pub limit: Option<u64>,
    /// The column, one of `foreign`, that names a document's source.
    pub source_column: Option<String>,
}

impl Node for Scan {
    const NAME: &'static str = "ScanExec";
    const INPUTS: usize = 0;

    fn order(&self) -> &[&str] {
        &[POSITION]
    }

    fn detail(&self) -> String {
        format!("{} shards", self.shards.len())
    }

    fn schema(&self, _inputs: &[SchemaRef]) -> Result<SchemaRef> {
        Ok(self.output_schema())
    }

    fn rows(&self, _inputs: &Inputs<'_>, schema: SchemaRef) -> Result<SendableRecordBatchStream> {
        Ok(self.execute(schema))
    }
}

impl Scan {
    /// How the readers are to be opened; `with_raw` for the pass that writes records back.
    pub(crate) fn read_options(&self, with_raw: bool) -> ReadOptions {
        ReadOptions {
            columns: self.columns.clone(),
            // the writing pass needs none, but counts those of a wrong type
            foreign: self.foreign.clone(),
            reason_field: self.reason_field.clone(),
            with_raw,
            batch_bytes: self.batch_bytes,
            batch_rows: self.batch_rows,
            record_bytes_max: self.record_bytes_max,
            limit: self.limit,
        }
    }

    /// `position, shard, row, offset, length, text_bytes, document_id, id, text, failure`, then the
    /// foreign columns under their dotted names.
    pub(crate) fn output_schema(&self) -> SchemaRef {
        let mut fields = vec![
            Field::new(POSITION, DataType::UInt64, false),
            Field::new("shard", DataType::Utf8, false),
            Field::new("row", DataType::UInt64, false),
            Field::new("offset", DataType::UInt64, false),
            Field::new("length", DataType::UInt64, false),
            Field::new("text_bytes", DataType::UInt64, true),
            Field::new("document_id", DataType::Utf8, false),
            Field::new("id", DataType::Utf8, true),
            Field::new("text", DataType::Utf8, true),
            Field::new("failure", DataType::Utf8, true),
        ];
        fields.extend(
            self.foreign.iter().map(|field| Field::new(&field.name, field.kind.arrow(), true)),
        );
        Arc::new(Schema::new(fields))
    }

    pub(super) fn execute(&self, schema: SchemaRef) -> SendableRecordBatchStream {
        let state = State {
            scan: self.clone(),
            schema: Arc::clone(&schema),
            shard: 0,
            reader: None,
            position: 0,
        };
        let rows = futures::stream::try_unfold(state, |mut state| async move {
            Ok(state.next()?.map(|batch| (batch, state)))
        });
        Box::pin(RecordBatchStreamAdapter::new(schema, rows))
    }
}

struct State {
    scan: Scan,
    schema: SchemaRef,
    shard: usize,
    reader: Option<Box<dyn ShardReader>>,
    position: u64,
}

impl State {
    fn next(&mut self) -> Result<Option<RecordBatch>> {
        let external = |error| DataFusionError::External(Box::new(error));
        loop {
            let Some(shard) = self.scan.shards.get(self.shard) else { return Ok(None) };
            if self.reader.is_none() {
                let options = self.scan.read_options(false);
                self.reader = Some(read::open(shard, &options).map_err(external)?);
            }
            let Some(reader) = self.reader.as_mut() else { continue };
            if let Some(chunk) = reader.next_chunk().map_err(external)? {
                let name = shard.name.clone();
                let batch = self.rows(&name, &chunk)?;
                if batch.num_rows() > 0 {
                    return Ok(Some(batch));
                }
            } else {
                self.reader = None;
                self.shard += 1;
            }
        }
    }

    /// One chunk as rows of the scan, failures sorted in among the records.
    fn rows(&mut self, shard: &str, chunk: &Chunk) -> Result<RecordBatch> {
        let good = &chunk.batch;
        let failed = &chunk.failures;
        let count = good.num_rows() + failed.len();
        let number = |name: &str, of: fn(&Failure) -> u64| -> Result<ArrayRef> {
            let column = named(good, name)?;
            if failed.is_empty() {
                return Ok(Arc::clone(column));
            }
            let more = UInt64Array::from_iter_values(failed.iter().map(of));
            Ok(concat(&[column.as_ref(), &more])?)
        };
        let padded = |name: &str| -> Result<ArrayRef> {
            let column = named(good, name)?;
            if failed.is_empty() {
                return Ok(Arc::clone(column));
            }
            let nulls = new_null_array(column.data_type(), failed.len());
            Ok(concat(&[column.as_ref(), nulls.as_ref()])?)
        };
        let mut columns: Vec<ArrayRef> = vec![
            number("row", |failure| failure.row)?,
            number("offset", |failure| failure.offset)?,
            number("length", |failure| failure.length)?,
            padded("id")?,
            padded("text")?,
        ];
        let reasons = std::iter::repeat_n(None, good.num_rows())
            .chain(failed.iter().map(|failure| Some(failure.reason.as_str())));
        columns.push(Arc::new(reasons.collect::<StringArray>()));
        for field in &self.scan.foreign {
            columns.push(padded(&field.name)?);
        }
        if !failed.is_empty() {
            let rows = numbers(&columns[0])?;
            let mut order: Vec<u32> = (0..u32::try_from(count).unwrap_or(u32::MAX)).collect();
            order.sort_by_key(|&at| rows.value(at as usize));
            let order = UInt32Array::from(order);
            for column in &mut columns {
                *column = take(column.as_ref(), &order, None)?;
            }
        }
        let ids: StringArray = numbers(&columns[0])?
            .values()
            .iter()
            .map(|&row| Some(hex128(document_id(shard, row))))
            .collect();
        let positions = self.position..self.position + count as u64;
        self.position = positions.end;
        let mut all: Vec<ArrayRef> = vec![
            Arc::new(UInt64Array::from_iter_values(positions)),
            Arc::new(StringArray::from_iter_values(std::iter::repeat_n(shard, count))),
        ];
        let rest = columns.split_off(3);
        let text_bytes = cast(&length(rest[1].as_ref())?, &DataType::UInt64)?;
        progress::add(count as u64, numbers(&text_bytes)?.iter().flatten().sum());
        all.extend(columns);
        all.push(text_bytes);
        all.push(Arc::new(ids));
        all.extend(rest);
        Ok(RecordBatch::try_new(Arc::clone(&self.schema), all)?)
    }
}

fn named<'a>(batch: &'a RecordBatch, name: &str) -> Result<&'a ArrayRef> {
    batch.column_by_name(name).ok_or_else(|| exec_datafusion_err!("the reader gave no {name}"))
}

fn numbers(column: &ArrayRef) -> Result<&UInt64Array> {
    column
        .as_any()
        .downcast_ref::<UInt64Array>()
        .ok_or_else(|| exec_datafusion_err!("the reader gave rows that are not UInt64"))
}

/// `place, text` of a unit's documents.
pub(crate) fn texts(unit: usize, scan: &Scan) -> Result<Plan> {
    let plan = leaf_node(scan.clone())?;
    let schema = plan.schema();
    let mut exprs = vec![(crate::table::plan::place(unit, &schema)?, ROW_ID.to_owned())];
    exprs.extend(pass(&["text"], &schema)?);
    project(exprs, plan)
}
