//! One record of a foreign file: its text, its id and its other fields.

use std::collections::BTreeMap;
use std::path::Path;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use tamis_pipeline::look;
use tamis_pipeline::read::json::{Trouble, Wanted, parse};
use tamis_pipeline::read::{ID_NAMES, TEXT_NAMES};

use crate::error::InspectError;

/// Which fields of a shard hold the text and the id, best first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Names {
    pub(crate) text: Vec<String>,
    pub(crate) id: Vec<String>,
}

impl Names {
    /// The names that the user gave, else those that are known.
    pub(crate) fn of(text: Option<&str>, id: Option<&str>) -> Self {
        let list = |chosen: Option<&str>, known: &[&str]| match chosen {
            Some(name) => vec![name.to_owned()],
            None => known.iter().map(|name| (*name).to_owned()).collect(),
        };
        Self { text: list(text, TEXT_NAMES), id: list(id, ID_NAMES) }
    }
}

/// A record in pieces.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Record {
    pub(crate) text: String,
    pub(crate) id: Option<String>,
    /// The field that the text came from.
    pub(crate) text_field: String,
    pub(crate) metadata: Map<String, Value>,
}

/// A line of JSONL; `with_metadata` where the other fields are wanted too.
pub(crate) fn of_line(
    path: &Path,
    row: u64,
    line: &[u8],
    names: &Names,
    with_metadata: bool,
) -> Result<Record, InspectError> {
    let wanted = Wanted::new(names.text.clone(), names.id.clone(), &[], String::new());
    let record = parse(line, &wanted).map_err(|trouble| {
        let what = match trouble {
            Trouble::Failure(_, message) => message,
            Trouble::ReasonField => "has a reason field".to_owned(),
        };
        InspectError::file(path, format!("record {row}: {what}"))
    })?;
    let text_field = names.text.get(record.text_name).cloned().unwrap_or_default();
    let mut metadata = Map::new();
    if with_metadata {
        let fields: BTreeMap<String, &RawValue> = serde_json::from_slice(line).unwrap_or_default();
        for (name, raw) in fields.into_iter().filter(|(name, _)| *name != text_field) {
            // a number that no type holds stands there as it is written
            let value = serde_json::from_str(raw.get());
            metadata.insert(name, value.unwrap_or_else(|_| Value::String(raw.get().to_owned())));
        }
    }
    Ok(Record {
        id: record.id.map(std::borrow::Cow::into_owned),
        text: record.text.into_owned(),
        text_field,
        metadata,
    })
}

/// A row of a Parquet file.
pub(crate) fn of_row(
    path: &Path,
    row: u64,
    batch: &RecordBatch,
    at: usize,
    names: &Names,
) -> Result<Record, InspectError> {
    let broken = |what: &str| InspectError::file(path, format!("row {row}: {what}"));
    let there = |name: &&String| batch.column_by_name(name).is_some();
    let string = |name: &String| -> Option<String> {
        let column = batch.column_by_name(name)?.slice(at, 1);
        let text = cast(&column, &DataType::Utf8).ok()?;
        let text = text.as_string_opt::<i32>()?;
        (!text.is_null(0)).then(|| text.value(0).to_owned())
    };
    let Some(field) = names.text.iter().find(there) else {
        return Err(broken("there is no text column; name it with --text-column"));
    };
    let Some(text) = string(field) else { return Err(broken("the text is null or no string")) };
    let id = names.id.iter().find(there).and_then(string);
    let others: Vec<usize> =
        (0..batch.num_columns()).filter(|&at| batch.schema().field(at).name() != field).collect();
    let metadata = batch
        .project(&others)
        .ok()
        .and_then(|others| look::object(&others, at).ok())
        .unwrap_or_default();
    Ok(Record { text, id, text_field: field.clone(), metadata })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_gives_text_id_and_the_rest() {
        let names = Names::of(None, None);
        let line =
            br#"{"id": 7, "content": "b", "text": "a \u00e9", "n": 1e999, "meta": {"x": [1]}}"#;
        let record = of_line(Path::new("a.jsonl"), 3, line, &names, true).unwrap();
        assert_eq!((record.text.as_str(), record.id.as_deref()), ("a é", Some("7")));
        assert_eq!(record.text_field, "text");
        assert_eq!(record.metadata["meta"]["x"][0], 1);
        assert_eq!(record.metadata["n"], "1e999");
        assert!(!record.metadata.contains_key("text"));
    }

    #[test]
    fn what_is_no_record_is_an_error_with_its_place() {
        let names = Names::of(Some("body"), None);
        for line in [&b"{"[..], b"\xff", b"[1]", b"{\"text\": \"a\"}", b"{\"body\": 3}"] {
            let error = of_line(Path::new("a.jsonl"), 3, line, &names, true).unwrap_err();
            assert!(error.to_string().starts_with("a.jsonl: record 3"), "{error}");
        }
    }
}
