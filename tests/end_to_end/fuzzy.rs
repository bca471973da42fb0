//! Near duplicates: verified, decided in survivor order, the same for any number of threads.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::common::{assert_same, books, expect, lines, report, write};
use serde_json::{Value, json};

/// A word for each number.
fn word(number: usize) -> String {
    let letters = b"bcdfghjklmnprstvz";
    let mut rest = number.wrapping_mul(2_654_435_761) % 1_000_003;
    let mut text = String::new();
    for _ in 0..6 {
        text.push(char::from(letters[rest % letters.len()]));
        text.push(char::from(b"aeiou"[rest % 5]));
        rest /= 11;
    }
    format!("{text}{number}")
}

pub(crate) fn words(range: std::ops::Range<usize>) -> String {
    range.map(word).collect::<Vec<_>>().join(" ")
}

fn record(id: &str, text: &str) -> String {
    json!({"id": id, "text": text}).to_string()
}

pub(crate) fn write_records(path: &Path, records: &[(String, String)]) {
    let all: Vec<String> = records.iter().map(|(id, text)| record(id, text)).collect();
    write(path, all.join("\n").as_bytes());
}

const ONLY_FUZZY: [&str; 4] = ["--rules", "none", "--dedup", "fuzzy"];

fn run(folder: &Path, input: &str, out: &str, more: &[&str]) {
    let mut arguments = vec!["run", input, "--out", out, "--quiet"];
    arguments.extend(ONLY_FUZZY);
    arguments.extend(more);
    expect(folder, &arguments, 0);
}

/// The ids kept, and for each removed id its twin and similarity.
pub(crate) fn outcome(out: &Path) -> (BTreeSet<String>, BTreeMap<String, (String, f64)>) {
    let mut files = Vec::new();
    for decision in ["kept", "removed"] {
        for entry in std::fs::read_dir(out.join(decision)).unwrap() {
            files.push((decision, entry.unwrap().path()));
        }
    }
    let (mut kept, mut removed) = (BTreeSet::new(), BTreeMap::new());
    for (decision, file) in files {
        for line in lines(&file) {
            let record: Value = serde_json::from_str(&line).unwrap();
            let id = record["id"].as_str().unwrap().to_owned();
            if decision == "kept" {
                kept.insert(id);
            } else {
                let reason = &record["tamis"]["reasons"][0];
                let twin = reason["twin"].as_str().unwrap().to_owned();
                removed.insert(id, (twin, reason["similarity"].as_f64().unwrap()));
            }
        }
    }
    (kept, removed)
}

/// Jaccard of the sets of five consecutive words, written down as plainly as can be.
pub(crate) fn similarity(one: &str, other: &str) -> f64 {
    let set = |text: &str| -> BTreeSet<Vec<String>> {
        let words: Vec<String> = text.split_whitespace().map(str::to_lowercase).collect();
        words.windows(5.min(words.len())).map(<[String]>::to_vec).collect()
    };
    let (one, other) = (set(one), set(other));
    one.intersection(&other).count() as f64 / one.union(&other).count() as f64
}

fn check_verified(
    texts: &BTreeMap<String, String>,
    kept: &BTreeSet<String>,
    removed: &BTreeMap<String, (String, f64)>,
) {
    assert_eq!(kept.len() + removed.len(), texts.len());
    for (id, (twin, said)) in removed {
        assert!(kept.contains(twin), "{id} went for {twin}, which went too");
        let exact = similarity(&texts[id], &texts[twin]);
        assert!(exact >= 0.8, "{id} {twin} {exact}");
        assert!((exact - said).abs() < 1e-9, "{id} {twin}: {said} is {exact}");
    }
}

#[test]
fn a_chain_of_neighbours_does_not_pull_in_its_ends() {
    let folder = tempfile::tempdir().unwrap();
    // neighbours share 0.90, those after next 0.81, the next 0.73
    let records: Vec<(String, String)> =
        (0..300).map(|n| (format!("link-{n:03}"), words(n * 5..n * 5 + 100))).collect();
    write_records(&folder.path().join("in.jsonl"), &records);
    run(folder.path(), "in.jsonl", "out", &[]);
    let (kept, removed) = outcome(&folder.path().join("out"));
    let texts: BTreeMap<_, _> = records.iter().cloned().collect();
    check_verified(&texts, &kept, &removed);
    assert!(kept.contains("link-000"));
    assert!((95..=120).contains(&kept.len()), "{} of 300 stay", kept.len());
    // of the pairs at the threshold or above at most few are left with both
    let ids: Vec<&String> = kept.iter().collect();
    let both = ids.windows(2).filter(|two| similarity(&texts[two[0]], &texts[two[1]]) >= 0.8);
    assert!(both.count() <= 6);
}

