//! The decision of rules over what was measured.

use crate::annotate::plan::{BASE, Beside, OF_SOURCE, measured};
use crate::contamination::function::of_set_udf;
use crate::contamination::{CONTAMINATED, CONTAMINATION, Looking};
use crate::read::scan::Scan;
use crate::table::functions::edited_by_udf;
use crate::table::names::{FOREIGN_PREFIX, SOURCE};
use crate::table::part::Content;
use crate::table::plan::{Expr, Plan, call, column, gather, pass, place, project, text};
use crate::table::row_id::POSITION;
use crate::table::row_id::ROW_ID;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::common::Result;
use datafusion::logical_expr::Operator as Op;
use datafusion::physical_expr::expressions::IsNullExpr;
use datafusion::physical_expr::expressions::binary;
use datafusion::physical_expr::expressions::{self, NotExpr, case, lit};
use datafusion::scalar::ScalarValue;
use std::path::Path;
use std::sync::Arc;
use tamis_rules::OnNull;
use tamis_rules::{Action, BANDS, Compiled, RuleSet};

/// Adds `rule_decision` and `first_reason`, and turns undecided into a failure where a rule
/// says so.
pub(crate) fn decide(set: &RuleSet, looking: Option<&Looking>, plan: Plan) -> Result<Plan> {
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

/// Pass one over one unit: read, annotate, decide by document rules, write the annotations.
pub(crate) fn annotate(
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
    third.push((place(unit, &schema)?, ROW_ID.to_owned()));
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
    gather(decide(set, looking, plan)?, path, Content::Annotations)
}
