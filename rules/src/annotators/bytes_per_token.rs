//! `bytes_per_token`: how well a tokenizer knows the text.

use super::measure::no_evidence;
use super::{Example, Measure, TokenMeasure, Value, ValueType};
use crate::document::Document;

/// The annotator `bytes_per_token`.
pub(super) const BYTES_PER_TOKEN: TokenMeasure = TokenMeasure(Measure {
    name: "bytes_per_token",
    value_type: ValueType::Float,
    unit: "bytes per token",
    range: (0.0, f64::INFINITY),
    definition: "Bytes of the text for each of its tokens, by the tokenizer that `--tokenizer` \
        names. Prose in a language that the tokenizer was trained on has four and more; numbers, \
        hashes, broken encodings and languages that it hardly knows have one or two. A text \
        without tokens gives NULL. The examples are counted by the tokenizer in `kernels/model`.",
    source: "tamis",
    examples: &[
        // bread, and, water and the full stop
        Example::float("Bread and water.", 16.0 / 4.0),
        Example::null(""),
    ],
    measure,
    evidence: no_evidence,
});

fn measure(document: &mut Document<'_>) -> Value {
    let bytes = document.text().len();
    document.tokens().map_or(Value::Null, |tokens| Value::ratio(bytes, tokens.len()))
}
