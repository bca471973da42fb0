//! A draft becomes a rule: appended to a rule file with a test case, everything else of the file
//! byte for byte as it was.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Map, Value};
use tamis_rules::test_runner::{judge, run_tests};
use tamis_rules::{Compiled, Rule, RuleSet, RuleSource};

use super::excerpt::{CHARS_MAX, excerpt};
use super::insert::{Section, insert, section};
use super::trial::{columns_of, fired};
use super::yaml::scalar;
use crate::error::InspectError;
use crate::model::Draft;

/// The rule to be.
#[derive(Debug, Clone, PartialEq)]
pub struct NewRule {
    /// What it does.
    pub draft: Draft,
    /// `family/name`.
    pub id: String,
    /// Why it exists.
    pub why: Option<String>,
    /// Packs and files that a new rule file extends; a file that is there keeps its own.
    pub extends: Vec<String>,
}

/// The document that the test case is made of.
#[derive(Debug, Clone, Copy)]
pub struct TestDocument<'a> {
    /// How the test calls it.
    pub name: &'a str,
    /// Its text as it was read.
    pub text: &'a str,
    /// The other fields of its record.
    pub metadata: &'a Map<String, Value>,
    /// Percentiles of the run.
    pub percentiles: &'a BTreeMap<String, f64>,
}

/// What was appended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Appended {
    /// The lines of the rule.
    pub rule: String,
    /// The lines of the test.
    pub test: Option<String>,
    /// Tests of the file that ran, this one included.
    pub tests: usize,
}

/// Appends a rule, and a test made of `document`, to `file`, or makes the file. The new file is
/// read and its tests are run before it takes the place of the old one. `seen` is the file's text
/// when it was last read (none: it was not there); a file that has changed since is left alone.
pub fn append(
    rule: &NewRule,
    file: &Path,
    seen: Option<&str>,
    document: Option<&TestDocument<'_>>,
) -> Result<Appended, InspectError> {
    let old = read(file)?;
    if old.as_deref() != seen {
        let what = "has changed since it was read; look at it and try again";
        return Err(InspectError::file(file, what));
    }
    let edit = Edit { rule, file, old: old.as_deref() };
    let (with_rule, rule_lines) = edit.with_rule()?;
    let set = edit.load(&with_rule).map_err(|error| edit.shape(&rule_lines, &error))?;
    let test = document.map(|document| edit.test(&set, document)).transpose()?;
    let (text, test_lines) = match &test {
        None => (with_rule, None),
        Some(test) => {
            let (text, lines) = edit.append_to(&with_rule, "tests", &|n| test.keys(n))?;
            (text, Some(lines))
        }
    };
    let added = format!("{rule_lines}{}", test_lines.as_deref().unwrap_or_default());
    let tests = edit.validate(&text, &added, test.as_ref())?;
    // the file may have changed while the tests ran
    if read(file)?.as_deref() != seen {
        return Err(InspectError::file(file, "has changed just now; look at it and try again"));
    }
    crate::review::write_whole(file, text.as_bytes())?;
    Ok(Appended { rule: rule_lines, test: test_lines, tests })
}

/// The text of a rule file; none where there is none.
pub fn read(file: &Path) -> Result<Option<String>, InspectError> {
    match std::fs::read_to_string(file) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(InspectError::file(file, error)),
    }
}

struct Edit<'a> {
    rule: &'a NewRule,
    file: &'a Path,
    old: Option<&'a str>,
}

/// Lines of an item of a list: keys with their values, the first behind the dash.
fn item(indent: usize, keys: &[(&str, String)]) -> String {
    let mut lines = String::new();
    for (number, (key, value)) in keys.iter().enumerate() {
        lines.extend(std::iter::repeat_n(' ', indent));
        lines.push_str(if number == 0 { "- " } else { "  " });
        lines.push_str(&format!("{key}: {value}\n"));
    }
    lines
}

