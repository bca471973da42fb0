//! Which documents are pages or chunks of one work, so that a reference may be answered by another
//! of them.

use std::path::PathBuf;

use datafusion::arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::physical_expr::expressions::cast;

use crate::dedup::{over, parts};
use crate::error::PipelineError;
use crate::exec::flow::PLACE;
use crate::exec::scan::Scan;
use crate::exec::works::{LACKS, Matched, NAME, Pointing, WORK};
use crate::exec::write_part::Content;
use crate::exec::{Operator, TamisExec};
use crate::plans::{self, Plan, SOURCE, column, pass, project, sorted, write};
use crate::work::Work;

/// Every shard is a work of its own.
const SHARD: &str = "shard";

/// What the pages of one unit have and lack.
fn pages(unit: usize, scan: &Scan, group_by: &str) -> Result<Plan> {
    let plan = TamisExec::scan(scan.clone())?;
    let schema = plan.schema();
    let work = match group_by {
        SOURCE => plans::source(scan.source_column.as_deref(), &schema)?,
        SHARD => column(SHARD, &schema)?,
        name => cast(column(name, &schema)?, &schema, DataType::Utf8)?,
    };
    let mut exprs = vec![(plans::place(unit, &schema)?, PLACE.to_owned())];
    exprs.extend(pass(&["text"], &schema)?);
    exprs.push((work, WORK.to_owned()));
    over(Operator::Pointing(Pointing {}), project(exprs, plan)?)
}

/// The column that names works, where it is the user's own.
pub(crate) fn own_column(group_by: Option<&str>) -> Option<&str> {
    group_by.filter(|name| ![SOURCE, SHARD].contains(name))
}

impl Work<'_> {
    /// Where it stands which references are answered by another page.
    pub(crate) fn elsewhere(&self) -> Option<PathBuf> {
        self.config.content.group_by.as_ref().map(|_| self.directory.dedup("elsewhere"))
    }

    /// Finds them: reads the corpus once, before rules.
    pub(crate) async fn group(&self) -> Result<(), PipelineError> {
        let Some(group_by) = &self.config.content.group_by else { return Ok(()) };
        if self.own().is_empty() || self.directory.dedup("elsewhere").exists() {
            return Ok(());
        }
        let part = |unit: usize| {
            let unit = self.number(unit);
            self.directory.path(&format!(".state/works/part-{unit:05}.parquet"))
        };
        self.movement(
            "works",
            self.own(),
            |unit| part(unit).exists(),
            async |unit, _| {
                let plan = pages(unit, &self.units[unit], group_by)?;
                Ok(write(plan, &part(unit), Content::Hashes)?)
            },
        )
        .await?;
        let files: Vec<PathBuf> = self.own().map(part).collect();
        let all = sorted(parts(&files, &[WORK, NAME, LACKS, PLACE])?, &[WORK, NAME, LACKS, PLACE])?;
        let found = sorted(over(Operator::Matched(Matched {}), all)?, &[PLACE, NAME])?;
        let plan = write(found, &self.directory.dedup("elsewhere"), Content::Values)?;
        self.step("elsewhere", &self.context, plan).await?;
        let _ = std::fs::remove_dir_all(self.directory.path(".state/works"));
        Ok(())
    }
}
