//! What a test expects, held against what came out.

use std::fmt;

use serde_json::Value;

use crate::annotators;
use crate::compile::Compiled;
use crate::document::{Document, Scratch};
use crate::edits::EditedText;
use crate::findings::Wanted;
use crate::rule_file::RuleTest;
use crate::rule_set::{Action, RuleSet};
use crate::test_runner::Judgement;

/// Characters of the text that are shown of one span.
const SHOWN: usize = 60;
/// Spans that are shown of one rule.
const SPANS_MAX: usize = 5;

/// One thing that came out otherwise than expected.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    /// `drop`, `flag`, `edit`, `not`, `undecided`, `keep`, `text`, or `values.` and a name.
    pub what: String,
    /// What the test says.
    pub expected: String,
    /// What came out.
    pub got: String,
    /// The rules that are concerned, with what they measured.
    pub rules: Vec<RuleTrace>,
}

/// What one rule made of the text of a test.
#[derive(Debug, Clone, PartialEq)]
pub struct RuleTrace {
    /// The rule.
    pub rule: String,
    /// `fired`, `did not fire` or `is undecided`.
    pub outcome: &'static str,
    /// What its condition compares, with the measured values.
    pub comparisons: Vec<Measured>,
    /// The places that were edited, or that explain the values; at most five.
    pub spans: Vec<SpanText>,
}

/// A measured value beside its threshold.
#[derive(Debug, Clone, PartialEq)]
pub struct Measured {
    /// The annotation or column.
    pub name: String,
    /// Its value.
    pub value: Value,
    /// How it is compared.
    pub op: String,
    /// With what.
    pub threshold: Value,
}

/// A place in the text, in bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpanText {
    /// Its first byte.
    pub start: usize,
    /// The byte after its last one.
    pub end: usize,
    /// What stands there, cut where it is long.
    pub text: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: expected {}, got {}", self.what, self.expected, self.got)?;
        for rule in &self.rules {
            write!(f, "; {rule}")?;
        }
        Ok(())
    }
}

impl fmt::Display for RuleTrace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.rule, self.outcome)?;
        for (number, one) in self.comparisons.iter().enumerate() {
            let sign = if number == 0 { ": " } else { ", " };
            let Measured { name, value, op, threshold } = one;
            write!(f, "{sign}{name} is {value} (asked: {op} {threshold})")?;
        }
        Ok(())
    }
}

impl fmt::Display for SpanText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "bytes {} to {}: {:?}", self.start, self.end, self.text)
    }
}

/// A test and what came out of it.
pub(crate) struct Case<'a> {
    pub(crate) set: &'a RuleSet,
    pub(crate) compiled: &'a Compiled,
    pub(crate) test: &'a RuleTest,
    pub(crate) judgement: &'a Judgement,
    /// The text of the test, edited.
    pub(crate) edited: &'a EditedText<'a>,
}