/// Keys of an item; values may depend on how far they are indented.
type Keys<'a> = &'a dyn Fn(usize) -> Vec<(&'static str, String)>;

impl Edit<'_> {
    fn with_rule(&self) -> Result<(String, String), InspectError> {
        let new = || {
            let extends: Vec<String> =
                self.rule.extends.iter().map(|name| scalar(name, 0)).collect();
            format!("version: 1\nextends: [{}]\n", extends.join(", "))
        };
        let old = self.old.map_or_else(new, str::to_owned);
        self.append_to(&old, "rules", &|indent| {
            let mut keys = vec![("id", self.rule.id.clone())];
            keys.extend(self.rule.draft.keys().iter().map(|(key, v)| (*key, scalar(v, indent))));
            keys.extend(self.rule.why.iter().map(|why| ("why", scalar(why, indent))));
            keys
        })
    }

    /// Adds an item to the list of a key; gives the text and the lines that were added.
    fn append_to(
        &self,
        text: &str,
        key: &str,
        keys: Keys<'_>,
    ) -> Result<(String, String), InspectError> {
        match section(text, key) {
            Section::Absent => {
                let lines = item(2, &keys(4));
                let added = format!("{key}:\n{lines}");
                Ok((insert(text, text.len(), &added), added))
            }
            Section::List { indent, ends } => {
                let lines = item(indent, &keys(indent + 2));
                let grown = ends.iter().map(|end| insert(text, *end, &lines));
                // of several places the one that leaves everything else as it was
                let grown: Vec<String> = grown.collect();
                let fine = grown.iter().find(|grown| self.keeps(text, grown));
                let Some(grown) = fine.or(grown.first()) else {
                    return Err(self.shape(&lines, &format!("its {key} have no end")));
                };
                Ok((grown.clone(), lines))
            }
            Section::Other => {
                let what = format!("its {key} are not written as a list with an item a line");
                Err(self.shape(&item(2, &keys(4)), &what))
            }
        }
    }

    fn source(&self, text: &str) -> RuleSource {
        RuleSource::Inline { name: self.file.display().to_string(), text: text.to_owned() }
    }

    fn load(&self, text: &str) -> Result<RuleSet, InspectError> {
        Ok(RuleSet::load(&[self.source(text)])?)
    }

    /// An error with the text to paste by hand.
    fn shape(&self, lines: &str, what: &dyn std::fmt::Display) -> InspectError {
        let what = format!("nothing was written: {what}; to add it by hand, paste\n{lines}");
        InspectError::file(self.file, what)
    }

    /// Whether `new` says everything that `old` says, and at most one rule and one test more.
    fn keeps(&self, old: &str, new: &str) -> bool {
        let (Ok(old), Ok(new)) = (self.load(old), self.load(new)) else { return false };
        let others = new.rules().iter().filter(|rule| rule.id != self.rule.id);
        let rules =
            others.map(said).eq(old.rules().iter().filter(|r| r.id != self.rule.id).map(said));
        let tests = |set: &RuleSet| {
            set.tests().iter().map(|placed| placed.test.clone()).collect::<Vec<_>>()
        };
        let (before, after) = (tests(&old), tests(&new));
        let columns = old.columns().iter().map(|c| (&c.name, &c.data_type));
        let same_columns = columns.eq(new.columns().iter().map(|c| (&c.name, &c.data_type)));
        let derived = old.derived().iter().map(|d| (&d.name, &d.sql));
        let same_derived = derived.eq(new.derived().iter().map(|d| (&d.name, &d.sql)));
        rules
            && same_columns
            && same_derived
            && old.defects() == new.defects()
            && after.len() <= before.len() + 1
            && before.iter().eq(after.iter().take(before.len()))
    }

    /// A test case: a piece of the document that the new rule fires for.
    fn test(&self, set: &RuleSet, document: &TestDocument<'_>) -> Result<Test, InspectError> {
        let mut given = BTreeMap::new();
        for percentile in set.percentiles() {
            let key = percentile.key();
            let value = document.percentiles.get(&key).filter(|value| value.is_finite());
            let value = value.ok_or_else(|| {
                InspectError::Usage(format!("a test needs {key}, which the run did not take"))
            })?;
            given.insert(key, *value);
        }
        let compiled = set.compile(&given)?;
        let columns = self.columns(set, document);
        let hint = self.rule.draft.regex().and_then(|regex| regex.find(document.text));
        let hint = hint.map(|found| found.range());
        let fires = |text: &str| self.fires(set, &compiled, text, &columns);
        let text = excerpt(document.text, hint, fires)?.ok_or_else(|| {
            InspectError::Usage(format!(
                "the rule does not fire for any {CHARS_MAX} characters of {} in a row, so no test \
                 can be made of it; choose another document",
                document.name
            ))
        })?;
        Ok(Test {
            name: document.name.to_owned(),
            text,
            columns,
            given,
            list: self.rule.draft.expected(),
            id: self.rule.id.clone(),
        })
    }

    fn fires(
        &self,
        set: &RuleSet,
        compiled: &Compiled,
        text: &str,
        columns: &BTreeMap<String, Value>,
    ) -> Result<bool, InspectError> {
        let judgement = judge(set, compiled, text, columns)?;
        Ok(fired(&judgement, &self.rule.draft, &self.rule.id))
    }

    /// Values of the columns that the condition names.
    fn columns(&self, set: &RuleSet, document: &TestDocument<'_>) -> BTreeMap<String, Value> {
        let condition = self.rule.draft.condition().unwrap_or_default();
        let mut columns = columns_of(set, document.metadata);
        columns.retain(|name, value| condition.contains(name.as_str()) && !value.is_null());
        columns
    }

    /// Reads the new text, compares it with the old one and runs its tests; gives their number.
    fn validate(
        &self,
        text: &str,
        paste: &str,
        test: Option<&Test>,
    ) -> Result<usize, InspectError> {
        let set = self.load(text).map_err(|error| self.shape(paste, &error))?;
        let rule = set.rules().iter().any(|one| one.id == self.rule.id);
        let reads_back = test
            .is_none_or(|test| set.tests().last().is_some_and(|last| last.test.text == test.text));
        if !rule || !reads_back || self.old.is_some_and(|old| !self.keeps(old, text)) {
            let what = "the shape of the file leaves no place where nothing else changes";
            return Err(self.shape(paste, &what));
        }
        let outcomes = run_tests(&set).map_err(|error| self.shape(paste, &error))?;
        let failed: Vec<String> = outcomes
            .iter()
            .filter(|outcome| !outcome.differences.is_empty())
            .map(|outcome| {
                let told: Vec<String> =
                    outcome.differences.iter().map(ToString::to_string).collect();
                format!("{}: {}", outcome.name, told.join("; "))
            })
            .collect();
        if !failed.is_empty() {
            let what = format!("tests of the file would fail:\n{}", failed.join("\n"));
            return Err(self.shape(paste, &what));
        }
        Ok(outcomes.len())
    }
}

