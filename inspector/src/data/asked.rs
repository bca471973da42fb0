//! What a filter asks of a run. Conditions are the engine's SQL over the annotations; two things
//! that the overview shows are no annotations and are understood here.

use std::sync::LazyLock;

use regex::Regex;
use tamis_pipeline::look::{REASONS, Run};
use tamis_pipeline::table::names::SOURCE;

/// `first_reason = 'dedup/exact'` or `source = 'a'`, and nothing else.
static EQUALS: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?is)^\s*(first_reason|source)\s*=\s*'((?:[^']|'')*)'\s*$").ok());

/// A filter, taken apart.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Asked {
    /// A condition over the annotations.
    pub(crate) condition: Option<String>,
    /// A reason that was found after the rules: duplicates and what repeated text left empty.
    pub(crate) reason: Option<String>,
}

impl Asked {
    /// The filter of a specification.
    pub(crate) fn of(run: &Run, filter: Option<&str>) -> Self {
        let named = |columns: Vec<(String, _)>| columns.iter().any(|(name, _)| name == SOURCE);
        // columns that cannot be read are the engine's error, not one of this place
        Self::parse(filter, run.columns().map_or(true, named))
    }

    fn parse(filter: Option<&str>, has_sources: bool) -> Self {
        let Some(filter) = filter else { return Self::default() };
        let found = EQUALS.as_ref().and_then(|equals| equals.captures(filter));
        let value = |at: usize| found.as_ref().and_then(|found| found.get(at)).map(|m| m.as_str());
        match (value(1), value(2)) {
            (Some(name), Some(value)) if name.eq_ignore_ascii_case("first_reason") => {
                let reason = value.replace("''", "'");
                if REASONS.contains(&reason.as_str()) {
                    return Self { condition: None, reason: Some(reason) };
                }
            }
            // runs of old have no sources: each shard is its own
            (Some(_), Some(value)) if !has_sources => {
                return Self { condition: Some(format!("shard = '{value}'")), reason: None };
            }
            _ => {}
        }
        Self { condition: Some(filter.to_owned()), reason: None }
    }

    /// Whether a document with this first reason is meant.
    pub(crate) fn wants(&self, reason: Option<&str>) -> bool {
        self.reason.as_deref().is_none_or(|wanted| reason == Some(wanted))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_of_duplicates_and_sources_are_no_annotations() {
        let of = |filter: &str, has_sources: bool| Asked::parse(Some(filter), has_sources);
        let asked = of("first_reason = 'dedup/exact'", false);
        assert_eq!(
            (asked.condition.as_deref(), asked.reason.as_deref()),
            (None, Some("dedup/exact"))
        );
        assert!(
            asked.wants(Some("dedup/exact")) && !asked.wants(Some("web/x")) && !asked.wants(None)
        );
        let rule = of("first_reason = 'web/too-short'", false);
        assert_eq!(rule.condition.as_deref(), Some("first_reason = 'web/too-short'"));
        assert!(rule.reason.is_none() && rule.wants(None));
        let shard = of("source = 'it''s.jsonl'", false);
        assert_eq!(shard.condition.as_deref(), Some("shard = 'it''s.jsonl'"));
        assert_eq!(of("source = 'a'", true).condition.as_deref(), Some("source = 'a'"));
        let longer = "source = 'a' or word_count > 3";
        assert_eq!(of(longer, false).condition.as_deref(), Some(longer));
        assert_eq!(Asked::parse(None, false), Asked::default());
    }
}
