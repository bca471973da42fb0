//! Which of several duplicates stays.

use crate::table::names::{FOREIGN_PREFIX, SOURCE};
use crate::table::row_id::ROW_ID;
use datafusion::common::Result;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::logical_expr::{Expr as Logical, SortExpr, ident, lit as logical_lit};
use tamis_rules::RuleSet;

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
        keys.push(ident(ROW_ID).gt_eq(logical_lit(own_place)).sort(true, false));
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
    keys.push(ident(ROW_ID).sort(true, false));
    Ok(keys)
}
