//! `curly_bracket_count`: curly brackets.

use super::evidence::Spans;
use super::{Example, Measure, Value, ValueType};
use crate::document::Document;

/// The annotator `curly_bracket_count`.
pub(super) const CURLY_BRACKET_COUNT: Measure = Measure {
    name: "curly_bracket_count",
    value_type: ValueType::Int,
    unit: "brackets",
    range: (0.0, f64::INFINITY),
    definition: "Curly brackets, opening and closing: `{` and `}`. Web pages that hold code have \
        many, prose has none.",
    source: "C4 (Raffel et al. 2020, arXiv 1910.10683), which only asks whether there is one",
    examples: &[Example::int("if (a) { b }", 2), Example::int("()", 0), Example::int("", 0)],
    measure,
    evidence,
};

fn measure(document: &mut Document<'_>) -> Value {
    let mut count = 0;
    each(document.text(), |_, _| count += 1);
    Value::count(count)
}

fn evidence(document: &mut Document<'_>) -> Vec<(usize, usize)> {
    let mut spans = Spans::default();
    each(document.text(), |start, end| {
        spans.push(start, end);
    });
    spans.into_vec()
}

/// Calls `found` with the bounds of each bracket.
fn each(text: &str, mut found: impl FnMut(usize, usize)) {
    for at in memchr::memchr2_iter(b'{', b'}', text.as_bytes()) {
        found(at, at + 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Scratch;

    fn value(text: &str) -> Value {
        measure(&mut Document::new(text, &mut Scratch::default()))
    }

    #[test]
    fn wide_brackets_do_not_count() {
        assert_eq!(value("｛}"), Value::Int(1));
    }
}
