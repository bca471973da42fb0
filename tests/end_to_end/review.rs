//! Labels without a terminal: import, statistics, gates, export, agreement, labels as tests.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::common::{expect, json as read_json, lines, write_corpus};

/// A finished run over 200 documents.
fn sifted() -> TempDir {
    let folder = TempDir::new().unwrap();
    write_corpus(&folder.path().join("corpus/a.jsonl"), 0, 120);
    write_corpus(&folder.path().join("corpus/b.jsonl"), 120, 80);
    expect(folder.path(), &["run", "corpus", "--out", "out", "--quiet"], 0);
    folder
}

/// The first documents of the sample, in order.
fn sample(folder: &Path, count: usize) -> Vec<Value> {
    let count = count.to_string();
    let (stdout, _) = expect(folder, &["sample", "out", "-n", &count, "--json"], 0);
    stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Labels for documents, every `nth` of them defective, in a file of that name.
fn label_file(folder: &Path, name: &str, documents: &[Value], nth: usize) {
    let mut text = String::new();
    for (number, document) in documents.iter().enumerate() {
        let line = if nth > 0 && number % nth == nth - 1 {
            json!({"id": document["id"], "verdict": "defect", "kinds": ["boilerplate"], "note": "as seen"})
        } else {
            json!({"document_id": document["document_id"], "verdict": "good", "spent_ms": 4000})
        };
        writeln!(text, "{line}").unwrap();
    }
    fs::write(folder.join(name), text).unwrap();
}

fn import(folder: &Path, name: &str, reviewer: &str) -> String {
    expect(folder, &["review", "out", "--label", name, "--reviewer", reviewer], 0).0
}

fn summary(folder: &Path) -> Value {
    let (stdout, _) = expect(folder, &["review", "out", "--json"], 0);
    serde_json::from_str(&stdout).unwrap()
}

#[test]
fn labels_of_the_sample_give_a_rate_with_its_interval() {
    let folder = sifted();
    let folder = folder.path();
    let documents = sample(folder, 60);
    label_file(folder, "labels.jsonl", &documents, 20);
    let page = import(folder, "labels.jsonl", "judge");
    assert!(page.contains("60 labels written as judge"), "{page}");
    assert!(page.contains("60 judged: 57 good, 3 defective"), "{page}");
    assert!(page.contains("boilerplate"), "{page}");
    let told = summary(folder);
    let rate = &told["summary"]["documents"];
    assert_eq!((rate["count"].as_u64(), rate["n"].as_u64()), (Some(3), Some(60)));
    let (low, high) = (&rate["sequence"]["low"], &rate["sequence"]["high"]);
    assert!(low.as_f64().unwrap() < 0.05 && high.as_f64().unwrap() > 0.05, "{rate}");
    assert_eq!(told["manifest"]["sample"]["seed"], 7);
    assert_eq!(told["manifest"]["sample"]["population"], "kept");
    // the log has a line for each, and the same labels again write none
    assert_eq!(lines(&folder.join("out/review/judge.jsonl")).len(), 60);
    assert!(import(folder, "labels.jsonl", "judge").contains("0 labels written"));
    assert_eq!(lines(&folder.join("out/review/judge.jsonl")).len(), 60);
    let first: Value =
        serde_json::from_str(&lines(&folder.join("out/review/judge.jsonl"))[0]).unwrap();
    assert_eq!(first["document_id"], documents[0]["document_id"]);
    assert_eq!((first["act"].as_str(), first["sampled"].as_bool()), (Some("label"), Some(true)));
}

#[test]
fn a_gate_exits_with_one_where_the_labels_do_not_show_it() {
    let folder = sifted();
    let folder = folder.path();
    let gate =
        |condition: &str, code| expect(folder, &["review", "out", "--gate", condition], code);
    label_file(folder, "labels.jsonl", &sample(folder, 80), 0);
    let (_, stderr) = gate("defect_rate < 10%", 2);
    assert!(stderr.contains("there is no review yet"), "{stderr}");
    import(folder, "labels.jsonl", "judge");
    let (stdout, _) = gate("defect_rate < 10%", 0);
    assert!(stdout.contains("passed") && stdout.contains("confidence sequence"), "{stdout}");
    let (stdout, _) = gate("defect_rate < 0.1%", 1);
    assert!(stdout.contains("not passed"), "{stdout}");
    let (stdout, _) = gate("p0=1%, p1=10%", 0);
    assert!(stdout.contains("(by sprt)"), "{stdout}");
    let (_, stderr) = gate("defect_rate > 2%", 2);
    assert!(stderr.contains("--gate"), "{stderr}");
}

#[test]
fn what_is_behind_a_gap_or_outside_the_sample_is_no_sample() {
    let folder = sifted();
    let folder = folder.path();
    let documents = sample(folder, 20);
    let with_gap: Vec<Value> =
        documents.iter().enumerate().filter(|(n, _)| *n != 5).map(|(_, d)| d.clone()).collect();
    label_file(folder, "gap.jsonl", &with_gap, 0);
    let page = import(folder, "gap.jsonl", "judge");
    assert!(page.contains("14 of them stand behind"), "{page}");
    assert_eq!(summary(folder)["summary"]["n"], 5);
    // the missing one and all again: now they count
    label_file(folder, "all.jsonl", &documents, 0);
    import(folder, "all.jsonl", "judge");
    assert_eq!(summary(folder)["summary"]["n"], 20);
    let wrong = [
        (json!({"id": "nowhere", "verdict": "good"}), "are not among the first"),
        (json!({"id": "doc-1", "verdict": "fine"}), "line 1"),
        (json!({"verdict": "good"}), "names no document"),
        (json!({"id": "doc-1", "verdict": "good", "knids": []}), "knids"),
        (
            json!({"id": documents[0]["id"], "verdict": "defect", "kinds": ["odd"]}),
            "no kind of defect",
        ),
    ];
    for (line, told) in wrong {
        fs::write(folder.join("wrong.jsonl"), format!("{line}\n")).unwrap();
        let before = fs::read(folder.join("out/review/judge.jsonl")).unwrap();
        let args = ["review", "out", "--label", "wrong.jsonl", "--reviewer", "judge"];
        let (_, stderr) = expect(folder, &args, 2);
        assert!(stderr.contains(told), "{stderr}");
        assert_eq!(fs::read(folder.join("out/review/judge.jsonl")).unwrap(), before);
    }
}

#[test]
fn a_corpus_without_a_run_has_its_review_beside_it() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    write_corpus(&folder.join("c.jsonl"), 0, 60);
    let (stdout, _) = expect(folder, &["sample", "c.jsonl", "-n", "10", "--json"], 0);
    let documents: Vec<Value> =
        stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let ids: Vec<Value> =
        documents.iter().map(|d| json!({"id": d["id"], "document_id": d["id"]})).collect();
    label_file(folder, "labels.jsonl", &ids, 5);
    expect(folder, &["review", "c.jsonl", "--label", "labels.jsonl", "--reviewer", "me"], 0);
    assert_eq!(lines(&folder.join("c.jsonl.review/me.jsonl")).len(), 10);
    let page = expect(folder, &["review", "c.jsonl"], 0).0;
    assert!(page.contains("10 judged: 8 good, 2 defective"), "{page}");
    // another seed is another review
    let args = ["review", "c.jsonl", "--label", "labels.jsonl", "--seed", "8", "--reviewer", "me"];
    let (_, stderr) = expect(folder, &args, 2);
    assert!(stderr.contains("seed was 7 and is 8"), "{stderr}");
}

