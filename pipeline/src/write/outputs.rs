//! The files of one shard: kept, removed and failed, counted while they are written.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BinaryArray, BooleanArray, RecordBatch, StringArray, UInt64Array,
};
use arrow::compute::{cast, filter_record_batch};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::common::{DataFusionError, Result, exec_datafusion_err};
use serde::{Deserialize, Serialize};
use tamis_kernels::{hex128, without};
use tamis_rules::AnnotateSpec;
use tamis_rules::document::Scratch;
use tamis_rules::edits::EditedText;

use crate::annotate::tokens::{Counter, TokenCounts, Written};
use crate::contamination::cut::{apply, windows};
use crate::read::json::{replace_text, splice_reason};
use crate::read::{Chunk, Failure, Format, Shard, Totals};
use crate::table::batch::typed;
use crate::write::decision::{Decision, RuleInfo, SPANS_MAX, spans};
use crate::write::failed::FailedWriter;
use crate::write::frames::Frame;
use crate::write::jsonl::JsonlWriter;
use crate::write::parquet::ParquetPartWriter;
use crate::write::reason;
use crate::write::reason::{Reason, Verdict};
use crate::write::rewrite::Rewrite;
use crate::write::text;

/// The books of one shard.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShardCounts {
    /// Relative name.
    pub shard: String,
    /// Records that the reader framed, failures included.
    pub read: u64,
    /// Records written to `kept/`.
    pub kept: u64,
    /// Records written to `removed/`.
    pub removed: u64,
    /// Entries written to `failed/`.
    pub failed: u64,
    /// Kept records whose text was edited.
    pub edited: u64,
    /// Kept records that a rule flagged.
    pub flagged: u64,
    /// Records of whose text nothing but copies was left, and so nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub emptied: Vec<Emptied>,
    /// Texts of copies that the report quotes, by place and first byte.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub quotes: Vec<([u64; 2], String)>,
    /// Tokens, where they are counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens: Option<TokenCounts>,
    /// Bytes of text read, of text kept as it is written, and of text removed.
    pub text_bytes: [u64; 3],
    /// Bytes of the decompressed shard, and those between records.
    pub bytes: u64,
    /// Newlines, blank lines and a byte order mark.
    pub gap_bytes: u64,
    /// Bytes of records, good and failed.
    pub record_bytes: u64,
    /// xxh3-128 of the file as stored.
    pub hash: Option<String>,
    /// The shard was not read to its end because of `--limit`.
    pub limited: bool,
    /// Things worth saying that stopped nothing.
    pub warnings: Vec<String>,
    /// Files written, relative to the run directory, with the records each must hold.
    pub files: Vec<(String, u64)>,
}

/// A record that was removed because all of its text stands elsewhere.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Emptied {
    /// Its row in the shard.
    pub row: u64,
    /// Its row id in the run.
    pub row_id: u64,
    /// The kind of its first copy.
    pub kind: String,
}

enum Writer {
    Jsonl(Box<JsonlWriter>),
    Parquet(Box<ParquetPartWriter>),
}

/// Characters of a copy that the report quotes at most.
const QUOTE_CHARS: usize = 160;

/// Where the records of one shard go.
pub(crate) struct ShardOutputs {
    root: PathBuf,
    shard: Shard,
    rules: Vec<RuleInfo>,
    reason_field: String,
    text_column: Option<String>,
    write_flags: bool,
    quotes: Vec<[u64; 2]>,
    kept: Option<Writer>,
    removed: Option<Writer>,
    failures: Option<FailedWriter>,
    scratch: Scratch,
    tokens: Option<Counter>,
    counts: ShardCounts,
}

fn external(error: impl std::error::Error + Send + Sync + 'static) -> DataFusionError {
    DataFusionError::External(Box::new(error))
}

