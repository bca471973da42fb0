//! Conditions over the measures of one line: the part of SQL that compares, and joins comparisons.
//!
//! A line is judged within the walk that removes it, so a condition is a small tree and no
//! expression of the engine.

use datafusion::sql::sqlparser::ast::{BinaryOperator, Expr, UnaryOperator, Value};
use datafusion::sql::sqlparser::dialect::GenericDialect;
use datafusion::sql::sqlparser::parser::Parser;
use datafusion::sql::sqlparser::tokenizer::Token;

use super::{LINE_MEASURES, find};
use crate::nearest::suggest;

/// A condition over one line.
#[derive(Debug, Clone, PartialEq)]
pub struct LineCondition(Node);

#[derive(Debug, Clone, PartialEq)]
enum Node {
    Compare { measure: usize, op: Op, value: f64 },
    Not(Box<Node>),
    And(Box<Node>, Box<Node>),
    Or(Box<Node>, Box<Node>),
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Op {
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Equal,
    NotEqual,
}

impl LineCondition {
    /// Reads a condition such as `line_word_count < 3`; the error says what is wrong with it.
    pub fn parse(sql: &str) -> Result<Self, String> {
        let mut parser = Parser::new(&GenericDialect {})
            .try_with_sql(sql)
            .map_err(|error| format!("the condition cannot be read: {error}"))?;
        let expr = parser
            .parse_expr()
            .map_err(|error| format!("the condition cannot be read: {error}"))?;
        match parser.peek_token().token {
            Token::EOF => Ok(Self(node(&expr)?)),
            other => Err(format!("the condition cannot be read: '{other}' was not expected")),
        }
    }

    /// Whether it holds for `line`.
    pub fn holds(&self, line: &str) -> bool {
        holds(&self.0, line)
    }
}

fn holds(node: &Node, line: &str) -> bool {
    match node {
        Node::Compare { measure, op, value } => {
            let Some(measure) = LINE_MEASURES.get(*measure) else { return false };
            // no measure exceeds the bytes of the line
            if *op == Op::Greater && line.len() as f64 <= *value {
                return false;
            }
            op.holds((measure.measure)(line, *value), *value)
        }
        Node::Not(inner) => !holds(inner, line),
        Node::And(left, right) => holds(left, line) && holds(right, line),
        Node::Or(left, right) => holds(left, line) || holds(right, line),
    }
}

impl Op {
    #[expect(clippy::float_cmp, reason = "the rule asks for equal values")]
    fn holds(self, left: f64, right: f64) -> bool {
        match self {
            Self::Less => left < right,
            Self::LessOrEqual => left <= right,
            Self::Greater => left > right,
            Self::GreaterOrEqual => left >= right,
            Self::Equal => left == right,
            Self::NotEqual => left != right,
        }
    }

    /// The same comparison with its sides exchanged.
    fn turned(self) -> Self {
        match self {
            Self::Less => Self::Greater,
            Self::LessOrEqual => Self::GreaterOrEqual,
            Self::Greater => Self::Less,
            Self::GreaterOrEqual => Self::LessOrEqual,
            same => same,
        }
    }
}

fn op(op: &BinaryOperator) -> Option<Op> {
    Some(match op {
        BinaryOperator::Lt => Op::Less,
        BinaryOperator::LtEq => Op::LessOrEqual,
        BinaryOperator::Gt => Op::Greater,
        BinaryOperator::GtEq => Op::GreaterOrEqual,
        BinaryOperator::Eq => Op::Equal,
        BinaryOperator::NotEq => Op::NotEqual,
        _ => return None,
    })
}

fn node(expr: &Expr) -> Result<Node, String> {
    let boxed = |expr: &Expr| node(expr).map(Box::new);
    match expr {
        Expr::Nested(inner) => node(inner),
        Expr::UnaryOp { op: UnaryOperator::Not, expr } => Ok(Node::Not(boxed(expr)?)),
        Expr::BinaryOp { left, op: BinaryOperator::And, right } => {
            Ok(Node::And(boxed(left)?, boxed(right)?))
        }
        Expr::BinaryOp { left, op: BinaryOperator::Or, right } => {
            Ok(Node::Or(boxed(left)?, boxed(right)?))
        }
        Expr::BinaryOp { left, op: sign, right } => {
            let known = op(sign).ok_or_else(|| unknown(expr))?;
            match (number(left), number(right)) {
                (None, Some(value)) => {
                    Ok(Node::Compare { measure: measure(left)?, op: known, value })
                }
                (Some(value), None) => {
                    Ok(Node::Compare { measure: measure(right)?, op: known.turned(), value })
                }
                _ => Err(unknown(expr)),
            }
        }
        other => Err(unknown(other)),
    }
}

fn unknown(expr: &Expr) -> String {
    format!(
        "'{expr}' is no condition over a line: compare a line's measure with a number, and join such comparisons by and, or, not"
    )
}

fn number(expr: &Expr) -> Option<f64> {
    match expr {
        Expr::Value(value) => match &value.value {
            Value::Number(digits, _) => digits.parse().ok(),
            _ => None,
        },
        Expr::UnaryOp { op: UnaryOperator::Minus, expr } => number(expr).map(|value| -value),
        _ => None,
    }
}

fn measure(expr: &Expr) -> Result<usize, String> {
    let Expr::Identifier(name) = expr else { return Err(unknown(expr)) };
    find(&name.value).ok_or_else(|| {
        let known: Vec<&str> = LINE_MEASURES.iter().map(|measure| measure.name).collect();
        let near = suggest(&name.value, known.iter().copied());
        let known = known.join(", ");
        format!("there is no measure '{}' of a line{near}; there are {known}", name.value)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(sql: &str, line: &str) -> bool {
        LineCondition::parse(sql).unwrap().holds(line)
    }

    #[test]
    fn comparisons_are_joined_as_in_sql() {
        let sql =
            "line_char_count > 0 and (line_word_count < 2 or not line_digit_char_ratio <= 0.5)";
        assert!(!holds(sql, ""));
        assert!(holds(sql, "one"));
        assert!(holds(sql, "12 34"));
        assert!(!holds(sql, "one two 3"));
        assert!(holds("3 > line_word_count", "a b"));
        assert!(!holds("3 > line_word_count", "a b c"));
        assert!(holds("line_word_count = 2", "a b") && holds("line_word_count <> 1", "a b"));
    }

    #[test]
    fn what_is_no_condition_is_refused() {
        for (sql, says) in [
            ("line_words < 3", "there is no measure 'line_words' of a line; there are line_char"),
            ("line_word_count + 1", "'line_word_count + 1' is no condition over a line"),
            ("line_word_count < line_char_count", "is no condition over a line"),
            ("line_word_count <", "the condition cannot be read"),
            ("line_word_count < 3 4", "'4' was not expected"),
            ("line_word_count < 'three'", "is no condition over a line"),
        ] {
            let error = LineCondition::parse(sql).unwrap_err();
            assert!(error.contains(says), "{sql}: {error}");
        }
    }
}
