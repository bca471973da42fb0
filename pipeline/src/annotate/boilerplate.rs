//! Which lines many documents of one source share, known before rules.

use std::path::PathBuf;

use datafusion::arrow::datatypes::SchemaRef;

use crate::annotate::boilerplate_nodes::{Common, OfLines};
use crate::annotate::works::of_unit;
use crate::error::PipelineError;
use crate::stage::work::Work;
use crate::table::names::{NAME, WORK};
use crate::table::row_id::ROW_ID;

/// The name of the file.
const FOUND: &str = "boilerplate";

impl Work<'_> {
    /// Where it stands, if somebody asks for it.
    pub(crate) fn boilerplate(&self) -> Option<PathBuf> {
        Some(self.directory.dedup(FOUND)).filter(|path| path.exists())
    }

    /// Finds it: reads the corpus once, before rules.
    pub(crate) async fn find_boilerplate(&self) -> Result<(), PipelineError> {
        let rows = |unit: usize| {
            let scan = &self.units[unit];
            let source = |schema: &SchemaRef| {
                crate::annotate::plan::source(scan.source_column.as_deref(), schema)
            };
            of_unit(unit, scan, source, OfLines {})
        };
        let find = Common {};
        self.beforehand(("lines", FOUND), rows, &[WORK, NAME, ROW_ID], find).await
    }
}
