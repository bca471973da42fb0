//! `duplicate_token_10gram_ratio`: how much of a text repeats, as a model sees it.

use super::evidence::Spans;
use super::value::share;
use super::{Example, Measure, TokenMeasure, Value, ValueType};
use crate::document::Document;

/// Tokens of an n-gram.
const N: usize = 10;

/// The annotator `duplicate_token_10gram_ratio`.
pub(super) const DUPLICATE_TOKEN_10GRAM_RATIO: TokenMeasure = TokenMeasure(Measure {
    name: "duplicate_token_10gram_ratio",
    value_type: ValueType::Float,
    unit: "share of tokens",
    range: (0.0, 1.0),
    definition: "The share of tokens that lie in ten tokens in a row which occurred before, by \
        the tokenizer that `--tokenizer` names. The first occurrence does not count, and a token \
        that two duplicates share counts once. Unlike the measures by words it sees repetition \
        in scripts without spaces, in numbers and in markup. A text without tokens gives NULL. \
        The examples are counted by the tokenizer in `kernels/model`.",
    source: "tamis; by tokens what Gopher (Rae et al. 2021, arXiv 2112.11446) measures by words",
    examples: &[
        Example::float("1 2 3 4 5 6 7 8 9 0 a 1 2 3 4 5 6 7 8 9 0", 10.0 / 21.0),
        Example::float("1 2 3 4 5 6 7 8 9 0", 0.0),
        Example::null(""),
    ],
    measure,
    evidence,
});

fn measure(document: &mut Document<'_>) -> Value {
    let Some(view) = document.token_grams() else { return Value::Null };
    let tokens = view.grams.duplicates(N, view.table, |_, _| ());
    share(tokens, view.grams.words() as u64)
}

fn evidence(document: &mut Document<'_>) -> Vec<(usize, usize)> {
    let mut ranges = Vec::new();
    if let Some(view) = document.token_grams() {
        view.grams.duplicates(N, view.table, |start, end| ranges.push((start, end)));
    }
    of_tokens(document, &ranges)
}

/// The bytes behind ranges of tokens.
pub(super) fn of_tokens(
    document: &mut Document<'_>,
    ranges: &[(usize, usize)],
) -> Vec<(usize, usize)> {
    let mut found = Spans::default();
    if ranges.is_empty() {
        return Vec::new();
    }
    let spans = document.token_spans();
    for (start, end) in ranges {
        if let Some([first, .., last] | [first @ last]) = spans.get(*start..*end)
            && first[0] < last[1]
        {
            found.push(first[0], last[1]);
        }
    }
    found.into_vec()
}
