//! Which documents are pages or chunks of one work, so that a reference may be answered by another
//! of them.

use std::path::PathBuf;

use datafusion::arrow::datatypes::{DataType, SchemaRef};
use datafusion::common::Result;
use datafusion::physical_expr::expressions::cast;

use crate::annotate::works_nodes::{Matched, Pointing};
use crate::error::PipelineError;
use crate::read::scan::Scan;
use crate::stage::units::SHARD;
use crate::stage::work::Work;
use crate::table::names::SOURCE;
use crate::table::names::{LACKS, NAME, WORK};
use crate::table::node::{Node, leaf_node, over};
use crate::table::part::Content;
use crate::table::parts::parts;
use crate::table::plan::{Expr, Plan, column, pass, project, sorted, write};
use crate::table::row_id::ROW_ID;

/// What `node` makes of the `place, text, work` of one unit.
pub(crate) fn of_unit(
    unit: usize,
    scan: &Scan,
    work: impl FnOnce(&SchemaRef) -> Result<Expr>,
    node: impl Node,
) -> Result<Plan> {
    let plan = leaf_node(scan.clone())?;
    let schema = plan.schema();
    let mut exprs = vec![(crate::table::plan::place(unit, &schema)?, ROW_ID.to_owned())];
    exprs.extend(pass(&["text"], &schema)?);
    exprs.push((work(&schema)?, WORK.to_owned()));
    over(node, project(exprs, plan)?)
}

/// What the pages of one unit have and lack.
fn pages(unit: usize, scan: &Scan, group_by: &str) -> Result<Plan> {
    let work = |schema: &SchemaRef| match group_by {
        SOURCE => crate::annotate::plan::source(scan.source_column.as_deref(), schema),
        SHARD => column(SHARD, schema),
        name => cast(column(name, schema)?, schema, DataType::Utf8),
    };
    of_unit(unit, scan, work, Pointing {})
}

impl Work<'_> {
    /// Where it stands which references are answered by another page.
    pub(crate) fn elsewhere(&self) -> Option<PathBuf> {
        self.config.content.group_by.as_ref().map(|_| self.directory.dedup("elsewhere"))
    }

    /// Finds them: reads the corpus once, before rules.
    pub(crate) async fn group(&self) -> Result<(), PipelineError> {
        let Some(group_by) = &self.config.content.group_by else { return Ok(()) };
        let pages = |unit: usize| pages(unit, &self.units[unit], group_by);
        let by = [WORK, NAME, LACKS, ROW_ID];
        self.beforehand(("works", "elsewhere"), pages, &by, Matched {}).await
    }

    /// Reads the corpus once, before rules: rows of every unit are sorted by `by`, and what `find`
    /// makes of them, places and names in their order, is put where dedup finds it under the second
    /// name.
    pub(crate) async fn beforehand(
        &self,
        (movement, found): (&str, &str),
        rows: impl Fn(usize) -> Result<Plan>,
        by: &[&str],
        find: impl Node,
    ) -> Result<(), PipelineError> {
        let path = self.directory.dedup(found);
        if self.own().is_empty() || path.exists() {
            return Ok(());
        }
        let folder = format!(".state/{movement}");
        let part = |unit: usize| {
            self.directory.path(&format!("{folder}/part-{:05}.parquet", self.number(unit)))
        };
        self.movement(
            movement,
            self.own(),
            |unit| part(unit).exists(),
            async |unit, _| Ok(write(rows(unit)?, &part(unit), Content::Hashes)?),
        )
        .await?;
        let files: Vec<PathBuf> = self.own().map(part).collect();
        let plan = over(find, sorted(parts(&files, by)?, by)?)?;
        let plan = write(sorted(plan, &[ROW_ID, NAME])?, &path, Content::Values)?;
        self.step(found, &self.context, plan).await?;
        let _ = std::fs::remove_dir_all(self.directory.path(&folder));
        Ok(())
    }
}
