//! Samples through [`Source`]: uniform, the same by every path, and of what they say they are of.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::fixtures::{jsonl, parquet, run_over, text};
use super::{OpenOptions, Progress, Quiet, Source, is_cancelled};
use crate::model::{Decision, Entry, MarkKind, Population, SampleSpec, Strata, Unit};

fn open(path: &Path) -> Source {
    Source::open(&[path.display().to_string()], &OpenOptions::default()).unwrap()
}

fn spec(seed: u64) -> SampleSpec {
    SampleSpec { seed, ..SampleSpec::default() }
}

fn ids(entries: &[Entry]) -> Vec<String> {
    entries.iter().map(|entry| entry.name().to_owned()).collect()
}

/// Draws `count` documents for many seeds and gives the chi-square statistic of inclusion over
/// `total` documents named `doc-N`, and how often the first and the last were drawn.
fn inclusion(source: &Source, total: usize, count: usize, seeds: u64) -> (f64, [u32; 2]) {
    let mut hits = vec![0_u32; total];
    for seed in 0..seeds {
        let drawn = source.draw(&spec(seed), 0, count, &Quiet).unwrap();
        assert_eq!(drawn.len(), count);
        for name in ids(&drawn) {
            hits[name.strip_prefix("doc-").unwrap().parse::<usize>().unwrap()] += 1;
        }
    }
    let share = count as f64 / total as f64;
    let expected = seeds as f64 * share;
    let squares = hits.iter().map(|hit| (f64::from(*hit) - expected).powi(2));
    (squares.sum::<f64>() / (expected * (1.0 - share)), [hits[0], hits[total - 1]])
}

/// A folder with 40 documents in JSONL, plain and compressed, an empty file among them.
fn jsonl_corpus() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.jsonl"), jsonl(0..3)).unwrap();
    fs::write(folder.path().join("b.jsonl"), "").unwrap();
    let packed = zstd_bytes(jsonl(3..30).as_bytes());
    fs::write(folder.path().join("c.jsonl.zst"), packed).unwrap();
    fs::write(folder.path().join("d.jsonl"), format!("\n{}\n\n", jsonl(30..40))).unwrap();
    folder
}

/// Compressed as the writer of runs does it.
fn zstd_bytes(bytes: &[u8]) -> Vec<u8> {
    use tamis_pipeline::read::Compression;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x");
    let mut writer =
        tamis_pipeline::write::frames::FrameWriter::create(&path, Compression::Zstd).unwrap();
    writer.write(&[bytes]).unwrap();
    writer.finish().unwrap();
    fs::read(path).unwrap()
}

fn parquet_corpus() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    parquet(&folder.path().join("a.parquet"), 0, &[1, 12, 4]);
    parquet(&folder.path().join("b.parquet"), 17, &[]);
    parquet(&folder.path().join("c.parquet"), 17, &[20, 3]);
    folder
}

/// A run over 120 documents in three files; documents 0, 3, 6 and so on are removed by a rule, a
/// few are copies of others.
fn run_corpus() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let input = folder.path().join("in");
    fs::create_dir(&input).unwrap();
    let mut first = jsonl(0..50);
    for copy in 0..4 {
        let text = text(100 + copy * 3 + 1);
        first.push_str(&format!(
            "{{\"id\": \"copy-{copy}\", \"text\": \"{text}\", \"lang\": \"en\"}}\n"
        ));
    }
    first.push_str(
        "{\"id\": \"edited\", \"text\": \"é one secret12 two secret three four five\"}\n",
    );
    first.push_str("this is no JSON\n");
    fs::write(input.join("a.jsonl"), first).unwrap();
    fs::write(input.join("b.jsonl"), "").unwrap();
    parquet(&input.join("c.parquet"), 50, &[30, 1, 19]);
    fs::write(input.join("d.txt"), "A text of its own that has enough words to be kept.").unwrap();
    fs::write(input.join("e.jsonl"), jsonl(100..120)).unwrap();
    let out = folder.path().join("out");
    run_over(&[input], &out);
    (folder, out)
}

