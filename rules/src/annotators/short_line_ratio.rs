//! `short_line_ratio`: lines of few characters.

use super::measure::no_evidence;
use super::{Example, Measure, Value, ValueType};
use crate::document::Document;

/// The annotator `short_line_ratio`.
pub(super) const SHORT_LINE_RATIO: Measure = Measure {
    name: "short_line_ratio",
    value_type: ValueType::Float,
    unit: "share of lines",
    range: (0.0, 1.0),
    definition: "Lines of at most 30 characters, white space at both ends left out, divided by lines \
        that are not blank: menus, tables and poems have many. A text without such a line \
        gives NULL.",
    source: "FineWeb (Penedo et al. 2024, arXiv 2406.17557), blank lines left out",
    examples: &[
        Example::float("Home\nAbout\nThis line is surely longer than thirty.", 2.0 / 3.0),
        Example::float("123456789 123456789 123456789 1", 0.0),
        Example::null(""),
    ],
    measure,
    evidence: no_evidence,
};

fn measure(document: &mut Document<'_>) -> Value {
    let lines = document.lines();
    Value::ratio(lines.iter().filter(|line| line.chars <= 30).count(), lines.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Scratch;

    fn value(text: &str) -> Value {
        measure(&mut Document::new(text, &mut Scratch::default()))
    }

    #[test]
    fn thirty_characters_are_short() {
        assert_eq!(value(&"é".repeat(30)), Value::Float(1.0));
        assert_eq!(value(&"é".repeat(31)), Value::Float(0.0));
    }
}
