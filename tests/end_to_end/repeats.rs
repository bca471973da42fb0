//! Text that stands in the corpus more than once is cut out where it is not the first.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use crate::common::{assert_same, books, expect, lines, report, write};
use crate::fuzzy::{words, write_records};
use serde_json::{Value, json};

const FOOTER: &str = "Sign up for our newsletter and never miss a story again!";

fn run(folder: &Path, input: &str, out: &str, more: &[&str]) {
    let mut arguments = vec!["run", input, "--out", out, "--rules", "none", "--quiet"];
    arguments.extend(more);
    expect(folder, &arguments, 0);
}

/// The texts of a shard of `kept/` by id.
fn kept(out: &Path, shard: &str) -> BTreeMap<String, String> {
    let records = lines(&out.join("kept").join(shard)).into_iter();
    records
        .map(|line| {
            let record: Value = serde_json::from_str(&line).unwrap();
            let text = |name: &str| record[name].as_str().unwrap().to_owned();
            (text("id"), text("text"))
        })
        .collect()
}

fn article(number: usize) -> String {
    format!(
        "{}\nShort line\n\n{}",
        words(number * 100..number * 100 + 30),
        words(number * 100 + 40..number * 100 + 70)
    )
}

#[test]
fn every_copy_of_a_line_but_the_first_goes() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let mut records: Vec<(String, String)> = (0..40)
        .map(|n| (format!("a{n:02}"), format!("{}\n  {FOOTER} \n\nEnd {n}.", article(n))))
        .collect();
    records.push(("only".into(), format!("\n{FOOTER}\n\n{FOOTER}\n")));
    write_records(&folder.join("in/a.jsonl"), &records[..20]);
    write_records(&folder.join("in/b.jsonl.zst"), &records[20..]);
    for threads in ["1", "2", "8"] {
        run(folder, "in", threads, &["--dedup", "lines", "--threads", threads]);
        assert_same(&folder.join("1"), &folder.join(threads));
    }
    let out = folder.join("1");
    assert_eq!(books(&out), [41, 40, 1, 0]);
    let first = kept(&out, "a.jsonl");
    assert_eq!(first["a00"], records[0].1);
    // lines below forty bytes stay, the line goes with its feed
    assert_eq!(first["a01"], format!("{}\n\nEnd 1.", article(1)));
    assert_eq!(kept(&out, "b.jsonl.zst")["a39"], format!("{}\n\nEnd 39.", article(39)));
    let removed: Value = serde_json::from_str(&lines(&out.join("removed/b.jsonl.zst"))[0]).unwrap();
    assert_eq!(removed["tamis"]["reasons"][0]["rule"], "dedup/lines");
    assert_eq!(removed["tamis"]["reasons"][0]["spans"], json!([[1, 57], [59, 115]]));
    let report = report(&out);
    assert_eq!(report["emptied"], 1);
    let row = &report["repeats"][0];
    assert_eq!((&row["copies"], &row["documents"]), (&json!(41), &json!(40)));
    assert_eq!(row["most"], json!([{"copies": 42, "text": FOOTER}]));
    // what looks at a run knows that the emptied document went
    let (page, _) = expect(folder, &["explain", "1", "only"], 0);
    assert!(page.contains("removed") && page.contains("copy 42"), "{page}");
    let (page, _) = expect(folder, &["sample", "1", "-n", "50", "--from", "kept", "--json"], 0);
    assert_eq!(page.lines().count(), 40);
}

#[test]
fn paragraphs_go_in_every_format_and_only_from_documents_that_stay() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let notice = format!("{FOOTER}\nAll of it is free of charge.");
    let text = |n: usize| {
        format!(
            "{}\n\n{notice}\n\n\n{}",
            words(n * 50..n * 50 + 20),
            words(n * 50 + 20..n * 50 + 50)
        )
    };
    // the first copy stands in a document that a copy of the whole of an earlier one takes along
    let records = [
        ("same".to_owned(), words(900..960)),
        ("copy".to_owned(), words(900..960)),
        ("one".to_owned(), text(1)),
    ];
    write_records(&folder.join("in/0.jsonl"), &records);
    write(&folder.join("in/1.txt"), text(2).as_bytes());
    write(&folder.join("in/2.md"), text(3).as_bytes());
    run(folder, "in", "out", &["--dedup", "exact,paragraphs"]);
    let out = folder.join("out");
    assert_eq!(books(&out), [5, 4, 1, 0]);
    assert_eq!(kept(&out, "0.jsonl")["one"], text(1));
    for (n, name) in [(2, "1.txt"), (3, "2.md")] {
        let left = std::fs::read_to_string(out.join("kept").join(name)).unwrap();
        assert_eq!(left, text(n).replace(&format!("{notice}\n\n\n"), ""));
    }
    run(folder, "in", "three", &["--dedup", "paragraphs", "--repeat-copies", "3"]);
    assert_eq!(report(&folder.join("three"))["repeats"][0]["copies"], 2);
    run(folder, "in", "four", &["--dedup", "paragraphs", "--repeat-copies", "4"]);
    assert_eq!(report(&folder.join("four"))["repeats"][0]["copies"], 0);
}

