//! One run from its inputs to its report: the three movements, resumable at every part.

pub mod against;

use crate::stage::units::units;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Instant;

use arrow::array::Float64Array;
use futures::StreamExt;
use tamis_rules::{Compiled, RuleSet};

use crate::annotate::plan::Beside;
use crate::annotate::tokens;
use crate::config::{RunConfig, Survivor};
use crate::contamination::Looking;
use crate::dedup::repeats::{RepeatRow, SPANS};
use crate::embed::compare::Ready;
use crate::error::PipelineError;
use crate::progress::{Observer, Timed};
use crate::read::discover::{Discovered, discover};
use crate::read::scan::Scan;
use crate::read::{Compression, Format, Shard};
use crate::registry::{rebuilt, session};
use crate::report;
use crate::report::{ReferenceRow, Report};
use crate::run::against::{References, Referred, bare, hashes};
use crate::stage::rundir::{Identity, InputIdentity, RunDir};
use crate::stage::session::{Resources, narrow};
use crate::stage::work::{Rebuild, Work};
use crate::table::batch::typed;
use crate::write::conservation;
use crate::write::decision::rule_infos;
use crate::write::outputs::ShardCounts;
use crate::write::rewrite::Rewrite;

/// What to run.
pub struct Request {
    /// Files, folders, globs; `-` for JSONL on standard input.
    pub inputs: Vec<String>,
    /// The settled configuration.
    pub config: RunConfig,
    /// The rules.
    pub rules: RuleSet,
}

/// Runs `request` and returns its report; a finished run returns the report it has.
#[expect(clippy::too_many_lines, reason = "the movements of a run, one after the other")]
pub async fn run(request: &Request, observer: &dyn Observer) -> Result<Report, PipelineError> {
    let started = Instant::now();
    let config = &request.config;
    // a broken rule must not cost the user a pass over the corpus
    let trial: BTreeMap<String, f64> =
        request.rules.percentiles().iter().map(|p| (p.key(), 0.0)).collect();
    let rules = match &config.content.survivor {
        Survivor::OrderBy(expression) if !config.content.duplicates().is_empty() => {
            request.rules.clone().with_survivor(expression)
        }
        _ => request.rules.clone(),
    };
    let rules = tokens::counted(config.content.tokens.as_ref(), rules);
    let boilerplate = rules.compile(&trial)?.spec.wants_boilerplate();
    if config.content.group_by.is_some()
        && let Some(rule) = rules.rules().iter().find(|rule| rule.action.edits_references())
    {
        let what = "group-by: works are known after edits, so that";
        let id = &rule.id;
        return Err(PipelineError::Usage(format!(
            "{what} rule '{id}' cannot ask for them; flag instead"
        )));
    }
    let directory = RunDir::open(&config.out)?;
    let shards = inputs(request, &directory, observer)?;
    let references = References::find(config, directory.root(), observer)?;
    let identity = identity(request, &shards, &references)?;
    let from_stdin = request.inputs.iter().any(|input| input == "-");
    directory.claim(&identity, config.force, from_stdin)?;
    let resources = Resources::of(config, &directory);
    let mut all: Vec<Scan> = references.units.iter().map(|unit| unit.scan.clone()).collect();
    all.extend(units(&config.content, request.rules.columns(), shards));
    let timed = Timed::new(observer);
    let observer: &dyn Observer = &timed;
    let work = Work {
        context: session(&resources)?,
        side_by_side: resources.side_by_side(),
        directory: &directory,
        config,
        rules: &rules,
        bare: bare(&config.content)?,
        references: references.parts(&directory),
        units: all,
        observer,
        rebuild: config
            .rebuild_plans
            .then(|| Rebuild { resources: resources.clone(), with: rebuilt }),
    };
    let _ready = config.content.semantic.is_some().then(|| {
        let shards = work.units.iter().flat_map(|unit| &unit.shards);
        let bytes = shards.filter_map(|shard| Some(std::fs::metadata(&shard.path).ok()?.len()));
        Ready::begin(&work.comparer(), bytes.sum())
    });
    if boilerplate {
        work.find_boilerplate().await?;
    }
    let percentiles = work.percentiles().await?;
    let mut compiled = rules.compile(&percentiles)?;
    hashes(&config.content, &mut compiled.spec);
    work.refer(&references.units).await?;
    work.group().await?;
    let looking = work.looking(&compiled).await?;
    work.annotate(&compiled, looking.as_ref()).await?;
    let annotated = started.elapsed();
    if !work.own().is_empty() {
        work.deduplicate(&compiled).await?;
        work.repeats(&compiled).await?;
    }
    let deduplicated = started.elapsed();
    let audit = match (&config.content.fuzzy, config.audit) {
        (Some(fuzzy), Some(count)) if !work.own().is_empty() => {
            Some(work.audit(&compiled, count, fuzzy.threshold).await?)
        }
        _ => None,
    };
    let semantic = match &config.content.semantic {
        Some(semantic) if !work.own().is_empty() => Some(work.semantic_row(semantic)?),
        _ => None,
    };
    let mut repeated = work.repeated()?;
    let counts = work.rewrite(&compiled, &repeated, looking.as_ref()).await?;
    crate::write::repeats::quote(&mut repeated, &counts);
    work.emptied(&counts).await?;
    work.decisions().await?;
    work.check_decisions(&counts)?;
    let rewritten = started.elapsed();
    conservation::check(&directory, &counts, &work.parts(), config.threads).await?;
    let reference = if work.references.is_empty() {
        None
    } else {
        let Referred { documents, failed, .. } = work.referred()?;
        Some(ReferenceRow { documents, failed, removed: 0 })
    };
    let mut report =
        report::build(&work.context, &directory, &rules, config, &counts, &work.parts()).await?;
    report.count_reference(&work.context, &directory, config, reference).await?;
    report.audit = audit;
    report.semantic = semantic;
    report.repeats = repeated;
    work.tell(&mut report, looking.as_ref(), &counts).await?;
    let json = serde_json::to_vec_pretty(&report)
        .map_err(|error| PipelineError::directory(directory.path("report.json"), error))?;
    directory.write_whole(&directory.path("report.json"), &json)?;
    let timings = serde_json::json!({
        "annotate_seconds": annotated.as_secs_f64(),
        "dedup_seconds": deduplicated.saturating_sub(annotated).as_secs_f64(),
        "write_seconds": rewritten.saturating_sub(deduplicated).as_secs_f64(),
        "steps": timed.seconds(),
        "check_seconds": started.elapsed().saturating_sub(rewritten).as_secs_f64(),
        "threads": config.threads,
    });
    let manifest = report::manifest(&identity, &rules, &percentiles, &counts, &report, &timings);
    let json = serde_json::to_vec_pretty(&manifest)
        .map_err(|error| PipelineError::directory(directory.path("run.json"), error))?;
    directory.write_whole(&directory.path("run.json"), &json)?;
    let _ = std::fs::remove_dir_all(directory.path(".temp"));
    report.seconds = started.elapsed().as_secs_f64();
    Ok(report)
}

