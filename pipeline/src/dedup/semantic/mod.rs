//! Semantic duplicates: the plans that give documents vectors, compare them, and decide.

pub(crate) mod audit;
pub(crate) mod exact_search;
pub(crate) mod exact_search_gpu;
pub(crate) mod hashed_search;
pub(crate) mod keyed;
pub(crate) mod ranked;
pub(crate) mod resolve;
pub(crate) mod verify;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::BinaryArray;
use datafusion::common::Result;
use datafusion::physical_expr::Partitioning;
use datafusion::physical_expr::expressions::IsNotNullExpr;
use datafusion::physical_plan::filter::FilterExec;
use datafusion::physical_plan::repartition::RepartitionExec;
use tamis_kernels::vectors::Rows as _;
use tamis_rules::{AnnotateSpec, Compiled};

use crate::dedup::attach::Attach;
use crate::dedup::kept::Kept;
use crate::dedup::kept::Pick;
use crate::dedup::near::buckets::PAIR;
use crate::dedup::near::{all_verified, each_once, in_survivor_order};
use crate::dedup::semantic::exact_search::ExactSearch;
use crate::dedup::semantic::exact_search_gpu::{Asked, InOrder};
use crate::dedup::semantic::hashed_search::{Near, Scheme, Sign};
use crate::dedup::semantic::keyed::{KeyedRows, Lookup, Single};
use crate::dedup::semantic::ranked::Ranked;
use crate::dedup::semantic::resolve::ResolveBoth;
use crate::dedup::semantic::verify::VerifyCosine;
use crate::embed::compare::Comparer;
use crate::embed::function::{embed_udf, unit_udf};
use crate::embed::parts::PartVectors;
use crate::embed::{Embeddings, Search, Semantic};
use crate::error::PipelineError;
use crate::error::ReadError;
use crate::read::scan::Scan;
use crate::read::{ForeignField, ForeignType};
use crate::stage::session::{SET_ROWS, fine};
use crate::stage::work::Work;
use crate::table::batch::columns;
use crate::table::batch::typed;
use crate::table::cursor::SortedCursor;
use crate::table::functions::hash_udf;
use crate::table::names::KEY;
use crate::table::names::SIMILARITY;
use crate::table::names::VECTOR;
use crate::table::names::{BUCKET, RANK};
use crate::table::names::{CENTER, CENTER_RANK};
use crate::table::node::{leaf_node, over};
use crate::table::part::Content;
use crate::table::parts::parts;
use crate::table::plan::{Plan, call, column, pass, project, sorted, text, write};
use crate::table::row_id::POSITION;
use crate::table::row_id::{ROW_ID, first_row_id, unit_and_position};

/// Better documents of a bucket with which one is compared, at most.
const CENTERS: usize = 32;
/// Documents of a bucket that later ones are held against, at most.
const BUCKET_MAX: usize = 1 << 16;

/// What is known of the vectors of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Vectors {
    /// Documents that have one.
    pub(crate) count: u64,
    /// Numbers of each.
    pub(crate) dimensions: usize,
}

/// Keeps the rows whose `name` is not null.
fn there(name: &str, plan: Plan) -> Result<Plan> {
    let not_null = Arc::new(IsNotNullExpr::new(column(name, &plan.schema())?));
    Ok(Arc::new(FilterExec::try_new(not_null, plan)?))
}

/// `place, vector` of those of a unit's documents that are still there.
fn embed(
    unit: usize,
    scan: &Scan,
    spec: &AnnotateSpec,
    (embeddings, pick): (&Embeddings, Pick),
    fan_out: usize,
    path: &Path,
) -> Result<Plan> {
    let mut scan = scan.clone();
    if let Embeddings::Column(name) = embeddings {
        scan.foreign.push(ForeignField { name: name.clone(), kind: ForeignType::Vector });
    }
    let plan = leaf_node(scan)?;
    let schema = plan.schema();
    let mut exprs = vec![(crate::table::plan::place(unit, &schema)?, ROW_ID.to_owned())];
    exprs.extend(pass(&[POSITION, "text"], &schema)?);
    if let Embeddings::Column(name) = embeddings {
        exprs.push((column(name, &schema)?, VECTOR.to_owned()));
    }
    let mut plan = over(pick, project(exprs, plan)?)?;
    if fan_out > 1 {
        plan = Arc::new(RepartitionExec::try_new(plan, Partitioning::RoundRobinBatch(fan_out))?);
    }
    let schema = plan.schema();
    let vector = if let Embeddings::Column(_) = embeddings {
        call(unit_udf(), vec![column(VECTOR, &schema)?], &schema)?
    } else {
        let from = serde_json::to_string(embeddings)
            .map_err(|error| datafusion::common::DataFusionError::External(Box::new(error)))?;
        let arguments = vec![column("text", &schema)?, text(&spec.to_json()), text(&from)];
        call(embed_udf(), arguments, &schema)?
    };
    let mut exprs = pass(&[ROW_ID, POSITION], &schema)?;
    exprs.push((vector, VECTOR.to_owned()));
    crate::table::plan::gather(project(exprs, plan)?, path, Content::Vectors)
}

