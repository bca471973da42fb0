//! The numbers of a run: `report.json`, `run.json`, and what the summary prints.

use std::collections::BTreeMap;
use std::path::PathBuf;

use arrow::array::{Array, Int64Array, StringArray, UInt64Array};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use datafusion::prelude::SessionContext;
use serde::{Deserialize, Serialize};
use tamis_rules::{Action, RuleSet};

use crate::config::RunConfig;
use crate::error::PipelineError;
use crate::outputs::ShardCounts;
use crate::plans::{self, quoted};
use crate::rundir::{Identity, RunDir};

/// Every number of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Version of tamis.
    pub version: String,
    /// Documents of the whole run.
    pub documents: Totals,
    /// Bytes of text of the whole run.
    pub text_bytes: TextBytes,
    /// One row for each rule, in file order.
    pub rules: Vec<RuleRow>,
    /// One row for each kind of duplicate looked for.
    pub duplicates: Vec<DuplicateRow>,
    /// Failures by reason.
    pub failures: BTreeMap<String, u64>,
    /// One row for each shard.
    pub shards: Vec<ShardRow>,
    /// Ids that more than one document carries.
    pub repeated_ids: u64,
    /// Things worth saying that stopped nothing.
    pub warnings: Vec<String>,
    /// Wall time of this process; not part of the file.
    #[serde(skip)]
    pub seconds: f64,
}

/// Documents read and where they went.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// Records framed.
    pub read: u64,
    /// Written to `kept/`.
    pub kept: u64,
    /// Written to `removed/`.
    pub removed: u64,
    /// Written to `failed/`.
    pub failed: u64,
    /// Kept with an edited text.
    pub edited: u64,
    /// Kept and flagged.
    pub flagged: u64,
}

/// Bytes of text, as read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TextBytes {
    /// Of all documents.
    pub read: u64,
    /// Of documents kept.
    pub kept: u64,
    /// Of documents removed.
    pub removed: u64,
}

/// What one rule did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RuleRow {
    /// The rule.
    pub id: String,
    /// `drop`, `keep`, `flag`, `remove_lines` or `replace`.
    pub action: String,
    /// Documents for which it fired, whatever other rules said.
    pub fired: u64,
    /// Documents for which its condition was NULL.
    pub undecided: u64,
    /// Documents of which it is the first reason for removal.
    pub first: u64,
    /// Bytes of their text.
    pub first_text_bytes: u64,
}

/// What one kind of dedup did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DuplicateRow {
    /// `exact`.
    pub kind: String,
    /// Clusters of two or more.
    pub clusters: u64,
    /// Documents removed.
    pub removed: u64,
    /// Bytes of their text.
    pub text_bytes: u64,
    /// Members of the largest cluster.
    pub largest: u64,
}

/// The books of one shard.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShardRow {
    /// Relative name.
    pub shard: String,
    /// Records framed.
    pub read: u64,
    /// Written to `kept/`.
    pub kept: u64,
    /// Written to `removed/`.
    pub removed: u64,
    /// Written to `failed/`.
    pub failed: u64,
}

fn action(action: &Action) -> &'static str {
    match action {
        Action::Drop => "drop",
        Action::Keep => "keep",
        Action::Flag => "flag",
        Action::RemoveLines { .. } => "remove_lines",
        Action::Replace { .. } => "replace",
    }
}

/// One row of numbers; NULL is 0.
async fn numbers(context: &SessionContext, sql: &str) -> Result<Vec<u64>, PipelineError> {
    let batches = context.sql(sql).await?.collect().await?;
    let Some(batch) = batches.iter().find(|batch| batch.num_rows() > 0) else {
        return Ok(Vec::new());
    };
    let mut row = Vec::with_capacity(batch.num_columns());
    for column in batch.columns() {
        let column = cast(column, &DataType::UInt64)?;
        let value = column.as_any().downcast_ref::<UInt64Array>();
        row.push(value.filter(|value| !value.is_null(0)).map_or(0, |value| value.value(0)));
    }
    Ok(row)
}

/// Text keys with a count each.
async fn counted(
    context: &SessionContext,
    sql: &str,
) -> Result<BTreeMap<String, u64>, PipelineError> {
    let mut found = BTreeMap::new();
    for batch in context.sql(sql).await?.collect().await? {
        let keys = batch.column(0).as_any().downcast_ref::<StringArray>();
        let counts = batch.column(1).as_any().downcast_ref::<Int64Array>();
        if let (Some(keys), Some(counts)) = (keys, counts) {
            for row in 0..batch.num_rows() {
                found.insert(keys.value(row).to_owned(), counts.value(row).unsigned_abs());
            }
        }
    }
    Ok(found)
}

