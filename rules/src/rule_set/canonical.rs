//! The canonical form of a rule set: what decides the outcome, and nothing else.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value, json};
use tamis_kernels::{hash128, hex128};

use super::{Rule, RuleSet, RuleSource};
use crate::error::RuleError;
use crate::resources;
use crate::rule_file::RuleKeys;

impl Rule {
    /// The keys of its action and its id, without comments and without its stage: an edit as the
    /// specification has it.
    pub(crate) fn action_keys(&self) -> RuleKeys {
        let mut keys = RuleKeys::new(&self.id);
        self.action.write(self.condition.as_deref(), &mut keys);
        keys
    }

    /// The keys without comments.
    fn canonical_keys(&self) -> RuleKeys {
        RuleKeys {
            // a stage is at most 64
            stage: Some(self.stage as u64),
            on_null: self.condition.is_some().then_some(self.on_null),
            ..self.action_keys()
        }
    }
}

impl RuleSet {
    /// The set as canonical JSON: what decides the outcome, without comments and places in rule
    /// files; where the files of word lists lie stands in it too.
    pub fn canonical_json(&self) -> String {
        self.canonical(resources::Paths::Shown)
    }

    /// Hash of the canonical form, 32 hexadecimal digits; of the files of word lists only what they
    /// hold counts, and not where they lie.
    pub fn hash_hex(&self) -> String {
        hex128(hash128(self.canonical(resources::Paths::Hidden).as_bytes()))
    }

    fn canonical(&self, paths: resources::Paths) -> String {
        let rules: Vec<RuleKeys> = self.rules.iter().map(Rule::canonical_keys).collect();
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
        if !self.resources.is_empty() {
            all["resources"] = resources::canonical(&self.resources, paths);
        }
        all.to_string()
    }
}

/// What of the canonical form makes rule files again.
#[derive(Deserialize)]
struct CanonicalSet {
    rules: Vec<Map<String, Value>>,
    columns: BTreeMap<String, String>,
    annotations: Vec<(String, String)>,
    /// Runs of earlier versions call them `given`.
    #[serde(default, alias = "given")]
    resources: Map<String, Value>,
}

impl RuleSource {
    /// What [`RuleSet::canonical_json`] gives as rule files again; NULL gives none. Lists of sites
    /// do not come back, for only their hash is there.
    pub fn of_canonical(canonical: &Value) -> Result<Vec<Self>, RuleError> {
        if canonical.is_null() {
            return Ok(Vec::new());
        }
        let broken = |message: String| RuleError::whole("run.json", message);
        let set = CanonicalSet::deserialize(canonical)
            .map_err(|error| broken(format!("the rule set cannot be read: {error}")))?;
        let mut columns = Map::new();
        for (name, kind) in set.columns {
            let word = match kind.as_str() {
                "Int64" => "int",
                "Float64" => "double",
                "Boolean" => "bool",
                "Utf8" => "string",
                other => return Err(broken(format!("column '{name}' has no known type: {other}"))),
            };
            columns.insert(name, word.into());
        }
        let inline = |name: String, file: Value| Self::Inline { name, text: file.to_string() };
        let mut sources =
            vec![inline("run.json columns".to_owned(), json!({"version": 1, "columns": columns}))];
        // one file each: a map would lose their order
        for (number, (name, sql)) in set.annotations.into_iter().enumerate() {
            let file = json!({"version": 1, "annotations": {name: sql}});
            sources.push(inline(format!("run.json annotation {number}"), file));
        }
        let mut file = set.resources;
        file.insert("version".to_owned(), 1.into());
        sources.push(inline("run.json word lists".to_owned(), Value::Object(file)));
        let rules: Vec<Value> =
            set.rules.into_iter().map(|rule| Value::Object(of_earlier(rule))).collect();
        let file = json!({"version": 1, "rules": rules});
        sources.push(inline("run.json rules".to_owned(), file));
        Ok(sources)
    }
}

