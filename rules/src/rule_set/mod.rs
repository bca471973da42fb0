//! A rule set: files and packs joined in order, checked as far as it goes without SQL.

mod action;
mod canonical;
mod loader;
mod places;
mod source;
mod url_lists;

use std::collections::BTreeMap;

use datafusion::arrow::datatypes::DataType;

use crate::annotators::{self, SharedAnnotator};
use crate::compile::{Compiled, compile};
use crate::defects::DefectKind;
use crate::error::RuleError;
use crate::percentile::{self, Percentile};
use crate::resources::{self, Resource};
use crate::rule_file::{OnNull, RuleTest};
use crate::tokenizer::TokenizerSpec;
use crate::urls::Reference;
use loader::Loader;

pub use action::Action;
pub use source::RuleSource;

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
    resources: BTreeMap<String, Resource>,
    tokenizer: Option<TokenizerSpec>,
    counts_tokens: bool,
}

impl RuleSet {
    /// Loads files and packs with everything they extend; no source gives no rules.
    pub fn load(sources: &[RuleSource]) -> Result<Self, RuleError> {
        let mut loader = Loader::default();
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

    /// The resources of the rule files, by name.
    pub(crate) fn resources(&self) -> &BTreeMap<String, Resource> {
        &self.resources
    }

    /// The annotator of that name, of tamis or made of a resource of the rule files.
    pub fn annotator(&self, name: &str) -> Option<SharedAnnotator> {
        // a resource that cannot be read has ended the loading of its rule file
        annotators::find(name)
            .map(SharedAnnotator::BuiltIn)
            .or_else(|| resources::find(&self.resources, name).ok().flatten())
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
        self.counts_tokens
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
        Self { counts_tokens: true, ..self.with_tokenizer(tokenizer) }
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
                resources: self.resources.clone(),
                tokenizer: self.tokenizer.clone(),
                ..Self::default()
            },
            &BTreeMap::new(),
        )
    }
}