/// Which words of each text are in a window of `size` words that stands in an earlier one, found
/// by holding every window against every other.
fn cut_plainly(texts: &[Vec<String>], size: usize) -> Vec<Vec<String>> {
    let mut seen: HashMap<&[String], usize> = HashMap::new();
    let mut left = Vec::new();
    for (number, text) in texts.iter().enumerate() {
        let mut gone = vec![false; text.len()];
        for (at, window) in text.windows(size).enumerate() {
            if *seen.entry(window).or_insert(number) != number {
                gone[at..at + size].fill(true);
            }
        }
        let words = text.iter().zip(gone).filter(|(_, gone)| !gone);
        left.push(words.map(|(word, _)| word.clone()).collect());
    }
    left
}

#[test]
fn passages_are_cut_exactly_where_an_earlier_window_is_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let mut state = 7_u64;
    let mut next = |below: usize| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap() % below
    };
    // pieces of a few sources in any order, some shorter than a window, some over and over
    let mut texts: Vec<Vec<String>> = Vec::new();
    for _ in 0..120 {
        let mut text = Vec::new();
        for _ in 0..=next(6) {
            let (from, length) = (next(400), 3 + next(40));
            let piece = words(from..from + length);
            for _ in 0..=next(8) / 6 * 3 {
                text.extend(piece.split(' ').map(str::to_owned));
            }
        }
        text.push(format!("own{}", texts.len()));
        texts.push(text);
    }
    let records: Vec<(String, String)> = texts
        .iter()
        .enumerate()
        .map(|(n, text)| (format!("{n:03}"), text.join(if n % 3 == 0 { "\n" } else { " " })))
        .collect();
    write_records(&folder.join("in/0.jsonl"), &records[..50]);
    write_records(&folder.join("in/1.jsonl"), &records[50..]);
    let arguments = ["--dedup", "passages", "--passage-words", "12"];
    run(folder, "in", "out", &arguments);
    let mut found = kept(&folder.join("out"), "0.jsonl");
    found.extend(kept(&folder.join("out"), "1.jsonl"));
    let expected = cut_plainly(&texts, 12);
    let cut = texts.iter().zip(&expected).filter(|(before, after)| before != after).count();
    assert!(cut > 50, "{cut}");
    for (number, words) in expected.iter().enumerate() {
        let left: Vec<&str> = found[&format!("{number:03}")].split_whitespace().collect();
        assert!(left == *words, "text {number}:\n{left:?}\nexpected\n{words:?}");
    }
    run(folder, "in", "out8", &[&arguments[..], &["--threads", "8"]].concat());
    assert_same(&folder.join("out"), &folder.join("out8"));
}

#[test]
fn a_document_for_which_others_went_is_not_emptied() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let line = |n: usize| words(n * 10..n * 10 + 10);
    let all = |range: std::ops::Range<usize>| range.map(line).collect::<Vec<_>>().join("\n");
    let records = [
        ("long".to_owned(), all(0..40)),
        ("part".to_owned(), all(10..26)),
        ("near".to_owned(), format!("{}\nand a fact that stands nowhere else", all(10..26))),
        ("none".to_owned(), all(30..38)),
    ];
    write_records(&folder.join("in.jsonl"), &records);
    run(folder, "in.jsonl", "out", &["--dedup", "fuzzy,lines"]);
    let kept = kept(&folder.join("out"), "in.jsonl");
    assert_eq!(kept["part"], records[1].1, "the twin of a document that went stays whole");
    assert_eq!(books(&folder.join("out")), [4, 2, 2, 0]);
}

#[test]
fn repeats_that_make_no_sense_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    write_records(&folder.path().join("in.jsonl"), &[("a".into(), words(0..90))]);
    for (more, said) in [
        (["--dedup", "passages", "--passage-words", "2"], "fewer than 4 words"),
        (["--dedup", "lines", "--repeat-copies", "1"], "2 or more"),
        (["--dedup", "none,lines", "--repeat-copies", "2"], "none cannot be mixed"),
    ] {
        let mut arguments = vec!["run", "in.jsonl", "--out", "out"];
        arguments.extend(more);
        let error = expect(folder.path(), &arguments, 2).1;
        assert!(error.contains(said), "{error}");
    }
}
