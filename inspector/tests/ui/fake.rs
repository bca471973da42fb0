//! A backend in memory over documents of `samples/`: the screen's tests and the example use it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Map, Value, json};
use tamis_inspector::InspectError;
use tamis_inspector::model::{
    Decision, Document, Draft, Entry, Frame, Histogram, Mark, MarkKind, Overview, RuleCount,
    SampleSpec, SourceCount, Stratum, Text, Trial, Twin, Verdict, Why,
};
use tamis_inspector::summary::{
    Forecast, GateState, Gauge, Interval, Rate, RuleRate, StratumRate, Summary, WeightedRate,
};
use tamis_inspector::ui::backend::{Act, Backend, Job, NewRule, Opened, Said, Seen};

/// Documents in memory.
pub(crate) struct FakeBackend {
    documents: Vec<Document>,
    lines: Vec<Act>,
    filter: Option<String>,
    is_sample: bool,
    /// Lines of the log that are refused from here on.
    pub(crate) full_disk: bool,
}

/// The folder of samples.
pub(crate) fn samples() -> PathBuf {
    Path::new(&std::env::var("CARGO_MANIFEST_DIR").unwrap()).join("../samples")
}

/// Notes of the samples that show something, in a fixed order.
const NOTES: &[&str] = &[
    "lost-table-bridge-survey.md",
    "cookie-banner-recipe.txt",
    "ja-tea.md",
    "kept-table-orchard.md",
    "mojibake-de.txt",
    "lost-figures-and-equations.md",
    "repeated-paragraph.txt",
    "poem-refrain.txt",
    "list-packing.md",
    "mail-footer.txt",
    "short.txt",
    "code-ring-buffer.md",
];

impl FakeBackend {
    /// The notes of the samples, and two documents that are hard to show.
    pub(crate) fn new() -> Self {
        let mut documents: Vec<Document> = NOTES
            .iter()
            .enumerate()
            .map(|(row, name)| {
                let text = std::fs::read_to_string(samples().join("notes").join(name)).unwrap();
                document(name, row as u64, &text)
            })
            .collect();
        documents.push(document("hard.txt", 12, HARD));
        Self { documents, lines: Vec::new(), filter: None, is_sample: true, full_disk: false }
    }

    /// One document only.
    pub(crate) fn of(name: &str, text: &str) -> Self {
        Self { documents: vec![document(name, 0, text)], ..Self::new() }
    }

    /// One long document with a finding every 10 kB.
    pub(crate) fn large(text: &str) -> Self {
        let mut document = document("large.txt", 0, "");
        document.entry.decision = Decision::Kept;
        document.why = Vec::new();
        document.original = None;
        document.text.text = text.into();
        for start in (0..text.len().saturating_sub(10)).step_by(10_000) {
            let (start, end) = (border(text, start), border(text, start + 7));
            let why = document.why.len();
            document.text.marks.push(Mark { start, end, kind: MarkKind::Reference, why });
            document.why.push(Why {
                title: "table missing".into(),
                effect: "found".into(),
                details: vec![format!("at byte {start}")],
                ..Why::default()
            });
        }
        Self { documents: vec![document], ..Self::new() }
    }

    /// A file that was not read to its end.
    pub(crate) fn head(mut self) -> Self {
        self.is_sample = false;
        self
    }

    /// What was said and holds.
    fn said(&self) -> Vec<(u64, Said, Seen)> {
        let mut held: Vec<(u64, bool)> = Vec::new();
        for (at, line) in self.lines.iter().enumerate() {
            match line {
                Act::Say(..) => held.push((at as u64 + 1, true)),
                Act::Undo(of) | Act::Redo(of) => {
                    let redo = matches!(line, Act::Redo(_));
                    held.iter_mut().find(|(seq, _)| seq == of).unwrap().1 = redo;
                }
            }
        }
        let of = |seq: u64| match &self.lines[usize::try_from(seq).unwrap() - 1] {
            Act::Say(said, seen) => (seq, said.clone(), (**seen).clone()),
            other => panic!("{other:?} says nothing"),
        };
        held.into_iter().filter(|(_, holds)| *holds).map(|(seq, _)| of(seq)).collect()
    }

    /// Verdicts that hold, with the user's id, by document.
    fn verdicts(&self) -> Vec<(Verdict, String)> {
        let mut by_id = BTreeMap::new();
        for (_, said, seen) in self.said() {
            if let Said::Label(verdict, _) = said {
                by_id.insert(seen.document_id.clone(), (verdict, seen.id.unwrap()));
            }
        }
        by_id.into_values().collect()
    }

