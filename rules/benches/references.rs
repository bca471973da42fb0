//! MB/s of text for the detector of dangling references, one core: over the whole corpus, over its
//! documents with few cues (at most one mention in 2,000 bytes), and over those with none.
#![expect(clippy::unwrap_used, reason = "a bench")]

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use tamis_rules::references::{Detector, DetectorBuffers, Found};

#[path = "../../benches/shared/corpus.rs"]
mod corpus;

/// Bytes for each mention of a document with few cues, at least.
const FEW: usize = 2_000;

fn detector(criterion: &mut Criterion) {
    let detector = Detector::embedded().unwrap();
    let (mut scratch, mut found) = (DetectorBuffers::default(), Found::default());
    let (mut all, mut few, mut none) = (Vec::new(), Vec::new(), Vec::new());
    for text in corpus::texts() {
        detector.find(&text, &mut scratch, &mut found);
        let mentions = found.scan.mentions.len();
        if mentions == 0 {
            none.push(text.clone());
        }
        if mentions * FEW <= text.len() {
            few.push(text.clone());
        }
        all.push(text);
    }
    let mut group = criterion.benchmark_group("references");
    for (name, texts) in [("all", &all), ("few cues", &few), ("no mention", &none)] {
        group.throughput(Throughput::Bytes(texts.iter().map(|text| text.len() as u64).sum()));
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                for text in texts {
                    detector.find(black_box(text), &mut scratch, &mut found);
                    black_box(&found);
                }
            });
        });
    }
    group.finish();
}

criterion_group!(benches, detector);
criterion_main!(benches);
