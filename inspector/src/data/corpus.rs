//! A corpus that no run has judged: files of JSONL, Parquet and text.
//!
//! Its documents are the records as a run would number them. A record that cannot be read is
//! passed over when the walk meets it, and counted; the order of the others stays.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::sync::Arc;

use tamis_kernels::{hash128, hex128};
use tamis_pipeline::PipelineError;
use tamis_pipeline::look;
use tamis_pipeline::look::RowFiles;
use tamis_pipeline::read;
use tamis_pipeline::read::{
    Columns, Compression, ForeignField, ForeignType, Format, ReadOptions, Shard,
};
use tamis_rules::test_runner::judge;
use tamis_rules::{Compiled, RuleSet, RuleSource};

use super::build::{self, Parts};
use super::draw::Backend;
use super::lines::{self, Index, Pass};
use super::ranks::{Ranked, Ranker, ShardRows, by_size};
use super::record::{Names, Record, of_line, of_row};
use super::strata::{Order, Strata as Drawn, length_name};
use super::{OpenOptions, Progress, cancelled};
use crate::error::InspectError;
use crate::model::{Decision, Document, Entry, Frame, Population, SampleSpec, Strata, Unit};

mod places;

/// Largest record that is read.
pub(crate) const RECORD_BYTES_MAX: usize = 1 << 30;
/// Records that settle which of the known names a shard uses.
const SETTLING: u64 = 100;
/// Names under which the language is looked for.
const LANGUAGES: [&str; 4] = ["language", "lang", "metadata.language", "meta.language"];

/// A condition as the only rule of a set.
type Filter = Arc<(RuleSet, Compiled)>;

/// Records by shard and row.
type Records = HashMap<(usize, u64), Arc<[u8]>>;

/// Files of a corpus.
pub(crate) struct Corpus {
    shards: Vec<Shard>,
    options: OpenOptions,
    counts: RefCell<Vec<Option<u64>>>,
    indexes: RefCell<HashMap<usize, Index>>,
    /// A pass that is not finished, with its seed.
    pass: RefCell<Option<(u64, Pass)>>,
    /// Records of compressed files.
    records: RefCell<Records>,
    names: RefCell<HashMap<usize, Names>>,
    files: RowFiles,
    filter: RefCell<Option<(String, Filter)>>,
    passed_over: Cell<u64>,
    warnings: RefCell<Vec<String>>,
}

impl Corpus {
    /// Finds the files; of Parquet the footers are read.
    pub(crate) fn open(inputs: &[String], options: &OpenOptions) -> Result<Self, InspectError> {
        let shards = look::shards(inputs)?;
        let files = RowFiles::default();
        let mut warnings = Vec::new();
        let mut counts = Vec::with_capacity(shards.len());
        for shard in &shards {
            counts.push(match shard.format {
                Format::Jsonl => None,
                Format::Text => Some(1),
                Format::Parquet => match files.open(&shard.path) {
                    Ok(file) => Some(file.num_rows()),
                    Err(error) => {
                        warnings.push(error.to_string());
                        Some(0)
                    }
                },
            });
        }
        if !warnings.is_empty() && warnings.len() == shards.len() {
            return Err(InspectError::Usage(warnings.swap_remove(0)));
        }
        Ok(Self {
            shards,
            options: options.clone(),
            counts: RefCell::new(counts),
            indexes: RefCell::default(),
            pass: RefCell::default(),
            records: RefCell::default(),
            names: RefCell::default(),
            files,
            filter: RefCell::default(),
            passed_over: Cell::new(0),
            warnings: RefCell::new(warnings),
        })
    }

    fn columns(&self) -> Columns {
        Columns { text: self.options.text_column.clone(), id: self.options.id_column.clone() }
    }

    fn read_options(&self, foreign: Vec<ForeignField>, limit: Option<u64>) -> ReadOptions {
        ReadOptions {
            columns: self.columns(),
            foreign,
            reason_field: String::new(),
            with_raw: false,
            batch_bytes: 4 << 20,
            batch_rows: 1024,
            record_bytes_max: RECORD_BYTES_MAX,
            limit,
        }
    }

    /// The first documents, in input order.
    pub(crate) fn head(&self, count: usize) -> Result<Vec<Entry>, InspectError> {
        let mut entries = Vec::new();
        for (number, shard) in self.shards.iter().enumerate() {
            if entries.len() >= count {
                break;
            }
            let left = count - entries.len();
            let options = self.read_options(Vec::new(), Some(left as u64));
            let mut reader = read::open(shard, &options).map_err(PipelineError::from)?;
            while let Some(chunk) = reader.next_chunk().map_err(PipelineError::from)? {
                for document in look::documents(shard, &chunk)? {
                    let id = document.id.map(str::to_owned);
                    let size = document.text.len() as u64;
                    entries.push(self.entry(number, document.row, id, size));
                }
            }
        }
        entries.truncate(count);
        Ok(entries)
    }

