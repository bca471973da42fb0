//! What a draft is tried against: the rules in force and the numbers of the run.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value, json};
use tamis_rules::{RuleSet, RuleSource};

use crate::error::InspectError;

/// The rules in force, as sources, and the percentiles of the run.
#[derive(Debug, Clone, Default)]
pub struct Base {
    /// Where the rules come from.
    pub sources: Vec<RuleSource>,
    /// Values of percentiles, such as `p99(compression_ratio)`.
    pub percentiles: BTreeMap<String, f64>,
    /// What the manifest of the run says, null without a run.
    pub manifest: Value,
}

impl Base {
    /// The rules of a finished run as they were, whatever became of their files, and its
    /// percentiles.
    pub fn of_run(root: &Path) -> Result<Self, InspectError> {
        let path = root.join("run.json");
        let text = std::fs::read(&path).map_err(|error| InspectError::file(&path, error))?;
        let manifest: Value =
            serde_json::from_slice(&text).map_err(|error| InspectError::file(&path, error))?;
        let rules = &manifest["rules"];
        let percentiles = rules["percentiles"].as_object().into_iter().flatten();
        // a percentile of what no document has is NULL in JSON
        let percentiles = percentiles
            .map(|(call, value)| (call.clone(), value.as_f64().unwrap_or(f64::NAN)))
            .collect();
        Ok(Self { sources: RuleSource::of_canonical(&rules["set"])?, percentiles, manifest })
    }

    /// Sources of the rules with conditions switched off: they decide nothing for another rule,
    /// only edits change what it sees.
    pub(crate) fn edits_only(&self) -> Result<Vec<RuleSource>, InspectError> {
        let set = RuleSet::load(&self.sources)?;
        let conditions = set.rules().iter().filter(|rule| rule.condition.is_some());
        let ids: Vec<&str> = conditions.map(|rule| rule.id.as_str()).collect();
        let mut sources = self.sources.clone();
        sources.push(inline("the rules in force", &json!({"version": 1, "disable": ids})));
        Ok(sources)
    }
}

/// A rule file of JSON, which is YAML too.
fn inline(name: &str, file: &Value) -> RuleSource {
    RuleSource::Inline { name: name.to_owned(), text: file.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rules_of_a_run_come_back_from_its_manifest() {
        let text = r#"
version: 1
extends: [tamis/web, tamis/docs]
columns: {lang: string, meta.score: double, n: int, b: bool}
annotations: {a_ratio: "word_count * 1.0 / line_count"}
word_lists: {bad: [casino, free money]}
rules:
  - id: t/bad
    flag_if: bad_count > 2
  - id: t/replace
    replace_matches: "[\u00e9\t\"]x\\d"
    with: "\u0007"
    lines_if: line_word_count > 1
  - id: t/lines
    remove_lines_matching: '^we'
  - id: t/dangling
    remove_dangling: 'table'
  - id: t/repair
    repair: mojibake
  - id: t/late
    keep_if: meta.score > 0.5 or compression_ratio > p99(compression_ratio)
    on_null: drop
    stage: 2
"#;
        let source = RuleSource::Inline { name: "r.yaml".to_owned(), text: text.to_owned() };
        let set = RuleSet::load(&[source]).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let canonical: Value = serde_json::from_str(&set.canonical_json()).unwrap();
        let manifest = json!({"rules": {"set": canonical, "percentiles": {"p99(compression_ratio)": 7.5, "p1(n)": null}}});
        std::fs::write(folder.path().join("run.json"), manifest.to_string()).unwrap();
        let base = Base::of_run(folder.path()).unwrap();
        let back = RuleSet::load(&base.sources).unwrap();
        assert_eq!(back.canonical_json(), set.canonical_json());
        assert!((base.percentiles["p99(compression_ratio)"] - 7.5).abs() < 1e-12);
        assert!(base.percentiles["p1(n)"].is_nan());
        let edits = RuleSet::load(&base.edits_only().unwrap()).unwrap();
        let ids: Vec<&str> = edits.rules().iter().map(|rule| rule.id.as_str()).collect();
        assert_eq!(ids, ["t/replace", "t/lines", "t/dangling", "t/repair"]);
    }
}
