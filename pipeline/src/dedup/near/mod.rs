//! Near duplicates by their words: the plans, and their order.
//!
//! Documents that share a bucket (all slots of a band of their signatures agree) are candidates;
//! each is compared with the best document of its buckets, and what is still there with the best
//! few that are; every comparison is the exact Jaccard similarity of shingle sets. Then documents
//! are decided in survivor order: one goes exactly when a document that stays is similar enough to
//! it. So none goes by a chain of others, and none without a verified survivor.

pub(crate) mod audit;
pub(crate) mod audit_node;
mod bucket_filter;
pub(crate) mod buckets;
pub(crate) mod resolve;
pub(crate) mod shared_buckets;
pub(crate) mod shingle_sets;
pub(crate) mod verify;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use datafusion::common::Result;
use datafusion::logical_expr::{col, lit};
use datafusion::physical_expr::expressions::IsNotNullExpr;
use datafusion::physical_plan::filter::FilterExec;
use datafusion::physical_plan::union::UnionExec;
use datafusion::prelude::ParquetReadOptions;
use tamis_rules::{AnnotateSpec, Compiled};

use self::audit_node::Neighbours;
use self::buckets::{PAIR, Pairs, Shared, Window};
use self::resolve::Resolve;
use self::shared_buckets::BucketKey;
use self::shingle_sets::WriteSets;
use self::verify::Verify;
use crate::config::Fuzzy;
use crate::dedup::kept::Pick;
use crate::error::PipelineError;
use crate::read::scan::{Scan, texts};
use crate::stage::work::Work;
use crate::table::names::{
    BUCKET, CENTER, CENTER_RANK, CENTER_SOURCE, RANK, SHINGLES, SIMILARITY, SOURCE_HASH, SURVIVOR,
};
use crate::table::node::over;
use crate::table::part::Content;
use crate::table::parts::{partitioned_parts, parts};
use crate::table::plan::{
    Plan, call, column, distinct, hashed, merged, pass, path_text, project, sorted, text, write,
    write_parts,
};
use crate::table::row_id::{ROW_ID, first_row_id};

/// Better documents of a bucket with which one is compared in the second round, at most.
const CENTERS: usize = 32;
/// Rounds after which documents whose centers all went simply stay.
const ROUNDS: usize = 6;
/// The columns of verified pairs.
const VERIFIED: [&str; 7] =
    [RANK, ROW_ID, SOURCE_HASH, CENTER_RANK, CENTER, CENTER_SOURCE, SIMILARITY];

/// `row_id, shingles` of a unit's documents, of all or of those whose row ids are in a table.
fn sets(unit: usize, scan: &Scan, spec: &AnnotateSpec, rows: Option<&Path>) -> Result<Plan> {
    let mut plan = texts(unit, scan)?;
    if let Some(rows) = rows {
        // batches of texts stay as the scan cut them, by bytes
        let pick = Pick { places: rows.to_owned(), from: first_row_id(unit), kept: None };
        plan = over(pick, plan)?;
    }
    let schema = plan.schema();
    let arguments = vec![column("text", &schema)?, text(&spec.to_json())];
    let mut exprs = pass(&[ROW_ID], &schema)?;
    let set = call(tamis_rules::shingles_udf(), arguments, &schema)?;
    exprs.push((set, SHINGLES.to_owned()));
    project(exprs, plan)
}

/// The shingles of some of a unit's documents, as a table.
pub(crate) fn shingles(
    unit: usize,
    scan: &Scan,
    spec: &AnnotateSpec,
    rows: &Path,
    path: &Path,
) -> Result<Plan> {
    write(sets(unit, scan, spec, Some(rows))?, path, Content::Shingles)
}

/// The pairs of a unit's documents with the queries of an audit.
pub(crate) fn compare(
    unit: usize,
    scan: &Scan,
    spec: &AnnotateSpec,
    neighbours: Neighbours,
    path: &Path,
) -> Result<Plan> {
    let plan = over(neighbours, sets(unit, scan, spec, None)?)?;
    write(plan, path, Content::Values)
}

