//! Any document of a run with its record.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;
use serde_json::value::RawValue;

use crate::error::PipelineError;
use crate::look::{Place, Run, object};
use crate::read::{Compression, Format, TEXT_NAMES, discover};
use crate::write::frames::{Frame, read_frame};

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
            (_, Format::Parquet) => {
                let row = self.files.open(&path)?.rows(&[place.ordinal], None)?;
                Value::Object(object(&row, 0)?)
            }
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
