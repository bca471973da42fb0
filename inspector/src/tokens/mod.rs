//! The audit of a tokenizer on a corpus: what does not come back, what has no token of its own,
//! what languages cost, and which tokens nobody uses.

mod document;
mod normalizer;
mod script;
mod vocabulary;

use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::{Array, RecordBatch, StringArray, UInt64Array};
use serde::Serialize;
use tamis_kernels::{TextTokenizer, document_id, hex128};
use tamis_pipeline::read;
use tamis_pipeline::read::{Columns, ReadOptions, Shard};
use tamis_pipeline::sample::HashRank;

use crate::error::InspectError;
use document::{BYTE, Item, Looker, SPECIAL, Tally, UNKNOWN, most};
pub use document::{Difference, Fertility, Loss, Prompts};
use vocabulary::{Ids, Kind};
pub use vocabulary::{LongToken, Vocabulary};

/// Rows of a chunk.
const ROWS: usize = 256;
/// Bytes that a chunk aims at.
const BYTES: usize = 1 << 20;
/// Bytes of a record above which it is a failure.
const RECORD_BYTES_MAX: usize = 128 << 20;

/// What to look at.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// The corpus.
    pub shards: Vec<Shard>,
    /// The columns with text and id, where named.
    pub columns: Columns,
    /// The column with the source; else the first folder of a shard is it.
    pub source_column: Option<String>,
    /// Look at so many random documents, drawn as `tamis sample` draws them.
    pub sample: Option<usize>,
    /// The seed of the sample.
    pub seed: u64,
    /// Threads that tokenize.
    pub threads: usize,
}

/// Everything that was found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Audit {
    /// The vocabulary by itself.
    pub vocabulary: Vocabulary,
    /// Records read, failures included.
    pub read: u64,
    /// Records that could not be read, by reason.
    pub failures: BTreeMap<String, u64>,
    /// Documents that the tokenizer refused.
    pub refused: u64,
    /// All documents looked at.
    pub all: Fertility,
    /// By script, most tokens first.
    pub by_script: Vec<Named>,
    /// By language (ISO 639-1), most tokens first.
    pub by_language: Vec<Named>,
    /// By source, most tokens first.
    pub by_source: Vec<Named>,
    /// Documents that do not come back from their tokens, by what was lost.
    pub different: BTreeMap<Loss, u64>,
    /// The first of each.
    pub examples: Vec<Difference>,
    /// What a space at the end of a prompt changes.
    pub prompts: Prompts,
    /// Uses of the unknown token, of byte tokens, of parts of characters, of special tokens that
    /// the text spells out, and of tokens that glue white space to punctuation.
    pub uses: Uses,
    /// Characters without a token of their own, most frequent first.
    pub unspelt: Vec<(char, u64)>,
    /// Special tokens that texts spell out, most frequent first.
    pub spelt_out: Vec<(String, u64)>,
    /// Tokens that glue white space to punctuation, most used first.
    pub glued: Vec<(String, u64)>,
    /// Tokens that no document uses, special ones and byte fallback left out.
    pub never_used: u64,
    /// Tokens that could be.
    pub usable: u64,
    /// The longest tokens in use.
    pub longest_used: Vec<LongToken>,
}

/// Uses of tokens by kind, and documents with them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Uses {
    /// The unknown token.
    pub unknown: u64,
    /// Documents with it.
    pub unknown_documents: u64,
    /// Tokens of byte fallback.
    pub bytes: u64,
    /// Documents with one.
    pub bytes_documents: u64,
    /// Tokens that are parts of characters.
    pub parts: u64,
    /// Special tokens that the text spells out.
    pub special: u64,
    /// Documents with one.
    pub special_documents: u64,
    /// Tokens with white space and punctuation.
    pub glued: u64,
}

/// Documents of one script, language or source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Named {
    /// Which.
    pub name: String,
    /// What they cost.
    #[serde(flatten)]
    pub fertility: Fertility,
}

/// What the reader leaves.
#[derive(Default)]
struct Read {
    records: u64,
    failures: BTreeMap<String, u64>,
}

/// Reads the corpus and looks at it.
pub fn audit(tokenizer: &TextTokenizer, request: &Request) -> Result<Audit, InspectError> {
    let (ids, vocabulary) = Ids::read(tokenizer);
    let (sender, receiver) = sync_channel::<Vec<Item>>(request.threads.max(1) * 2);
    // the workers alone hold it, so that the reader is told when none is left
    let queue = Arc::new(Mutex::new(receiver));
    let (read, tally) = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..request.threads.max(1))
            .map(|_| {
                let (queue, ids) = (Arc::clone(&queue), &ids);
                scope.spawn(move || work(tokenizer, ids, &queue))
            })
            .collect();
        drop(queue);
        let read = deal(request, &sender);
        drop(sender);
        let mut tally = Tally::default();
        for worker in workers {
            let part = worker.join().map_err(|_| {
                InspectError::Usage("a worker died, this is a bug in tamis".to_owned())
            })?;
            tally.merge(part);
        }
        Ok::<_, InspectError>((read?, tally))
    })?;
    Ok(summed(&ids, vocabulary, read, &tally))
}

fn work(tokenizer: &TextTokenizer, ids: &Ids, queue: &Mutex<Receiver<Vec<Item>>>) -> Tally {
    let mut looker = Looker::new(tokenizer, ids);
    loop {
        let items = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(items) = items else { return looker.tally };
        for item in &items {
            looker.look(item);
        }
    }
}