impl Case<'_> {
    /// Everything that is not as expected.
    pub(crate) fn differences(&self) -> Vec<Difference> {
        let (expect, judgement) = (&self.test.expect, self.judgement);
        let mut found = Vec::new();
        let lists = [
            ("drop", &expect.drop, &judgement.drop),
            ("flag", &expect.flag, &judgement.flag),
            ("edit", &expect.edit, &judgement.edit),
            ("undecided", &expect.undecided, &judgement.undecided),
        ];
        for (what, expected, came) in lists {
            let Some(expected) = expected else { continue };
            let missing = expected.iter().filter(|id| !came.contains(id));
            let unwanted = came.iter().filter(|_| expected.is_empty());
            let concerned: Vec<&String> = missing.chain(unwanted).collect();
            if !concerned.is_empty() {
                let rules = concerned.into_iter().map(|id| self.trace(id)).collect();
                let (expected, got) = (list(expected), list(came));
                found.push(Difference { what: what.to_owned(), expected, got, rules });
            }
        }
        let fired = [&judgement.drop, &judgement.flag, &judgement.edit];
        for id in expect.not.iter().flatten() {
            if fired.iter().any(|ids| ids.contains(id)) {
                found.push(Difference {
                    what: "not".to_owned(),
                    expected: format!("{id} not to fire"),
                    got: "that it fired".to_owned(),
                    rules: vec![self.trace(id)],
                });
            }
        }
        if let Some(keep) = expect.keep.filter(|keep| *keep != judgement.keep) {
            found.push(Difference {
                what: "keep".to_owned(),
                expected: keep.to_string(),
                got: judgement.keep.to_string(),
                rules: self.deciding(),
            });
        }
        for (name, value) in &expect.values {
            let came = judgement.values.get(name);
            if !came.is_some_and(|came| close(value, came)) {
                let unmeasured = || format!("nothing: put it under 'measure: [{name}]'");
                found.push(Difference {
                    what: format!("values.{name}"),
                    expected: value.to_string(),
                    got: came.map_or_else(unmeasured, Value::to_string),
                    rules: Vec::new(),
                });
            }
        }
        if let Some(text) = expect.text.as_ref().filter(|text| **text != judgement.text) {
            let edits = judgement.edit.iter().map(|id| self.trace(id)).collect();
            found.push(Difference {
                what: "text".to_owned(),
                expected: format!("{text:?}"),
                got: format!("{:?}", judgement.text),
                rules: edits,
            });
        }
        found
    }

    /// The rules that decide whether the document stays: those that removed it, or all that could.
    fn deciding(&self) -> Vec<RuleTrace> {
        if !self.judgement.drop.is_empty() {
            return self.judgement.drop.iter().map(|id| self.trace(id)).collect();
        }
        let rules = self.set.rules().iter();
        let could = rules.filter(|rule| matches!(rule.action, Action::Drop | Action::Keep));
        could.map(|rule| self.trace(&rule.id)).collect()
    }

    fn trace(&self, id: &str) -> RuleTrace {
        let number = self.set.rules().iter().position(|rule| rule.id == id);
        let fired = [&self.judgement.drop, &self.judgement.flag, &self.judgement.edit];
        let outcome = if fired.iter().any(|ids| ids.iter().any(|one| one == id)) {
            "fired"
        } else if self.judgement.undecided.iter().any(|one| one == id) {
            "is undecided"
        } else {
            "did not fire"
        };
        let mut trace =
            RuleTrace { rule: id.to_owned(), outcome, comparisons: Vec::new(), spans: Vec::new() };
        let Some(number) = number else { return trace };
        let text = &self.test.text;
        let mut spans: Vec<(usize, usize)> = Vec::new();
        for span in self.edited.spans() {
            if usize::try_from(span.rule).is_ok_and(|rule| rule == number) {
                spans.push((span.start, span.end));
            }
        }
        if let Some(condition) = self.compiled.conditions.iter().find(|one| one.rule == number) {
            for one in &condition.comparisons {
                trace.comparisons.push(Measured {
                    name: one.column.clone(),
                    value: self.judgement.values.get(&one.column).cloned().unwrap_or(Value::Null),
                    op: one.op.clone(),
                    threshold: one.threshold.clone(),
                });
                spans.extend(self.evidence(&one.column, self.set.rules()[number].stage));
            }
        }
        spans.sort_unstable();
        spans.dedup();
        trace.spans = spans.iter().take(SPANS_MAX).map(|span| shown(text, *span)).collect();
        trace
    }

    /// The places of the text as it was written that explain the value of a column.
    fn evidence(&self, column: &str, stage: usize) -> Vec<(usize, usize)> {
        // a confidence may hold the only dot
        let staged = column.split_once('.').filter(|(stage, _)| !stage.contains('('));
        let (stage, name) = match staged {
            Some(("original", name)) => (0, name),
            Some((_, name)) => (stage, name),
            None => (stage, column),
        };
        let mut scratch = Scratch::default();
        let mut document = Document::new(self.edited.stage_text(stage), &mut scratch);
        let spans = if let Some(annotator) = annotators::find(name) {
            annotator.evidence(&mut document)
        } else if let Some(wanted) = Wanted::of_column(name) {
            let findings = document.references().findings.iter();
            let meant = findings.filter(|finding| wanted.has(finding));
            meant.map(|finding| (finding.span.start, finding.span.end)).collect()
        } else {
            Vec::new()
        };
        let back = |(start, end)| self.edited.original_span(stage, start, end);
        spans.into_iter().map(back).collect()
    }
}

