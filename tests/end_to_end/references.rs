//! References that point at nothing: in runs, in the report, over pages of works, and `tamis refs`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use crate::common::{books, expect, json, lines, report, samples};
use crate::fuzzy::write_records;
use serde_json::Value;

/// What `tamis refs` finds in `input`: kinds with findings, by document id.
fn kinds(folder: &Path, input: &str) -> BTreeMap<String, BTreeSet<String>> {
    let (found, _) = expect(folder, &["refs", input, "-n", "0", "--json"], 0);
    let mut kinds: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for line in found.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        let of = kinds.entry(line["id"].as_str().unwrap().to_owned()).or_default();
        for finding in line["findings"].as_array().unwrap() {
            of.insert(finding["kind"].as_str().unwrap().to_owned());
        }
    }
    kinds
}

#[test]
fn what_was_taken_out_of_the_samples_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let found = kinds(folder.path(), &samples().display().to_string());
    let expected = json(&samples().join("expected.json"));
    // the least share of planted documents in which the kind is found
    for (planted, kind, least) in [
        ("stripped_table", "table", 0.9),
        ("hollow_table", "table", 0.7),
        ("stripped_figure", "figure", 0.6),
        ("hollow_figure", "figure", 0.9),
        ("stripped_list", "list", 0.4),
    ] {
        let ids = expected["planted"][planted].as_array().unwrap();
        let hit = |id: &&Value| found.get(id.as_str().unwrap()).is_some_and(|k| k.contains(kind));
        let hits = ids.iter().filter(hit).count();
        assert!(hits as f64 >= least * ids.len() as f64, "{planted}: {hits} of {}", ids.len());
    }
    let good = |id: &str| expected["notes"][id]["good"] == true;
    for id in found.keys().filter(|id| id.starts_with("notes/") && good(id)) {
        // a page of nothing but traps may fool us now and then
        assert_eq!(id, "notes/reference-traps.txt", "{:?}", found[id]);
    }
}

#[test]
fn every_kind_has_a_sample_that_lost_it_and_one_that_kept_it() {
    let folder = tempfile::tempdir().unwrap();
    let notes = samples().join("notes").display().to_string();
    let (found, _) = expect(folder.path(), &["refs", &notes, "-n", "0", "--json", "--mentions"], 0);
    let (mut lost, mut kept) = (BTreeSet::new(), BTreeSet::new());
    for line in found.lines() {
        let page: Value = serde_json::from_str(line).unwrap();
        let of = |what: &str| -> BTreeSet<String> {
            let all = page[what].as_array().unwrap().iter();
            all.map(|one| one["kind"].as_str().unwrap().to_owned()).collect()
        };
        let (gone, said) = (of("findings"), of("mentions"));
        if gone.is_empty() {
            kept.extend(said);
        }
        lost.extend(gone);
    }
    let all = kinds(folder.path(), &samples().display().to_string());
    // a mark that a tool left is lost by itself; the page about such marks is silent
    for kind in [
        "algorithm",
        "anchor",
        "appendix",
        "attachment",
        "author_year",
        "citation",
        "equation",
        "figure",
        "footnote",
        "list",
        "listing",
        "residue",
        "section",
        "table",
    ] {
        let there = lost.contains(kind) || all.values().any(|found| found.contains(kind));
        assert!(there, "no sample lost a {kind}");
        assert!(kept.contains(kind) || kind == "residue", "no sample kept a {kind}: {kept:?}");
    }
    assert!(found.lines().all(|line| !line.contains("kept-residue")), "{found}");
}

#[test]
fn fixtures_of_real_strippers_are_judged_right() {
    let folder = tempfile::tempdir().unwrap();
    let root = std::env::var_os("CARGO_MANIFEST_DIR").unwrap();
    let units = lines(&Path::new(&root).join("tests/references/fixtures.jsonl"));
    let mut records = Vec::new();
    let mut gold: BTreeMap<String, (bool, BTreeSet<String>)> = BTreeMap::new();
    for unit in &units {
        let unit: Value = serde_json::from_str(unit).unwrap();
        let id = unit["unit"].as_str().unwrap().to_owned();
        records.push((id.clone(), unit["text"].as_str().unwrap().to_owned()));
        let wanted = unit["gold"].as_array().unwrap().iter().filter(|gold| {
            gold["form"] == "numbered"
                && ["table", "figure"].contains(&gold["kind"].as_str().unwrap())
        });
        let kinds = wanted.map(|gold| gold["kind"].as_str().unwrap().to_owned()).collect();
        gold.insert(id, (unit["variant"] == "intact", kinds));
    }
    write_records(&folder.path().join("in.jsonl"), &records);
    let found = kinds(folder.path(), "in.jsonl");
    let none = BTreeSet::new();
    let (mut wanted, mut hit, mut wrong) = (0, 0, 0);
    for (id, (intact, kinds)) in &gold {
        let here = found.get(id).unwrap_or(&none);
        wanted += kinds.len();
        hit += kinds.intersection(here).count();
        wrong +=
            usize::from(*intact && here.iter().any(|kind| kind == "table" || kind == "figure"));
    }
    assert!(wanted >= 10 && hit * 10 >= wanted * 7, "{hit} of {wanted}");
    assert_eq!(wrong, 0, "intact fixtures with findings");
}

