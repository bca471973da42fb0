//! Duplicates among the documents that rules kept: the order in which they are looked for, and what
//! every search shares. [`near`] says how near duplicates are found and decided.

pub(crate) mod attach;
pub(crate) mod clusters;
pub(crate) mod exact;
pub(crate) mod invariant;
pub(crate) mod kept;
pub(crate) mod links;
pub(crate) mod near;
pub(crate) mod rank;
pub(crate) mod repeats;
pub(crate) mod row_set;
pub(crate) mod semantic;
pub(crate) mod survivor;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use datafusion::common::{JoinType, Result};
use datafusion::logical_expr::{ident, lit, not};
use datafusion::prelude::{ParquetReadOptions, SessionContext};
use tamis_rules::{BANDS, Compiled};

use crate::config::Survivor;
use crate::dedup::attach::Attach;
use crate::dedup::exact::Star;
use crate::dedup::links::{Kind, Reference};
use crate::dedup::near::resolve::Resolve;
use crate::dedup::near::shared_buckets::{BucketKey, SharedBuckets};
use crate::dedup::rank::Number;
use crate::error::PipelineError;
use crate::stage::session::merging;
use crate::stage::work::Work;
use crate::table::functions::hash_udf;
use crate::table::names::{CENTER_RANK, CONTENT_HASH, RANK, RULE_DECISION, SOURCE, SOURCE_HASH};
use crate::table::node::{NodeExec, over};
use crate::table::part::Content;
use crate::table::plan::{Plan, hashed, merged, path_text, single, sorted, write};
use crate::table::row_id::ROW_ID;
use crate::table::row_set::{document_number_udf, in_table_udf};

/// The other side of a join by row ids.
const OF_ROW: &str = "of_row_id";

/// Looks up columns of the annotations, a file for each unit, by the places in `key`, by which the
/// rows are sorted.
pub(crate) fn attach(
    paths: &[PathBuf],
    key: &str,
    columns: &[(&str, &str)],
    threads: usize,
) -> Attach {
    Attach {
        paths: paths.to_vec(),
        key: key.to_owned(),
        columns: columns.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect(),
        batch_rows: 4096,
        threads,
        optional: false,
    }
}

