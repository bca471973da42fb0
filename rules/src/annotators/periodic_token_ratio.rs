//! `periodic_token_ratio`: how much of a text goes round in circles.

use super::duplicate_token_10gram_ratio::of_tokens;
use super::{Example, Measure, TokenMeasure, Value, ValueType};
use crate::document::Document;

/// Tokens of the longest period.
const PERIOD_MAX: usize = 13;
/// How often a period stands in a row at least.
const TIMES: usize = 3;

/// The annotator `periodic_token_ratio`.
pub(super) const PERIODIC_TOKEN_RATIO: TokenMeasure = TokenMeasure(Measure {
    name: "periodic_token_ratio",
    value_type: ValueType::Float,
    unit: "share of tokens",
    range: (0.0, 1.0),
    definition: "The share of tokens that lie where one to thirteen tokens stand three times or \
        more in a row, by the tokenizer that `--tokenizer` names: rows of dots, keyboards gone \
        wild, and what language models write when they loop. A last round that is cut short \
        belongs to it. A text without tokens gives NULL. The examples are counted by the \
        tokenizer in `kernels/model`.",
    source: "tamis; period and number of rounds are those of the tokenizer repetition taggers of \
        Dolma (Soldaini et al. 2024, arXiv 2402.00159)",
    examples: &[
        // ha ha ha is a period of one token, three times
        Example::float("water ha ha ha bread", 3.0 / 5.0),
        // a b a b a b a: a period of two, three times and a half
        Example::float("1 2 1 2 1 2 1 bread", 7.0 / 8.0),
        Example::float("1 2 1 2 1 bread", 0.0),
        Example::null(""),
    ],
    measure,
    evidence,
});

/// Ranges of tokens that repeat with a period, joined.
fn ranges(tokens: &[u32]) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    for period in 1..=PERIOD_MAX {
        let mut equal = 0;
        for at in period..=tokens.len() {
            if at < tokens.len() && tokens[at] == tokens[at - period] {
                equal += 1;
                continue;
            }
            if equal >= period * (TIMES - 1) {
                found.push((at - equal - period, at));
            }
            equal = 0;
        }
    }
    found.sort_unstable();
    let mut joined: Vec<(usize, usize)> = Vec::new();
    for (start, end) in found {
        match joined.last_mut() {
            Some(last) if start <= last.1 => last.1 = last.1.max(end),
            _ => joined.push((start, end)),
        }
    }
    joined
}

fn measure(document: &mut Document<'_>) -> Value {
    let Some(tokens) = document.tokens() else { return Value::Null };
    let covered = ranges(tokens).iter().map(|(start, end)| end - start).sum();
    Value::ratio(covered, tokens.len())
}

fn evidence(document: &mut Document<'_>) -> Vec<(usize, usize)> {
    let ranges = document.tokens().map(ranges).unwrap_or_default();
    of_tokens(document, &ranges)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_of_thirteen_counts_and_one_of_fourteen_does_not() {
        let rounds = |period: u32| -> Vec<u32> { (0..period * 3).map(|at| at % period).collect() };
        assert_eq!(ranges(&rounds(13)), [(0, 39)]);
        assert!(ranges(&rounds(14)).is_empty());
        assert!(ranges(&rounds(13)[1..]).is_empty());
        assert_eq!(ranges(&[7, 7, 7]), [(0, 3)]);
        assert!(ranges(&[7, 7]).is_empty());
        assert_eq!(ranges(&[1, 7, 7, 7, 2, 3, 2, 3, 2, 3]), [(1, 10)]);
    }
}
