//! The plan that writes.

use crate::table::node::over;
use crate::table::plan::{Plan, column, single};
use crate::write::rewrite::Rewrite;
use datafusion::arrow::compute::SortOptions;
use datafusion::common::{Result, exec_datafusion_err};
use datafusion::logical_expr::ident;
use datafusion::physical_expr::{LexOrdering, PhysicalSortExpr};
use datafusion::physical_plan::sorts::sort::SortExec;
use datafusion::prelude::{DataFrame, ParquetReadOptions, SessionContext};
use std::path::Path;
use std::sync::Arc;
use tamis_rules::BANDS;

/// Pass two over one unit: its annotations in input order.
pub(crate) async fn rewrite(
    context: &SessionContext,
    part: &Path,
    rewrite: Rewrite,
) -> Result<Plan> {
    let frame = context.read_parquet(name(part), by_place()).await?;
    // decisions need no hashes
    let annotated = in_order(frame.drop_columns(&[BANDS])?).await?;
    over(rewrite, annotated)
}

fn name(path: &Path) -> String {
    path.display().to_string()
}

/// Our own files lie in input order: by shard, then by row.
fn by_place() -> ParquetReadOptions<'static> {
    let order = ["shard", "row"].map(|name| ident(name).sort(true, false)).to_vec();
    ParquetReadOptions::default().file_sort_order(vec![order])
}

/// The plan of `frame` as one partition in input order.
async fn in_order(frame: DataFrame) -> Result<Plan> {
    let plan = single(frame.create_physical_plan().await?);
    let schema = plan.schema();
    let by = |name: &str| -> Result<PhysicalSortExpr> {
        Ok(PhysicalSortExpr::new(
            column(name, &schema)?,
            SortOptions { descending: false, nulls_first: false },
        ))
    };
    let order = [by("shard")?, by("row")?];
    if plan.properties().eq_properties.ordering_satisfy(order.clone())? {
        return Ok(plan);
    }
    let order =
        LexOrdering::new(order).ok_or_else(|| exec_datafusion_err!("an order needs a column"))?;
    Ok(Arc::new(SortExec::new(order, plan)))
}
