//! The packs named `@datatrove` beside what datatrove itself decided.
//!
//! `fixtures/datatrove.jsonl` holds its answers for our samples. `TAMIS_ORACLE` may name a larger
//! JSONL.zst file whose records have `text` and, under `datatrove`, the outcome of its filters:
//! `{"gopher_quality": {"kept": false, "reason": "..."}, ...}`; without it those tests say so and
//! pass.
#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "a test")]

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use serde_json::Value;
use tamis_rules::test_runner::judge;
use tamis_rules::{Compiled, RuleSet, RuleSource};

/// How often a reason came from one side, the other, and both.
#[derive(Default)]
struct Reason {
    theirs: usize,
    ours: usize,
    both: usize,
}

#[derive(Default)]
struct Outcome {
    documents: usize,
    same: usize,
    same_reason: usize,
    kept: usize,
    kept_by_both: usize,
    /// Documents whose edited text was compared.
    texts: usize,
    reasons: BTreeMap<String, Reason>,
    differences: Vec<String>,
}

/// One filter beside the pack that follows it.
struct Comparison {
    filter: &'static str,
    set: RuleSet,
    compiled: Compiled,
    outcome: Outcome,
}

impl Comparison {
    fn new(filter: &'static str, pack: &str) -> Self {
        let set = RuleSet::load(&[RuleSource::Pack(pack.to_owned())]).unwrap();
        let compiled = set.compile(&BTreeMap::new()).unwrap();
        Self { filter, set, compiled, outcome: Outcome::default() }
    }

    /// `follows` ends with the reason that datatrove gives.
    fn reason_of(&self, id: &str) -> String {
        let rule = self.set.rules().iter().find(|rule| rule.id == id).unwrap();
        rule.follows.as_ref().unwrap().rsplit(", ").next().unwrap().to_owned()
    }

    /// Judges one text; `answers` has what datatrove said, null where it gave up.
    fn add(&mut self, id: &str, text: &str, answers: &Value) {
        let theirs = &answers[self.filter];
        let Some(kept) = theirs["kept"].as_bool() else { return };
        let judged = judge(&self.set, &self.compiled, text, &BTreeMap::new()).unwrap();
        let their_reason = (!kept).then(|| theirs["reason"].as_str().unwrap().to_owned());
        let our_reason = judged.drop.first().map(|id| self.reason_of(id));
        let outcome = &mut self.outcome;
        outcome.documents += 1;
        outcome.same += usize::from(kept == judged.keep);
        outcome.kept += usize::from(kept);
        outcome.kept_by_both += usize::from(kept && judged.keep);
        outcome.same_reason += usize::from(their_reason == our_reason);
        if let Some(reason) = &their_reason {
            outcome.reasons.entry(reason.clone()).or_default().theirs += 1;
        }
        if let Some(reason) = &our_reason {
            outcome.reasons.entry(reason.clone()).or_default().ours += 1;
        }
        if their_reason != our_reason {
            let values: Vec<String> =
                judged.values.iter().map(|(k, v)| format!("{k}={v}")).collect();
            let values = values.join(" ");
            outcome.differences.push(format!("{id}\t{their_reason:?}\t{our_reason:?}\t{values}"));
        } else if let Some(reason) = our_reason {
            outcome.reasons.entry(reason).or_default().both += 1;
        }
        if let Some(written) = theirs["text"].as_str() {
            outcome.texts += 1;
            if judged.text != written {
                outcome.differences.push(format!("{id}\t{written:?}\t{:?}", judged.text));
            }
        }
    }
}