#[test]
fn a_run_flags_explains_and_adds_up() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let lost = |n: usize| {
        format!(
            "Sales rose in every region in year {n}, as shown in Table {n}, and the growth was \
             strongest in the north. Table {n} also shows that the south has nearly caught up with \
             the rest of the country, although its shops had been closed for a month or two."
        )
    };
    let records: Vec<(String, String)> = (1..9).map(|n| (format!("lost-{n}"), lost(n))).collect();
    write_records(&folder.join("in/shop/a.jsonl"), &records);
    write_records(
        &folder.join("in/fine/b.jsonl"),
        &[("fine".into(), format!("{}\n\n| a | b |\n|---|---|\n| 1 | 2 |\n", lost(3)))],
    );
    fs::write(
        folder.join("rules.yaml"),
        "version: 1
rules:
  - id: t/lost
    flag_if: dangling(table, missing, 0.7) >= 1
  - id: t/gone
    drop_if: dangling(any, any, 0.7) > 1 and word_count < 10
tests:
  - text: 'As shown in Table 4, sales rose. Table 4 has the rest.'
    expect: { flag: [t/lost], drop: [] }
",
    )
    .unwrap();
    expect(folder, &["rules", "test", "rules.yaml"], 0);
    let run = ["run", "in", "--rules", "rules.yaml", "--dedup", "none", "--write-flags"];
    let (summary, _) = expect(folder, &[&run[..], &["--out", "out"]].concat(), 0);
    assert!(summary.contains("no table in any of the 8 documents that mention one"), "{summary}");
    let report = report(&folder.join("out"));
    let shop = &report["references"][0];
    assert_eq!((&shop["source"], &shop["dangling"]), (&"shop".into(), &8.into()));
    let kept: Value =
        serde_json::from_str(&lines(&folder.join("out/kept/shop/a.jsonl"))[0]).unwrap();
    let reason = &kept["tamis"]["reasons"][0];
    assert_eq!(reason["comparisons"][0]["annotation"], "dangling(table, missing, 0.7)");
    let text = kept["text"].as_str().unwrap();
    let at = |place: &Value| usize::try_from(place.as_u64().unwrap()).unwrap();
    let span = &reason["spans"][0];
    assert_eq!(&text[at(&span[0])..at(&span[1])], "Table 1");
    let (page, _) = expect(folder, &["refs", "out", "-n", "1"], 0);
    assert!(page.contains("«Table 1»") && page.contains("missing"), "{page}");
    let (page, _) = expect(folder, &["refs", "out", "--by", "source"], 0);
    assert!(page.contains("the extractor drops tables"), "{page}");
    expect(folder, &["refs", "out", "--only", "chair"], 2);
}

#[test]
fn sentences_that_point_at_nothing_are_edited_and_bad_calls_refused() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let text = "Sales rose again. The growth by region is shown in Table 2 and Table 2 alone. Nobody was surprised.";
    write_records(&folder.join("in.jsonl"), &[("one".into(), text.into())]);
    let rules = |name: &str, rule: &str| {
        let file = format!("version: 1\nrules:\n  - id: t/edit\n    {rule}\n");
        fs::write(folder.join(name), file).unwrap();
    };
    rules("remove.yaml", "remove_dangling: table, missing");
    rules("mark.yaml", "mark_dangling: any\n    with: ' [no {kind} {key}]'");
    for (rule, expected) in [
        ("remove", "Sales rose again. Nobody was surprised."),
        (
            "mark",
            "Sales rose again. The growth by region is shown in Table 2 [no table 2] and Table 2 [no table 2] alone. Nobody was surprised.",
        ),
    ] {
        let (file, out) = (format!("{rule}.yaml"), format!("out-{rule}"));
        expect(folder, &["run", "in.jsonl", "--out", &out, "--rules", &file], 0);
        let record = lines(&folder.join(&out).join("kept/in.jsonl"))[0].clone();
        let record: Value = serde_json::from_str(&record).unwrap();
        assert_eq!(record["text"], expected);
    }
    rules("kind.yaml", "flag_if: dangling(chair) > 0");
    let error = expect(folder, &["rules", "check", "kind.yaml"], 2).1;
    assert!(
        error.contains("'chair' is no kind of reference") && error.contains("kind.yaml:4"),
        "{error}"
    );
    rules("verdict.yaml", "remove_dangling: table, lost");
    let error = expect(folder, &["rules", "check", "verdict.yaml"], 2).1;
    assert!(error.contains("'lost' is no verdict"), "{error}");
    let run = ["run", "in.jsonl", "--out", "o", "--rules", "remove.yaml", "--group-by", "source"];
    assert!(expect(folder, &run, 2).1.contains("flag instead"));
}

