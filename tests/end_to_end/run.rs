//! The main job through the binary.

use std::fs;

use crate::common::{
    assert_same, books, bytes_of, expect, good_record, lines, report, samples, write, write_corpus,
};
use serde_json::Value;

#[test]
fn the_samples_are_sifted_and_the_books_balance() {
    let folder = tempfile::tempdir().unwrap();
    let input = samples().display().to_string();
    let (stdout, _) = expect(folder.path(), &["run", &input, "--out", "out"], 0);
    let [read, kept, removed, failed] = books(&folder.path().join("out"));
    assert_eq!(read, kept + removed + failed);
    assert!(kept > 100 && removed > 10 && failed > 0, "{stdout}");
    assert!(stdout.contains("balanced:"), "{stdout}");
    let rules = report(&folder.path().join("out"))["rules"].as_array().unwrap().clone();
    let hits = rules.iter().filter(|rule| rule["first"].as_u64() > Some(0)).count();
    assert!(hits >= 3, "only {hits} rules removed something\n{stdout}");
}

#[test]
fn the_same_bytes_for_any_number_of_threads() {
    let folder = tempfile::tempdir().unwrap();
    let input = samples().display().to_string();
    for threads in ["1", "2", "7"] {
        let out = format!("out-{threads}");
        expect(folder.path(), &["run", &input, "--out", &out, "--threads", threads], 0);
    }
    assert_same(&folder.path().join("out-1"), &folder.path().join("out-2"));
    assert_same(&folder.path().join("out-1"), &folder.path().join("out-7"));
}

#[test]
fn one_large_shard_split_among_threads_gives_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    write_corpus(&folder.path().join("a.jsonl"), 0, 5000);
    for threads in ["1", "3"] {
        let out = format!("out-{threads}");
        expect(folder.path(), &["run", "a.jsonl", "--out", &out, "--threads", threads], 0);
    }
    assert_same(&folder.path().join("out-1"), &folder.path().join("out-3"));
}

#[test]
fn a_record_that_is_not_edited_leaves_byte_for_byte_as_it_came() {
    let folder = tempfile::tempdir().unwrap();
    let odd = format!("  {} \r", good_record(1).replace("\"url\":", "\"x\" : 1.50 ,\t\"url\" :"));
    let text = format!("{odd}\n\n{}\n{}", good_record(2), good_record(3));
    write(&folder.path().join("a.jsonl"), text.as_bytes());
    expect(folder.path(), &["run", "a.jsonl", "--out", "out"], 0);
    let kept = fs::read(folder.path().join("out/kept/a.jsonl")).unwrap();
    let expected = format!("{odd}\n{}\n{}\n", good_record(2), good_record(3));
    assert_eq!(String::from_utf8(kept).unwrap(), expected);
}

#[test]
fn every_compression_comes_back_as_it_came() {
    let folder = tempfile::tempdir().unwrap();
    for (number, end) in ["jsonl", "jsonl.gz", "jsonl.zst", "jsonl.bz2"].iter().enumerate() {
        write_corpus(&folder.path().join(format!("in/part.{end}")), number * 100, 40);
    }
    expect(folder.path(), &["run", "in", "--out", "out", "--dedup", "none"], 0);
    for end in ["jsonl", "jsonl.gz", "jsonl.zst", "jsonl.bz2"] {
        let kept = lines(&folder.path().join(format!("out/kept/part.{end}")));
        let removed = lines(&folder.path().join(format!("out/removed/part.{end}")));
        assert_eq!(kept.len() + removed.len(), 40, "{end}");
        assert!(!removed.is_empty());
    }
}

#[test]
fn a_removed_record_says_the_rule_the_value_and_the_threshold() {
    let folder = tempfile::tempdir().unwrap();
    write(
        &folder.path().join("rules.yaml"),
        b"version: 1\nrules:\n  - id: t/short\n    drop_if: word_count < 50\n    why: 'short'\n",
    );
    write(&folder.path().join("a.jsonl"), b"{\"id\": 1, \"text\": \"one two three\"}\n");
    expect(folder.path(), &["run", "a.jsonl", "--rules", "rules.yaml", "--out", "out"], 0);
    let removed = lines(&folder.path().join("out/removed/a.jsonl"));
    let record: Value = serde_json::from_str(&removed[0]).unwrap();
    assert_eq!(record["tamis"]["decision"], "removed");
    let reason = &record["tamis"]["reasons"][0];
    assert_eq!(reason["rule"], "t/short");
    let comparison = &reason["comparisons"][0];
    assert_eq!(comparison["annotation"], "word_count");
    assert_eq!(comparison["value"], 3);
    assert_eq!(comparison["op"], "<");
    assert_eq!(comparison["threshold"], 50);
}

