//! Reads files and packs with everything that they extend, and notes what is wrong with them.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::path::Path;

use datafusion::arrow::datatypes::DataType;
use serde_saphyr::{Location, Spanned};

use super::action::Action;
use super::source::{RuleSource, known_packs};
use super::{DerivedAnnotation, ForeignColumn, Place, PlacedTest, Rule, RuleSet};
use crate::edits::{CompiledEdit, EditError, compile_pattern};
use crate::error::{Problem, RuleError};
use crate::nearest::suggest;
use crate::pattern;
use crate::resources::{self, Resource, ResourceFault};
use crate::rule_file::{self, PlacedRuleKeys, RuleFile};

/// The last stage that there may be.
const STAGES_MAX: usize = 64;

#[derive(Default)]
pub(super) struct Loader {
    pub(super) set: RuleSet,
    pub(super) problems: Vec<Problem>,
    loaded: Vec<String>,
    open: Vec<String>,
}

impl Loader {
    pub(super) fn note(&mut self, file: usize, at: Location, message: impl Display) {
        let place = Place { file, line: at.line(), column: at.column() };
        let problem = self.set.problem(&place, message);
        self.problems.push(problem);
    }

    /// Notes what is wrong with a pattern, at the sign it is about where that can be told.
    fn note_pattern(
        &mut self,
        file: usize,
        written: &Spanned<String>,
        what: &str,
        error: &regex::Error,
    ) {
        let fault = pattern::fault(error);
        let at = written.referenced;
        let mut place = Place { file, line: at.line(), column: at.column() };
        if let Some(sign) = fault.at {
            place = self.set.place_within(&place, &written.value, sign);
        }
        let problem = self.set.problem(&place, format!("{what}: {}", fault.message));
        self.problems.push(problem);
    }

    pub(super) fn source(&mut self, source: &RuleSource, named: bool) -> Result<(), RuleError> {
        let key = source.key();
        if self.open.contains(&key) {
            let circle = self.open.join(" extends ");
            return Err(RuleError::whole(&key, format!("extends itself: {circle} extends {key}")));
        }
        if self.loaded.contains(&key) {
            return Ok(());
        }
        let text = source.text()?;
        let file = rule_file::parse(&key, &text)?;
        self.open.push(key.clone());
        for extended in &file.extends {
            let base = RuleSource::named_beside(&extended.value, source.folder());
            if base.is_missing() {
                let at = extended.referenced;
                let known = known_packs(&extended.value);
                let message = format!(
                    "there is neither a file '{}' nor a pack of that name{known}",
                    base.key()
                );
                let problem = Problem { file: key, line: at.line(), column: at.column(), message };
                return Err(RuleError { problems: vec![problem] });
            }
            // the tests of a pack are the pack's own affair
            self.source(&base, named && matches!(source, RuleSource::Pack(_)))?;
        }
        self.open.pop();
        self.loaded.push(key.clone());
        self.set.files.push((key, text));
        self.file(file, self.set.files.len() - 1, named, source.folder());
        Ok(())
    }

    fn file(&mut self, file: RuleFile, number: usize, named: bool, folder: &Path) {
        let place = |at: Location| Place { file: number, line: at.line(), column: at.column() };
        for (name, kind) in file.columns {
            let data_type = match kind.value.as_str() {
                "string" => DataType::Utf8,
                "int" => DataType::Int64,
                "double" => DataType::Float64,
                "bool" => DataType::Boolean,
                other => {
                    let near = suggest(other, TYPE_NAMES.iter().map(|(_, meant)| *meant));
                    let known = TYPE_NAMES.iter().find(|(wrong, _)| *wrong == other);
                    let near = known.map_or(near, |(_, m)| format!(" (did you mean '{m}'?)"));
                    let message =
                        format!("'{other}' is no column type{near}: string, int, double or bool");
                    self.note(number, kind.referenced, message);
                    continue;
                }
            };
            match self.set.columns.iter().find(|column| column.name == name) {
                Some(before) if before.data_type != data_type => {
                    let message =
                        format!("column '{name}' is declared as {} elsewhere", before.data_type);
                    self.note(number, kind.referenced, message);
                }
                Some(_) => {}
                None => {
                    let at = place(kind.referenced);
                    self.set.columns.push(ForeignColumn { name, data_type, at });
                }
            }
        }
        for (name, list) in file.url_lists {
            self.url_list(name, &list, number, folder);
        }
        for id in &file.disable {
            let before = self.set.rules.len();
            self.set.rules.retain(|rule| rule.id != id.value);
            if self.set.rules.len() == before {
                let near = suggest(&id.value, self.set.rules.iter().map(|rule| rule.id.as_str()));
                let message = format!("there is no rule '{}' to switch off{near}", id.value);
                self.note(number, id.referenced, message);
            }
        }
        for (name, pattern) in &file.patterns {
            if let Err(error) = compile_pattern(&pattern.value) {
                self.note_pattern(number, pattern, &format!("pattern '{name}'"), &error);
            }
        }
        for (name, list) in file.word_lists {
            let read = resources::word_list(&name, &list.value, folder);
            self.bring(name, number, list.referenced, read);
        }
        for (name, model) in file.fasttext {
            let read = resources::model(&name, &model.value, folder);
            self.bring(name, number, model.referenced, read);
        }
        for (name, sql) in file.annotations {
            if self.set.annotator(&name).is_some()
                || self.set.derived.iter().any(|d| d.name == name)
            {
                self.note(
                    number,
                    sql.referenced,
                    format!("there is an annotation '{name}' already"),
                );
                continue;
            }
            let at = place(sql.referenced);
            self.set.derived.push(DerivedAnnotation { name, sql: sql.value, at });
        }
        for name in &file.measure {
            if self.set.annotator(&name.value).is_none() {
                let near = crate::compile::nearest(&name.value);
                let message = format!("there is no annotation '{}'{near}", name.value);
                self.note(number, name.referenced, message);
            } else if !self.set.extra.contains(&name.value) {
                self.set.extra.push(name.value.clone());
            }
        }
        let patterns: BTreeMap<String, String> =
            file.patterns.into_iter().map(|(name, pattern)| (name, pattern.value)).collect();
        for rule in file.rules {
            self.rule(&rule, number, &patterns);
        }
        for kind in file.defects {
            if let Some(message) = kind.value.problem(&self.set.defects) {
                self.note(number, kind.referenced, message);
            }
            self.set.defects.push(kind.value);
        }
        if named {
            let tests = file.tests.into_iter();
            self.set
                .tests
                .extend(tests.map(|t| PlacedTest { at: place(t.referenced), test: t.value }));
        }
    }

