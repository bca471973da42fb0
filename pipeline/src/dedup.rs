//! Exact and near duplicates among the documents that rules kept: the plans, and their order.
//!
//! Near duplicates: documents that share a bucket (all slots of a band of their signatures agree)
//! are candidates; each is compared with the best document of its buckets, and what is still there
//! with the best few that are; every comparison is the exact Jaccard similarity of shingle sets.
//! Then documents are decided in survivor order: one goes exactly when a document that stays is
//! similar enough to it. So none goes by a chain of others, and none without a verified twin.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use datafusion::common::Result;
use datafusion::logical_expr::{Operator as Op, ident, lit};
use datafusion::physical_expr::expressions::{self, IsNotNullExpr, binary, case};
use datafusion::physical_plan::coalesce_partitions::CoalescePartitionsExec;
use datafusion::physical_plan::filter::FilterExec;
use datafusion::physical_plan::union::UnionExec;
use datafusion::prelude::SessionContext;
use tamis_rules::{AnnotateSpec, BANDS, Compiled};

use crate::config::Survivor;
use crate::error::PipelineError;
use crate::exec::attach::Attach;
use crate::exec::audit::Neighbours;
use crate::exec::buckets::{CENTER, CENTER_RANK, Once, Pairs, Shared, Window};
use crate::exec::clusters::{Number, Pick, Relink, WithSurvivors};
use crate::exec::explode::{BUCKET, Explode, FROM, RANK};
use crate::exec::flow::{PLACE, first_place};
use crate::exec::parts::Parts;
use crate::exec::resolve::{Hops, Resolve};
use crate::exec::scan::Scan;
use crate::exec::star::{Reference, SIMILARITY, SURVIVOR, Star};
use crate::exec::verify::{Measure, SHINGLES, Verify};
use crate::exec::write_part::Content;
use crate::exec::{Operator, TamisExec};
use crate::functions::{SET_ROWS, fine};
use crate::plans::{self, Plan, SOURCE, call, column, pass, project, single, sorted, text, write};
use crate::work::Work;

/// Better documents of a bucket with which one is compared in the second round, at most.
const CENTERS: usize = 32;
/// Rounds after which documents whose centers all went simply stay.
const ROUNDS: usize = 6;
const LINKS: [&str; 3] = [PLACE, SURVIVOR, SIMILARITY];

pub(crate) fn parts(paths: &[PathBuf], columns: &[&str]) -> Result<Plan> {
    let columns = columns.iter().map(|name| (*name).to_owned()).collect();
    let parts = Parts { paths: paths.to_vec(), columns };
    Ok(Arc::new(TamisExec::try_new(Operator::Parts(parts), Vec::new())?))
}

/// The column that says whether a cluster's survivor is of the reference set.
pub(crate) const AGAINST: &str = "against";

fn lit_place(place: u64) -> plans::Expr {
    expressions::lit(datafusion::scalar::ScalarValue::UInt64(Some(place)))
}

pub(crate) fn over(operator: Operator, plan: Plan) -> Result<Plan> {
    TamisExec::over(operator, plan)
}

/// The rows of several plans of one partition, in any order.
fn both(one: Plan, other: Plan) -> Result<Plan> {
    Ok(Arc::new(CoalescePartitionsExec::new(UnionExec::try_new(vec![one, other])?)))
}

/// Looks up columns of the annotations, a file for each unit, by the places in `key`, by which the
/// rows are sorted.
pub(crate) fn attach(
    paths: &[PathBuf],
    key: &str,
    columns: &[(&str, &str)],
    threads: usize,
) -> Operator {
    Operator::Attach(Attach {
        paths: paths.to_vec(),
        key: key.to_owned(),
        columns: columns.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect(),
        batch_rows: 4096,
        threads,
    })
}

