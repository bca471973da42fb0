//! `boilerplate_line_ratio`, `boilerplate_char_ratio`: how much of a text other documents of its
//! source say in the same lines.

use super::evidence::Spans;
use super::{Example, Measure, Value, ValueType};
use crate::document::Document;

/// Both names.
pub(crate) const NAMES: [&str; 2] = [BOILERPLATE_LINE_RATIO.name, BOILERPLATE_CHAR_RATIO.name];

/// The annotator `boilerplate_line_ratio`.
pub(super) const BOILERPLATE_LINE_RATIO: Measure = Measure {
    name: "boilerplate_line_ratio",
    value_type: ValueType::Float,
    unit: "share of lines",
    range: (0.0, 1.0),
    definition: "Lines that stand in ten or more documents of the source, and in one of a thousand \
        or more, divided by all lines. Lines are compared without white space at their ends, by \
        64-bit hashes, as the documents were read; those without a letter or digit, such as the \
        rules of a table, count on neither side. The source is that of --source-column, or the \
        first folder of the shard. It takes a reading of the corpus before rules, so a text by \
        itself (in a test, `rules check --on`, the inspector's drafts) gives NULL, as does one \
        without lines.",
    source: "tamis; the idea of lines repeated across documents: CCNet (Wenzek et al. 2020, arXiv \
        1911.00359, section 3.1)",
    examples: &[Example::null("Home\nLog in"), Example::null("")],
    measure: |document| {
        let counts = document.boilerplate(|_, _| ());
        counts.map_or(Value::Null, |counts| Value::ratio(counts.copies, counts.all))
    },
    evidence,
};

/// The annotator `boilerplate_char_ratio`.
pub(super) const BOILERPLATE_CHAR_RATIO: Measure = Measure {
    name: "boilerplate_char_ratio",
    unit: "share of characters",
    definition: "Characters of the lines that `boilerplate_line_ratio` counts, divided by the \
        characters of all lines with a letter or digit, white space at their ends left out. NULL \
        where that is.",
    measure: |document| {
        let counts = document.boilerplate(|_, _| ());
        counts.map_or(Value::Null, |counts| Value::ratio(counts.copied_chars, counts.chars))
    },
    ..BOILERPLATE_LINE_RATIO
};

fn evidence(document: &mut Document<'_>) -> Vec<(usize, usize)> {
    let mut spans = Spans::default();
    document.boilerplate(|start, end| spans.push(start, end));
    spans.into_vec()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::boilerplate::Lines;
    use crate::document::Scratch;

    #[test]
    fn known_lines_count_and_rules_of_tables_do_not() {
        let mut known = Lines::default();
        let known = known.of("Home\nLog in").to_vec();
        let mut scratch = Scratch::default();
        let text = " Home\nLog in\n-----\nThe text.\nHome\n";
        let mut document = Document::new(text, &mut scratch).with_boilerplate(&known);
        assert_eq!((BOILERPLATE_LINE_RATIO.measure)(&mut document), Value::Float(0.75));
        assert_eq!((BOILERPLATE_CHAR_RATIO.measure)(&mut document), Value::Float(14.0 / 23.0));
        assert_eq!(evidence(&mut document), [(1, 5), (6, 12), (29, 33)]);
        let mut document = Document::new("---", &mut scratch).with_boilerplate(&known);
        assert_eq!((BOILERPLATE_LINE_RATIO.measure)(&mut document), Value::Null);
    }
}
