//! Every plan of a run, built from the engine's operators and the few nodes of ours.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use datafusion::arrow::compute::SortOptions;
use datafusion::arrow::datatypes::{DataType, SchemaRef};
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{Result, exec_datafusion_err};
use datafusion::config::ConfigOptions;
use datafusion::functions::core::get_field;
use datafusion::logical_expr::{
    Expr as Logical, Operator as Op, SortExpr, ident, lit as logical_lit,
};
use datafusion::physical_expr::expressions::{self, IsNullExpr, NotExpr, binary, case, cast, lit};
use datafusion::physical_expr::{
    LexOrdering, Partitioning, PhysicalExpr, PhysicalSortExpr, ScalarFunctionExpr,
};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::coalesce_partitions::CoalescePartitionsExec;
use datafusion::physical_plan::projection::ProjectionExec;
use datafusion::physical_plan::repartition::RepartitionExec;
use datafusion::physical_plan::sorts::sort::SortExec;
use datafusion::physical_plan::sorts::sort_preserving_merge::SortPreservingMergeExec;
use datafusion::prelude::{DataFrame, ParquetReadOptions, SessionContext};
use datafusion::scalar::ScalarValue;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use tamis_rules::{Action, BANDS, Compiled, OnNull, RuleSet};

use crate::contamination::function::{contaminated_udf, of_set_udf};
use crate::contamination::{CONTAMINATED, CONTAMINATION, Looking};
use crate::exec::flow::{PLACE, first_place};
use crate::exec::rewrite::Rewrite;
use crate::exec::scan::{POSITION, Scan};
use crate::exec::works::{BOILERPLATE, ELSEWHERE, Elsewhere};
use crate::exec::write_part::{Content, WritePart};
use crate::exec::{Operator, TamisExec};
use crate::functions::{edited_by_udf, source_udf};

pub(crate) type Expr = Arc<dyn PhysicalExpr>;
pub(crate) type Named = (Expr, String);
pub(crate) type Plan = Arc<dyn ExecutionPlan>;

/// Columns of the scan that annotations keep, in their order.
const BASE: &[&str] = &["document_id", "id", "shard", "row", "offset", "length", "text_bytes"];
/// The column with the source of a document.
pub const SOURCE: &str = "source";
/// Its name on the way, where a rule's own column may be called `source` too.
const OF_SOURCE: &str = ".source";
/// The column with the passages of evaluation sets, on the way.
const PASSAGES: &str = ".passages";
/// Prefix of the user's own columns in the annotations.
pub const FOREIGN_PREFIX: &str = "column.";

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

/// What is known of documents beside their texts.
#[derive(Debug, Clone, Copy, Default)]
pub struct Beside<'a> {
    /// Names of targets that other pages of their works have, by place.
    pub elsewhere: Option<&'a Path>,
    /// Names of lines that many documents of their sources have, by place.
    pub boilerplate: Option<&'a Path>,
    /// Evaluation sets that are looked for.
    pub looking: Option<&'a Looking>,
}

