//! Which lines many documents of one source share, known before rules.

use std::path::PathBuf;

use datafusion::common::Result;

use crate::dedup::{over, parts};
use crate::error::PipelineError;
use crate::exec::boilerplate::{Common, OfLines};
use crate::exec::flow::PLACE;
use crate::exec::scan::Scan;
use crate::exec::works::{NAME, WORK};
use crate::exec::write_part::Content;
use crate::exec::{Operator, TamisExec};
use crate::plans::{self, Plan, pass, project, sorted, write};
use crate::work::Work;

/// The file below the run's folder for what dedup finds.
const FOUND: &str = "boilerplate";

fn of_lines(unit: usize, scan: &Scan) -> Result<Plan> {
    let plan = TamisExec::scan(scan.clone())?;
    let schema = plan.schema();
    let source = plans::source(scan.source_column.as_deref(), &schema)?;
    let mut exprs = vec![(plans::place(unit, &schema)?, PLACE.to_owned())];
    exprs.extend(pass(&["text"], &schema)?);
    exprs.push((source, WORK.to_owned()));
    over(Operator::OfLines(OfLines {}), project(exprs, plan)?)
}

impl Work<'_> {
    /// Where it stands, if somebody asks for it.
    pub(crate) fn boilerplate(&self) -> Option<PathBuf> {
        Some(self.directory.dedup(FOUND)).filter(|path| path.exists())
    }

    /// Finds it: reads the corpus once, before rules.
    pub(crate) async fn find_boilerplate(&self) -> Result<(), PipelineError> {
        if self.own().is_empty() || self.boilerplate().is_some() {
            return Ok(());
        }
        let part = |unit: usize| {
            let unit = self.number(unit);
            self.directory.path(&format!(".state/boilerplate/part-{unit:05}.parquet"))
        };
        self.movement(
            "lines",
            self.own(),
            |unit| part(unit).exists(),
            async |unit, _| {
                Ok(write(of_lines(unit, &self.units[unit])?, &part(unit), Content::Hashes)?)
            },
        )
        .await?;
        let files: Vec<PathBuf> = self.own().map(part).collect();
        let columns = [WORK, NAME, PLACE];
        let all = sorted(parts(&files, &columns)?, &columns)?;
        let found = sorted(over(Operator::Common(Common {}), all)?, &[PLACE, NAME])?;
        let plan = write(found, &self.directory.dedup(FOUND), Content::Values)?;
        self.step(FOUND, &self.context, plan).await?;
        let _ = std::fs::remove_dir_all(self.directory.path(".state/boilerplate"));
        Ok(())
    }
}