/// Candidate pairs, each once, those of one center in one partition and in its order.
pub(crate) fn each_once(pairs: Plan, partitions: usize) -> Result<Plan> {
    let pairs = distinct(hashed(pairs, &[CENTER], partitions)?)?;
    sorted(pairs, &[CENTER, ROW_ID])
}

/// Verified pairs of any number of partitions as a table in survivor order.
pub(crate) fn in_survivor_order(pairs: Plan, path: &Path) -> Result<Plan> {
    let by = [RANK, CENTER_RANK];
    write(merged(sorted(pairs, &by)?, &by)?, path, Content::Values)
}

/// The pairs of several tables in survivor order, as one.
pub(crate) fn all_verified(tables: &[PathBuf], columns: &[&str]) -> Result<Plan> {
    merged(partitioned_parts(tables, columns, tables.len())?, &[RANK, CENTER_RANK])
}

/// Links of the documents that go.
pub(crate) fn decided(resolved: Plan) -> Result<Plan> {
    let schema = resolved.schema();
    let goes = Arc::new(IsNotNullExpr::new(column(SIMILARITY, &schema)?));
    let mut renamed = Vec::new();
    for (from, to) in [(ROW_ID, ROW_ID), (CENTER, SURVIVOR), (SIMILARITY, SIMILARITY)] {
        renamed.push((column(from, &schema)?, to.to_owned()));
    }
    project(renamed, Arc::new(FilterExec::try_new(goes, resolved)?))
}

