//! What a draft would do, by the same evaluation as a run.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use tamis_pipeline::annotate::tokens::as_in_run;
use tamis_rules::test_runner::{Judgement, judge};
use tamis_rules::{Compiled, RuleError, RuleSet, RuleSource};

use super::base::Base;
use super::share::share;
use super::yaml::scalar;
use crate::model::{Document, Draft, Frame, Label, Trial, Verdict};

/// The id of a draft that has none yet.
const ID: &str = "draft/rule";

/// First hits that are shown.
const EXAMPLES: usize = 20;

/// Characters shown on each side of a match.
const AROUND: usize = 40;

/// Tries a draft on documents that were read, with the labels in force for them: what it hits, the
/// share of the frame it would hit, and where it and the reviewer disagree. Documents that were
/// found by browsing (their label says so) do not count for the share.
pub fn try_draft(
    draft: &Draft,
    base: &Base,
    documents: &[(Document, Option<Label>)],
    frame: &Frame,
) -> Trial {
    let tried = Ready::new(draft, base).and_then(|ready| trial(&ready, documents, frame));
    tried.unwrap_or_else(|error| {
        let messages: Vec<&str> = error.problems.iter().map(|p| p.message.as_str()).collect();
        Trial { error: Some(messages.join("\n")), ..Trial::default() }
    })
}

/// A draft that is a rule.
struct Ready<'a> {
    draft: &'a Draft,
    set: RuleSet,
    compiled: Compiled,
}

impl<'a> Ready<'a> {
    fn new(draft: &'a Draft, base: &Base) -> Result<Self, RuleError> {
        let mut sources = base.edits_only().map_err(|error| RuleError::whole("rules", error))?;
        let mut text = format!("version: 1\nrules:\n  - id: {ID}\n");
        for (key, value) in draft.keys() {
            text.push_str(&format!("    {key}: {}\n", scalar(value, 4)));
        }
        sources.push(RuleSource::Inline { name: "draft".to_owned(), text });
        let set = as_in_run(&base.manifest, RuleSet::load(&sources)?);
        if let Some(unknown) =
            set.percentiles().iter().find(|call| !base.percentiles.contains_key(&call.key()))
        {
            let message = format!(
                "{} was not taken in the run: put a rule with it into the rule file and run again",
                unknown.key()
            );
            return Err(RuleError::whole("draft", message));
        }
        let compiled = set.compile(&base.percentiles)?;
        Ok(Self { draft, set, compiled })
    }

    fn fires(&self, text: &str, columns: &BTreeMap<String, Value>) -> Result<bool, RuleError> {
        judge(&self.set, &self.compiled, text, columns).map(|said| fired(&said, self.draft, ID))
    }
}

/// Whether a rule made of the draft fired.
pub(super) fn fired(judgement: &Judgement, draft: &Draft, id: &str) -> bool {
    let list = match draft.expected() {
        "flag" => &judgement.flag,
        "drop" => &judgement.drop,
        _ => &judgement.edit,
    };
    list.iter().any(|one| one == id)
}

fn trial(
    ready: &Ready<'_>,
    documents: &[(Document, Option<Label>)],
    frame: &Frame,
) -> Result<Trial, RuleError> {
    let regex = ready.draft.regex();
    let mut trial = Trial::default();
    let mut sampled = Vec::new();
    for (document, label) in documents {
        let text = as_read(document);
        let hit = ready.fires(text, &columns_of(&ready.set, &document.metadata))?;
        trial.tried += 1;
        trial.hits += u64::from(hit);
        if label.as_ref().is_none_or(|label| label.sampled) {
            sampled.push((document.entry.stratum.as_deref(), hit));
        }
        let name = document.entry.name().to_owned();
        if hit && trial.examples.len() < EXAMPLES {
            let place =
                regex.as_ref().and_then(|regex| regex.find(text)).map(|found| found.range());
            trial.examples.push((name.clone(), around(text, place)));
        }
        match (label.as_ref().map(|label| label.verdict), hit) {
            (Some(Verdict::Good), true) => trial.good_hit.push(name),
            (Some(Verdict::Defect), true) => trial.defect_hit.push(name),
            (Some(Verdict::Defect), false) => trial.defect_missed.push(name),
            _ => {}
        }
    }
    trial.share = share(&sampled, frame);
    Ok(trial)
}

/// The text that a run would judge: as it was read where that is known.
fn as_read(document: &Document) -> &str {
    &document.original.as_ref().unwrap_or(&document.text).text
}

/// Values of the declared columns in a record, by dotted path.
pub fn columns_of(set: &RuleSet, record: &Map<String, Value>) -> BTreeMap<String, Value> {
    let value = |name: &str| {
        let mut parts = name.split('.');
        let first = record.get(parts.next()?)?;
        parts.try_fold(first, |value, part| value.get(part))
    };
    set.columns()
        .iter()
        // a name with a dot may be a column of its own
        .filter_map(|c| {
            Some((c.name.clone(), record.get(&c.name).or_else(|| value(&c.name))?.clone()))
        })
        .collect()
}

