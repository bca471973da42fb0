//! The keys of one rule. The same type is read from a rule file, where every value carries its
//! place, stands in the specification and in the canonical form, and makes the JSON Schema.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::SeqAccessDeserializer;
use serde::de::{Deserializer, SeqAccess, Visitor};
use serde::{Deserialize, Serialize, Serializer};
use serde_saphyr::{Location, Spanned};

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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Rule")]
pub struct RuleKeys<Text = String, Texts = OneOrMore, Number = u64> {
    /// `family/name`.
    pub id: Text,
    /// Removes documents for which it holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drop_if: Option<Text>,
    /// Removes documents for which it does not hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keep_if: Option<Text>,
    /// Marks documents for which it holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flag_if: Option<Text>,
    /// Removes whole lines in which it matches.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remove_lines_matching: Option<Text>,
    /// Removes the lines for which it holds, SQL over the measures of a line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remove_lines_if: Option<Text>,
    /// Replaces every match.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replace_matches: Option<Text>,
    /// Removes the sentences with findings of this kind, verdict and confidence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remove_dangling: Option<Text>,
    /// Takes back damage of this kind: `mojibake`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repair: Option<Text>,
    /// Marks findings of this kind, verdict and confidence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mark_dangling: Option<Text>,
    /// Replaces personal data of these kinds: `email`, `public_ip`, `phone_number`, `iban`,
    /// `card_number`, `secret`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replace_pii: Option<Texts>,
    /// What matches are replaced by, `$1` is the first group; or the mark; or what personal data
    /// become, one or several that take turns.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub with: Option<Texts>,
    /// Replaces only within lines for which it holds, SQL over the measures of a line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lines_if: Option<Text>,
    /// Why the rule exists.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// Whose definition it follows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub follows: Option<String>,
    /// What happens where the condition is NULL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_null: Option<OnNull>,
    /// Stage, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stage: Option<Number>,
}

/// The keys of a rule with their places in a rule file.
pub(crate) type PlacedRuleKeys = RuleKeys<Spanned<String>, Spanned<OneOrMore>, Spanned<u64>>;

/// What happens to a document for which a condition is NULL.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
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

impl RuleKeys {
    /// A rule without an action.
    pub(crate) fn new(id: &str) -> Self {
        Self {
            id: id.to_owned(),
            drop_if: None,
            keep_if: None,
            flag_if: None,
            remove_lines_matching: None,
            remove_lines_if: None,
            replace_matches: None,
            remove_dangling: None,
            repair: None,
            mark_dangling: None,
            replace_pii: None,
            with: None,
            lines_if: None,
            why: None,
            follows: None,
            on_null: None,
            stage: None,
        }
    }

    /// The condition, for drop, keep and flag.
    pub(crate) fn condition(&self) -> Option<&str> {
        let condition = self.drop_if.as_ref().or(self.keep_if.as_ref()).or(self.flag_if.as_ref());
        condition.map(String::as_str)
    }

    /// The keys of the actions that it has; there must be one.
    pub(crate) fn actions(&self) -> Vec<&'static str> {
        let is_there = |key: &&&'static str| match **key {
            "drop_if" => self.drop_if.is_some(),
            "keep_if" => self.keep_if.is_some(),
            "flag_if" => self.flag_if.is_some(),
            "remove_lines_matching" => self.remove_lines_matching.is_some(),
            "remove_lines_if" => self.remove_lines_if.is_some(),
            "replace_matches" => self.replace_matches.is_some(),
            "repair" => self.repair.is_some(),
            "remove_dangling" => self.remove_dangling.is_some(),
            "mark_dangling" => self.mark_dangling.is_some(),
            _ => self.replace_pii.is_some(),
        };
        ACTIONS.iter().filter(is_there).copied().collect()
    }
}

impl PlacedRuleKeys {
    /// The keys without their places.
    pub(crate) fn plain(&self) -> RuleKeys {
        let text = |key: &Option<Spanned<String>>| key.as_ref().map(|text| text.value.clone());
        let texts = |key: &Option<Spanned<OneOrMore>>| key.as_ref().map(|all| all.value.clone());
        RuleKeys {
            id: self.id.value.clone(),
            drop_if: text(&self.drop_if),
            keep_if: text(&self.keep_if),
            flag_if: text(&self.flag_if),
            remove_lines_matching: text(&self.remove_lines_matching),
            remove_lines_if: text(&self.remove_lines_if),
            replace_matches: text(&self.replace_matches),
            remove_dangling: text(&self.remove_dangling),
            repair: text(&self.repair),
            mark_dangling: text(&self.mark_dangling),
            replace_pii: texts(&self.replace_pii),
            with: texts(&self.with),
            lines_if: text(&self.lines_if),
            why: self.why.clone(),
            follows: self.follows.clone(),
            on_null: self.on_null,
            stage: self.stage.as_ref().map(|stage| stage.value),
        }
    }

    /// The text under `key`; none where that holds a list or is not there.
    pub(crate) fn text(&self, key: &str) -> Option<&Spanned<String>> {
        match key {
            "id" => Some(&self.id),
            "drop_if" => self.drop_if.as_ref(),
            "keep_if" => self.keep_if.as_ref(),
            "flag_if" => self.flag_if.as_ref(),
            "remove_lines_matching" => self.remove_lines_matching.as_ref(),
            "remove_lines_if" => self.remove_lines_if.as_ref(),
            "replace_matches" => self.replace_matches.as_ref(),
            "remove_dangling" => self.remove_dangling.as_ref(),
            "repair" => self.repair.as_ref(),
            "mark_dangling" => self.mark_dangling.as_ref(),
            "lines_if" => self.lines_if.as_ref(),
            _ => None,
        }
    }

    /// Where the value of `key` stands; that of the id where it is not there.
    pub(crate) fn place(&self, key: &str) -> Location {
        let texts = match key {
            "replace_pii" => self.replace_pii.as_ref(),
            "with" => self.with.as_ref(),
            _ => None,
        };
        let stage = self.stage.as_ref().filter(|_| key == "stage");
        let place = self.text(key).map(|text| text.referenced);
        let place = place.or_else(|| texts.map(|texts| texts.referenced));
        let place = place.or_else(|| stage.map(|stage| stage.referenced));
        place.unwrap_or(self.id.referenced)
    }
}

/// One text, or a list of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OneOrMore(pub Vec<String>);

impl OneOrMore {
    /// The only text; none where there are several.
    pub fn only(&self) -> Option<&str> {
        if let [only] = self.0.as_slice() { Some(only) } else { None }
    }
}

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

impl Serialize for OneOrMore {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.only() {
            Some(only) => only.serialize(serializer),
            None => self.0.serialize(serializer),
        }
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
