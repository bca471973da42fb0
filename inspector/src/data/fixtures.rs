//! Small corpora and runs for tests.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray};
use parquet::arrow::ArrowWriter;
use tamis_pipeline::config::{Alarms, ContentConfig, RunConfig};
use tamis_pipeline::progress::Observer;
use tamis_pipeline::run::{Request, run};
use tamis_rules::{RuleSet, RuleSource};

use crate::model::{Decision, Document, Entry, Text};

/// A document of `bytes` bytes.
pub(crate) fn document(name: &str, bytes: usize) -> Document {
    Document {
        entry: Entry {
            document_id: name.to_owned(),
            id: None,
            shard: "a.jsonl".to_owned(),
            row: 0,
            decision: Decision::Read,
            reason: None,
            flags: Vec::new(),
            stratum: None,
            size: None,
        },
        text: Text { text: Arc::from("x".repeat(bytes)), marks: Vec::new() },
        original: None,
        original_missing: None,
        why: Vec::new(),
        metadata: serde_json::Map::new(),
        annotations: serde_json::Map::new(),
        content_hash: String::new(),
    }
}

/// The text of document `number`: every third is short.
pub(crate) fn text(number: usize) -> String {
    let words = ["river", "stone", "garden", "letter", "window", "bridge"];
    let count = if number.is_multiple_of(3) { 2 } else { 6 + number % 17 };
    let word = |at: usize| format!("{}{}", words[(number + at) % 6], number * 31 + at);
    (0..count).map(word).collect::<Vec<_>>().join(" ")
}

/// JSONL with the documents of a range.
pub(crate) fn jsonl(numbers: std::ops::Range<usize>) -> String {
    let line = |number: usize| {
        let lang = ["en", "fa"][number % 2];
        let value = serde_json::json!({
            "id": format!("doc-{number}"), "text": text(number), "lang": lang,
        });
        format!("{value}\n")
    };
    numbers.map(line).collect()
}

/// Parquet with row groups of these sizes.
pub(crate) fn parquet(path: &Path, first: usize, groups: &[usize]) {
    let total: usize = groups.iter().sum();
    let of = |make: &dyn Fn(usize) -> String| -> ArrayRef {
        Arc::new(StringArray::from_iter_values((first..first + total).map(make)))
    };
    let columns =
        [("id", of(&|number| format!("doc-{number}"))), ("text", of(&|number| text(number)))];
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let mut writer =
        ArrowWriter::try_new(File::create(path).unwrap(), batch.schema(), None).unwrap();
    let mut at = 0;
    for rows in groups {
        writer.write(&batch.slice(at, *rows)).unwrap();
        writer.flush().unwrap();
        at += rows;
    }
    writer.close().unwrap();
}

struct Silent;

impl Observer for Silent {
    fn begin(&self, _: &str, _: usize, _: u64) {}

    fn unit_done(&self) {}

    fn note(&self, _: &str) {}

    fn stop_asked(&self) -> bool {
        false
    }
}

/// The rules of [`run_over`]: short documents go, long ones are flagged, `secret` is edited out.
pub(crate) const RULES: &str = r"
version: 1
columns: {lang: string}
rules:
  - id: t/short
    drop_if: word_count < 3
    why: navigation
  - id: t/long
    flag_if: word_count > 18
  - id: t/language
    flag_if: lang = 'fa' and word_count > 15
  - id: t/secret
    replace_matches: 'secret\d*'
    with: '[gone]'
  - id: t/tables
    flag_if: dangling_tables > 0
  - id: t/findings
    flag_if: dangling(any) > 5
";

/// Runs the pipeline over `inputs`.
pub(crate) fn run_over(inputs: &[PathBuf], out: &Path) {
    let rules = RuleSource::Inline { name: "test".to_owned(), text: RULES.to_owned() };
    let request = Request {
        inputs: inputs.iter().map(|path| path.display().to_string()).collect(),
        rules: RuleSet::load(&[rules]).unwrap(),
        config: RunConfig {
            content: ContentConfig::default(),
            out: out.to_owned(),
            threads: 2,
            memory_bytes: 512 << 20,
            temp: None,
            audit: None,
            against: Vec::new(),
            alarms: Alarms::default(),
            force: false,
            device: "auto".to_owned(),
            rebuild_plans: false,
        },
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(run(&request, &Silent)).unwrap();
}
