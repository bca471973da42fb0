//! Which lines many documents of one source share, known before rules.

use std::path::PathBuf;

use datafusion::arrow::datatypes::SchemaRef;

use crate::error::PipelineError;
use crate::exec::Operator;
use crate::exec::boilerplate::{Common, OfLines};
use crate::exec::flow::PLACE;
use crate::exec::works::{NAME, WORK};
use crate::plans;
use crate::work::Work;
use crate::works::of_unit;

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
            let source = |schema: &SchemaRef| plans::source(scan.source_column.as_deref(), schema);
            of_unit(unit, scan, source, Operator::OfLines(OfLines {}))
        };
        let find = Operator::Common(Common {});
        self.beforehand(("lines", FOUND), rows, &[WORK, NAME, PLACE], find).await
    }
}