/// Reads all shards and hands their documents out, all or those of the sample.
fn deal(request: &Request, sender: &SyncSender<Vec<Item>>) -> Result<Read, InspectError> {
    let mut read = Read::default();
    let mut drawn = request.sample.map(|size| HashRank::<Item>::new(request.seed, size));
    for (number, shard) in request.shards.iter().enumerate() {
        let mut reader = read::open(shard, &options(request)).map_err(broken)?;
        while let Some(chunk) = reader.next_chunk().map_err(broken)? {
            for failure in &chunk.failures {
                *read.failures.entry(failure.reason.clone()).or_default() += 1;
            }
            let items = items(request, number as u64, shard, &chunk.batch)?;
            match &mut drawn {
                None => {
                    if sender.send(items).is_err() {
                        return Ok(read);
                    }
                }
                Some(drawn) => {
                    for item in items {
                        let id = hex128(document_id(&shard.name, item.row));
                        drawn.offer(&id, || item);
                    }
                }
            }
        }
        read.records += reader.totals().records;
    }
    for item in drawn.map(HashRank::into_sample).unwrap_or_default() {
        if sender.send(vec![item]).is_err() {
            break;
        }
    }
    Ok(read)
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn broken(error: tamis_pipeline::error::ReadError) -> InspectError {
    InspectError::Usage(error.to_string())
}

fn options(request: &Request) -> ReadOptions {
    let source = request.source_column.as_ref();
    ReadOptions {
        columns: request.columns.clone(),
        foreign: source
            .map(|name| read::ForeignField { name: name.clone(), kind: read::ForeignType::String })
            .into_iter()
            .collect(),
        reason_field: String::new(),
        with_raw: false,
        batch_bytes: BYTES,
        batch_rows: ROWS,
        record_bytes_max: RECORD_BYTES_MAX,
        limit: None,
    }
}

fn items(
    request: &Request,
    number: u64,
    shard: &Shard,
    batch: &RecordBatch,
) -> Result<Vec<Item>, InspectError> {
    let text = |name: &str| {
        let column = batch.column_by_name(name);
        column.and_then(|column| column.as_any().downcast_ref::<StringArray>())
    };
    let rows = batch.column_by_name("row").and_then(|c| c.as_any().downcast_ref::<UInt64Array>());
    let (Some(texts), Some(rows)) = (text("text"), rows) else {
        return Err(InspectError::Usage(format!("{}: has no text", shard.name)));
    };
    let (ids, sources) = (text("id"), request.source_column.as_deref().and_then(text));
    let folder = shard.name.split('/').next().unwrap_or_default();
    Ok((0..batch.num_rows())
        .map(|at| {
            let of = |column: Option<&StringArray>| {
                column.filter(|c| c.is_valid(at)).map(|c| c.value(at).to_owned())
            };
            let row = rows.value(at);
            Item {
                shard: number,
                row,
                name: of(ids).unwrap_or_else(|| format!("{} row {row}", shard.name)),
                source: of(sources).unwrap_or_else(|| folder.to_owned()),
                text: texts.value(at).to_owned(),
            }
        })
        .collect())
}

fn summed(ids: &Ids, vocabulary: Vocabulary, read: Read, tally: &Tally) -> Audit {
    let mut uses = Uses::default();
    let (mut spelt_out, mut glued) = (BTreeMap::new(), BTreeMap::new());
    let (mut usable, mut never_used) = (0, 0);
    for (at, kind) in ids.kinds.iter().enumerate() {
        let used = tally.used.get(at).copied().unwrap_or(0);
        match kind {
            Kind::Hole => {}
            Kind::Unknown => uses.unknown += used,
            Kind::Byte => uses.bytes += used,
            Kind::Special => {
                uses.special += used;
                if used > 0 {
                    spelt_out.insert(ids.texts[at].as_str(), used);
                }
            }
            Kind::Part | Kind::Text => {
                usable += 1;
                never_used += u64::from(used == 0);
                if *kind == Kind::Part {
                    uses.parts += used;
                }
            }
        }
        if ids.glued[at] && used > 0 {
            uses.glued += used;
            *glued.entry(ids.texts[at].as_str()).or_default() += used;
        }
    }
    let with = |name| tally.with.get(name).copied().unwrap_or(0);
    uses.unknown_documents = with(UNKNOWN);
    uses.bytes_documents = with(BYTE);
    uses.special_documents = with(SPECIAL);
    let owned = |counts: Vec<(&str, u64)>| -> Vec<(String, u64)> {
        counts.into_iter().map(|(name, count)| (name.to_owned(), count)).collect()
    };
    Audit {
        vocabulary,
        read: read.records,
        failures: read.failures,
        refused: tally.refused,
        all: tally.all.clone(),
        by_script: named(tally.by_script.iter().map(|(script, one)| (script.name(), one))),
        by_language: named(tally.by_language.iter().map(|(code, one)| (*code, one))),
        by_source: named(tally.by_source.iter().map(|(source, one)| (source.as_str(), one))),
        different: tally.different.clone(),
        examples: tally.examples.values().cloned().collect(),
        prompts: tally.prompts.clone(),
        uses,
        unspelt: most(&tally.unspelt),
        spelt_out: owned(most(&spelt_out)),
        glued: owned(most(&glued)),
        never_used,
        usable,
        longest_used: ids.longest(|at| tally.used.get(at).copied()),
    }
}

/// Most tokens first, by name among equals.
fn named<'a>(parts: impl Iterator<Item = (&'a str, &'a Fertility)>) -> Vec<Named> {
    let mut all: Vec<Named> =
        parts.map(|(name, one)| Named { name: name.to_owned(), fertility: one.clone() }).collect();
    all.sort_by(|a, b| b.fertility.tokens.cmp(&a.fertility.tokens).then(a.name.cmp(&b.name)));
    all
}
