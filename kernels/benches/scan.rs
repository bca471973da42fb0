//! MB/s of text for each kernel, one core.
#![expect(clippy::unwrap_used, reason = "a bench")]

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use tamis_kernels::minhash::{Banding, band_hashes, signature};
use tamis_kernels::{
    Grams, Level, SpacyEnglish, Table, Tamis, content_hash, lines, newline_paragraphs, paragraphs,
    shingles,
};

#[path = "../../benches/shared/corpus.rs"]
mod corpus;

fn scan(criterion: &mut Criterion) {
    let texts = corpus::texts();
    let bytes: usize = texts.iter().map(String::len).sum();
    let mut group = criterion.benchmark_group("scan");
    group.throughput(Throughput::Bytes(bytes as u64));
    group.bench_function("words, hashed", |bencher| {
        let (mut tamis, mut words) = (Tamis::default(), Vec::new());
        bencher.iter(|| {
            for text in &texts {
                tamis.scan(black_box(text), &mut words);
                black_box(&words);
            }
        });
    });
    for level in Level::available() {
        group.bench_function(format!("text to band hashes, {level:?}"), |bencher| {
            let (mut tamis, mut words) = (Tamis::default(), Vec::new());
            let (mut hashes, mut grams, mut bands) = (Vec::new(), Vec::new(), Vec::new());
            let banding = Banding::for_threshold(0.8).unwrap();
            let mut slots = vec![0; banding.slots()];
            bencher.iter(|| {
                for text in &texts {
                    tamis.scan(black_box(text), &mut words);
                    hashes.clear();
                    hashes.extend(words.iter().map(|word| word.hash));
                    shingles(level, &hashes, 5, &mut grams);
                    signature(level, &grams, &mut slots);
                    band_hashes(&slots, banding, &mut bands);
                    black_box(&bands);
                }
            });
        });
    }
    group.bench_function("spaCy's English words", |bencher| {
        let (mut spacy, mut words) = (SpacyEnglish::default(), Vec::new());
        bencher.iter(|| {
            for text in &texts {
                spacy.scan(black_box(text), &mut words);
                black_box(&words);
            }
        });
    });
    group.bench_function("lines and paragraphs, hashed", |bencher| {
        let mut segments = Vec::new();
        bencher.iter(|| {
            for text in &texts {
                lines(black_box(text), &mut segments);
                black_box(&segments);
                paragraphs(black_box(text), &mut segments);
                black_box(&segments);
                newline_paragraphs(black_box(text), &mut segments);
                black_box(&segments);
            }
        });
    });
    group.bench_function("n-grams of 2 to 10 words", |bencher| {
        let mut tamis = Tamis::default();
        let all: Vec<_> = texts
            .iter()
            .map(|text| {
                let mut words = Vec::new();
                tamis.scan(text, &mut words);
                words
            })
            .collect();
        let (mut grams, mut table) = (Grams::default(), Table::default());
        bencher.iter(|| {
            for words in &all {
                grams.fill(black_box(words));
                for length in 2..=4 {
                    black_box(grams.top(length, &mut table));
                }
                for length in 5..=10 {
                    black_box(grams.duplicates(length, &mut table, |_, _| ()));
                }
            }
        });
    });
    group.bench_function("content hash", |bencher| {
        bencher.iter(|| {
            for text in &texts {
                black_box(content_hash(black_box(text)));
            }
        });
    });
    group.finish();
}

criterion_group!(benches, scan);
criterion_main!(benches);
