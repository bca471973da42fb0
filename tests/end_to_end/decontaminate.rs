//! Text of evaluation sets in a corpus: found by its words, removed, cut or marked, and told.

use std::fs;
use std::path::Path;

use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::{Value, json};

use crate::common::{
    assert_same, books, expect, good_text, json as read_json, lines, report, run_in, samples,
    write, write_corpus,
};

/// Thirteen words and a few more.
const QUESTION: &str = "A baker sells seven loaves on Monday and twice as many on Tuesday. How many loaves \
    does the baker sell on both days together?";
const ANSWER: &str = "On Tuesday the baker sells fourteen loaves, so that on both days together it is \
    twenty one loaves.";

fn evals(root: &Path) {
    let set = [
        json!({"id": "q-1", "question": QUESTION, "answer": ANSWER}),
        json!({"id": "q-2", "question": "What is the name of the river that runs through the old town \
            and under its seven bridges?", "answer": "The Senne."}),
        json!({"id": "q-3", "question": "Why?", "answer": "Because."}),
    ];
    let text: Vec<String> = set.iter().map(Value::to_string).collect();
    write(&root.join("evals/sums.jsonl"), (text.join("\n") + "\n").as_bytes());
}

fn records(path: &Path, texts: &[(&str, String)]) {
    let text: Vec<String> =
        texts.iter().map(|(id, text)| json!({"id": id, "text": text}).to_string()).collect();
    write(path, (text.join("\n") + "\n").as_bytes());
}

/// The first `count` words of the question, in capitals and without punctuation.
fn words(count: usize) -> String {
    let all: Vec<String> = QUESTION
        .split_whitespace()
        .map(|word| word.trim_matches(|c: char| !c.is_alphanumeric()).to_uppercase())
        .collect();
    all[..count].join(" - ")
}

/// The removed records of a run by id.
fn removed(out: &Path, name: &str) -> Vec<(String, Value)> {
    lines(&out.join("removed").join(name))
        .iter()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .map(|record| (record["id"].as_str().unwrap().to_owned(), record["tamis"].clone()))
        .collect()
}

/// The rows of a Parquet file as JSON.
fn rows(path: &Path) -> Vec<Value> {
    let file = fs::File::open(path).unwrap();
    let mut bytes = Vec::new();
    let mut writer = arrow_json::ArrayWriter::new(&mut bytes);
    for batch in ParquetRecordBatchReaderBuilder::try_new(file).unwrap().build().unwrap() {
        writer.write(&batch.unwrap()).unwrap();
    }
    writer.finish().unwrap();
    drop(writer);
    if bytes.is_empty() { Vec::new() } else { serde_json::from_slice(&bytes).unwrap() }
}

/// A run of `in` that does nothing but look for the items of `evals/sums.jsonl`.
const AGAINST_SUMS: &str = "run in --rules none --dedup none --decontaminate evals/sums.jsonl";

fn against_sums(root: &Path, out: &str, threads: &str) -> String {
    let mut args: Vec<&str> = AGAINST_SUMS.split(' ').collect();
    args.extend(["--out", out, "--threads", threads]);
    expect(root, &args, 0).0
}

#[test]
fn another_set_is_another_run() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    evals(root);
    records(&root.join("in/a.jsonl"), &[("one", good_text(1))]);
    let first = against_sums(root, "out", "2");
    let again = against_sums(root, "out", "2");
    assert_eq!(first.lines().count(), again.lines().count());
    fs::write(root.join("evals/sums.jsonl"), format!("{}\n", json!({"q": QUESTION}))).unwrap();
    let mut args: Vec<&str> = AGAINST_SUMS.split(' ').collect();
    args.extend(["--out", "out"]);
    let (_, error) = expect(root, &args, 2);
    assert!(error.contains("decontaminate was"), "{error}");
}