/// Identical short documents; a million with `TAMIS_LARGE=1`.
#[test]
fn a_giant_bucket_costs_linear_work() {
    let count = if std::env::var("TAMIS_LARGE").is_ok() { 1_000_000 } else { 50_000 };
    let folder = tempfile::tempdir().unwrap();
    let mut text = String::new();
    for number in 0..count {
        text.push_str(&record(&number.to_string(), "Page not found."));
        text.push('\n');
    }
    write(&folder.path().join("in.jsonl.zst"), text.as_bytes());
    run(folder.path(), "in.jsonl.zst", "out", &[]);
    let out = folder.path().join("out");
    assert_eq!(books(&out), [count, 1, count - 1, 0]);
    let duplicates = &report(&out)["duplicates"][0];
    assert_eq!(duplicates["kind"], "fuzzy");
    assert_eq!((&duplicates["clusters"], &duplicates["largest"]), (&json!(1), &json!(count)));
}

/// Documents in families: copies with some words changed, in three files.
pub(crate) fn families(folder: &Path) -> BTreeMap<String, String> {
    let mut files: [Vec<(String, String)>; 3] = Default::default();
    let mut texts = BTreeMap::new();
    for family in 0..120 {
        let base: Vec<String> = (0..80 + family).map(|n| word(family * 1000 + n)).collect();
        for member in 0..5 {
            let mut own = base.clone();
            for change in 0..(family + member) % 6 {
                own[(change * 13 + member) % 70] =
                    word(900_000 + family * 31 + member * 7 + change);
            }
            // every member has its own length, so that a policy by length has no ties
            own.truncate(base.len() - member);
            let (id, text) = (format!("f{family:03}-{member}"), own.join(" "));
            files[(family + member) % 3].push((id.clone(), text.clone()));
            texts.insert(id, text);
        }
    }
    for (number, records) in files.iter().enumerate() {
        write_records(&folder.join(format!("in/{number}.jsonl")), records);
        write_records(&folder.join(format!("turned/{}.jsonl", 2 - number)), records);
    }
    texts
}

#[test]
fn families_are_thinned_and_every_removal_is_verified() {
    let folder = tempfile::tempdir().unwrap();
    let texts = families(folder.path());
    run(folder.path(), "in", "out", &["--threads", "1"]);
    let out = folder.path().join("out");
    let (kept, removed) = outcome(&out);
    check_verified(&texts, &kept, &removed);
    assert!(removed.len() > 200, "{}", removed.len());
    let (mut similar, mut both) = (0, 0);
    for (one, text) in &texts {
        for (other, other_text) in texts.range(one.clone()..).skip(1).take(4) {
            if similarity(text, other_text) >= 0.8 {
                similar += 1;
                both += usize::from(kept.contains(one) && kept.contains(other));
            }
        }
    }
    assert!(both * 50 <= similar, "{both} of {similar} pairs are left with both");
    for threads in ["2", "8"] {
        let name = format!("out{threads}");
        run(folder.path(), "in", &name, &["--threads", threads]);
        assert_same(&out, &folder.path().join(name));
    }
}

#[test]
fn a_policy_by_content_does_not_ask_in_which_order_files_come() {
    let folder = tempfile::tempdir().unwrap();
    families(folder.path());
    let policy = ["--survivor", "word_count desc"];
    run(folder.path(), "in", "out", &policy);
    run(folder.path(), "turned", "out2", &policy);
    let (kept, removed) = outcome(&folder.path().join("out"));
    let turned = outcome(&folder.path().join("out2"));
    assert!((kept, removed) == turned, "other survivors where files come in another order");
}

#[test]
fn a_copy_of_a_near_duplicate_names_the_document_that_stays() {
    let folder = tempfile::tempdir().unwrap();
    let near = format!("{} and a tail of its own", words(0..100));
    let records = [
        ("first".to_owned(), words(0..100)),
        ("near".to_owned(), near.clone()),
        ("copy".to_owned(), format!("  {near}\n")),
        ("other".to_owned(), words(500..600)),
    ];
    write_records(&folder.path().join("in.jsonl"), &records);
    expect(folder.path(), &["run", "in.jsonl", "--out", "out", "--rules", "none"], 0);
    let (kept, removed) = outcome(&folder.path().join("out"));
    assert_eq!(kept, BTreeSet::from(["first".to_owned(), "other".to_owned()]));
    assert_eq!(removed["near"], removed["copy"]);
    assert_eq!(removed["copy"].0, "first");
    assert!(removed["copy"].1 < 1.0);
}