/// A match with the text around it on one line, or the beginning of the text.
fn around(text: &str, place: Option<std::ops::Range<usize>>) -> String {
    let one_line = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let Some(place) = place else {
        return one_line(&text.chars().take(3 * AROUND).collect::<String>());
    };
    let before: String = text[..place.start].chars().rev().take(AROUND).collect();
    let before: String = before.chars().rev().collect();
    let after: String = text[place.end..].chars().take(AROUND).collect();
    let found: String = text[place].chars().take(3 * AROUND).collect();
    one_line(&format!("{before}{found}{after}"))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::{Decision, Entry, Text};

    fn document(id: &str, text: &str, verdict: Option<Verdict>) -> (Document, Option<Label>) {
        let entry = Entry {
            document_id: id.to_owned(),
            id: None,
            shard: "s".to_owned(),
            row: 0,
            decision: Decision::Kept,
            reason: None,
            flags: Vec::new(),
            stratum: None,
            size: None,
        };
        let metadata = serde_json::json!({"lang": "en", "meta": {"score": 0.25}});
        let document = Document {
            entry,
            text: Text { text: Arc::from(text), marks: Vec::new() },
            original: None,
            original_missing: None,
            why: Vec::new(),
            metadata: metadata.as_object().unwrap().clone(),
            annotations: Map::new(),
            content_hash: String::new(),
        };
        let label = verdict.map(|verdict| Label {
            document_id: id.to_owned(),
            id: None,
            content_hash: String::new(),
            verdict,
            kinds: Vec::new(),
            flagged: false,
            note: None,
            reviewer: String::new(),
            at_ms: 0,
            spent_ms: 0,
            stratum: None,
            size: 0,
            rules: Vec::new(),
            sampled: true,
            repeat: false,
        });
        (document, label)
    }

    fn documents() -> Vec<(Document, Option<Label>)> {
        vec![
            document(
                "a",
                "We use cookies.\nA river is a stream of water.\n",
                Some(Verdict::Defect),
            ),
            document("b", "A river is a stream of water.\n", Some(Verdict::Good)),
            document("c", "Rivers, and how\nwe use cookies on them.\n", Some(Verdict::Good)),
            document("d", "Garbled \u{fffd}\u{fffd} text.\n", Some(Verdict::Defect)),
            document("e", "We use cookies.\n", None),
        ]
    }

    fn sample() -> Frame {
        Frame { is_sample: true, documents: Some(1000), ..Frame::default() }
    }

    #[test]
    fn a_pattern_is_tried_on_what_was_read() {
        let draft = Draft::RemoveLines("(?i)we use cookies".to_owned());
        let trial = try_draft(&draft, &Base::default(), &documents(), &sample());
        assert_eq!(trial.error, None);
        assert_eq!((trial.tried, trial.hits), (5, 3));
        assert_eq!(
            (trial.good_hit, trial.defect_hit),
            (vec!["c".to_owned()], vec!["a".to_owned()])
        );
        assert_eq!(trial.defect_missed, ["d"]);
        let (estimate, low, high) = trial.share.unwrap();
        assert!((estimate - 0.6).abs() < 1e-9 && low < 0.6 && high > 0.6);
        assert_eq!(
            trial.examples[1],
            ("c".to_owned(), "Rivers, and how we use cookies on them.".to_owned())
        );
    }

    #[test]
    fn conditions_see_columns_and_the_text_after_the_edits_in_force() {
        let text = "version: 1\ncolumns: {lang: string, meta.score: double}\nrules:\n  - id: t/cut\n    remove_lines_matching: cookies\n  - id: t/drop\n    drop_if: word_count > 100\n";
        let source = RuleSource::Inline { name: "r".to_owned(), text: text.to_owned() };
        let base = Base { sources: vec![source], ..Base::default() };
        let draft = Draft::FlagIf("word_count < 7 and lang = 'en' and meta.score < 0.5".to_owned());
        let trial = try_draft(&draft, &base, &documents(), &Frame::default());
        assert_eq!(trial.error, None);
        // five words are left of a, c is cut to three, d has two, e none; b has seven
        assert_eq!((trial.hits, trial.share), (3, None), "{:?}", trial.examples);
        let draft = Draft::DropIf("word_count < 7".to_owned());
        assert_eq!(try_draft(&draft, &base, &documents(), &Frame::default()).hits, 3);
    }

    #[test]
    fn what_is_no_rule_says_why() {
        let of = |draft: Draft| {
            try_draft(&draft, &Base::default(), &documents(), &sample()).error.unwrap_or_default()
        };
        assert!(of(Draft::FlagIf("word_cuont < 5".to_owned())).contains("word_count"));
        assert!(of(Draft::RemoveLines("(".to_owned())).contains("unclosed group"));
        let percentile = Draft::DropIf("word_count > p99(word_count)".to_owned());
        assert!(of(percentile).contains("p99(word_count) was not taken"));
    }
}
