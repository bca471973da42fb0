//! Pieces of plans: the engine's operators as every stage uses them.

use datafusion::physical_plan::aggregates::{AggregateExec, AggregateMode, PhysicalGroupBy};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use datafusion::arrow::compute::SortOptions;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::common::{Result, exec_datafusion_err};
use datafusion::config::ConfigOptions;
use datafusion::logical_expr::Operator as Op;
use datafusion::physical_expr::expressions::{self, binary, lit};
use datafusion::physical_expr::{
    LexOrdering, Partitioning, PhysicalExpr, PhysicalSortExpr, ScalarFunctionExpr,
};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::coalesce_partitions::CoalescePartitionsExec;
use datafusion::physical_plan::projection::ProjectionExec;
use datafusion::physical_plan::repartition::RepartitionExec;
use datafusion::physical_plan::sorts::sort::SortExec;
use datafusion::physical_plan::sorts::sort_preserving_merge::SortPreservingMergeExec;
use datafusion::prelude::{ParquetReadOptions, SessionContext};
use datafusion::scalar::ScalarValue;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::table::node::over;
use crate::table::part::{Content, WritePart};
use crate::table::row_id::POSITION;
use crate::table::row_id::first_row_id;

pub(crate) type Expr = Arc<dyn PhysicalExpr>;
pub(crate) type Named = (Expr, String);
pub(crate) type Plan = Arc<dyn ExecutionPlan>;

pub(crate) fn column(name: &str, schema: &SchemaRef) -> Result<Expr> {
    expressions::col(name, schema)
}

pub(crate) fn pass(names: &[&str], schema: &SchemaRef) -> Result<Vec<Named>> {
    names.iter().map(|name| Ok((column(name, schema)?, (*name).to_owned()))).collect()
}

pub(crate) fn project(exprs: Vec<Named>, input: Plan) -> Result<Plan> {
    Ok(Arc::new(ProjectionExec::try_new(exprs, input)?))
}

pub(crate) fn call(
    function: Arc<datafusion::logical_expr::ScalarUDF>,
    args: Vec<Expr>,
    schema: &SchemaRef,
) -> Result<Expr> {
    let options = Arc::new(ConfigOptions::default());
    Ok(Arc::new(ScalarFunctionExpr::try_new(function, args, schema, options)?))
}

pub(crate) fn text(value: &str) -> Expr {
    lit(ScalarValue::Utf8(Some(value.to_owned())))
}

/// Gathers partitions back into input order and writes one part.
pub(crate) fn gather(plan: Plan, path: &Path, content: Content) -> Result<Plan> {
    let schema = plan.schema();
    let mut plan = plan;
    if plan.properties().partitioning.partition_count() > 1 {
        let order = LexOrdering::new([PhysicalSortExpr::new_default(column(POSITION, &schema)?)])
            .ok_or_else(|| exec_datafusion_err!("an order needs a column"))?;
        plan = Arc::new(SortPreservingMergeExec::new(order, plan));
    }
    let names: Vec<&str> = schema
        .fields()
        .iter()
        .map(|field| field.name().as_str())
        .filter(|name| *name != POSITION)
        .collect();
    let kept = pass(&names, &schema)?;
    write(project(kept, plan)?, path, content)
}

/// Writes `plan` to `path`.
pub(crate) fn write(plan: Plan, path: &Path, content: Content) -> Result<Plan> {
    over(WritePart { path: path.to_owned(), content, required: Vec::new(), parts: false }, plan)
}

/// `plan`, each partition sorted by columns, ascending.
pub(crate) fn sorted(plan: Plan, by: &[&str]) -> Result<Plan> {
    let order = ascending(by, &plan.schema())?;
    Ok(Arc::new(SortExec::new(order, plan).with_preserve_partitioning(true)))
}

/// The place of each document of a scan, as a column.
pub(crate) fn place(unit: usize, schema: &SchemaRef) -> Result<Expr> {
    let first = lit(ScalarValue::UInt64(Some(first_row_id(unit))));
    binary(column(POSITION, schema)?, Op::Plus, first, schema)
}