/// Turns links into the clusters that people read, in input order.
fn clusters(
    links: Plan,
    kind: &str,
    (annotations, threads): (&[PathBuf], usize),
    own_place: u64,
    path: &Path,
) -> Result<Plan> {
    let plan = over(Operator::WithSurvivors(WithSurvivors {}), sorted(links, &[SURVIVOR, PLACE])?)?;
    let plan = over(
        attach(
            annotations,
            SURVIVOR,
            &[("document_id", "survivor_id"), ("id", "survivor_name")],
            threads,
        ),
        plan,
    )?;
    let own = ["document_id", "shard", "row", "text_bytes", SOURCE].map(|name| (name, name));
    let plan = over(attach(annotations, PLACE, &own, threads), sorted(plan, &[PLACE])?)?;
    let schema = plan.schema();
    let named = column("survivor_name", &schema)?;
    let twin = case(
        None,
        vec![(Arc::new(IsNotNullExpr::new(Arc::clone(&named))), named)],
        Some(column("survivor_id", &schema)?),
    )?;
    let mut exprs = pass(&["document_id"], &schema)?;
    exprs.push((column("survivor_id", &schema)?, "cluster_id".to_owned()));
    exprs.extend(pass(&["survivor_id", SIMILARITY], &schema)?);
    exprs.push((text(kind), "kind".to_owned()));
    exprs.push((twin, "twin".to_owned()));
    exprs.extend(pass(&["shard", "row", "text_bytes", SOURCE], &schema)?);
    let first = lit_place(own_place);
    let against = binary(column(SURVIVOR, &schema)?, Op::Lt, first, &schema)?;
    exprs.push((against, AGAINST.to_owned()));
    write(project(exprs, plan)?, path, Content::Values)
}

/// `place, text` of a unit's documents.
pub(crate) fn texts(unit: usize, scan: &Scan) -> Result<Plan> {
    let plan = TamisExec::scan(scan.clone())?;
    let schema = plan.schema();
    let mut exprs = vec![(plans::place(unit, &schema)?, PLACE.to_owned())];
    exprs.extend(pass(&["text"], &schema)?);
    project(exprs, plan)
}

/// `place, shingles` of a unit's documents, of all or of those whose place is in a file.
fn sets(unit: usize, scan: &Scan, spec: &AnnotateSpec, places: Option<PathBuf>) -> Result<Plan> {
    let mut plan = texts(unit, scan)?;
    if let Some(places) = places {
        plan = over(Operator::Pick(Pick { places, from: first_place(unit), kept: None }), plan)?;
    }
    let schema = plan.schema();
    let arguments = vec![column("text", &schema)?, text(&spec.to_json())];
    let mut exprs = pass(&[PLACE], &schema)?;
    let set = call(tamis_rules::shingles_udf(), arguments, &schema)?;
    exprs.push((set, SHINGLES.to_owned()));
    project(exprs, plan)
}

/// The shingles of some of a unit's documents.
pub(crate) fn shingles(
    unit: usize,
    scan: &Scan,
    spec: &AnnotateSpec,
    places: PathBuf,
    path: &Path,
) -> Result<Plan> {
    write(sets(unit, scan, spec, Some(places))?, path, Content::Shingles)
}

/// The pairs of a unit's documents with the queries of an audit.
pub(crate) fn compare(
    unit: usize,
    scan: &Scan,
    spec: &AnnotateSpec,
    neighbours: Neighbours,
    path: &Path,
) -> Result<Plan> {
    let plan = over(Operator::Neighbours(neighbours), sets(unit, scan, spec, None)?)?;
    write(plan, path, Content::Values)
}

/// Candidate pairs, `rank, place, center_rank, center`, each once and in the order of places.
pub(crate) fn each_once(pairs: Plan, path: &Path) -> Result<Plan> {
    let once = Once { columns: vec![PLACE.to_owned(), CENTER.to_owned()] };
    let plan = over(Operator::Once(once), sorted(pairs, &[PLACE, CENTER])?)?;
    write(plan, path, Content::Values)
}

/// Verifies candidate pairs by what the files `sets` hold of each document.
pub(crate) fn verify(
    pairs: Plan,
    sets: &[PathBuf],
    (measure, threshold): (Measure, f64),
    path: &Path,
) -> Result<Plan> {
    let name = measure.column().to_owned();
    let attach = Attach {
        paths: sets.to_vec(),
        key: PLACE.to_owned(),
        columns: vec![(name.clone(), name)],
        batch_rows: SET_ROWS,
        threads: 1,
    };
    let plan = sorted(over(Operator::Attach(attach), pairs)?, &[CENTER, PLACE])?;
    let verify = Verify { measure, shingles: sets.to_vec(), threshold, batch_rows: SET_ROWS };
    let plan = over(Operator::Verify(verify), plan)?;
    write(sorted(plan, &[RANK, CENTER_RANK])?, path, Content::Values)
}

