//! Adds columns of finished parts to rows that name places: a merge join of a sorted input with
//! files that lie in the order of places, in the memory of one batch.

use crate::table::node::{Inputs, Node, only};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::{Array, ArrayRef, RecordBatch};
use arrow::compute::interleave;
use datafusion::arrow::datatypes::{Schema, SchemaRef};
use datafusion::common::{Result, exec_datafusion_err};
use datafusion::execution::SendableRecordBatchStream;
use serde::{Deserialize, Serialize};

use crate::embed::compare::Comparer;
use crate::table::batch::columns;
use crate::table::batch::lost;
use crate::table::cursor::SortedCursor;
use crate::table::plan::part_schema;
use crate::table::row_id::{ROW_ID, unit_and_position};
use crate::table::stream::per_batch;

/// Batches of the files, and for each key which of them has it in which row.
type Found = (Vec<RecordBatch>, Vec<(usize, usize)>);

/// The batch of a key that no file has.
const NOWHERE: usize = usize::MAX;

/// The parameters of such a join.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Attach {
    /// The files, with a column `place`, sorted by it.
    pub paths: Vec<PathBuf>,
    /// The column of the input with the place to look up; the input is sorted by it.
    pub key: String,
    /// Columns to add: their names in the files and in the output.
    pub columns: Vec<(String, String)>,
    /// Rows of the files held at a time.
    pub batch_rows: usize,
    /// Threads that look things up side by side, where there is a file for each unit.
    #[serde(default)]
    pub threads: usize,
    /// Rows that the files lack get NULL.
    #[serde(default)]
    pub optional: bool,
}

impl Node for Attach {
    const NAME: &'static str = "AttachExec";

    fn detail(&self) -> String {
        self.key.clone()
    }

    fn schema(&self, inputs: &[SchemaRef]) -> Result<SchemaRef> {
        self.output_schema(only(inputs, Self::NAME)?)
    }

    fn rows(&self, inputs: &Inputs<'_>, schema: SchemaRef) -> Result<SendableRecordBatchStream> {
        Ok(self.execute(inputs.stream()?, schema))
    }
}

impl Attach {
    pub(crate) fn output_schema(&self, input: &SchemaRef) -> Result<SchemaRef> {
        input.index_of(&self.key)?;
        let Some(path) = self.paths.first() else {
            return Err(exec_datafusion_err!("there are no parts to look things up in"));
        };
        let found = part_schema(path)?;
        let mut fields: Vec<_> = input.fields().iter().cloned().collect();
        for (name, as_name) in &self.columns {
            let field = found.field_with_name(name)?;
            let nullable = field.is_nullable() || self.optional;
            fields.push(Arc::new(field.clone().with_name(as_name).with_nullable(nullable)));
        }
        Ok(Arc::new(Schema::new(fields)))
    }

    pub(crate) fn execute(
        &self,
        input: SendableRecordBatchStream,
        schema: SchemaRef,
    ) -> SendableRecordBatchStream {
        let attach = self.clone();
        let mut names = vec![ROW_ID];
        names.extend(self.columns.iter().map(|(name, _)| name.as_str()));
        let walk =
            |paths: &[PathBuf]| SortedCursor::new(paths.to_vec(), &names, 0, self.batch_rows);
        let mut walks: Vec<SortedCursor> = if self.threads > 1 {
            self.paths.iter().map(|path| walk(std::slice::from_ref(path))).collect()
        } else {
            vec![walk(&self.paths)]
        };
        per_batch(input, schema, move |batch, out| attach.rows(batch, &mut walks, out))
    }

    /// Looks up `keys` in one walk: the batches, and which row of which each key has.
    fn found(&self, keys: &[u64], walk: &mut SortedCursor) -> Result<Found> {
        let mut found: Vec<RecordBatch> = Vec::new();
        let mut rows = Vec::with_capacity(keys.len());
        for key in keys {
            let Some((here, at)) = walk.seek(*key)? else {
                if self.optional {
                    rows.push((NOWHERE, 0));
                    continue;
                }
                return Err(exec_datafusion_err!(
                    "place {key} is missing from {}; {}",
                    self.paths.first().map(|path| path.display().to_string()).unwrap_or_default(),
                    crate::table::batch::changed()
                ));
            };
            let same = |one: &RecordBatch| {
                let pair = one.columns().first().zip(here.columns().first());
                pair.is_some_and(|(one, other)| Arc::ptr_eq(one, other))
            };
            if !found.last().is_some_and(same) {
                found.push(here.clone());
            }
            rows.push((found.len() - 1, at));
        }
        Ok((found, rows))
    }

    /// The same with a walk for each unit, some at a time; keys of a unit lie together.
    fn found_by_unit(&self, keys: &[u64], walks: &mut [SortedCursor]) -> Result<Found> {
        let of_unit = |key: &u64| unit_and_position(*key).0;
        let mut walks: Vec<Option<&mut SortedCursor>> = walks.iter_mut().map(Some).collect();
        let mut work = Vec::new();
        for keys in keys.chunk_by(|one, other| of_unit(one) == of_unit(other)) {
            let walk = keys.first().and_then(|key| walks.get_mut(of_unit(key))?.take());
            work.push(Mutex::new((keys, walk.ok_or_else(|| lost(keys[0]))?)));
        }
        // only the last unit may have more keys in the next batch
        let last = work.len();
        let parts = Comparer::cpu(self.threads).in_parallel(work.len(), |number| {
            let mut work = work[number].lock().unwrap_or_else(PoisonError::into_inner);
            let (keys, walk) = &mut *work;
            let found = self.found(keys, walk);
            if number + 1 < last {
                walk.close();
            }
            found
        })?;
        let (mut found, mut rows) = (Vec::new(), Vec::with_capacity(keys.len()));
        for (batches, at) in parts {
            rows.extend(at.into_iter().map(|(batch, row)| (found.len() + batch, row)));
            found.extend(batches);
        }
        Ok((found, rows))
    }

    fn rows(
        &self,
        batch: &RecordBatch,
        walks: &mut [SortedCursor],
        out: &SchemaRef,
    ) -> Result<RecordBatch> {
        let [keys] = columns(batch, [self.key.as_str()])?;
        let (found, rows) = match walks {
            [walk] => self.found(keys, walk)?,
            walks => self.found_by_unit(keys, walks)?,
        };
        // the array behind those of the files is the NULL
        let rows: Vec<(usize, usize)> =
            rows.into_iter().map(|(batch, row)| (batch.min(found.len()), row)).collect();
        let mut all: Vec<ArrayRef> = batch.columns().to_vec();
        for (name, _) in &self.columns {
            let mut arrays: Vec<&dyn Array> = Vec::with_capacity(found.len() + 1);
            for batch in &found {
                let column = batch.column_by_name(name);
                arrays.push(column.ok_or_else(|| exec_datafusion_err!("no column {name}"))?);
            }
            let kind = out.field(all.len()).data_type();
            let null = arrow::array::new_null_array(kind, 1);
            if self.optional {
                arrays.push(null.as_ref());
            }
            all.push(if arrays.is_empty() {
                arrow::array::new_empty_array(kind)
            } else {
                interleave(&arrays, &rows)?
            });
        }
        Ok(RecordBatch::try_new(Arc::clone(out), all)?)
    }
}