/// Registers Parquet files of ours as one table with the columns of the last one: the parts of a
/// reference set come first and lack the annotations of rules.
pub(crate) async fn register(
    context: &SessionContext,
    table: &str,
    paths: &[PathBuf],
) -> Result<()> {
    let last =
        paths.last().ok_or_else(|| exec_datafusion_err!("there are no parts for {table}"))?;
    let schema = part_schema(last)?;
    let options = ParquetReadOptions::default().schema(&schema);
    let paths: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
    let frame = context.read_parquet(paths, options).await?;
    context.deregister_table(table)?;
    context.register_table(table, frame.into_view())?;
    Ok(())
}

/// The columns of a finished part.
pub(crate) fn part_schema(path: &Path) -> Result<SchemaRef> {
    let file = std::fs::File::open(path)
        .map_err(|error| exec_datafusion_err!("{}: {error}", path.display()))?;
    Ok(Arc::clone(ParquetRecordBatchReaderBuilder::try_new(file)?.schema()))
}

/// Registers the annotation parts as one table.
pub(crate) async fn annotations_table(context: &SessionContext, parts: &[PathBuf]) -> Result<()> {
    register(context, "annotations", parts).await
}

/// One partition, whatever the planner made of it.
pub(crate) fn single(plan: Plan) -> Plan {
    if plan.properties().partitioning.partition_count() == 1 {
        return plan;
    }
    match plan.properties().output_ordering().cloned() {
        Some(order) => Arc::new(SortPreservingMergeExec::new(order, plan)),
        None => Arc::new(CoalescePartitionsExec::new(plan)),
    }
}

/// Writes `plan`, of whose columns some hold no NULL, to `path`.
pub(crate) fn write_required(plan: Plan, path: &Path, required: &[&str]) -> Result<Plan> {
    let required = required.iter().map(|name| (*name).to_owned()).collect();
    let content = Content::Values;
    over(WritePart { path: path.to_owned(), content, required, parts: false }, plan)
}

/// Writes each partition of `plan` to a part of its own in `folder`.
pub(crate) fn write_parts(plan: Plan, folder: &Path, content: Content) -> Result<Plan> {
    let sink = WritePart { path: folder.to_owned(), content, required: Vec::new(), parts: true };
    // what the sinks say is gathered
    Ok(single(over(sink, plan)?))
}

/// A path as text, for the engine.
pub(crate) fn path_text(path: &Path) -> Result<String> {
    let text = path.to_str().map(str::to_owned);
    text.ok_or_else(|| exec_datafusion_err!("{}: the path is no UTF-8", path.display()))
}

/// An ascending order of columns.
fn ascending(by: &[&str], schema: &SchemaRef) -> Result<LexOrdering> {
    let mut order = Vec::with_capacity(by.len());
    for name in by {
        order.push(PhysicalSortExpr::new(column(name, schema)?, SortOptions::default()));
    }
    LexOrdering::new(order).ok_or_else(|| exec_datafusion_err!("an order needs a column"))
}

/// `plan` in `partitions` partitions, rows that agree in the columns `by` in one of them.
pub(crate) fn hashed(plan: Plan, by: &[&str], partitions: usize) -> Result<Plan> {
    if partitions == 1 {
        return Ok(single(plan));
    }
    let schema = plan.schema();
    let keys = by.iter().map(|name| column(name, &schema)).collect::<Result<Vec<_>>>()?;
    Ok(Arc::new(RepartitionExec::try_new(plan, Partitioning::Hash(keys, partitions))?))
}

/// One partition of the rows of several that are each sorted by the columns `by`.
pub(crate) fn merged(plan: Plan, by: &[&str]) -> Result<Plan> {
    if plan.properties().partitioning.partition_count() == 1 {
        return Ok(plan);
    }
    let order = ascending(by, &plan.schema())?;
    Ok(Arc::new(SortPreservingMergeExec::new(order, plan)))
}

/// The different rows of `plan`, whose equal rows are in one partition.
pub(crate) fn distinct(plan: Plan) -> Result<Plan> {
    let schema = plan.schema();
    let mut keys = Vec::with_capacity(schema.fields().len());
    for field in schema.fields() {
        keys.push((column(field.name(), &schema)?, field.name().clone()));
    }
    let keys = PhysicalGroupBy::new_single(keys);
    let mode = if plan.properties().partitioning.partition_count() == 1 {
        AggregateMode::Single
    } else {
        AggregateMode::SinglePartitioned
    };
    Ok(Arc::new(AggregateExec::try_new(mode, keys, Vec::new(), Vec::new(), plan, schema)?))
}
