//! A reference set: what a corpus already has, as files, as a finished run and as an index.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use crate::common::{assert_same, books, expect, json, report, write};
use crate::fuzzy::{families, outcome, similarity, words, write_records};

/// Families in `old/0.jsonl` and `new/1.jsonl`, `new/2.jsonl`.
fn dumps(folder: &Path) -> BTreeMap<String, String> {
    let texts = families(folder);
    for (from, to) in [("in/0.jsonl", "old/0.jsonl"), ("in/1.jsonl", "new/1.jsonl")] {
        fs::create_dir_all(folder.join(to).parent().unwrap()).unwrap();
        fs::rename(folder.join(from), folder.join(to)).unwrap();
    }
    fs::rename(folder.join("in/2.jsonl"), folder.join("new/2.jsonl")).unwrap();
    texts
}

fn run(folder: &Path, input: &str, out: &str, more: &[&str]) {
    let mut arguments = vec!["run", input, "--out", out, "--rules", "none", "--quiet"];
    arguments.extend(more);
    expect(folder, &arguments, 0);
}

/// Kept ids, and removed ids with their twins.
fn outcome_of(folder: &Path, out: &str) -> (BTreeSet<String>, BTreeMap<String, (String, f64)>) {
    outcome(&folder.join(out))
}

#[test]
fn what_the_reference_set_has_goes_and_is_verified() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let texts = dumps(folder);
    run(folder, "new", "out", &["--against", "old", "--threads", "1"]);
    run(folder, "new", "out8", &["--against", "old", "--threads", "8"]);
    assert_same(&folder.join("out"), &folder.join("out8"));
    let (kept, removed) = outcome_of(folder, "out");
    let old: BTreeSet<String> = fs::read_to_string(folder.join("old/0.jsonl"))
        .unwrap()
        .lines()
        .map(|line| {
            let record: serde_json::Value = serde_json::from_str(line).unwrap();
            record["id"].as_str().unwrap().to_owned()
        })
        .collect();
    assert_eq!(kept.len() + removed.len(), texts.len() - old.len());
    let mut for_old = 0;
    for (id, (twin, said)) in &removed {
        let exact = similarity(&texts[id], &texts[twin]);
        assert!(exact >= 0.8 && (exact - said).abs() < 1e-9, "{id} {twin} {exact} {said}");
        assert!(old.contains(twin) || kept.contains(twin), "{id} went for {twin}, which is gone");
        for_old += u64::from(old.contains(twin));
    }
    let report = report(&folder.join("out"));
    assert_eq!(report["reference"]["documents"], old.len() as u64);
    assert_eq!(report["reference"]["removed"], for_old);
    assert!(for_old > 50, "{for_old}");
    let (mut similar, mut left) = (0, 0);
    for one in texts.keys().filter(|id| !old.contains(*id)) {
        for other in old.iter().filter(|other| other[..4] == one[..4]) {
            if similarity(&texts[one], &texts[other]) >= 0.8 {
                similar += 1;
                left += usize::from(kept.contains(one));
            }
        }
    }
    assert!(left * 50 <= similar, "{left} of {similar} are left");
}

#[test]
fn only_against_leaves_what_repeats_in_the_corpus_itself() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let texts = dumps(folder);
    run(folder, "new", "out", &["--against", "old", "--only-against", "--audit", "40"]);
    let (kept, removed) = outcome_of(folder, "out");
    let old: BTreeSet<&String> =
        texts.keys().filter(|id| !kept.contains(*id) && !removed.contains_key(*id)).collect();
    assert!(removed.values().all(|(twin, _)| old.contains(twin)));
    let inner = kept.iter().any(|one| {
        kept.iter().any(|two| {
            one < two && one[..4] == two[..4] && similarity(&texts[one], &texts[two]) >= 0.8
        })
    });
    assert!(inner, "near duplicates within the corpus went too");
    // copies of text that neither side has twice stay as well
    write_records(
        &folder.join("twice.jsonl"),
        &[("a".into(), words(700_000..700_090)), ("b".into(), words(700_000..700_090))],
    );
    run(folder, "twice.jsonl", "twice", &["--against", "old", "--only-against"]);
    assert_eq!(books(&folder.join("twice")), [2, 2, 0, 0]);
    let audit = &report(&folder.join("out"))["audit"];
    assert!(audit["pairs"].as_u64().unwrap() > 0);
    assert!(audit["recall"].as_f64().unwrap() > 0.9, "{audit}");
}