fn list(ids: &[String]) -> String {
    if ids.is_empty() { "none".to_owned() } else { ids.join(", ") }
}

fn shown(text: &str, (start, end): (usize, usize)) -> SpanText {
    let whole = text.get(start..end).unwrap_or_default();
    let mut cut: String = whole.chars().take(SHOWN).collect();
    if cut.len() < whole.len() {
        cut.push('…');
    }
    SpanText { start, end, text: cut }
}

/// Whether a measured value is the one expected, a number to a millionth.
fn close(expected: &Value, came: &Value) -> bool {
    match (expected.as_f64(), came.as_f64()) {
        (Some(expected), Some(came)) => (expected - came).abs() <= 1e-6,
        _ => expected == came,
    }
}

#[cfg(test)]
mod tests {
    use crate::test_runner::run_tests;
    use crate::{RuleSet, RuleSource};

    fn differences(rules: &str) -> Vec<Vec<String>> {
        let name = "r.yaml".to_owned();
        let set = RuleSet::load(&[RuleSource::Inline { name, text: rules.to_owned() }]).unwrap();
        let outcomes = run_tests(&set).unwrap().into_iter();
        outcomes.map(|one| one.differences.iter().map(ToString::to_string).collect()).collect()
    }

    #[test]
    fn a_difference_says_what_was_measured_and_asked() {
        let rules = "
version: 1
rules:
  - {id: t/short, drop_if: word_count < 3}
  - {id: t/odd, flag_if: mean_word_length > 4}
  - {id: t/mail, replace_pii: email}
tests:
  - {text: 'a b c', expect: {drop: [t/short], flag: []}}
  - {text: 'a b', expect: {drop: [], keep: true, not: [t/short]}}
  - {text: '', expect: {undecided: [], keep: true}}
  - {text: 'to a@b.org', expect: {edit: [], text: 'to', keep: true}}
  - {text: 'a b c', expect: {values: {word_count: 4, mean_word_length: null}}}
";
        let short = |outcome: &str, words: &str| {
            format!("t/short {outcome}: word_count is {words} (asked: < 3)")
        };
        let expected = vec![
            vec![format!("drop: expected t/short, got none; {}", short("did not fire", "3"))],
            vec![
                format!("drop: expected none, got t/short; {}", short("fired", "2")),
                format!("not: expected t/short not to fire, got that it fired; {}", short("fired", "2")),
                format!("keep: expected true, got false; {}", short("fired", "2")),
            ],
            vec![
                "undecided: expected none, got t/odd; t/odd is undecided: mean_word_length is null (asked: > 4)"
                    .to_owned(),
                format!("keep: expected true, got false; {}", short("fired", "0")),
            ],
            vec![
                "edit: expected none, got t/mail; t/mail fired".to_owned(),
                format!("keep: expected true, got false; {}", short("fired", "2")),
                "text: expected \"to\", got \"to <email>\"; t/mail fired".to_owned(),
            ],
            vec![
                "values.mean_word_length: expected null, got 1.0".to_owned(),
                "values.word_count: expected 4, got 3".to_owned(),
            ],
        ];
        assert_eq!(differences(rules), expected);
    }

    #[test]
    fn spans_are_those_of_the_text_as_written() {
        let rules = "
version: 1
rules:
  - {id: t/cut, remove_lines_matching: '^cut'}
  - {id: t/mails, flag_if: email_count > 5}
tests:
  - {text: \"cut me\\nto a@b.org\", expect: {edit: [], flag: [t/mails]}}
";
        let name = "r.yaml".to_owned();
        let set = RuleSet::load(&[RuleSource::Inline { name, text: rules.to_owned() }]).unwrap();
        let outcome = run_tests(&set).unwrap().remove(0);
        let spans: Vec<String> = outcome
            .differences
            .iter()
            .flat_map(|one| &one.rules)
            .flat_map(|rule| &rule.spans)
            .map(ToString::to_string)
            .collect();
        assert_eq!(spans, ["bytes 10 to 17: \"a@b.org\"", "bytes 0 to 7: \"cut me\\n\""]);
    }
}
