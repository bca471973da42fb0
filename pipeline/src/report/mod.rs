//! The numbers of a run: `report.json`, `run.json`, and what the summary prints.

pub mod contamination;
pub mod lost;
pub mod tokens;

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::path::PathBuf;

use arrow::array::{Array, Int64Array, StringArray, UInt64Array};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use datafusion::prelude::SessionContext;
use futures::TryStreamExt;
use serde::{Deserialize, Serialize};
use tamis_rules::edits::Edit;
use tamis_rules::{Action, RuleSet};

use crate::config::{Alarms, Fuzzy, RunConfig};
use crate::dedup::near::audit::Audit;

use crate::contamination::{Act, Looking};
use crate::dedup::repeats::RepeatRow;
pub use crate::dedup::semantic::audit::SemanticRow;
use crate::error::PipelineError;
use crate::report::contamination::ContaminationRow;
use crate::report::lost::LostRow;
use crate::report::tokens::TokenReport;
use crate::stage::rundir::{Identity, RunDir};
use crate::table::batch::typed;
use crate::table::names::quoted;
use crate::write::outputs::ShardCounts;

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
    /// One row for each kind of repeated text that was cut out.
    #[serde(default)]
    pub repeats: Vec<RepeatRow>,
    /// Documents removed because all of their text was.
    #[serde(default)]
    pub emptied: u64,
    /// The reference set, where there is one.
    pub reference: Option<ReferenceRow>,
    /// What the search for near duplicates is expected to find.
    pub fuzzy: Option<FuzzyRow>,
    /// What it did find, where that was measured.
    pub audit: Option<Audit>,
    /// How semantic duplicates were looked for, and what was found.
    #[serde(default)]
    pub semantic: Option<SemanticRow>,
    /// Tokens, where they were counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens: Option<TokenReport>,
    /// One row for each evaluation set that the corpus was held against.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub contamination: Vec<ContaminationRow>,
    /// Failures by reason.
    pub failures: BTreeMap<String, u64>,
    /// One row for each source, by name.
    pub sources: Vec<SourceRow>,
    /// What each source points at and lacks, worst first, where a rule asks for it.
    #[serde(default)]
    pub references: Vec<LostRow>,
    /// What should not be passed over: sources that lose much, giant clusters.
    pub alarms: Vec<String>,
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

/// Bytes of text: as read, and of kept documents as written.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TextBytes {
    /// Of all documents.
    pub read: u64,
    /// Of documents kept, as they are written.
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
    /// `exact`, `fuzzy` or `semantic`.
    pub kind: String,
    /// Clusters of two or more.
    pub clusters: u64,
    /// Documents removed.
    pub removed: u64,
    /// Bytes of their text.
    pub text_bytes: u64,
    /// Members of the largest cluster.
    pub largest: u64,
    /// The largest clusters, with some of their members.
    pub examples: Vec<ClusterRow>,
}

/// What was held against a reference set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReferenceRow {
    /// Its documents.
    pub documents: u64,
    /// Its records that failed.
    pub failed: u64,
    /// Documents of the run removed for one of them.
    pub removed: u64,
}

/// A large cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClusterRow {
    /// The cluster, which is its survivor's id.
    pub cluster_id: String,
    /// Its members, the survivor among them.
    pub members: u64,
    /// Ids of some of them.
    pub sample: Vec<String>,
}

/// The books of one source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceRow {
    /// Its name.
    pub source: String,
    /// Records read.
    pub read: u64,
    /// Removed by rules.
    pub removed_by_rules: u64,
    /// Removed as duplicates.
    pub duplicates: u64,
    /// Failed.
    pub failed: u64,
}

/// How near duplicates were looked for, and the share of pairs that is expected to be found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FuzzyRow {
    /// Least Jaccard similarity of shingle sets.
    pub threshold: f64,
    /// Bands.
    pub bands: usize,
    /// Rows of each.
    pub rows: usize,
    /// Words of a shingle.
    pub shingle_words: usize,
    /// Similarity, and the share of such pairs that share a bucket.
    pub curve: Vec<(f64, f64)>,
}

