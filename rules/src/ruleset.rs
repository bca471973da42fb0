//! A rule set: files and packs joined in order, checked as far as it goes without SQL.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::path::{Path, PathBuf};

use datafusion::arrow::datatypes::DataType;
use serde_json::json;
use serde_saphyr::{Location, Spanned};
use tamis_kernels::{hash128, hex128};

use crate::annotators::pii::parse_kinds;
use crate::annotators::{self, Annotator};
use crate::compile::{Compiled, compile};
use crate::defects::DefectKind;
use crate::edit::{self, Change};
use crate::error::{Problem, RuleError};
pub use crate::file::OnNull;
use crate::file::{self, ACTIONS, RawRule, RuleFile, RuleTest};
use crate::findings::Wanted;
use crate::given::{self, Given, GivenFault};
use crate::lines::LineCondition;
use crate::nearest::suggest;
use crate::packs;
use crate::pattern;
use crate::percentile::{self, Percentile};
use crate::tokenizer::TokenizerSpec;
use crate::urls::{self, Reference, UrlList, WrittenList};

/// Where rules come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RuleSource {
    /// A pack that is compiled in.
    Pack(String),
    /// A file.
    File(PathBuf),
    /// A text, for tests and for files that are not written yet.
    Inline {
        /// How errors call it; what it extends lies beside a file of this name.
        name: String,
        /// The file's text.
        text: String,
    },
}

impl RuleSource {
    /// A pack where there is one of that name, else a file relative to `folder`.
    pub fn named_beside(name: &str, folder: &Path) -> Self {
        if name == "none" || packs::find(name).is_some() {
            Self::Pack(name.to_owned())
        } else {
            Self::File(folder.join(name))
        }
    }

    fn key(&self) -> String {
        match self {
            Self::Pack(name) | Self::Inline { name, .. } => name.clone(),
            Self::File(path) => path.display().to_string(),
        }
    }

    fn text(&self) -> Result<String, RuleError> {
        match self {
            Self::Pack(name) => packs::find(name).map(str::to_owned).ok_or_else(|| {
                RuleError::whole(
                    name,
                    format!("there is no pack of that name{}", known_packs(name)),
                )
            }),
            Self::File(path) => std::fs::read_to_string(path).map_err(|error| {
                let message = if error.kind() == std::io::ErrorKind::NotFound {
                    let known = known_packs(&path.display().to_string());
                    format!("there is neither a file nor a pack of that name{known}")
                } else {
                    format!("cannot be read: {error}")
                };
                RuleError::whole(&self.key(), message)
            }),
            Self::Inline { text, .. } => Ok(text.clone()),
        }
    }

    /// Whether it can be there: a file that is not is a misspelt name.
    fn is_missing(&self) -> bool {
        match self {
            Self::Pack(name) => packs::find(name).is_none(),
            Self::File(path) => !path.exists(),
            Self::Inline { .. } => false,
        }
    }

    fn folder(&self) -> &Path {
        match self {
            Self::File(path) => path.parent().unwrap_or(Path::new("")),
            Self::Inline { name, .. } => Path::new(name).parent().unwrap_or(Path::new("")),
            Self::Pack(_) => Path::new(""),
        }
    }
}

/// What was probably meant, and all packs.
fn known_packs(name: &str) -> String {
    let names = packs::names();
    format!("{}; packs: {}", suggest(name, names.iter().copied()), names.join(", "))
}

/// What a rule does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Removes documents for which the condition holds.
    Drop,
    /// Removes documents for which the condition does not hold.
    Keep,
    /// Marks documents for which the condition holds.
    Flag,
    /// Removes the lines in which the pattern matches.
    RemoveLines {
        /// The regular expression.
        pattern: String,
    },
    /// Removes the lines for which the condition holds.
    RemoveLinesIf {
        /// SQL over the measures of a line.
        condition: String,
    },
    /// Replaces the matches of the pattern.
    Replace {
        /// The regular expression.
        pattern: String,
        /// What matches become.
        with: String,
        /// Only within lines for which this holds.
        lines_if: Option<String>,
    },
    /// Takes back what is certainly mojibake.
    RepairMojibake,
    /// Removes the sentences that point at something that is not there.
    RemoveDangling {
        /// Kind, verdict and least confidence.
        wanted: String,
    },
    /// Puts a mark behind what points at something that is not there.
    MarkDangling {
        /// Kind, verdict and least confidence.
        wanted: String,
        /// The mark.
        with: String,
    },
    /// Replaces personal data.
    ReplacePii {
        /// Kinds with commas between.
        kinds: String,
        /// What findings become, in turn.
        with: Vec<String>,
    },
}

