//! A finished run: its documents are looked up by their place in the annotations.

use std::cell::{OnceCell, RefCell};
use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::Arc;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::UInt64Type;
use serde_json::Value;
use tamis_kernels::{hash128, hex128};
use tamis_pipeline::annotate::tokens::as_in_run;
use tamis_pipeline::contamination::Looking;
use tamis_pipeline::look::{Decided, Place, REASONS, Run, Slice};
use tamis_pipeline::write::decision::{RuleInfo, rule_infos};
use tamis_rules::{Compiled, RuleSet, RuleSource};
use tokio::runtime::Runtime;

use super::asked::Asked;
use super::draw::Backend;
use super::ranks::{Ranked, ShardRows};
use super::record::Names;
use super::strata::Order;
use super::{OpenOptions, Progress, run_scan};
use crate::error::InspectError;
use crate::model::{Decision, Entry, Frame, Population, SampleSpec, Twin};

/// Bytes of decisions that are kept.
const DECIDED_BYTES: usize = 64 << 20;

/// The rules of a run, ready to be applied again.
pub(crate) struct RunRules {
    pub(crate) set: RuleSet,
    pub(crate) compiled: Compiled,
    pub(crate) infos: Vec<RuleInfo>,
}

/// Bytes, and what became of the documents of slices, by their numbers, last used last.
type DecidedCache = (usize, Vec<(usize, Arc<Decided>)>);

/// An opened run.
pub(crate) struct RunData {
    pub(crate) run: Run,
    pub(crate) runtime: Runtime,
    pub(crate) slices: Vec<Slice>,
    by_name: HashMap<String, usize>,
    /// Rules that flag, by their columns.
    pub(crate) flags: Vec<String>,
    decided: RefCell<DecidedCache>,
    rules: OnceCell<Result<RunRules, String>>,
    pub(crate) names: Names,
}

