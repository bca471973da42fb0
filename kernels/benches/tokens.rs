//! MB/s of text: tokens by the `tokenizers` crate itself and through us, and the search for
//! evaluation sets.
//!
//! The tokenizer is the one that comes with tamis, or the file that `TAMIS_BENCH_TOKENIZER` names.
#![expect(clippy::unwrap_used, reason = "a bench")]

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use tamis_kernels::{OverlapScratch, OverlapsBuilder, Tamis, TextTokenizer};

#[path = "../../benches/shared/corpus.rs"]
mod corpus;

fn tokens(criterion: &mut Criterion) {
    let texts = corpus::texts();
    // tokenizers are slow: a few MB are enough
    let texts: Vec<&String> = texts.iter().take(400).collect();
    let bytes: usize = texts.iter().map(|text| text.len()).sum();
    let tokenizer = match std::env::var("TAMIS_BENCH_TOKENIZER") {
        Ok(path) => TextTokenizer::from_json(&std::fs::read(path).unwrap()).unwrap(),
        Err(_) => TextTokenizer::embedded().unwrap(),
    };
    let mut group = criterion.benchmark_group("tokens");
    group.sample_size(10).throughput(Throughput::Bytes(bytes as u64));
    group.bench_function("the tokenizers crate", |bencher| {
        bencher.iter(|| {
            for text in &texts {
                black_box(tokenizer.inner().encode_fast(text.as_str(), false).unwrap().len());
            }
        });
    });
    group.bench_function("through us", |bencher| {
        let mut ids = Vec::new();
        bencher.iter(|| {
            for text in &texts {
                tokenizer.encode(text, &mut ids);
                black_box(ids.len());
            }
        });
    });
    group.finish();
}

fn overlaps(criterion: &mut Criterion) {
    let texts = corpus::texts();
    let bytes: usize = texts.iter().map(String::len).sum();
    // every hundredth text is a set, so that some is found
    let (mut builder, mut scan) = (OverlapsBuilder::default(), Tamis::default());
    for text in texts.iter().step_by(100) {
        builder.add(text, &mut scan).unwrap();
    }
    let index = builder.finish(13, 0).unwrap();
    let mut group = criterion.benchmark_group("overlaps");
    group.throughput(Throughput::Bytes(bytes as u64));
    group.bench_function(format!("{} 13-grams", index.grams()), |bencher| {
        let (mut scratch, mut found) = (OverlapScratch::default(), Vec::new());
        bencher.iter(|| {
            for text in &texts {
                index.find(black_box(text), &mut scratch, &mut found);
                black_box(&found);
            }
        });
    });
    group.finish();
}

criterion_group!(benches, tokens, overlaps);
criterion_main!(benches);