/// A rule as earlier versions wrote it (`action`, `condition`, `pattern`) with the keys of a rule
/// file; one that has them already stays as it is.
fn of_earlier(mut rule: Map<String, Value>) -> Map<String, Value> {
    let Some(Value::String(action)) = rule.remove("action") else { return rule };
    let condition = rule.remove("condition").filter(|condition| !condition.is_null());
    let pattern = rule.remove("pattern");
    if condition.is_none() {
        rule.remove("on_null");
    }
    rule.retain(|_, value| !value.is_null());
    if let Some(value) = condition.or(pattern) {
        rule.insert(action, value);
    }
    // kinds stood in one text
    if let Some(Value::String(kinds)) = rule.get_mut("replace_pii") {
        let all: Vec<&str> = kinds.split(", ").collect();
        let all = json!(all);
        rule.insert("replace_pii".to_owned(), all);
    }
    rule
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: &str = r"
version: 1
columns: {score: double, n: int}
annotations: {a: word_count * 2, b: a + 1}
word_lists: {bad: [casino, free money]}
patterns: {cookies: '(?i)cookies'}
rules:
  - {id: t/drop, drop_if: b < 5 and bad_count > 0, why: short}
  - {id: t/keep, keep_if: score > 0.5, on_null: fail, stage: 2}
  - {id: t/flag, flag_if: n = 3, follows: nobody}
  - {id: t/lines, remove_lines_matching: cookies}
  - {id: t/measured, remove_lines_if: line_word_count < 2}
  - {id: t/replace, replace_matches: '(a)b', with: '$1', lines_if: line_char_count > 1}
  - {id: t/repair, repair: mojibake}
  - {id: t/dangling, remove_dangling: 'table'}
  - {id: t/mark, mark_dangling: any, with: ' [{kind}]'}
  - {id: t/mail, replace_pii: email}
  - {id: t/numbers, replace_pii: [iban, card_number], with: '', stage: 3}
";

    fn load(text: &str) -> RuleSet {
        let name = "r.yaml".to_owned();
        RuleSet::load(&[RuleSource::Inline { name, text: text.to_owned() }]).unwrap()
    }

    #[test]
    fn every_action_comes_back_from_the_canonical_form() {
        let set = load(RULES);
        let canonical: Value = serde_json::from_str(&set.canonical_json()).unwrap();
        assert_eq!(
            canonical["rules"][4],
            json!({"id": "t/replace", "stage": 1, "replace_matches": "(a)b", "with": "$1", "lines_if": "line_char_count > 1"})
        );
        assert_eq!(canonical["rules"][2]["remove_lines_matching"], "(?i)cookies");
        let back = RuleSet::load(&RuleSource::of_canonical(&canonical).unwrap()).unwrap();
        assert_eq!(back.canonical_json(), set.canonical_json());
        assert_eq!(back.hash_hex(), set.hash_hex());
        assert_eq!(back.rules().len(), 11);
        let actions =
            |set: &RuleSet| set.rules().iter().map(|rule| rule.action.clone()).collect::<Vec<_>>();
        assert_eq!(actions(&back), actions(&set));
    }

    #[test]
    fn the_form_of_earlier_versions_is_read() {
        let rule = |action: &str, pattern: Value, with: Value| json!({"id": format!("t/{action}"), "stage": 1, "action": action, "condition": null, "pattern": pattern, "with": with, "on_null": "keep"});
        let mut replace = rule("replace_matches", json!("a"), json!("b"));
        replace["lines_if"] = json!("line_word_count > 1");
        let canonical = json!({
            "rules": [
                {"id": "t/short", "stage": 2, "action": "drop_if", "condition": "bad_count < n", "pattern": null, "with": null, "on_null": "drop"},
                replace,
                rule("repair", json!("mojibake"), Value::Null),
                rule("replace_pii", json!("email, iban"), json!(["<{kind}>"])),
            ],
            "columns": {"n": "Int64"}, "annotations": [], "survivor": null,
            "given": {"word_lists": {"bad": ["casino"]}, "fasttext": {}},
        });
        let set = RuleSet::load(&RuleSource::of_canonical(&canonical).unwrap()).unwrap();
        let expected = load(
            "
version: 1
columns: {n: int}
word_lists: {bad: [casino]}
rules:
  - {id: t/replace_matches, replace_matches: a, with: b, lines_if: line_word_count > 1}
  - {id: t/repair, repair: mojibake}
  - {id: t/replace_pii, replace_pii: [email, iban]}
  - {id: t/short, drop_if: bad_count < n, on_null: drop, stage: 2}
",
        );
        assert_eq!(set.canonical_json(), expected.canonical_json());
    }

    #[test]
    fn what_is_no_rule_set_is_an_error() {
        assert!(RuleSource::of_canonical(&Value::Null).unwrap().is_empty());
        for (broken, says) in [
            (json!({"rules": []}), "missing field"),
            (json!({"rules": [], "columns": {"a": "Date32"}, "annotations": []}), "no known type"),
            (json!({"rules": [3], "columns": {}, "annotations": []}), "cannot be read"),
        ] {
            let error = RuleSource::of_canonical(&broken).unwrap_err().to_string();
            assert!(error.contains(says), "{error}");
        }
    }
}
