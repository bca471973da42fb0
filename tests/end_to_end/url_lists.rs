//! Lists of sites and pages through the binary: the entry in the reason, missing addresses
//! undecided, a changed list another run.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::common::{books, lines, report, tamis, write};

const RULES: &str = "version: 1
columns: { url: string }
url_lists: { bad: lists/bad }
annotations: { site: url_domain(url) }
rules:
  - id: t/listed
    drop_if: url_list('bad')
  - id: t/uk
    flag_if: url_suffix(url) = 'co.uk' and site = 'news.co.uk'
tests:
  - {text: a, columns: {url: 'https://www.bad.org/x'}, expect: {drop: [t/listed]}}
  - {text: a, columns: {url: 'https://worse.com/x/y'}, expect: {drop: [t/listed]}}
  - {text: a, columns: {url: 'https://worse.com/'}, expect: {drop: [], flag: []}}
  - {text: a, columns: {url: 'https://a.news.co.uk'}, expect: {flag: [t/uk]}}
  - {text: a, expect: {undecided: [t/listed], keep: true}}
";

/// Runs with indexes in a folder of the test's own.
fn call(folder: &Path, args: &[&str], code: i32) -> String {
    let cache = folder.join("cache");
    let output = tamis().args(args).env("TAMIS_CACHE", cache).current_dir(folder).output().unwrap();
    let told = [output.stdout, output.stderr].concat();
    let told = String::from_utf8_lossy(&told).into_owned();
    assert_eq!(output.status.code(), Some(code), "{args:?}: {told}");
    told
}

#[test]
fn listed_sites_go_and_the_reason_names_the_entry() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    write(&at("rules.yaml"), RULES.as_bytes());
    let told = call(folder.path(), &["rules", "check", "rules.yaml"], 2);
    assert!(told.contains("rules.yaml:3:19: list 'bad'"), "{told}");
    assert!(told.contains("there is no such list"), "{told}");
    write(&at("lists/bad/domains"), b"bad.org\nevil.net\n");
    write(&at("lists/bad/urls"), b"worse.com/x\n");
    let tested = call(folder.path(), &["rules", "test", "rules.yaml"], 0);
    assert!(tested.contains("5 passed"), "{tested}");
    assert_eq!(fs::read_dir(at("cache")).unwrap().count(), 1);

    let urls = [Some("https://www.bad.org/a"), Some("http://worse.com/x?b"), Some("c.org"), None];
    let records: String = (0..)
        .zip(urls)
        .map(|(id, url)| format!("{}\n", json!({"id": id, "text": "a text", "url": url})))
        .collect();
    write(&at("a.jsonl"), records.as_bytes());
    let args = ["run", "a.jsonl", "--rules", "rules.yaml", "--dedup", "none", "--out", "out"];
    call(folder.path(), &args, 0);
    assert_eq!(books(&at("out")), [4, 2, 2, 0]);
    let removed = lines(&at("out/removed/a.jsonl"));
    for (line, entry) in removed.iter().zip(["bad.org", "worse.com/x"]) {
        let record: Value = serde_json::from_str(line).unwrap();
        let comparison = &record["tamis"]["reasons"][0]["comparisons"][0];
        assert_eq!(comparison["annotation"], "url_list(bad)");
        assert_eq!(comparison["value"], entry);
    }
    assert_eq!(report(&at("out"))["rules"][0]["undecided"], 1);

    // the same run again goes on; with another list it is another run
    call(folder.path(), &args, 0);
    write(&at("lists/bad/domains"), b"bad.org\n");
    let told = call(folder.path(), &args, 2);
    assert!(told.contains("rule"), "{told}");
    write(&at("lists/bad/domains"), b"bad.org\nno entry at all\n");
    let told = call(folder.path(), &["rules", "check", "rules.yaml"], 2);
    assert!(told.contains("'no entry at all' is neither a host nor an address"), "{told}");
}