impl ShardOutputs {
    pub(crate) fn new(root: &Path, shard: &Shard, rewrite: &Rewrite) -> Result<Self> {
        let mut outputs = Self {
            root: root.to_owned(),
            shard: shard.clone(),
            rules: rewrite.rules.clone(),
            reason_field: rewrite.scan.reason_field.clone(),
            text_column: rewrite.scan.columns.text.clone(),
            write_flags: rewrite.write_flags,
            quotes: rewrite.quotes.clone(),
            kept: None,
            removed: None,
            failures: None,
            scratch: Scratch::default(),
            tokens: rewrite.tokens.as_ref().map(Counter::new).transpose()?,
            counts: ShardCounts { shard: shard.name.clone(), ..ShardCounts::default() },
        };
        // a shard of which nothing stays leaves an empty file, so that shards in and out match
        if shard.format == Format::Jsonl {
            outputs.kept = Some(outputs.jsonl("kept")?);
        }
        Ok(outputs)
    }

    fn relative(&self, folder: &str) -> String {
        format!("{folder}/{}", self.shard.name)
    }

    fn jsonl(&self, folder: &str) -> Result<Writer> {
        let path = self.root.join(self.relative(folder));
        let writer = JsonlWriter::create(&path, self.shard.compression).map_err(external)?;
        Ok(Writer::Jsonl(Box::new(writer)))
    }

    fn parquet(&self, folder: &str, schema: SchemaRef) -> Result<Writer> {
        let path = self.root.join(self.relative(folder));
        let writer = ParquetPartWriter::like(&self.shard.path, &path, schema).map_err(external)?;
        Ok(Writer::Parquet(Box::new(writer)))
    }

    /// Writes the good rows of a chunk where `decisions` send them.
    pub(crate) fn write(
        &mut self,
        chunk: &Chunk,
        decisions: &[Decision],
        spec: &AnnotateSpec,
    ) -> Result<()> {
        let texts: &StringArray = typed(&chunk.batch, "text")?;
        let lengths: &UInt64Array = typed(&chunk.batch, "length")?;
        let offsets: &UInt64Array = typed(&chunk.batch, "offset")?;
        let rows: &UInt64Array = typed(&chunk.batch, "row")?;
        let mut verdicts: Vec<Option<Verdict>> = Vec::with_capacity(decisions.len());
        let mut keep = vec![false; decisions.len()];
        // the text to write where it is another than the one read
        let mut written: Vec<Option<String>> = vec![None; decisions.len()];
        for (row, decision) in decisions.iter().enumerate() {
            let text = texts.value(row);
            self.counts.read += 1;
            self.counts.text_bytes[0] += text.len() as u64;
            if let Some(reason) = &decision.failure {
                self.counts.record_bytes += lengths.value(row);
                if let Some(tokens) = &mut self.tokens {
                    tokens.failed(decision.tokens, text);
                }
                let failure = Failure {
                    row: rows.value(row),
                    line: None,
                    offset: offsets.value(row),
                    length: lengths.value(row),
                    reason: reason.clone(),
                    message: "a rule with on_null: fail is undecided for this document".to_owned(),
                    raw: Some(self.raw(chunk, row)?.to_vec()),
                };
                self.write_failure(&failure)?;
                verdicts.push(None);
                continue;
            }
            self.counts.record_bytes += lengths.value(row);
            keep[row] = decision.reasons.is_empty();
            let mut emptied = Vec::new();
            let cut = !decision.cuts.is_empty() || !decision.passages.is_empty();
            if keep[row] && (decision.edited || cut) {
                let by_rules = spec.edit(text).map_err(external)?;
                let left = self.edited(decision, by_rules.text());
                let emptied_by = decision.cuts.first().map(|cut| cut.kind.name());
                if let Some(kind) = emptied_by.filter(|_| left.trim().is_empty()) {
                    if decision.survives {
                        // what went for it must find it: it stays whole
                        let changed = decision.edited || !decision.passages.is_empty();
                        written[row] = changed.then(|| {
                            let windows = windows(by_rules.text(), &decision.passages);
                            apply(by_rules.text(), &windows.unwrap_or_default(), &[])
                        });
                    } else {
                        keep[row] = false;
                        emptied.push((None, all_copies(decision, &by_rules, kind)));
                        let kind = kind.to_owned();
                        let (row, row_id) = (rows.value(row), decision.number());
                        self.counts.emptied.push(Emptied { row, row_id, kind });
                    }
                } else {
                    written[row] = Some(left);
                }
            }
            let bytes = written[row].as_ref().map_or(text.len(), String::len);
            self.counts.text_bytes[if keep[row] { 1 } else { 2 }] += bytes as u64;
            self.counts.flagged += u64::from(keep[row] && !decision.flags.is_empty());
            self.counts.edited += u64::from(written[row].is_some());
            let told = match (keep[row], emptied.is_empty()) {
                (true, _) => &decision.flags,
                (false, true) => &decision.reasons,
                (false, false) => &emptied,
            };
            if let Some(tokens) = &mut self.tokens {
                let first = told.first().map_or("", |(_, reason)| reason.rule.as_str());
                tokens.take(&Written {
                    annotated: decision.tokens,
                    read: text,
                    written: written[row].as_deref(),
                    cut,
                    removed: (!keep[row]).then_some(first),
                });
            }
            let wanted = !keep[row] || (self.write_flags && !told.is_empty());
            let verdict = wanted.then(|| {
                self.verdict(keep[row], told, spec, (text, decision.boilerplate.as_deref()))
            });
            verdicts.push(verdict.transpose()?);
        }
        match self.shard.format {
            Format::Jsonl => self.write_jsonl(chunk, decisions, &keep, &verdicts, &written),
            Format::Parquet => self.write_parquet(chunk, decisions, &keep, &verdicts, &written),
            Format::Text => self.write_text(decisions, &keep, &verdicts, &written, texts),
        }
    }

