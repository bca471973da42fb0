//! `compression_ratio`: how well the text can be compressed.

use super::measure::no_evidence;
use super::{Example, Measure, Value, ValueType};
use crate::document::Document;

/// The annotator `compression_ratio`.
pub(super) const COMPRESSION_RATIO: Measure = Measure {
    name: "compression_ratio",
    value_type: ValueType::Float,
    unit: "bytes per compressed byte",
    range: (0.0, f64::INFINITY),
    definition: "Bytes of the text divided by its bytes after compression as one LZ4 block (fast \
        level, no header). Prose has about 1.5, a text that repeats itself much more, random \
        characters less than 1. An empty text gives NULL.",
    source: "tamis",
    examples: &[
        Example::float("a", 1.0 / 2.0),
        Example::float("abc", 3.0 / 4.0),
        Example::null(""),
    ],
    measure,
    evidence: no_evidence,
};

fn measure(document: &mut Document<'_>) -> Value {
    let bytes = document.text().len();
    document.compressed_len().map_or(Value::Null, |compressed| {
        if bytes == 0 { Value::Null } else { Value::ratio(bytes, compressed) }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Scratch;

    fn value(text: &str) -> Value {
        measure(&mut Document::new(text, &mut Scratch::default()))
    }

    #[test]
    fn repetition_compresses_well() {
        let Value::Float(ratio) = value(&"again and ".repeat(200)) else { panic!("no ratio") };
        assert!(ratio > 50.0, "{ratio}");
    }
}