    fn entry(&self, shard: usize, row: u64, id: Option<String>, size: u64) -> Entry {
        let name = &self.shards[shard].name;
        Entry {
            document_id: hex128(tamis_kernels::document_id(name, row)),
            id,
            shard: name.clone(),
            row,
            decision: Decision::Read,
            reason: None,
            flags: Vec::new(),
            stratum: None,
            size: Some(size),
        }
    }

    /// The names that hold text and id in a shard: the first records settle it, as in a run.
    fn names(&self, number: usize) -> Names {
        if let Some(known) = self.names.borrow().get(&number) {
            return known.clone();
        }
        let shard = &self.shards[number];
        let mut names =
            Names::of(self.options.text_column.as_deref(), self.options.id_column.as_deref());
        let options = self.read_options(Vec::new(), Some(SETTLING));
        if shard.format == Format::Jsonl
            && let Ok(mut reader) = read::open(shard, &options)
            && let Ok(Some(chunk)) = reader.next_chunk()
            && let Some(field) = chunk.text_field
        {
            names.text = vec![field];
        }
        self.names.borrow_mut().insert(number, names.clone());
        names
    }

    /// One record.
    fn read(&self, number: usize, row: u64, with_metadata: bool) -> Result<Record, InspectError> {
        let shard = &self.shards[number];
        match shard.format {
            Format::Text => {
                let bytes = std::fs::read(&shard.path)
                    .map_err(|error| InspectError::file(&shard.path, error))?;
                let text = String::from_utf8(bytes).map_err(|error| {
                    let at = error.utf8_error().valid_up_to();
                    InspectError::file(&shard.path, format!("byte {at} is not UTF-8"))
                })?;
                Ok(Record { text, id: Some(shard.name.clone()), ..Record::default() })
            }
            Format::Parquet => {
                let names = self.names(number);
                let file = self.files.open(&shard.path)?;
                let wanted: Vec<&str> =
                    names.text.iter().chain(&names.id).map(String::as_str).collect();
                let columns = (!with_metadata).then_some(wanted.as_slice());
                let batch = file.rows(&[row], columns)?;
                of_row(&shard.path, row, &batch, 0, &names)
            }
            Format::Jsonl => {
                let names = self.names(number);
                let kept = self.records.borrow().get(&(number, row)).cloned();
                if let Some(bytes) = kept {
                    return of_line(&shard.path, row, &bytes, &names, with_metadata);
                }
                let index = self.indexes.borrow().get(&number).cloned().unwrap_or_default();
                let bytes = lines::record(shard, &index, row, RECORD_BYTES_MAX)?;
                of_line(&shard.path, row, &bytes, &names, with_metadata)
            }
        }
    }

    fn number(&self, shard: &str) -> Result<usize, InspectError> {
        self.shards.iter().position(|one| one.name == shard).ok_or_else(|| {
            InspectError::Usage(format!("the corpus holds no file '{shard}' any more"))
        })
    }

    /// The record of a document.
    pub(crate) fn record(&self, entry: &Entry) -> Result<look::Found, InspectError> {
        let record = self.read(self.number(&entry.shard)?, entry.row, true)?;
        let mut fields = record.metadata;
        fields.insert(record.text_field, record.text.clone().into());
        Ok(look::Found { record: fields.into(), text: record.text, reasons: Vec::new() })
    }

    /// A document with everything its record says.
    pub(crate) fn fetch(&self, entry: &Entry) -> Result<Document, InspectError> {
        let number = self.number(&entry.shard)?;
        let record = self.read(number, entry.row, true)?;
        let mut entry = entry.clone();
        entry.size = Some(record.text.len() as u64);
        let content_hash = hex128(hash128(record.text.as_bytes()));
        let mut parts = Parts::default();
        let marks = build::detect(&record.text, &mut parts);
        Ok(Document {
            entry,
            text: build::text(record.text, marks),
            original: None,
            original_missing: None,
            why: parts.why,
            metadata: record.metadata,
            annotations: parts.annotations,
            content_hash,
        })
    }

    /// Counts what has no counts yet; a cancelled pass goes on here.
    fn count(&self, seed: u64, progress: &dyn Progress) -> Result<(), InspectError> {
        if self.counts.borrow().iter().all(Option::is_some) {
            return Ok(());
        }
        let mut pass = self.pass.borrow_mut();
        if pass.as_ref().is_none_or(|(of, _)| *of != seed) {
            let unread = self.shards.iter().cloned().enumerate();
            let unread = unread.filter(|(_, shard)| shard.format == Format::Jsonl);
            *pass = Some((seed, Pass::new(unread.collect(), seed, (0, 0))));
        }
        if let Some((_, running)) = pass.as_mut() {
            running.run(progress)?;
        }
        if let Some((_, done)) = pass.take() {
            let mut counts = self.counts.borrow_mut();
            for (number, shard) in self.shards.iter().enumerate() {
                if shard.format == Format::Jsonl {
                    counts[number] = Some(done.indexes.get(&number).map_or(0, |i| i.records));
                }
            }
            *self.indexes.borrow_mut() = done.indexes;
            *self.records.borrow_mut() = done.kept.into_records();
        }
        Ok(())
    }

