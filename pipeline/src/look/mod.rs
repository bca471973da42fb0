//! Looking into a finished run: which documents it holds, and any one of them with its record.

mod corpus;
mod decided;
mod density;
mod fetch;
mod layout;
mod neighbours;
mod rows;
mod select;

use std::path::{Path, PathBuf};

use arrow::array::{Array, BooleanArray, RecordBatch, StringArray};
use arrow::util::display::array_value_to_string;
use datafusion::arrow::datatypes::DataType;
use datafusion::error::DataFusionError;
use datafusion::logical_expr::ExprSchemable;
use datafusion::prelude::{DataFrame, ParquetReadOptions, SessionContext};
use futures::StreamExt;
use serde_json::{Map, Value};

use crate::dedup::repeats::{EMPTIED, SPANS};
use crate::error::PipelineError;
use crate::registry::session;
use crate::report::Report;
use crate::stage::session::Resources;
use crate::table::batch::{columns, lost, typed};
use crate::table::cursor::SortedCursor;
use crate::table::names::{DECISION, FIRST_REASON};
use crate::table::row_id::ROW_ID;
use tamis_rules::BANDS;

pub use corpus::{Document, columns_of, documents, files, shards};
pub use decided::{Decided, Duplicates, REASONS};
pub use density::{Density, EMBEDDING_NEIGHBOUR_COUNT};
pub use fetch::Found;
pub use layout::Slice;
pub use neighbours::Near;
pub use rows::{RowFile, RowFiles};

/// A finished run directory, open for reading.
pub struct Run {
    root: PathBuf,
    context: SessionContext,
    /// The annotation parts, in input order.
    parts: Vec<PathBuf>,
    decisions: Vec<PathBuf>,
    /// The duplicates of each kind, in input order.
    clusters: Vec<PathBuf>,
    /// What says that a document which rules kept goes.
    gone: Vec<PathBuf>,
    reason_field: String,
    text_column: Option<String>,
    manifest: Value,
    report: Report,
    files: RowFiles,
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

impl Run {
    /// Whether `path` is a run directory.
    pub fn is_run(path: &Path) -> bool {
        path.join("run.json").is_file()
    }

    /// Opens a finished run.
    pub async fn open(root: &Path) -> Result<Self, PipelineError> {
        let told = root.join("run.json");
        let text = std::fs::read_to_string(&told).map_err(|error| {
            PipelineError::directory(root, format!("is no finished run (run.json: {error})"))
        })?;
        let manifest: Value =
            serde_json::from_str(&text).map_err(|error| PipelineError::directory(&told, error))?;
        let counted = root.join("report.json");
        let text =
            std::fs::read(&counted).map_err(|error| PipelineError::directory(&counted, error))?;
        let report: Report = serde_json::from_slice(&text)
            .map_err(|error| PipelineError::directory(&counted, error))?;
        let reason_field = manifest
            .pointer("/configuration/reason_field")
            .and_then(Value::as_str)
            .unwrap_or("tamis")
            .to_owned();
        let text_column = manifest.pointer("/configuration/text_column").and_then(Value::as_str);
        let text_column = text_column.map(str::to_owned);
        let temp = std::env::temp_dir().join(format!("tamis-look-{}", std::process::id()));
        let context = session(&Resources { threads: 1, memory_bytes: 256 << 20, temp })?;
        let parts = parquet_files(&root.join("annotations"))?;
        if !parts.is_empty() {
            crate::table::plan::annotations_table(&context, &parts).await?;
        }
        let decisions = parquet_files(&root.join("decisions"))?;
        if decisions.len() != parts.len() {
            let what = format!(
                "holds {} parts of decisions and {} of annotations; was it made by another tamis?",
                decisions.len(),
                parts.len()
            );
            return Err(PipelineError::directory(root, what));
        }
        let clusters = parquet_files(&root.join("clusters"))?;
        if !clusters.is_empty() {
            crate::table::plan::register(&context, "clusters", &clusters).await?;
        }
        // documents of which nothing was left went like duplicates
        let mut gone = clusters.clone();
        gone.extend(Some(root.join(EMPTIED)).filter(|path| path.is_file()));
        Ok(Self {
            root: root.to_owned(),
            context,
            parts,
            decisions,
            clusters,
            gone,
            reason_field,
            text_column,
            manifest,
            report,
            files: RowFiles::default(),
        })
    }

    /// The run directory.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// `run.json`.
    pub fn manifest(&self) -> &Value {
        &self.manifest
    }

    /// `report.json`.
    pub fn report(&self) -> &Report {
        &self.report
    }