impl RunData {
    pub(crate) fn open(root: &Path, options: &OpenOptions) -> Result<Self, InspectError> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .map_err(|error| {
                InspectError::file(root, format!("no thread to read with: {error}"))
            })?;
        let run = runtime.block_on(Run::open(root))?;
        let slices = run.layout()?;
        let by_name = slices.iter().enumerate().map(|(at, s)| (s.shard.clone(), at)).collect();
        let rules = run.manifest().pointer("/rules/set/rules").and_then(Value::as_array);
        let word =
            |rule: &Value, key: &str| rule.get(key).and_then(Value::as_str).map(str::to_owned);
        // runs of earlier versions name the action instead of having its key
        let flagging = |rule: &&Value| {
            rule.get("flag_if").is_some() || word(rule, "action").as_deref() == Some("flag_if")
        };
        let mut flags: Vec<String> =
            rules.into_iter().flatten().filter(flagging).filter_map(|r| word(r, "id")).collect();
        flags.extend(flagging_sets(run.manifest()));
        let configured = |name: &str| {
            let value = run.manifest().get("configuration").and_then(|c| c.get(name));
            value.and_then(Value::as_str).map(str::to_owned)
        };
        let text = options.text_column.clone().or_else(|| configured("text_column"));
        let id = options.id_column.clone().or_else(|| configured("id_column"));
        let names = Names::of(text.as_deref(), id.as_deref());
        let decided = RefCell::new((0, Vec::new()));
        let rules = OnceCell::new();
        Ok(Self { run, runtime, slices, by_name, flags, decided, rules, names })
    }

    /// The rules of the run, made from what its manifest says of them.
    pub(crate) fn rules(&self) -> Result<&RunRules, InspectError> {
        let built = self
            .rules
            .get_or_init(|| rebuilt(self.run.manifest()).map_err(|error| error.to_string()));
        built.as_ref().map_err(|error| InspectError::file(&self.run.root().join("run.json"), error))
    }

    /// What the filter of a specification asks for.
    pub(crate) fn asked(&self, spec: &SampleSpec) -> Asked {
        Asked::of(&self.run, spec.filter.as_deref())
    }

    /// The entries of the documents that are called so, by document id or the user's.
    pub(crate) fn find(&self, name: &str) -> Result<Option<Entry>, InspectError> {
        let literal = format!("'{}'", name.replace('\'', "''"));
        let condition = format!("document_id = {literal} OR id = {literal}");
        let mut place = None;
        let keep = |found| {
            place.get_or_insert(found);
        };
        self.runtime.block_on(self.run.walk(Some(&condition), keep))?;
        let Some(place) = place else { return Ok(None) };
        let (slice, number) = self.place(&place.shard, place.row)?;
        let all = SampleSpec { population: Population::All, ..SampleSpec::default() };
        Ok(self.entries(&all, slice, &[number])?.into_iter().flatten().next())
    }

    /// What became of the documents of a slice.
    pub(crate) fn decided(&self, number: usize) -> Result<Arc<Decided>, InspectError> {
        let mut cache = self.decided.borrow_mut();
        if let Some(at) = cache.1.iter().position(|(known, _)| *known == number) {
            let found = cache.1.remove(at);
            let decided = Arc::clone(&found.1);
            cache.1.push(found);
            return Ok(decided);
        }
        let decided = Arc::new(self.run.decided(&self.slices[number])?);
        cache.0 += decided.bytes();
        cache.1.push((number, Arc::clone(&decided)));
        while cache.0 > DECIDED_BYTES && cache.1.len() > 1 {
            let (_, out) = cache.1.remove(0);
            cache.0 -= out.bytes();
        }
        Ok(decided)
    }

    /// Number of the slice, and of the document in it.
    pub(crate) fn place(&self, shard: &str, row: u64) -> Result<(usize, u64), InspectError> {
        let slice = self.by_name.get(shard).copied();
        let number = slice.and_then(|at| self.slices.get(at)?.number(row).map(|n| (at, n)));
        number.ok_or_else(|| {
            let what = format!("holds no document {shard} row {row}");
            InspectError::file(self.run.root(), what)
        })
    }

    /// Where the record of a document stands.
    pub(crate) fn record_place(&self, entry: &Entry) -> Result<Place, InspectError> {
        let (slice, number) = self.place(&entry.shard, entry.row)?;
        let decided = self.decided(slice)?;
        Ok(Place {
            document_id: entry.document_id.clone(),
            id: entry.id.clone(),
            shard: entry.shard.clone(),
            row: entry.row,
            decision: decided.decision(number).to_owned(),
            reason: entry.reason.clone(),
            ordinal: decided.ordinal(number),
        })
    }

    /// The entries of documents of one slice, by ascending numbers.
    fn entries(
        &self,
        spec: &SampleSpec,
        slice: usize,
        numbers: &[u64],
    ) -> Result<Vec<Option<Entry>>, InspectError> {
        let decided = self.decided(slice)?;
        let of = &self.slices[slice];
        // what the population leaves out need not be read
        let wanted: Vec<u64> = numbers
            .iter()
            .copied()
            .filter(|number| may_belong(spec.population, decided.decision(*number)))
            .collect();
        let mut found = vec![None; numbers.len()];
        if wanted.is_empty() {
            return Ok(found);
        }
        let mut columns = vec!["document_id", "id", "text_bytes", "rule_decision", "first_reason"];
        columns.extend(self.flags.iter().map(String::as_str));
        let asked = self.asked(spec);
        let condition = asked.condition.as_deref();
        let (batch, chosen) =
            self.runtime.block_on(self.run.rows(of, &wanted, &columns, condition))?;
        for (at, number) in wanted.iter().enumerate() {
            if !chosen[at] {
                continue;
            }
            let decision = decided.decision(*number);
            let entry = self.entry(of, *number, decision, &batch, at)?;
            let flagged = decision == "kept" && !entry.flags.is_empty();
            if spec.population == Population::Flagged && !flagged {
                continue;
            }
            if !asked.wants(entry.reason.as_deref()) {
                continue;
            }
            if let Ok(place) = numbers.binary_search(number) {
                found[place] = Some(entry);
            }
        }
        Ok(found)
    }

    fn entry(
        &self,
        slice: &Slice,
        number: u64,
        decision: &str,
        batch: &RecordBatch,
        at: usize,
    ) -> Result<Entry, InspectError> {
        let text = |name: &str| {
            let column = batch.column_by_name(name)?.as_string_opt::<i32>()?;
            (!column.is_null(at)).then(|| column.value(at).to_owned())
        };
        let row = slice.row(number);
        let size = batch.column_by_name("text_bytes").and_then(|column| {
            let column = column.as_primitive_opt::<UInt64Type>()?;
            (!column.is_null(at)).then(|| column.value(at))
        });
        let fired = |name: &&String| {
            let column = batch.column_by_name(name).and_then(|column| column.as_boolean_opt());
            column.is_some_and(|column| !column.is_null(at) && column.value(at))
        };
        let mut reason = text("first_reason");
        if decision == "removed" && text("rule_decision").as_deref() == Some("kept") {
            let gone = self.run.duplicates(&slice.shard, row, row)?.gone;
            reason = gone.first().and_then(|(_, why)| REASONS.get(*why)).map(|r| (*r).to_owned());
        }
        Ok(Entry {
            document_id: text("document_id").unwrap_or_default(),
            id: text("id"),
            shard: slice.shard.clone(),
            row,
            decision: decision_of(decision),
            reason,
            flags: self.flags.iter().filter(fired).cloned().collect(),
            stratum: None,
            size,
        })
    }

    /// The cluster of a document, survivor first.
    pub(crate) fn twins(&self, entry: &Entry, limit: usize) -> Result<Vec<Twin>, InspectError> {
        let members = self.runtime.block_on(self.run.members(&entry.shard, entry.row, limit))?;
        let mut twins = Vec::with_capacity(members.len());
        for member in members {
            let text = |key: &str| member.get(key).and_then(Value::as_str).map(str::to_owned);
            let document_id = text("document_id").unwrap_or_default();
            let survivor = text("survivor_id").as_deref() == Some(document_id.as_str());
            let row = member.get("row").and_then(Value::as_u64).unwrap_or(u64::MAX);
            // a survivor of a reference set stands in another corpus
            let own = self.place(&text("shard").unwrap_or_default(), row).ok();
            let mut twin = Twin {
                document_id,
                id: None,
                survivor,
                kind: text("kind").unwrap_or_default(),
                similarity: member.get("similarity").and_then(Value::as_f64),
                text: None,
            };
            if let Some((slice, number)) = own {
                let all = SampleSpec { population: Population::All, ..SampleSpec::default() };
                let found = self.entries(&all, slice, &[number])?.into_iter().flatten().next();
                if let Some(found) = found.filter(|one| one.document_id == twin.document_id) {
                    let record = self.run.fetch(&self.record_place(&found)?)?;
                    twin.id = found.id;
                    twin.text = Some(record.text.into());
                }
            }
            twins.push(twin);
        }
        self.nearest(entry, &mut twins)?;
        Ok(twins)
    }

    /// Adds the documents that are nearest by their embeddings, where the run has some and they are
    /// no members of the cluster.
    fn nearest(&self, entry: &Entry, twins: &mut Vec<Twin>) -> Result<(), InspectError> {
        if self.run.embeddings()?.is_empty() {
            return Ok(());
        }
        let looked = self.run.neighbours(&entry.document_id, NEAREST, 1);
        for near in self.runtime.block_on(looked)?.into_iter().flatten() {
            let Some(place) = near.place else { continue };
            if twins.iter().any(|twin| twin.document_id == place.document_id) {
                continue;
            }
            twins.push(Twin {
                survivor: place.decision == "kept",
                kind: "near".to_owned(),
                similarity: Some(near.cosine.into()),
                text: Some(self.run.fetch(&place)?.text.into()),
                document_id: place.document_id,
                id: place.id,
            });
        }
        Ok(())
    }
}