    fn frame(&self) -> Frame {
        Frame {
            name: "samples/notes".into(),
            format: "run".into(),
            documents: Some(self.documents.len() as u64),
            size: Some(9_000),
            size_max: Some(4_560),
            strata: vec![Stratum { name: "notes".into(), documents: 13, size: 9_000 }],
            is_sample: self.is_sample,
            progress: if self.is_sample { 1.0 } else { 0.27 },
            hash: "5b1f8a20c9d3e746".into(),
            rules_hash: Some("9e107d9d372bb682".into()),
            sampler: "hash-rank 1".into(),
        }
    }
}

/// Escape sequences, invisible characters, right-to-left text, wide characters, emoji.
const HARD: &str = "Escapes: \u{1b}[31mred\u{1b}[0m \u{1b}]0;title\u{7} and \u{202e}override.\n\
    Invisible: zero\u{200b}width, soft\u{ad}hyphen, no\u{a0}break, \u{feff}mark.\n\
    Tabs:\tone\ttwo\n\
    Hebrew: שלום עולם 123 end\n\
    العربية: مرحبا بالعالم\n\
    日本語の文章は単語の間に空白がありません。とても長い行でも折り返しは文字の間で行われます。\n\
    Emoji: 👩‍👩‍👧 👍🏽 🇩🇪 and e\u{301} accents\r\n\
    Last line.";

fn mark(text: &str, needle: &str, kind: MarkKind, why: usize) -> Option<Mark> {
    let start = text.find(needle)?;
    Some(Mark { start, end: start + needle.len(), kind, why })
}

fn border(text: &str, at: usize) -> usize {
    (at..=text.len()).find(|&at| text.is_char_boundary(at)).unwrap()
}

/// A document with the findings that its words suggest.
pub(crate) fn document(name: &str, row: u64, text: &str) -> Document {
    let (mut marks, mut why) = (Vec::new(), Vec::new());
    for (needle, kind) in
        [("Table 2", "table"), ("Table 1", "table"), ("Figure 1", "figure"), ("Figure 3", "figure")]
    {
        if let Some(found) = mark(text, needle, MarkKind::Reference, why.len()) {
            marks.push(found);
            why.push(Why {
                title: format!("{kind} missing"),
                effect: "found".into(),
                details: vec![
                    format!("the text says \"{needle}\" and no {kind} stands in it"),
                    "looked for a caption, a grid and a link".into(),
                ],
                measured: None,
                confidence: Some(0.93),
            });
        }
    }
    let words = text.split_whitespace().count();
    let mut decision = Decision::Kept;
    let mut reason = None;
    let flags = if marks.is_empty() { vec![] } else { vec!["docs/lost-tables".to_owned()] };
    if words < 20 {
        decision = Decision::Removed;
        reason = Some("web/too-short".to_owned());
        why.push(Why {
            title: "web/too-short".into(),
            effect: "removed".into(),
            details: vec![format!("word_count {words} < 20")],
            measured: Some(("word_count".into(), words as f64)),
            confidence: None,
        });
    }
    let original = text.contains("cookie").then(|| {
        let original = format!("We use cookies to improve your visit. Accept all\n\n{text}");
        let cut = mark(
            &original,
            "We use cookies to improve your visit. Accept all",
            MarkKind::Edit,
            why.len(),
        );
        why.push(Why {
            title: "web/cookie-banner".into(),
            effect: "edited".into(),
            details: vec!["1 line taken out".into()],
            measured: None,
            confidence: None,
        });
        Text { text: original.into(), marks: cut.into_iter().collect() }
    });
    marks.sort_by_key(|mark| mark.start);
    Document {
        entry: Entry {
            document_id: format!("{:032x}", row + 1),
            id: Some(name.to_owned()),
            shard: "notes".into(),
            row,
            decision,
            reason,
            flags,
            stratum: None,
            size: Some(text.len() as u64),
        },
        text: Text { text: text.into(), marks },
        original,
        original_missing: None,
        why,
        metadata: Map::from_iter([("path".to_owned(), json!(format!("notes/{name}")))]),
        annotations: Map::from_iter([
            ("word_count".to_owned(), json!(words)),
            ("language".to_owned(), Value::Null),
        ]),
        content_hash: format!("{:016x}", row * 7919 + 17),
    }
}

