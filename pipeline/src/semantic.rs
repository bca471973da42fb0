//! Semantic duplicates: the plans that give documents vectors, compare them, and decide.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::BinaryArray;
use datafusion::common::Result;
use datafusion::logical_expr::Operator as Op;
use datafusion::physical_expr::Partitioning;
use datafusion::physical_expr::expressions::{IsNotNullExpr, binary, lit};
use datafusion::physical_plan::filter::FilterExec;
use datafusion::physical_plan::repartition::RepartitionExec;
use tamis_kernels::vectors::Rows as _;
use tamis_rules::{AnnotateSpec, Compiled};

use crate::dedup::{each_once, over, parts, verify};
use crate::embed::compare::Comparer;
use crate::embed::function::{embed_udf, unit_udf};
use crate::embed::{Embeddings, Search, Semantic};
use crate::error::PipelineError;
use crate::exec::buckets::{CENTER, CENTER_RANK};
use crate::exec::clusters::Pick;
use crate::exec::explode::{BUCKET, RANK};
use crate::exec::flow::{PLACE, Walk, columns, first_place, unit_and_position};
use crate::exec::kept::Kept;
use crate::exec::keyed::{KEY, KeyedRows, Lookup, Single};
use crate::exec::lead::Lead;
use crate::exec::lead_cards::{Asked, InOrder};
use crate::exec::ranked::{Ranked, VECTOR};
use crate::exec::rewrite::typed;
use crate::exec::scan::{POSITION, Scan};
use crate::exec::settle::{MEANING, MEASURE, Settle, WORDS};
use crate::exec::sign::{Near, Scheme, Sign};
use crate::exec::star::{SIMILARITY, SURVIVOR};
use crate::exec::vectors::PartVectors;
use crate::exec::verify::Measure;
use crate::exec::write_part::Content;
use crate::exec::{Operator, TamisExec};
use crate::functions::{fine, hash_udf};
use crate::plans::{self, Plan, call, column, pass, project, sorted, text, write};
use crate::read::{ForeignField, ForeignType, ReadError};
use crate::work::Work;

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
    let plan = TamisExec::scan(scan)?;
    let schema = plan.schema();
    let mut exprs = vec![(plans::place(unit, &schema)?, PLACE.to_owned())];
    exprs.extend(pass(&[POSITION, "text"], &schema)?);
    if let Embeddings::Column(name) = embeddings {
        exprs.push((column(name, &schema)?, VECTOR.to_owned()));
    }
    let mut plan = over(Operator::Pick(pick), project(exprs, plan)?)?;
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
    let mut exprs = pass(&[PLACE, POSITION], &schema)?;
    exprs.push((vector, VECTOR.to_owned()));
    plans::gather(project(exprs, plan)?, path, Content::Vectors)
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
        let gone = self.config.content.dedup_exact.then(|| directory.dedup("exact"));
        let kept = |columns: &[&str]| {
            over(Operator::Kept(Kept { gone: gone.clone() }), parts(&self.all_parts(), columns)?)
        };
        if let Embeddings::Keyed(files) = &semantic.embeddings {
            let id = self.config.content.id_column.clone();
            let rows = Operator::KeyedRows(KeyedRows { files: files.clone(), id });
            let rows: Plan = Arc::new(TamisExec::try_new(rows, Vec::new())?);
            let rows = over(Operator::Single(Single {}), sorted(rows, &[PLACE])?)?;
            let fine = fine(&self.context);
            let plan = write(rows, &directory.dedup("keyed"), Content::Vectors)?;
            self.step("keyed", &fine, plan).await?;
            let path = directory.embeddings(0);
            if !path.exists() {
                let plan = there("id", kept(&[PLACE, "id", "rule_decision"])?)?;
                let schema = plan.schema();
                let key = call(hash_udf(), vec![column("id", &schema)?], &schema)?;
                let mut exprs = vec![(key, KEY.to_owned())];
                exprs.extend(pass(&[PLACE], &schema)?);
                let plan = sorted(project(exprs, plan)?, &[KEY])?;
                let lookup = Lookup { vectors: directory.dedup("keyed") };
                let plan = sorted(over(Operator::Lookup(lookup), plan)?, &[PLACE])?;
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
                let pick = Pick { places: self.part(unit), from: first_place(unit), kept };
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
        let mut walk = Walk::new(files, &[PLACE, VECTOR], 0, 256);
        while let Some(batch) = walk.next()? {
            count += batch.num_rows() as u64;
            let [places] = columns(&batch, [PLACE])?;
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

    /// Where the verified pairs of near duplicates lie, where they were looked for.
    async fn words(&self) -> Result<Option<PathBuf>, PipelineError> {
        if self.config.content.fuzzy.is_none() {
            return Ok(None);
        }
        let edges = (1..).map(|round| self.directory.dedup(&format!("edges-{round}")));
        let edges: Vec<PathBuf> = edges.take_while(|path| path.exists()).collect();
        let columns = [RANK, PLACE, CENTER_RANK, CENTER, SIMILARITY];
        let plan = sorted(parts(&edges, &columns)?, &[RANK, CENTER_RANK])?;
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
            let rows = over(Operator::Ranked(ranked), parts(&files, &[PLACE, VECTOR])?)?;
            let rows = if by_policy { sorted(rows, &[RANK])? } else { rows };
            let vectors = self.vectors(&semantic.embeddings)?;
            let decided = match semantic.search.settled(vectors.count, vectors.dimensions) {
                Search::Hashed => {
                    self.hashed(semantic.threshold, rows, (&files, vectors)).await?;
                    let meaning = directory.dedup("meaning");
                    let settle = Operator::Settle(Settle { words, meaning, documents });
                    Arc::new(TamisExec::try_new(settle, Vec::new())?)
                }
                Search::Auto | Search::Exact => {
                    let lead = Lead {
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
                    over(Operator::Lead(Box::new(lead)), rows)?
                }
            };
            let plan =
                write(sorted(decided, &[PLACE])?, &directory.dedup("near"), Content::Values)?;
            self.step("near", &fine(&self.context), plan).await?;
        }
        for (kind, measure) in [("fuzzy", WORDS), ("semantic", MEANING)] {
            let name = format!("links-{kind}");
            let near = parts(&[directory.dedup("near")], &[PLACE, SURVIVOR, SIMILARITY, MEASURE])?;
            let schema = near.schema();
            let wanted = binary(column(MEASURE, &schema)?, Op::Eq, lit(measure), &schema)?;
            let links: Plan = Arc::new(FilterExec::try_new(wanted, near)?);
            let links = project(pass(&[PLACE, SURVIVOR, SIMILARITY], &schema)?, links)?;
            let plan = write(links, &directory.dedup(&name), Content::Values)?;
            self.step(&name, &self.context, plan).await?;
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
        let signed = sorted(over(Operator::Sign(sign), rows)?, &[BUCKET, RANK])?;
        let near = Near {
            max_hamming: scheme.max_hamming,
            centers: CENTERS,
            bucket: BUCKET_MAX,
            reference: self.reference(),
            apart: self.config.content.across_sources,
            threads: self.config.threads,
        };
        let pairs = over(Operator::Near(near), signed)?;
        let path = directory.dedup("near-pairs");
        self.step("near-pairs", &self.context, each_once(pairs, &path)?).await?;
        let pairs = parts(&[path], &[RANK, PLACE, CENTER_RANK, CENTER])?;
        let path = directory.dedup("meaning");
        let plan = verify(pairs, files, (Measure::Cosine, threshold), &path)?;
        self.step("meaning", &fine(&self.context), plan).await
    }
}