    /// Reads compressed files again for those of `documents` whose bytes are not at hand: in rank
    /// order for what comes behind them too, else for them alone.
    fn restream(
        &self,
        spec: &SampleSpec,
        documents: &[Ranked],
        progress: &dyn Progress,
    ) -> Result<(), InspectError> {
        let packed = |number: usize| {
            self.shards.get(number).is_some_and(|shard| {
                shard.format == Format::Jsonl && shard.compression != Compression::None
            })
        };
        let missing: Vec<Ranked> = {
            let records = self.records.borrow();
            let known = |one: &Ranked| records.contains_key(&(one.shard as usize, one.number));
            let of_packed = documents.iter().filter(|one| packed(one.shard as usize));
            of_packed.filter(|one| !known(one)).copied().collect()
        };
        let Some(first) = missing.first() else { return Ok(()) };
        let shards: Vec<(usize, Shard)> =
            self.shards.iter().cloned().enumerate().filter(|(number, _)| packed(*number)).collect();
        let by_rank = spec.unit == Unit::Document && spec.strata.is_none();
        let mut pass = if by_rank {
            Pass::new(shards, spec.seed, (first.rank, first.id))
        } else {
            let only = missing.iter().map(|one| (one.shard as usize, one.number)).collect();
            Pass::new(shards, spec.seed, (0, 0)).only(only)
        };
        pass.run(progress)?;
        *self.records.borrow_mut() = pass.kept.into_records();
        Ok(())
    }

    /// The filter as a rule, so that a corpus is judged as a run would judge it.
    fn filter(&self, sql: &str) -> Result<Filter, InspectError> {
        if let Some((known, filter)) = self.filter.borrow().as_ref()
            && known == sql
        {
            return Ok(Arc::clone(filter));
        }
        let condition = serde_json::Value::String(sql.to_owned());
        let text = format!(
            "{{\"version\": 1, \"rules\": [{{\"id\": \"filter/chosen\", \"flag_if\": {condition}}}]}}"
        );
        let set = RuleSet::load(&[RuleSource::Inline { name: "filter".into(), text }])?;
        let compiled = set.compile(&std::collections::BTreeMap::new())?;
        let filter = Arc::new((set, compiled));
        *self.filter.borrow_mut() = Some((sql.to_owned(), Arc::clone(&filter)));
        Ok(filter)
    }

    fn chosen(&self, spec: &SampleSpec, text: &str) -> Result<bool, InspectError> {
        let Some(sql) = &spec.filter else { return Ok(true) };
        let filter = self.filter(sql)?;
        let (set, compiled) = filter.as_ref();
        let judged = judge(set, compiled, text, &std::collections::BTreeMap::new())?;
        Ok(!judged.flag.is_empty())
    }
}

/// Refuses what only a run knows.
fn check(spec: &SampleSpec) -> Result<(), InspectError> {
    let needs = match (&spec.strata, spec.population) {
        (_, Population::Removed | Population::Failed | Population::Flagged) => {
            "documents that were removed, failed or flagged"
        }
        (Some(Strata::Decision | Strata::Rule | Strata::Cluster | Strata::Sql(_)), _) => {
            "strata by decision, rule, cluster or SQL"
        }
        _ => return Ok(()),
    };
    Err(InspectError::Usage(format!("{needs} need a run directory: tamis run first")))
}

impl Backend for Corpus {
    fn check(&self, spec: &SampleSpec) -> Result<(), InspectError> {
        check(spec)?;
        if let Some(sql) = &spec.filter {
            self.filter(sql)?;
        }
        Ok(())
    }

    fn prepare(&self, spec: &SampleSpec, progress: &dyn Progress) -> Result<(), InspectError> {
        self.count(spec.seed, progress)
    }

    fn shards(&self) -> Vec<ShardRows> {
        let counts = self.counts.borrow();
        let shards = self.shards.iter().zip(counts.iter());
        shards
            .map(|(shard, count)| ShardRows { name: shard.name.clone(), count: count.unwrap_or(0) })
            .collect()
    }