#[test]
fn what_differs_in_numbers_and_accents_alone_is_found_where_texts_are_normalized() {
    let folder = tempfile::tempdir().unwrap();
    let text = |year: usize, cafe: &str| {
        (0..40).map(|n| format!("In {} the {cafe} of {} sold, ", year + n, word(n))).collect()
    };
    let records =
        [("a".to_owned(), text(1900, "café")), ("b".to_owned(), text(1960, "cafe\u{301}"))];
    write_records(&folder.path().join("in.jsonl"), &records);
    run(folder.path(), "in.jsonl", "plain", &[]);
    assert_eq!(books(&folder.path().join("plain")), [2, 2, 0, 0]);
    run(folder.path(), "in.jsonl", "out", &["--normalize", "datatrove", "--audit", "2"]);
    let (_, removed) = outcome(&folder.path().join("out"));
    assert_eq!(removed["b"], ("a".to_owned(), 1.0));
}

#[test]
fn the_audit_counts_pairs_that_were_missed() {
    let folder = tempfile::tempdir().unwrap();
    let texts = families(folder.path());
    let audited = |out: &str, more: &[&str]| {
        run(folder.path(), "in", out, &[&["--audit", "1000"], more].concat());
        report(&folder.path().join(out))["audit"].clone()
    };
    // all pairs of all documents, by hand
    let mut similar = 0;
    for (one, text) in &texts {
        let others = texts.range(one.clone()..).skip(1).take(4);
        similar += others.filter(|(_, other)| similarity(text, other) >= 0.8).count();
    }
    let good = audited("good", &[]);
    assert_eq!(good["queries"], texts.len());
    assert_eq!(good["pairs"], similar);
    let (kept, _) = outcome(&folder.path().join("good"));
    let both = texts.iter().flat_map(|(one, text)| {
        let others = texts.range(one.clone()..).skip(1).take(4);
        others.filter(move |(_, other)| similarity(text, other) >= 0.8).map(move |(o, _)| (one, o))
    });
    let missed = both.filter(|(a, b)| kept.contains(*a) && kept.contains(*b)).count();
    assert_eq!(good["found"], similar - missed);
    assert!(good["low"].as_f64().unwrap() > 0.95, "{good}");
    // a banding that catches little is told on
    let bad = audited("bad", &["--bands", "5", "--rows", "8"]);
    assert!(bad["found"].as_u64() < good["found"].as_u64(), "{bad}");
    assert!(bad["recall"].as_f64().unwrap() < bad["high"].as_f64().unwrap());
}

#[test]
fn bands_that_make_no_sense_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    write_records(&folder.path().join("in.jsonl"), &[("a".to_owned(), words(0..50))]);
    for wrong in [
        ["--bands", "1", "--rows", "100"],
        ["--bands", "0", "--rows", "1"],
        ["--similarity", "1.5", "--threads", "1"],
        ["--similarity", "0.01", "--threads", "1"],
    ] {
        let mut arguments = vec!["run", "in.jsonl", "--out", "out"];
        arguments.extend(wrong);
        let (_, stderr) = expect(folder.path(), &arguments, 2);
        assert!(stderr.contains("dedup:"), "{stderr}");
    }
    let (stdout, _) =
        expect(folder.path(), &["run", "in.jsonl", "--out", "out", "--similarity", "0.7"], 0);
    assert!(stdout.contains("at 0.7"), "{stdout}");
}

fn sourced(folder: &Path) {
    let near = |tail: &str| format!("{} {tail} tail", words(0..100));
    let records = [
        ("a1", "alpha", words(0..100)),
        ("a2", "alpha", near("first")),
        ("b1", "beta", near("second")),
        ("b2", "beta", words(0..100)),
        ("c1", "gamma", words(700..800)),
    ];
    let all: Vec<String> = records
        .iter()
        .map(|(id, source, text)| json!({"id": id, "origin": source, "text": text}).to_string())
        .collect();
    write(&folder.join("in.jsonl"), all.join("\n").as_bytes());
}

const SOURCED: [&str; 8] =
    ["run", "in.jsonl", "--rules", "none", "--quiet", "--source-column", "origin", "--out"];

fn sourced_run(folder: &Path, out: &str, more: &[&str], code: i32) -> Vec<String> {
    let mut arguments = SOURCED.to_vec();
    arguments.push(out);
    arguments.extend(more);
    expect(folder, &arguments, code);
    outcome(&folder.join(out)).0.into_iter().collect()
}

#[test]
fn only_across_sources_leaves_what_repeats_within_one() {
    let folder = tempfile::tempdir().unwrap();
    sourced(folder.path());
    assert_eq!(sourced_run(folder.path(), "all", &[], 0), ["a1", "c1"]);
    // a1 and a2 are of one source and stay; both of beta are like a1
    let across = sourced_run(folder.path(), "across", &["--across-sources"], 0);
    assert_eq!(across, ["a1", "a2", "c1"]);
}