#[test]
fn inclusion_is_uniform_in_every_format() {
    // 39 degrees of freedom: 99.9 % of uniform samplers stay below 72.1
    for folder in [jsonl_corpus(), parquet_corpus()] {
        let source = open(folder.path());
        let (statistic, ends) = inclusion(&source, 40, 6, 600);
        assert!(statistic < 72.1, "chi-square {statistic}");
        assert!(ends.iter().all(|hits| *hits > 40), "{ends:?}");
        assert_eq!(source.frame().documents, Some(40));
        assert!(source.frame().is_sample);
    }
}

#[test]
fn inclusion_is_uniform_in_a_run() {
    let (_folder, out) = run_corpus();
    let source = open(&out);
    let all = SampleSpec { population: Population::Removed, ..spec(0) };
    let total = source.draw(&all, 0, 1000, &Quiet).unwrap().len();
    assert_eq!(source.frame().documents, Some(total as u64));
    let mut hits: BTreeMap<String, u32> = BTreeMap::new();
    let (seeds, count) = (300, 5);
    for seed in 0..seeds {
        let drawn = SampleSpec { population: Population::Removed, ..spec(seed) };
        for name in ids(&source.draw(&drawn, 0, count, &Quiet).unwrap()) {
            *hits.entry(name).or_default() += 1;
        }
    }
    assert_eq!(hits.len(), total);
    let share = count as f64 / total as f64;
    let expected = seeds as f64 * share;
    let squares: f64 = hits.values().map(|hit| (f64::from(*hit) - expected).powi(2)).sum();
    let statistic = squares / (expected * (1.0 - share));
    // about 45 degrees of freedom: 99.9 % stay below 80
    assert!((40..50).contains(&total) && statistic < 80.0, "{total} {statistic}");
}

#[test]
fn prefixes_nest_and_calls_may_be_cut_anywhere() {
    for folder in [jsonl_corpus(), parquet_corpus()] {
        let whole = open(folder.path()).draw(&spec(5), 0, 100, &Quiet).unwrap();
        assert_eq!(whole.len(), 40);
        let source = open(folder.path());
        let mut pieces = Vec::new();
        for at in (0..40).step_by(3) {
            pieces.extend(source.draw(&spec(5), at, 3, &Quiet).unwrap());
        }
        assert_eq!(pieces, whole);
        assert!(source.draw(&spec(5), 40, 5, &Quiet).unwrap().is_empty());
    }
}

#[test]
fn the_walk_and_the_scan_give_the_same_order() {
    let (_folder, out) = run_corpus();
    for population in [
        Population::Kept,
        Population::Removed,
        Population::Flagged,
        Population::Failed,
        Population::All,
    ] {
        for filter in [None, Some("word_count > 5 and lang is null or word_count < 12")] {
            // the condition names a column of the run's own by its name in the annotations
            let filter = filter.map(|sql| sql.replace("lang", "\"column.lang\""));
            let spec = SampleSpec { seed: 3, population, filter, ..SampleSpec::default() };
            let (walk, scan) = (open(&out), open(&out));
            let walked = walk.draw(&spec, 0, 200, &Quiet).unwrap();
            scan.measure(&spec, &Quiet).unwrap();
            let scanned = scan.draw(&spec, 0, 200, &Quiet).unwrap();
            assert_eq!(walked, scanned, "{spec:?}");
            assert_eq!(scan.frame().documents, Some(walked.len() as u64));
            if spec.filter.is_none() {
                assert_eq!(walk.frame().documents, Some(walked.len() as u64), "{population:?}");
            }
            let size: u64 = walked.iter().filter_map(|entry| entry.size).sum();
            assert_eq!(scan.frame().size, Some(size));
        }
    }
}