#[test]
fn planted_text_is_found_with_its_span_and_its_item() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    evals(root);
    let (before, after) = (good_text(1), good_text(2));
    let planted = format!("{before}{}\n{after}", words(13));
    let near = format!("{before}{} and nothing of that kind\n{after}", words(12));
    records(
        &root.join("in/a.jsonl"),
        &[
            ("planted", planted.clone()),
            ("near", near),
            ("clean", good_text(3)),
            ("both", format!("{QUESTION} {ANSWER}\n{}", good_text(4))),
        ],
    );
    let summary = against_sums(root, "out", "2");
    let out = root.join("out");
    assert_eq!(books(&out), [4, 2, 2, 0]);
    let gone = removed(&out, "a.jsonl");
    let (id, reason) = (&gone[0].0, &gone[0].1["reasons"][0]);
    assert_eq!(id, "planted");
    assert_eq!(reason["rule"], "decontaminate/sums");
    assert_eq!(reason["twin"], "sums/q-1");
    let [start, end] =
        [0, 1].map(|at| usize::try_from(reason["spans"][0][at].as_u64().unwrap()).unwrap());
    assert_eq!(planted[start..end], words(13));
    let overlap = &reason["comparisons"][0];
    assert_eq!(
        (&overlap["annotation"], &overlap["value"], &overlap["threshold"]),
        (&json!("overlap_words"), &json!(13), &json!(13))
    );
    // the question has 24 words and the answer 18; the third item has no 13 words
    let ratio = reason["comparisons"][1]["value"].as_f64().unwrap();
    let countable = QUESTION.split_whitespace().count() + ANSWER.split_whitespace().count();
    assert!((ratio - 13.0 / countable as f64).abs() < 1e-9, "{ratio} of {countable}");
    let whole = &gone[1].1["reasons"][0];
    assert_eq!(whole["comparisons"][1]["value"], 1.0);
    assert_eq!(whole["spans"].as_array().unwrap().len(), 2);
    let told = report(&out)["contamination"][0].clone();
    for (key, value) in [
        ("items", 3),
        ("too_short", 1),
        ("contaminated", 1),
        ("documents", 2),
        ("decided", 2),
        ("words", 13),
    ] {
        assert_eq!(told[key], value, "{key}");
    }
    assert!(summary.contains("decontaminate/sums"), "{summary}");
    assert!(summary.contains("1 of 3 items of sums stand in 2 documents"), "{summary}");
    assert!(summary.contains("1 items are shorter than 13 words"), "{summary}");
    let items = rows(&out.join("contamination/items.parquet"));
    assert_eq!(items.len(), 1);
    assert_eq!(
        (&items[0]["item"], &items[0]["documents"], &items[0]["overlap_ratio"]),
        (&json!("q-1"), &json!(2), &json!(1.0))
    );
    let documents = rows(&out.join("contamination/documents.parquet"));
    let ids: Vec<&str> = documents.iter().map(|row| row["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["planted", "both", "both"]);
    let (page, _) = expect(root, &["explain", "out", "planted"], 0);
    assert!(page.contains("decontaminate/sums: overlap_words 13 >= 13"), "{page}");
    assert!(page.contains("text of sums/q-1"), "{page}");
    assert!(page.contains("sums/q-1 13 words, 0.3095 of the item"), "{page}");
    let (sample, _) = expect(root, &["sample", "out", "--from", "removed", "--by", "rule"], 0);
    assert!(sample.contains("decontaminate/sums: 2 of 2"), "{sample}");
    let hash =
        read_json(&out.join("run.json"))["configuration"]["decontaminate"]["sets"][0]["hash"]
            .clone();
    assert_eq!(hash.as_str().unwrap().len(), 32);
    against_sums(root, "one", "1");
    assert_same(&out, &root.join("one"));
}

#[test]
fn edits_come_first_and_spans_are_those_of_the_text_as_read() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    evals(root);
    let rules = "version: 1
rules:
  - id: t/tags
    replace_matches: '<[a-z]+>'
    with: ''
";
    fs::write(root.join("r.yaml"), rules).unwrap();
    let tagged = words(14).replace(" - ", "<br> ");
    let text = format!("<p>{}{tagged}", good_text(5));
    records(&root.join("a.jsonl"), &[("tagged", text.clone())]);
    let args = [
        "run",
        "a.jsonl",
        "--out",
        "out",
        "--rules",
        "r.yaml",
        "--decontaminate",
        "evals",
        "--dedup",
        "none",
    ];
    expect(root, &args, 0);
    let gone = removed(&root.join("out"), "a.jsonl");
    let span = &gone[0].1["reasons"][0]["spans"][0];
    let [start, end] = [0, 1].map(|at| usize::try_from(span[at].as_u64().unwrap()).unwrap());
    assert_eq!(gone[0].1["reasons"][0]["rule"], "decontaminate/evals");
    assert_eq!(text[start..end], tagged);
}

