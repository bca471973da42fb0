//! A rule file as it is written: YAML, read strictly, every value with its place.

mod keys;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use serde_saphyr::Spanned;

use crate::defects::DefectKind;
use crate::error::{Problem, RuleError};
use crate::resources::{RawModel, RawWords};
use crate::urls::WrittenList;
use crate::yaml;

pub(crate) use keys::{ACTIONS, PlacedRuleKeys};
pub use keys::{OnNull, OneOrMore, RuleKeys};

/// A file, version 1.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RuleFile {
    /// Format version.
    #[schemars(with = "u64")]
    pub version: Spanned<u64>,
    /// Packs, or files relative to this one, whose rules come first.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub extends: Vec<Spanned<String>>,
    /// Rules of extended files that are switched off.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub disable: Vec<Spanned<String>>,
    /// Columns of the documents, by dotted path: string, int, double or bool.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, String>")]
    pub columns: BTreeMap<String, Spanned<String>>,
    /// Lists of sites and pages, by name: `url_list('NAME')` in a condition asks for one.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, WrittenList>")]
    pub url_lists: BTreeMap<String, Spanned<WrittenList>>,
    /// Regular expressions with a name; a rule names one instead of repeating it.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, String>")]
    pub patterns: BTreeMap<String, Spanned<String>>,
    /// Derived annotations: SQL over others.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, String>")]
    pub annotations: BTreeMap<String, Spanned<String>>,
    /// Lists of words, each of which makes annotations of its name.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, RawWords>")]
    pub word_lists: BTreeMap<String, Spanned<RawWords>>,
    /// fastText models, each of which makes annotations of its name.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, RawModel>")]
    pub fasttext: BTreeMap<String, Spanned<RawModel>>,
    /// Annotations to measure though no condition names them.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub measure: Vec<Spanned<String>>,
    /// The rules, in order.
    #[serde(default)]
    #[schemars(with = "Vec<RuleKeys>")]
    pub rules: Vec<PlacedRuleKeys>,
    /// Kinds of defect that a reviewer tells apart.
    #[serde(default)]
    #[schemars(with = "Vec<DefectKind>")]
    pub defects: Vec<Spanned<DefectKind>>,
    /// Texts and what must become of them.
    #[serde(default)]
    #[schemars(with = "Vec<RuleTest>")]
    pub tests: Vec<Spanned<RuleTest>>,
}

/// A text and what must become of it.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RuleTest {
    /// A name for the output.
    pub name: Option<String>,
    /// The text.
    pub text: String,
    /// Values of declared columns; the others are NULL.
    #[serde(default)]
    pub columns: BTreeMap<String, Value>,
    /// Values of percentiles, such as `p99(compression_ratio)`.
    #[serde(default)]
    pub given: BTreeMap<String, f64>,
    /// What must come out.
    pub expect: Expect,
}

/// What must come out; what is not named is not looked at.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Expect {
    /// Rules that must remove it; an empty list says that none may.
    pub drop: Option<Vec<String>>,
    /// Rules that must flag it; an empty list says that none may.
    pub flag: Option<Vec<String>>,
    /// Rules that must edit it; an empty list says that none may.
    pub edit: Option<Vec<String>>,
    /// Rules that must not fire.
    pub not: Option<Vec<String>>,
    /// Rules whose condition must be NULL.
    pub undecided: Option<Vec<String>>,
    /// Whether it must stay.
    pub keep: Option<bool>,
    /// The text after all edits.
    pub text: Option<String>,
    /// Values that must have been measured, numbers to a millionth; `null` where none is defined.
    #[serde(default)]
    pub values: BTreeMap<String, Value>,
}

/// Parses a file that is known as `name`.
pub(crate) fn parse(name: &str, text: &str) -> Result<RuleFile, RuleError> {
    let problem = |line, column, message: String| RuleError {
        problems: vec![Problem { file: name.to_owned(), line, column, message }],
    };
    let file: RuleFile = serde_saphyr::from_str(text).map_err(|error| {
        let (line, column) = error.location().map_or((1, 1), |at| (at.line(), at.column()));
        problem(line, column, yaml::explain(&error))
    })?;
    if file.version.value != 1 {
        let at = file.version.referenced;
        let message =
            format!("version {} is not known, this tamis reads version 1", file.version.value);
        return Err(problem(at.line(), at.column(), message));
    }
    Ok(file)
}