impl Action {
    /// Whether it edits what points at something that is not there.
    pub fn edits_references(&self) -> bool {
        matches!(self, Self::RemoveDangling { .. } | Self::MarkDangling { .. })
    }

    /// The change of the text, where it is one.
    pub(crate) fn change(&self) -> Option<Change> {
        Some(match self.clone() {
            Self::Drop | Self::Keep | Self::Flag => return None,
            Self::RemoveLines { pattern } => Change::RemoveLines { pattern },
            Self::RemoveLinesIf { condition } => Change::RemoveLinesIf { condition },
            Self::Replace { pattern, with, lines_if } => {
                Change::Replace { pattern, with, lines_if }
            }
            Self::RepairMojibake => Change::RepairMojibake {},
            Self::RemoveDangling { wanted } => Change::RemoveDangling { wanted },
            Self::MarkDangling { wanted, with } => Change::MarkDangling { wanted, with },
            Self::ReplacePii { kinds, with } => Change::ReplacePii { kinds, with },
        })
    }

    /// The key of the rule file.
    pub fn key(&self) -> &'static str {
        match self {
            Self::Drop => "drop_if",
            Self::Keep => "keep_if",
            Self::Flag => "flag_if",
            Self::RemoveLines { .. } => "remove_lines_matching",
            Self::RemoveLinesIf { .. } => "remove_lines_if",
            Self::Replace { .. } => "replace_matches",
            Self::RepairMojibake => "repair",
            Self::RemoveDangling { .. } => "remove_dangling",
            Self::MarkDangling { .. } => "mark_dangling",
            Self::ReplacePii { .. } => "replace_pii",
        }
    }
}

/// One rule.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// `family/name`.
    pub id: String,
    /// Stage, from 1.
    pub stage: usize,
    /// What it does.
    pub action: Action,
    /// The condition, for drop, keep and flag.
    pub condition: Option<String>,
    /// Why it exists.
    pub why: Option<String>,
    /// Whose definition it follows.
    pub follows: Option<String>,
    /// What happens where the condition is NULL.
    pub on_null: OnNull,
    /// Where it is written.
    pub at: Place,
}

/// A place in a rule file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Place {
    /// Number of the file in the set.
    pub file: usize,
    /// Line from 1.
    pub line: u64,
    /// Column from 1.
    pub column: u64,
}

/// A column of the documents that rules name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForeignColumn {
    /// Dotted path.
    pub name: String,
    /// Utf8, Int64, Float64 or Boolean.
    pub data_type: DataType,
    /// Where it is declared.
    pub at: Place,
}

/// A derived annotation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DerivedAnnotation {
    /// Its name.
    pub name: String,
    /// Its SQL.
    pub sql: String,
    /// Where it is written.
    pub at: Place,
}

/// A list of sites and pages that rules name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NamedList {
    /// Where it lies, and what it holds.
    pub(crate) reference: Reference,
    /// The column with the addresses.
    pub(crate) column: String,
    /// Where it is written.
    pub(crate) at: Place,
}

/// A test and where it is written.
#[derive(Debug, Clone, PartialEq)]
pub struct PlacedTest {
    /// The test.
    pub test: RuleTest,
    /// Where it is written.
    pub at: Place,
}

/// Rules in force, in order: those of extended files first.
#[derive(Debug, Clone, Default)]
pub struct RuleSet {
    files: Vec<(String, String)>,
    rules: Vec<Rule>,
    columns: Vec<ForeignColumn>,
    url_lists: Vec<NamedList>,
    derived: Vec<DerivedAnnotation>,
    tests: Vec<PlacedTest>,
    defects: Vec<DefectKind>,
    extra: Vec<String>,
    survivor: Option<String>,
    given: BTreeMap<String, Given>,
    tokenizer: Option<TokenizerSpec>,
    counted: bool,
}