impl Backend for FakeBackend {
    fn open(&mut self, spec: &SampleSpec, _: &Job) -> Result<Opened, InspectError> {
        if spec.filter.as_deref() == Some("nonsense") {
            return Err(InspectError::Usage("filter: no column is called `nonsense`".into()));
        }
        self.filter.clone_from(&spec.filter);
        Ok(Opened { frame: self.frame(), said: self.said(), summary: self.summarize()? })
    }

    fn draw(&mut self, from: usize, count: usize, _: &Job) -> Result<Vec<Entry>, InspectError> {
        let entries = self.documents.iter().map(|document| document.entry.clone());
        let narrow = self.filter.is_some();
        let kept = entries.filter(|entry| !narrow || !entry.flags.is_empty());
        Ok(kept.skip(from).take(count).collect())
    }

    fn find(&mut self, name: &str) -> Result<Option<Entry>, InspectError> {
        let found = self.documents.iter().find(|document| document.entry.name() == name);
        Ok(found.map(|document| document.entry.clone()))
    }

    fn fetch(&mut self, entry: &Entry) -> Result<Document, InspectError> {
        self.documents
            .iter()
            .find(|document| document.entry == *entry)
            .cloned()
            .ok_or_else(|| InspectError::Usage("the shard is gone".into()))
    }

    fn twins(&mut self, entry: &Entry, _: &Job) -> Result<Vec<Twin>, InspectError> {
        let own = self.fetch(entry)?;
        let twin = |id: &str, survivor, similarity, text: Option<Arc<str>>| Twin {
            document_id: id.to_owned(),
            id: Some(format!("{id}.md")),
            survivor,
            kind: "fuzzy".into(),
            similarity,
            text,
        };
        let changed = own.text.text.replace("bridge", "viaduct").replace("the", "The");
        Ok(vec![
            twin("mirror-one", true, Some(1.0), Some(changed.into())),
            Twin {
                document_id: entry.document_id.clone(),
                id: entry.id.clone(),
                survivor: false,
                kind: "fuzzy".into(),
                similarity: Some(0.912),
                text: Some(own.text.text),
            },
            twin("mirror-two", false, Some(0.844), None),
        ])
    }

    fn overview(&mut self, _: &Job) -> Result<Overview, InspectError> {
        let rule = |rule: &str, effect: &str, fired, first, why: &str| RuleCount {
            rule: rule.into(),
            effect: effect.into(),
            fired,
            first,
            why: why.into(),
        };
        let source = |source: &str, read, kept, dangling, cause: Option<&str>| SourceCount {
            source: source.into(),
            read,
            kept,
            dangling,
            cause: cause.map(str::to_owned),
        };
        Ok(Overview {
            funnel: vec![
                ("read".into(), 12_408),
                ("after rules".into(), 10_020),
                ("after exact".into(), 9_411),
                ("kept".into(), 8_877),
                ("failed".into(), 3),
            ],
            rules: vec![
                rule("web/too-short", "drop", 1_804, 1_804, "pages this short are navigation"),
                rule("web/cookie-banner", "edit", 911, 0, "consent text is no content"),
                rule("docs/lost-tables", "flag", 402, 0, "the table was lost on the way"),
                rule("dedup/fuzzy", "dedup", 534, 534, "near duplicates"),
            ],
            sources: vec![
                source("manuals/python", 5_020, 4_400, 12, None),
                source(
                    "manuals/website-mirror",
                    2_388,
                    477,
                    2_101,
                    Some("tables lost by the extractor"),
                ),
                source("handbook/en", 5_000, 4_000, 40, None),
            ],
            annotations: vec![
                "word_count".into(),
                "mean_word_length".into(),
                "compression_ratio".into(),
            ],
        })
    }

    fn histogram(&mut self, annotation: &str, _: &Job) -> Result<Histogram, InspectError> {
        Ok(Histogram {
            annotation: annotation.to_owned(),
            borders: (0..=16).map(|at| f64::from(at) * 50.0).collect(),
            counts: vec![
                40, 210, 800, 1500, 2100, 1900, 1400, 1000, 700, 400, 220, 90, 40, 12, 5, 1,
            ],
            unknown: 7,
            percentiles: (0..=100).map(|at| f64::from(at) * 8.0).collect(),
        })
    }

    fn append(&mut self, act: &Act) -> Result<u64, InspectError> {
        if self.full_disk {
            return Err(InspectError::Usage("review/log.jsonl: no space left".into()));
        }
        self.lines.push(act.clone());
        Ok(self.lines.len() as u64)
    }

