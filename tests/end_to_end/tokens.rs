//! Tokens of a run, and the audit of a tokenizer.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use arrow::array::{ArrayRef, AsArray};
use arrow::datatypes::{DataType, Int64Type};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::{Value, json};

use crate::common::{assert_same, books, expect, json as read_json, report, write, write_corpus};

/// A tokenizer of `tests/tokenizers/`.
fn tokenizer(name: &str) -> String {
    // asked when the test runs: checkouts may share a target folder
    let root = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").unwrap());
    root.join("tests/tokenizers").join(name).display().to_string()
}

fn records(path: &Path, texts: &[(&str, &str)]) {
    let lines: Vec<String> =
        texts.iter().map(|(id, text)| json!({"id": id, "text": text}).to_string()).collect();
    write(path, (lines.join("\n") + "\n").as_bytes());
}

#[test]
fn every_decision_has_its_tokens() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    // bytes.json: B re ad Ġand Ġwater . are six tokens; a Ġ Ġb Ċ Ċ Ġc Ġ are seven
    records(
        &root.join("a.jsonl"),
        &[
            ("kept", "Bread and water."),
            ("twin", "Bread and water."),
            ("loop", "a a a a a a a a"),
            ("edited", "a  b\n\n c "),
        ],
    );
    let rules = "version: 1
rules:
  - id: t/loop
    drop_if: periodic_token_ratio > 0.5 and original.token_count >= 8
  - id: t/c
    replace_matches: '\\n\\n c '
    with: ''
tests:
  - text: 'a a a a a a a a'
    expect: { drop: [t/loop], values: { token_count: 8 } }
";
    fs::write(root.join("rules.yaml"), rules).unwrap();
    let bytes = tokenizer("bytes.json");
    let run = |out: &str, threads: &str| {
        let args = [
            "run",
            "a.jsonl",
            "--out",
            out,
            "--rules",
            "rules.yaml",
            "--tokenizer",
            &bytes,
            "--dedup",
            "exact",
            "--threads",
            threads,
        ];
        expect(root, &args, 0).0
    };
    let summary = run("out", "2");
    assert_eq!(books(&root.join("out")), [4, 2, 2, 0]);
    let tokens = report(&root.join("out"))["tokens"].clone();
    let of = |row: &str| tokens[row]["tokens"].as_u64().unwrap();
    // read 6 + 6 + 8 + 7; the edit leaves a Ġ Ġb
    assert_eq!(of("read"), 27);
    assert_eq!(of("kept"), 6 + 3);
    assert_eq!(of("removed"), 8 + 6);
    assert_eq!((of("before_edits"), of("after_edits")), (7, 3));
    assert_eq!(of("read"), of("kept") + of("removed") + of("before_edits") - of("after_edits"));
    assert_eq!(tokens["reasons"]["t/loop"]["tokens"], 8);
    assert_eq!(tokens["reasons"]["dedup/exact"]["tokens"], 6);
    assert!(tokens["sample"].is_null());
    assert!(summary.contains("tokens: counted by"), "{summary}");
    assert!(summary.contains("edits of 1 documents made 7 tokens 3"), "{summary}");
    let manifest = read_json(&root.join("out/run.json"));
    let named = &manifest["configuration"]["tokens"]["tokenizer"];
    assert!(named["path"].as_str().unwrap().ends_with("bytes.json"));
    assert_eq!(named["hash"].as_str().unwrap().len(), 32);
    let (page, _) = expect(root, &["explain", "out", "edited"], 0);
    assert!(page.contains("original.token_count") && page.contains(" 7\n"), "{page}");
    let (page, _) = expect(root, &["explain", "out", "loop"], 0);
    // the first a is another token than those with a space
    assert!(page.contains("t/loop: periodic_token_ratio 0.875 > 0.5"), "{page}");
    assert!(page.contains("at bytes [1,15]"), "{page}");
    run("one", "1");
    assert_same(&root.join("out"), &root.join("one"));
    // the same rules judge in tests
    expect(root, &["rules", "test", "rules.yaml", "--tokenizer", &bytes], 0);
    let (_, error) = expect(root, &["rules", "test", "rules.yaml"], 2);
    assert!(error.contains("rules.yaml:4:14") && error.contains("--tokenizer"), "{error}");
    // a finished run of another tokenizer is another run
    let other = tokenizer("fallback.json");
    let args = [
        "run",
        "a.jsonl",
        "--out",
        "out",
        "--rules",
        "rules.yaml",
        "--tokenizer",
        &other,
        "--dedup",
        "exact",
    ];
    let (_, error) = expect(root, &args, 2);
    assert!(error.contains("tokens was"), "{error}");
}

