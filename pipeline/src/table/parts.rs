//! Reads finished parts one after the other: rows in input order, whatever their number.

use crate::table::node::{Inputs, Node};
use std::path::PathBuf;

use crate::table::node::leaf_node;
use crate::table::plan::Plan;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::common::{Result, exec_datafusion_err};
use datafusion::execution::SendableRecordBatchStream;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

use crate::table::cursor::SortedCursor;
use crate::table::stream::leaf;

/// Rows of a batch.
const ROWS: usize = 4096;

/// The parameters of such a reader.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Parts {
    /// The files, all of one schema.
    pub paths: Vec<PathBuf>,
    /// The columns to read, in the order of the files.
    pub columns: Vec<String>,
    /// Partitions, which share the files; one reads them in their order.
    pub partitions: usize,
}

impl Node for Parts {
    const NAME: &'static str = "PartsExec";
    const INPUTS: usize = 0;

    fn detail(&self) -> String {
        format!("{} files", self.paths.len())
    }

    fn schema(&self, _inputs: &[SchemaRef]) -> Result<SchemaRef> {
        self.output_schema()
    }

    fn partitions(&self) -> usize {
        self.partitions
    }

    fn rows(&self, inputs: &Inputs<'_>, schema: SchemaRef) -> Result<SendableRecordBatchStream> {
        let own = self.paths.iter().skip(inputs.partition()).step_by(self.partitions);
        let columns: Vec<&str> = self.columns.iter().map(String::as_str).collect();
        let mut cursor = SortedCursor::new(own.cloned().collect(), &columns, 0, ROWS);
        Ok(leaf(schema, move || cursor.next()))
    }
}

impl Parts {
    pub(crate) fn output_schema(&self) -> Result<SchemaRef> {
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
}

pub(crate) fn parts(paths: &[PathBuf], columns: &[&str]) -> Result<Plan> {
    let columns = columns.iter().map(|name| (*name).to_owned()).collect();
    leaf_node(Parts { paths: paths.to_vec(), columns, partitions: 1 })
}

/// The same files, read side by side: any row is in the partition of its file.
pub(crate) fn partitioned_parts(
    paths: &[PathBuf],
    columns: &[&str],
    partitions: usize,
) -> Result<Plan> {
    let columns = columns.iter().map(|name| (*name).to_owned()).collect();
    let partitions = partitions.min(paths.len()).max(1);
    leaf_node(Parts { paths: paths.to_vec(), columns, partitions })
}