/// Documents near another that are shown with it.
const NEAREST: usize = 10;

/// Whether a document of this decision may belong to a population.
pub(crate) fn may_belong(population: Population, decision: &str) -> bool {
    match population {
        Population::Kept | Population::Flagged => decision == "kept",
        Population::Removed => decision == "removed",
        Population::Failed => decision == "failed",
        Population::All => true,
    }
}

fn decision_of(decision: &str) -> Decision {
    match decision {
        "kept" => Decision::Kept,
        "removed" => Decision::Removed,
        _ => Decision::Failed,
    }
}

/// The columns of evaluation sets whose text is marked in documents that stay.
fn flagging_sets(manifest: &Value) -> Vec<String> {
    let sets = manifest.pointer("/configuration/decontaminate");
    let marks = |sets: &&Value| sets.get("action").and_then(Value::as_str) == Some("flag");
    let sets = sets.filter(marks).and_then(|sets| sets.get("sets")).and_then(Value::as_array);
    let names = sets.into_iter().flatten().filter_map(|set| set.get("name")?.as_str());
    names.map(Looking::rule).collect()
}

/// The rule set of a manifest: the same rules under the same hash, without comments and reasons.
fn rebuilt(manifest: &Value) -> Result<RunRules, InspectError> {
    let canonical = manifest.pointer("/rules/set").unwrap_or(&Value::Null);
    let set = RuleSet::load(&RuleSource::of_canonical(canonical)?)?;
    let set = match canonical.get("survivor").and_then(Value::as_str) {
        Some(order) => set.with_survivor(order),
        None => set,
    };
    let set = as_in_run(manifest, set);
    let percentiles = manifest.pointer("/rules/percentiles").and_then(Value::as_object);
    let percentiles: BTreeMap<String, f64> = percentiles
        .into_iter()
        .flatten()
        .map(|(name, value)| (name.clone(), value.as_f64().unwrap_or(f64::NAN)))
        .collect();
    let compiled = set.compile(&percentiles)?;
    let infos = rule_infos(&set, &compiled);
    Ok(RunRules { set, compiled, infos })
}

