//! JSONL and text shards, read whole.

use std::io::Write;
use std::path::Path;

use arrow::array::AsArray;
use arrow::datatypes::UInt64Type;

use super::*;
use crate::read::discover::kind_of;

pub(super) fn options() -> ReadOptions {
    ReadOptions {
        columns: Columns::default(),
        foreign: Vec::new(),
        reason_field: "tamis".to_owned(),
        with_raw: false,
        batch_bytes: 4 << 20,
        batch_rows: 3,
        record_bytes_max: 1 << 20,
        limit: None,
    }
}

pub(super) fn shard(path: &Path) -> Shard {
    let (format, compression) = kind_of(path).unwrap();
    Shard { path: path.to_owned(), name: "shard".to_owned(), format, compression }
}

/// Every text, every failure and the totals.
pub(super) fn read(path: &Path, options: &ReadOptions) -> (Vec<String>, Vec<Failure>, Totals) {
    let mut reader = open(&shard(path), options).unwrap();
    let (mut texts, mut failures) = (Vec::new(), Vec::new());
    while let Some(chunk) = reader.next_chunk().unwrap() {
        let column = chunk.batch.column_by_name("text").unwrap().as_string::<i32>();
        texts.extend(column.iter().map(|text| text.unwrap().to_owned()));
        failures.extend(chunk.failures);
    }
    (texts, failures, reader.totals())
}

fn lines(count: usize) -> String {
    (0..count).map(|n| format!("{{\"id\": \"{n}\", \"text\": \"document {n}\"}}\n")).collect()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn bzip2(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn every_compression_gives_the_same_records() {
    let folder = tempfile::tempdir().unwrap();
    let plain = lines(10);
    let (head, tail) = plain.as_bytes().split_at(100);
    // two members, frames or streams each: what `cat a.gz b.gz` makes
    let twice = |pack: &dyn Fn(&[u8]) -> Vec<u8>| [pack(head), pack(tail)].concat();
    let forms = [
        ("a.jsonl", plain.clone().into_bytes()),
        ("a.jsonl.gz", twice(&gzip)),
        ("a.jsonl.zst", twice(&|bytes| zstd::encode_all(bytes, 1).unwrap())),
        ("a.jsonl.bz2", twice(&bzip2)),
    ];
    for (name, bytes) in forms {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        let (texts, failures, totals) = read(&path, &options());
        let wanted: Vec<String> = (0..10).map(|n| format!("document {n}")).collect();
        assert_eq!(texts, wanted, "{name}");
        assert!(failures.is_empty(), "{name}");
        assert_eq!((totals.records, totals.bytes), (10, plain.len() as u64), "{name}");
        assert!(totals.input_hash.is_some());
    }
}

#[test]
fn a_stream_that_breaks_off_is_one_failure_after_what_came_before() {
    let folder = tempfile::tempdir().unwrap();
    let plain: String =
        (0..4000).map(|n| format!("{{\"text\": \"{}\"}}\n", n * 7919 % 4001)).collect();
    for (name, bytes, reason) in [
        ("a.jsonl.gz", gzip(plain.as_bytes()), "truncated-gzip"),
        ("a.jsonl.zst", zstd::encode_all(plain.as_bytes(), 1).unwrap(), "truncated-zstd"),
        ("a.jsonl.bz2", bzip2(plain.as_bytes()), "truncated-bzip2"),
    ] {
        let path = folder.path().join(name);
        std::fs::write(&path, &bytes[..bytes.len() - 20]).unwrap();
        let (texts, failures, totals) = read(&path, &options());
        assert_eq!(failures.len(), 1, "{name}");
        assert_eq!(failures[0].reason, reason);
        assert_eq!(failures[0].row, texts.len() as u64);
        assert_eq!(totals.records, texts.len() as u64 + 1);
        assert!(failures[0].message.contains(name), "{}", failures[0].message);
    }
}

#[test]
fn broken_records_name_their_place_and_stop_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.jsonl");
    let bytes = b"{\"text\": \"one\"}\n\n{\"text\": 5}\n\xff\n{\"text\": \"two\"}";
    std::fs::write(&path, bytes).unwrap();
    let (texts, failures, totals) = read(&path, &options());
    assert_eq!(texts, ["one", "two"]);
    let places: Vec<_> =
        failures.iter().map(|f| (f.reason.as_str(), f.row, f.line, f.offset, f.length)).collect();
    assert_eq!(
        places,
        [("text-not-a-string", 1, Some(3), 17, 11), ("invalid-utf8", 2, Some(4), 29, 1)]
    );
    assert_eq!((totals.records, totals.failed), (4, 2));
    // records and gaps tile the shard
    assert_eq!(totals.bytes, bytes.len() as u64);
    assert_eq!(totals.gap_bytes, 4);
}

#[test]
fn the_limit_counts_records_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.jsonl");
    std::fs::write(&path, lines(10)).unwrap();
    let (texts, _, totals) = read(&path, &ReadOptions { limit: Some(4), ..options() });
    assert_eq!((texts.len(), totals.limited), (4, true));
    let (texts, _, totals) = read(&path, &ReadOptions { limit: Some(10), ..options() });
    assert_eq!((texts.len(), totals.limited), (10, false));
}

#[test]
fn declared_columns_come_with_their_types() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.jsonl");
    std::fs::write(&path, "{\"text\":\"a\",\"meta\":{\"n\":7}}\n{\"text\":\"b\",\"meta\":{\"n\":\"x\"}}\n{\"text\":\"c\"}").unwrap();
    let foreign = vec![ForeignField { name: "meta.n".to_owned(), kind: ForeignType::Int }];
    let mut reader = open(&shard(&path), &ReadOptions { foreign, ..options() }).unwrap();
    let chunk = reader.next_chunk().unwrap().unwrap();
    let column = chunk.batch.column_by_name("meta.n").unwrap();
    let column = column.as_primitive::<arrow::datatypes::Int64Type>();
    assert_eq!(column.iter().collect::<Vec<_>>(), [Some(7), None, None]);
    let rows = chunk.batch.column_by_name("row").unwrap().as_primitive::<UInt64Type>();
    assert_eq!(rows.values(), &[0, 1, 2]);
    assert!(reader.next_chunk().unwrap().is_none());
    let warnings = reader.totals().warnings;
    assert!(warnings.iter().any(|w| w.contains("meta.n")), "{warnings:?}");
}

#[test]
fn a_text_file_is_one_document() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.md");
    std::fs::write(&path, "# Title\n\ntext\n").unwrap();
    let (texts, failures, totals) = read(&path, &options());
    assert_eq!(texts, ["# Title\n\ntext\n"]);
    assert_eq!((failures.len(), totals.records, totals.bytes), (0, 1, 14));
    std::fs::write(&path, b"caf\xe9").unwrap();
    let (texts, failures, _) = read(&path, &options());
    assert_eq!((texts.len(), failures[0].reason.as_str()), (0, "invalid-utf8"));
}