    /// A text after the edits of rules without copies.
    fn edited(&mut self, decision: &Decision, edited: &str) -> String {
        let mut cuts = Vec::with_capacity(decision.cuts.len());
        for cut in &decision.cuts {
            cuts.push(cut.widened(edited));
            let at = [decision.number(), cut.start as u64];
            if self.quotes.contains(&at) {
                let quote = edited.get(cut.start..cut.end).unwrap_or_default();
                let quote: String = quote.chars().take(QUOTE_CHARS).collect();
                self.counts.quotes.push((at, quote));
            }
        }
        cuts.sort_unstable();
        if !decision.passages.is_empty() {
            let windows = windows(edited, &decision.passages);
            return apply(edited, &windows.unwrap_or_default(), &cuts);
        }
        if cuts.is_empty() { edited.to_owned() } else { without(edited, &cuts) }
    }

    fn verdict(
        &mut self,
        kept: bool,
        told: &[(Option<usize>, Reason)],
        spec: &AnnotateSpec,
        (text, boilerplate): (&str, Option<&[u64]>),
    ) -> Result<Verdict> {
        let of_rules: Vec<(usize, &RuleInfo)> = told
            .iter()
            .enumerate()
            .filter_map(|(at, (rule, _))| Some((at, self.rules.get((*rule)?)?)))
            .collect();
        let rules: Vec<&RuleInfo> = of_rules.iter().map(|(_, rule)| *rule).collect();
        let found =
            spans(&rules, spec, (text, boilerplate), &mut self.scratch).map_err(external)?;
        let mut reasons: Vec<Reason> = told.iter().map(|(_, reason)| reason.clone()).collect();
        for ((at, _), spans) in of_rules.iter().zip(found) {
            reasons[*at].spans = spans;
        }
        Ok(Verdict { decision: if kept { "kept" } else { "removed" }.to_owned(), reasons })
    }

