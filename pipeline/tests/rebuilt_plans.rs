//! Every plan of a run is encoded, decoded in a fresh session that knows only the static
//! registry, and executed there: the bytes of the run stay the same.
#![expect(clippy::unwrap_used, reason = "a test")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use tamis_pipeline::config::Tokens;
use tamis_pipeline::config::{ContentConfig, Fuzzy, Repeat, Repeats, RunConfig, Survivor};
use tamis_pipeline::contamination::{Chosen, Decontaminate, Method};
use tamis_pipeline::embed::{Search, Semantic};
use tamis_pipeline::progress::Observer;
use tamis_pipeline::run::{Request, run};
use tamis_rules::{RuleSet, RuleSource};

struct Quiet;

impl Observer for Quiet {
    fn begin(&self, _movement: &str, _units: usize, _stored_bytes: u64) {}
    fn unit_done(&self) {}
    fn note(&self, _message: &str) {}
    fn stop_asked(&self) -> bool {
        false
    }
}

/// Every kind of rule, two stages, a column, a derived annotation and a percentile.
const RULES: &str = "
version: 1
extends: [tamis/web]
columns: { lang: string, meta.score: double }
annotations:
  words_per_line: word_count * 1.0 / line_count
rules:
  - id: t/footer
    remove_lines_matching: '^(Unsubscribe|You receive this mail).*$'
    why: footers
  - id: t/mail
    replace_matches: '[a-z.]+@[a-z.]+'
    with: '<email>'
    why: addresses
  - id: t/long-words
    flag_if: mean_word_length > p99(mean_word_length)
    why: the longest
  - id: t/language
    keep_if: lang is null or lang <> 'fa'
    why: a column
  - id: t/after
    stage: 2
    drop_if: words_per_line < 2 and original.word_count > 100
    why: lists
  - id: t/score
    drop_if: meta.score < 0.2
    on_null: keep
    why: a nested column
";

fn samples(below: &str) -> String {
    format!("{}/../samples{below}", std::env::var("CARGO_MANIFEST_DIR").unwrap())
}

fn tokenizer() -> PathBuf {
    Path::new(&std::env::var("CARGO_MANIFEST_DIR").unwrap()).join("../tests/tokenizers/bytes.json")
}

/// Two pages of the samples as evaluation sets, whose common n-grams are counted first.
fn sets() -> Chosen {
    let pages = ["/notes/kept-table-orchard.md", "/notes/glossary-sailing.md"];
    Chosen {
        sets: pages.iter().map(|page| samples(page)).collect(),
        method: Method::Gpt3,
        ..Chosen::default()
    }
}

fn request(out: &Path, rebuild_plans: bool, threads: usize, search: Search) -> Request {
    let rules = RuleSource::Inline { name: "test".to_owned(), text: RULES.to_owned() };
    Request {
        inputs: vec![samples("")],
        rules: RuleSet::load(&[rules]).unwrap(),
        config: RunConfig {
            content: ContentConfig {
                survivor: Survivor::OrderBy("word_count desc, lang".to_owned()),
                write_flags: true,
                group_by: Some("shard".to_owned()),
                fuzzy: Some(
                    Fuzzy::settle(None, None, None, None, tamis_rules::Normalize::None).unwrap(),
                ),
                semantic: Some(Semantic::settle(None, None, search, Path::new("")).unwrap()),
                repeats: Repeats::settle(
                    vec![Repeat::Lines, Repeat::Paragraphs, Repeat::Passages],
                    None,
                    Some(20),
                    None,
                )
                .unwrap(),
                tokens: Tokens::settle(Some(&tokenizer()), Some(20)).unwrap(),
                decontaminate: Decontaminate::settle(sets(), Path::new("")).unwrap(),
                ..ContentConfig::default()
            },
            out: out.to_owned(),
            threads,
            memory_bytes: 512 << 20,
            temp: None,
            audit: Some(50),
            // notes that are held against themselves all go
            against: vec![samples("/notes")],
            alarms: tamis_pipeline::config::Alarms::default(),
            force: false,
            device: "cpu".to_owned(),
            rebuild_plans,
        },
    }
}

fn bytes_of(root: &Path, folder: &Path, found: &mut BTreeMap<String, Vec<u8>>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.strip_prefix(root).unwrap().display().to_string();
        if name == "plans" {
            // metrics: seconds and batches
        } else if path.is_dir() {
            bytes_of(root, &path, found);
        } else if name != "run.json" && name != ".lock" {
            found.insert(name, fs::read(&path).unwrap());
        }
    }
}

#[test]
fn a_run_whose_plans_travel_as_bytes_gives_the_same_bytes() {
    // seven threads over 62 units fan no unit out, 200 do
    same_bytes(&[(false, 2), (true, 2), (true, 200)], Search::Hashed);
}

#[test]
fn so_does_one_with_the_exact_search_for_semantic_duplicates() {
    same_bytes(&[(false, 1), (true, 3)], Search::Exact);
}

fn same_bytes(ways: &[(bool, usize)], search: Search) {
    let folder = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .thread_stack_size(8 << 20)
        .enable_all()
        .build()
        .unwrap();
    let mut outcomes = Vec::new();
    for (number, (rebuild, threads)) in ways.iter().copied().enumerate() {
        let out = folder.path().join(number.to_string());
        let request = request(&out, rebuild, threads, search);
        let report = runtime.block_on(run(&request, &Quiet)).unwrap();
        assert!(report.documents.kept > 100 && report.documents.removed > 20);
        let fired = report.rules.iter().filter(|rule| rule.id.starts_with("t/") && rule.fired > 0);
        assert!(fired.count() >= 5, "{:?}", report.rules);
        assert!(
            report.contamination.iter().all(|set| set.decided > 0),
            "{:?}",
            report.contamination
        );
        assert_eq!(report.tokens.as_ref().and_then(|tokens| tokens.sample), Some(20));
        let mut found = BTreeMap::new();
        bytes_of(&out, &out, &mut found);
        outcomes.push(found);
    }
    let names = |files: &BTreeMap<String, Vec<u8>>| files.keys().cloned().collect::<Vec<_>>();
    for other in &outcomes[1..] {
        assert_eq!(names(&outcomes[0]), names(other));
        for (name, bytes) in &outcomes[0] {
            assert!(bytes == &other[name], "{name} differs");
        }
    }
}