#[test]
fn exact_duplicates_name_their_twin_and_the_policy_chooses_the_survivor() {
    let folder = tempfile::tempdir().unwrap();
    let text = crate::common::good_text(1);
    let spaced = text.replace(' ', "  ");
    let line = |id: &str, text: &str| serde_json::json!({"id": id, "text": text}).to_string();
    let corpus = format!(
        "{}\n{}\n{}\n",
        line("a", &text),
        line("b", &spaced),
        line("c", &crate::common::good_text(2))
    );
    write(&folder.path().join("a.jsonl"), corpus.as_bytes());
    for (policy, survivor, removed) in [("first", "a", "b"), ("byte_count desc", "b", "a")] {
        expect(
            folder.path(),
            &["run", "a.jsonl", "--out", "out", "--force", "--survivor", policy],
            0,
        );
        let gone = lines(&folder.path().join("out/removed/a.jsonl"));
        let record: Value = serde_json::from_str(&gone[0]).unwrap();
        assert_eq!(record["id"], removed, "{policy}");
        assert_eq!(record["tamis"]["reasons"][0]["rule"], "dedup/exact");
        assert_eq!(record["tamis"]["reasons"][0]["twin"], survivor);
        assert_eq!(record["tamis"]["reasons"][0]["similarity"], 1.0);
    }
}

#[test]
fn edits_change_the_text_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let rules = "version: 1\nrules:\n  - id: t/cookies\n    remove_lines_matching: '(?i)we use cookies'\n  - id: t/mail\n    replace_matches: '[a-z]+@example\\.com'\n    with: '<mail>'\n";
    write(&folder.path().join("rules.yaml"), rules.as_bytes());
    write(&folder.path().join("a.jsonl"), b"{\"z\": 1.50, \"text\": \"keep\\nWe use cookies\\nask bob@example.com\", \"b\": [ ]}\n{\"text\": \"as it is\"}\n");
    expect(folder.path(), &["run", "a.jsonl", "--rules", "rules.yaml", "--out", "out"], 0);
    let kept = lines(&folder.path().join("out/kept/a.jsonl"));
    assert_eq!(kept[0], "{\"z\": 1.50, \"text\": \"keep\\nask <mail>\", \"b\": [ ]}");
    assert_eq!(kept[1], "{\"text\": \"as it is\"}");
    assert_eq!(report(&folder.path().join("out"))["documents"]["edited"], 1);
}

#[test]
fn a_trial_reads_the_head_of_each_shard() {
    let folder = tempfile::tempdir().unwrap();
    write_corpus(&folder.path().join("in/a.jsonl"), 0, 50);
    write_corpus(&folder.path().join("in/b.jsonl.gz"), 50, 50);
    expect(folder.path(), &["run", "in", "--out", "out", "--limit", "10"], 0);
    assert_eq!(books(&folder.path().join("out"))[0], 20);
}

#[test]
fn standard_input_is_read() {
    let folder = tempfile::tempdir().unwrap();
    write_corpus(&folder.path().join("a.jsonl"), 0, 30);
    let input = fs::File::open(folder.path().join("a.jsonl")).unwrap();
    let status = crate::common::tamis()
        .args(["run", "-", "--out", "out", "--quiet"])
        .current_dir(folder.path())
        .stdin(input)
        .status()
        .unwrap();
    assert!(status.success());
    assert_eq!(books(&folder.path().join("out"))[0], 30);
}

#[test]
fn a_finished_run_is_the_same_after_another_call() {
    let folder = tempfile::tempdir().unwrap();
    write_corpus(&folder.path().join("a.jsonl"), 0, 100);
    expect(folder.path(), &["run", "a.jsonl", "--out", "out"], 0);
    let before = bytes_of(&folder.path().join("out"));
    expect(folder.path(), &["run", "a.jsonl", "--out", "out"], 0);
    assert_eq!(before, bytes_of(&folder.path().join("out")));
}