    fn summarize(&mut self) -> Result<Summary, InspectError> {
        let verdicts = self.verdicts();
        let of = |verdict| verdicts.iter().filter(|(given, _)| *given == verdict).count() as u64;
        let (good, defects, skips) = (of(Verdict::Good), of(Verdict::Defect), of(Verdict::Skip));
        Ok(summary(good, defects, skips))
    }

    fn try_draft(&mut self, draft: &Draft, _: &Job) -> Result<Trial, InspectError> {
        let pattern = match draft {
            Draft::RemoveLines(pattern) | Draft::Replace(pattern, _) => regex::Regex::new(pattern),
            Draft::FlagIf(sql) | Draft::DropIf(sql) => {
                return Ok(Trial {
                    error: Some(format!("no column is called `{sql}`")),
                    ..Trial::default()
                });
            }
        };
        let pattern = match pattern {
            Ok(pattern) => pattern,
            Err(error) => return Ok(Trial { error: Some(error.to_string()), ..Trial::default() }),
        };
        let hit: Vec<&Document> = self
            .documents
            .iter()
            .filter(|document| pattern.is_match(&document.text.text))
            .collect();
        let named = |verdict, hits: bool| {
            let given = self.verdicts().into_iter().filter(|(given, _)| *given == verdict);
            let names = given.map(|(_, name)| name);
            names.filter(|name| hit.iter().any(|one| one.entry.name() == name) == hits).collect()
        };
        Ok(Trial {
            tried: self.documents.len() as u64,
            hits: hit.len() as u64,
            share: Some((hit.len() as f64 / 13.0, 0.02, 0.4)),
            good_hit: named(Verdict::Good, true),
            defect_missed: named(Verdict::Defect, false),
            defect_hit: named(Verdict::Defect, true),
            examples: hit
                .iter()
                .map(|document| {
                    (
                        document.entry.name().to_owned(),
                        document.text.text.chars().take(80).collect(),
                    )
                })
                .collect(),
            error: None,
        })
    }

    fn append_rule(&mut self, rule: &NewRule) -> Result<String, InspectError> {
        Ok(format!("rules/house.yaml:412 ({})", rule.id))
    }
}

/// Statistics of so many verdicts; the intervals are what the screen is to show, not computed.
pub(crate) fn summary(good: u64, defects: u64, skips: u64) -> Summary {
    let n = good + defects;
    if n == 0 {
        return Summary { is_sample: true, skips, ..Summary::default() };
    }
    let share = defects as f64 / n as f64;
    let rate = |count: u64, n: u64| Rate {
        count,
        n,
        estimate: count as f64 / n.max(1) as f64,
        sequence: Interval { low: share / 4.0, high: (share + 0.3).min(1.0) },
        fixed: Interval { low: share / 3.0, high: (share + 0.2).min(1.0) },
    };
    Summary {
        n,
        good,
        defects,
        skips,
        flagged: 1,
        is_sample: true,
        sentence: format!(
            "{defects} defects in {n}: the defect rate is below {:.0} % (95 %, valid though you are watching)",
            (share + 0.3).min(1.0) * 100.0
        ),
        documents: rate(defects, n),
        with_skips: Interval { low: share / 2.0, high: (share + 0.1).min(1.0) },
        tokens: Some(WeightedRate {
            estimate: share * 1.2,
            sequence: Some(Interval { low: share / 5.0, high: (share + 0.4).min(1.0) }),
            effective_n: n as f64 * 0.7,
        }),
        kinds: vec![("table".into(), rate(defects, n)), ("boilerplate".into(), rate(0, n))],
        strata: vec![StratumRate { name: "notes".into(), weight: 1.0, rate: rate(defects, n) }],
        rules: vec![RuleRate {
            rule: "docs/lost-tables".into(),
            precision: rate(defects, defects + 1),
            recall_low: Some(0.65),
        }],
        forecast: Some(Forecast { below: 0.02, documents: 120, minutes: Some(34.0) }),
        gauge: Some(Gauge {
            condition: "defect_rate < 2 %".into(),
            method: "sprt".into(),
            llr: 1.1,
            accept: -2.944,
            reject: 2.944,
            state: GateState::Open,
        }),
        unseen_kind: Some(0.1),
        discoveries: vec![0, 1, 1, 2, 2, 3],
        per_minute: Some(3.5),
        self_agreement: None,
    }
}