impl FuzzyRow {
    fn of(fuzzy: &Fuzzy) -> Option<Self> {
        let banding = fuzzy.minhash.banding().ok()?;
        let mut points = vec![0.5, 0.6, 0.7, 0.8, 0.9, 0.95, fuzzy.threshold];
        points.sort_by(f64::total_cmp);
        points.dedup();
        Some(Self {
            threshold: fuzzy.threshold,
            bands: banding.bands(),
            rows: banding.rows(),
            shingle_words: fuzzy.minhash.shingle_words,
            curve: points.into_iter().map(|at| (at, banding.candidate_probability(at))).collect(),
        })
    }
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
        Action::Edit(Edit::RemoveLines { .. } | Edit::RemoveLinesIf { .. }) => "remove_lines",
        Action::Edit(Edit::Replace { .. }) => "replace",
        Action::Edit(edit) => edit.key(),
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

/// How often the values of a column come back.
#[derive(Debug, Default, PartialEq, Eq)]
struct Repeats {
    /// Values that more than one row has.
    keys: u64,
    /// Rows of the most frequent value, 0 where nothing comes back.
    largest: u64,
    /// Rows and hash of the most frequent values, most first.
    most: Vec<(u64, u64)>,
}

impl Repeats {
    /// Takes a value that is on `rows` rows.
    fn take(&mut self, rows: u64, hash: u64) {
        if rows < 2 {
            return;
        }
        self.keys += 1;
        self.largest = self.largest.max(rows);
        // the most rows first, and of as many the least hash
        let key = |(rows, hash): (u64, u64)| (rows, Reverse(hash));
        let at = self.most.partition_point(|known| key(*known) >= key((rows, hash)));
        if at < MOST {
            self.most.insert(at, (rows, hash));
            self.most.truncate(MOST);
        }
    }
}

/// Most frequent values that are kept.
const MOST: usize = 3;

/// Counts the values of a text column that come back, by their 64-bit hashes in sorted order:
/// 8 bytes a row that spill, where a hash table of millions of texts would not. Among 10 million
/// different values, two share a hash with a chance of 3 in a million.
async fn repeats(
    context: &SessionContext,
    column: &str,
    table: &str,
) -> Result<Repeats, PipelineError> {
    let sql = format!(
        "SELECT tamis_hash({column}) AS h FROM {table} WHERE {column} IS NOT NULL ORDER BY h"
    );
    let mut rows = context.sql(&sql).await?.execute_stream().await?;
    let (mut found, mut last, mut run) = (Repeats::default(), 0, 0);
    while let Some(batch) = rows.try_next().await? {
        for hash in typed::<UInt64Array>(&batch, "h")?.values() {
            if run > 0 && last != *hash {
                found.take(std::mem::take(&mut run), last);
            }
            last = *hash;
            run += 1;
        }
    }
    found.take(run, last);
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
        repeats: Vec::new(),
        emptied: sum(|c| c.emptied.len() as u64),
        reference: None,
        fuzzy: config.content.fuzzy.as_ref().and_then(FuzzyRow::of),
        audit: None,
        semantic: None,
        tokens: None,
        contamination: Vec::new(),
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
        sources: Vec::new(),
        references: Vec::new(),
        alarms: Vec::new(),
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
    crate::table::plan::annotations_table(context, parts).await?;
    report.rules = rule_rows(context, rules).await?;
    report.failures = counted(
        context,
        "SELECT failure, count(*) FROM annotations WHERE failure IS NOT NULL GROUP BY failure",
    )
    .await?;
    report.repeated_ids = repeats(context, "id", "annotations").await?.keys;
    if report.repeated_ids > 0 {
        report.warnings.push(match report.repeated_ids {
            1 => "one id belongs to more than one document".to_owned(),
            many => format!("{many} ids belong to more than one document each"),
        });
    }
    let mut duplicates: BTreeMap<String, u64> = BTreeMap::new();
    for kind in config.content.duplicates() {
        report.duplicates.push(duplicate_row(context, directory, kind).await?);
        let sql = "SELECT source, count(*) FROM clusters WHERE document_id <> survivor_id \
                   GROUP BY source";
        for (source, count) in counted(context, sql).await? {
            *duplicates.entry(source).or_default() += count;
        }
    }
    report.sources = sources(context, &duplicates).await?;
    if let Some(last) = parts.last() {
        let schema = crate::table::plan::part_schema(last)?;
        let columns: Vec<String> = schema.fields().iter().map(|f| f.name().clone()).collect();
        report.references = lost::rows(context, &columns).await?;
    }
    report.alarms = alarms(&report, &config.alarms);
    Ok(report)
}

impl Report {
    /// Adds what was held against a reference set.
    pub(crate) async fn count_reference(
        &mut self,
        context: &SessionContext,
        directory: &RunDir,
        config: &RunConfig,
        reference: Option<ReferenceRow>,
    ) -> Result<(), PipelineError> {
        let Some(mut row) = reference else { return Ok(()) };
        for kind in config.content.duplicates() {
            crate::table::plan::register(context, "clusters", &[directory.clusters(kind)]).await?;
            let sql = "SELECT count(*) FROM clusters WHERE against AND document_id <> survivor_id";
            row.removed += numbers(context, sql).await?.first().copied().unwrap_or(0);
        }
        self.reference = Some(row);
        Ok(())
    }
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

/// One row for each evaluation set, as for a rule.
pub(crate) async fn set_rows(
    context: &SessionContext,
    looking: Option<&Looking>,
    parts: &[PathBuf],
) -> Result<Vec<RuleRow>, PipelineError> {
    let mut rows = Vec::new();
    let Some(looking) = looking.filter(|_| !parts.is_empty()) else { return Ok(rows) };
    crate::table::plan::annotations_table(context, parts).await?;
    for (name, _) in &looking.sets {
        let rule = Looking::rule(name);
        let (column, id) = (quoted(&rule), rule.replace('\'', "''"));
        let sql = format!(
            "SELECT count(*) FILTER (WHERE {column}), count(*) FILTER (WHERE first_reason = '{id}'), \
             sum(text_bytes) FILTER (WHERE first_reason = '{id}') FROM annotations"
        );
        let found = numbers(context, &sql).await?;
        let at = |index: usize| found.get(index).copied().unwrap_or(0);
        rows.push(RuleRow {
            id: rule,
            action: match looking.action {
                Act::Remove => "drop",
                Act::Flag => "flag",
                Act::Cut => "cut",
            }
            .to_owned(),
            fired: at(0),
            undecided: 0,
            first: at(1),
            first_text_bytes: at(2),
        });
    }
    Ok(rows)
}

async fn duplicate_row(
    context: &SessionContext,
    directory: &RunDir,
    kind: &str,
) -> Result<DuplicateRow, PipelineError> {
    crate::table::plan::register(context, "clusters", &[directory.clusters(kind)]).await?;
    let found = numbers(
        context,
        "SELECT count(*) FILTER (WHERE document_id = survivor_id), \
         count(*) FILTER (WHERE document_id <> survivor_id), \
         sum(text_bytes) FILTER (WHERE document_id <> survivor_id) FROM clusters",
    )
    .await?;
    let largest = repeats(context, "cluster_id", "clusters").await?;
    let mut examples = Vec::new();
    for (members, hash) in largest.most {
        examples.push(cluster_row(context, members, hash).await?);
    }
    let at = |row: &[u64], index: usize| row.get(index).copied().unwrap_or(0);
    Ok(DuplicateRow {
        kind: kind.to_owned(),
        clusters: at(&found, 0),
        removed: at(&found, 1),
        text_bytes: at(&found, 2),
        largest: largest.largest,
        examples,
    })
}

/// The cluster whose id has this hash.
async fn cluster_row(
    context: &SessionContext,
    members: u64,
    hash: u64,
) -> Result<ClusterRow, PipelineError> {
    let sql = format!(
        "SELECT cluster_id, document_id FROM clusters WHERE tamis_hash(cluster_id) = \
         arrow_cast('{hash}', 'UInt64') AND document_id <> survivor_id LIMIT {CLUSTER_SAMPLE}"
    );
    let mut row = ClusterRow { cluster_id: String::new(), members, sample: Vec::new() };
    for batch in context.sql(&sql).await?.collect().await? {
        let ids = typed::<StringArray>(&batch, "document_id")?;
        row.sample.extend(ids.iter().flatten().map(str::to_owned));
        if batch.num_rows() > 0 {
            typed::<StringArray>(&batch, "cluster_id")?.value(0).clone_into(&mut row.cluster_id);
        }
    }
    Ok(row)
}

/// Books by source; `lost` are the duplicates of each.
async fn sources(
    context: &SessionContext,
    lost: &BTreeMap<String, u64>,
) -> Result<Vec<SourceRow>, PipelineError> {
    let mut rows = Vec::new();
    let sql = "SELECT source, count(*) AS n, count(*) FILTER (WHERE rule_decision = 'removed') AS r, \
               count(*) FILTER (WHERE rule_decision = 'failed') AS f FROM annotations \
               GROUP BY source ORDER BY source";
    for batch in context.sql(sql).await?.collect().await? {
        let names = typed::<StringArray>(&batch, "source")?;
        let number = |name, row| -> Result<u64, PipelineError> {
            Ok(typed::<Int64Array>(&batch, name)?.value(row).unsigned_abs())
        };
        for row in 0..batch.num_rows() {
            rows.push(SourceRow {
                source: names.value(row).to_owned(),
                read: number("n", row)?,
                removed_by_rules: number("r", row)?,
                duplicates: lost.get(names.value(row)).copied().unwrap_or(0),
                failed: number("f", row)?,
            });
        }
    }
    Ok(rows)
}

/// Documents of a source below which its share says little.
const SOURCE_MIN: u64 = 100;
/// Members of a large cluster that the report names.
const CLUSTER_SAMPLE: usize = 5;

fn alarms(report: &Report, limits: &Alarms) -> Vec<String> {
    let mut found = Vec::new();
    for source in report.sources.iter().filter(|source| source.read >= SOURCE_MIN) {
        let share = source.duplicates as f64 / source.read as f64;
        if share > limits.source_share {
            found.push(format!(
                "source {} loses {:.1} % of its {} documents as duplicates (limit {:.1} %)",
                source.source,
                share * 100.0,
                source.read,
                limits.source_share * 100.0
            ));
        }
    }
    for kind in &report.duplicates {
        for cluster in kind.examples.iter().filter(|row| row.members >= limits.cluster_members) {
            found.push(format!(
                "a cluster of {} {} duplicates (limit {}): tamis explain shows {} and {}",
                cluster.members,
                kind.kind,
                limits.cluster_members,
                cluster.cluster_id,
                cluster.sample.first().map_or("", String::as_str)
            ));
        }
    }
    found
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
    let mut told =
        serde_json::json!({ "hash": identity.rules, "set": rule_set, "percentiles": percentiles });
    // no part of the hash: they decide nothing, but reviewers of the run label by them
    if !rules.defects().is_empty() {
        told["defects"] = serde_json::json!(rules.defects());
    }
    serde_json::json!({
        "tamis": identity.version,
        "configuration": identity.configuration,
        "rules": told,
        "inputs": inputs,
        "counts": report.documents,
        "timings": timings,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    use arrow::array::{ArrayRef, RecordBatch};

    #[tokio::test]
    async fn values_that_come_back_are_counted() {
        let folder = tempfile::tempdir().unwrap();
        let resources = crate::stage::session::Resources {
            threads: 2,
            memory_bytes: 64 << 20,
            temp: folder.path().to_owned(),
        };
        let context = crate::registry::session(&resources).unwrap();
        let ids = [Some("a"), Some("b"), None, Some("a"), None, Some("c"), Some("b"), Some("a")];
        let ids: ArrayRef = Arc::new(StringArray::from(ids.to_vec()));
        let batch = RecordBatch::try_from_iter([("id", ids)]).unwrap();
        context.register_batch("some", batch.slice(0, 8)).unwrap();
        context.register_batch("single", batch.slice(4, 2)).unwrap();
        let some = repeats(&context, "id", "some").await.unwrap();
        let hash = |text: &str| tamis_kernels::hash64(text.as_bytes());
        let most = vec![(3, hash("a")), (2, hash("b"))];
        assert_eq!(some, Repeats { keys: 2, largest: 3, most });
        assert_eq!(repeats(&context, "id", "single").await.unwrap(), Repeats::default());
    }
}
