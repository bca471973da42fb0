//! MB/s of text for the annotations of each pack, one core, through the function of the plan.
#![expect(clippy::unwrap_used, reason = "a bench")]

use std::collections::BTreeMap;
use std::hint::black_box;
use std::path::PathBuf;

use arrow::array::StringArray;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use tamis_rules::{RuleSet, RuleSource, annotate, packs};

const OWN_WORDS: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/../benches/shared/gopher-own-words.yaml");

#[path = "../../benches/shared/corpus.rs"]
mod corpus;

/// The default rules less the one that asks for references: the difference is what they cost.
fn without_references() -> RuleSource {
    let pack = concat!(env!("CARGO_MANIFEST_DIR"), "/packs/tamis-web.yaml");
    let text = std::fs::read_to_string(pack).unwrap();
    let (rules, rest) = text.split_once("  - id: web/dangling-references").unwrap();
    let (own, _tests) = rest.split_once("\ntests:").unwrap();
    assert!(!own.contains("- id:"), "the rule is not the last one");
    let rules = rules.to_owned();
    RuleSource::Inline { name: "web-without-references".into(), text: rules }
}

/// What languages cost beside the rest: of the document, and of each paragraph.
fn languages() -> [(&'static str, RuleSource); 2] {
    let source = |name: &str, measures: &str| RuleSource::Inline {
        name: name.to_owned(),
        text: format!("version: 1\nmeasure: [{measures}]\n"),
    };
    [
        ("language", source("language", "language, language_score")),
        ("language of each paragraph", source("paragraphs", "other_language_paragraph_ratio")),
    ]
}

/// All that pipelines for web pages ask for, at once: the default rules with personal data and
/// repetition, languages, and the rules of Gopher, C4 and `FineWeb` over the words of datatrove.
fn everything() -> RuleSource {
    let packs = "tamis/web, gopher@datatrove, c4@datatrove, fineweb@datatrove";
    RuleSource::Inline {
        name: "everything".to_owned(),
        text: format!("version: 1\nextends: [{packs}]\nmeasure: [language, language_score]\n"),
    }
}

fn packs_of(criterion: &mut Criterion) {
    let texts = corpus::texts();
    let bytes: usize = texts.iter().map(String::len).sum();
    let batches: Vec<StringArray> = texts.chunks(256).map(|chunk| chunk.to_vec().into()).collect();
    let mut group = criterion.benchmark_group("annotate");
    group.throughput(Throughput::Bytes(bytes as u64));
    let own = PathBuf::from(OWN_WORDS);
    let mut sources: Vec<(&str, RuleSource)> =
        packs::names().into_iter().map(|name| (name, RuleSource::Pack(name.to_owned()))).collect();
    sources.push(("gopher over our words", RuleSource::File(own)));
    sources.push(("tamis/web without references", without_references()));
    sources.extend(languages());
    sources.push(("everything", everything()));
    for (name, source) in sources {
        let set = RuleSet::load(&[source]).unwrap();
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
