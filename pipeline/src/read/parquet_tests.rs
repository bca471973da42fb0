//! Parquet shards, read whole.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use ::parquet::arrow::ArrowWriter;
use ::parquet::file::properties::WriterProperties;
use arrow::array::{
    ArrayRef, AsArray, Float64Array, Int64Array, LargeStringArray, RecordBatch, StringArray,
    StringViewArray, StructArray,
};
use arrow::datatypes::{DataType, Field};

use super::*;
use crate::read::tests::{options, read, shard};

fn write(path: &Path, columns: Vec<(&str, ArrayRef)>) {
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let properties = WriterProperties::builder().set_max_row_group_row_count(Some(4)).build();
    let mut writer =
        ArrowWriter::try_new(File::create(path).unwrap(), batch.schema(), Some(properties))
            .unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
}

fn texts(count: usize) -> Vec<String> {
    (0..count).map(|n| format!("document {n}")).collect()
}

#[test]
fn every_string_type_is_text() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.parquet");
    let wanted = texts(10);
    let forms: [ArrayRef; 3] = [
        Arc::new(StringArray::from_iter_values(&wanted)),
        Arc::new(LargeStringArray::from_iter_values(&wanted)),
        Arc::new(StringViewArray::from_iter_values(&wanted)),
    ];
    for form in forms {
        write(&path, vec![("content", form)]);
        let (texts, failures, totals) = read(&path, &options());
        assert_eq!(texts, wanted);
        assert!(failures.is_empty());
        assert_eq!((totals.records, totals.bytes), (10, 10));
    }
}

#[test]
fn nested_columns_are_read_by_path_and_carried_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.parquet");
    let score: ArrayRef = Arc::new(Float64Array::from(vec![Some(0.5), None]));
    let rank: ArrayRef = Arc::new(Int64Array::from(vec![1, 2]));
    let meta = StructArray::from(vec![
        (Arc::new(Field::new("score", DataType::Float64, true)), score),
        (Arc::new(Field::new("rank", DataType::Int64, false)), rank),
    ]);
    let text: ArrayRef = Arc::new(StringArray::from(vec!["a", "b"]));
    write(&path, vec![("text", text), ("meta", Arc::new(meta.clone()))]);
    let foreign = vec![ForeignField { name: "meta.score".to_owned(), kind: ForeignType::Double }];
    let asked = ReadOptions { foreign, with_raw: true, ..options() };
    let mut reader = open(&shard(&path), &asked).unwrap();
    let chunk = reader.next_chunk().unwrap().unwrap();
    let score = chunk.batch.column_by_name("meta.score").unwrap();
    let score = score.as_primitive::<arrow::datatypes::Float64Type>();
    assert_eq!(score.iter().collect::<Vec<_>>(), [Some(0.5), None]);
    let native = chunk.native.unwrap();
    assert_eq!(native.column_by_name("meta").unwrap().as_struct(), &meta);
}

#[test]
fn null_texts_fail_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.parquet");
    let text: ArrayRef = Arc::new(StringArray::from(vec![Some("a"), None, Some("c")]));
    write(&path, vec![("text", text)]);
    let (texts, failures, totals) = read(&path, &options());
    assert_eq!(texts, ["a", "c"]);
    assert_eq!((failures.len(), failures[0].row), (1, 1));
    assert_eq!((totals.records, totals.failed), (3, 1));
}

#[test]
fn damage_is_a_failure_wherever_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.parquet");
    let text: ArrayRef = Arc::new(StringArray::from(texts(40)));
    write(&path, vec![("text", text)]);
    let whole = std::fs::read(&path).unwrap();
    std::fs::write(&path, &whole[..whole.len() / 2]).unwrap();
    let (texts, failures, totals) = read(&path, &options());
    assert!(texts.is_empty());
    assert_eq!(failures[0].reason, "truncated-parquet");
    assert_eq!((totals.records, totals.failed), (1, 1));
    // any byte may be wrong: nothing panics, nothing is counted twice
    for at in (0..whole.len()).step_by(7) {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x55;
        std::fs::write(&path, bytes).unwrap();
        let (texts, failures, totals) = read(&path, &options());
        assert_eq!(totals.records, (texts.len() + failures.len()) as u64, "byte {at}");
    }
}

#[test]
fn a_column_of_numbers_is_no_text() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.parquet");
    write(&path, vec![("text", Arc::new(Int64Array::from(vec![1, 2])) as ArrayRef)]);
    let (_, failures, _) = read(&path, &options());
    assert_eq!((failures[0].reason.as_str(), failures[0].length), ("text-not-a-string", 2));
}
