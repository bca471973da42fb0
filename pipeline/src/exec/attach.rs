//! Adds columns of finished parts to rows that name places: a merge join of a sorted input with
//! files that lie in the order of places, in the memory of one batch.

use std::path::PathBuf;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, RecordBatch};
use arrow::compute::interleave;
use datafusion::arrow::datatypes::{Schema, SchemaRef};
use datafusion::common::{Result, exec_datafusion_err};
use datafusion::execution::SendableRecordBatchStream;
use serde::{Deserialize, Serialize};

use super::flow::{PLACE, Walk, columns, per_batch};
use crate::plans::part_schema;

/// The parameters of such a join.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attach {
    /// The files, with a column `place`, sorted by it.
    pub paths: Vec<PathBuf>,
    /// The column of the input with the place to look up; the input is sorted by it.
    pub key: String,
    /// Columns to add: their names in the files and in the output.
    pub columns: Vec<(String, String)>,
    /// Rows of the files held at a time.
    pub batch_rows: usize,
}

impl Attach {
    pub(super) fn schema(&self, input: &SchemaRef) -> Result<SchemaRef> {
        input.index_of(&self.key)?;
        let Some(path) = self.paths.first() else {
            return Err(exec_datafusion_err!("there are no parts to look things up in"));
        };
        let found = part_schema(path)?;
        let mut fields: Vec<_> = input.fields().iter().cloned().collect();
        for (name, as_name) in &self.columns {
            let field = found.field_with_name(name)?;
            fields.push(Arc::new(field.clone().with_name(as_name)));
        }
        Ok(Arc::new(Schema::new(fields)))
    }

    pub(super) fn execute(
        &self,
        input: SendableRecordBatchStream,
        schema: SchemaRef,
    ) -> SendableRecordBatchStream {
        let attach = self.clone();
        let mut names = vec![PLACE];
        names.extend(self.columns.iter().map(|(name, _)| name.as_str()));
        let mut walk = Walk::new(self.paths.clone(), &names, 0, self.batch_rows);
        per_batch(input, schema, move |batch, out| attach.rows(batch, &mut walk, out))
    }

    fn rows(&self, batch: &RecordBatch, walk: &mut Walk, out: &SchemaRef) -> Result<RecordBatch> {
        let [keys] = columns(batch, [self.key.as_str()])?;
        let mut found: Vec<RecordBatch> = Vec::new();
        let mut rows = Vec::with_capacity(keys.len());
        for key in keys {
            let Some((here, at)) = walk.seek(*key)? else {
                return Err(exec_datafusion_err!(
                    "place {key} is missing from {}; {}",
                    self.paths.first().map(|path| path.display().to_string()).unwrap_or_default(),
                    super::rewrite::changed()
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
        let mut all: Vec<ArrayRef> = batch.columns().to_vec();
        for (name, _) in &self.columns {
            let mut arrays: Vec<&dyn Array> = Vec::with_capacity(found.len());
            for batch in &found {
                let column = batch.column_by_name(name);
                arrays.push(column.ok_or_else(|| exec_datafusion_err!("no column {name}"))?);
            }
            all.push(if arrays.is_empty() {
                arrow::array::new_empty_array(out.field(all.len()).data_type())
            } else {
                interleave(&arrays, &rows)?
            });
        }
        Ok(RecordBatch::try_new(Arc::clone(out), all)?)
    }
}