#[test]
fn what_is_cut_out_after_the_rules_does_not_count() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let line = "This line stands on every page of the site and says nothing at all.";
    records(
        &root.join("a.jsonl"),
        &[("one", &format!("Bread.\n{line}\n")), ("two", &format!("Water.\n{line}\n"))],
    );
    let bytes = tokenizer("bytes.json");
    let args = [
        "run",
        "a.jsonl",
        "--out",
        "out",
        "--rules",
        "none",
        "--dedup",
        "lines",
        "--tokenizer",
        &bytes,
    ];
    expect(root, &args, 0);
    let tokens = report(&root.join("out"))["tokens"].clone();
    let of = |row: &str| tokens[row]["tokens"].as_u64().unwrap();
    let kept = fs::read_to_string(root.join("out/kept/a.jsonl")).unwrap();
    records(&root.join("b.jsonl"), &[]);
    fs::write(root.join("b.jsonl"), kept).unwrap();
    let args = [
        "run",
        "b.jsonl",
        "--out",
        "again",
        "--rules",
        "none",
        "--dedup",
        "none",
        "--tokenizer",
        &bytes,
    ];
    expect(root, &args, 0);
    assert_eq!(report(&root.join("again"))["tokens"]["read"]["tokens"].as_u64(), Some(of("kept")));
    assert!(of("kept") < of("read"));
    assert_eq!(of("read"), of("kept") + of("before_edits") - of("after_edits"));
}

#[test]
fn a_sample_says_what_all_would_say() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    write_corpus(&root.join("in/a.jsonl.zst"), 0, 300);
    write_corpus(&root.join("in/b.jsonl"), 300, 200);
    let bytes = tokenizer("bytes.json");
    let run = |out: &str, more: &[&str]| -> Value {
        let args = ["run", "in", "--out", out, "--tokenizer", &bytes];
        expect(root, &[args.as_slice(), more].concat(), 0);
        report(&root.join(out))["tokens"].clone()
    };
    let exact = run("exact", &[]);
    let whole = run("whole", &["--token-sample", "500", "--threads", "2"]);
    assert_eq!(whole["sample"], 500);
    for row in ["read", "kept", "removed"] {
        assert_eq!(whole[row]["tokens"], exact[row]["tokens"], "{row}");
        assert_eq!(whole[row]["low"], exact[row]["tokens"], "{row}: nothing is left out");
    }
    let some = run("some", &["--token-sample", "60", "--threads", "2"]);
    assert_eq!(some["read"]["sampled"], 60);
    for row in ["read", "kept", "removed"] {
        let of = |tokens: &Value, key: &str| tokens[row][key].as_u64().unwrap();
        let truth = of(&exact, "tokens");
        assert!(of(&some, "low") <= truth && truth <= of(&some, "high"), "{row}: {some}");
        assert!(of(&some, "low") < of(&some, "high"));
    }
    run("some-1", &["--token-sample", "60", "--threads", "1"]);
    assert_same(&root.join("some"), &root.join("some-1"));
    // the documents are the first of tamis sample
    let (sample, _) = expect(root, &["sample", "exact", "--from", "all", "-n", "60", "--json"], 0);
    let known = counted(&root.join("exact/annotations"));
    let (mut tokens, mut sampled_bytes) = (0, 0);
    for line in sample.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        let [count, bytes] = known[line["document_id"].as_str().unwrap()];
        tokens += count;
        sampled_bytes += bytes;
    }
    let all = some["read"]["text_bytes"].as_f64().unwrap();
    let estimate = (tokens as f64 / sampled_bytes as f64 * all).round();
    assert_eq!(some["read"]["tokens"].as_f64(), Some(estimate));
}