#[test]
fn passages_can_be_marked_or_cut_out() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    evals(root);
    let long = |from: usize| (from..from + 3).map(good_text).collect::<String>();
    let text = format!("{}\n{QUESTION}\n\n{}", long(10), long(20));
    records(&root.join("a.jsonl"), &[("long", text.clone()), ("short", QUESTION.to_owned())]);
    let run = |out: &str, more: &[&str]| {
        let args = [
            "run",
            "a.jsonl",
            "--out",
            out,
            "--rules",
            "none",
            "--decontaminate",
            "sums=evals/sums.jsonl",
        ];
        expect(root, &[args.as_slice(), more].concat(), 0).0
    };
    run("flag", &["--decontaminate-action", "flag", "--write-flags"]);
    assert_eq!(books(&root.join("flag")), [2, 2, 0, 0]);
    assert_eq!(report(&root.join("flag"))["documents"]["flagged"], 2);
    let kept = lines(&root.join("flag/kept/a.jsonl"));
    let record: Value = serde_json::from_str(&kept[0]).unwrap();
    assert_eq!(record["tamis"]["reasons"][0]["twin"], "sums/q-1");
    let (sample, _) = expect(root, &["sample", "flag", "--from", "flagged"], 0);
    assert!(sample.contains("2 of 2 documents"), "{sample}");

    run("cut", &["--decontaminate-action", "cut"]);
    // nothing would be left of the short one
    assert_eq!(books(&root.join("cut")), [2, 1, 1, 0]);
    let kept = lines(&root.join("cut/kept/a.jsonl"));
    let record: Value = serde_json::from_str(&kept[0]).unwrap();
    let left = record["text"].as_str().unwrap();
    assert!(!left.contains("baker"), "{left}");
    let at = text.find(QUESTION).unwrap();
    let (front, back) = (&text[..at - 200], &text[at + QUESTION.len() + 200..]);
    // the last punctuation is no word: the passage ends before it
    let back = &back[back.len() - 100..];
    assert!(left.starts_with(front.trim_end()) && left.ends_with(back), "{left}");
    assert_eq!(left.matches("\n\n").count(), 1, "a blank line where something was");
    assert_eq!(report(&root.join("cut"))["documents"]["edited"], 1);
    // what is written holds nothing of the set
    let args = ["run", "cut/kept", "--out", "again", "--rules", "none", "--decontaminate", "evals"];
    expect(root, &args, 0);
    assert_eq!(report(&root.join("again"))["contamination"][0]["documents"], 0);
}

#[test]
fn gpt3_passes_over_what_many_documents_say() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    evals(root);
    let documents = |count: usize| -> Vec<(&str, String)> {
        (0..count)
            .map(|number| {
                ("x", format!("{}{}\n{}", good_text(number), words(24), good_text(number + 50)))
            })
            .collect()
    };
    for (name, count, decided) in [("ten", 10, 10), ("eleven", 11, 0)] {
        records(&root.join(format!("{name}.jsonl")), &documents(count));
        let input = format!("{name}.jsonl");
        let args = [
            "run",
            &input,
            "--out",
            name,
            "--rules",
            "none",
            "--dedup",
            "none",
            "--decontaminate",
            "evals/sums.jsonl",
            "--decontaminate-fields",
            "question",
            "--decontaminate-method",
            "gpt3",
        ];
        expect(root, &args, 0);
        let told = report(&root.join(name))["contamination"][0].clone();
        assert_eq!(told["decided"], decided, "{name}");
        // the shortest of three questions has one word: n is 8
        assert_eq!(told["words"], 8);
        assert_eq!(told["passed_over"].as_u64() == Some(0), decided > 0, "{told}");
    }
}

#[test]
fn llama_counts_how_much_of_an_item_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    evals(root);
    // of the 24 words of the question 13 are more than half, 11 are less; one differs in the third
    let changed = words(24).replace("TUESDAY", "THURSDAY");
    records(
        &root.join("a.jsonl"),
        &[
            ("half", format!("{}{}", good_text(1), words(13))),
            ("less", format!("{}{}", good_text(2), words(11))),
            ("changed", format!("{}{changed}", good_text(3))),
        ],
    );
    let run = |out: &str, method: &str| {
        let args = [
            "run",
            "a.jsonl",
            "--out",
            out,
            "--rules",
            "none",
            "--dedup",
            "none",
            "--decontaminate",
            "evals/sums.jsonl",
            "--decontaminate-fields",
            "question",
            "--decontaminate-method",
            method,
        ];
        expect(root, &args, 0);
        removed(&root.join(out), "a.jsonl").into_iter().map(|(id, _)| id).collect::<Vec<_>>()
    };
    let question = QUESTION.split_whitespace().count();
    assert_eq!(question, 24);
    assert_eq!(run("llama3", "llama3"), ["half", "changed"]);
    // 80 % of the item, and words may differ behind the first ten
    assert_eq!(run("llama2", "llama2"), ["changed"]);
    let told = report(&root.join("llama2"))["contamination"][0].clone();
    assert_eq!(
        (&told["touched"], &told["contaminated"], &told["documents"]),
        (&json!(1), &json!(1), &json!(3))
    );
}