/// The shards to read: standard input is spooled first, the rest is found.
fn inputs(
    request: &Request,
    directory: &RunDir,
    observer: &dyn Observer,
) -> Result<Vec<Shard>, PipelineError> {
    if !request.inputs.iter().any(|input| input == "-") {
        let Discovered { shards, warnings } = discover(&request.inputs, Some(directory.root()))?;
        for warning in warnings {
            observer.note(&warning);
        }
        return Ok(shards);
    }
    if request.inputs.len() > 1 {
        return Err(PipelineError::Usage(
            "standard input (-) cannot be mixed with other inputs".to_owned(),
        ));
    }
    let spool = directory.spool();
    if directory.is_finished() && !request.config.force {
        return Err(PipelineError::directory(
            directory.root(),
            "holds a finished run over standard input, which cannot be read again to compare; choose another --out, or --force to start over",
        ));
    }
    if spool.exists() && !request.config.force {
        observer.note(&format!(
            "going on from the standard input spooled in {}; --force starts over",
            spool.display()
        ));
    } else {
        if !directory.is_fresh() && !request.config.force {
            return Err(PipelineError::directory(
                directory.root(),
                "holds another run; choose another --out, or --force to start over",
            ));
        }
        let mut file = crate::table::atomic::PartFile::create(&spool)?;
        std::io::copy(&mut std::io::stdin().lock(), &mut file).map_err(|error| {
            PipelineError::directory(&spool, format!("spooling failed: {error}"))
        })?;
        file.finish()?;
    }
    Ok(vec![Shard {
        path: spool,
        name: "stdin.jsonl".to_owned(),
        format: Format::Jsonl,
        compression: Compression::None,
    }])
}

/// What the run is, the reference set included.
fn identity(
    request: &Request,
    shards: &[Shard],
    references: &References,
) -> Result<Identity, PipelineError> {
    let from_stdin = request.inputs.iter().any(|input| input == "-");
    let mut inputs = Vec::with_capacity(shards.len());
    for shard in shards {
        inputs.push(InputIdentity::of(shard, from_stdin)?);
    }
    inputs.extend(references.inputs.iter().cloned());
    Identity::new(&request.config.content, &request.rules, inputs)
}

