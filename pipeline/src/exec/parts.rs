//! Reads finished parts one after the other: rows in input order, whatever their number.

use std::path::PathBuf;

use datafusion::arrow::datatypes::SchemaRef;
use datafusion::common::{Result, exec_datafusion_err};
use datafusion::execution::SendableRecordBatchStream;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

use super::flow::{Walk, leaf};

/// Rows of a batch.
const ROWS: usize = 4096;

/// The parameters of such a reader.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parts {
    /// The files, all of one schema.
    pub paths: Vec<PathBuf>,
    /// The columns to read, in the order of the files.
    pub columns: Vec<String>,
}

impl Parts {
    pub(super) fn schema(&self) -> Result<SchemaRef> {
        let Some(path) = self.paths.first() else {
            return Err(exec_datafusion_err!("there are no parts to read"));
        };
        let file = std::fs::File::open(path)
            .map_err(|error| exec_datafusion_err!("{}: {error}", path.display()))?;
        let whole = Arc::clone(ParquetRecordBatchReaderBuilder::try_new(file)?.schema());
        let wanted = |name: &String| self.columns.contains(name);
        let fields = whole.fields().iter().enumerate();
        let kept: Vec<usize> =
            fields.filter(|(_, field)| wanted(field.name())).map(|(at, _)| at).collect();
        Ok(Arc::new(whole.project(&kept)?))
    }

    pub(super) fn execute(&self, schema: SchemaRef) -> SendableRecordBatchStream {
        let columns: Vec<&str> = self.columns.iter().map(String::as_str).collect();
        let mut walk = Walk::new(self.paths.clone(), &columns, 0, ROWS);
        leaf(schema, move || walk.next())
    }
}
