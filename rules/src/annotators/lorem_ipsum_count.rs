//! `lorem_ipsum_count`: filler text.

use super::evidence::Spans;
use super::{Example, Measure, Value, ValueType};
use crate::document::Document;

/// The annotator `lorem_ipsum_count`.
pub(super) const LOREM_IPSUM_COUNT: Measure = Measure {
    name: "lorem_ipsum_count",
    value_type: ValueType::Int,
    unit: "occurrences",
    range: (0.0, f64::INFINITY),
    definition: "Occurrences of `lorem ipsum` in any case, the filler of unfinished pages.",
    source: "C4 (Raffel et al. 2020, arXiv 1910.10683)",
    examples: &[
        Example::int("Lorem Ipsum dolor", 1),
        Example::int("lorem, ipsum", 0),
        Example::int("lorem ipsum LOREM IPSUM", 2),
    ],
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

/// Calls `found` with the bounds of each occurrence.
fn each(text: &str, mut found: impl FnMut(usize, usize)) {
    const FILLER: &[u8] = b"lorem ipsum";
    let bytes = text.as_bytes();
    for at in memchr::memchr2_iter(b'l', b'L', bytes) {
        let end = at + FILLER.len();
        if bytes.get(at..end).is_some_and(|part| part.eq_ignore_ascii_case(FILLER)) {
            found(at, end);
        }
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
    fn a_cut_occurrence_does_not_count() {
        assert_eq!(value("lorem ipsu"), Value::Int(0));
    }
}