#[test]
fn files_a_finished_run_and_an_index_say_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    dumps(folder);
    run(folder, "new", "files", &["--against", "old"]);
    run(folder, "old", "old-run", &["--dedup", "none", "--write-flags"]);
    run(folder, "new", "finished", &["--against", "old-run"]);
    expect(folder, &["index", "old", "--out", "idx", "--quiet"], 0);
    run(folder, "new", "indexed", &["--against", "idx"]);
    let by_files = outcome_of(folder, "files");
    assert!(by_files == outcome_of(folder, "finished"));
    assert!(by_files == outcome_of(folder, "indexed"));
    // two references: the second index moves behind the first
    write_records(&folder.join("more.jsonl"), &[("m".into(), words(5_000..5_080))]);
    expect(folder, &["index", "more.jsonl", "--out", "idx2", "--quiet"], 0);
    run(folder, "new", "both", &["--against", "idx2", "--against", "idx"]);
    let both = outcome_of(folder, "both");
    assert!(both.0.is_subset(&by_files.0) && both.0.len() >= by_files.0.len() - 5);
    let known = json(&folder.join("both/report.json"));
    assert_eq!(known["reference"]["documents"], 201);
}

#[test]
fn a_reference_set_that_does_not_fit_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    dumps(folder);
    expect(folder, &["index", "old", "--out", "idx", "--dedup", "fuzzy", "--quiet"], 0);
    let against = |more: &[&str], code| {
        let mut arguments = vec!["run", "new", "--out", "out", "--rules", "none", "--quiet"];
        arguments.extend(more);
        expect(folder, &arguments, code).1
    };
    let error = against(&["--against", "idx"], 2);
    assert!(error.contains("no content hashes"), "{error}");
    let other = ["--against", "idx", "--dedup", "fuzzy", "--bands", "20", "--rows", "8"];
    let error = against(&other, 2);
    assert!(error.contains("holds 14 bands of 8 rows"), "{error}");
    let error = against(&["--against", "idx", "--dedup", "none"], 2);
    assert!(error.contains("no kind of duplicate"), "{error}");
    let error = against(&["--only-against"], 2);
    assert!(error.contains("no reference set"), "{error}");
    let error = against(&["--against", "nowhere"], 2);
    assert!(error.contains("nowhere"), "{error}");
    against(&["--against", "idx", "--dedup", "fuzzy"], 0);
    let error = against(&["--against", "old", "--dedup", "fuzzy"], 2);
    assert!(error.contains("holds another run"), "{error}");
    write(&folder.join("body.jsonl"), b"{\"body\":\"the text is elsewhere\"}\n");
    let error = against(&["--against", "body.jsonl", "--force"], 2);
    assert!(error.contains("all 1 records of the reference set failed"), "{error}");
    write(&folder.join("empty.jsonl"), b"\n");
    let error = against(&["--against", "empty.jsonl", "--force"], 2);
    assert!(error.contains("holds no documents"), "{error}");
    fs::rename(folder.join("idx/index.json"), folder.join("index.json")).unwrap();
    let error = against(&["--against", "idx", "--force"], 2);
    assert!(error.contains("unfinished"), "{error}");
    fs::rename(folder.join("index.json"), folder.join("idx/index.json")).unwrap();
    write(&folder.join("old/0.jsonl"), b"{\"text\":\"something else\"}\n");
    let error = against(&["--against", "idx", "--dedup", "fuzzy", "--force"], 2);
    assert!(error.contains("has changed since"), "{error}");
}