#[test]
fn populations_hold_what_their_name_says() {
    let (_folder, out) = run_corpus();
    let source = open(&out);
    let drawn = |population| {
        let spec = SampleSpec { population, ..spec(1) };
        source.draw(&spec, 0, 1000, &Quiet).unwrap()
    };
    let kept = drawn(Population::Kept);
    assert!(kept.iter().all(|entry| entry.decision == Decision::Kept && entry.reason.is_none()));
    let removed = drawn(Population::Removed);
    let reasons: BTreeSet<_> = removed.iter().filter_map(|one| one.reason.clone()).collect();
    assert_eq!(reasons.into_iter().collect::<Vec<_>>(), ["dedup/exact", "t/short"]);
    let flagged = drawn(Population::Flagged);
    assert!(!flagged.is_empty() && flagged.iter().all(|entry| !entry.flags.is_empty()));
    let failed = drawn(Population::Failed);
    assert_eq!(failed.len(), 1);
    assert_eq!(drawn(Population::All).len(), kept.len() + removed.len() + 1);
    // every record of the sample is fetched, from the right place of the right file
    for entry in kept.iter().chain(&removed).chain(&failed) {
        let document = source.fetch(entry).unwrap();
        assert_eq!(document.entry.decision, entry.decision);
        if let Some(number) = entry.id.as_ref().and_then(|id| id.strip_prefix("doc-")) {
            assert_eq!(&*document.text.text, text(number.parse().unwrap()), "{entry:?}");
            assert_eq!(document.annotations["document_id"], entry.document_id.as_str());
        }
    }
}

#[test]
fn strata_are_drawn_in_turn_with_their_weights() {
    let (_folder, out) = run_corpus();
    let source = open(&out);
    let specs = [
        (Strata::Decision, vec!["failed", "kept", "removed"]),
        (Strata::Cluster, vec!["alone", "duplicate", "survivor"]),
        (Strata::Sql("word_count < 3".to_owned()), vec!["false", "none", "true"]),
    ];
    for (strata, names) in specs {
        let told = format!("{strata:?}");
        let spec = SampleSpec { population: Population::All, strata: Some(strata), ..spec(2) };
        let drawn = source.draw(&spec, 0, 1000, &Quiet).unwrap();
        let frame = source.frame();
        assert_eq!(
            frame.strata.iter().map(|s| s.name.as_str()).collect::<Vec<_>>(),
            names,
            "{told}"
        );
        assert_eq!(frame.strata.iter().map(|s| s.documents).sum::<u64>(), drawn.len() as u64);
        let first: Vec<_> = drawn.iter().take(3).filter_map(|one| one.stratum.clone()).collect();
        assert_eq!(first, names, "{told}");
        for stratum in &frame.strata {
            let own = drawn.iter().filter(|one| one.stratum.as_ref() == Some(&stratum.name));
            assert_eq!(own.count() as u64, stratum.documents);
        }
    }
    let by = |strata| SampleSpec { population: Population::All, strata: Some(strata), ..spec(2) };
    source.draw(&by(Strata::Source), 0, 1, &Quiet).unwrap();
    let names: Vec<String> = source.frame().strata.into_iter().map(|one| one.name).collect();
    assert_eq!(names, ["a.jsonl", "c.parquet", "d.txt", "e.jsonl"]);
    source.draw(&by(Strata::Language), 0, 1, &Quiet).unwrap();
    assert_eq!(source.frame().strata.len(), 3);
    let rules = by(Strata::Rule);
    source.draw(&rules, 0, 1, &Quiet).unwrap();
    assert!(source.frame().strata.iter().any(|one| one.name == "dedup/exact"));
}

