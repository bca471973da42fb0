//! A rule file as it is written: YAML, read strictly, every value with its place.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde::de::value::SeqAccessDeserializer;
use serde::de::{Deserializer, SeqAccess, Visitor};
use serde_json::Value;
use serde_saphyr::Spanned;

use crate::defects::DefectKind;
use crate::error::{Problem, RuleError};
use crate::given::{RawModel, RawWords};
use crate::urls::WrittenList;
use crate::yaml;

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
    pub rules: Vec<RawRule>,
    /// Kinds of defect that a reviewer tells apart.
    #[serde(default)]
    #[schemars(with = "Vec<DefectKind>")]
    pub defects: Vec<Spanned<DefectKind>>,
    /// Texts and what must become of them.
    #[serde(default)]
    #[schemars(with = "Vec<RuleTest>")]
    pub tests: Vec<Spanned<RuleTest>>,
}

/// The keys of the ten actions.
pub(crate) const ACTIONS: &[&str] = &[
    "drop_if",
    "keep_if",
    "flag_if",
    "remove_lines_matching",
    "remove_lines_if",
    "replace_matches",
    "repair",
    "remove_dangling",
    "mark_dangling",
    "replace_pii",
];

/// One rule: exactly one of the ten actions.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawRule {
    /// `family/name`.
    #[schemars(with = "String")]
    pub id: Spanned<String>,
    /// Removes documents for which it holds.
    #[schemars(with = "Option<String>")]
    pub drop_if: Option<Spanned<String>>,
    /// Removes documents for which it does not hold.
    #[schemars(with = "Option<String>")]
    pub keep_if: Option<Spanned<String>>,
    /// Marks documents for which it holds.
    #[schemars(with = "Option<String>")]
    pub flag_if: Option<Spanned<String>>,
    /// Removes whole lines in which it matches.
    #[schemars(with = "Option<String>")]
    pub remove_lines_matching: Option<Spanned<String>>,
    /// Removes the lines for which it holds, SQL over the measures of a line.
    #[schemars(with = "Option<String>")]
    pub remove_lines_if: Option<Spanned<String>>,
    /// Replaces every match.
    #[schemars(with = "Option<String>")]
    pub replace_matches: Option<Spanned<String>>,
    /// Removes the sentences with findings of this kind, verdict and confidence.
    #[schemars(with = "Option<String>")]
    pub remove_dangling: Option<Spanned<String>>,
    /// Takes back damage of this kind: `mojibake`.
    #[schemars(with = "Option<String>")]
    pub repair: Option<Spanned<String>>,
    /// Marks findings of this kind, verdict and confidence.
    #[schemars(with = "Option<String>")]
    pub mark_dangling: Option<Spanned<String>>,
    /// Replaces personal data of these kinds: `email`, `public_ip`, `phone_number`, `iban`,
    /// `card_number`, `secret`.
    #[schemars(with = "Option<OneOrMore>")]
    pub replace_pii: Option<Spanned<OneOrMore>>,
    /// What matches are replaced by, `$1` is the first group; or the mark; or what personal data
    /// become, one or several that take turns.
    #[schemars(with = "Option<OneOrMore>")]
    pub with: Option<Spanned<OneOrMore>>,
    /// Replaces only within lines for which it holds, SQL over the measures of a line.
    #[schemars(with = "Option<String>")]
    pub lines_if: Option<Spanned<String>>,
    /// Why the rule exists.
    pub why: Option<String>,
    /// Whose definition it follows.
    pub follows: Option<String>,
    /// What happens where the condition is NULL.
    pub on_null: Option<OnNull>,
    /// Stage, from 1.
    #[schemars(with = "Option<u64>")]
    pub stage: Option<Spanned<u64>>,
}

/// One text, or a list of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OneOrMore(pub Vec<String>);

impl JsonSchema for OneOrMore {
    fn schema_name() -> Cow<'static, str> {
        "OneOrMore".into()
    }

    fn json_schema(_generator: &mut SchemaGenerator) -> Schema {
        let list = serde_json::json!({ "type": "array", "items": { "type": "string" } });
        json_schema!({ "anyOf": [{ "type": "string" }, list] })
    }

    fn inline_schema() -> bool {
        true
    }
}

impl OneOrMore {
    /// The only text; none where there are several.
    pub(crate) fn only(&self) -> Option<&str> {
        if let [only] = self.0.as_slice() { Some(only) } else { None }
    }
}

struct OneOrMoreVisitor;

impl<'de> Visitor<'de> for OneOrMoreVisitor {
    type Value = OneOrMore;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text or a list of texts")
    }

    fn visit_str<E>(self, text: &str) -> Result<OneOrMore, E> {
        Ok(OneOrMore(vec![text.to_owned()]))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<OneOrMore, A::Error> {
        Ok(OneOrMore(Vec::deserialize(SeqAccessDeserializer::new(list))?))
    }
}

impl<'de> Deserialize<'de> for OneOrMore {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OneOrMoreVisitor)
    }
}

/// What happens to a document for which a condition is NULL.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
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