#[test]
fn labels_are_exported_as_jsonl_and_parquet() {
    let folder = sifted();
    let folder = folder.path();
    label_file(folder, "labels.jsonl", &sample(folder, 30), 10);
    import(folder, "labels.jsonl", "judge");
    let export = |more: &[&str], code| {
        expect(folder, &[&["review", "out", "--export", "labels"], more].concat(), code)
    };
    let (stdout, _) = export(&[], 0);
    let labels: Vec<Value> =
        stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(labels.len(), 30);
    assert_eq!(labels[9]["verdict"], "defect");
    assert_eq!(labels[9]["kinds"], json!(["boilerplate"]));
    assert_eq!(labels[9]["note"], "as seen");
    assert_eq!(labels[9]["reviewer"], "judge");
    export(&["--to", "all.jsonl"], 0);
    assert_eq!(lines(&folder.join("all.jsonl")).join("\n") + "\n", stdout);
    export(&["--format", "parquet", "--to", "all.parquet"], 0);
    let file = fs::File::open(folder.join("all.parquet")).unwrap();
    let reader =
        parquet::arrow::arrow_reader::ParquetRecordBatchReader::try_new(file, 1000).unwrap();
    let rows: usize = reader.map(|batch| batch.unwrap().num_rows()).sum();
    assert_eq!(rows, 30);
    export(&["--format", "parquet"], 2);
}

#[test]
fn reviewers_agree_as_far_as_their_kappa_says() {
    let folder = sifted();
    let folder = folder.path();
    let documents = sample(folder, 40);
    // 20 of 40 defective for one, 10 of them for the other: 30 the same, and by chance a half
    label_file(folder, "one.jsonl", &documents, 2);
    label_file(folder, "two.jsonl", &documents, 4);
    import(folder, "one.jsonl", "ann");
    let page = import(folder, "two.jsonl", "bob");
    assert!(page.contains("ann and bob: 30 of 40 the same, Cohen's kappa 0.50"), "{page}");
    let told = summary(folder);
    let pair = &told["agreement"]["pairs"][0];
    assert!((pair["kappa"].as_f64().unwrap() - 0.5).abs() < 1e-9, "{pair}");
    assert_eq!(told["agreement"]["disputed"].as_array().unwrap().len(), 10);
    import(folder, "one.jsonl", "cat");
    let page = expect(folder, &["review", "out"], 0).0;
    assert!(page.contains("all 3: 40 documents, Fleiss' kappa 0.6"), "{page}");
}

