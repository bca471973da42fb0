//! `token_count`: tokens of a tokenizer.

use super::measure::no_evidence;
use super::{Example, Measure, TokenMeasure, Value, ValueType};
use crate::document::Document;

/// The annotator `token_count`.
pub(super) const TOKEN_COUNT: TokenMeasure = TokenMeasure(Measure {
    name: "token_count",
    value_type: ValueType::Int,
    unit: "tokens",
    range: (0.0, f64::INFINITY),
    definition: "Tokens of the text by the tokenizer that `--tokenizer` names, without special \
        tokens around it. A special token that is spelt out in the text counts as the tokenizer \
        reads it. Without a tokenizer a rule that names it is an error; a text that the \
        tokenizer refuses gives NULL. The examples are counted by the tokenizer in \
        `kernels/model`.",
    source: "tamis",
    examples: &[Example::int("Bread and water.", 4), Example::int("", 0)],
    measure,
    evidence: no_evidence,
});

fn measure(document: &mut Document<'_>) -> Value {
    document.tokens().map_or(Value::Null, |tokens| Value::count(tokens.len()))
}
