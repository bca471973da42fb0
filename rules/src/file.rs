//! A rule file as it is written: YAML, read strictly, every value with its place.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;
use serde_saphyr::Spanned;

use crate::defects::DefectKind;
use crate::error::{Problem, RuleError};
use crate::given::{RawModel, RawWords};

/// A file, version 1.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RuleFile {
    /// Format version.
    pub version: Spanned<u64>,
    /// Packs, or files relative to this one, whose rules come first.
    #[serde(default)]
    pub extends: Vec<Spanned<String>>,
    /// Rules of extended files that are switched off.
    #[serde(default)]
    pub disable: Vec<Spanned<String>>,
    /// Columns of the documents, by dotted path: string, int, double or bool.
    #[serde(default)]
    pub columns: BTreeMap<String, Spanned<String>>,
    /// Regular expressions with a name; a rule names one instead of repeating it.
    #[serde(default)]
    pub patterns: BTreeMap<String, Spanned<String>>,
    /// Derived annotations: SQL over others.
    #[serde(default)]
    pub annotations: BTreeMap<String, Spanned<String>>,
    /// Lists of words, each of which makes annotations of its name.
    #[serde(default)]
    pub word_lists: BTreeMap<String, Spanned<RawWords>>,
    /// fastText models, each of which makes annotations of its name.
    #[serde(default)]
    pub fasttext: BTreeMap<String, Spanned<RawModel>>,
    /// Annotations to measure though no condition names them.
    #[serde(default)]
    pub measure: Vec<Spanned<String>>,
    /// The rules, in order.
    #[serde(default)]
    pub rules: Vec<RawRule>,
    /// Kinds of defect that a reviewer tells apart.
    #[serde(default)]
    pub defects: Vec<Spanned<DefectKind>>,
    /// Texts and what must become of them.
    #[serde(default)]
    pub tests: Vec<Spanned<RuleTest>>,
}

/// One rule: exactly one of the nine actions.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawRule {
    /// `family/name`.
    pub id: Spanned<String>,
    /// Removes documents for which it holds.
    pub drop_if: Option<Spanned<String>>,
    /// Removes documents for which it does not hold.
    pub keep_if: Option<Spanned<String>>,
    /// Marks documents for which it holds.
    pub flag_if: Option<Spanned<String>>,
    /// Removes whole lines in which it matches.
    pub remove_lines_matching: Option<Spanned<String>>,
    /// Removes the lines for which it holds, SQL over the measures of a line.
    pub remove_lines_if: Option<Spanned<String>>,
    /// Replaces every match.
    pub replace_matches: Option<Spanned<String>>,
    /// Removes the sentences with findings of this kind, verdict and confidence.
    pub remove_dangling: Option<Spanned<String>>,
    /// Takes back damage of this kind: `mojibake`.
    pub repair: Option<Spanned<String>>,
    /// Marks findings of this kind, verdict and confidence.
    pub mark_dangling: Option<Spanned<String>>,
    /// What matches are replaced by, `$1` is the first group; or the mark.
    pub with: Option<Spanned<String>>,
    /// Replaces only within lines for which it holds, SQL over the measures of a line.
    pub lines_if: Option<Spanned<String>>,
    /// Why the rule exists.
    pub why: Option<String>,
    /// Whose definition it follows.
    pub follows: Option<String>,
    /// What happens where the condition is NULL.
    pub on_null: Option<OnNull>,
    /// Stage, from 1.
    pub stage: Option<Spanned<u64>>,
}

/// What happens to a document for which a condition is NULL.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnNull {
    /// It stays.
    #[default]
    Keep,
    /// It goes.
    Drop,
    /// It goes to `failed/`.
    Fail,
}

/// A text and what must become of it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
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
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
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
        let message = error.to_string();
        let first = message.lines().next().unwrap_or_default().to_owned();
        problem(line, column, first)
    })?;
    if file.version.value != 1 {
        let at = file.version.referenced;
        let message =
            format!("version {} is not known, this tamis reads version 1", file.version.value);
        return Err(problem(at.line(), at.column(), message));
    }
    Ok(file)
}
