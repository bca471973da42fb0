//! Percentiles in conditions: `p99(compression_ratio)`, `p99_9(word_count)`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex::{Captures, Regex};

/// A percentile that a condition compares with.
#[derive(Debug, Clone, PartialEq)]
pub struct Percentile {
    /// The annotation.
    pub annotation: String,
    /// The percentile, in (0, 100].
    pub rank: f64,
    call: String,
}

impl Percentile {
    /// The call as conditions write it, without spaces.
    pub fn key(&self) -> String {
        self.call.clone()
    }
}

#[expect(clippy::expect_used, reason = "the pattern is a constant and a test compiles it")]
static CALL: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\bp(\d{1,3}(?:_\d+)?)\s*\(\s*([a-z_][a-z0-9_]*)\s*\)").expect("a fine pattern")
});

fn read(groups: &Captures<'_>) -> Option<Percentile> {
    let rank: f64 = groups[1].replace('_', ".").parse().ok()?;
    let annotation = groups[2].to_lowercase();
    let call = format!("p{}({annotation})", &groups[1]);
    (rank > 0.0 && rank <= 100.0).then_some(Percentile { annotation, rank, call })
}

/// Every percentile that the expressions call, sorted, each once.
pub(crate) fn all<'a>(expressions: impl Iterator<Item = &'a str>) -> Vec<Percentile> {
    let mut found: BTreeMap<String, Percentile> = BTreeMap::new();
    for expression in expressions {
        for percentile in CALL.captures_iter(expression).filter_map(|groups| read(&groups)) {
            found.insert(percentile.key(), percentile);
        }
    }
    found.into_values().collect()
}

/// The expression with each call replaced by its value; the error is the call that has none.
pub(crate) fn fill(expression: &str, values: &BTreeMap<String, f64>) -> Result<String, String> {
    let mut missing = None;
    let filled = CALL.replace_all(expression, |groups: &Captures<'_>| {
        match read(groups).map(|percentile| (values.get(&percentile.key()), percentile.key())) {
            // no document has the annotation, so nothing compares with its percentile
            Some((Some(value), _)) if value.is_nan() => "CAST(NULL AS DOUBLE)".to_owned(),
            Some((Some(value), _)) => format!("{value:?}"),
            Some((None, key)) => {
                missing = Some(key);
                String::new()
            }
            None => groups[0].to_owned(),
        }
    });
    missing.map_or(Ok(filled.into_owned()), Err)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_found_and_filled() {
        let expressions = ["x > P99( word_count ) or y < p0_1(word_count)", "z > p99(word_count)"];
        let found = all(expressions.into_iter());
        let keys: Vec<String> = found.iter().map(Percentile::key).collect();
        assert_eq!(keys, ["p0_1(word_count)", "p99(word_count)"]);
        assert!((found[0].rank - 0.1).abs() < 1e-12);
        let values = BTreeMap::from([("p99(word_count)".to_owned(), 12.5)]);
        assert_eq!(fill(expressions[1], &values).unwrap(), "z > 12.5");
        assert_eq!(fill(expressions[0], &values).unwrap_err(), "p0_1(word_count)");
        assert_eq!(fill("p0(word_count)", &values).unwrap(), "p0(word_count)");
    }
}
