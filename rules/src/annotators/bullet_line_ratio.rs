//! `bullet_line_ratio`: lines that are list items.

use super::evidence::Spans;
use super::{Example, Measure, Value, ValueType};
use crate::document::Document;
use tamis_kernels::Segment;

/// The annotator `bullet_line_ratio`.
pub(super) const BULLET_LINE_RATIO: Measure = Measure {
    name: "bullet_line_ratio",
    value_type: ValueType::Float,
    unit: "share of lines",
    range: (0.0, 1.0),
    definition: "Lines that start with a bullet divided by lines that are not blank. A bullet is one \
        of • ‣ ◦ ● ○ ■ □ ▪ ▫ ▶ ⁃ ∙, or a hyphen, asterisk, plus sign or dash with white \
        space after it; a rule such as `---` is none. A text without such a line gives NULL.",
    source: "Gopher (Rae et al. 2021, arXiv 2112.11446), with the marks in use today",
    examples: &[
        Example::float("- a\n* b\nc\n•d", 3.0 / 4.0),
        Example::float("---\n**a**\n-1", 0.0),
        Example::null("\n"),
    ],
    measure,
    evidence,
};

fn measure(document: &mut Document<'_>) -> Value {
    let text = document.text();
    let lines = document.lines();
    let bullets = lines.iter().filter(|line| is_bullet(text, line)).count();
    Value::ratio(bullets, lines.len())
}

fn evidence(document: &mut Document<'_>) -> Vec<(usize, usize)> {
    let text = document.text();
    let mut spans = Spans::default();
    for line in document.lines().iter().filter(|line| is_bullet(text, line)) {
        spans.push(line.start, line.end);
    }
    spans.into_vec()
}

fn is_bullet(text: &str, line: &Segment) -> bool {
    let mut chars = text.get(line.start..line.end).unwrap_or_default().chars();
    match chars.next() {
        Some('-' | '*' | '+' | '–' | '—') => chars.next().is_some_and(char::is_whitespace),
        Some(c) => {
            matches!(c, '•' | '‣' | '◦' | '●' | '○' | '■' | '□' | '▪' | '▫' | '▶' | '⁃' | '∙')
        }
        None => false,
    }
}
