//! MB/s of text into ids and vectors, one core.
#![expect(clippy::unwrap_used, reason = "a bench")]

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use tamis_kernels::embedders::wordpiece::{self, WordPiece};
use tamis_kernels::embedders::{Embedder, Scratch, embedded, static_from_bytes};

#[path = "../../benches/shared/corpus.rs"]
mod corpus;

/// The corpus as documents of about 1,000 bytes.
fn documents() -> Vec<String> {
    let mut documents = Vec::new();
    for text in corpus::texts() {
        let mut rest = text.as_str();
        while !rest.is_empty() {
            let (one, after) = rest.split_at(rest.floor_char_boundary(1000));
            documents.push(one.to_owned());
            rest = after;
        }
    }
    documents
}

fn embedders(criterion: &mut Criterion) {
    let documents = documents();
    let bytes: usize = documents.iter().map(String::len).sum();
    let mut group = criterion.benchmark_group(format!("{} documents of 1 kB", documents.len()));
    group.throughput(Throughput::Bytes(bytes as u64));
    group.sample_size(10);
    let json = include_bytes!("../model/tokenizer.json");
    group.bench_function("WordPiece", |bencher| {
        let tokenizer = WordPiece::from_json(json).unwrap();
        let (mut scratch, mut ids) = (wordpiece::Scratch::default(), Vec::new());
        bencher.iter(|| {
            for document in &documents {
                tokenizer.encode(black_box(document), usize::MAX, &mut scratch, &mut ids);
                black_box(&ids);
            }
        });
    });
    group.bench_function("embedded model", |bencher| {
        let (model, mut scratch) = (embedded().unwrap(), Scratch::default());
        let mut out = vec![0.0; model.dimensions()];
        bencher.iter(|| {
            for document in &documents {
                black_box(model.embed(black_box(document), &mut scratch, &mut out));
                black_box(&out);
            }
        });
    });
    let some: Vec<_> = documents.iter().step_by(20).collect();
    let bytes: usize = some.iter().map(|document| document.len()).sum();
    group.throughput(Throughput::Bytes(bytes as u64));
    group.bench_function("WordPiece of the tokenizers crate", |bencher| {
        let tokenizer = tokenizers::Tokenizer::from_bytes(json).unwrap();
        bencher.iter(|| {
            for document in &some {
                black_box(tokenizer.encode_fast(document.as_str(), false).unwrap());
            }
        });
    });
    group.finish();
    criterion.bench_function("reading the embedded model", |bencher| {
        let [tensors, tokenizer, config] = [
            include_bytes!("../model/model.safetensors").as_slice(),
            include_bytes!("../model/tokenizer.json"),
            include_bytes!("../model/config.json"),
        ];
        bencher.iter(|| static_from_bytes(black_box(tensors), tokenizer, config).unwrap());
    });
}

criterion_group!(benches, embedders);
criterion_main!(benches);