impl Work<'_> {
    /// Links and clusters of every kind of duplicate that is asked for.
    pub(crate) async fn deduplicate(&self, compiled: &Compiled) -> Result<(), PipelineError> {
        let content = &self.config.content;
        let kinds: Vec<Kind> =
            content.duplicates().iter().filter_map(|kind| Kind::named(kind)).collect();
        if kinds.is_empty() {
            return Ok(());
        }
        if !self.directory.dedup("duplicates").exists() {
            let ranks = self.survivor_ranks(compiled).await?;
            if content.dedup_exact {
                self.find_exact(ranks.as_deref()).await?;
            }
            if let Some(fuzzy) = &content.fuzzy {
                self.fuzzy(compiled, ranks.as_deref(), fuzzy).await?;
            }
            if let Some(semantic) = &content.semantic {
                self.semantic(compiled, semantic).await?;
            }
            self.links().await?;
            for kind in &kinds {
                self.clusters(*kind).await?;
            }
            self.check_links(&kinds).await?;
            self.duplicates(&kinds).await?;
        }
        // nothing asks for these any more, and their parts depend on the number of threads; a run
        // that was killed while it cleaned up has left some
        let _ = std::fs::remove_dir_all(self.directory.dedup_table("buckets"));
        let _ = std::fs::remove_dir_all(self.directory.path(".state/shingles"));
        Ok(())
    }

    /// Links of the documents that go as near duplicates of any kind, in input order: where meaning
    /// has a say, those by words are decided together with it.
    pub(crate) fn near(&self) -> PathBuf {
        let semantic = self.config.content.semantic.is_some();
        self.directory.dedup(if semantic { "near" } else { "fuzzy" })
    }

    /// Links of all documents that go as duplicates: files in input order.
    pub(crate) fn gone_by_dedup(&self) -> Vec<PathBuf> {
        let content = &self.config.content;
        let exact = self.exact_links();
        let near = content.fuzzy.is_some() || content.semantic.is_some();
        exact.into_iter().chain(near.then(|| self.near())).collect()
    }

    /// Runs the plan that makes a step's file, unless it is there.
    pub(crate) async fn step(
        &self,
        name: &str,
        context: &SessionContext,
        plan: Plan,
    ) -> Result<(), PipelineError> {
        self.step_at(name, &self.directory.dedup(name), context, plan).await
    }

    /// The same for a file of any name, in the session of the run.
    pub(crate) async fn file_step(
        &self,
        name: &str,
        path: &Path,
        plan: Plan,
    ) -> Result<(), PipelineError> {
        self.step_at(name, path, &self.context, plan).await
    }

    async fn step_at(
        &self,
        name: &str,
        path: &Path,
        context: &SessionContext,
        plan: Plan,
    ) -> Result<(), PipelineError> {
        if path.exists() { Ok(()) } else { self.run_step(name, context, plan).await }
    }

    /// Runs the plan of a step and keeps it with its metrics.
    pub(crate) async fn run_step(
        &self,
        name: &str,
        context: &SessionContext,
        plan: Plan,
    ) -> Result<(), PipelineError> {
        self.observer.begin(&format!("dedup {name}"), 1, 0);
        self.execute(context, Arc::clone(&plan)).await?;
        self.show_plan(&format!("dedup {name}"), &plan)?;
        self.observer.unit_done();
        if self.observer.stop_asked() { Err(PipelineError::Stopped) } else { Ok(()) }
    }

    /// `columns` of the documents that rules kept, by the columns `first` and then in survivor
    /// order.
    async fn kept(
        &self,
        compiled: &Compiled,
        first: &[&str],
        columns: &[&str],
    ) -> Result<Plan, PipelineError> {
        crate::table::plan::annotations_table(&self.context, &self.all_parts()).await?;
        let preferred = &self.config.content.prefer_sources;
        let mut order: Vec<_> = first.iter().map(|name| ident(*name).sort(true, false)).collect();
        order.extend(crate::dedup::survivor::survivor_order(
            self.rules,
            self.own_place(),
            preferred,
            &compiled.survivor,
        )?);
        let frame = self
            .context
            .table("annotations")
            .await?
            .filter(ident("rule_decision").eq(lit("kept")))?
            .sort(order)?
            .select(columns.iter().map(|name| ident(*name)).collect::<Vec<_>>())?;
        Ok(single(frame.create_physical_plan().await?))
    }

    /// `row_id, rank, source_hash` and `more` of the documents that rules kept, in any number of
    /// partitions and any order; without those whose row ids stand in the table `gone`.
    pub(crate) async fn kept_documents(
        &self,
        ranks: Option<&Path>,
        gone: Option<&Path>,
        more: &str,
    ) -> Result<Plan, PipelineError> {
        crate::table::plan::annotations_table(&self.context, &self.all_parts()).await?;
        let mut kept = ident(RULE_DECISION).eq(lit("kept")).and(ident(more).is_not_null());
        if let Some(gone) = gone {
            let there = in_table_udf().call(vec![ident(ROW_ID), lit(path_text(gone)?)]);
            kept = kept.and(not(there));
        }
        let source = hash_udf().call(vec![ident(SOURCE)]).alias(SOURCE_HASH);
        let frame = self.context.table("annotations").await?.filter(kept)?;
        let frame = match ranks {
            None => {
                let (bases, _) = self.bases()?;
                let bases = serde_json::to_string(&bases)
                    .map_err(|error| PipelineError::Usage(error.to_string()))?;
                let rank = document_number_udf().call(vec![ident(ROW_ID), lit(bases)]);
                frame.select([ident(ROW_ID), rank.alias(RANK), source, ident(more)])?
            }
            Some(path) => {
                let paths = vec![path_text(path)?];
                let ranks = self.context.read_parquet(paths, ParquetReadOptions::default()).await?;
                let ranks = ranks.select([ident(ROW_ID).alias(OF_ROW), ident(RANK)])?;
                let rows = frame.select([ident(ROW_ID), source, ident(more)])?;
                rows.join(ranks, JoinType::Inner, &[ROW_ID], &[OF_ROW], None)?.select([
                    ident(ROW_ID),
                    ident(RANK),
                    ident(SOURCE_HASH),
                    ident(more),
                ])?
            }
        };
        Ok(frame.create_physical_plan().await?)
    }

    /// Partitions of the engine's operators.
    pub(crate) fn partitions(&self) -> usize {
        self.context.copied_config().target_partitions()
    }

    /// The session for a plan over [`Work::shared`]: the filter has a quarter of the memory, and
    /// merges have half of what is left.
    pub(crate) fn merging(&self) -> SessionContext {
        merging(&self.context, self.config.memory_bytes * 3 / 8 / self.partitions())
    }

    /// The documents whose `key` another one may share: see [`SharedBuckets`].
    pub(crate) async fn shared(
        &self,
        key: BucketKey,
        keys: u64,
        (ranks, gone): (Option<&Path>, Option<&Path>),
    ) -> Result<Plan, PipelineError> {
        let more = match key {
            BucketKey::Bands => BANDS,
            BucketKey::ContentHash => CONTENT_HASH,
        };
        let build = self.kept_documents(ranks, gone, more).await?;
        let probe = self.kept_documents(ranks, gone, more).await?;
        let node = SharedBuckets::new(key, keys, self.config.memory_bytes as u64 / 4);
        Ok(Arc::new(NodeExec::try_new(node, vec![build, probe])?))
    }

    /// Verified pairs of documents of the same text.
    async fn exact(&self, ranks: Option<&Path>) -> Result<Plan, PipelineError> {
        let (_, documents) = self.bases()?;
        let shared = self.shared(BucketKey::ContentHash, documents, (ranks, None)).await?;
        let met = hashed(shared, &[CONTENT_HASH], self.partitions())?;
        let star = Star { apart: self.config.content.across_sources, reference: self.reference() };
        Ok(over(star, sorted(met, &[CONTENT_HASH, RANK])?)?)
    }

    /// Whether exact copies are decided together with near duplicates: where sources matter, a copy
    /// may stay although its text goes elsewhere.
    fn exact_with_near(&self) -> bool {
        let content = &self.config.content;
        let near = content.fuzzy.is_some() || content.semantic.is_some();
        content.dedup_exact && content.across_sources && near
    }

    /// The links of exact copies, which are out of the way of further search.
    pub(crate) fn exact_links(&self) -> Option<PathBuf> {
        let alone = self.config.content.dedup_exact && !self.exact_with_near();
        alone.then(|| self.directory.dedup("exact"))
    }

    /// The verified pairs of exact copies that are decided together with near duplicates.
    pub(crate) fn exact_pairs(&self) -> Option<PathBuf> {
        self.exact_with_near().then(|| self.directory.dedup("exact-pairs"))
    }

    /// Finds exact copies: writes [`Work::exact_links`] or [`Work::exact_pairs`].
    async fn find_exact(&self, ranks: Option<&Path>) -> Result<(), PipelineError> {
        if let Some(path) = self.exact_pairs() {
            let plan = near::in_survivor_order(self.exact(ranks).await?, &path)?;
            return self.step_at("exact", &path, &self.merging(), plan).await;
        }
        let path = self.directory.dedup("exact");
        if path.exists() {
            return Ok(());
        }
        let mut pairs = self.exact(ranks).await?;
        if self.config.content.across_sources {
            let (_, documents) = self.bases()?;
            let by = [RANK, CENTER_RANK];
            pairs = over(Resolve { documents }, merged(sorted(pairs, &by)?, &by)?)?;
        }
        let links = merged(sorted(near::decided(pairs)?, &[ROW_ID])?, &[ROW_ID])?;
        let plan = write(links, &path, Content::Values)?;
        self.step_at("exact", &path, &self.merging(), plan).await
    }

    /// The numbers of kept documents in survivor order.
    async fn ranks(&self, compiled: &Compiled) -> Result<Plan, PipelineError> {
        let kept = self.kept(compiled, &[], &[ROW_ID]).await?;
        let ranks = sorted(over(Number {}, kept)?, &[ROW_ID])?;
        Ok(write(ranks, &self.directory.dedup("ranks"), Content::Values)?)
    }

    /// The file with these numbers, where a policy makes them other than input order.
    pub(crate) async fn survivor_ranks(
        &self,
        compiled: &Compiled,
    ) -> Result<Option<PathBuf>, PipelineError> {
        let content = &self.config.content;
        if content.survivor == Survivor::First && content.prefer_sources.is_empty() {
            return Ok(None);
        }
        self.step("ranks", &self.context, self.ranks(compiled).await?).await?;
        Ok(Some(self.directory.dedup("ranks")))
    }

    /// Where the reference set ends, and whether only its duplicates go.
    pub(crate) fn reference(&self) -> Reference {
        Reference { own_place: self.own_place(), only: self.config.content.only_against }
    }

    /// Documents of the run before each unit, and all of them.
    pub(crate) fn bases(&self) -> Result<(Vec<u64>, u64), PipelineError> {
        let (mut bases, mut all) = (Vec::new(), 0);
        for part in self.all_parts() {
            bases.push(all);
            all += crate::table::part::rows(&part)?;
        }
        Ok((bases, all))
    }
}
