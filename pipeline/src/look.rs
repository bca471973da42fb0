//! Looking into a finished run: which documents it holds, and any one of them with its record.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use arrow::array::{Array, BooleanArray, RecordBatch, StringArray, UInt64Array};
use arrow::util::display::array_value_to_string;
use datafusion::arrow::datatypes::DataType;
use datafusion::error::DataFusionError;
use datafusion::logical_expr::ExprSchemable;
use datafusion::prelude::{ParquetReadOptions, SessionContext};
use futures::StreamExt;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::error::PipelineError;
use crate::exec::flow::PLACE;
use crate::exec::rewrite::typed;
use crate::functions::{Resources, session};
use crate::plans;
use crate::read::{Compression, Format, Shard, TEXT_NAMES, discover};
use crate::repeats::{EMPTIED, SPANS};
use crate::twins::{Role, Twins};
use crate::write::frames::{Frame, read_frame};
use tamis_rules::BANDS;

/// A finished run directory, open for reading.
pub struct Run {
    root: PathBuf,
    context: SessionContext,
    /// The annotation parts, in input order.
    parts: Vec<PathBuf>,
    /// The duplicates of each kind, in input order.
    clusters: Vec<PathBuf>,
    /// What says that a document which rules kept goes.
    gone: Vec<PathBuf>,
    reason_field: String,
    text_column: Option<String>,
}

/// One document and where its record stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Place {
    /// The document's id.
    pub document_id: String,
    /// The user's id.
    pub id: Option<String>,
    /// Its shard.
    pub shard: String,
    /// Its row in the shard.
    pub row: u64,
    /// `kept`, `removed` or `failed`.
    pub decision: String,
    /// First reason of its removal.
    pub reason: Option<String>,
    /// Records before it in the same output file.
    pub ordinal: u64,
}

/// A name behind that of any shard.
const LAST_SHARD: &str = "\u{10ffff}";

/// Records counted by the output file they stand in.
#[derive(Default)]
struct Count {
    shard: String,
    before: [u64; 3],
}

impl Count {
    /// The number of records before the next one of `shard` with `decision`.
    fn next(&mut self, shard: &str, decision: &str) -> u64 {
        if self.shard != shard {
            shard.clone_into(&mut self.shard);
            self.before = [0; 3];
        }
        let counter = &mut self.before[match decision {
            "kept" => 0,
            "removed" => 1,
            _ => 2,
        }];
        *counter += 1;
        *counter - 1
    }
}

/// A document with its record.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// The record: a JSON object, for Parquet the row as one.
    pub record: Value,
    /// Its text, as written.
    pub text: String,
    /// The reasons it carries.
    pub reasons: Vec<Value>,
}

impl Run {
    /// Whether `path` is a run directory.
    pub fn is_run(path: &Path) -> bool {
        path.join("run.json").is_file()
    }

    /// Opens a finished run.
    pub async fn open(root: &Path) -> Result<Self, PipelineError> {
        let manifest = root.join("run.json");
        let text = std::fs::read_to_string(&manifest).map_err(|error| {
            PipelineError::directory(root, format!("is no finished run (run.json: {error})"))
        })?;
        let manifest: Value = serde_json::from_str(&text)
            .map_err(|error| PipelineError::directory(&manifest, error))?;
        let reason_field = manifest
            .pointer("/configuration/reason_field")
            .and_then(Value::as_str)
            .unwrap_or("tamis");
        let text_column = manifest.pointer("/configuration/text_column").and_then(Value::as_str);
        let text_column = text_column.map(str::to_owned);
        let temp = std::env::temp_dir().join(format!("tamis-look-{}", std::process::id()));
        let context = session(&Resources { threads: 1, memory_bytes: 256 << 20, temp })?;
        let parts = parquet_files(&root.join("annotations"))?;
        if !parts.is_empty() {
            plans::annotations_table(&context, &parts).await?;
        }
        let clusters = parquet_files(&root.join("clusters"))?;
        if !clusters.is_empty() {
            plans::register(&context, "clusters", &clusters).await?;
        }
        // documents of which nothing was left went like duplicates
        let mut gone = clusters.clone();
        gone.extend(Some(root.join(EMPTIED)).filter(|path| path.is_file()));
        Ok(Self {
            root: root.to_owned(),
            context,
            parts,
            clusters,
            gone,
            reason_field: reason_field.to_owned(),
            text_column,
        })
    }

