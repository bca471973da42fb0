//! The overview of a run, from its report.

use std::collections::BTreeMap;

use super::run::RunData;
use crate::error::InspectError;
use crate::model::{Overview, RuleCount, SourceCount};

/// Columns that say where a document stands, not what was measured of it.
const BOOKKEEPING: [&str; 7] =
    ["row", "offset", "length", "text_bytes", "row_id", "position", "minhash_bands"];

/// Funnel, rules and sources of a run.
pub(crate) fn overview(data: &RunData) -> Result<Overview, InspectError> {
    let report = data.run.report();
    let totals = &report.documents;
    let mut funnel = vec![("read".to_owned(), totals.read)];
    if totals.failed > 0 {
        funnel.push(("failed".to_owned(), totals.failed));
    }
    let duplicates: u64 = report.duplicates.iter().map(|row| row.removed).sum();
    let by_rules = totals.removed.saturating_sub(duplicates + report.emptied);
    funnel.push(("removed by rules".to_owned(), by_rules));
    for row in &report.duplicates {
        funnel.push((format!("dedup/{}", row.kind), row.removed));
    }
    if report.emptied > 0 {
        funnel.push(("nothing but repeated text".to_owned(), report.emptied));
    }
    funnel.push(("kept".to_owned(), totals.kept));
    if totals.edited > 0 {
        funnel.push(("of these edited".to_owned(), totals.edited));
    }
    if totals.flagged > 0 {
        funnel.push(("of these flagged".to_owned(), totals.flagged));
    }
    let whys: BTreeMap<&str, &str> = match data.rules() {
        Ok(rules) => {
            let told = rules.set.rules().iter();
            told.filter_map(|rule| Some((rule.id.as_str(), rule.why.as_deref()?))).collect()
        }
        Err(_) => BTreeMap::new(),
    };
    let effect = |action: &str| match action {
        "drop" | "keep" => "drop",
        "flag" => "flag",
        _ => "edit",
    };
    let mut rules: Vec<RuleCount> = report
        .rules
        .iter()
        .map(|row| RuleCount {
            rule: row.id.clone(),
            effect: effect(&row.action).to_owned(),
            // a rule that keeps fires for what it keeps out
            fired: row.fired,
            first: row.first,
            why: whys.get(row.id.as_str()).map(|why| (*why).to_owned()).unwrap_or_default(),
        })
        .collect();
    rules.extend(report.duplicates.iter().map(|row| RuleCount {
        rule: format!("dedup/{}", row.kind),
        effect: "dedup".to_owned(),
        fired: row.removed,
        first: row.removed,
        why: String::new(),
    }));
    let mut sources: Vec<SourceCount> = report
        .sources
        .iter()
        .map(|row| {
            let gone = row.removed_by_rules + row.duplicates + row.failed;
            let lost = report.references.iter().find(|lost| lost.source == row.source);
            SourceCount {
                source: row.source.clone(),
                read: row.read,
                kept: row.read.saturating_sub(gone),
                dangling: lost.map_or(0, |lost| lost.dangling),
                cause: lost.and_then(|lost| lost.kinds.iter().find_map(|kind| kind.cause.clone())),
            }
        })
        .collect();
    sources.sort_by_key(|source| std::cmp::Reverse(source.read - source.kept));
    let numeric = data
        .run
        .columns()?
        .into_iter()
        .filter(|(name, kind)| kind.is_numeric() && !BOOKKEEPING.contains(&name.as_str()));
    let mut annotations: Vec<String> = numeric.map(|(name, _)| name).collect();
    annotations.push("text_bytes".to_owned());
    Ok(Overview { funnel, rules, sources, annotations })
}
