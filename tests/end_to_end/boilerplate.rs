//! Lines that many documents of one source share.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::common::{assert_same, books, expect, lines};
use crate::fuzzy::write_records;

const MENU: &str = "Home\nProducts and prices\nLog in";

fn page(source: &str, number: usize) -> String {
    format!("{MENU}\nPage {number} of {source} says what no other page has to say.")
}

/// Twelve pages of a shop with one menu, and nine of a blog that have it by chance.
fn corpus(root: &Path) {
    for (source, pages) in [("shop", 12), ("blog", 9)] {
        fs::create_dir_all(root.join("in").join(source)).unwrap();
        let records: Vec<(String, String)> =
            (0..pages).map(|n| (format!("{source}-{n}"), page(source, n))).collect();
        write_records(&root.join(format!("in/{source}/a.jsonl")), &records);
    }
    let alone = [("bare".to_owned(), MENU.to_owned()), ("rule".to_owned(), "----".to_owned())];
    write_records(&root.join("in/shop/b.jsonl"), &alone);
}

/// The corpus beside `rules.yaml` with these rules.
fn with_rules(body: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    corpus(folder.path());
    fs::write(folder.path().join("rules.yaml"), format!("version: 1\n{body}")).unwrap();
    folder
}

#[test]
fn a_menu_is_known_by_its_source() {
    let folder = with_rules(
        "rules:\n  - id: t/menu\n    drop_if: boilerplate_line_ratio > 0.8\n  \
         - id: t/much\n    flag_if: boilerplate_char_ratio > 0.25\n\
         tests:\n  - text: \"Home\\nLog in\"\n    expect: {drop: [], flag: []}\n",
    );
    let root = folder.path();
    // a text by itself has no source
    expect(root, &["rules", "test", "rules.yaml"], 0);
    let run = |out: &str, more: &[&str]| {
        let args = ["run", "in", "--out", out, "--rules", "rules.yaml", "--dedup", "none"];
        expect(root, &[&args, more].concat(), 0);
        root.join(out)
    };
    let out = run("out", &["--threads", "2"]);
    assert_eq!(books(&out), [23, 22, 1, 0]);
    let gone: Value = serde_json::from_str(&lines(&out.join("removed/shop/b.jsonl"))[0]).unwrap();
    let reason = &gone["tamis"]["reasons"][0];
    assert_eq!((&gone["id"], &reason["rule"]), (&json!("bare"), &json!("t/menu")));
    assert_eq!(reason["comparisons"][0]["value"], 1.0);
    assert_eq!(reason["spans"], json!([[0, 4], [5, 24], [25, 31]]));
    let values = |id: &str| {
        let page = expect(root, &["explain", "out", id, "--json"], 0).0;
        let page: Value = serde_json::from_str(&page).unwrap();
        ["line", "char"].map(|of| page["annotations"][format!("boilerplate_{of}_ratio")].clone())
    };
    // three of four lines, and 29 characters beside those of the page's own
    let own = page("shop", 3).lines().last().unwrap().len();
    assert_eq!(values("shop-3"), [json!(0.75), json!(29.0 / (29 + own) as f64)]);
    assert_eq!(values("blog-3"), [json!(0.0), json!(0.0)]);
    assert_eq!(values("rule"), [Value::Null, Value::Null]);
    assert_same(&out, &run("one", &["--threads", "1"]));
}

#[test]
fn percentiles_know_it() {
    let folder = with_rules(
        "rules:\n  - id: t/most\n    flag_if: boilerplate_line_ratio >= p99(boilerplate_line_ratio)\n",
    );
    let root = folder.path();
    let args = ["run", "in", "--out", "out", "--rules", "rules.yaml", "--dedup", "none"];
    expect(root, &args, 0);
    let (flagged, _) = expect(root, &["sample", "out", "--where", "\"t/most\"", "--json"], 0);
    let ids: Vec<Value> = flagged
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["id"].clone())
        .collect();
    assert_eq!(ids, [json!("bare")]);
}