impl Backend for RunData {
    fn check(&self, spec: &SampleSpec) -> Result<(), InspectError> {
        if let Some(condition) = self.asked(spec).condition {
            self.runtime.block_on(self.run.check_condition(&condition))?;
        }
        Ok(())
    }

    fn prepare(&self, _spec: &SampleSpec, _progress: &dyn Progress) -> Result<(), InspectError> {
        Ok(())
    }

    fn shards(&self) -> Vec<ShardRows> {
        let rows = |slice: &Slice| ShardRows { name: slice.shard.clone(), count: slice.rows };
        self.slices.iter().map(rows).collect()
    }

    fn rows(&self) -> Box<dyn Fn(usize, u64) -> u64 + Sync + '_> {
        let slices = &self.slices;
        Box::new(move |slice, number| slices[slice].row(number))
    }

    fn look_up(
        &self,
        spec: &SampleSpec,
        documents: &[Ranked],
        _progress: &dyn Progress,
    ) -> Result<Vec<Option<Entry>>, InspectError> {
        let mut by_slice: BTreeMap<usize, Vec<(u64, usize)>> = BTreeMap::new();
        for (at, one) in documents.iter().enumerate() {
            by_slice.entry(one.shard as usize).or_default().push((one.number, at));
        }
        let mut entries = vec![None; documents.len()];
        for (slice, mut wanted) in by_slice {
            wanted.sort_unstable();
            let numbers: Vec<u64> = wanted.iter().map(|(number, _)| *number).collect();
            for (entry, (_, at)) in self.entries(spec, slice, &numbers)?.into_iter().zip(wanted) {
                entries[at] = entry;
            }
        }
        Ok(entries)
    }

    fn scan(
        &self,
        spec: &SampleSpec,
        each: usize,
        progress: &dyn Progress,
    ) -> Result<Order, InspectError> {
        run_scan::scan(self, spec, each, progress)
    }

    fn scans_are_cheap(&self) -> bool {
        true
    }

    fn describe(&self, spec: &SampleSpec, frame: &mut Frame) {
        "run".clone_into(&mut frame.format);
        let totals = &self.run.report().documents;
        frame.documents = spec.filter.is_none().then_some(match spec.population {
            Population::Kept => totals.kept,
            Population::Removed => totals.removed,
            Population::Failed => totals.failed,
            Population::Flagged => totals.flagged,
            Population::All => totals.read,
        });
        // what decided the bytes of the run, not where it lies nor how long it took
        let mut manifest = self.run.manifest().clone();
        if let Some(told) = manifest.as_object_mut() {
            told.remove("timings");
            for input in told.get_mut("inputs").and_then(Value::as_array_mut).into_iter().flatten()
            {
                if let Some(input) = input.as_object_mut() {
                    input.remove("path");
                    input.remove("modified_ns");
                }
            }
        }
        frame.hash = hex128(hash128(manifest.to_string().as_bytes()));
        let rules = self.run.manifest().pointer("/rules/hash").and_then(Value::as_str);
        frame.rules_hash = rules.map(str::to_owned);
    }
}
