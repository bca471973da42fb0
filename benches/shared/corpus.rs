//! The text that benches run over: English manual pages of the samples, or the JSONL.zst file
//! that `TAMIS_BENCH_CORPUS` names.
#![allow(dead_code, clippy::allow_attributes, clippy::unwrap_used, missing_docs)]

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

pub(crate) fn samples() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    [here.join("samples"), here.join("../samples")].into_iter().find(|path| path.exists()).unwrap()
}

/// The records as they stand, one a line.
pub(crate) fn records() -> Vec<String> {
    let path = std::env::var("TAMIS_BENCH_CORPUS")
        .map_or_else(|_| samples().join("handbook/en.jsonl.zst"), PathBuf::from);
    let mut text = String::new();
    zstd::Decoder::new(File::open(path).unwrap()).unwrap().read_to_string(&mut text).unwrap();
    if std::env::var("TAMIS_BENCH_CORPUS").is_err() {
        text += &std::fs::read_to_string(samples().join("manuals/python.jsonl")).unwrap();
    }
    text.lines().map(str::to_owned).collect()
}

/// The texts of the records.
pub(crate) fn texts() -> Vec<String> {
    let text = |line: &String| {
        let record: serde_json::Value = serde_json::from_str(line).unwrap();
        record["text"].as_str().unwrap().to_owned()
    };
    records().iter().map(text).collect()
}
