//! The plans that measure documents.

use crate::annotate::works_nodes::Elsewhere;
use crate::contamination::function::contaminated_udf;
use crate::contamination::{CONTAMINATED, CONTAMINATION, Looking};
use crate::read::scan::Scan;
use crate::table::functions::source_udf;
use crate::table::names::{BOILERPLATE, ELSEWHERE};
use crate::table::node::leaf_node;
use crate::table::node::over;
use crate::table::part::Content;
use crate::table::plan::{Expr, Named, Plan, call, column, gather, pass, project, text};
use crate::table::row_id::POSITION;
use crate::table::row_id::first_row_id;
use datafusion::arrow::datatypes::{DataType, SchemaRef};
use datafusion::common::Result;
use datafusion::functions::core::get_field;
use datafusion::physical_expr::Partitioning;
use datafusion::physical_expr::expressions::{self, case, cast, lit};
use datafusion::physical_plan::repartition::RepartitionExec;
use datafusion::scalar::ScalarValue;
use std::path::Path;
use std::sync::Arc;
use tamis_rules::{BANDS, Compiled};

/// Columns of the scan that annotations keep, in their order.
pub(crate) const BASE: &[&str] =
    &["document_id", "id", "shard", "row", "offset", "length", "text_bytes"];

/// Its name on the way, where a rule's own column may be called `source` too.
pub(crate) const OF_SOURCE: &str = ".source";

/// The column with the passages of evaluation sets, on the way.
pub(crate) const PASSAGES: &str = ".passages";

/// What is known of documents beside their texts.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Beside<'a> {
    /// Names of targets that other pages of their works have, by place.
    pub elsewhere: Option<&'a Path>,
    /// Names of lines that many documents of their sources have, by place.
    pub boilerplate: Option<&'a Path>,
    /// Evaluation sets that are looked for.
    pub looking: Option<&'a Looking>,
}

/// Scan, then the one function that measures; rows keep their order, text does not travel on.
/// Output: the annotation columns, the foreign columns, then the base columns.
pub(crate) fn measured(
    scan: &Scan,
    compiled: &Compiled,
    (unit, beside): (usize, Beside<'_>),
    fan_out: usize,
) -> Result<Plan> {
    let Beside { elsewhere, boilerplate, looking } = beside;
    let from_column = scan.source_column.as_deref();
    let mut plan = leaf_node(scan.clone())?;
    for (path, column) in [(elsewhere, ELSEWHERE), (boilerplate, BOILERPLATE)] {
        let Some(path) = path else { continue };
        let (path, from) = (path.to_owned(), first_row_id(unit));
        let known = Elsewhere { path, from, column: column.to_owned() };
        plan = over(known, plan)?;
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

/// The pre-pass for percentiles: only the values that rules compare with a percentile.
pub(crate) fn measure(
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