    /// The annotation parts, in input order.
    pub fn parts(&self) -> &[PathBuf] {
        &self.parts
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
            "SELECT document_id, id, shard, \"row\", {ROW_ID}, ({condition}) AS chosen FROM part"
        );
        self.check(condition).await?;
        let mut count = Count::default();
        for (part, decided) in self.parts.iter().zip(&self.decisions) {
            let path = part.display().to_string();
            let frame = self.context.read_parquet(path, ParquetReadOptions::default()).await?;
            self.context.deregister_table("part")?;
            self.context.register_table("part", frame.into_view())?;
            // one file, one partition: rows come as they lie there, which is input order
            let mut stream = self.context.sql(&sql).await?.execute_stream().await?;
            let names = [ROW_ID, DECISION, FIRST_REASON];
            let mut decisions = SortedCursor::new(vec![decided.clone()], &names, 0, 4096);
            while let Some(batch) = stream.next().await {
                walk_batch(&batch?, &mut decisions, &mut count, &mut visit)?;
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

    /// The documents with this document id or user's id; there being none is an error.
    pub async fn named(&self, name: &str) -> Result<Vec<Place>, PipelineError> {
        let literal = literal(name);
        let condition = format!("document_id = {literal} OR id = {literal}");
        let mut places = Vec::new();
        self.walk(Some(&condition), |place| places.push(place)).await?;
        if places.is_empty() {
            return Err(PipelineError::Usage(format!(
                "no document of {} has the id '{name}'; ids stand in annotations/ and in what tamis sample prints",
                self.root.display()
            )));
        }
        Ok(places)
    }

    /// The rows of the annotations for a document id or a user's id, as JSON objects.
    pub async fn annotations(&self, name: &str) -> Result<Vec<Map<String, Value>>, PipelineError> {
        let literal = literal(name);
        let sql =
            format!("SELECT * FROM annotations WHERE document_id = {literal} OR id = {literal}");
        // hashes of bands and the engine's own order say nothing to people
        objects(self.context.sql(&sql).await?.drop_columns(&[BANDS, ROW_ID])?).await
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
        crate::table::plan::register(&self.context, "repeats", &[path]).await?;
        let literal = literal(document_id);
        let sql = format!(
            "SELECT kind, start, \"end\", copy, first_document_id FROM repeats \
             WHERE document_id = {literal} ORDER BY start LIMIT 100"
        );
        objects(self.context.sql(&sql).await?).await
    }

    /// The members of the clusters that a document belongs to, as JSON objects.
    pub async fn clusters(
        &self,
        document_id: &str,
    ) -> Result<Vec<Map<String, Value>>, PipelineError> {
        let of = format!("document_id = {}", literal(document_id));
        self.cluster_rows(&of, "document_id", 20).await
    }

    /// The members of the clusters of the document in a row of a shard, survivors first, as JSON
    /// objects.
    pub async fn members(
        &self,
        shard: &str,
        row: u64,
        limit: usize,
    ) -> Result<Vec<Map<String, Value>>, PipelineError> {
        // shard and row have statistics by which most of the file is passed over
        let of = format!("shard = {} AND \"row\" = {row}", literal(shard));
        let survivors_first = "document_id <> survivor_id, similarity DESC, document_id";
        self.cluster_rows(&of, survivors_first, limit).await
    }

    /// The first `limit` members, by `order`, of the clusters that hold the document `of`.
    async fn cluster_rows(
        &self,
        of: &str,
        order: &str,
        limit: usize,
    ) -> Result<Vec<Map<String, Value>>, PipelineError> {
        if self.clusters.is_empty() {
            return Ok(Vec::new());
        }
        let sql = format!("SELECT cluster_id FROM clusters WHERE {of}");
        let mut ids = Vec::new();
        for batch in self.context.sql(&sql).await?.collect().await? {
            let column = typed::<StringArray>(&batch, "cluster_id")?;
            ids.extend(column.iter().flatten().map(literal));
        }
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let sql = format!(
            "SELECT * FROM clusters WHERE cluster_id IN ({}) ORDER BY {order} LIMIT {limit}",
            ids.join(", ")
        );
        objects(self.context.sql(&sql).await?).await
    }
}

/// Visits the chosen documents of a batch of annotations, beside their decisions.
fn walk_batch(
    batch: &RecordBatch,
    decisions: &mut SortedCursor,
    count: &mut Count,
    visit: &mut impl FnMut(Place),
) -> Result<(), PipelineError> {
    let text = |name| typed::<StringArray>(batch, name);
    let (ids, user_ids, shards) = (text("document_id")?, text("id")?, text("shard")?);
    let [rows, row_ids] = columns(batch, ["row", ROW_ID])?;
    let chosen = typed::<BooleanArray>(batch, "chosen")?;
    for at in 0..batch.num_rows() {
        let Some((decided, here)) = decisions.seek(row_ids[at])? else {
            return Err(lost(row_ids[at]).into());
        };
        let reasons = typed::<StringArray>(decided, FIRST_REASON)?;
        let decision = typed::<StringArray>(decided, DECISION)?.value(here);
        let (shard, ordinal) = (shards.value(at), count.next(shards.value(at), decision));
        if !chosen.is_null(at) && chosen.value(at) {
            visit(Place {
                document_id: ids.value(at).to_owned(),
                id: (!user_ids.is_null(at)).then(|| user_ids.value(at).to_owned()),
                shard: shard.to_owned(),
                row: rows[at],
                decision: decision.to_owned(),
                reason: (!reasons.is_null(here)).then(|| reasons.value(here).to_owned()),
                ordinal,
            });
        }
    }
    Ok(())
}

/// A text as a literal of SQL.
fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// Every row as a JSON object.
async fn objects(frame: DataFrame) -> Result<Vec<Map<String, Value>>, PipelineError> {
    let mut found = Vec::new();
    for batch in frame.collect().await? {
        for row in 0..batch.num_rows() {
            found.push(object(&batch, row)?);
        }
    }
    Ok(found)
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

/// One row as a JSON object.
pub fn object(batch: &RecordBatch, row: usize) -> Result<Map<String, Value>, PipelineError> {
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