struct Loader {
    set: RuleSet,
    problems: Vec<Problem>,
    loaded: Vec<String>,
    open: Vec<String>,
}

impl RuleSet {
    /// Loads files and packs with everything they extend; no source gives no rules.
    pub fn load(sources: &[RuleSource]) -> Result<Self, RuleError> {
        let mut loader = Loader {
            set: Self::default(),
            problems: Vec::new(),
            loaded: Vec::new(),
            open: Vec::new(),
        };
        for source in sources {
            loader.source(source, true)?;
        }
        if !loader.problems.is_empty() {
            return Err(RuleError { problems: loader.problems });
        }
        // stages are ordered; within one, the order of the file holds
        loader.set.rules.sort_by_key(|rule| rule.stage);
        Ok(loader.set)
    }

    /// The rules, by stage and then in file order.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// The columns that rules declare.
    pub fn columns(&self) -> &[ForeignColumn] {
        &self.columns
    }

    /// The derived annotations, in an order in which each needs only earlier ones.
    pub fn derived(&self) -> &[DerivedAnnotation] {
        &self.derived
    }

    /// The tests of the files that were named, not of those they extend.
    pub fn tests(&self) -> &[PlacedTest] {
        &self.tests
    }

    /// The kinds of defect that a reviewer tells apart, those of extended files first.
    pub fn defects(&self) -> &[DefectKind] {
        &self.defects
    }

    /// The lists of sites and pages.
    pub(crate) fn url_lists(&self) -> &[NamedList] {
        &self.url_lists
    }

    /// Annotations to measure though no condition names them.
    pub(crate) fn measured(&self) -> &[String] {
        &self.extra
    }

    /// What the rule files bring along, by name.
    pub(crate) fn given(&self) -> &BTreeMap<String, Given> {
        &self.given
    }