/// What a rule says, wherever it stands.
fn said(rule: &Rule) -> Rule {
    Rule { at: tamis_rules::Place::default(), ..rule.clone() }
}

/// A test case.
struct Test {
    name: String,
    text: String,
    columns: BTreeMap<String, Value>,
    given: BTreeMap<String, f64>,
    list: &'static str,
    id: String,
}

impl Test {
    fn keys(&self, indent: usize) -> Vec<(&'static str, String)> {
        let mut keys = vec![
            ("name", scalar(&format!("from {}", self.name), indent)),
            ("text", scalar(&self.text, indent)),
        ];
        // JSON is YAML
        if !self.columns.is_empty() {
            keys.push(("columns", flow(self.columns.iter().map(|(k, v)| (k, v.to_string())))));
        }
        if !self.given.is_empty() {
            keys.push(("given", flow(self.given.iter().map(|(k, v)| (k, format!("{v:?}"))))));
        }
        keys.push(("expect", format!("{{ {}: [{}] }}", self.list, self.id)));
        keys
    }
}

/// A map on one line.
fn flow<'a>(pairs: impl Iterator<Item = (&'a String, String)>) -> String {
    let pairs: Vec<String> =
        pairs.map(|(key, value)| format!("{}: {value}", scalar(key, 0))).collect();
    format!("{{ {} }}", pairs.join(", "))
}

#[cfg(test)]
mod tests;
