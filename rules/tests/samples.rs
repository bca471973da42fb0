//! Every rule of every pack fires on at least one document of `samples/packs/`.
#![expect(clippy::unwrap_used, reason = "a test")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use serde_json::Value;
use tamis_rules::test_runner::judge;
use tamis_rules::{RuleSet, RuleSource, packs};

fn folder() -> PathBuf {
    Path::new(&std::env::var_os("CARGO_MANIFEST_DIR").unwrap()).join("../samples/packs")
}

fn texts(reader: impl Read) -> Vec<String> {
    let lines = BufReader::new(reader).lines();
    let text = |line: std::io::Result<String>| -> String {
        let record: Value = serde_json::from_str(&line.unwrap()).unwrap();
        record["text"].as_str().unwrap().to_owned()
    };
    lines.map(text).collect()
}

#[test]
fn every_rule_fires_on_a_sample() {
    let mut documents = texts(File::open(folder().join("documents.jsonl")).unwrap());
    let long = File::open(folder().join("long.jsonl.zst")).unwrap();
    documents.extend(texts(zstd::Decoder::new(long).unwrap()));
    let mut silent = Vec::new();
    for name in packs::names() {
        let set = RuleSet::load(&[RuleSource::Pack(name.to_owned())]).unwrap();
        let compiled = set.compile(&BTreeMap::new()).unwrap();
        let mut fired: BTreeSet<String> = BTreeSet::new();
        for text in &documents {
            let judged = judge(&set, &compiled, text, &BTreeMap::new()).unwrap();
            fired.extend([judged.drop, judged.flag, judged.edit].concat());
        }
        let rules = set.rules().iter().map(|rule| &rule.id);
        silent.extend(rules.filter(|id| !fired.contains(*id)).map(|id| format!("{name}: {id}")));
    }
    assert!(silent.is_empty(), "{silent:?}");
}
