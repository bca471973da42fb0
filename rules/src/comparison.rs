//! What a condition compares with what, and whether that makes sense.

use datafusion::arrow::datatypes::DataType;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::{DFSchema, DataFusionError, plan_err};
use datafusion::logical_expr::{Between, BinaryExpr, Expr, ExprSchemable, Operator};
use datafusion::scalar::ScalarValue;
use serde_json::Value;

/// A column held against a literal.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// Flat name of the annotation or column.
    pub column: String,
    /// `<`, `<=`, `>`, `>=`, `=` or `!=`.
    pub op: String,
    /// The literal.
    pub threshold: Value,
}

/// The column behind an expression, through casts.
fn column(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Column(column) => Some(column.flat_name()),
        Expr::Cast(cast) => column(&cast.expr),
        Expr::TryCast(cast) => column(&cast.expr),
        _ => None,
    }
}

/// The literal behind an expression, through casts and signs.
pub(crate) fn literal(expr: &Expr) -> Option<Value> {
    match expr {
        Expr::Literal(value, _) => scalar(value),
        Expr::Cast(cast) => literal(&cast.expr),
        Expr::Negative(inner) => match literal(inner)? {
            Value::Number(number) => match number.as_i64() {
                Some(whole) => Some(Value::from(-whole)),
                None => number.as_f64().map(|float| Value::from(-float)),
            },
            _ => None,
        },
        _ => None,
    }
}

fn scalar(value: &ScalarValue) -> Option<Value> {
    match value {
        ScalarValue::Boolean(value) => value.map(Value::from),
        ScalarValue::Int8(value) => value.map(Value::from),
        ScalarValue::Int16(value) => value.map(Value::from),
        ScalarValue::Int32(value) => value.map(Value::from),
        ScalarValue::Int64(value) => value.map(Value::from),
        ScalarValue::UInt64(value) => value.map(Value::from),
        ScalarValue::Float32(value) => value.map(Value::from),
        ScalarValue::Float64(value) => value.map(Value::from),
        ScalarValue::Utf8(value) | ScalarValue::LargeUtf8(value) | ScalarValue::Utf8View(value) => {
            value.clone().map(Value::from)
        }
        _ => None,
    }
}

fn sign(op: Operator) -> Option<(&'static str, &'static str)> {
    Some(match op {
        Operator::Lt => ("<", ">"),
        Operator::LtEq => ("<=", ">="),
        Operator::Gt => (">", "<"),
        Operator::GtEq => (">=", "<="),
        Operator::Eq => ("=", "="),
        Operator::NotEq => ("!=", "!="),
        _ => return None,
    })
}

/// A comparison of a column with a literal, either way round.
pub(crate) fn comparison(expr: &BinaryExpr) -> Option<Comparison> {
    let (straight, turned) = sign(expr.op)?;
    let (name, op, threshold) = match (column(&expr.left), column(&expr.right)) {
        (Some(name), None) => (name, straight, literal(&expr.right)?),
        (None, Some(name)) => (name, turned, literal(&expr.left)?),
        _ => return None,
    };
    Some(Comparison { column: name, op: op.to_owned(), threshold })
}

/// Every comparison of a column with a literal, in the order written.
pub(crate) fn comparisons(expr: &Expr, found: &mut Vec<Comparison>) {
    let walked = expr.apply(|expr| {
        match expr {
            Expr::BinaryExpr(binary) => found.extend(comparison(binary)),
            Expr::Between(between) => found.extend(bounds(between)),
            _ => {}
        }
        Ok(TreeNodeRecursion::Continue)
    });
    // the closure returns no error
    debug_assert!(walked.is_ok());
}

fn bounds(between: &Between) -> Vec<Comparison> {
    let Some(name) = column(&between.expr) else { return Vec::new() };
    let signs = if between.negated { ["<", ">"] } else { [">=", "<="] };
    let ends = [&between.low, &between.high];
    let pair = signs.iter().zip(ends).filter_map(|(op, end)| {
        Some(Comparison { column: name.clone(), op: (*op).to_owned(), threshold: literal(end)? })
    });
    pair.collect()
}

/// Refuses comparisons of a number with a string, which the engine would cast in silence.
pub(crate) fn check_types(expr: &Expr, schema: &DFSchema) -> Result<(), DataFusionError> {
    expr.apply(|expr| {
        if let Expr::BinaryExpr(BinaryExpr { left, op, right }) = expr
            && sign(*op).is_some()
        {
            let kinds = [left.get_type(schema)?, right.get_type(schema)?];
            let text = |kind: &DataType| {
                matches!(kind, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View)
            };
            let mixed = |a: &DataType, b: &DataType| {
                text(a) && (b.is_numeric() || *b == DataType::Boolean)
                    || *a == DataType::Boolean && b.is_numeric()
            };
            if mixed(&kinds[0], &kinds[1]) || mixed(&kinds[1], &kinds[0]) {
                return plan_err!(
                    "'{left}' is {} and '{right}' is {}: they cannot be compared",
                    kinds[0],
                    kinds[1]
                );
            }
        }
        Ok(TreeNodeRecursion::Continue)
    })?;
    Ok(())
}