impl Work<'_> {
    /// Adds evaluation sets and tokens to the report.
    async fn tell(
        &self,
        report: &mut Report,
        looking: Option<&Looking>,
        counts: &[ShardCounts],
    ) -> Result<(), PipelineError> {
        report.contamination = self.contamination(looking)?;
        report.rules.extend(report::set_rows(&self.context, looking, &self.parts()).await?);
        let tokens = self.config.content.tokens.as_ref();
        report.tokens = tokens.map(|tokens| crate::report::tokens::report(tokens, counts));
        Ok(())
    }

    /// Exact nearest-rank percentiles over all documents read, where rules ask for them.
    async fn percentiles(&self) -> Result<BTreeMap<String, f64>, PipelineError> {
        let wanted = self.rules.percentiles();
        let mut values = BTreeMap::new();
        if wanted.is_empty() {
            return Ok(values);
        }
        let compiled = self.rules.compile_measures()?;
        let path = |unit| self.directory.measures(self.number(unit));
        let boilerplate = self.boilerplate();
        self.movement(
            "measure",
            self.own(),
            |unit| path(unit).exists(),
            async |unit, fan_out| {
                let (scan, known) = (&self.units[unit], boilerplate.as_deref());
                Ok(crate::annotate::plan::measure(
                    unit,
                    scan,
                    &compiled,
                    known,
                    (fan_out, &path(unit)),
                )?)
            },
        )
        .await?;
        let parts: Vec<PathBuf> = self.own().map(path).collect();
        crate::table::plan::annotations_table(&self.context, &parts).await?;
        for percentile in wanted {
            let column = crate::table::names::quoted(&percentile.annotation);
            let count = format!("SELECT count({column}) AS n FROM annotations");
            let rows = self.context.sql(&count).await?.collect().await?;
            let total = rows.first().map_or(Ok(0), |batch| {
                typed::<arrow::array::Int64Array>(batch, "n").map(|n| n.value(0))
            })?;
            let sorted = format!(
                "SELECT {column} AS v FROM annotations WHERE {column} IS NOT NULL ORDER BY v"
            );
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a rank is between 1 and the number of documents"
            )]
            let rank = ((percentile.rank / 100.0 * total as f64).ceil() as usize).max(1);
            let mut stream = self.context.sql(&sorted).await?.execute_stream().await?;
            let mut before = 0;
            while let Some(batch) = stream.next().await {
                let batch = batch?;
                if before + batch.num_rows() >= rank {
                    let column: &Float64Array = typed(&batch, "v")?;
                    values.insert(percentile.key(), column.value(rank - 1 - before));
                    break;
                }
                before += batch.num_rows();
            }
            values.entry(percentile.key()).or_insert(f64::NAN);
        }
        Ok(values)
    }

    async fn annotate(
        &self,
        compiled: &Compiled,
        looking: Option<&Looking>,
    ) -> Result<(), PipelineError> {
        let path = |unit| self.part(unit);
        let (elsewhere, boilerplate) = (self.elsewhere(), self.boilerplate());
        self.movement(
            "annotate",
            self.own(),
            |unit| path(unit).exists(),
            async |unit, fan_out| {
                let scan = &self.units[unit];
                let rules = (self.rules, compiled);
                let (elsewhere, boilerplate) = (elsewhere.as_deref(), boilerplate.as_deref());
                let beside = Beside { elsewhere, boilerplate, looking };
                Ok(crate::decide::annotate(unit, scan, rules, beside, fan_out, &path(unit))?)
            },
        )
        .await
    }

    async fn rewrite(
        &self,
        compiled: &Compiled,
        repeated: &[RepeatRow],
        looking: Option<&Looking>,
    ) -> Result<Vec<ShardCounts>, PipelineError> {
        let rules = rule_infos(self.rules, compiled);
        let spec = compiled.spec.to_json();
        let kinds = self.config.content.duplicates();
        let clusters: Vec<PathBuf> =
            kinds.iter().map(|kind| self.directory.clusters(kind)).collect();
        let counting = self.counting(compiled).await?;
        let context = narrow(&self.context);
        let context = &context;
        self.movement(
            "write",
            self.own(),
            |unit| self.directory.counts(self.number(unit)).exists(),
            async |unit, _| {
                let node = Rewrite {
                    unit,
                    scan: self.units[unit].clone(),
                    root: self.directory.root().to_owned(),
                    clusters: clusters.clone(),
                    repeats: self
                        .config
                        .content
                        .repeats
                        .is_some()
                        .then(|| self.directory.path(SPANS)),
                    quotes: repeated.iter().flat_map(RepeatRow::places).collect(),
                    spec: spec.clone(),
                    rules: rules.clone(),
                    write_flags: self.config.content.write_flags,
                    tokens: counting.clone(),
                    looking: looking.cloned(),
                    boilerplate: self.boilerplate(),
                };
                Ok(crate::write::plan::rewrite(context, &self.part(unit), node).await?)
            },
        )
        .await?;
        let mut counts = Vec::new();
        for unit in self.own() {
            let path = self.directory.counts(self.number(unit));
            let text = std::fs::read_to_string(&path)
                .map_err(|error| PipelineError::directory(&path, error))?;
            for line in text.lines() {
                let shard: ShardCounts = serde_json::from_str(line)
                    .map_err(|error| PipelineError::directory(&path, error))?;
                counts.push(shard);
            }
        }
        Ok(counts)
    }
}
