//! Packs through the binary: what they remove, and where two of them disagree.

use std::fs;

use crate::common::{books, expect, lines, samples, write};
use serde_json::{Value, json};

#[test]
fn two_packs_disagree_where_their_definitions_do() {
    let folder = tempfile::tempdir().unwrap();
    let page = "Home page\nRead our latest news about the opening hours of the museum and about the rooms that were added upstairs last spring.\nHome page\nContact us by letter or by telephone between nine and five, or come to the office behind the old railway station.\n";
    let records = [
        json!({"id": "twice", "text": page}),
        json!({"id": "once", "text": "One line, and no other, about a ferry that carries nobody across the water in winter because the ice is strong enough to walk on from December until the middle of March."}),
    ];
    let corpus: String = records.iter().map(|record| format!("{record}\n")).collect();
    write(&folder.path().join("in.jsonl"), corpus.as_bytes());
    let packs = ["rules", "diff", "gopher-repetition@datatrove", "gopher@dclm"];
    let args = [&packs[..], &["--on", "in.jsonl", "--json"]].concat();
    let (found, _) = expect(folder.path(), &args, 1);
    let found: Vec<Value> = found.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let [twice, once, summary] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!((&twice["id"], &once["id"]), (&json!("twice"), &json!("once")));
    assert_eq!(
        twice["sides"][0],
        json!({"rules": packs[2], "keep": true, "reasons": [], "edits": []})
    );
    let reasons = twice["sides"][1]["reasons"].as_array().unwrap();
    let duplicate = reasons.iter().find(|one| one["rule"] == "gopher/duplicate-lines").unwrap();
    let compared = json!({"annotation": "dclm_duplicate_line_ratio", "value": 0.5, "op": ">", "threshold": 0.3});
    assert_eq!(duplicate["comparisons"], json!([compared]));
    assert_eq!(once["sides"][1]["reasons"][0]["rule"], "gopher/too-short");
    assert_eq!(summary["summary"]["documents"], 2);
    assert_eq!(summary["summary"]["second"]["reasons"], json!({"gopher/too-short": 2}));

    let args = [&packs[..], &["--on", "in.jsonl", "-n", "1"]].concat();
    let (read, _) = expect(folder.path(), &args, 1);
    assert!(
        read.contains("gopher/duplicate-lines, dclm_duplicate_line_ratio 0.5000 > 0.3"),
        "{read}"
    );
    assert!(read.contains("and 1 more") && read.contains("only gopher@dclm removes 2"), "{read}");
    let same = ["rules", "diff", "gopher@dclm", "gopher@dclm", "--on", "in.jsonl"];
    let (read, _) = expect(folder.path(), &same, 0);
    assert!(read.contains("2 documents: both keep 0, both remove 2"), "{read}");
}

#[test]
fn lines_that_c4_removes_are_gone_from_the_output_and_on_record() {
    let folder = tempfile::tempdir().unwrap();
    let kept = "One line that ends here.\nTwo lines end here.\nThree of them end.\nFour lines end here.\nFive lines end here.";
    let record =
        json!({"id": "a", "text": format!("Menu\n{kept}\nTerms of use are here.\n"), "n": 7});
    write(&folder.path().join("in.jsonl"), format!("{record}\n").as_bytes());
    let args = ["run", "in.jsonl", "--rules", "c4@datatrove", "--dedup", "none", "--out", "out"];
    expect(folder.path(), &args, 0);
    assert_eq!(books(&folder.path().join("out")), [1, 1, 0, 0]);
    let written: Vec<Value> = (lines(&folder.path().join("out/kept/in.jsonl")).iter())
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!((&written[0]["text"], &written[0]["n"]), (&json!(kept), &json!(7)));
    let (explained, _) = expect(folder.path(), &["explain", "out", "a", "--json"], 0);
    assert!(explained.contains("c4/few-words") && explained.contains("c4/policy"), "{explained}");
}

#[test]
fn signals_are_columns_though_no_rule_names_them() {
    let folder = tempfile::tempdir().unwrap();
    fs::copy(samples().join("notes/short.txt"), folder.path().join("a.txt")).unwrap();
    let pack = "redpajama-v2@redpajama";
    expect(folder.path(), &["run", "a.txt", "--rules", pack, "--dedup", "none", "--out", "out"], 0);
    assert_eq!(books(&folder.path().join("out"))[1], 1);
    let (explained, _) = expect(folder.path(), &["explain", "out", "a.txt", "--json"], 0);
    assert!(explained.contains("redpajama_unigram_entropy"), "{explained}");
}