/// Scan, then the one function that measures; rows keep their order, text does not travel on.
/// Output: the annotation columns, the foreign columns, then the base columns.
fn measured(
    scan: &Scan,
    compiled: &Compiled,
    (unit, beside): (usize, Beside<'_>),
    fan_out: usize,
) -> Result<Plan> {
    let Beside { elsewhere, boilerplate, looking } = beside;
    let from_column = scan.source_column.as_deref();
    let mut plan = TamisExec::scan(scan.clone())?;
    for (path, column) in [(elsewhere, ELSEWHERE), (boilerplate, BOILERPLATE)] {
        let Some(path) = path else { continue };
        let (path, from) = (path.to_owned(), first_place(unit));
        let known = Elsewhere { path, from, column: column.to_owned() };
        plan = TamisExec::over(Operator::Elsewhere(known), plan)?;
    }
    if fan_out > 1 {
        plan = Arc::new(RepartitionExec::try_new(plan, Partitioning::RoundRobinBatch(fan_out))?);
    }
    let schema = plan.schema();
    let spec = text(&compiled.spec.to_json());
    let mut arguments = vec![column("text", &schema)?, spec];
    for name in [ELSEWHERE, BOILERPLATE] {
        let there = schema.column_with_name(name).is_some();
        arguments.push(if there { column(name, &schema)? } else { lit(ScalarValue::Null) });
    }
    let measures = call(tamis_rules::annotate_udf(), arguments, &schema)?;
    let mut first: Vec<Named> = vec![(measures, "measures".to_owned())];
    if let Some(looking) = looking {
        let spec = text(&compiled.spec.to_json());
        let arguments = vec![column("text", &schema)?, spec, text(&looking.to_json())];
        first.push((call(contaminated_udf(), arguments, &schema)?, PASSAGES.to_owned()));
    }
    first.extend(
        schema
            .fields()
            .iter()
            .filter(|field| !["text", ELSEWHERE, BOILERPLATE].contains(&field.name().as_str()))
            .map(|field| Ok((column(field.name(), &schema)?, field.name().clone())))
            .collect::<Result<Vec<_>>>()?,
    );
    plan = project(first, plan)?;
    let schema = plan.schema();
    let field = |name: &str| -> Result<Expr> {
        call(get_field(), vec![column("measures", &schema)?, text(name)], &schema)
    };
    // conditions address columns by number, so these come first and in this order
    let mut second: Vec<Named> = Vec::new();
    for input in compiled.input_schema.fields() {
        let measured = compiled.annotations.iter().any(|one| one.name() == input.name());
        let expr = if measured { field(input.name())? } else { column(input.name(), &schema)? };
        second.push((expr, input.name().clone()));
    }
    for name in ["edited", "edits", "content_hash"] {
        second.push((field(name)?, name.to_owned()));
    }
    if compiled.spec.minhash.is_some() {
        second.push((field(BANDS)?, BANDS.to_owned()));
    }
    if looking.is_some() {
        for name in [CONTAMINATION, CONTAMINATED] {
            let arguments = vec![column(PASSAGES, &schema)?, text(name)];
            second.push((call(get_field(), arguments, &schema)?, format!(".{name}")));
        }
    }
    second.extend(pass(BASE, &schema)?);
    second.extend(pass(&["failure", POSITION], &schema)?);
    second.push((source(from_column, &schema)?, OF_SOURCE.to_owned()));
    project(second, plan)
}

/// Where a document came from: the user's column, or the first folder of its shard.
pub(crate) fn source(column_name: Option<&str>, schema: &SchemaRef) -> Result<Expr> {
    let folder = call(source_udf(), vec![column("shard", schema)?], schema)?;
    let Some(name) = column_name else { return Ok(folder) };
    let own = cast(column(name, schema)?, schema, DataType::Utf8)?;
    let there: Expr = Arc::new(expressions::IsNotNullExpr::new(Arc::clone(&own)));
    case(None, vec![(there, own)], Some(folder))
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
    TamisExec::over(Operator::WritePart(WritePart { path: path.to_owned(), content }), plan)
}

/// `plan`, of one partition, sorted by columns, ascending.
pub(crate) fn sorted(plan: Plan, by: &[&str]) -> Result<Plan> {
    let schema = plan.schema();
    let mut order = Vec::with_capacity(by.len());
    for name in by {
        order.push(PhysicalSortExpr::new(column(name, &schema)?, SortOptions::default()));
    }
    let order =
        LexOrdering::new(order).ok_or_else(|| exec_datafusion_err!("an order needs a column"))?;
    Ok(Arc::new(SortExec::new(order, plan)))
}

/// The place of each document of a scan, as a column.
pub(crate) fn place(unit: usize, schema: &SchemaRef) -> Result<Expr> {
    let first = lit(ScalarValue::UInt64(Some(first_place(unit))));
    binary(column(POSITION, schema)?, Op::Plus, first, schema)
}

/// Pass one over one unit: read, annotate, decide by document rules, write the annotations.
pub fn annotate(
    unit: usize,
    scan: &Scan,
    (set, compiled): (&RuleSet, &Compiled),
    beside: Beside<'_>,
    fan_out: usize,
    path: &Path,
) -> Result<Plan> {
    let looking = beside.looking;
    let plan = measured(scan, compiled, (unit, beside), fan_out)?;
    let schema = plan.schema();
    let failed = |schema: &SchemaRef| -> Result<Expr> {
        Ok(Arc::new(expressions::IsNotNullExpr::new(column("failure", schema)?)))
    };
    let mut third = pass(BASE, &schema)?;
    third.push((place(unit, &schema)?, PLACE.to_owned()));
    third.push((column(OF_SOURCE, &schema)?, SOURCE.to_owned()));
    if compiled.spec.minhash.is_some() {
        third.extend(pass(&[BANDS], &schema)?);
    }
    third.extend(pass(&["failure", POSITION, "edited", "edits", "content_hash"], &schema)?);
    for annotation in &compiled.annotations {
        third.push((column(annotation.name(), &schema)?, annotation.name().clone()));
    }
    for derived in &compiled.derived {
        third.push((Arc::clone(&derived.expr), derived.column.clone()));
    }
    for foreign in set.columns() {
        let name = format!("{FOREIGN_PREFIX}{}", foreign.name);
        third.push((column(&foreign.name, &schema)?, name));
    }
    let mut conditions: Vec<Option<Expr>> = vec![None; set.rules().len()];
    for condition in &compiled.conditions {
        conditions[condition.rule] = Some(Arc::clone(&condition.expr));
    }
    for (number, rule) in set.rules().iter().enumerate() {
        let fired: Expr = match (&rule.action, &conditions[number]) {
            (Action::Keep, Some(condition)) => Arc::new(NotExpr::new(Arc::clone(condition))),
            (_, Some(condition)) => Arc::clone(condition),
            (_, None) => {
                let number = u32::try_from(number).unwrap_or(u32::MAX);
                let rule = lit(ScalarValue::UInt32(Some(number)));
                call(edited_by_udf(), vec![column("edits", &schema)?, rule], &schema)?
            }
        };
        let not_failed: Expr = Arc::new(NotExpr::new(failed(&schema)?));
        third.push((case(None, vec![(not_failed, fired)], None)?, rule.id.clone()));
    }
    if let Some(looking) = looking {
        for name in [CONTAMINATION, CONTAMINATED] {
            third.push((column(&format!(".{name}"), &schema)?, name.to_owned()));
        }
        for (name, _) in &looking.sets {
            let passages = column(&format!(".{CONTAMINATION}"), &schema)?;
            let found = call(of_set_udf(), vec![passages, text(name)], &schema)?;
            let not_failed: Expr = Arc::new(NotExpr::new(failed(&schema)?));
            third.push((case(None, vec![(not_failed, found)], None)?, Looking::rule(name)));
        }
    }
    let plan = project(third, plan)?;
    gather(decide(set, looking, plan)?, path, Content::Values)
}

/// Adds `rule_decision` and `first_reason`, and turns undecided into a failure where a rule
/// says so.
fn decide(set: &RuleSet, looking: Option<&Looking>, plan: Plan) -> Result<Plan> {
    let schema = plan.schema();
    let is_null =
        |name: &str| -> Result<Expr> { Ok(Arc::new(IsNullExpr::new(column(name, &schema)?))) };
    let failed: Expr = Arc::new(expressions::IsNotNullExpr::new(column("failure", &schema)?));
    let mut decisions = vec![(Arc::clone(&failed), text("failed"))];
    let mut failures = vec![(Arc::clone(&failed), column("failure", &schema)?)];
    let null_text = lit(ScalarValue::Utf8(None));
    let mut reasons = vec![(failed, Arc::clone(&null_text))];
    for rule in set.rules().iter().filter(|rule| rule.on_null == OnNull::Fail) {
        if rule.condition.is_some() {
            decisions.push((is_null(&rule.id)?, text("failed")));
            failures.push((is_null(&rule.id)?, text("undecided")));
            reasons.push((is_null(&rule.id)?, Arc::clone(&null_text)));
        }
    }
    for rule in set.rules() {
        if !matches!(rule.action, Action::Drop | Action::Keep) {
            continue;
        }
        let fired = column(&rule.id, &schema)?;
        let removes = match rule.on_null {
            OnNull::Drop => binary(is_null(&rule.id)?, Op::Or, fired, &schema)?,
            OnNull::Keep | OnNull::Fail => fired,
        };
        decisions.push((Arc::clone(&removes), text("removed")));
        reasons.push((removes, text(&rule.id)));
    }
    for (name, _) in looking.into_iter().flat_map(|looking| &looking.sets) {
        let rule = Looking::rule(name);
        let goes = column(CONTAMINATED, &schema)?;
        let removes = binary(goes, Op::And, column(&rule, &schema)?, &schema)?;
        decisions.push((Arc::clone(&removes), text("removed")));
        reasons.push((removes, text(&rule)));
    }
    let added = [
        (case(None, decisions, Some(text("kept")))?, "rule_decision"),
        (case(None, reasons, Some(Arc::clone(&null_text)))?, "first_reason"),
        (case(None, failures, Some(null_text))?, "failure"),
    ];
    let mut exprs = Vec::new();
    for field in schema.fields() {
        if field.name() == "failure" {
            for (expr, name) in &added {
                exprs.push((Arc::clone(expr), (*name).to_owned()));
            }
        } else {
            exprs.push((column(field.name(), &schema)?, field.name().clone()));
        }
    }
    project(exprs, plan)
}

/// The pre-pass for percentiles: only the values that rules compare with a percentile.
pub fn measure(
    unit: usize,
    scan: &Scan,
    compiled: &Compiled,
    boilerplate: Option<&Path>,
    (fan_out, path): (usize, &Path),
) -> Result<Plan> {
    let beside = Beside { boilerplate, ..Beside::default() };
    let plan = measured(scan, compiled, (unit, beside), fan_out)?;
    let schema = plan.schema();
    let mut exprs = Vec::new();
    for annotation in &compiled.annotations {
        let value = cast(column(annotation.name(), &schema)?, &schema, DataType::Float64)?;
        exprs.push((value, annotation.name().clone()));
    }
    exprs.extend(pass(&[POSITION], &schema)?);
    gather(project(exprs, plan)?, path, Content::Values)
}

/// The name under which a rule file's column stands in the annotations.
pub fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
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
pub async fn annotations_table(context: &SessionContext, parts: &[PathBuf]) -> Result<()> {
    register(context, "annotations", parts).await
}

fn number(number: usize) -> Logical {
    logical_lit(u32::try_from(number).unwrap_or(u32::MAX))
}

/// The whole order among duplicates: the reference set, then preferred sources, then the policy,
/// input order last. The user's own columns have their prefix in the annotations.
pub(crate) fn survivor_order(
    set: &RuleSet,
    own_place: u64,
    preferred: &[String],
    survivor: &[SortExpr],
) -> Result<Vec<SortExpr>> {
    let mut keys = Vec::new();
    if own_place > 0 {
        keys.push(ident(PLACE).gt_eq(logical_lit(own_place)).sort(true, false));
    }
    if !preferred.is_empty() {
        let mut order = datafusion::logical_expr::case(ident(SOURCE));
        for (rank, name) in preferred.iter().enumerate() {
            order = order.when(logical_lit(name.as_str()), number(rank));
        }
        keys.push(order.otherwise(number(preferred.len()))?.sort(true, false));
    }
    for key in survivor {
        let expr = key.expr.clone().transform_up(|expr| {
            let Logical::Column(column) = &expr else { return Ok(Transformed::no(expr)) };
            let foreign = set.columns().iter().any(|foreign| foreign.name == column.name);
            Ok(if foreign {
                Transformed::yes(ident(format!("{FOREIGN_PREFIX}{}", column.name)))
            } else {
                Transformed::no(expr)
            })
        })?;
        keys.push(expr.data.sort(key.asc, key.nulls_first));
    }
    keys.push(ident(PLACE).sort(true, false));
    Ok(keys)
}

/// Pass two over one unit: its annotations in input order.
pub async fn rewrite(context: &SessionContext, part: &Path, rewrite: Rewrite) -> Result<Plan> {
    let frame = context.read_parquet(name(part), by_place()).await?;
    // decisions need no hashes
    let annotated = in_order(frame.drop_columns(&[BANDS])?).await?;
    TamisExec::over(Operator::Rewrite(rewrite), annotated)
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