    /// Takes in a resource under its name.
    fn bring(
        &mut self,
        name: String,
        number: usize,
        at: Location,
        read: Result<Resource, ResourceFault>,
    ) {
        let read = match read {
            Ok(read) => read,
            Err(ResourceFault::Named(message)) => return self.note(number, at, message),
            Err(ResourceFault::Within(problem)) => return self.problems.push(problem),
        };
        if let Some(message) = resources::name_fault(&name, &read) {
            return self.note(number, at, message);
        }
        match self.set.resources.get(&name) {
            Some(before) if *before != read => {
                self.note(number, at, format!("another '{name}' is given elsewhere"));
            }
            _ => {
                self.set.resources.insert(name, read);
            }
        }
    }

    /// Notes what is wrong with a rule's id.
    fn named(&mut self, id: &str, file: usize, id_at: Location) {
        let named = id.split_once('/').is_some_and(|(family, name)| {
            let fine = |part: &str| {
                !part.is_empty() && part.chars().all(|c| c.is_alphanumeric() || "-_./".contains(c))
            };
            fine(family) && fine(name)
        });
        if !named {
            let message =
                format!("'{id}' is no rule id: write family/name with letters, digits, - and _");
            self.note(file, id_at, message);
        }
        if let Some(before) = self.set.rules.iter().find(|rule| rule.id == id) {
            let at = before.at.clone();
            let there = format!("{}:{}", self.set.file_name(&at), at.line);
            let message =
                format!("rule '{id}' stands in {there} already; another id, or disable that one");
            self.note(file, id_at, message);
        }
    }

    fn rule(&mut self, keys: &PlacedRuleKeys, file: usize, patterns: &BTreeMap<String, String>) {
        let id = &keys.id.value;
        self.named(id, file, keys.id.referenced);
        let mut plain = keys.plain();
        // a named pattern is told of where it stands
        let mut by_name = false;
        for pattern in [&mut plain.remove_lines_matching, &mut plain.replace_matches] {
            if let Some(named) = pattern.as_ref().and_then(|name| patterns.get(name)) {
                *pattern = Some(named.clone());
                by_name = true;
            }
        }
        let action = match Action::of(&plain) {
            Ok(action) => action,
            Err(fault) => {
                let message = format!("rule '{id}': {}", fault.message);
                return self.note(file, keys.place(fault.key), message);
            }
        };
        if let Action::Edit(edit) = &action
            && let Err(error) = CompiledEdit::new(edit)
        {
            match (&error, keys.text(edit.key())) {
                (EditError::Pattern { .. }, _) if by_name => {}
                (EditError::Pattern { error, .. }, Some(written)) => {
                    self.note_pattern(file, written, &format!("rule '{id}'"), error);
                }
                (error, _) => {
                    let place = keys.place(error.key().unwrap_or(edit.key()));
                    return self.note(file, place, format!("rule '{id}': {error}"));
                }
            }
        }
        let stage = self.stage(keys, file);
        let at = keys.place(action.key());
        self.set.rules.push(Rule {
            id: id.clone(),
            stage,
            condition: plain.condition().map(str::to_owned),
            action,
            why: plain.why,
            follows: plain.follows,
            on_null: plain.on_null.unwrap_or_default(),
            at: Place { file, line: at.line(), column: at.column() },
        });
    }

    /// The stage of a rule, 1 where it names none that can be.
    fn stage(&mut self, keys: &PlacedRuleKeys, file: usize) -> usize {
        let Some(written) = &keys.stage else { return 1 };
        if let Ok(stage @ 1..=STAGES_MAX) = usize::try_from(written.value) {
            return stage;
        }
        let id = &keys.id.value;
        let message = format!("rule '{id}': stages are numbered from 1 to {STAGES_MAX}");
        self.note(file, written.referenced, message);
        1
    }
}

/// Types of other languages, and ours.
const TYPE_NAMES: &[(&str, &str)] = &[
    ("string", "string"),
    ("int", "int"),
    ("double", "double"),
    ("bool", "bool"),
    ("text", "string"),
    ("str", "string"),
    ("varchar", "string"),
    ("utf8", "string"),
    ("integer", "int"),
    ("int64", "int"),
    ("bigint", "int"),
    ("long", "int"),
    ("float", "double"),
    ("float64", "double"),
    ("number", "double"),
    ("real", "double"),
    ("boolean", "bool"),
];