    fn raw<'a>(&self, chunk: &'a Chunk, row: usize) -> Result<&'a [u8]> {
        if self.shard.format == Format::Jsonl {
            Ok(typed::<BinaryArray>(&chunk.batch, "raw")?.value(row))
        } else {
            Ok(typed::<StringArray>(&chunk.batch, "text")?.value(row).as_bytes())
        }
    }

    fn write_jsonl(
        &mut self,
        chunk: &Chunk,
        decisions: &[Decision],
        keep: &[bool],
        verdicts: &[Option<Verdict>],
        written: &[Option<String>],
    ) -> Result<()> {
        let raws: &BinaryArray = typed(&chunk.batch, "raw")?;
        for (row, decision) in decisions.iter().enumerate() {
            if decision.failure.is_some() {
                continue;
            }
            let mut record = std::borrow::Cow::Borrowed(raws.value(row));
            if let Some(text) = &written[row] {
                let field =
                    chunk.text_field.as_deref().or(self.text_column.as_deref()).unwrap_or("text");
                record = replace_text(&record, field, text).into();
            }
            if let Some(verdict) = &verdicts[row] {
                let json = serde_json::to_string(verdict)
                    .map_err(|error| exec_datafusion_err!("a reason cannot be written: {error}"))?;
                record = splice_reason(&record, &self.reason_field, &json).into();
            }
            let folder = if keep[row] { "kept" } else { "removed" };
            if !keep[row] && self.removed.is_none() {
                self.removed = Some(self.jsonl(folder)?);
            }
            let writer = if keep[row] { &mut self.kept } else { &mut self.removed };
            if let Some(Writer::Jsonl(writer)) = writer {
                writer.write(&record).map_err(external)?;
            }
            *(if keep[row] { &mut self.counts.kept } else { &mut self.counts.removed }) += 1;
        }
        Ok(())
    }

    fn write_parquet(
        &mut self,
        chunk: &Chunk,
        decisions: &[Decision],
        keep: &[bool],
        verdicts: &[Option<Verdict>],
        written: &[Option<String>],
    ) -> Result<()> {
        let Some(native) = &chunk.native else { return Ok(()) };
        let go: Vec<bool> =
            decisions.iter().zip(keep).map(|(d, keep)| !keep && d.failure.is_none()).collect();
        let field = Field::new(&self.reason_field, reason::data_type(), true);
        let with_reason = |schema: &SchemaRef| -> SchemaRef {
            let mut fields: Vec<_> = schema.fields().iter().cloned().collect();
            fields.push(Arc::new(field.clone()));
            Arc::new(Schema::new_with_metadata(fields, schema.metadata().clone()))
        };
        let none = || Verdict { decision: "kept".to_owned(), reasons: Vec::new() };
        let extended = |batch: &RecordBatch, wanted: &[bool]| -> Result<RecordBatch> {
            let told: Vec<Verdict> = wanted
                .iter()
                .zip(verdicts)
                .filter(|(wanted, _)| **wanted)
                .map(|(_, verdict)| verdict.clone().unwrap_or_else(none))
                .collect();
            let mut columns = batch.columns().to_vec();
            columns.push(reason::to_arrow(&told)?);
            Ok(RecordBatch::try_new(with_reason(&batch.schema()), columns)?)
        };
        let mut edited = native.clone();
        if written.iter().any(Option::is_some) {
            let name =
                chunk.text_field.as_deref().or(self.text_column.as_deref()).unwrap_or("text");
            edited = with_written_text(native, name, written)?;
        }
        let mut kept = filter_record_batch(&edited, &BooleanArray::from(keep.to_vec()))?;
        if self.write_flags {
            kept = extended(&kept, keep)?;
        }
        let mut removed = filter_record_batch(native, &BooleanArray::from(go.clone()))?;
        if self.kept.is_none() {
            self.kept = Some(self.parquet("kept", kept.schema())?);
        }
        if let Some(Writer::Parquet(writer)) = &mut self.kept {
            writer.write(&kept).map_err(external)?;
        }
        self.counts.kept += kept.num_rows() as u64;
        if removed.num_rows() > 0 {
            removed = extended(&removed, &go)?;
            if self.removed.is_none() {
                self.removed = Some(self.parquet("removed", removed.schema())?);
            }
            if let Some(Writer::Parquet(writer)) = &mut self.removed {
                writer.write(&removed).map_err(external)?;
            }
            self.counts.removed += removed.num_rows() as u64;
        }
        Ok(())
    }

    fn write_text(
        &mut self,
        decisions: &[Decision],
        keep: &[bool],
        verdicts: &[Option<Verdict>],
        written: &[Option<String>],
        texts: &StringArray,
    ) -> Result<()> {
        for (row, decision) in decisions.iter().enumerate() {
            if decision.failure.is_some() {
                continue;
            }
            let original = texts.value(row);
            if keep[row] {
                let path = self.root.join(self.relative("kept"));
                let text = written[row].as_deref().unwrap_or(original);
                text::write_kept(&path, text.as_bytes()).map_err(external)?;
                self.counts.kept += 1;
                self.counts.files.push((self.relative("kept"), 1));
            } else {
                let verdict = serde_json::json!({
                    "id": self.shard.name, "text": original, &self.reason_field: verdicts[row],
                });
                let name = format!("{}.json", self.relative("removed"));
                text::write_kept(&self.root.join(&name), format!("{verdict}\n").as_bytes())
                    .map_err(external)?;
                self.counts.removed += 1;
                self.counts.files.push((name, 1));
            }
        }
        Ok(())
    }

    /// Writes a record or range that the reader could not use.
    pub(crate) fn failed(&mut self, failure: &Failure) -> Result<()> {
        self.counts.read += 1;
        self.counts.record_bytes += failure.length;
        self.write_failure(failure)
    }

    fn write_failure(&mut self, failure: &Failure) -> Result<()> {
        self.counts.failed += 1;
        if self.failures.is_none() {
            let path = self.root.join(format!("{}.jsonl", self.relative("failed")));
            self.failures = Some(FailedWriter::create(&path, &self.shard.name).map_err(external)?);
        }
        if let Some(writer) = &mut self.failures {
            writer.write(failure).map_err(external)?;
        }
        Ok(())
    }

    /// Puts the files in place under their final names and closes the books.
    pub(crate) fn finish(mut self, totals: &Totals) -> Result<ShardCounts> {
        for folder in ["kept", "removed"] {
            let writer = if folder == "kept" { self.kept.take() } else { self.removed.take() };
            let records = if folder == "kept" { self.counts.kept } else { self.counts.removed };
            match writer {
                None => continue,
                Some(Writer::Jsonl(writer)) => {
                    let frames = writer.finish().map_err(external)?;
                    self.index(folder, &frames)?;
                }
                Some(Writer::Parquet(writer)) => writer.finish().map_err(external)?,
            }
            let name = self.relative(folder);
            self.counts.files.push((name, records));
        }
        if let Some(writer) = self.failures.take() {
            writer.finish().map_err(external)?;
            let name = format!("{}.jsonl", self.relative("failed"));
            self.counts.files.push((name, self.counts.failed));
        }
        self.counts.tokens = self.tokens.take().map(Counter::into_counts);
        self.counts.bytes = totals.bytes;
        self.counts.gap_bytes = totals.gap_bytes;
        self.counts.hash = totals.input_hash.map(hex128);
        self.counts.limited = totals.limited;
        self.counts.warnings.clone_from(&totals.warnings);
        Ok(self.counts)
    }

    /// The index of frames, by which one record of a compressed file is fetched later.
    fn index(&self, folder: &str, frames: &[Frame]) -> Result<()> {
        let path = self.root.join(format!("index/{}.json", self.relative(folder)));
        let json = serde_json::to_vec(frames)
            .map_err(|error| exec_datafusion_err!("an index cannot be written: {error}"))?;
        text::write_kept(&path, &json).map_err(external)
    }
}

