//! `repair: mojibake` over the samples: what is clean stays, what is damaged comes back.

#![expect(clippy::unwrap_used, reason = "a test")]

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tamis_rules::edits::{CompiledEdit, Edit};

fn samples() -> PathBuf {
    Path::new(&std::env::var_os("CARGO_MANIFEST_DIR").unwrap()).join("../samples")
}

/// The pages of the handbook in eleven languages, and the manual of Python.
fn texts() -> Vec<String> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(samples().join("handbook"))
        .unwrap()
        .map(|file| file.unwrap().path())
        .filter(|file| file.extension().is_some_and(|end| end == "zst"))
        .collect();
    files.sort();
    let mut lines = std::fs::read_to_string(samples().join("manuals/python.jsonl")).unwrap();
    for file in files {
        zstd::Decoder::new(File::open(file).unwrap()).unwrap().read_to_string(&mut lines).unwrap();
    }
    let text = |line: &str| {
        let record: Value = serde_json::from_str(line).unwrap();
        record["text"].as_str().unwrap().to_owned()
    };
    lines.lines().map(text).collect()
}

fn repaired(text: &str) -> Option<String> {
    let edit = CompiledEdit::new(&Edit::RepairMojibake).unwrap();
    edit.apply(text).unwrap().map(|rewritten| rewritten.text)
}

#[test]
fn clean_pages_of_all_languages_stay() {
    let texts = texts();
    assert!(texts.len() > 200, "{}", texts.len());
    for text in texts {
        assert_eq!(repaired(&text), None);
    }
}

#[test]
fn damaged_lines_come_back_or_stay_as_they_are() {
    let (mut damaged_lines, mut back) = (0, 0);
    for text in texts() {
        for line in text.lines().filter(|line| !line.is_ascii()) {
            let damaged: String = line.bytes().map(char::from).collect();
            let after = repaired(&damaged).unwrap_or_else(|| damaged.clone());
            assert!(after == line || after == damaged, "{line}\n{after}");
            damaged_lines += 1;
            back += usize::from(after == line);
        }
    }
    assert!(damaged_lines > 4000, "{damaged_lines}");
    assert!(back * 100 >= damaged_lines * 99, "{back} of {damaged_lines}");
}