#[test]
fn tokens_are_drawn_by_size() {
    let folder = tempfile::tempdir().unwrap();
    let sizes = [10_usize, 20, 40, 80, 160, 10, 30, 50];
    let line = |(number, size): (usize, &usize)| {
        format!("{{\"id\": \"doc-{number}\", \"text\": \"{}\"}}\n", "x".repeat(*size))
    };
    let lines: String = sizes.iter().enumerate().map(line).collect();
    fs::write(folder.path().join("a.jsonl"), lines).unwrap();
    let source = open(folder.path());
    let seeds = 2000;
    let mut first = vec![0_u32; sizes.len()];
    for seed in 0..seeds {
        let spec = SampleSpec { unit: Unit::Token, ..spec(seed) };
        let drawn = source.draw(&spec, 0, 1, &Quiet).unwrap();
        first[ids(&drawn)[0].strip_prefix("doc-").unwrap().parse::<usize>().unwrap()] += 1;
    }
    let total: usize = sizes.iter().sum();
    let statistic: f64 = sizes
        .iter()
        .zip(&first)
        .map(|(size, hits)| {
            let expected = seeds as f64 * *size as f64 / total as f64;
            (f64::from(*hits) - expected).powi(2) / expected
        })
        .sum();
    // 7 degrees of freedom: 99.9 % stay below 24.3
    assert!(statistic < 24.3, "{statistic} {first:?}");
    assert_eq!(source.frame().size, Some(total as u64));
    assert_eq!(source.frame().size_max, Some(160));
}

#[test]
fn a_corpus_is_filtered_by_the_condition_of_a_rule() {
    let folder = jsonl_corpus();
    let source = open(folder.path());
    let all = ids(&source.draw(&spec(9), 0, 100, &Quiet).unwrap());
    let short = SampleSpec { filter: Some("word_count < 3".to_owned()), ..spec(9) };
    let drawn = ids(&source.draw(&short, 0, 100, &Quiet).unwrap());
    let expected: Vec<String> = all
        .into_iter()
        .filter(|name| name.strip_prefix("doc-").unwrap().parse::<usize>().unwrap() % 3 == 0)
        .collect();
    assert_eq!(drawn, expected);
    let wrong = SampleSpec { filter: Some("no_such_thing > 1".to_owned()), ..spec(9) };
    assert!(source.draw(&wrong, 0, 1, &Quiet).is_err());
}

#[test]
fn what_is_no_record_is_passed_over_and_counted() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.jsonl");
    let mut bytes = jsonl(0..5).into_bytes();
    bytes.extend_from_slice(b"{broken\n\xff\xfe\n[1]\n{\"text\": null}\n");
    bytes.extend_from_slice(jsonl(5..9).as_bytes());
    fs::write(&path, bytes).unwrap();
    let source = open(&path);
    assert_eq!(source.draw(&spec(1), 0, 100, &Quiet).unwrap().len(), 9);
    assert_eq!(source.passed_over(), 4);
    assert_eq!(source.frame().documents, Some(13));
}

#[test]
fn the_head_is_there_before_the_pass_and_is_no_sample() {
    let folder = jsonl_corpus();
    let source = open(folder.path());
    let head = source.head(5).unwrap();
    assert_eq!(ids(&head), ["doc-0", "doc-1", "doc-2", "doc-3", "doc-4"]);
    assert!(!source.frame().is_sample);
    assert_eq!(&*source.fetch(&head[4]).unwrap().text.text, text(4));
    assert_eq!(&*source.fetch(&head[2]).unwrap().text.text, text(2));
}

#[test]
fn a_cancelled_draw_says_so_and_goes_on_later() {
    struct Now;
    impl Progress for Now {
        fn progress(&self, _: f64) {}
        fn cancelled(&self) -> bool {
            true
        }
    }
    let folder = jsonl_corpus();
    let source = open(folder.path());
    assert!(is_cancelled(&source.draw(&spec(1), 0, 5, &Now).unwrap_err()));
    assert_eq!(source.draw(&spec(1), 0, 5, &Quiet).unwrap().len(), 5);
    let (_folder, out) = run_corpus();
    let run = open(&out);
    let strata = SampleSpec { strata: Some(Strata::Decision), ..spec(1) };
    assert!(is_cancelled(&run.draw(&strata, 0, 5, &Now).unwrap_err()));
    assert_eq!(run.draw(&strata, 0, 5, &Quiet).unwrap().len(), 5);
}