/// The rows of `native` with the texts that are other than those read.
fn with_written_text(
    native: &RecordBatch,
    name: &str,
    written: &[Option<String>],
) -> Result<RecordBatch> {
    let at = native.schema().index_of(name)?;
    let column = native.column(at);
    let as_read = cast(column, &DataType::Utf8)?;
    let as_read = as_read.as_string::<i32>();
    let texts = written.iter().zip(as_read).map(|(text, read)| text.as_deref().or(read));
    let mut columns: Vec<ArrayRef> = native.columns().to_vec();
    columns[at] = cast(&texts.collect::<StringArray>(), column.data_type())?;
    Ok(RecordBatch::try_new(native.schema(), columns)?)
}

/// Why a document goes of whose text all stands elsewhere.
fn all_copies(decision: &Decision, edited: &EditedText<'_>, kind: &str) -> Reason {
    let spans = decision.cuts.iter().map(|cut| {
        let (start, end) = edited.original_span(usize::MAX, cut.start, cut.end);
        [start as u64, end as u64]
    });
    let mut spans: Vec<[u64; 2]> = spans.collect();
    spans.dedup();
    spans.truncate(SPANS_MAX);
    Reason {
        rule: format!("dedup/{kind}"),
        comparisons: Vec::new(),
        spans,
        twin: None,
        similarity: None,
    }
}
