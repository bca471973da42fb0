//! MB/s of text for the annotations of each pack, one core, through the function of the plan.
#![expect(clippy::unwrap_used, reason = "a bench")]

use std::collections::BTreeMap;
use std::hint::black_box;

use arrow::array::StringArray;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use tamis_rules::{RuleSet, RuleSource, annotate, packs};

#[path = "../../benches/shared/corpus.rs"]
mod corpus;

fn packs_of(criterion: &mut Criterion) {
    let texts = corpus::texts();
    let bytes: usize = texts.iter().map(String::len).sum();
    let batches: Vec<StringArray> = texts.chunks(256).map(|chunk| chunk.to_vec().into()).collect();
    let mut group = criterion.benchmark_group("annotate");
    group.throughput(Throughput::Bytes(bytes as u64));
    for name in packs::names() {
        let set = RuleSet::load(&[RuleSource::Pack(name.to_owned())]).unwrap();
        let compiled = set.compile(&BTreeMap::new()).unwrap();
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                for batch in &batches {
                    black_box(annotate(&compiled.spec, black_box(batch)).unwrap());
                }
            });
        });
    }
    group.finish();
}

criterion_group!(benches, packs_of);
criterion_main!(benches);