    fn rows(&self) -> Box<dyn Fn(usize, u64) -> u64 + Sync + '_> {
        Box::new(|_, number| number)
    }

    fn look_up(
        &self,
        spec: &SampleSpec,
        documents: &[Ranked],
        progress: &dyn Progress,
    ) -> Result<Vec<Option<Entry>>, InspectError> {
        let mut entries = Vec::with_capacity(documents.len());
        self.restream(spec, documents, progress)?;
        for one in documents {
            let number = one.shard as usize;
            let entry = match self.read(number, one.number, false) {
                Ok(record) if self.chosen(spec, &record.text)? => {
                    let size = record.text.len() as u64;
                    Some(self.entry(number, one.number, record.id, size))
                }
                Ok(_) => None,
                Err(_) => {
                    self.passed_over.set(self.passed_over.get() + 1);
                    None
                }
            };
            entries.push(entry);
        }
        Ok(entries)
    }

    fn scan(
        &self,
        spec: &SampleSpec,
        each: usize,
        progress: &dyn Progress,
    ) -> Result<Order, InspectError> {
        let languages = matches!(spec.strata, Some(Strata::Language));
        let field =
            |name: &&str| ForeignField { name: (*name).to_owned(), kind: ForeignType::String };
        let foreign: Vec<ForeignField> =
            if languages { LANGUAGES.iter().map(field).collect() } else { Vec::new() };
        let options = self.read_options(foreign, None);
        let mut strata = Drawn::new(each);
        let size = |shard: &Shard| std::fs::metadata(&shard.path).map_or(0, |data| data.len());
        let bytes: u64 = self.shards.iter().map(size).sum();
        let before = tamis_pipeline::progress::read().stored_bytes;
        for (number, shard) in self.shards.iter().enumerate() {
            if self.counts.borrow()[number] == Some(0) {
                continue;
            }
            let mut reader = read::open(shard, &options).map_err(PipelineError::from)?;
            let mut ranker = Ranker::new(spec.seed, &shard.name);
            while let Some(chunk) = reader.next_chunk().map_err(PipelineError::from)? {
                let done = tamis_pipeline::progress::read().stored_bytes.saturating_sub(before);
                progress.progress((done as f64 / bytes.max(1) as f64).min(1.0));
                if progress.cancelled() {
                    return Err(cancelled());
                }
                for (at, document) in look::documents(shard, &chunk)?.into_iter().enumerate() {
                    let size = document.text.len() as u64;
                    if (spec.unit == Unit::Token && size == 0)
                        || !self.chosen(spec, document.text)?
                    {
                        continue;
                    }
                    let (mut rank, id) = ranker.rank(document.row);
                    if spec.unit == Unit::Token {
                        rank = by_size(rank, size);
                    }
                    let stratum = match &spec.strata {
                        Some(Strata::Source) => shard.name.clone(),
                        Some(Strata::Length) => length_name(size),
                        Some(Strata::Language) => language(&chunk.batch, at),
                        _ => String::new(),
                    };
                    let shard = u32::try_from(number).unwrap_or(u32::MAX);
                    let ranked = Ranked { rank, id, shard, number: document.row };
                    strata.offer(&stratum, ranked, size)?;
                }
            }
        }
        progress.progress(1.0);
        Ok(strata.order())
    }

    fn scans_are_cheap(&self) -> bool {
        false
    }

    fn describe(&self, spec: &SampleSpec, frame: &mut Frame) {
        let counts = self.counts.borrow();
        let known: Option<Vec<u64>> = counts.iter().copied().collect();
        frame.is_sample = known.is_some();
        frame.progress = match (&known, self.pass.borrow().as_ref()) {
            (Some(_), _) => 1.0,
            (None, Some((_, pass))) => pass.progress(),
            (None, None) => 0.0,
        };
        if let Some(counts) = &known {
            frame.documents = spec.filter.is_none().then(|| counts.iter().sum());
            let mut told = String::new();
            for (shard, count) in self.shards.iter().zip(counts) {
                let size = std::fs::metadata(&shard.path).map_or(0, |data| data.len());
                told.push_str(&format!("{}\0{size}\0{count}\n", shard.name));
            }
            frame.hash = hex128(hash128(told.as_bytes()));
        }
        let mut formats: Vec<&str> = self
            .shards
            .iter()
            .map(|shard| match shard.format {
                Format::Jsonl => "jsonl",
                Format::Parquet => "parquet",
                Format::Text => "text",
            })
            .collect();
        formats.dedup();
        frame.format = match formats.as_slice() {
            [only] => (*only).to_owned(),
            _ => "mixed".to_owned(),
        };
    }
}

/// The language that a record names.
fn language(batch: &arrow::array::RecordBatch, at: usize) -> String {
    use arrow::array::{Array, AsArray};
    let value = |name: &&str| {
        let column = batch.column_by_name(name)?.as_string_opt::<i32>()?;
        (!column.is_null(at)).then(|| column.value(at).to_owned())
    };
    LANGUAGES.iter().find_map(value).unwrap_or_else(|| "unknown".to_owned())
}