#[test]
fn an_edited_document_shows_its_original_with_the_places() {
    let (folder, out) = run_corpus();
    let source = open(&out);
    let edited = SampleSpec { filter: Some("id = 'edited'".to_owned()), ..spec(1) };
    let entry = source.draw(&edited, 0, 1, &Quiet).unwrap().remove(0);
    let document = source.fetch(&entry).unwrap();
    assert_eq!(&*document.text.text, "é one [gone] two [gone] three four five");
    let original = document.original.unwrap();
    assert_eq!(&*original.text, "é one secret12 two secret three four five");
    let edits: Vec<&str> = original
        .marks
        .iter()
        .filter(|mark| mark.kind == MarkKind::Edit)
        .map(|mark| &original.text[mark.start..mark.end])
        .collect();
    assert_eq!(edits, ["secret12", "secret"]);
    assert!(document.why.iter().any(|why| why.title == "t/secret" && why.effect == "edited"));
    fs::write(folder.path().join("in/a.jsonl"), "{}").unwrap();
    let document = source.fetch(&entry).unwrap();
    assert!(document.original.is_none());
    assert!(document.original_missing.unwrap().contains("changed"));
}

#[test]
fn twins_overview_and_histogram_of_a_run() {
    let (_folder, out) = run_corpus();
    let source = open(&out);
    let copies = SampleSpec {
        population: Population::Removed,
        filter: Some("word_count >= 3".to_owned()),
        ..spec(1)
    };
    let entry = source.draw(&copies, 0, 1, &Quiet).unwrap().remove(0);
    let twins = source.twins(&entry, 10).unwrap();
    assert_eq!(twins.len(), 2);
    assert!(twins[0].survivor && !twins[1].survivor);
    assert_eq!(twins[0].text, twins[1].text);
    let overview = source.overview().unwrap();
    assert_eq!(overview.funnel.first().unwrap(), &("read".to_owned(), 127));
    assert!(overview.rules.iter().any(|rule| rule.rule == "t/short" && rule.first > 0));
    assert!(overview.annotations.contains(&"word_count".to_owned()));
    #[cfg(feature = "screen")]
    {
        let histogram = source.histogram("word_count").unwrap();
        assert_eq!(histogram.counts.iter().sum::<u64>() + histogram.unknown, 127);
        assert_eq!(histogram.percentiles.len(), 101);
        assert!(source.histogram("no_such").is_err());
    }
    let rules = source.rules().unwrap().unwrap();
    assert_eq!(Some(rules.hash_hex()), source.frame().rules_hash);
}

#[test]
fn damaged_runs_are_errors_with_their_place() {
    let (_folder, out) = run_corpus();
    let spec = SampleSpec { population: Population::All, ..spec(1) };
    let part = out.join("annotations/part-00000.parquet");
    let bytes = fs::read(&part).unwrap();
    fs::write(&part, &bytes[..bytes.len() / 2]).unwrap();
    let opened = Source::open(&[out.display().to_string()], &OpenOptions::default());
    let error = match opened {
        Ok(source) => source.draw(&spec, 0, 500, &Quiet).unwrap_err(),
        Err(error) => error,
    };
    assert!(error.to_string().contains("part-00000"), "{error}");
    fs::write(&part, &bytes).unwrap();
    fs::write(out.join("report.json"), "{}").unwrap();
    let error = Source::open(&[out.display().to_string()], &OpenOptions::default()).err().unwrap();
    assert!(error.to_string().contains("report.json"), "{error}");
}