/// Tokens and bytes of each document of a run.
fn counted(annotations: &Path) -> BTreeMap<String, [i64; 2]> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(annotations).unwrap() {
        let file = fs::File::open(entry.unwrap().path()).unwrap();
        for batch in ParquetRecordBatchReaderBuilder::try_new(file).unwrap().build().unwrap() {
            let batch = batch.unwrap();
            let column = |name: &str| batch.column_by_name(name).unwrap().clone();
            let ids = column("document_id");
            let tokens = column("token_count");
            let bytes = arrow::compute::cast(&column("text_bytes"), &DataType::Int64).unwrap();
            for row in 0..batch.num_rows() {
                let number = |of: &ArrayRef| of.as_primitive::<Int64Type>().value(row);
                let id = ids.as_string::<i32>().value(row).to_owned();
                found.insert(id, [number(&tokens), number(&bytes)]);
            }
        }
    }
    found
}

#[test]
fn what_is_no_tokenizer_is_told_so() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    records(&root.join("a.jsonl"), &[("a", "Bread")]);
    fs::write(root.join("vocab.json"), r#"{"a": 0}"#).unwrap();
    fs::write(
        root.join("t.yaml"),
        "version: 1\nrules:\n  - id: t/x\n    drop_if: token_count < 5\n",
    )
    .unwrap();
    let run = |more: &[&str]| {
        let args = ["run", "a.jsonl", "--out", "out"];
        expect(root, &[args.as_slice(), more].concat(), 2).1
    };
    let error = run(&["--tokenizer", "nowhere.json"]);
    assert!(error.contains("nowhere.json: there is no such tokenizer file"), "{error}");
    let error = run(&["--tokenizer", "vocab.json"]);
    assert!(error.contains("vocab.json") && error.contains("no \"model\""), "{error}");
    let error = run(&["--token-sample", "5"]);
    assert!(error.contains("--tokenizer tokenizer.json"), "{error}");
    let error = run(&["--rules", "t.yaml"]);
    assert!(
        error.contains("t.yaml:4:14") && error.contains("'token_count' counts tokens"),
        "{error}"
    );
    let bytes = tokenizer("bytes.json");
    let error = run(&["--rules", "t.yaml", "--tokenizer", &bytes, "--token-sample", "5"]);
    assert!(error.contains("without --token-sample"), "{error}");
    let error = run(&["--tokenizer", &bytes, "--token-sample", "0"]);
    assert!(error.contains("at least one document"), "{error}");
}

#[test]
fn the_configuration_file_names_a_tokenizer_too() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    records(&root.join("a.jsonl"), &[("a", "Bread and water.")]);
    fs::copy(tokenizer("bytes.json"), root.join("tokenizer.json")).unwrap();
    let config = "version: 1\ninputs: [a.jsonl]\nout: out\nrules: [none]\ntokenizer: .\n";
    fs::write(root.join("tamis.yaml"), config).unwrap();
    expect(root, &["run"], 0);
    assert_eq!(report(&root.join("out"))["tokens"]["read"]["tokens"], 6);
}

fn audit(root: &Path, name: &str, more: &[&str]) -> Value {
    let file = tokenizer(name);
    let args = ["tokens", "in", "--tokenizer", &file, "--json"];
    serde_json::from_str(&expect(root, &[args.as_slice(), more].concat(), 0).0).unwrap()
}