impl Work<'_> {
    /// Writes the table `buckets`: rows whose bucket holds two documents or more.
    async fn buckets(
        &self,
        documents: u64,
        bands: usize,
        ranks: Option<&Path>,
    ) -> Result<Vec<PathBuf>, PipelineError> {
        let folder = self.directory.dedup_table("buckets");
        if let Some(paths) = self.directory.whole_table(&folder)? {
            return Ok(paths);
        }
        let gone = self.exact_links();
        let keys = documents * bands as u64;
        let rows = self.shared(BucketKey::Bands, keys, (ranks, gone.as_deref())).await?;
        let rows = hashed(rows, &[BUCKET], self.partitions())?;
        let shared = Shared { reference: self.reference(), centers: CENTERS + 1 };
        let rows = over(shared, sorted(rows, &[BUCKET, RANK])?)?;
        self.write_table("buckets", &folder, rows).await
    }

    /// Writes a table of several parts, and what says that they are all there.
    async fn write_table(
        &self,
        name: &str,
        folder: &Path,
        rows: Plan,
    ) -> Result<Vec<PathBuf>, PipelineError> {
        let parts = rows.properties().partitioning.partition_count();
        self.directory.begin_table(folder)?;
        self.observer.begin(&format!("dedup {name}"), 1, 0);
        let plan = write_parts(rows, folder, Content::Hashes)?;
        self.execute(&self.merging(), Arc::clone(&plan)).await?;
        self.show_plan(&format!("dedup {name}"), &plan)?;
        self.directory.end_table(folder, parts)?;
        self.observer.unit_done();
        if self.observer.stop_asked() {
            return Err(PipelineError::Stopped);
        }
        self.directory
            .whole_table(folder)?
            .ok_or_else(|| PipelineError::directory(folder, "was written and is not there"))
    }

    /// Finds near duplicates and decides which of them go: writes `dedup/fuzzy`.
    pub(crate) async fn fuzzy(
        &self,
        compiled: &Compiled,
        ranks: Option<&Path>,
        fuzzy: &Fuzzy,
    ) -> Result<(), PipelineError> {
        let (threshold, bands) = (fuzzy.threshold, fuzzy.minhash.bands);
        let directory = self.directory;
        if directory.dedup("fuzzy").exists() {
            return Ok(());
        }
        let (_, documents) = self.bases()?;
        let buckets = self.buckets(documents, bands, ranks).await?;
        let bucket_rows = || {
            let columns = [BUCKET, RANK, ROW_ID, SOURCE_HASH];
            partitioned_parts(&buckets, &columns, self.partitions())
        };
        let candidates = partitioned_parts(&buckets, &[ROW_ID], self.partitions())?;
        let candidates = distinct(hashed(candidates, &[ROW_ID], self.partitions())?)?;
        let candidates = merged(sorted(candidates, &[ROW_ID])?, &[ROW_ID])?;
        let path = directory.dedup("candidates");
        self.step("candidates", &self.context, write(candidates, &path, Content::Values)?).await?;
        self.movement(
            "shingle",
            self.all(),
            |unit| directory.shingles(unit).exists(),
            async |unit, _| {
                let spec = self.spec(unit, compiled);
                let sets = sets(unit, &self.units[unit], spec, Some(&path))?;
                Ok(over(WriteSets { path: directory.shingles(unit) }, sets)?)
            },
        )
        .await?;

        let sets: Vec<PathBuf> = self.all().map(|unit| directory.shingles(unit)).collect();
        let (apart, reference) = (self.config.content.across_sources, self.reference());
        let mut edges: Vec<PathBuf> = self.exact_pairs().into_iter().collect();
        let mut last = PathBuf::new();
        for round in 1..=ROUNDS {
            let pairs = match round {
                1 => over(Pairs { window: None, apart, reference }, bucket_rows()?)?,
                2 => {
                    let resolved = last.clone();
                    let window = Some(Window { centers: CENTERS, resolved, documents });
                    let pairs = over(Pairs { window, apart, reference }, bucket_rows()?)?;
                    UnionExec::try_new(vec![pairs, self.transitive_candidates(&last).await?])?
                }
                _ => self.transitive_candidates(&last).await?,
            };
            let pairs = each_once(pairs, self.partitions())?;
            let verified = over(Verify { sets: sets.clone(), threshold }, pairs)?;
            let name = format!("edges-{round}");
            let plan = in_survivor_order(verified, &directory.dedup(&name))?;
            self.step(&name, &self.context, plan).await?;
            let found = crate::table::part::rows(&directory.dedup(&name))?;
            edges.push(directory.dedup(&name));
            if round > 2 && found == 0 {
                break;
            }
            let all = over(Resolve { documents }, all_verified(&edges, &VERIFIED)?)?;
            let name = format!("resolved-{round}");
            let plan = write(all, &directory.dedup(&name), Content::Values)?;
            self.step(&name, &self.context, plan).await?;
            last = directory.dedup(&name);
        }
        let plan = sorted(decided(parts(&[last], &[ROW_ID, CENTER, SIMILARITY])?)?, &[ROW_ID])?;
        let plan = write(plan, &directory.dedup("fuzzy"), Content::Values)?;
        self.step("fuzzy", &self.context, plan).await
    }

    /// Pairs that no bucket gave: a document whose centers all went, with the document for which
    /// its best center went.
    async fn transitive_candidates(&self, resolved: &Path) -> Result<Plan, PipelineError> {
        let path = path_text(resolved)?;
        let read = || self.context.read_parquet(path.as_str(), ParquetReadOptions::default());
        let of = |name: &str| format!("of_{name}");
        let undecided = read().await?.filter(col(SIMILARITY).is_null())?;
        let undecided = undecided.select_columns(&[RANK, ROW_ID, SOURCE_HASH, CENTER])?;
        let undecided = undecided.with_column_renamed(CENTER, &of(ROW_ID))?;
        let gone = read().await?.filter(col(SIMILARITY).is_not_null())?;
        let gone = gone.select([
            col(ROW_ID).alias(of("key")),
            col(CENTER_RANK),
            col(CENTER),
            col(CENTER_SOURCE),
        ])?;
        let mut pairs = undecided.join(
            gone,
            datafusion::common::JoinType::Inner,
            &[of(ROW_ID).as_str()],
            &[of("key").as_str()],
            None,
        )?;
        if self.config.content.across_sources {
            pairs = pairs.filter(col(SOURCE_HASH).not_eq(col(CENTER_SOURCE)))?;
        }
        if self.config.content.only_against {
            pairs = pairs.filter(col(CENTER).lt(lit(self.own_place())))?;
        }
        Ok(pairs.select_columns(&PAIR)?.create_physical_plan().await?)
    }
}