impl Work<'_> {
    /// The files with the vectors of documents, in input order.
    pub(crate) fn vector_files(&self, embeddings: &Embeddings) -> Vec<PathBuf> {
        match embeddings {
            Embeddings::Keyed(_) => vec![self.directory.embeddings(0)],
            _ => self.all().map(|unit| self.directory.embeddings(unit)).collect(),
        }
    }

    /// Gives every document that is still there its vector.
    async fn embed(&self, compiled: &Compiled, semantic: &Semantic) -> Result<(), PipelineError> {
        let directory = self.directory;
        let gone = self.exact_links();
        let kept = |columns: &[&str]| {
            over(Kept { gone: gone.clone() }, parts(&self.all_parts(), columns)?)
        };
        if let Embeddings::Keyed(files) = &semantic.embeddings {
            let id = self.config.content.id_column.clone();
            let rows = KeyedRows { files: files.clone(), id };
            let rows: Plan = leaf_node(rows)?;
            let rows = over(Single {}, sorted(rows, &[ROW_ID])?)?;
            let fine = fine(&self.context);
            let plan = write(rows, &directory.dedup("keyed"), Content::Vectors)?;
            self.step("keyed", &fine, plan).await?;
            let path = directory.embeddings(0);
            if !path.exists() {
                let plan = there("id", kept(&[ROW_ID, "id", "rule_decision"])?)?;
                let schema = plan.schema();
                let key = call(hash_udf(), vec![column("id", &schema)?], &schema)?;
                let mut exprs = vec![(key, KEY.to_owned())];
                exprs.extend(pass(&[ROW_ID], &schema)?);
                let plan = sorted(project(exprs, plan)?, &[KEY])?;
                let lookup = Lookup { vectors: directory.dedup("keyed") };
                let plan = sorted(over(lookup, plan)?, &[ROW_ID])?;
                self.execute(&fine, write(plan, &path, Content::Vectors)?).await?;
            }
            return Ok(());
        }
        let path = |unit: usize| directory.embeddings(unit);
        self.movement(
            "embed",
            self.all(),
            |unit| path(unit).exists(),
            async |unit, fan_out| {
                let spec = self.spec(unit, compiled);
                let kept = Some(Kept { gone: gone.clone() });
                let pick = Pick { places: self.part(unit), from: first_row_id(unit), kept };
                let from = (&semantic.embeddings, pick);
                Ok(embed(unit, &self.units[unit], spec, from, fan_out, &path(unit))?)
            },
        )
        .await
    }

    /// How many vectors there are, and of how many numbers: all of as many.
    pub(crate) fn vectors(&self, embeddings: &Embeddings) -> Result<Vectors, PipelineError> {
        let files = self.vector_files(embeddings);
        match PartVectors::open(&files, &self.comparer())? {
            Some(parts) => {
                Ok(Vectors { count: parts.count() as u64, dimensions: parts.dimensions() })
            }
            None => self.counted(files),
        }
    }

    /// As [`Work::vectors`], one by one; the first of another length is named.
    fn counted(&self, files: Vec<PathBuf>) -> Result<Vectors, PipelineError> {
        let (mut count, mut width) = (0, None);
        let mut walk = SortedCursor::new(files, &[ROW_ID, VECTOR], 0, 256);
        while let Some(batch) = walk.next()? {
            count += batch.num_rows() as u64;
            let [places] = columns(&batch, [ROW_ID])?;
            for (place, vector) in places.iter().zip(typed::<BinaryArray>(&batch, VECTOR)?) {
                let has = vector.map_or(0, <[u8]>::len);
                let known = *width.get_or_insert(has);
                if known == has {
                    continue;
                }
                let (unit, row) = unit_and_position(*place);
                let shards = self.units.get(unit).map_or(&[][..], |scan| &scan.shards);
                let path = shards.first().map_or(Path::new(""), |shard| &shard.path);
                let what = format!(
                    "row {row}: the embedding has {} numbers, others have {}; all must come from one model",
                    has / 4,
                    known / 4
                );
                return Err(ReadError::path(path, what).into());
            }
        }
        Ok(Vectors { count, dimensions: width.unwrap_or(0) / 4 })
    }

    /// What compares vectors.
    pub(crate) fn comparer(&self) -> Comparer {
        Comparer { device: self.config.device.clone(), threads: self.config.threads }
    }

    /// Where the verified pairs of near duplicates by words lie, where they were looked for.
    async fn words(&self) -> Result<Option<PathBuf>, PipelineError> {
        let edges = (1..).map(|round| self.directory.dedup(&format!("edges-{round}")));
        let edges = edges.take_while(|path| path.exists());
        let edges: Vec<PathBuf> = self.exact_pairs().into_iter().chain(edges).collect();
        if edges.is_empty() {
            return Ok(None);
        }
        let columns = [RANK, ROW_ID, CENTER_RANK, CENTER, SIMILARITY];
        let plan = all_verified(&edges, &columns)?;
        let path = self.directory.dedup("words");
        self.step("words", &self.context, write(plan, &path, Content::Values)?).await?;
        Ok(Some(path))
    }

    /// Decides among what exact dedup left, by words and by meaning.
    pub(crate) async fn semantic(
        &self,
        compiled: &Compiled,
        semantic: &Semantic,
    ) -> Result<(), PipelineError> {
        let directory = self.directory;
        if !directory.dedup("near").exists() {
            self.embed(compiled, semantic).await?;
            let content = &self.config.content;
            let ranks = self.survivor_ranks(compiled).await?;
            let by_policy = ranks.is_some();
            let words = self.words().await?;
            let (bases, documents) = self.bases()?;
            let in_order = (!by_policy && !content.across_sources).then(|| InOrder {
                files: self.vector_files(&semantic.embeddings),
                bases: bases.clone(),
            });
            let ranked =
                Ranked { bases, ranks, sources: content.across_sources.then(|| self.all_parts()) };
            let files = self.vector_files(&semantic.embeddings);
            let rows = over(ranked, parts(&files, &[ROW_ID, VECTOR])?)?;
            let rows = if by_policy { sorted(rows, &[RANK])? } else { rows };
            let vectors = self.vectors(&semantic.embeddings)?;
            let decided = match semantic.search.settled(vectors.count, vectors.dimensions) {
                Search::Hashed => {
                    self.hashed(semantic.threshold, rows, (&files, vectors)).await?;
                    let meaning = directory.dedup("meaning");
                    let settle = ResolveBoth { words, meaning, documents };
                    leaf_node(settle)?
                }
                Search::Auto | Search::Exact => {
                    let lead = ExactSearch {
                        threshold: semantic.threshold,
                        words,
                        documents,
                        reference: self.reference(),
                        apart: content.across_sources,
                        block_bytes: (self.config.memory_bytes / 8).clamp(1 << 20, 256 << 20),
                        spill: directory.path(".temp/survivors"),
                        comparer: self.comparer(),
                        in_order,
                        asked: Some(Asked {
                            count: self.queries(),
                            from: self.own_place(),
                            path: self.audited(self.queries()),
                        }),
                    };
                    over(lead, rows)?
                }
            };
            let plan =
                write(sorted(decided, &[ROW_ID])?, &directory.dedup("near"), Content::Values)?;
            self.step("near", &fine(&self.context), plan).await?;
        }
        Ok(())
    }

    /// Verified pairs of documents that share a bucket.
    async fn hashed(
        &self,
        threshold: f64,
        rows: Plan,
        (files, vectors): (&[PathBuf], Vectors),
    ) -> Result<(), PipelineError> {
        let directory = self.directory;
        let scheme = Scheme::choose(threshold, vectors.count)?;
        let sign = Sign { dimensions: vectors.dimensions, scheme, comparer: self.comparer() };
        let signed = sorted(over(sign, rows)?, &[BUCKET, RANK])?;
        let near = Near {
            max_hamming: scheme.max_hamming,
            centers: CENTERS,
            bucket: BUCKET_MAX,
            reference: self.reference(),
            apart: self.config.content.across_sources,
            threads: self.config.threads,
        };
        let pairs = over(near, signed)?;
        let pairs = each_once(pairs, 1)?;
        let path = directory.dedup("near-pairs");
        let plan = write(sorted(pairs, &[ROW_ID, CENTER])?, &path, Content::Values)?;
        self.step("near-pairs", &self.context, plan).await?;
        let attach = Attach {
            paths: files.to_vec(),
            key: ROW_ID.to_owned(),
            columns: vec![(VECTOR.to_owned(), VECTOR.to_owned())],
            batch_rows: SET_ROWS,
            threads: 1,
            optional: false,
        };
        let pairs = over(attach, parts(&[path], &PAIR)?)?;
        let verify = VerifyCosine { vectors: files.to_vec(), threshold, batch_rows: SET_ROWS };
        let verified = over(verify, sorted(pairs, &[CENTER, ROW_ID])?)?;
        let plan = in_survivor_order(verified, &directory.dedup("meaning"))?;
        self.step("meaning", &fine(&self.context), plan).await
    }
}