    /// Walks all documents in input order; `visit` gets each one for which `condition` (SQL over
    /// the annotations) holds.
    pub async fn walk(
        &self,
        condition: Option<&str>,
        mut visit: impl FnMut(Place),
    ) -> Result<(), PipelineError> {
        let condition = condition.unwrap_or("true");
        let sql = format!(
            "SELECT document_id, id, shard, \"row\", rule_decision, first_reason, \
             ({condition}) AS chosen FROM part"
        );
        self.check(condition).await?;
        let mut count = Count::default();
        for part in &self.parts {
            let path = part.display().to_string();
            let frame = self.context.read_parquet(path, ParquetReadOptions::default()).await?;
            self.context.deregister_table("part")?;
            self.context.register_table("part", frame.into_view())?;
            // one file, one partition: rows come as they lie there, which is input order
            let mut stream = self.context.sql(&sql).await?.execute_stream().await?;
            let mut twins: Option<Vec<Twins>> = None;
            while let Some(batch) = stream.next().await {
                self.walk_batch(&batch?, &mut twins, &mut count, &mut visit)?;
            }
        }
        Ok(())
    }

    /// Refuses what is no condition over the annotations, in the user's own words.
    async fn check(&self, condition: &str) -> Result<(), PipelineError> {
        if self.parts.is_empty() {
            return Ok(());
        }
        let wrong = |what: &dyn std::fmt::Display| {
            PipelineError::Usage(format!(
                "'{condition}' is no condition over the annotations: {what}"
            ))
        };
        let table = self.context.table("annotations").await?;
        let words = |error: DataFusionError| {
            let text = error.find_root().strip_backtrace();
            let text = text.split(". Valid fields are").next().unwrap_or_default().to_owned();
            wrong(&text)
        };
        let expr = table.parse_sql_expr(condition).map_err(words)?;
        match expr.get_type(table.schema()).map_err(words)? {
            DataType::Boolean => Ok(()),
            other => Err(wrong(&format!("it is {other}, not true or false"))),
        }
    }

    fn walk_batch(
        &self,
        batch: &RecordBatch,
        twins: &mut Option<Vec<Twins>>,
        count: &mut Count,
        visit: &mut impl FnMut(Place),
    ) -> Result<(), PipelineError> {
        let text = |name| typed::<StringArray>(batch, name);
        let (ids, user_ids, shards) = (text("document_id")?, text("id")?, text("shard")?);
        let (decisions, reasons) = (text("rule_decision")?, text("first_reason")?);
        let rows = typed::<UInt64Array>(batch, "row")?;
        let chosen = typed::<BooleanArray>(batch, "chosen")?;
        for at in 0..batch.num_rows() {
            let (shard, row) = (shards.value(at), rows.value(at));
            if twins.is_none() {
                // the part's last shard is not known here; the walk stops by itself
                let open = |path: &PathBuf| Twins::open(path, shard, LAST_SHARD);
                *twins = Some(self.gone.iter().map(open).collect::<Result<_, _>>()?);
            }
            let mut twin = None;
            for kind in twins.iter_mut().flatten() {
                if twin.is_none() && decisions.value(at) == "kept" {
                    twin = match kind.find(shard, row)? {
                        Some(Role::Goes(twin)) => Some(twin),
                        Some(Role::Survives) | None => None,
                    };
                }
            }
            let (decision, reason) = match twin {
                Some(twin) => ("removed", Some(format!("dedup/{}", twin.kind))),
                None => (
                    decisions.value(at),
                    (!reasons.is_null(at)).then(|| reasons.value(at).to_owned()),
                ),
            };
            let ordinal = count.next(shard, decision);
            if !chosen.is_null(at) && chosen.value(at) {
                visit(Place {
                    document_id: ids.value(at).to_owned(),
                    id: (!user_ids.is_null(at)).then(|| user_ids.value(at).to_owned()),
                    shard: shard.to_owned(),
                    row,
                    decision: decision.to_owned(),
                    reason,
                    ordinal,
                });
            }
        }
        Ok(())
    }

