//! Where two rule sets disagree on one document, and which rules are the reason.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::compile::Compiled;
use crate::error::RuleError;
use crate::rule_set::RuleSet;
use crate::test_runner::{Judgement, judge};

/// A rule set that is ready to judge documents.
pub struct Judge {
    set: RuleSet,
    compiled: Compiled,
}

/// A rule that removes a document, with what it measured.
#[derive(Debug, Clone, PartialEq)]
pub struct Reason {
    /// The rule.
    pub rule: String,
    /// Annotation, measured value, comparison and threshold, for each comparison of its condition.
    pub comparisons: Vec<(String, Value, String, Value)>,
}

/// What one rule set does with a document.
#[derive(Debug, Clone, PartialEq)]
pub struct Side {
    /// Whether the document stays.
    pub keep: bool,
    /// Why it does not, in the order of the rules.
    pub reasons: Vec<Reason>,
    /// The rules that edit it.
    pub edits: Vec<String>,
    /// The text that is written.
    pub text: String,
}

/// How two rule sets disagree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Disagreement {
    /// Only the first removes the document.
    OnlyFirst,
    /// Only the second removes the document.
    OnlySecond,
    /// Both keep it, with different texts.
    Texts,
}

impl Judge {
    /// Makes a set ready; one that compares with percentiles is refused, as they are known in a
    /// run only.
    pub fn new(set: RuleSet) -> Result<Self, RuleError> {
        if let Some(percentile) = set.percentiles().first() {
            let message = format!("compares with {}, which only a run knows", percentile.key());
            return Err(RuleError::whole("rules", message));
        }
        let compiled = set.compile(&BTreeMap::new())?;
        Ok(Self { set, compiled })
    }

    /// The rule set.
    pub fn set(&self) -> &RuleSet {
        &self.set
    }

    /// Judges one text; `columns` gives values of declared columns.
    pub fn side(&self, text: &str, columns: &BTreeMap<String, Value>) -> Result<Side, RuleError> {
        let judged = judge(&self.set, &self.compiled, text, columns)?;
        let rules = if judged.keep { &[][..] } else { &judged.drop };
        let mut reasons: Vec<Reason> =
            rules.iter().map(|rule| self.reason(rule, &judged)).collect();
        if !judged.keep && reasons.is_empty() {
            // a condition that is NULL removes where its rule says so
            reasons.extend(judged.undecided.iter().map(|rule| self.reason(rule, &judged)));
        }
        Ok(Side { keep: judged.keep, reasons, edits: judged.edit, text: judged.text })
    }

    fn reason(&self, rule: &str, judged: &Judgement) -> Reason {
        let number = self.set.rules().iter().position(|one| one.id == rule);
        let conditions = self.compiled.conditions.iter();
        let compared = conditions.filter(|condition| Some(condition.rule) == number);
        let comparisons = compared.flat_map(|condition| &condition.comparisons).map(|one| {
            let value = judged.values.get(&one.column).cloned().unwrap_or(Value::Null);
            (one.column.clone(), value, one.op.clone(), one.threshold.clone())
        });
        Reason { rule: rule.to_owned(), comparisons: comparisons.collect() }
    }
}

impl Reason {
    /// The reason as in an output's field `tamis`.
    pub fn json(&self) -> Value {
        let comparisons: Vec<Value> = self
            .comparisons
            .iter()
            .map(|(annotation, value, op, threshold)| {
                json!({"annotation": annotation, "value": value, "op": op, "threshold": threshold})
            })
            .collect();
        json!({"rule": self.rule, "comparisons": comparisons})
    }
}

impl std::fmt::Display for Reason {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}", self.rule)?;
        for (annotation, value, op, threshold) in &self.comparisons {
            let value = match value.as_f64().filter(|_| value.is_f64()) {
                Some(value) => format!("{value:.4}"),
                None => value.to_string(),
            };
            write!(out, ", {annotation} {value} {op} {threshold}")?;
        }
        Ok(())
    }
}

/// How two rule sets disagree on a document, if they do.
pub fn disagreement(first: &Side, second: &Side) -> Option<Disagreement> {
    match (first.keep, second.keep) {
        (false, true) => Some(Disagreement::OnlyFirst),
        (true, false) => Some(Disagreement::OnlySecond),
        (true, true) if first.text != second.text => Some(Disagreement::Texts),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::RuleSource;

    fn judge_of(pack: &str) -> Judge {
        Judge::new(RuleSet::load(&[RuleSource::Pack(pack.to_owned())]).unwrap()).unwrap()
    }

    fn compared(first: &str, second: &str, text: &str) -> (Option<Disagreement>, Side, Side) {
        let columns = BTreeMap::new();
        let first = judge_of(first).side(text, &columns).unwrap();
        let second = judge_of(second).side(text, &columns).unwrap();
        (disagreement(&first, &second), first, second)
    }

    #[test]
    fn the_rule_that_only_one_set_breaks_is_named() {
        let text = "Home page\nRead our latest news about the opening hours of the museum and about the rooms that were added upstairs last spring.\nHome page\nContact us by letter or by telephone between nine and five, or come to the office behind the old railway station.";
        let (found, first, second) = compared("gopher-repetition@datatrove", "gopher@dclm", text);
        assert_eq!(found, Some(Disagreement::OnlySecond));
        assert!(first.keep && first.reasons.is_empty());
        let rule = second.reasons.iter().find(|reason| reason.rule == "gopher/duplicate-lines");
        let said = rule.unwrap().to_string();
        assert_eq!(said, "gopher/duplicate-lines, dclm_duplicate_line_ratio 0.5000 > 0.3");
        let json = rule.unwrap().json();
        assert_eq!(json["comparisons"][0]["threshold"], 0.3);
    }

    #[test]
    fn texts_that_are_edited_otherwise_are_a_disagreement() {
        let text = "One line that ends.\n\n\n\nTwo of the lines that end.\nThree of them end here.\nFour of the lines end.\nFive of them end here.\n";
        let (found, first, second) = compared("c4@datatrove", "c4@tfds", text);
        assert_eq!(found, Some(Disagreement::Texts));
        assert!(first.text.contains("One line") && !second.text.contains("One line"));
        assert!(second.edits.contains(&"c4/few-words".to_owned()));
        assert_eq!(compared("c4@tfds", "c4@tfds", text).0, None);
    }

    #[test]
    fn percentiles_are_refused() {
        let text = "version: 1\nrules:\n  - id: a/b\n    drop_if: word_count > p99(word_count)\n";
        let source = RuleSource::Inline { name: "a".to_owned(), text: text.to_owned() };
        let error = Judge::new(RuleSet::load(&[source]).unwrap()).map(|_| ()).unwrap_err();
        assert!(error.to_string().contains("p99(word_count), which only a run knows"), "{error}");
    }
}