#[test]
fn pages_of_one_work_answer_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let page = |id: &str, book: &str, text: &str| {
        serde_json::json!({"id": id, "book": book, "text": text}).to_string()
    };
    let points = "The character sets are described in Section 24.3, their sizes in Table 24.1, and \
                  the limits in Table 9.7. Every size in Table 24.1 is one of the disk.";
    let has = "# 24.3. Character sets\n\nThere are many.\n\nTable 24.1. Sizes\n\n| set | size |\n|---|---|\n| a | 1 |\n| b | 2 |\n\nTable 24.1 was made last year.";
    fs::write(
        folder.join("in.jsonl"),
        [page("p1", "x", points), page("p2", "y", points), page("p3", "x", has)].join("\n"),
    )
    .unwrap();
    fs::write(
        folder.join("rules.yaml"),
        "version: 1\nrules:\n  - id: t/lost\n    flag_if: dangling_references > 0\n",
    )
    .unwrap();
    let keys = |out: &str, more: &[&str]| -> BTreeMap<String, u64> {
        let run = ["run", "in.jsonl", "--out", out, "--rules", "rules.yaml", "--dedup", "none"];
        expect(folder, &[&run[..], more].concat(), 0);
        assert_eq!(books(&folder.join(out)), [3, 3, 0, 0]);
        let mut found = BTreeMap::new();
        for id in ["p1", "p2", "p3"] {
            let page = expect(folder, &["explain", out, id, "--json"], 0).0;
            let page: Value = serde_json::from_str(&page).unwrap();
            let count = page["annotations"]["dangling_references"].as_u64().unwrap();
            found.insert(id.to_owned(), count);
        }
        found
    };
    let alone = keys("alone", &[]);
    assert_eq!((alone["p1"], alone["p2"], alone["p3"]), (2, 2, 0));
    let books = keys("books", &["--group-by", "book"]);
    assert_eq!((books["p1"], books["p2"], books["p3"]), (1, 2, 0));
    let all = keys("all", &["--group-by", "source"]);
    assert_eq!((all["p1"], all["p2"], all["p3"]), (1, 1, 0));
}

#[test]
fn what_an_extractor_dropped_is_told_object_by_object() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    fs::create_dir_all(folder.join("raw/shop")).unwrap();
    let table = "<table><tr><td>northern</td><td>1,234</td></tr></table>";
    let page =
        |more: &str| format!("<h1>Sales</h1><p>See below.</p>{more}<ul><li>first item</li></ul>");
    fs::write(folder.join("raw/shop/one.html"), page(table)).unwrap();
    fs::write(folder.join("raw/two.html"), page("<pre>print(12)\nprint(13)</pre>")).unwrap();
    write_records(
        &folder.join("in.jsonl"),
        &[
            ("shop/one".into(), "Sales. See below. first item".into()),
            ("two.html".into(), "Sales. See below. print(12) print(13) first item".into()),
            ("three".into(), "Nobody knows this one.".into()),
        ],
    );
    let (page, _) = expect(folder, &["refs", "in.jsonl", "--against", "raw"], 0);
    assert!(page.contains("Table Lost 0.00: northern"), "{page}");
    assert!(page.contains("2 texts were compared, 1 have no raw document"), "{page}");
    let (found, _) = expect(folder, &["refs", "in.jsonl", "--against", "raw", "--json"], 0);
    let fates: Vec<Value> = found
        .lines()
        .flat_map(|line| {
            let line: Value = serde_json::from_str(line).unwrap();
            line["objects"].as_array().unwrap().clone()
        })
        .map(|object| object["fate"].clone())
        .collect();
    assert_eq!(fates, ["lost", "kept", "kept", "kept"]);
    expect(folder, &["refs", "in.jsonl", "--against", "nowhere"], 2);
}
