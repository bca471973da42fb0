//! A whole run through the binary on one thread: both passes, JSONL.zst in and out.
#![expect(clippy::unwrap_used, reason = "a bench")]

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};

#[path = "shared/corpus.rs"]
mod corpus;

/// Bytes of text in the corpus, at least.
const TEXT_BYTES: usize = 32 << 20;

/// Shards of records that differ: each copy of the samples has its number in every text.
fn write_corpus(folder: &Path) -> u64 {
    let texts = corpus::texts();
    let mut written = 0;
    let mut copy = 0;
    while written < TEXT_BYTES {
        let mut lines = String::new();
        while lines.len() < TEXT_BYTES / 4 && written < TEXT_BYTES {
            for (number, text) in texts.iter().enumerate() {
                let text = format!("Copy {copy} of page {number}. {text}");
                written += text.len();
                let record = serde_json::json!({"id": format!("{copy}-{number}"), "text": text});
                lines += &record.to_string();
                lines.push('\n');
            }
            copy += 1;
        }
        let path = folder.join(format!("part-{copy:05}.jsonl.zst"));
        fs::write(path, zstd::encode_all(lines.as_bytes(), 3).unwrap()).unwrap();
    }
    written as u64
}

fn whole_runs(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().unwrap();
    let input = folder.path().join("in");
    fs::create_dir(&input).unwrap();
    let bytes = write_corpus(&input);
    let mut group = criterion.benchmark_group("run");
    group.throughput(Throughput::Bytes(bytes)).sample_size(10);
    for rules in ["tamis/web", "gopher@datatrove", "none"] {
        group.bench_function(rules, |bencher| {
            bencher.iter(|| {
                let status = Command::new(env!("CARGO_BIN_EXE_tamis"))
                    .args(["run", "in", "--out", "out", "--force", "--quiet", "--threads", "1"])
                    .args(["--rules", rules])
                    .current_dir(folder.path())
                    .stdout(Stdio::null())
                    .status()
                    .unwrap();
                assert!(status.success());
            });
        });
    }
    group.finish();
}

criterion_group!(benches, whole_runs);
criterion_main!(benches);