    /// The rows of the annotations for a document id or a user's id, as JSON objects.
    pub async fn annotations(&self, name: &str) -> Result<Vec<Map<String, Value>>, PipelineError> {
        let literal = format!("'{}'", name.replace('\'', "''"));
        let sql =
            format!("SELECT * FROM annotations WHERE document_id = {literal} OR id = {literal}");
        let mut found = Vec::new();
        // hashes of bands and the engine's own order say nothing to people
        let frame = self.context.sql(&sql).await?.drop_columns(&[BANDS, PLACE])?;
        for batch in frame.collect().await? {
            for row in 0..batch.num_rows() {
                found.push(object(&batch, row)?);
            }
        }
        Ok(found)
    }

    /// The copies of text that were cut out of a document, as JSON objects.
    pub async fn repeats(
        &self,
        document_id: &str,
    ) -> Result<Vec<Map<String, Value>>, PipelineError> {
        let path = self.root.join(SPANS);
        if !path.is_file() {
            return Ok(Vec::new());
        }
        plans::register(&self.context, "repeats", &[path]).await?;
        let literal = format!("'{}'", document_id.replace('\'', "''"));
        let sql = format!(
            "SELECT kind, start, \"end\", copy, first_document_id FROM repeats \
             WHERE document_id = {literal} ORDER BY start LIMIT 100"
        );
        let mut found = Vec::new();
        for batch in self.context.sql(&sql).await?.collect().await? {
            for row in 0..batch.num_rows() {
                found.push(object(&batch, row)?);
            }
        }
        Ok(found)
    }

    /// The members of the clusters that a document belongs to, as JSON objects.
    pub async fn clusters(
        &self,
        document_id: &str,
    ) -> Result<Vec<Map<String, Value>>, PipelineError> {
        let literal = format!("'{}'", document_id.replace('\'', "''"));
        let mut found = Vec::new();
        if self.clusters.is_empty() {
            return Ok(found);
        }
        let sql = format!("SELECT cluster_id FROM clusters WHERE document_id = {literal}");
        let mut ids = Vec::new();
        for batch in self.context.sql(&sql).await?.collect().await? {
            let column = typed::<StringArray>(&batch, "cluster_id")?;
            ids.extend(column.iter().flatten().map(|id| format!("'{}'", id.replace('\'', "''"))));
        }
        if ids.is_empty() {
            return Ok(found);
        }
        let sql = format!(
            "SELECT * FROM clusters WHERE cluster_id IN ({}) ORDER BY document_id LIMIT 20",
            ids.join(", ")
        );
        for batch in self.context.sql(&sql).await?.collect().await? {
            for row in 0..batch.num_rows() {
                found.push(object(&batch, row)?);
            }
        }
        Ok(found)
    }

    /// The record of a document, fetched from the file it was written to.
    pub fn fetch(&self, place: &Place) -> Result<Found, PipelineError> {
        let (format, compression) = discover::kind_of(Path::new(&place.shard))
            .unwrap_or((Format::Jsonl, Compression::None));
        let file = match (place.decision.as_str(), format) {
            ("failed", _) => format!("failed/{}.jsonl", place.shard),
            ("removed", Format::Text) => format!("removed/{}.json", place.shard),
            (decision, _) => format!("{decision}/{}", place.shard),
        };
        let path = self.root.join(&file);
        let record = match (place.decision.as_str(), format) {
            ("kept", Format::Text) => {
                let text = std::fs::read_to_string(&path)
                    .map_err(|e| PipelineError::directory(&path, e))?;
                return Ok(Found {
                    record: Value::String(text.clone()),
                    text,
                    reasons: Vec::new(),
                });
            }
            ("failed", _) | (_, Format::Text) => {
                self.line(&path, &file, Compression::None, place.ordinal)?
            }
            (_, Format::Jsonl) => self.line(&path, &file, compression, place.ordinal)?,
            (_, Format::Parquet) => parquet_row(&path, place.ordinal)?,
        };
        let chosen = self.text_column.as_deref();
        let text = chosen
            .into_iter()
            .chain(TEXT_NAMES.iter().copied())
            .chain(["raw"])
            .find_map(|name| record.get(name).and_then(Value::as_str))
            .unwrap_or_default()
            .to_owned();
        let reasons = record
            .get(&self.reason_field)
            .and_then(|verdict| verdict.get("reasons"))
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default();
        Ok(Found { record, text, reasons })
    }

