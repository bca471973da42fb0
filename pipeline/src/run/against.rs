//! The reference set: documents of another corpus, which a run's documents are held against.
//!
//! It is read once for content hashes and band hashes. An index saves these, some hundred bytes
//! a document; candidates are verified on their texts, so the files must stay where they were.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use arrow::array::StringArray;
use datafusion::common::Result as EngineResult;
use datafusion::logical_expr::Operator as Op;
use datafusion::physical_expr::expressions::{binary, lit};
use datafusion::scalar::ScalarValue;
use serde::{Deserialize, Serialize};
use tamis_rules::{AnnotateSpec, BANDS, Compiled, MinHashSpec, RuleSet};

use crate::annotate::plan::Beside;
use crate::config::{ContentConfig, RunConfig};
use crate::error::PipelineError;
use crate::progress::Observer;
use crate::read::discover::{Discovered, discover};
use crate::read::scan::Scan;
use crate::registry::session;
use crate::stage::rundir::{Identity, InputIdentity, RunDir};
use crate::stage::session::Resources;
use crate::stage::units::units;
use crate::stage::work::Work;
use crate::table::batch::typed;
use crate::table::cursor::SortedCursor;
use crate::table::names::SOURCE;
use crate::table::node::leaf_node;
use crate::table::part::Content;
use crate::table::parts::Parts;
use crate::table::plan::Plan;
use crate::table::row_id::{ROW_ID, first_row_id};

/// The file that makes a folder an index.
const INDEX: &str = "index.json";
/// Version of its layout.
const VERSION: u32 = 1;
/// The columns of annotations that are looked up.
const COLUMNS: [&str; 10] = [
    "document_id",
    "id",
    "shard",
    "row",
    "text_bytes",
    ROW_ID,
    SOURCE,
    "rule_decision",
    "content_hash",
    BANDS,
];

/// What stands in [`INDEX`].
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Index {
    version: u32,
    minhash: Option<MinHashSpec>,
    exact: bool,
    source_column: Option<String>,
    inputs: Vec<InputIdentity>,
    units: Vec<Scan>,
}

/// A unit of the reference set.
pub(crate) struct Reference {
    /// How its text is read.
    pub(crate) scan: Scan,
    /// Its part of an index, and its number there.
    pub(crate) known: Option<(PathBuf, usize)>,
}

/// The units of a reference set, and what they read.
#[derive(Default)]
pub(crate) struct References {
    pub(crate) units: Vec<Reference>,
    pub(crate) inputs: Vec<InputIdentity>,
}

impl References {
    /// Finds what `config.against` names; nothing below `leave_out` is taken.
    pub(crate) fn find(
        config: &RunConfig,
        leave_out: &Path,
        observer: &dyn Observer,
    ) -> Result<Self, PipelineError> {
        let (mut found, mut plain) = (Self::default(), Vec::new());
        let content = &config.content;
        if !config.against.is_empty() && content.duplicates().is_empty() {
            let what = "against: no kind of duplicate is looked for; --dedup names them";
            return Err(PipelineError::Usage(what.into()));
        }
        if config.against.is_empty() && content.only_against {
            let what = "only-against: no reference set is given; add --against PATH";
            return Err(PipelineError::Usage(what.into()));
        }
        for named in &config.against {
            let folder = Path::new(named);
            if folder.join(INDEX).is_file() {
                found.add_index(folder, content)?;
            } else {
                plain.push(named.clone());
            }
        }
        if plain.is_empty() {
            return Ok(found);
        }
        let Discovered { mut shards, warnings } = discover(&plain, Some(leave_out))?;
        for warning in warnings {
            observer.note(&warning);
        }
        for shard in &mut shards {
            shard.name = format!("against/{}", shard.name);
            found.inputs.push(InputIdentity::of(shard, false)?);
        }
        for scan in units(&as_it_is(content), &[], shards) {
            found.units.push(Reference { scan, known: None });
        }
        Ok(found)
    }