#[test]
fn sets_come_as_json_parquet_text_and_folders() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let item = json!([{"task_id": 7, "choices": {"text": [QUESTION]}}]);
    write(&root.join("evals/list.json"), item.to_string().as_bytes());
    write(&root.join("evals/more.txt"), ANSWER.as_bytes());
    let batch = arrow::array::RecordBatch::try_from_iter([(
        "prompt",
        std::sync::Arc::new(arrow::array::StringArray::from(vec![QUESTION]))
            as arrow::array::ArrayRef,
    )])
    .unwrap();
    let file = fs::File::create(root.join("evals/rows.parquet")).unwrap();
    let mut writer = parquet::arrow::ArrowWriter::try_new(file, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    records(&root.join("a.jsonl"), &[("q", QUESTION.to_owned()), ("a", ANSWER.to_owned())]);
    let config = "version: 1
inputs: [a.jsonl]
out: out
rules: [none]
dedup: [none]
decontaminate: [evals/list.json, prompts=evals/rows.parquet, evals/more.txt]
";
    fs::write(root.join("tamis.yaml"), config).unwrap();
    expect(root, &["run"], 0);
    let gone = removed(&root.join("out"), "a.jsonl");
    let reasons = gone[0].1["reasons"].as_array().unwrap();
    let twins: Vec<&str> = reasons.iter().map(|reason| reason["twin"].as_str().unwrap()).collect();
    assert_eq!(twins, ["list/7", "prompts/rows:0"]);
    assert_eq!(gone[1].1["reasons"][0]["twin"], "more/more:0");
}

#[test]
fn what_is_no_set_is_told_so() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    evals(root);
    records(&root.join("a.jsonl"), &[("a", good_text(1))]);
    write(&root.join("broken.jsonl"), b"{\"q\": 1}\n{\n");
    write(&root.join("numbers.jsonl"), b"{\"q\": 1}\n");
    let run = |more: &[&str]| {
        let args = ["run", "a.jsonl", "--out", "out"];
        expect(root, &[args.as_slice(), more].concat(), 2).1
    };
    for (more, told) in [
        (vec!["--decontaminate", "nowhere.jsonl"], "nowhere.jsonl"),
        (vec!["--decontaminate", "broken.jsonl"], "broken.jsonl:2: is no JSON"),
        (vec!["--decontaminate", "numbers.jsonl"], "holds no text in any field; its fields are q"),
        (
            vec!["--decontaminate", "evals/sums.jsonl", "--decontaminate-fields", "qestion"],
            "has no field qestion; its fields are answer, id, question",
        ),
        (vec!["--decontaminate-words", "8"], "no evaluation set is named"),
        (vec!["--decontaminate", "evals", "--decontaminate-words", "2"], "from 3 to 32 words"),
    ] {
        let error = run(&more);
        assert!(error.contains(told), "{more:?}: {error}");
    }
}

#[test]
fn samples_are_found_in_samples() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    // a page of the samples as a set: it must be found where it stands, and dedup sees it gone
    let note = samples().join("notes/kept-table-orchard.md");
    fs::copy(note, root.join("orchard.md")).unwrap();
    let input = samples().display().to_string();
    let args = ["run", &input, "--out", "out", "--decontaminate", "orchard.md"];
    expect(root, &args, 0);
    let row = report(&root.join("out"))["contamination"][0].clone();
    assert!(row["decided"].as_u64().unwrap() >= 1, "{row}");
    assert_eq!(row["contaminated"], 1);
    let [read, kept, removed, failed] = books(&root.join("out"));
    assert_eq!(read, kept + removed + failed);
}

#[test]
fn a_killed_run_goes_on_with_the_same_sets() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    evals(root);
    for shard in 0..3 {
        write_corpus(&root.join(format!("in/{shard}.jsonl")), shard * 40, 40);
    }
    records(&root.join("in/9.jsonl"), &[("q", format!("{}{QUESTION}", good_text(7)))]);
    let args = |out: &'static str| {
        ["run", "in", "--out", out, "--decontaminate", "evals", "--decontaminate-method", "gpt3"]
    };
    expect(root, &args("whole"), 0);
    let whole = root.join("whole");
    // a run that was killed between annotations and outputs
    expect(root, &args("killed"), 0);
    let killed = root.join("killed");
    for name in
        ["run.json", "report.json", "contamination/items.parquet", "annotations/part-00001.parquet"]
    {
        fs::remove_file(killed.join(name)).unwrap();
    }
    fs::remove_dir_all(killed.join(".state/counts")).unwrap();
    fs::remove_file(killed.join(".state/contamination/items.jsonl")).unwrap();
    let output = run_in(root, &args("killed"));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_same(&whole, &killed);
}