fn lines(path: &Path) -> Vec<Value> {
    let text = fs::read_to_string(path).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn root() -> PathBuf {
    PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").unwrap())
}

/// The text of each sample that the fixture is made of.
fn samples() -> BTreeMap<String, String> {
    let samples = root().join("../samples");
    let mut texts = BTreeMap::new();
    for note in fs::read_dir(samples.join("notes")).unwrap() {
        let path = note.unwrap().path();
        let id = format!("notes/{}", path.file_name().unwrap().to_str().unwrap());
        texts.insert(id, fs::read_to_string(&path).unwrap());
    }
    for name in ["packs/documents.jsonl", "manuals/python.jsonl"] {
        for record in lines(&samples.join(name)) {
            let field = |name: &str| record[name].as_str().unwrap().to_owned();
            texts.insert(field("id"), field("text"));
        }
    }
    texts
}

const FILTERS: [(&str, &str); 4] = [
    ("gopher_quality", "gopher-quality@datatrove"),
    ("gopher_repetition", "gopher-repetition@datatrove"),
    ("c4_quality", "c4@datatrove"),
    ("fineweb_quality", "fineweb@datatrove"),
];

#[test]
fn the_samples_are_decided_and_written_as_datatrove_does() {
    let texts = samples();
    let answers = lines(&root().join("tests/fixtures/datatrove.jsonl"));
    for (filter, pack) in FILTERS {
        let mut comparison = Comparison::new(filter, pack);
        for answer in &answers {
            let id = answer["id"].as_str().unwrap();
            comparison.add(id, &texts[id], &answer["datatrove"]);
        }
        let outcome = comparison.outcome;
        assert!(outcome.documents > 200, "{filter}: {}", outcome.documents);
        assert!(outcome.kept > 20 && outcome.kept + 20 < outcome.documents, "{filter}");
        assert!(outcome.texts > 20 || filter != "c4_quality", "{}", outcome.texts);
        assert!(outcome.differences.is_empty(), "{filter}: {:#?}", outcome.differences);
    }
}

fn check(filter: &'static str, pack: &str) {
    let Ok(oracle) = std::env::var("TAMIS_ORACLE") else {
        eprintln!("skipped: TAMIS_ORACLE names no file with datatrove's decisions");
        return;
    };
    let mut comparison = Comparison::new(filter, pack);
    let reader = BufReader::new(zstd::Decoder::new(File::open(oracle).unwrap()).unwrap());
    for line in reader.lines() {
        let record: Value = serde_json::from_str(&line.unwrap()).unwrap();
        let id = record["id"].to_string();
        comparison.add(&id, record["text"].as_str().unwrap(), &record["datatrove"]);
    }
    let outcome = comparison.outcome;
    let shares = [
        ("decisions", outcome.same, outcome.documents),
        ("first reasons", outcome.same_reason, outcome.documents),
        ("kept documents", outcome.kept_by_both, outcome.kept),
    ];
    let mut bad = Vec::new();
    for (what, same, all) in shares {
        let agreement = same as f64 / all.max(1) as f64;
        eprintln!("{filter}: {same} of {all} {what} agree, {agreement:.4}");
        if agreement < 0.99 {
            bad.push(what.to_owned());
        }
    }
    for (name, reason) in &outcome.reasons {
        let precision = reason.both as f64 / reason.ours.max(1) as f64;
        let recall = reason.both as f64 / reason.theirs.max(1) as f64;
        eprintln!(
            "  {name}: theirs {}, ours {}, both {}: precision {precision:.3}, recall {recall:.3}",
            reason.theirs, reason.ours, reason.both
        );
        if reason.theirs >= 20 && (precision < 0.97 || recall < 0.97) {
            bad.push(name.clone());
        }
    }
    for difference in &outcome.differences {
        eprintln!("  {difference}");
    }
    assert!(bad.is_empty(), "{filter}: {bad:?}");
}

#[test]
fn gopher_quality_decides_as_datatrove_does() {
    check("gopher_quality", "gopher-quality@datatrove");
}

#[test]
fn gopher_repetition_decides_as_datatrove_does() {
    check("gopher_repetition", "gopher-repetition@datatrove");
}

#[test]
fn c4_decides_as_datatrove_does() {
    check("c4_quality", "c4@datatrove");
}

#[test]
fn fineweb_decides_as_datatrove_does() {
    check("fineweb_quality", "fineweb@datatrove");
}
