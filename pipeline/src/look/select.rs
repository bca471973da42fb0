//! SQL over the annotations of a run, part by part in input order or for single rows.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow::array::{Array, BooleanArray, RecordBatch};
use datafusion::common::DFSchema;
use datafusion::prelude::ParquetReadOptions;
use futures::StreamExt;

use crate::error::PipelineError;
use crate::look::{Run, Slice};

impl Run {
    /// Evaluates the select list `columns` for every document, in input order. `visit` gets the
    /// number of the part and the rows, and says whether to go on.
    pub async fn select(
        &self,
        columns: &str,
        mut visit: impl FnMut(usize, &RecordBatch) -> Result<bool, PipelineError>,
    ) -> Result<(), PipelineError> {
        let sql = format!("SELECT {columns} FROM part");
        for (number, part) in self.parts.iter().enumerate() {
            let path = part.display().to_string();
            let frame = self.context.read_parquet(path, ParquetReadOptions::default()).await?;
            self.context.deregister_table("part")?;
            self.context.register_table("part", frame.into_view())?;
            // one file, one partition: rows come as they lie there, which is input order
            let mut stream = self.context.sql(&sql).await?.execute_stream().await?;
            while let Some(batch) = stream.next().await {
                if !visit(number, &batch?)? {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// Refuses what is no condition over the annotations, in the user's own words.
    pub async fn check_condition(&self, condition: &str) -> Result<(), PipelineError> {
        self.check(condition).await
    }

    /// The annotations of single documents of a slice, by their ascending numbers in it, and for
    /// each whether `condition` holds.
    pub async fn rows(
        &self,
        slice: &Slice,
        numbers: &[u64],
        columns: &[&str],
        condition: Option<&str>,
    ) -> Result<(RecordBatch, Vec<bool>), PipelineError> {
        let mut wanted: BTreeSet<&str> = columns.iter().copied().collect();
        let mut parsed = None;
        let table;
        if let Some(condition) = condition {
            table = self.context.table("annotations").await?;
            let expr = table.parse_sql_expr(condition)?;
            let referred: Vec<String> =
                expr.column_refs().into_iter().map(|column| column.name.clone()).collect();
            parsed = Some((expr, referred));
        }
        if let Some((_, referred)) = &parsed {
            wanted.extend(referred.iter().map(String::as_str));
        }
        let names: Vec<&str> = wanted.into_iter().collect();
        let rows: Vec<u64> = numbers.iter().map(|number| slice.first + number).collect();
        let batch = self.part(slice)?.rows(&rows, Some(&names))?;
        let Some((expr, _)) = parsed else {
            let all = vec![true; batch.num_rows()];
            return Ok((batch, all));
        };
        // a condition over no column still needs rows to be evaluated for
        let schema = DFSchema::try_from_qualified_schema("annotations", &batch.schema())?;
        let physical = self.context.create_physical_expr(expr, &schema)?;
        let value = physical.evaluate(&batch)?.into_array(batch.num_rows())?;
        let holds = value.as_any().downcast_ref::<BooleanArray>().cloned();
        let holds = holds.unwrap_or_else(|| BooleanArray::new_null(batch.num_rows()));
        let chosen =
            (0..batch.num_rows()).map(|at| holds.is_valid(at) && holds.value(at)).collect();
        Ok((batch, chosen))
    }

    /// The columns of the annotations.
    pub fn columns(&self) -> Result<Vec<(String, arrow::datatypes::DataType)>, PipelineError> {
        let Some(last) = self.parts.last() else { return Ok(Vec::new()) };
        let schema = Arc::clone(self.files.open(last)?.schema());
        Ok(schema.fields().iter().map(|f| (f.name().clone(), f.data_type().clone())).collect())
    }
}