#[test]
fn sample_and_explain_show_documents_with_their_reasons() {
    let folder = tempfile::tempdir().unwrap();
    write_corpus(&folder.path().join("in/a.jsonl.zst"), 0, 200);
    fs::write(folder.path().join("in/note.md"), crate::common::good_text(900)).unwrap();
    expect(folder.path(), &["run", "in", "--out", "out"], 0);
    let (page, _) = expect(folder.path(), &["sample", "out", "-n", "5", "--from", "removed"], 0);
    assert!(page.contains("5 of"), "{page}");
    assert!(page.contains("· removed ·"), "{page}");
    let (one, _) = expect(folder.path(), &["sample", "out", "-n", "5", "--json", "--seed", "3"], 0);
    let (two, _) = expect(folder.path(), &["sample", "out", "-n", "9", "--json", "--seed", "3"], 0);
    assert_eq!(one.lines().count(), 5);
    assert!(two.starts_with(&one), "a prefix of a larger sample is the smaller sample");
    let (told, _) = expect(folder.path(), &["explain", "out", "copy-16"], 0);
    assert!(told.contains("dedup/exact: twin of doc-0"), "{told}");
    assert!(told.contains("survivor"), "{told}");
    let (by_rule, _) = expect(
        folder.path(),
        &["sample", "out", "-n", "1", "--from", "removed", "--by", "rule"],
        0,
    );
    assert!(by_rule.contains("dedup/exact: 1 of"), "{by_rule}");
    expect(folder.path(), &["explain", "out", "nobody"], 2);
}

#[test]
fn spans_are_bytes_of_the_text_as_it_was_read() {
    let folder = tempfile::tempdir().unwrap();
    let text = "me@x.org wrote http://bad.example.com/x here and then again";
    let record = serde_json::json!({"id": "e", "text": text}).to_string();
    write(&folder.path().join("a.jsonl"), record.as_bytes());
    let rules = "version: 1\nrules:\n\
        \x20 - {id: m/mask, replace_matches: '[a-z.]+@[a-z.]+', with: '<an address, removed>', why: q}\n\
        \x20 - {id: m/link, drop_if: url_count >= 1, why: q}\n";
    write(&folder.path().join("r.yaml"), rules.as_bytes());
    expect(folder.path(), &["run", "a.jsonl", "--out", "out", "--rules", "r.yaml"], 0);
    let removed: Value =
        serde_json::from_str(&lines(&folder.path().join("out/removed/a.jsonl"))[0]).unwrap();
    let span = &removed["tamis"]["reasons"][0]["spans"][0];
    let (start, end) = (span[0].as_u64().unwrap(), span[1].as_u64().unwrap());
    let shown = &text[usize::try_from(start).unwrap()..usize::try_from(end).unwrap()];
    assert_eq!(shown, "http://bad.example.com/x");
}

#[test]
fn what_an_earlier_run_made_is_no_input() {
    let folder = tempfile::tempdir().unwrap();
    write_corpus(&folder.path().join("in/a.jsonl"), 0, 5);
    expect(folder.path(), &["run", "in", "--out", "in/out"], 0);
    let (_, stderr) = expect(folder.path(), &["run", "in", "--out", "in/out2"], 0);
    assert!(stderr.contains("in/out: left out"), "{stderr}");
    assert_eq!(books(&folder.path().join("in/out2"))[0], 5);
}

#[test]
fn a_number_that_no_machine_holds_can_be_looked_at() {
    let folder = tempfile::tempdir().unwrap();
    let record = r#"{"id":"x","text":"hello there my friend","big":1e400}"#;
    write(&folder.path().join("a.jsonl"), record.as_bytes());
    expect(folder.path(), &["run", "a.jsonl", "--out", "out", "--rules", "none"], 0);
    let (page, _) = expect(folder.path(), &["explain", "out", "x"], 0);
    assert!(page.contains("hello there my friend"), "{page}");
    expect(folder.path(), &["sample", "out"], 0);
}

#[test]
fn a_bad_condition_is_told_in_the_words_of_the_user() {
    let folder = tempfile::tempdir().unwrap();
    write_corpus(&folder.path().join("a.jsonl"), 0, 5);
    expect(folder.path(), &["run", "a.jsonl", "--out", "out"], 0);
    for condition in ["word_count", "nope <", "1=1) or (1=1", "nope = 3"] {
        let (_, stderr) = expect(folder.path(), &["sample", "out", "--where", condition], 2);
        assert!(stderr.contains(&format!("'{condition}' is no condition")), "{stderr}");
    }
}
