//! `tamis rules test` as a team runs it: what it prints, for people and for programs, and how fast.

use std::time::Instant;

use serde_json::{Value, json};

use crate::common::{expect, write};

const RULES: &str = "version: 1
rules:
  - id: t/short
    drop_if: word_count < 4
  - id: t/mail
    replace_pii: email
tests:
  - {name: goes, text: 'two words', expect: {drop: [t/short]}}
  - name: comes out otherwise
    text: |
      Write to a@b.org now,
      or tomorrow.
    expect:
      drop: [t/short]
      text: |
        Write to <mail> now,
        or tomorrow.
";

#[test]
fn a_failure_shows_expected_and_got_with_values_and_spans() {
    let folder = tempfile::tempdir().unwrap();
    write(&folder.path().join("rules.yaml"), RULES.as_bytes());
    let (told, _) = expect(folder.path(), &["rules", "test", "rules.yaml"], 1);
    let wanted = "rules.yaml:9:5 comes out otherwise failed
    drop
      - expected t/short
      + got      none
      t/short did not fire: word_count is 6 (asked: < 4)
    text (- expected, + got)
      - \"Write to <mail> now,\\n\"
      + \"Write to <email> now,\\n\"
        \"or tomorrow.\\n\"
      t/mail fired
        bytes 9 to 16: \"a@b.org\"
1 passed, 1 failed
";
    assert_eq!(told, wanted);
}

#[test]
fn programs_read_json_lines_or_junit() {
    let folder = tempfile::tempdir().unwrap();
    write(&folder.path().join("rules.yaml"), RULES.as_bytes());
    for args in [["--format", "json"].as_slice(), &["--json"]] {
        let args = [&["rules", "test", "rules.yaml"], args].concat();
        let (told, _) = expect(folder.path(), &args, 1);
        let lines: Vec<Value> = told.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
        assert_eq!(lines.len(), 2);
        assert_eq!(lines[0]["passed"], true);
        assert_eq!((&lines[1]["line"], &lines[1]["column"]), (&json!(9), &json!(5)));
        let first = &lines[1]["differences"][0];
        assert_eq!(first["what"], "drop");
        let comparison = json!({"annotation": "word_count", "value": 6, "op": "<", "threshold": 4});
        assert_eq!(first["rules"][0]["comparisons"][0], comparison);
        let span = json!({"start": 9, "end": 16, "text": "a@b.org"});
        assert_eq!(lines[1]["differences"][1]["rules"][0]["spans"][0], span);
    }
    let (told, _) = expect(folder.path(), &["rules", "test", "rules.yaml", "--format", "junit"], 1);
    for part in [
        "<?xml version=\"1.0\"",
        "<testsuite name=\"rules.yaml\" tests=\"2\"",
        "failures=\"1\"",
        "classname=\"rules.yaml\"",
        "line=\"9\"",
        "<failure message=\"drop: expected t/short, got none; t/short did not fire: word_count is 6",
        "&lt;mail&gt;",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
    let args = ["rules", "test", "rules.yaml", "--format", "junit", "--labels", "out/review"];
    let (_, error) = expect(folder.path(), &args, 2);
    assert!(error.contains("--labels in a call of its own"), "{error}");
}

#[test]
fn a_hundred_tests_are_one_short_call() {
    let folder = tempfile::tempdir().unwrap();
    let mut rules = "version: 1\nextends: [tamis/web]\nrules:\n  - {id: t/short, drop_if: word_count < 50}\ntests:\n".to_owned();
    for number in 0..100 {
        // the words of the numbers from 0 to 99, so that half of them are too short
        let text = (0..number).map(|n| format!("word{n}")).collect::<Vec<_>>().join(" ");
        let drop = if number < 50 { "[t/short]" } else { "[]" };
        rules += &format!("  - {{text: 'Text: {text}', expect: {{drop: {drop}}}}}\n");
    }
    write(&folder.path().join("rules.yaml"), rules.as_bytes());
    let begun = Instant::now();
    let (told, _) = expect(folder.path(), &["rules", "test", "rules.yaml"], 1);
    let elapsed = begun.elapsed();
    // 49 words and `Text` are 50: that one test is wrong on purpose
    assert!(told.contains("rules.yaml:55:5 failed"), "{told}");
    assert!(told.ends_with("99 passed, 1 failed\n"), "{told}");
    println!("100 tests in {elapsed:.2?}");
}