    fn add_index(&mut self, folder: &Path, content: &ContentConfig) -> Result<(), PipelineError> {
        let path = folder.join(INDEX);
        let broken = |what: String| PipelineError::directory(&path, what);
        let text = std::fs::read_to_string(&path)
            .map_err(|error| broken(format!("cannot be read: {error}")))?;
        let index: Index = serde_json::from_str(&text).map_err(|error| {
            broken(format!("is no index of this tamis ({error}); make it again with tamis index"))
        })?;
        if index.version != VERSION {
            let what = "was made by another version of tamis; make it again with tamis index";
            return Err(broken(what.into()));
        }
        let wanted = content.fuzzy.as_ref().map(|fuzzy| fuzzy.minhash);
        if wanted.is_some() && wanted != index.minhash {
            let told = |spec: Option<MinHashSpec>| match spec {
                None => "no bands".to_owned(),
                Some(spec) => format!(
                    "{} bands of {} rows over {}-word shingles, --normalize {}",
                    spec.bands,
                    spec.rows,
                    spec.shingle_words,
                    spec.normalize.name()
                ),
            };
            return Err(broken(format!(
                "holds {}, this run needs {}; make it again with the same options",
                told(index.minhash),
                told(wanted)
            )));
        }
        if content.dedup_exact && !index.exact {
            return Err(broken("holds no content hashes; make it again with --dedup exact".into()));
        }
        if content.across_sources && index.source_column != content.source_column {
            let what = "was made with another --source-column, and --across-sources needs the same";
            return Err(broken(what.into()));
        }
        let shards = index.units.iter().flat_map(|scan| &scan.shards);
        for (shard, before) in shards.zip(&index.inputs) {
            if InputIdentity::of(shard, false)? != *before {
                let path = shard.path.display();
                return Err(broken(format!(
                    "{path} has changed since; make the index again with tamis index"
                )));
            }
        }
        if self.inputs.iter().any(|known| index.inputs.iter().any(|new| new.shard == known.shard)) {
            return Err(broken("has the same name as another index; rename its folder".into()));
        }
        self.inputs.extend(index.inputs);
        for (number, scan) in index.units.into_iter().enumerate() {
            let part = folder.join(format!("annotations/part-{number:05}.parquet"));
            let part = part.canonicalize().map_err(|error| {
                broken(format!("{} is missing ({error}); make it again", part.display()))
            })?;
            self.units.push(Reference { scan, known: Some((part, number)) });
        }
        Ok(())
    }

    /// Where the annotations of each unit lie: those of an index stay there where the places in
    /// them are right.
    pub(crate) fn parts(&self, directory: &RunDir) -> Vec<PathBuf> {
        let units = self.units.iter().enumerate();
        units
            .map(|(unit, reference)| match &reference.known {
                Some((path, number)) if *number == unit => path.clone(),
                _ => directory.reference(unit),
            })
            .collect()
    }
}

/// A reference set is taken as it is: whole, and whatever fields its records have.
fn as_it_is(content: &ContentConfig) -> ContentConfig {
    ContentConfig { limit: None, reason_field: String::new(), ..content.clone() }
}

/// What is measured of a reference set: hashes of the text, no rules, no edits.
pub(crate) fn bare(content: &ContentConfig) -> Result<Compiled, PipelineError> {
    let mut compiled = RuleSet::default().compile(&BTreeMap::new())?;
    hashes(content, &mut compiled.spec);
    Ok(compiled)
}

/// Asks for the hashes that the duplicates looked for need.
pub(crate) fn hashes(content: &ContentConfig, spec: &mut AnnotateSpec) {
    spec.minhash = content.fuzzy.as_ref().map(|fuzzy| fuzzy.minhash);
    spec.no_content_hash = !content.dedup_exact;
}

/// Gives the rows of an index's part the places of `unit`.
fn moved(from: &Path, number: usize, unit: usize, fuzzy: bool, path: &Path) -> EngineResult<Plan> {
    let columns = COLUMNS.iter().filter(|name| fuzzy || **name != BANDS);
    let columns = columns.map(|name| (*name).to_owned()).collect();
    let parts = Parts { paths: vec![from.to_owned()], columns, partitions: 1 };
    let plan: Plan = leaf_node(parts)?;
    let schema = plan.schema();
    let place = |unit| lit(ScalarValue::UInt64(Some(first_row_id(unit))));
    let mut exprs = Vec::new();
    for field in schema.fields() {
        let mut expr = crate::table::plan::column(field.name(), &schema)?;
        if field.name() == ROW_ID {
            expr = binary(expr, Op::Minus, place(number), &schema)?;
            expr = binary(expr, Op::Plus, place(unit), &schema)?;
        }
        exprs.push((expr, field.name().clone()));
    }
    crate::table::plan::write(crate::table::plan::project(exprs, plan)?, path, Content::Values)
}

