//! What can be proved of a condition from the declared ranges of its annotations.

use std::collections::BTreeMap;

use datafusion::logical_expr::{BinaryExpr, Expr, Operator};

use crate::annotators::find;
use crate::comparison::{Comparison, comparison};

/// What a condition does whatever the document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Provable {
    /// The rule fires for no document.
    Never,
    /// The rule fires for every document.
    Always,
}

/// What is left of an annotation's range, with open ends.
#[derive(Debug, Clone, Copy)]
struct Interval {
    low: f64,
    low_open: bool,
    high: f64,
    high_open: bool,
}

impl Interval {
    fn is_empty(self) -> bool {
        self.low > self.high || (self.low >= self.high && (self.low_open || self.high_open))
    }

    fn narrow(mut self, op: &str, value: f64) -> Self {
        if matches!(op, ">" | ">=" | "=") && (value > self.low || (value >= self.low && op == ">"))
        {
            self.low = value;
            self.low_open = op == ">";
        }
        if matches!(op, "<" | "<=" | "=")
            && (value < self.high || (value <= self.high && op == "<"))
        {
            self.high = value;
            self.high_open = op == "<";
        }
        self
    }
}

/// The parts of a conjunction.
fn conjuncts<'a>(expr: &'a Expr, found: &mut Vec<&'a Expr>) {
    match expr {
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::And, right }) => {
            conjuncts(left, found);
            conjuncts(right, found);
        }
        other => found.push(other),
    }
}

fn number(comparison: &Comparison) -> Option<(&str, &str, f64)> {
    let value = comparison.threshold.as_f64()?;
    Some((&comparison.column, &comparison.op, value))
}

fn declared(name: &str) -> Option<Interval> {
    let (low, high) = find(name.strip_prefix("original.").unwrap_or(name))?.range();
    Some(Interval { low, low_open: false, high, high_open: false })
}

/// Whether a conjunction of comparisons can hold for no value in the declared ranges.
fn impossible(expr: &Expr) -> bool {
    let mut parts = Vec::new();
    conjuncts(expr, &mut parts);
    let mut left: BTreeMap<String, Interval> = BTreeMap::new();
    for part in parts {
        let Expr::BinaryExpr(binary) = part else { continue };
        let Some(comparison) = comparison(binary) else { continue };
        let Some((name, op, value)) = number(&comparison) else { continue };
        let Some(whole) = declared(name) else { continue };
        let interval = left.entry(name.to_owned()).or_insert(whole);
        *interval = interval.narrow(op, value);
        if interval.is_empty() {
            return true;
        }
    }
    false
}

/// Whether one comparison holds for every value in the declared range.
fn certain(expr: &Expr) -> bool {
    let Expr::BinaryExpr(binary) = expr else { return false };
    let Some(comparison) = comparison(binary) else { return false };
    let Some((name, op, value)) = number(&comparison) else { return false };
    let Some(whole) = declared(name) else { return false };
    let opposite = match op {
        "<" => ">=",
        "<=" => ">",
        ">" => "<=",
        ">=" => "<",
        _ => return false,
    };
    whole.narrow(opposite, value).is_empty()
}

/// What a rule with this condition does whatever the document; `keeps` for `keep_if`, which
/// fires where the condition does not hold.
pub(crate) fn provable(expr: &Expr, keeps: bool) -> Option<Provable> {
    let mut parts = Vec::new();
    conjuncts(expr, &mut parts);
    let proved = if impossible(expr) {
        Provable::Never
    } else if parts.iter().all(|part| certain(part)) {
        Provable::Always
    } else {
        return None;
    };
    Some(match (proved, keeps) {
        (proved, false) => proved,
        (Provable::Never, true) => Provable::Always,
        (Provable::Always, true) => Provable::Never,
    })
}
