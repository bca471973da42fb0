//! Records of evaluation sets, whatever their fields are.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::{Map, Value};

use crate::error::PipelineError;
use crate::read::discover::kind_of;
use crate::read::{Compression, Format, Shard, decompress};

/// A record.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Record(Map<String, Value>);

impl Record {
    /// Names of its fields.
    pub(crate) fn fields(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// The first of `names` that it has, as text.
    pub(crate) fn id(&self, names: &[&str]) -> Option<String> {
        names.iter().find_map(|name| match self.0.get(*name) {
            Some(Value::String(id)) if !id.is_empty() => Some(id.clone()),
            Some(Value::Number(id)) => Some(id.to_string()),
            _ => None,
        })
    }

    /// Every text of the named fields, of all where none is named, also within lists and objects.
    pub(crate) fn texts(&self, fields: &[String]) -> Vec<String> {
        let mut texts = Vec::new();
        if fields.is_empty() {
            for value in self.0.values() {
                collect(value, &mut texts);
            }
        }
        for field in fields {
            if let Some(value) = self.0.get(field) {
                collect(value, &mut texts);
            }
        }
        texts
    }
}

fn collect(value: &Value, texts: &mut Vec<String>) {
    match value {
        Value::String(text) if !text.trim().is_empty() => texts.push(text.clone()),
        Value::Array(list) => list.iter().for_each(|inner| collect(inner, texts)),
        Value::Object(fields) => fields.values().for_each(|inner| collect(inner, texts)),
        _ => {}
    }
}

/// The records of a file: lines of JSON, one JSON list, rows of Parquet, or the file as one text.
pub(crate) fn records(path: &Path) -> Result<Vec<Record>, PipelineError> {
    let (format, compression) = kind_of(path).unwrap_or((Format::Text, Compression::None));
    match format {
        Format::Parquet => parquet(path),
        Format::Jsonl => lines(path, &text(path, format, compression)?),
        Format::Text => {
            let text = text(path, format, compression)?;
            let mut record = Map::new();
            record.insert("text".to_owned(), Value::String(text));
            Ok(vec![Record(record)])
        }
    }
}

fn broken(path: &Path, what: impl std::fmt::Display) -> PipelineError {
    PipelineError::Usage(format!("decontaminate: {}{what}", path.display()))
}

fn text(path: &Path, format: Format, compression: Compression) -> Result<String, PipelineError> {
    let name = path.display().to_string();
    let shard = Shard { path: path.to_owned(), name, format, compression };
    let (mut reader, _) = decompress::open(&shard)?;
    let mut text = String::new();
    reader
        .read_to_string(&mut text)
        .map_err(|error| broken(path, format!(": cannot be read: {error}")))?;
    Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
}

fn lines(path: &Path, text: &str) -> Result<Vec<Record>, PipelineError> {
    if text.trim_start().starts_with('[') {
        let list: Vec<Value> = serde_json::from_str(text)
            .map_err(|error| broken(path, format!(": is no list of JSON objects: {error}")))?;
        let numbered = (1_usize..).zip(list);
        return numbered
            .map(|(number, value)| object(path, &format!(", item {number}"), value))
            .collect();
    }
    let numbered = (1_usize..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty());
    numbered
        .map(|(number, line)| {
            let value = serde_json::from_str(line)
                .map_err(|error| broken(path, format!(":{number}: is no JSON: {error}")))?;
            object(path, &format!(":{number}"), value)
        })
        .collect()
}

fn object(path: &Path, place: &str, value: Value) -> Result<Record, PipelineError> {
    match value {
        Value::Object(fields) => Ok(Record(fields)),
        _ => Err(broken(
            path,
            format!("{place}: is no JSON object; an item is a record with fields"),
        )),
    }
}

fn parquet(path: &Path) -> Result<Vec<Record>, PipelineError> {
    let unreadable =
        |error: &dyn std::fmt::Display| broken(path, format!(": cannot be read: {error}"));
    let file = File::open(path).map_err(|error| unreadable(&error))?;
    let reader = ParquetRecordBatchReaderBuilder::try_new(file)
        .and_then(ParquetRecordBatchReaderBuilder::build)
        .map_err(|error| unreadable(&error))?;
    let mut bytes = Vec::new();
    let mut writer = arrow_json::ArrayWriter::new(&mut bytes);
    for batch in reader {
        let batch = batch.map_err(|error| unreadable(&error))?;
        writer.write(&batch).map_err(|error| unreadable(&error))?;
    }
    writer.finish().map_err(|error| unreadable(&error))?;
    drop(writer);
    if bytes.is_empty() {
        return Ok(Vec::new());
    }
    let list: Vec<Map<String, Value>> =
        serde_json::from_slice(&bytes).map_err(|error| unreadable(&error))?;
    Ok(list.into_iter().map(Record).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_found_wherever_they_stand() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.json");
        std::fs::write(
            &path,
            r#"[{"id": 7, "q": "Why?", "choices": {"text": ["a", "b"], "label": [1, " "]}}, {"q": ""}]"#,
        )
        .unwrap();
        let found = records(&path).unwrap();
        assert_eq!(found[0].id(&["uuid", "id"]).unwrap(), "7");
        assert_eq!(found[0].texts(&[]), ["a", "b", "Why?"]);
        assert_eq!(found[0].texts(&["q".to_owned()]), ["Why?"]);
        assert!(found[1].texts(&[]).is_empty() && found[1].id(&["id"]).is_none());
        std::fs::write(&path, "{\"q\": \"x\"}\n\nnope\n").unwrap();
        let error = records(&path).unwrap_err().to_string();
        assert!(error.contains("a.json:3: is no JSON"), "{error}");
        std::fs::write(&path, "[1]").unwrap();
        let error = records(&path).unwrap_err().to_string();
        assert!(error.contains("a.json, item 1: is no JSON object"), "{error}");
    }
}