#[test]
fn an_audit_says_what_does_not_come_back_and_why() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    records(
        &root.join("in/a.jsonl"),
        &[
            ("plain", "Bread and water."),
            ("umlaut", "Größe 東京 ✂ x²"),
            ("end", "before<|endoftext|>after"),
        ],
    );
    write(&root.join("in/b/c.jsonl"), b"{\"text\": \"one two\"}\nbroken\n");
    // byte-level: everything comes back
    let bytes = audit(root, "bytes.json", &[]);
    assert_eq!(bytes["read"], 5);
    assert_eq!(bytes["failures"]["broken-json"], 1);
    assert!(bytes["different"].as_object().unwrap().is_empty());
    assert_eq!(bytes["uses"]["special"], 1);
    assert_eq!(bytes["spelt_out"][0][0], "<|endoftext|>");
    assert_eq!(bytes["vocabulary"]["tokens"], 700);
    // Ã Ł, three bytes each of two letters and a pair of scissors, Â ²; ö is one token
    assert_eq!(bytes["uses"]["parts"], 2 + 6 + 3 + 2);
    assert_eq!(bytes["vocabulary"]["unknown"], Value::Null);
    assert_eq!(bytes["by_source"].as_array().unwrap().len(), 2);
    let scripts: Vec<&str> = bytes["by_script"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["name"].as_str().unwrap())
        .collect();
    assert_eq!(scripts, ["Latin"]);
    let languages = bytes["by_language"].as_array().unwrap();
    let documents: u64 = languages.iter().map(|row| row["documents"].as_u64().unwrap()).sum();
    assert_eq!(documents, 4);
    assert!(languages.iter().all(|row| row["name"].as_str().unwrap().len() == 2), "{bytes}");
    // byte fallback: spelt in bytes, and it comes back
    let fallback = audit(root, "fallback.json", &[]);
    assert!(fallback["different"].as_object().unwrap().is_empty(), "{fallback}");
    // B, <, > and all letters beyond ASCII
    assert_eq!(fallback["uses"]["bytes_documents"], 3);
    let spelt: Vec<&str> = fallback["unspelt"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one[0].as_str().unwrap())
        .collect();
    for letter in ["ö", "ß", "東", "京", "✂", "²"] {
        assert!(spelt.contains(&letter), "{letter}: {spelt:?}");
    }
    // Unigram behind NFKC: unknown tokens
    let unigram = audit(root, "unigram.json", &[]);
    assert!(unigram["different"]["unknown"].as_u64().unwrap() >= 1, "{unigram}");
    let example = &unigram["examples"][0];
    assert_eq!(
        (&example["document"], &example["loss"], &example["at"]),
        (&json!("umlaut"), &json!("unknown"), &json!(2))
    );
    assert!(unigram["vocabulary"]["normalizer"][0].as_str().unwrap().starts_with("NFKC"));
    let page = expect(root, &["tokens", "in", "--tokenizer", &tokenizer("unigram.json")], 0).0;
    for part in [
        "do not come back",
        "unknown tokens: ",
        "\"öß",
        "by script",
        "by source",
        "never used here",
        "a space at the end of a prompt",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
    // the same numbers for any number of threads
    assert_eq!(
        audit(root, "bytes.json", &["--threads", "1"]),
        audit(root, "bytes.json", &["--threads", "3"])
    );
}

#[test]
fn a_space_at_the_end_of_a_prompt_is_a_token_that_training_never_saw_there() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    records(&root.join("in/a.jsonl"), &[("a", "bread and water"), ("b", "nospace"), ("c", "")]);
    let bytes = audit(root, "bytes.json", &[]);
    // "bread and" begins "bread and water", "bread and " does not: its space is Ġ, not Ġwater
    let expected =
        json!({"tried": 1, "kept_without_space": 1, "kept_with_space": 0, "one_token_more": 1});
    assert_eq!(bytes["prompts"], expected);
}

#[test]
fn an_audit_of_a_sample_is_that_of_its_documents() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    write_corpus(&root.join("in/a.jsonl"), 0, 60);
    let all = audit(root, "bytes.json", &[]);
    assert_eq!(all["all"]["documents"], 60);
    assert_eq!(audit(root, "bytes.json", &["--sample", "60"]), all);
    let some = audit(root, "bytes.json", &["--sample", "10"]);
    assert_eq!((&some["all"]["documents"], &some["read"]), (&json!(10), &json!(60)));
    let (_, error) =
        expect(root, &["tokens", "nowhere", "--tokenizer", &tokenizer("bytes.json")], 2);
    assert!(error.contains("nowhere"), "{error}");
    let args = ["tokens", "in", "--tokenizer", &tokenizer("bytes.json"), "--text-column", "body"];
    let (_, error) = expect(root, &args, 2);
    assert!(error.contains("every record failed"), "{error}");
}
