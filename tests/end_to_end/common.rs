//! What the end-to-end tests share: small corpora, the binary, and the bytes of a run.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

/// The binary under test.
pub(crate) fn tamis() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tamis"));
    command.env_remove("RUST_BACKTRACE");
    command
}

/// Runs the binary with `args` in `folder`.
pub(crate) fn run_in(folder: &Path, args: &[&str]) -> Output {
    tamis().args(args).current_dir(folder).output().unwrap()
}

/// Runs and expects an exit code; gives standard output and standard error.
pub(crate) fn expect(folder: &Path, args: &[&str], code: i32) -> (String, String) {
    let output = run_in(folder, args);
    let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(code), "{args:?}\n{stdout}\n{stderr}");
    assert!(!stderr.contains("panicked"), "{stderr}");
    (stdout, stderr)
}

/// The folder `samples/`.
pub(crate) fn samples() -> PathBuf {
    // asked when the test runs: checkouts may share a target folder
    let root = std::env::var_os("CARGO_MANIFEST_DIR").unwrap();
    Path::new(&root).join("samples")
}

/// A sentence that no rule objects to, different for every number.
pub(crate) fn good_text(number: usize) -> String {
    let words = ["river", "stone", "garden", "letter", "window", "bridge", "summer", "market"];
    let mut text = String::new();
    for line in 0..6 {
        let pick = |shift: usize| words[(number * 7 + line * 3 + shift * number) % words.len()];
        text.push_str(&format!(
            "In the year {} the {} of the {} was moved to a {} that nobody had seen before number {}.\n",
            1500 + number * 13 + line, pick(1), pick(2), pick(3), number * 31 + line
        ));
    }
    text
}

/// A record with an id and a good text.
pub(crate) fn good_record(number: usize) -> String {
    serde_json::json!({"id": format!("doc-{number}"), "text": good_text(number), "url": format!("https://example.com/{number}")}).to_string()
}

/// Writes `count` good records, every seventh too short, every eleventh a copy of the first.
pub(crate) fn write_corpus(path: &Path, first: usize, count: usize) {
    let mut lines = String::new();
    for number in first..first + count {
        let line = if number % 7 == 3 {
            serde_json::json!({"id": format!("short-{number}"), "text": format!("Page {number}.")})
                .to_string()
        } else if number % 11 == 5 {
            serde_json::json!({"id": format!("copy-{number}"), "text": good_text(0)}).to_string()
        } else {
            good_record(number)
        };
        lines.push_str(&line);
        lines.push('\n');
    }
    write(path, lines.as_bytes());
}

/// Writes bytes, compressed as the name says.
pub(crate) fn write(path: &Path, bytes: &[u8]) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let stored = match path.extension().and_then(|extension| extension.to_str()) {
        Some("gz") => {
            let mut encoder =
                flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
            encoder.write_all(bytes).unwrap();
            encoder.finish().unwrap()
        }
        Some("zst") => zstd::encode_all(bytes, 3).unwrap(),
        Some("bz2") => {
            let mut encoder =
                bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::default());
            encoder.write_all(bytes).unwrap();
            encoder.finish().unwrap()
        }
        _ => bytes.to_vec(),
    };
    fs::write(path, stored).unwrap();
}

/// The lines of a file, decompressed as the name says.
pub(crate) fn lines(path: &Path) -> Vec<String> {
    use std::io::Read;
    let bytes = fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut text = String::new();
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("gz") => {
            flate2::read::MultiGzDecoder::new(bytes.as_slice()).read_to_string(&mut text).unwrap();
        }
        Some("zst") => {
            text = String::from_utf8(zstd::decode_all(bytes.as_slice()).unwrap()).unwrap();
        }
        Some("bz2") => {
            bzip2::read::MultiBzDecoder::new(bytes.as_slice()).read_to_string(&mut text).unwrap();
        }
        _ => text = String::from_utf8(bytes).unwrap(),
    }
    text.lines().map(str::to_owned).collect()
}

/// A JSON file.
pub(crate) fn json(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

/// `report.json` of a run.
pub(crate) fn report(out: &Path) -> Value {
    json(&out.join("report.json"))
}

/// The four numbers of a report.
pub(crate) fn books(out: &Path) -> [u64; 4] {
    let report = report(out);
    ["read", "kept", "removed", "failed"].map(|name| report["documents"][name].as_u64().unwrap())
}

/// Every file of a run with its bytes, `timings`, the metrics of plans and the paths of inputs aside.
pub(crate) fn bytes_of(out: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    collect(out, out, &mut found);
    found
}

fn collect(root: &Path, folder: &Path, found: &mut BTreeMap<String, Vec<u8>>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.strip_prefix(root).unwrap().display().to_string();
        if name == "plans" {
            // metrics: seconds and batches
        } else if path.is_dir() {
            collect(root, &path, found);
        } else if name == "run.json" {
            let mut manifest = json(&path);
            manifest.as_object_mut().unwrap().remove("timings");
            found.insert(name, serde_json::to_vec(&manifest).unwrap());
        } else if name != ".lock" {
            found.insert(name, fs::read(&path).unwrap());
        }
    }
}

/// Two runs hold the same files with the same bytes.
pub(crate) fn assert_same(one: &Path, other: &Path) {
    let (one, other) = (bytes_of(one), bytes_of(other));
    let names = |files: &BTreeMap<String, Vec<u8>>| files.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&one), names(&other));
    for (name, bytes) in &one {
        assert!(other[name] == *bytes, "{name} differs");
    }
}