    /// One line of a file that may be compressed: through its index, or by reading it.
    fn line(
        &self,
        path: &Path,
        file: &str,
        compression: Compression,
        ordinal: u64,
    ) -> Result<Value, PipelineError> {
        let index = self.root.join(format!("index/{file}.json"));
        let broken = |what: &dyn std::fmt::Display| PipelineError::directory(path, what);
        let (bytes, first) = match std::fs::read(&index) {
            Ok(json) => {
                let frames: Vec<Frame> = serde_json::from_slice(&json).map_err(|e| broken(&e))?;
                let Some(frame) = frames.iter().rev().find(|frame| frame.first_record <= ordinal)
                else {
                    return Err(broken(&"its index does not know the record"));
                };
                (read_frame(path, compression, frame).map_err(|e| broken(&e))?, frame.first_record)
            }
            Err(_) => (std::fs::read(path).map_err(|e| broken(&e))?, 0),
        };
        let skip = usize::try_from(ordinal - first).unwrap_or(usize::MAX);
        let line = bytes.split(|byte| *byte == b'\n').nth(skip).unwrap_or_default();
        record(line).map_err(|error| broken(&format!("record {ordinal}: {error}")))
    }
}

/// A record as JSON; a value that is too large for a number stands there as it is written.
fn record(line: &[u8]) -> serde_json::Result<Value> {
    let whole = serde_json::from_slice(line);
    if whole.is_ok() {
        return whole;
    }
    let fields: BTreeMap<String, Box<RawValue>> = serde_json::from_slice(line)?;
    let value = |raw: Box<RawValue>| {
        serde_json::from_str(raw.get()).unwrap_or_else(|_| Value::String(raw.get().to_owned()))
    };
    Ok(fields.into_iter().map(|(name, raw)| (name, value(raw))).collect())
}