    /// The annotator of that name, of tamis or made by what the rule files bring along.
    pub fn annotator(&self, name: &str) -> Option<&'static dyn Annotator> {
        annotators::find(name).or_else(|| given::find(&self.given, name).ok().flatten())
    }

    /// The ORDER BY expression that chooses among duplicates.
    pub fn survivor(&self) -> Option<&str> {
        self.survivor.as_deref()
    }

    /// Chooses among duplicates by `order_by`; what it names is measured too, on the text after
    /// all edits.
    #[must_use]
    pub fn with_survivor(mut self, order_by: &str) -> Self {
        self.survivor = Some(order_by.to_owned());
        self
    }

    /// What counts tokens, where a tokenizer was named.
    pub fn tokenizer(&self) -> Option<&TokenizerSpec> {
        self.tokenizer.as_ref()
    }

    /// Whether the tokens of every document are counted, whatever rules ask for.
    pub(crate) fn counts_tokens(&self) -> bool {
        self.counted
    }

    /// Lets rules ask for tokens by this tokenizer.
    #[must_use]
    pub fn with_tokenizer(mut self, tokenizer: TokenizerSpec) -> Self {
        self.tokenizer = Some(tokenizer);
        self
    }

    /// Counts the tokens of every document by this tokenizer: of its text after all edits, and
    /// where there are edits, of the text as it was read too.
    #[must_use]
    pub fn with_token_counts(self, tokenizer: TokenizerSpec) -> Self {
        Self { counted: true, ..self.with_tokenizer(tokenizer) }
    }

    /// The name of a file of the set.
    pub fn file_name(&self, at: &Place) -> &str {
        self.files.get(at.file).map_or("", |file| &file.0)
    }

    /// A problem at a place of the set.
    pub(crate) fn problem(&self, at: &Place, message: impl Display) -> Problem {
        Problem {
            file: self.file_name(at).to_owned(),
            line: at.line,
            column: at.column,
            message: message.to_string(),
        }
    }

    /// A problem with one word of an expression that is written at `at`.
    pub(crate) fn problem_at_word(&self, at: &Place, word: &str, message: impl Display) -> Problem {
        let found = self.files.get(at.file).and_then(|file| find_word(&file.1, at, word));
        let (line, column) = found.unwrap_or((at.line, at.column));
        self.problem(&Place { file: at.file, line, column }, message)
    }

    /// The place of character `sign` of the first line of `value`, which is written at `at`: behind
    /// a quote, or as a block. Where the file does not hold it in one piece, `at` itself.
    pub(crate) fn place_within(&self, at: &Place, value: &str, sign: usize) -> Place {
        let number = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
        let Some((_, text)) = self.files.get(at.file) else { return at.clone() };
        let value = value.lines().next().unwrap_or_default();
        let lines = text.lines().enumerate().skip(number(at.line).saturating_sub(1)).take(20);
        for (line, written) in lines {
            let from =
                if line + 1 == number(at.line) { number(at.column).saturating_sub(1) } else { 0 };
            let start = written.char_indices().nth(from).map_or(written.len(), |(at, _)| at);
            let found = written.get(start..).and_then(|rest| rest.find(value));
            if let Some(found) = found.filter(|_| !value.is_empty()) {
                let before = written.get(..start + found).unwrap_or_default().chars().count();
                let column = (before + sign + 1) as u64;
                return Place { file: at.file, line: line as u64 + 1, column };
            }
        }
        at.clone()
    }

    /// The set as canonical JSON: what decides the outcome, without comments and places in rule
    /// files; where the files of word lists lie stands in it too.
    pub fn canonical_json(&self) -> String {
        self.canonical(given::Places::Named)
    }

    fn canonical(&self, places: given::Places) -> String {
        let repaired = "mojibake".to_owned();
        let rules: Vec<serde_json::Value> = self
            .rules
            .iter()
            .map(|rule| {
                let (pattern, with) = match &rule.action {
                    Action::RemoveLines { pattern } => (Some(pattern), None),
                    Action::RemoveLinesIf { condition } => (Some(condition), None),
                    Action::Replace { pattern, with, .. } => (Some(pattern), Some(with)),
                    Action::RemoveDangling { wanted } => (Some(wanted), None),
                    Action::MarkDangling { wanted, with } => (Some(wanted), Some(with)),
                    Action::RepairMojibake => (Some(&repaired), None),
                    _ => (None, None),
                };
                let mut one = json!({
                    "id": rule.id, "stage": rule.stage, "action": rule.action.key(),
                    "condition": rule.condition, "pattern": pattern, "with": with,
                    "on_null": format!("{:?}", rule.on_null).to_lowercase(),
                });
                if let Action::Replace { lines_if: Some(lines), .. } = &rule.action {
                    one["lines_if"] = json!(lines);
                }
                if let Action::ReplacePii { kinds, with } = &rule.action {
                    one["pattern"] = json!(kinds);
                    one["with"] = json!(with);
                }
                one
            })
            .collect();
        let columns: BTreeMap<&str, String> =
            self.columns.iter().map(|c| (c.name.as_str(), c.data_type.to_string())).collect();
        let derived: Vec<[&str; 2]> =
            self.derived.iter().map(|d| [d.name.as_str(), d.sql.as_str()]).collect();
        let mut all = json!({"rules": rules, "columns": columns, "annotations": derived, "survivor": self.survivor});
        if !self.url_lists.is_empty() {
            // by what they hold, wherever they lie
            let lists = self.url_lists.iter();
            let lists: Vec<[&str; 3]> = lists
                .map(|list| [&*list.reference.name, &*list.column, &*list.reference.hash])
                .collect();
            all["url_lists"] = json!(lists);
        }
        if !self.extra.is_empty() {
            all["measure"] = json!(self.extra);
        }
        if !self.given.is_empty() {
            all["given"] = given::canonical(&self.given, places);
        }
        all.to_string()
    }

    /// Hash of the canonical form, 32 hexadecimal digits; of the files of word lists only what they
    /// hold counts, and not where they lie.
    pub fn hash_hex(&self) -> String {
        hex128(hash128(self.canonical(given::Places::Left).as_bytes()))
    }

    /// The percentiles that conditions compare with.
    pub fn percentiles(&self) -> Vec<Percentile> {
        let conditions = self.rules.iter().filter_map(|rule| rule.condition.as_deref());
        let derived = self.derived.iter().map(|derived| derived.sql.as_str());
        percentile::all(conditions.chain(derived))
    }

    /// Types the conditions and makes them ready to run; `percentiles` gives each one's value
    /// by its call, such as `p99(compression_ratio)`.
    pub fn compile(&self, percentiles: &BTreeMap<String, f64>) -> Result<Compiled, RuleError> {
        compile(self, percentiles)
    }

    /// A set that only measures what percentiles are taken of.
    pub fn compile_measures(&self) -> Result<Compiled, RuleError> {
        let wanted = self.percentiles().into_iter().map(|percentile| percentile.annotation);
        let mut wanted: Vec<String> = wanted.collect();
        wanted.dedup();
        compile(
            &Self {
                extra: wanted,
                columns: self.columns.clone(),
                given: self.given.clone(),
                tokenizer: self.tokenizer.clone(),
                ..Self::default()
            },
            &BTreeMap::new(),
        )
    }
}

