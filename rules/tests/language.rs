//! The language of a sample of a text is that of all of it.

#![expect(clippy::unwrap_used, reason = "a test")]

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tamis_rules::language::{SAMPLE_BYTES, detect, sample};

fn samples() -> PathBuf {
    Path::new(&std::env::var_os("CARGO_MANIFEST_DIR").unwrap()).join("../samples")
}

fn records(path: &Path) -> Vec<Value> {
    let mut text = String::new();
    zstd::Decoder::new(File::open(path).unwrap()).unwrap().read_to_string(&mut text).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Documents, those longer than a sample, and those whose sample has the language of the whole.
fn agreement(texts: &[&str]) -> (usize, usize, usize) {
    let mut buffer = String::new();
    let mut same = 0;
    for text in texts {
        let seen = detect(sample(text, &mut buffer)).map(|found| found.code);
        same += usize::from(seen == detect(text).map(|found| found.code));
    }
    let long = texts.iter().filter(|text| text.len() > SAMPLE_BYTES).count();
    (texts.len(), long, same)
}

fn texts(records: &[Value]) -> Vec<&str> {
    records.iter().map(|record| record["text"].as_str().unwrap()).collect()
}

fn handbook() -> Vec<Value> {
    let files = std::fs::read_dir(samples().join("handbook")).unwrap();
    let mut files: Vec<PathBuf> = files.map(|file| file.unwrap().path()).collect();
    files.sort();
    let packed = files.iter().filter(|file| file.extension().is_some_and(|end| end == "zst"));
    packed.flat_map(|file| records(file)).collect()
}

#[test]
fn a_sample_has_the_language_of_the_whole() {
    let handbook = handbook();
    let (all, long, same) = agreement(&texts(&handbook));
    assert!(long > 50, "{long} of {all} are longer than a sample");
    assert!(same * 100 >= all * 99, "{same} of {all}");
    // what TAMIS_LANGUAGE_CORPUS names, a JSONL.zst file, is measured too
    if let Some(path) = std::env::var_os("TAMIS_LANGUAGE_CORPUS") {
        let corpus = records(Path::new(&path));
        let (all, long, same) = agreement(&texts(&corpus));
        let share = 100.0 * same as f64 / all as f64;
        println!("{all} documents, {long} longer than a sample, {same} agree: {share:.2} %");
        assert!(same * 100 >= all * 99, "{same} of {all}");
    }
}

#[test]
fn translations_have_the_languages_of_their_folders() {
    let expected = std::fs::read_to_string(samples().join("expected.json")).unwrap();
    let expected: Value = serde_json::from_str(&expected).unwrap();
    let untranslated = expected["untranslated"].to_string();
    let mut wrong: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut asked = 0;
    let mut buffer = String::new();
    for record in handbook() {
        let (id, lang) = (record["id"].as_str().unwrap(), record["lang"].as_str().unwrap());
        let found = detect(sample(record["text"].as_str().unwrap(), &mut buffer)).unwrap();
        asked += 1;
        // pages that stand in English in the book
        let english = found.code == "en" && untranslated.contains(id);
        if found.code != lang && !english {
            wrong.entry(format!("{lang} as {}", found.code)).or_default().push(id.to_owned());
        }
    }
    let count: usize = wrong.values().map(Vec::len).sum();
    assert!(asked > 150 && count * 100 <= asked * 2, "{count} of {asked}: {wrong:#?}");
}