fn parquet_files(folder: &Path) -> Result<Vec<PathBuf>, PipelineError> {
    let mut files = Vec::new();
    if let Ok(entries) = std::fs::read_dir(folder) {
        for entry in entries {
            let path = entry.map_err(|error| PipelineError::directory(folder, error))?.path();
            if path.extension().is_some_and(|extension| extension == "parquet") {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}

fn parquet_row(path: &Path, ordinal: u64) -> Result<Value, PipelineError> {
    use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
    let broken = |what: &dyn std::fmt::Display| PipelineError::directory(path, what);
    let file = std::fs::File::open(path).map_err(|e| broken(&e))?;
    let mut reader = ParquetRecordBatchReaderBuilder::try_new(file)
        .map_err(|e| broken(&e))?
        .with_offset(usize::try_from(ordinal).unwrap_or(usize::MAX))
        .with_limit(1)
        .build()
        .map_err(|e| broken(&e))?;
    match reader.next() {
        Some(batch) => Ok(Value::Object(object(&batch?, 0)?)),
        None => Err(broken(&format!("holds no record {ordinal}"))),
    }
}

/// One row as a JSON object.
fn object(batch: &RecordBatch, row: usize) -> Result<Map<String, Value>, PipelineError> {
    let one = batch.slice(row, 1);
    let mut writer = arrow_json::LineDelimitedWriter::new(Vec::new());
    let json = writer
        .write(&one)
        .and_then(|()| writer.finish())
        .map(|()| writer.into_inner())
        .ok()
        .and_then(|bytes| serde_json::from_slice::<Map<String, Value>>(&bytes).ok());
    if let Some(json) = json {
        return Ok(json);
    }
    // a type that has no JSON form is shown as text
    let mut map = Map::new();
    for (field, column) in batch.schema().fields().iter().zip(batch.columns()) {
        map.insert(field.name().clone(), Value::String(array_value_to_string(column, row)?));
    }
    Ok(map)
}

/// The shard behind a name, for documents that never went through a run.
pub fn shards(inputs: &[String]) -> Result<Vec<Shard>, PipelineError> {
    Ok(discover::discover(inputs, None)?.shards)
}

/// Every file below a folder, in the order of names.
pub fn files(folder: &Path) -> Result<Vec<PathBuf>, PipelineError> {
    let mut files = Vec::new();
    for entry in walkdir::WalkDir::new(folder).sort_by_file_name() {
        let entry = entry.map_err(|error| PipelineError::directory(folder, error))?;
        if entry.file_type().is_file() {
            files.push(entry.into_path());
        }
    }
    Ok(files)
}

/// One document straight from a reader.
#[derive(Debug, Clone, PartialEq)]
pub struct Document<'a> {
    /// The document's id.
    pub document_id: String,
    /// The user's id.
    pub id: Option<&'a str>,
    /// Its row in the shard.
    pub row: u64,
    /// Its text.
    pub text: &'a str,
}

/// The good documents of a chunk.
pub fn documents<'a>(
    shard: &Shard,
    chunk: &'a crate::read::Chunk,
) -> Result<Vec<Document<'a>>, PipelineError> {
    let rows: &UInt64Array = typed(&chunk.batch, "row")?;
    let ids: &StringArray = typed(&chunk.batch, "id")?;
    let texts: &StringArray = typed(&chunk.batch, "text")?;
    let one = |at: usize| Document {
        document_id: tamis_kernels::hex128(tamis_kernels::document_id(&shard.name, rows.value(at))),
        id: (!ids.is_null(at)).then(|| ids.value(at)),
        row: rows.value(at),
        text: texts.value(at),
    };
    Ok((0..chunk.batch.num_rows()).map(one).collect())
}

/// For each declared column, what is wrong with it in the first thousand records of each shard
/// behind `input`; none where some record has it with the declared type.
pub fn columns_of(
    input: &str,
    columns: &[tamis_rules::ForeignColumn],
) -> Result<Vec<Option<String>>, PipelineError> {
    use crate::read::{Columns, ForeignField, ForeignType, ReadOptions, open};
    let foreign: Vec<ForeignField> = columns
        .iter()
        .filter_map(|column| {
            let kind = ForeignType::of(&column.data_type)?;
            Some(ForeignField { name: column.name.clone(), kind })
        })
        .collect();
    let options = ReadOptions {
        columns: Columns::default(),
        foreign: foreign.clone(),
        reason_field: String::new(),
        with_raw: false,
        batch_bytes: 4 << 20,
        batch_rows: 1000,
        record_bytes_max: 128 << 20,
        limit: Some(1000),
    };
    let mut seen = vec![false; foreign.len()];
    let mut warnings = Vec::new();
    for shard in shards(&[input.to_owned()])? {
        let mut reader = open(&shard, &options)?;
        while let Some(chunk) = reader.next_chunk()? {
            for (number, field) in foreign.iter().enumerate() {
                let column = chunk.batch.column_by_name(&field.name);
                seen[number] |= column.is_some_and(|column| column.null_count() < column.len());
            }
        }
        warnings.extend(reader.totals().warnings);
    }
    Ok(foreign
        .iter()
        .zip(seen)
        .map(|(field, seen)| {
            let told = format!("column {} is of", field.name);
            let mistyped = warnings.iter().any(|warning| warning.starts_with(&told));
            match (seen, mistyped) {
                (true, _) => None,
                (false, true) => Some(format!("is of another type than declared in {input}")),
                (false, false) => Some(format!("is in no record of {input}")),
            }
        })
        .collect())
}