impl Work<'_> {
    /// Links and clusters of every kind of duplicate that is asked for.
    pub(crate) async fn deduplicate(&self, compiled: &Compiled) -> Result<(), PipelineError> {
        let content = &self.config.content;
        let kinds = content.duplicates();
        if kinds.iter().all(|kind| self.directory.clusters(kind).exists()) {
            return Ok(());
        }
        if content.dedup_exact {
            self.step("exact", &self.context, self.exact(compiled).await?).await?;
        }
        if let Some(fuzzy) = &content.fuzzy {
            self.fuzzy(compiled, fuzzy.threshold).await?;
        }
        if let Some(semantic) = &content.semantic {
            self.semantic(compiled, semantic).await?;
        }
        let annotations = self.all_parts();
        let directory = self.directory;
        let exact = directory.dedup("exact");
        let near = self.near();
        let of_kind = |kind: &str| match content.semantic {
            Some(_) => directory.dedup(&format!("links-{kind}")),
            None => near.clone(),
        };
        let links_of = |path: &PathBuf| parts(std::slice::from_ref(path), &LINKS);
        let relink = |near: PathBuf, moved: bool| {
            let links = sorted(links_of(&exact)?, &[SURVIVOR, PLACE])?;
            over(Operator::Relink(Relink { fuzzy: near, moved }), links)
        };
        for kind in kinds {
            let alone = content.fuzzy.is_none() && content.semantic.is_none();
            let links = match (kind, content.dedup_exact) {
                ("exact", _) if alone => links_of(&exact)?,
                ("exact", _) => relink(near.clone(), false)?,
                (_, true) => both(links_of(&of_kind(kind))?, relink(of_kind(kind), true)?)?,
                (_, false) => links_of(&of_kind(kind))?,
            };
            let path = directory.clusters(kind);
            if !path.exists() {
                let annotations = (&annotations[..], self.config.threads);
                let plan = clusters(links, kind, annotations, self.own_place(), &path)?;
                self.execute(&self.context, plan).await?;
            }
        }
        let _ = std::fs::remove_dir_all(directory.path(".state/shingles"));
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
        let exact = content.dedup_exact.then(|| self.directory.dedup("exact"));
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
        if self.directory.dedup(name).exists() {
            return Ok(());
        }
        self.observer.begin(&format!("dedup {name}"), 1, 0);
        self.execute(context, plan).await?;
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
        plans::annotations_table(&self.context, &self.all_parts()).await?;
        let preferred = &self.config.content.prefer_sources;
        let mut order: Vec<_> = first.iter().map(|name| ident(*name).sort(true, false)).collect();
        order.extend(plans::survivor_order(
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

    /// Documents of the same text, sorted by its hash and then by the survivor policy.
    async fn exact(&self, compiled: &Compiled) -> Result<Plan, PipelineError> {
        let key = "content_hash";
        let apart = self.config.content.across_sources.then(|| SOURCE.to_owned());
        let star = Operator::Star(Star { key: key.to_owned(), apart, reference: self.reference() });
        let links = over(star, self.kept(compiled, &[key], &[key, PLACE, SOURCE]).await?)?;
        Ok(write(sorted(links, &[PLACE])?, &self.directory.dedup("exact"), Content::Values)?)
    }

    /// The numbers of kept documents in survivor order.
    async fn ranks(&self, compiled: &Compiled) -> Result<Plan, PipelineError> {
        let kept = self.kept(compiled, &[], &[PLACE]).await?;
        let ranks = sorted(over(Operator::Number(Number {}), kept)?, &[PLACE])?;
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
            all += crate::conservation::rows(&part)?;
        }
        Ok((bases, all))
    }

    async fn fuzzy(&self, compiled: &Compiled, threshold: f64) -> Result<(), PipelineError> {
        let directory = self.directory;
        if directory.dedup("fuzzy").exists() {
            return Ok(());
        }
        let content = &self.config.content;
        let ranks = self.survivor_ranks(compiled).await?;
        let (bases, documents) = self.bases()?;
        let rows = parts(&self.all_parts(), &[PLACE, "rule_decision", BANDS, SOURCE])?;
        let explode = Explode {
            bases,
            gone: self.config.content.dedup_exact.then(|| directory.dedup("exact")),
            ranks,
        };
        let exploded = over(Operator::Explode(explode), rows)?;
        let reference = self.reference();
        let shared = Operator::Shared(Shared { reference, centers: CENTERS + 1 });
        let shared = over(shared, sorted(exploded, &[BUCKET, RANK])?)?;
        let plan = write(shared, &directory.dedup("buckets"), Content::Values)?;
        self.step("buckets", &self.context, plan).await?;
        let buckets = [directory.dedup("buckets")];
        let bucket_rows = || parts(&buckets, &[BUCKET, RANK, PLACE, FROM]);

        let places = sorted(parts(&buckets, &[PLACE])?, &[PLACE])?;
        let places = over(Operator::Once(Once { columns: vec![PLACE.to_owned()] }), places)?;
        let plan = write(places, &directory.dedup("candidates"), Content::Values)?;
        self.step("candidates", &self.context, plan).await?;
        self.movement(
            "shingle",
            self.all(),
            |unit| directory.shingles(unit).exists(),
            async |unit, _| {
                let (spec, places) = (self.spec(unit, compiled), directory.dedup("candidates"));
                let path = directory.shingles(unit);
                Ok(shingles(unit, &self.units[unit], spec, places, &path)?)
            },
        )
        .await?;

        let sets: Vec<PathBuf> = self.all().map(|unit| directory.shingles(unit)).collect();
        let fine = fine(&self.context);
        let apart = content.across_sources;
        let mut edges: Vec<PathBuf> = Vec::new();
        let mut last = PathBuf::new();
        for round in 1..=ROUNDS {
            let window = (round == 2).then(|| Window {
                centers: CENTERS,
                resolved: last.clone(),
                documents,
            });
            let hops =
                || TamisExec::try_new(Operator::Hops(Hops { resolved: last.clone() }), vec![]);
            let pairs = match round {
                1 => {
                    over(Operator::Pairs(Pairs { window: None, apart, reference }), bucket_rows()?)?
                }
                2 => both(
                    over(Operator::Pairs(Pairs { window, apart, reference }), bucket_rows()?)?,
                    Arc::new(hops()?),
                )?,
                _ => Arc::new(hops()?),
            };
            // many narrow rows in large batches, then few wide ones in small batches
            let name = format!("pairs-{round}");
            let path = directory.dedup(&name);
            self.step(&name, &self.context, each_once(pairs, &path)?).await?;
            let pairs = parts(&[path], &[RANK, PLACE, CENTER_RANK, CENTER])?;
            let name = format!("edges-{round}");
            let of = (Measure::Jaccard, threshold);
            let plan = verify(pairs, &sets, of, &directory.dedup(&name))?;
            self.step(&name, &fine, plan).await?;
            let found = crate::conservation::rows(&directory.dedup(&name))?;
            edges.push(directory.dedup(&name));
            if round > 2 && found == 0 {
                break;
            }
            let columns = [RANK, PLACE, CENTER_RANK, CENTER, SIMILARITY];
            let all = sorted(parts(&edges, &columns)?, &[RANK, CENTER_RANK])?;
            let all = over(Operator::Resolve(Resolve { documents }), all)?;
            let name = format!("resolved-{round}");
            let plan = write(all, &directory.dedup(&name), Content::Values)?;
            self.step(&name, &self.context, plan).await?;
            last = directory.dedup(&name);
        }
        let links = parts(&[last], &[PLACE, CENTER, SIMILARITY])?;
        let schema = links.schema();
        let decided = Arc::new(IsNotNullExpr::new(column(SIMILARITY, &schema)?));
        let links: Plan = Arc::new(FilterExec::try_new(decided, links)?);
        let exprs = [(PLACE, PLACE), (CENTER, SURVIVOR), (SIMILARITY, SIMILARITY)];
        let mut renamed = Vec::new();
        for (from, to) in exprs {
            renamed.push((column(from, &schema)?, to.to_owned()));
        }
        let plan = sorted(project(renamed, links)?, &[PLACE])?;
        let plan = write(plan, &directory.dedup("fuzzy"), Content::Values)?;
        self.step("fuzzy", &self.context, plan).await
    }
}