impl Work<'_> {
    /// Annotates the units of the reference set; one of which nothing can be read is an error.
    pub(crate) async fn refer(&self, references: &[Reference]) -> Result<(), PipelineError> {
        if references.is_empty() {
            return Ok(());
        }
        let fuzzy = self.bare.spec.minhash.is_some();
        self.movement(
            "reference",
            0..references.len(),
            |unit| self.part(unit).exists(),
            async |unit, fan_out| {
                let path = self.part(unit);
                if let Some((from, number)) = &references[unit].known {
                    return Ok(moved(from, *number, unit, fuzzy, &path)?);
                }
                let (scan, none) = (&self.units[unit], RuleSet::default());
                Ok(crate::decide::annotate(
                    unit,
                    scan,
                    (&none, &self.bare),
                    Beside::default(),
                    fan_out,
                    &path,
                )?)
            },
        )
        .await?;
        let counts = self.referred()?;
        if counts.documents == 0 {
            return Err(PipelineError::Usage(match counts.failed {
                0 => "the reference set holds no documents".to_owned(),
                failed => format!(
                    "all {failed} records of the reference set failed ({}); is its text in another column? tamis index --text-column names it",
                    counts.reason.unwrap_or_default()
                ),
            }));
        }
        if counts.failed > 0 {
            self.observer.note(&format!(
                "{} records of the reference set failed ({})",
                counts.failed,
                counts.reason.unwrap_or_default()
            ));
        }
        Ok(())
    }

    /// What was read of the reference set.
    pub(crate) fn referred(&self) -> Result<Referred, PipelineError> {
        let mut counts = Referred::default();
        let names = [ROW_ID, "rule_decision"];
        let mut walk = SortedCursor::new(self.references.clone(), &names, 0, 4096);
        while let Some(batch) = walk.next()? {
            for decision in typed::<StringArray>(&batch, "rule_decision")? {
                let failed = decision != Some("kept");
                *(if failed { &mut counts.failed } else { &mut counts.documents }) += 1;
            }
        }
        if counts.failed > 0 {
            counts.reason = self.first_failure()?;
        }
        Ok(counts)
    }

    /// Why the first failed record of the reference set did.
    fn first_failure(&self) -> Result<Option<String>, PipelineError> {
        for part in &self.references {
            if crate::table::plan::part_schema(part)?.index_of("failure").is_err() {
                // moved from an index, which told when it was made
                continue;
            }
            let mut walk = SortedCursor::new(vec![part.clone()], &[ROW_ID, "failure"], 0, 4096);
            while let Some(batch) = walk.next()? {
                if let Some(why) = typed::<StringArray>(&batch, "failure")?.iter().flatten().next()
                {
                    return Ok(Some(why.to_owned()));
                }
            }
        }
        Ok(None)
    }
}

/// What was read of a reference set.
#[derive(Debug, Default)]
pub(crate) struct Referred {
    /// Documents.
    pub(crate) documents: u64,
    /// Records that failed.
    pub(crate) failed: u64,
    /// Why the first of them did.
    reason: Option<String>,
}

/// What an index holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Indexed {
    /// Documents.
    pub documents: u64,
    /// Records that failed.
    pub failed: u64,
    /// Shards that were read.
    pub shards: u64,
    /// Bytes of the index.
    pub bytes: u64,
}

/// Saves the index of a corpus for `--against`; an interrupted one goes on where it stopped.
pub async fn index(
    inputs: &[String],
    config: &RunConfig,
    observer: &dyn Observer,
) -> Result<Indexed, PipelineError> {
    let content = as_it_is(&config.content);
    if content.duplicates().is_empty() {
        return Err(PipelineError::Usage("an index needs a kind of duplicate".into()));
    }
    let directory = RunDir::open(&config.out)?;
    let Discovered { mut shards, warnings } = discover(inputs, Some(directory.root()))?;
    for warning in warnings {
        observer.note(&warning);
    }
    let name = directory.root().file_name().map(|name| name.to_string_lossy().into_owned());
    let mut identities = Vec::with_capacity(shards.len());
    for shard in &mut shards {
        shard.name = format!("against/{}/{}", name.as_deref().unwrap_or("index"), shard.name);
        identities.push(InputIdentity::of(shard, false)?);
    }
    let rules = RuleSet::default();
    let identity = Identity::new(&content, &rules, identities.clone())?;
    directory.claim(&identity, config.force, false)?;
    let resources = Resources::of(config, &directory);
    let scans = units(&content, &[], shards);
    let parts: Vec<PathBuf> = (0..scans.len()).map(|unit| directory.annotations(unit)).collect();
    let work = Work {
        context: session(&resources)?,
        side_by_side: resources.side_by_side(),
        directory: &directory,
        config,
        rules: &rules,
        bare: bare(&content)?,
        units: scans.clone(),
        references: parts.clone(),
        observer,
        rebuild: None,
    };
    let units: Vec<Reference> =
        scans.iter().map(|scan| Reference { scan: scan.clone(), known: None }).collect();
    work.refer(&units).await?;
    let Referred { documents, failed, .. } = work.referred()?;
    let shards = identities.len() as u64;
    let mut indexed = Indexed { documents, failed, shards, bytes: 0 };
    for part in &parts {
        indexed.bytes += std::fs::metadata(part).map_or(0, |data| data.len());
    }
    let minhash = work.bare.spec.minhash;
    let exact = content.dedup_exact;
    let index = Index {
        version: VERSION,
        minhash,
        exact,
        source_column: content.source_column.clone(),
        inputs: identities,
        units: scans,
    };
    let path = directory.path(INDEX);
    let json = serde_json::to_vec_pretty(&index)
        .map_err(|error| PipelineError::directory(&path, error))?;
    directory.write_whole(&path, &json)?;
    let _ = std::fs::remove_dir_all(directory.path(".temp"));
    Ok(indexed)
}