/// Adds up a finished run from its parts.
pub async fn build(
    context: &SessionContext,
    directory: &RunDir,
    rules: &RuleSet,
    config: &RunConfig,
    counts: &[ShardCounts],
    parts: &[PathBuf],
) -> Result<Report, PipelineError> {
    let sum = |of: fn(&ShardCounts) -> u64| counts.iter().map(of).sum();
    let mut report = Report {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        documents: Totals {
            read: sum(|c| c.read),
            kept: sum(|c| c.kept),
            removed: sum(|c| c.removed),
            failed: sum(|c| c.failed),
            edited: sum(|c| c.edited),
            flagged: sum(|c| c.flagged),
        },
        text_bytes: TextBytes {
            read: sum(|c| c.text_bytes[0]),
            kept: sum(|c| c.text_bytes[1]),
            removed: sum(|c| c.text_bytes[2]),
        },
        rules: Vec::new(),
        duplicates: Vec::new(),
        failures: BTreeMap::new(),
        shards: counts
            .iter()
            .map(|c| ShardRow {
                shard: c.shard.clone(),
                read: c.read,
                kept: c.kept,
                removed: c.removed,
                failed: c.failed,
            })
            .collect(),
        repeated_ids: 0,
        warnings: Vec::new(),
        seconds: 0.0,
    };
    for shard in counts {
        report.warnings.extend(shard.warnings.iter().map(|w| format!("{}: {w}", shard.shard)));
    }
    if parts.is_empty() {
        return Ok(report);
    }
    plans::annotations_table(context, parts).await?;
    report.rules = rule_rows(context, rules).await?;
    report.failures = counted(
        context,
        "SELECT failure, count(*) FROM annotations WHERE failure IS NOT NULL GROUP BY failure",
    )
    .await?;
    let repeated = "SELECT count(*) FROM (SELECT id FROM annotations WHERE id IS NOT NULL \
                    GROUP BY id HAVING count(*) > 1)";
    report.repeated_ids = numbers(context, repeated).await?.first().copied().unwrap_or(0);
    if report.repeated_ids > 0 {
        report.warnings.push(match report.repeated_ids {
            1 => "one id belongs to more than one document".to_owned(),
            many => format!("{many} ids belong to more than one document each"),
        });
    }
    if config.content.dedup_exact {
        report.duplicates.push(duplicate_row(context, directory).await?);
    }
    Ok(report)
}

async fn rule_rows(
    context: &SessionContext,
    rules: &RuleSet,
) -> Result<Vec<RuleRow>, PipelineError> {
    let mut rows = Vec::new();
    // a few rules at a time keep the expressions of one query small
    for chunk in rules.rules().chunks(16) {
        let mut columns = Vec::new();
        for rule in chunk {
            let (name, id) = (quoted(&rule.id), rule.id.replace('\'', "''"));
            columns.push(format!("count(*) FILTER (WHERE {name})"));
            columns.push(format!("count(*) FILTER (WHERE {name} IS NULL AND rule_decision IS NOT NULL AND (failure IS NULL OR failure = 'undecided'))"));
            columns.push(format!("count(*) FILTER (WHERE first_reason = '{id}')"));
            columns.push(format!("sum(text_bytes) FILTER (WHERE first_reason = '{id}')"));
        }
        let sql = format!("SELECT {} FROM annotations", columns.join(", "));
        let found = numbers(context, &sql).await?;
        for (rule, values) in chunk.iter().zip(found.chunks(4)) {
            if let [fired, undecided, first, first_text_bytes] = *values {
                rows.push(RuleRow {
                    id: rule.id.clone(),
                    action: action(&rule.action).to_owned(),
                    fired,
                    undecided,
                    first,
                    first_text_bytes,
                });
            }
        }
    }
    Ok(rows)
}

async fn duplicate_row(
    context: &SessionContext,
    directory: &RunDir,
) -> Result<DuplicateRow, PipelineError> {
    let path = directory.exact_clusters().display().to_string();
    let frame =
        context.read_parquet(path, datafusion::prelude::ParquetReadOptions::default()).await?;
    context.deregister_table("clusters")?;
    context.register_table("clusters", frame.into_view())?;
    let found = numbers(
        context,
        "SELECT count(*) FILTER (WHERE document_id = survivor_id), \
         count(*) FILTER (WHERE document_id <> survivor_id), \
         sum(text_bytes) FILTER (WHERE document_id <> survivor_id) FROM clusters",
    )
    .await?;
    let largest = numbers(
        context,
        "SELECT max(n) FROM (SELECT count(*) AS n FROM clusters GROUP BY cluster_id)",
    )
    .await?;
    let at = |row: &[u64], index: usize| row.get(index).copied().unwrap_or(0);
    Ok(DuplicateRow {
        kind: "exact".to_owned(),
        clusters: at(&found, 0),
        removed: at(&found, 1),
        text_bytes: at(&found, 2),
        largest: at(&largest, 0),
    })
}

/// `run.json`: what made this directory; only `timings` differ between two equal runs.
pub fn manifest(
    identity: &Identity,
    rules: &RuleSet,
    percentiles: &BTreeMap<String, f64>,
    counts: &[ShardCounts],
    report: &Report,
    timings: &serde_json::Value,
) -> serde_json::Value {
    let inputs: Vec<serde_json::Value> = identity
        .inputs
        .iter()
        .map(|input| {
            let counted = counts.iter().find(|counts| counts.shard == input.shard);
            serde_json::json!({
                "shard": input.shard,
                "path": input.path,
                "size_bytes": input.size_bytes,
                "modified_ns": u64::try_from(input.modified_ns).unwrap_or(u64::MAX),
                "xxh3_128": counted.and_then(|counts| counts.hash.clone()),
                "limited": counted.is_some_and(|counts| counts.limited),
            })
        })
        .collect();
    let rule_set: serde_json::Value =
        serde_json::from_str(&rules.canonical_json()).unwrap_or(serde_json::Value::Null);
    serde_json::json!({
        "tamis": identity.version,
        "configuration": identity.configuration,
        "rules": { "hash": identity.rules, "set": rule_set, "percentiles": percentiles },
        "inputs": inputs,
        "counts": report.documents,
        "timings": timings,
    })
}