#[test]
fn preferred_sources_and_the_longest_stay() {
    let folder = tempfile::tempdir().unwrap();
    sourced(folder.path());
    let preferred = sourced_run(folder.path(), "p", &["--prefer-sources", "beta"], 0);
    assert_eq!(preferred, ["b1", "c1"]);
    let longest = sourced_run(folder.path(), "l", &["--survivor", "longest"], 0);
    assert_eq!(longest, ["b1", "c1"]);
}

#[test]
fn alarms_ring_and_a_gate_fails_the_run() {
    let folder = tempfile::tempdir().unwrap();
    let record =
        |n: usize| json!({"id": n.to_string(), "text": words(n % 3 * 200..n % 3 * 200 + 50)});
    let all: Vec<String> = (0..120).map(|n| record(n).to_string()).collect();
    write(&folder.path().join("in/crawl/a.jsonl"), all.join("\n").as_bytes());
    let arguments = ["run", "in", "--rules", "none", "--out"];
    let low = ["--alarm-cluster", "40"];
    let (stdout, _) = expect(folder.path(), &[&arguments[..], &["out"], &low].concat(), 0);
    assert!(stdout.contains("alarm: source crawl loses 97.5 % of its 120 documents"), "{stdout}");
    assert!(stdout.contains("alarm: a cluster of 40 exact duplicates"), "{stdout}");
    expect(folder.path(), &[&arguments[..], &["gated", "--gate"], &low].concat(), 1);
    let calm = ["--gate", "--alarm-source", "1", "--alarm-cluster", "41"];
    expect(folder.path(), &[&arguments[..], &["calm"], &calm[..]].concat(), 0);
}

/// The ids that a plain loop removes where only documents of different sources are duplicates.
fn removed_by_hand(documents: &[(String, String, String)], threshold: f64) -> BTreeSet<String> {
    let mut kept: Vec<&(String, String, String)> = Vec::new();
    let mut removed = BTreeSet::new();
    for document in documents {
        let (id, source, text) = document;
        let goes =
            kept.iter().any(|(_, of, other)| of != source && similarity(text, other) >= threshold);
        if goes {
            removed.insert(id.clone());
        } else {
            kept.push(document);
        }
    }
    removed
}

fn across_sources(folder: &Path, name: &str, documents: &[(String, String, String)]) {
    let record = |(id, source, text): &(String, String, String)| {
        json!({"id": id, "source": source, "text": text}).to_string()
    };
    let all: Vec<String> = documents.iter().map(record).collect();
    write(&folder.join(format!("{name}.jsonl")), all.join("\n").as_bytes());
    let input = format!("{name}.jsonl");
    let arguments = [
        "run",
        &input,
        "--out",
        name,
        "--quiet",
        "--rules",
        "none",
        "--similarity",
        "0.5",
        "--bands",
        "64",
        "--rows",
        "1",
        "--across-sources",
        "--source-column",
        "source",
    ];
    expect(folder, &arguments, 0);
    let (_, removed) = outcome(&folder.join(name));
    let sources: BTreeMap<&str, &str> =
        documents.iter().map(|(id, source, _)| (id.as_str(), source.as_str())).collect();
    for (id, (twin, _)) in &removed {
        assert_ne!(sources[id.as_str()], sources[twin.as_str()], "{name}: {id} went for {twin}");
        assert!(!removed.contains_key(twin), "{name}: {id} went for {twin}, which went too");
    }
    let found: BTreeSet<String> = removed.into_keys().collect();
    assert_eq!(found, removed_by_hand(documents, 0.5), "{name}: {documents:#?}");
}

#[test]
fn across_sources_nothing_goes_for_a_document_of_its_own_source() {
    let folder = tempfile::tempdir().unwrap();
    // nine words, the same and one more, the same and two more: the third is like the first, of
    // its own source, and like the second, which goes
    let document = |id: &str, source: &str, words_of: usize| {
        (id.to_owned(), source.to_owned(), words(0..words_of))
    };
    let three = [document("1", "b", 9), document("2", "a", 10), document("3", "b", 11)];
    across_sources(folder.path(), "three", &three);
    for seed in 0..12_usize {
        let mut state = seed as u64 * 7_919 + 1;
        let mut random = |below: usize| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            usize::try_from(state >> 33).unwrap() % below
        };
        let documents: Vec<(String, String, String)> = (0..40)
            .map(|number| {
                let source = ["a", "b", "c"][random(2 + seed % 2)];
                let first = random(4) * 100;
                let text = words(first..first + 12 + random(8));
                (format!("{seed}-{number:02}"), source.to_owned(), text)
            })
            .collect();
        across_sources(folder.path(), &format!("seed-{seed}"), &documents);
    }
}
