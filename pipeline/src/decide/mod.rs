//! The decision of rules over what was measured.

use crate::annotate::contamination::{CONTAMINATED, Looking};
use crate::table::plan::{Expr, Plan, column, project, text};
use datafusion::common::Result;
use datafusion::logical_expr::Operator as Op;
use datafusion::physical_expr::expressions::{self, IsNullExpr, binary, case, lit};
use datafusion::scalar::ScalarValue;
use std::sync::Arc;
use tamis_rules::{Action, OnNull, RuleSet};

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
