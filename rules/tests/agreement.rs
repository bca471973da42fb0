//! `gopher@datatrove` beside what datatrove itself decided.
//!
//! `TAMIS_ORACLE` names a JSONL.zst file whose records have `text` and, under `datatrove`, the
//! outcome of its filters: `{"gopher_quality": {"kept": false, "reason": "..."}, ...}`. Without
//! it the test says so and passes.
#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "a test")]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};

use serde_json::Value;
use tamis_rules::test_runner::judge;
use tamis_rules::{RuleSet, RuleSource};

/// How often a reason came from one side, the other, and both.
#[derive(Default)]
struct Reason {
    theirs: usize,
    ours: usize,
    both: usize,
}

struct Outcome {
    documents: usize,
    same: usize,
    reasons: BTreeMap<String, Reason>,
    differences: Vec<String>,
}

fn compare(oracle: &str, filter: &str, pack: &str) -> Outcome {
    let set = RuleSet::load(&[RuleSource::Pack(pack.to_owned())]).unwrap();
    let compiled = set.compile(&BTreeMap::new()).unwrap();
    // `follows` ends with the reason that datatrove gives
    let reason_of = |id: &String| -> String {
        let rule = set.rules().iter().find(|rule| rule.id == *id).unwrap();
        rule.follows.as_ref().unwrap().rsplit(", ").next().unwrap().to_owned()
    };
    let reader = BufReader::new(zstd::Decoder::new(std::fs::File::open(oracle).unwrap()).unwrap());
    let mut outcome =
        Outcome { documents: 0, same: 0, reasons: BTreeMap::new(), differences: Vec::new() };
    for line in reader.lines() {
        let record: Value = serde_json::from_str(&line.unwrap()).unwrap();
        let text = record["text"].as_str().unwrap();
        let judged = judge(&set, &compiled, text, &BTreeMap::new()).unwrap();
        let theirs = &record["datatrove"][filter];
        let kept = theirs["kept"].as_bool().unwrap();
        let their_reason = (!kept).then(|| theirs["reason"].as_str().unwrap().to_owned());
        let our_reason = judged.drop.first().map(reason_of);
        outcome.documents += 1;
        outcome.same += usize::from(kept == judged.keep);
        if let Some(reason) = &their_reason {
            outcome.reasons.entry(reason.clone()).or_default().theirs += 1;
        }
        if let Some(reason) = &our_reason {
            outcome.reasons.entry(reason.clone()).or_default().ours += 1;
        }
        if their_reason == our_reason {
            if let Some(reason) = our_reason {
                outcome.reasons.entry(reason).or_default().both += 1;
            }
        } else {
            let values: Vec<String> =
                judged.values.iter().map(|(k, v)| format!("{k}={v}")).collect();
            outcome.differences.push(format!(
                "{}\t{their_reason:?}\t{our_reason:?}\t{}",
                record["id"],
                values.join(" ")
            ));
        }
    }
    outcome
}

fn check(filter: &str, pack: &str) {
    let Ok(oracle) = std::env::var("TAMIS_ORACLE") else {
        eprintln!("skipped: TAMIS_ORACLE names no file with datatrove's decisions");
        return;
    };
    let outcome = compare(&oracle, filter, pack);
    let agreement = outcome.same as f64 / outcome.documents as f64;
    eprintln!(
        "{filter}: {} of {} decisions agree, {agreement:.4}",
        outcome.same, outcome.documents
    );
    let mut bad = Vec::new();
    for (name, reason) in &outcome.reasons {
        let precision = reason.both as f64 / reason.ours.max(1) as f64;
        let recall = reason.both as f64 / reason.theirs.max(1) as f64;
        eprintln!(
            "  {name}: theirs {}, ours {}, both {}: precision {precision:.3}, recall {recall:.3}",
            reason.theirs, reason.ours, reason.both
        );
        if reason.theirs >= 20 && (precision < 0.85 || recall < 0.85) {
            bad.push(name.clone());
        }
    }
    for difference in &outcome.differences {
        eprintln!("  {difference}");
    }
    assert!(agreement >= 0.95, "{filter}: {agreement}");
    assert!(bad.is_empty(), "{filter}: {bad:?}");
}

#[test]
fn quality_decides_as_datatrove_does() {
    check("gopher_quality", "gopher-quality@datatrove");
}

#[test]
fn repetition_decides_as_datatrove_does() {
    check("gopher_repetition", "gopher-repetition@datatrove");
}
