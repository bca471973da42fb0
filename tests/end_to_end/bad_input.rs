//! Bad input: a clear message, an entry in failed/, the other records unharmed, never a panic.

use std::fs;
use std::io::Write;
use std::path::Path;

use crate::common::{books, expect, good_record, lines, write};
use serde_json::Value;

/// Runs over `input` and gives the failures of its shard.
fn failures(folder: &Path, shard: &str) -> Vec<Value> {
    expect(folder, &["run", "in", "--out", "out", "--rules", "none", "--dedup", "none"], 0);
    let path = folder.join(format!("out/failed/{shard}.jsonl"));
    lines(&path).iter().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn broken_records_fail_with_their_place_and_the_others_go_on() {
    let folder = tempfile::tempdir().unwrap();
    let mut bytes = Vec::new();
    let deep =
        format!("{{\"text\": \"a\", \"x\": {}{}}}", "[".repeat(200_000), "]".repeat(200_000));
    let bad: [&[u8]; 7] = [
        b"{\"text\": \"no end",
        b"{\"body\": \"no text\"}",
        b"{\"text\": 17}",
        b"{\"text\": null}",
        b"{\"text\": \"\xff\xfe\"}",
        b"{\"text\": \"a\0b\"}",
        deep.as_bytes(),
    ];
    for (number, line) in bad.iter().enumerate() {
        bytes.extend(good_record(number).as_bytes());
        bytes.push(b'\n');
        bytes.extend(*line);
        bytes.push(b'\n');
    }
    write(&folder.path().join("in/a.jsonl"), &bytes);
    let failed = failures(folder.path(), "a.jsonl");
    let reasons: Vec<&str> = failed.iter().map(|f| f["reason"].as_str().unwrap()).collect();
    assert_eq!(
        reasons,
        [
            "broken-json",
            "missing-text",
            "text-not-a-string",
            "missing-text",
            "invalid-utf8",
            "broken-json",
            "nested-too-deep"
        ]
    );
    for (number, failure) in failed.iter().enumerate() {
        assert_eq!(failure["line"], 2 * number + 2);
        assert_eq!(failure["row"], 2 * number + 1);
        let from = usize::try_from(failure["offset"].as_u64().unwrap()).unwrap();
        assert!(bytes[from..].starts_with(bad[number]));
    }
    assert_eq!(books(&folder.path().join("out")), [14, 7, 0, 7]);
    assert_eq!(lines(&folder.path().join("out/kept/a.jsonl")).len(), 7);
}

#[test]
fn truncated_streams_keep_what_came_before() {
    for end in ["gz", "zst", "bz2"] {
        let folder = tempfile::tempdir().unwrap();
        let mut text = String::new();
        for number in 0..2000 {
            text.push_str(&good_record(number));
            text.push('\n');
        }
        let path = folder.path().join(format!("in/a.jsonl.{end}"));
        if end == "zst" {
            // a block at a time, so that the first half can be decoded
            let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), 3).unwrap();
            for chunk in text.as_bytes().chunks(20_000) {
                encoder.write_all(chunk).unwrap();
                encoder.flush().unwrap();
            }
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, encoder.finish().unwrap()).unwrap();
        } else if end == "bz2" {
            // streams of their own, or half a file is less than one block
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            let mut stored = Vec::new();
            for chunk in text.as_bytes().chunks(50_000) {
                let mut encoder =
                    bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
                encoder.write_all(chunk).unwrap();
                stored.extend(encoder.finish().unwrap());
            }
            fs::write(&path, stored).unwrap();
        } else {
            write(&path, text.as_bytes());
        }
        let whole = fs::read(&path).unwrap();
        fs::write(&path, &whole[..whole.len() / 2]).unwrap();
        let failed = failures(folder.path(), &format!("a.jsonl.{end}"));
        assert_eq!(failed.len(), 1, "{end}");
        let reason = failed[0]["reason"].as_str().unwrap();
        assert!(reason.starts_with("truncated-"), "{end}: {reason}");
        let [read, kept, removed, lost] = books(&folder.path().join("out"));
        assert_eq!((read, removed, lost), (kept + 1, 0, 1), "{end}");
        assert!(kept > 100, "{end}: only {kept} records came before the cut");
    }
}

#[test]
fn a_parquet_file_that_is_cut_or_corrupt_fails_and_the_others_go_on() {
    let folder = tempfile::tempdir().unwrap();
    let input = crate::common::samples().join("rust");
    let sample = fs::read_dir(input)
        .unwrap()
        .flatten()
        .map(|e| e.path())
        .find(|p| p.extension().is_some_and(|e| e == "parquet"))
        .unwrap();
    let bytes = fs::read(sample).unwrap();
    write(&folder.path().join("in/cut.parquet"), &bytes[..bytes.len() / 2]);
    let mut corrupt = bytes.clone();
    for byte in &mut corrupt[200..4000] {
        *byte ^= 0x5a;
    }
    write(&folder.path().join("in/corrupt.parquet"), &corrupt);
    write(&folder.path().join("in/empty.parquet"), b"");
    write(&folder.path().join("in/whole.parquet"), &bytes);
    expect(folder.path(), &["run", "in", "--out", "out", "--rules", "none", "--dedup", "none"], 0);
    for name in ["cut", "corrupt", "empty"] {
        let failed = lines(&folder.path().join(format!("out/failed/{name}.parquet.jsonl")));
        assert!(!failed.is_empty(), "{name}");
        assert!(failed[0].contains("parquet"), "{}", failed[0]);
    }
    assert!(folder.path().join("out/kept/whole.parquet").exists());
    assert!(!folder.path().join("out/failed/whole.parquet.jsonl").exists());
}