/// The line and column of `word` at or after `at`, as a whole word.
fn find_word(text: &str, at: &Place, word: &str) -> Option<(u64, u64)> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    for (number, line) in (1_u64..).zip(text.lines()).skip_while(|(n, _)| *n < at.line).take(40) {
        for (start, _) in line.match_indices(word) {
            let before = line[..start].chars().next_back().is_some_and(is_word);
            let after = line[start + word.len()..].chars().next().is_some_and(is_word);
            let column = line[..start].chars().count() as u64 + 1;
            if !before && !after && (number > at.line || column >= at.column) {
                return Some((number, column));
            }
        }
    }
    None
}

impl Loader {
    fn note(&mut self, file: usize, at: Location, message: impl Display) {
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

    fn source(&mut self, source: &RuleSource, named: bool) -> Result<(), RuleError> {
        let key = source.key();
        if self.open.contains(&key) {
            let circle = self.open.join(" extends ");
            return Err(RuleError::whole(&key, format!("extends itself: {circle} extends {key}")));
        }
        if self.loaded.contains(&key) {
            return Ok(());
        }
        let text = source.text()?;
        let file = file::parse(&key, &text)?;
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
            if let Err(error) = edit::compile(&pattern.value) {
                self.note_pattern(number, pattern, &format!("pattern '{name}'"), &error);
            }
        }
        for (name, list) in file.word_lists {
            let read = given::word_list(&name, &list.value, folder);
            self.bring(name, number, list.referenced, read);
        }
        for (name, model) in file.fasttext {
            let read = given::model(&name, &model.value, folder);
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
            self.rule(rule, number, &patterns);
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

    /// Takes in what a rule file brings along under a name.
    fn bring(
        &mut self,
        name: String,
        number: usize,
        at: Location,
        read: Result<Given, GivenFault>,
    ) {
        let read = match read {
            Ok(read) => read,
            Err(GivenFault::Named(message)) => return self.note(number, at, message),
            Err(GivenFault::Within(problem)) => return self.problems.push(problem),
        };
        if let Some(message) = given::name_fault(&name, &read) {
            return self.note(number, at, message);
        }
        match self.set.given.get(&name) {
            Some(before) if *before != read => {
                self.note(number, at, format!("another '{name}' is given elsewhere"));
            }
            _ => {
                self.set.given.insert(name, read);
            }
        }
    }

    /// Reads a list and makes its index, so that a run finds it ready.
    #[expect(clippy::needless_pass_by_value, reason = "as the other parts of a file")]
    fn url_list(&mut self, name: String, list: &Spanned<WrittenList>, file: usize, folder: &Path) {
        let at = list.referenced;
        let WrittenList { path, column } = &list.value;
        let fine = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
        if name.is_empty() || !name.chars().all(fine) {
            let message = format!("'{name}' is no name of a list: letters, digits, - and _");
            return self.note(file, at, message);
        }
        if self.set.url_lists.iter().any(|known| known.reference.name == name) {
            return self.note(file, at, format!("there is a list '{name}' already"));
        }
        let declared = self.set.columns.iter().find(|known| known.name == *column);
        if declared.is_none_or(|known| known.data_type != DataType::Utf8) {
            let near = suggest(column, self.set.columns.iter().map(|known| known.name.as_str()));
            let message = format!(
                "list '{name}' is about the column '{column}', which is not declared as a string{near}: write columns: {{{column}: string}}"
            );
            return self.note(file, at, message);
        }
        let path = folder.join(path);
        let read = urls::read(&path).and_then(|text| {
            let path = std::path::absolute(&path).map_err(|error| error.to_string())?;
            let reference = Reference { name: name.clone(), path, hash: urls::hash(&text) };
            UrlList::open(&name, &text, &reference.hash)?;
            Ok(reference)
        });
        match read {
            Ok(reference) => {
                let at = Place { file, line: at.line(), column: at.column() };
                let column = column.clone();
                self.set.url_lists.push(NamedList { reference, column, at });
            }
            Err(message) => self.note(file, at, format!("list '{name}': {message}")),
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

    #[expect(clippy::too_many_lines, reason = "one part for each action")]
    fn rule(&mut self, raw: RawRule, file: usize, patterns: &BTreeMap<String, String>) {
        let id = raw.id.value.clone();
        let id_at = raw.id.referenced;
        self.named(&id, file, id_at);
        let given = given(&raw);
        let [(action, value)] = given.as_slice() else {
            let message = format!(
                "rule '{id}' needs exactly one of {}, it has {}",
                ACTIONS.join(", "),
                given.len()
            );
            self.note(file, id_at, message);
            return;
        };
        let pattern = patterns.get(&value.value).unwrap_or(&value.value).clone();
        let edits = !matches!(action, Action::Drop | Action::Keep | Action::Flag);
        let by_pattern = matches!(action, Action::RemoveLines { .. } | Action::Replace { .. });
        if let Some((at, message)) = argument_fault(&raw, action, value) {
            self.note(file, at, format!("rule '{id}': {message}"));
            return;
        }
        let wanted = Wanted::parse(&value.value);
        let wanted = wanted.map(|wanted| wanted.canonical()).unwrap_or_default();
        // a named pattern is told of where it stands
        let named = patterns.contains_key(&value.value);
        if by_pattern
            && !named
            && let Err(error) = edit::compile(&pattern)
        {
            self.note_pattern(file, value, &format!("rule '{id}'"), &error);
        }
        let only = match &raw.with {
            Some(with) if matches!(action, Action::ReplacePii { .. }) => with.value.only(),
            Some(with) => {
                if with.value.only().is_none() {
                    let message = "a list under 'with' belongs to replace_pii only: one text here";
                    self.note(file, with.referenced, format!("rule '{id}': {message}"));
                    return;
                }
                with.value.only()
            }
            None => None,
        };
        let action = match (action, &raw.with) {
            (Action::ReplacePii { .. }, with) => {
                let with = match with {
                    Some(with) => with.value.0.clone(),
                    None => vec![PII_MARK.to_owned()],
                };
                Action::ReplacePii { kinds: pii_kinds(&value.value), with }
            }
            (Action::RemoveLines { .. }, None) => Action::RemoveLines { pattern },
            (Action::Replace { .. }, Some(_)) => Action::Replace {
                pattern,
                with: only.unwrap_or_default().to_owned(),
                lines_if: raw.lines_if.as_ref().map(|lines| lines.value.clone()),
            },
            (Action::RemoveLinesIf { .. }, None) => {
                Action::RemoveLinesIf { condition: value.value.clone() }
            }
            (Action::RemoveDangling { .. }, None) => Action::RemoveDangling { wanted },
            (Action::MarkDangling { .. }, Some(_)) => {
                Action::MarkDangling { wanted, with: only.unwrap_or_default().to_owned() }
            }
            (Action::Replace { .. } | Action::MarkDangling { .. }, None) => {
                let message = format!("rule '{id}' puts text in: say which (with: '')");
                self.note(file, value.referenced, message);
                return;
            }
            (action, None) => action.clone(),
            (_, Some(with)) => {
                let message = format!(
                    "rule '{id}': 'with' belongs to replace_matches, mark_dangling and replace_pii only"
                );
                self.note(file, with.referenced, message);
                return;
            }
        };
        if edits && raw.on_null.is_some() {
            self.note(
                file,
                value.referenced,
                format!("rule '{id}': on_null belongs to conditions only"),
            );
        }
        if action == Action::Flag && raw.on_null == Some(OnNull::Drop) {
            let message = format!("rule '{id}' flags: it drops nothing, on_null is keep or fail");
            self.note(file, value.referenced, message);
        }
        let stage = raw.stage.as_ref().map_or(1, |stage| stage.value);
        if let Some(written) = raw.stage.as_ref().filter(|stage| !(1..=64).contains(&stage.value)) {
            let message = format!("rule '{id}': stages are numbered from 1 to 64");
            self.note(file, written.referenced, message);
        }
        let at = Place { file, line: value.referenced.line(), column: value.referenced.column() };
        self.set.rules.push(Rule {
            id,
            stage: usize::try_from(stage).unwrap_or(1).max(1),
            condition: (!edits).then(|| value.value.clone()),
            action,
            why: raw.why,
            follows: raw.follows,
            on_null: raw.on_null.unwrap_or_default(),
            at,
        });
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

/// What personal data become where a rule does not say.
const PII_MARK: &str = "<{kind}>";

/// The kinds as they are kept: one comma and one space between.
fn pii_kinds(list: &str) -> String {
    list.split(',').map(str::trim).collect::<Vec<_>>().join(", ")
}

/// The actions that a rule is written with; there must be one.
fn given(raw: &RawRule) -> Vec<(Action, Spanned<String>)> {
    let none = String::new;
    let replace = Action::Replace { pattern: none(), with: none(), lines_if: None };
    let mark = Action::MarkDangling { wanted: none(), with: none() };
    let all = [
        (Action::Drop, &raw.drop_if),
        (Action::Keep, &raw.keep_if),
        (Action::Flag, &raw.flag_if),
        (Action::RemoveLines { pattern: none() }, &raw.remove_lines_matching),
        (Action::RemoveLinesIf { condition: none() }, &raw.remove_lines_if),
        (replace, &raw.replace_matches),
        (Action::RepairMojibake, &raw.repair),
        (Action::RemoveDangling { wanted: none() }, &raw.remove_dangling),
        (mark, &raw.mark_dangling),
    ];
    let mut given: Vec<(Action, Spanned<String>)> =
        all.into_iter().filter_map(|(action, value)| Some((action, value.clone()?))).collect();
    if let Some(kinds) = &raw.replace_pii {
        let joined = Spanned {
            value: kinds.value.0.join(", "),
            referenced: kinds.referenced,
            defined: kinds.defined,
        };
        given.push((Action::ReplacePii { kinds: none(), with: Vec::new() }, joined));
    }
    given
}

/// What is wrong with the arguments of an edit that is no pattern, and where.
fn argument_fault(
    raw: &RawRule,
    action: &Action,
    value: &Spanned<String>,
) -> Option<(Location, String)> {
    if let Some(lines) = &raw.lines_if {
        if !matches!(action, Action::Replace { .. }) {
            let message = "'lines_if' belongs to replace_matches only".to_owned();
            return Some((lines.referenced, message));
        }
        if let Err(message) = LineCondition::parse(&lines.value) {
            return Some((lines.referenced, message));
        }
    }
    let fault = match action {
        Action::RemoveLinesIf { .. } => LineCondition::parse(&value.value).err(),
        Action::RepairMojibake if value.value != "mojibake" => {
            Some(format!("'{}' cannot be repaired: mojibake", value.value))
        }
        Action::RemoveDangling { .. } | Action::MarkDangling { .. } => {
            Wanted::parse(&value.value).err()
        }
        Action::ReplacePii { .. }
            if raw
                .replace_pii
                .iter()
                .any(|kinds| kinds.value.0.iter().any(|k| k.contains(','))) =>
        {
            Some("one kind, or write a list: replace_pii: [email, iban]".to_owned())
        }
        Action::ReplacePii { .. } => match parse_kinds(&value.value) {
            Err(message) => Some(message),
            Ok(kinds) => pii_mark_fault(raw, kinds.len()),
        },
        _ => None,
    };
    fault.map(|message| (value.referenced, message))
}

/// What is wrong with the replacements of personal data.
fn pii_mark_fault(raw: &RawRule, kinds: usize) -> Option<String> {
    let with = raw.with.as_ref()?;
    match with.value.0.len() {
        0 => Some("an empty list under 'with' replaces by nothing: write with: ''".to_owned()),
        1 => None,
        _ if kinds > 1 => {
            Some("several replacements belong to one kind: write a rule for each kind".to_owned())
        }
        _ => None,
    }
}
