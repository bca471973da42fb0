//! What stands beside a text: reasons in words, and the places they are about.

use std::sync::Arc;

use serde_json::{Map, Value};
use tamis_pipeline::contamination::RULE;
use tamis_rules::references::{Detector, DetectorBuffers, Found};

use super::marks::{mark, sorted};
use crate::model::{Mark, MarkKind, Text, Why};
use crate::page::plain;

/// Longest text in which references are looked for when it is shown.
pub(crate) const DETECT_BYTES: usize = 8 << 20;
/// Findings shown of one document at most.
const FINDINGS_MAX: usize = 1000;

/// What a document shows beside its text.
#[derive(Debug, Default)]
pub(crate) struct Parts {
    pub(crate) why: Vec<Why>,
    pub(crate) annotations: Map<String, Value>,
}

/// A text with its marks.
pub(crate) fn text(text: String, marks: Vec<Mark>) -> Text {
    Text { text: Arc::from(text), marks: sorted(marks) }
}

/// The findings of the detector in a text, each with its line; none in a text that is too long.
pub(crate) fn detect(text: &str, parts: &mut Parts) -> Vec<Mark> {
    let mut marks = Vec::new();
    if text.len() > DETECT_BYTES {
        return marks;
    }
    let Ok(detector) = Detector::embedded() else { return marks };
    let mut found = Found::default();
    detector.find(text, &mut DetectorBuffers::default(), &mut found);
    for finding in found.findings.iter().take(FINDINGS_MAX) {
        let why = parts.why.len();
        marks.extend(mark(text, finding.span.start, finding.span.end, MarkKind::Reference, why));
        if let Some(span) = finding.evidence {
            marks.extend(mark(text, span.start, span.end, MarkKind::Reference, why));
        }
        let name = format!("{} {}", finding.kind, finding.key);
        parts.why.push(Why {
            title: format!("{} {}", name.trim(), finding.verdict),
            effect: "found".to_owned(),
            details: vec![format!("looked for: {}", finding.looked_for)],
            measured: None,
            confidence: Some(f64::from(finding.confidence)),
        });
    }
    marks
}

/// The findings in the annotations of a run, as [`detect`] gives them.
pub(crate) fn findings(list: &[Value], text: &str, parts: &mut Parts) -> Vec<Mark> {
    let mut marks = Vec::new();
    for finding in list.iter().take(FINDINGS_MAX) {
        let word = |key: &str| finding.get(key).and_then(Value::as_str).unwrap_or_default();
        let place = |key: &str| number(finding.get(key));
        let why = parts.why.len();
        marks.extend(mark(text, place("start"), place("end"), MarkKind::Reference, why));
        let name = format!("{} {}", word("kind"), word("key"));
        parts.why.push(Why {
            title: format!("{} {}", name.trim(), word("verdict")),
            effect: "found".to_owned(),
            details: vec![format!("looked for: {}", word("looked_for"))],
            measured: None,
            confidence: finding.get("confidence").and_then(Value::as_f64),
        });
    }
    marks
}

/// A place in a text; far away where it is none.
pub(crate) fn number(value: Option<&Value>) -> usize {
    let number = value.and_then(Value::as_u64).and_then(|number| usize::try_from(number).ok());
    number.unwrap_or(usize::MAX)
}

/// A reason of a record's field `tamis` as a line.
pub(crate) fn reason(reason: &Value, effect: &str) -> Why {
    let title = reason.get("rule").and_then(Value::as_str).unwrap_or_default().to_owned();
    let mut why = Why { title, effect: effect.to_owned(), ..Why::default() };
    let comparisons = reason.get("comparisons").and_then(Value::as_array);
    for comparison in comparisons.into_iter().flatten() {
        // Parquet keeps what is no number in a column of its own
        let of = |key: &str| {
            let there = |key: &str| comparison.get(key).filter(|value| !value.is_null());
            there(key).or_else(|| there(&format!("{key}_text"))).unwrap_or(&Value::Null)
        };
        let word = |key: &str| of(key).as_str().unwrap_or_default();
        let (name, op) = (word("annotation"), word("op"));
        why.details.push(format!("{name} {} {op} {}", plain(of("value")), plain(of("threshold"))));
        if why.measured.is_none()
            && let Some(value) = of("value").as_f64()
        {
            why.measured = Some((name.to_owned(), value));
        }
    }
    if let Some(twin) = reason.get("twin").and_then(Value::as_str) {
        let of = if why.title.starts_with(RULE) { "text of" } else { "twin" };
        why.details.push(format!("{of}: {twin}"));
    }
    if let Some(similarity) = reason.get("similarity").filter(|value| !value.is_null()) {
        why.details.push(format!("similarity: {}", plain(similarity)));
    }
    why
}

/// The places of a reason.
pub(crate) fn spans(reason: &Value) -> Vec<(usize, usize)> {
    let spans = reason.get("spans").and_then(Value::as_array);
    let pair = |span: &Value| (number(span.get(0)), number(span.get(1)));
    spans.into_iter().flatten().map(pair).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_reason_becomes_a_line_from_json_and_from_parquet() {
        let json = json!({
            "rule": "web/too-short", "twin": "doc-1", "similarity": 0.875, "spans": [[0, 4]],
            "comparisons": [{"annotation": "word_count", "value": 12, "op": "<", "threshold": 50}],
        });
        let why = reason(&json, "removed");
        assert_eq!(why.details, ["word_count 12 < 50", "twin: doc-1", "similarity: 0.875"]);
        assert_eq!(why.measured, Some(("word_count".to_owned(), 12.0)));
        assert_eq!(spans(&json), [(0, 4)]);
        let parquet = json!({"rule": "x/y", "comparisons": [{
            "annotation": "url", "value": null, "value_text": "a", "op": "=", "threshold_text": "b",
        }]});
        assert_eq!(reason(&parquet, "removed").details, ["url a = b"]);
    }

    #[test]
    fn a_lost_table_is_found_and_marked() {
        let text = "The results of the experiment are given in Table 1. They are good.\n";
        let mut parts = Parts::default();
        let marks = detect(text, &mut parts);
        let first = marks.first().unwrap();
        assert_eq!(&text[first.start..first.end], "Table 1");
        assert!(parts.why[0].title.starts_with("table 1"), "{:?}", parts.why[0]);
        assert_eq!(parts.why[0].effect, "found");
    }

    #[test]
    fn findings_of_a_damaged_file_are_no_marks() {
        let list = [json!({"kind": "table", "start": 1, "end": 999_999}), json!(3), json!({})];
        let mut parts = Parts::default();
        let marks = findings(&list, "é", &mut parts);
        assert_eq!(parts.why.len(), 3);
        assert!(marks.iter().all(|mark| "é".get(mark.start..mark.end).is_some()));
    }
}
