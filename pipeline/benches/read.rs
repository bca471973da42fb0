//! MB/s of text for reading each format, one core.
#![expect(clippy::unwrap_used, reason = "a bench")]

use std::fs::{self, File};
use std::hint::black_box;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use tamis_pipeline::read::{Columns, ReadOptions, discover, open};

#[path = "../../benches/shared/corpus.rs"]
mod corpus;

fn write_all(folder: &Path) -> u64 {
    let (records, texts) = (corpus::records(), corpus::texts());
    let jsonl = (records.join("\n") + "\n").into_bytes();
    fs::write(folder.join("a.jsonl"), &jsonl).unwrap();
    let mut gzip = flate2::write::GzEncoder::new(
        File::create(folder.join("b.jsonl.gz")).unwrap(),
        flate2::Compression::default(),
    );
    gzip.write_all(&jsonl).unwrap();
    gzip.finish().unwrap();
    fs::write(folder.join("c.jsonl.zst"), zstd::encode_all(jsonl.as_slice(), 3).unwrap()).unwrap();
    let mut bzip2 = bzip2::write::BzEncoder::new(
        File::create(folder.join("d.jsonl.bz2")).unwrap(),
        bzip2::Compression::default(),
    );
    bzip2.write_all(&jsonl).unwrap();
    bzip2.finish().unwrap();
    let column: ArrayRef = Arc::new(StringArray::from(texts.clone()));
    let batch = RecordBatch::try_from_iter([("text", column)]).unwrap();
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .build();
    let file = File::create(folder.join("e.parquet")).unwrap();
    let mut writer = ArrowWriter::try_new(file, batch.schema(), Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    texts.iter().map(String::len).sum::<usize>() as u64
}

fn formats(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().unwrap();
    let bytes = write_all(folder.path());
    let shards = discover(&[folder.path().display().to_string()], None).unwrap().shards;
    let options = ReadOptions {
        columns: Columns::default(),
        foreign: Vec::new(),
        reason_field: "tamis".to_owned(),
        with_raw: false,
        batch_bytes: 4 << 20,
        batch_rows: 1024,
        record_bytes_max: 128 << 20,
        limit: None,
    };
    let mut group = criterion.benchmark_group("read");
    group.throughput(Throughput::Bytes(bytes)).sample_size(10);
    for shard in &shards {
        let name = shard.name.split_once('.').map_or(shard.name.as_str(), |(_, name)| name);
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                let mut reader = open(shard, &options).unwrap();
                while let Some(chunk) = reader.next_chunk().unwrap() {
                    black_box(&chunk.batch);
                }
            });
        });
    }
    group.finish();
}

criterion_group!(benches, formats);
criterion_main!(benches);