#[test]
fn another_session_is_another_review_of_the_same_run() {
    let folder = sifted();
    let folder = folder.path();
    label_file(folder, "labels.jsonl", &sample(folder, 10), 0);
    import(folder, "labels.jsonl", "judge");
    let args = [
        "review",
        "out",
        "--label",
        "labels.jsonl",
        "--session",
        "strict",
        "--kinds",
        "boilerplate,odd",
    ];
    expect(folder, &args, 0);
    let manifest = read_json(&folder.join("out/review/strict/manifest.json"));
    let kinds: Vec<&str> =
        manifest["kinds"].as_array().unwrap().iter().filter_map(|k| k["name"].as_str()).collect();
    assert_eq!(kinds, ["boilerplate", "odd"]);
    assert_eq!(
        read_json(&folder.join("out/review/manifest.json"))["kinds"].as_array().unwrap().len(),
        9
    );
    // the same review by another sample is refused, with the difference named
    let args =
        ["review", "out", "--label", "labels.jsonl", "--session", "strict", "--kinds", "odd"];
    let (_, stderr) = expect(folder, &args, 2);
    assert!(stderr.contains("kinds of defect was"), "{stderr}");
    // a run that decides otherwise is another frame
    expect(folder, &["run", "corpus", "--out", "out", "--quiet", "--force", "--rules", "none"], 0);
    let args = ["review", "out", "--label", "labels.jsonl"];
    let (_, stderr) = expect(folder, &args, 2);
    assert!(stderr.contains("sample") || stderr.contains("is of another review"), "{stderr}");
}

#[test]
fn labels_are_tests_of_rules() {
    let folder = sifted();
    let folder = folder.path();
    let documents = sample(folder, 30);
    label_file(folder, "labels.jsonl", &documents, 10);
    import(folder, "labels.jsonl", "judge");
    let rules = |name: &str, condition: &str| {
        let text = format!("version: 1\nrules:\n  - id: t/x\n    {condition}\n");
        fs::write(folder.join(name), text).unwrap();
    };
    rules("mild.yaml", "flag_if: word_count > 1");
    let test = |name: &str, more: &[&str], code| {
        let args = ["rules", "test", name, "--labels", "out/review"];
        expect(folder, &[&args[..], more].concat(), code).0
    };
    let page = test("mild.yaml", &[], 0);
    assert!(
        page.contains("3 defective documents: 3 caught, 0 missed; 27 good ones: 0 dropped"),
        "{page}"
    );
    rules("harsh.yaml", "drop_if: word_count > 1");
    let page = test("harsh.yaml", &[], 1);
    assert!(page.contains("27 dropped") && page.contains("good, but dropped: "), "{page}");
    rules("idle.yaml", "drop_if: word_count < 3");
    let page = test("idle.yaml", &["--json"], 0);
    let told: Value = serde_json::from_str(page.lines().last().unwrap()).unwrap();
    assert_eq!(told["labels"]["missed"].as_array().unwrap().len(), 3);
    assert_eq!(
        told["labels"]["rules"][0],
        json!({"rule": "t/x", "action": "drop_if", "caught": 0, "missed": 3, "good_hit": 0})
    );
    let args = ["rules", "test", "idle.yaml", "--labels", "corpus"];
    assert!(expect(folder, &args, 2).1.contains("lies in no run directory"));
}

#[test]
fn a_log_that_a_kill_has_torn_goes_on() {
    let folder = sifted();
    let folder = folder.path();
    let documents = sample(folder, 20);
    label_file(folder, "some.jsonl", &documents[..10], 0);
    label_file(folder, "all.jsonl", &documents, 0);
    import(folder, "some.jsonl", "judge");
    let log = folder.join("out/review/judge.jsonl");
    let whole = fs::read(&log).unwrap();
    fs::write(&log, &whole[..whole.len() - 7]).unwrap();
    let page = expect(folder, &["review", "out"], 0).0;
    assert!(page.contains("torn") && page.contains("9 judged"), "{page}");
    let page = import(folder, "all.jsonl", "judge");
    assert!(page.contains("11 labels written"), "{page}");
    assert_eq!(lines(&log).len(), 20);
    assert!(folder.join("out/review/judge.torn").is_file());
    // damage in the middle is another matter
    let text = fs::read_to_string(&log).unwrap().replacen("\"seq\":3", "\"seq\":4", 1);
    fs::write(&log, text).unwrap();
    let (_, stderr) = expect(folder, &["review", "out"], 2);
    assert!(stderr.contains("line 3 is damaged"), "{stderr}");
}