#[test]
fn a_record_above_the_limit_fails_without_being_held() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("in/a.jsonl");
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let mut file = fs::File::create(&path).unwrap();
    writeln!(file, "{}", good_record(1)).unwrap();
    file.write_all(b"{\"text\": \"").unwrap();
    let block = vec![b'a'; 1 << 20];
    for _ in 0..200 {
        file.write_all(&block).unwrap();
    }
    writeln!(file, "\"}}\n{}", good_record(2)).unwrap();
    drop(file);
    let failed = failures(folder.path(), "a.jsonl");
    assert_eq!(failed[0]["reason"], "record-too-large");
    assert_eq!(failed[0]["raw"], Value::Null);
    assert_eq!(failed[0]["length"], 10 + (200 << 20) + 2);
    assert_eq!(books(&folder.path().join("out")), [3, 2, 0, 1]);
}

#[test]
fn empty_files_and_empty_texts_are_no_errors() {
    let folder = tempfile::tempdir().unwrap();
    write(&folder.path().join("in/empty.jsonl"), b"");
    write(&folder.path().join("in/empty.jsonl.gz"), b"");
    write(&folder.path().join("in/a.jsonl"), b"{\"text\": \"\"}\n");
    expect(folder.path(), &["run", "in", "--out", "out", "--rules", "none", "--dedup", "none"], 0);
    assert_eq!(books(&folder.path().join("out")), [1, 1, 0, 0]);
}

#[test]
fn repeated_ids_and_columns_that_change_type_are_counted_warnings() {
    let folder = tempfile::tempdir().unwrap();
    write(
        &folder.path().join("rules.yaml"),
        b"version: 1\ncolumns: {score: double}\nrules:\n  - id: t/low\n    drop_if: score < 0.5\n",
    );
    write(&folder.path().join("in/a.jsonl"), b"{\"id\": 1, \"text\": \"a\", \"score\": 0.1}\n{\"id\": 1, \"text\": \"b\", \"score\": \"high\"}\n");
    expect(folder.path(), &["run", "in", "--out", "out", "--rules", "rules.yaml"], 0);
    let report = crate::common::report(&folder.path().join("out"));
    assert_eq!(report["repeated_ids"], 1);
    let warnings = report["warnings"].to_string();
    assert!(warnings.contains("score is of another type"), "{warnings}");
    assert_eq!(report["rules"][0]["undecided"], 1);
    assert_eq!(books(&folder.path().join("out")), [2, 1, 1, 0]);
}

#[test]
fn a_field_of_the_same_name_is_refused_until_another_is_chosen() {
    let folder = tempfile::tempdir().unwrap();
    write(&folder.path().join("in/a.jsonl"), b"{\"text\": \"a\", \"tamis\": 1}\n");
    let (_, stderr) = expect(folder.path(), &["run", "in", "--out", "out"], 2);
    assert!(stderr.contains("a.jsonl line 1") && stderr.contains("--reason-field"), "{stderr}");
    expect(folder.path(), &["run", "in", "--out", "out2", "--reason-field", "why"], 0);
}

#[test]
fn usage_errors_name_what_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    write(&folder.path().join("a.jsonl"), b"{\"text\": \"a\"}\n");
    let cases: [(&[&str], &str); 6] = [
        (&["run", "nowhere", "--out", "out"], "nowhere: does not exist"),
        (&["run", "a.jsonl"], "--out"),
        (&["run", "--out", "out"], "no input given"),
        (&["run", "a.jsonl", "--out", "a.jsonl"], "is a file"),
        (&["run", "a.jsonl", "--out", "out", "--memory", "lots"], "no size"),
        (&["run", "a.jsonl", "--out", "out", "--survivor", "no_such_thing desc"], "no_such_thing"),
    ];
    for (args, message) in cases {
        let (_, stderr) = expect(folder.path(), args, 2);
        assert!(stderr.contains(message), "{args:?}: {stderr}");
    }
}

#[test]
fn a_full_disk_is_an_error_and_the_run_goes_on_later() {
    let folder = tempfile::tempdir().unwrap();
    crate::common::write_corpus(&folder.path().join("a.jsonl"), 0, 3000);
    // a limit on the size of files is what a full disk looks like to the process
    let limited = std::process::Command::new("sh")
        .arg("-c")
        .arg(format!(
            "ulimit -f 100; trap '' XFSZ; exec {} run a.jsonl --out out",
            env!("CARGO_BIN_EXE_tamis")
        ))
        .current_dir(folder.path())
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&limited.stderr);
    assert!(!limited.status.success(), "{stderr}");
    assert!(!stderr.contains("panicked"), "{stderr}");
    assert!(stderr.contains("error:"), "{stderr}");
    expect(folder.path(), &["run", "a.jsonl", "--out", "out"], 0);
    expect(folder.path(), &["run", "a.jsonl", "--out", "fresh"], 0);
    crate::common::assert_same(&folder.path().join("out"), &folder.path().join("fresh"));
}

#[test]
fn a_run_in_which_every_record_failed_is_broken_input() {
    let folder = tempfile::tempdir().unwrap();
    write(&folder.path().join("in/a.jsonl"), b"{\"body\": \"one\"}\n{\"body\": \"two\"}\n");
    let (_, stderr) = expect(folder.path(), &["run", "in", "--out", "out"], 2);
    assert!(stderr.contains("every record failed"), "{stderr}");
    assert_eq!(books(&folder.path().join("out")), [2, 0, 0, 2]);
    expect(folder.path(), &["run", "in", "--out", "o2", "--text-column", "body"], 0);
}
