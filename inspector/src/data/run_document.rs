//! A document of a run as it is shown: its text, what was done to it, and why.

use serde_json::{Map, Value};
use tamis_kernels::{hash128, hex128};
use tamis_pipeline::contamination::{CONTAMINATION, Looking};
use tamis_pipeline::look::object;
use tamis_pipeline::write::decision::{RuleInfo, spans};
use tamis_rules::document::Scratch;
use tamis_rules::edits::{EditedSpan, EditedText};

use super::build::{self, Parts, number};
use super::marks::mark;
use super::original::original;
use super::run::{RunData, RunRules};
use crate::error::InspectError;
use crate::model::{Decision, Document, Entry, Mark, MarkKind, Why};
use crate::page::plain;

/// Longest text whose flags are located when it is shown.
const LOCATE_BYTES: usize = 16 << 20;
/// Fields of `failed/` that say where a record stood.
const FAILURE_TEXT: [&str; 2] = ["raw", "raw_hex"];

impl RunData {
    /// A document with everything the run says of it.
    pub(crate) fn fetch(&self, entry: &Entry) -> Result<Document, InspectError> {
        let (slice, at) = self.place(&entry.shard, entry.row)?;
        let place = self.record_place(entry)?;
        let found = self.run.fetch(&place)?;
        let all = self.run.columns()?;
        let hidden = ["minhash_bands", "row_id", "position"];
        let names: Vec<&str> =
            all.iter().map(|(name, _)| name.as_str()).filter(|n| !hidden.contains(n)).collect();
        let of = &self.slices[slice];
        let (batch, _) = self.runtime.block_on(self.run.rows(of, &[at], &names, None))?;
        let annotations = object(&batch, 0)?;
        let mut entry = entry.clone();
        entry.decision = match place.decision.as_str() {
            "kept" => Decision::Kept,
            "removed" => Decision::Removed,
            _ => Decision::Failed,
        };
        let mut metadata = match found.record {
            Value::Object(fields) => fields,
            _ => Map::new(),
        };
        let text_field = self.names.text.iter().find(|name| metadata.contains_key(*name)).cloned();
        for name in text_field.iter().map(String::as_str).chain(FAILURE_TEXT) {
            metadata.remove(name);
        }
        let reason_field = self.run.manifest().pointer("/configuration/reason_field");
        metadata.remove(reason_field.and_then(Value::as_str).unwrap_or("tamis"));
        let mut page = Page {
            data: self,
            entry: &entry,
            text: found.text,
            reasons: found.reasons,
            annotations: &annotations,
            parts: Parts::default(),
            marks: Vec::new(),
            original: None,
        };
        let original_missing = page.fill(&metadata)?;
        let Page { text, parts, marks, original, .. } = page;
        let content_hash = hex128(hash128(text.as_bytes()));
        Ok(Document {
            text: build::text(text, marks),
            original: original.map(|(text, marks)| build::text(text, marks)),
            original_missing,
            why: parts.why,
            metadata,
            annotations,
            content_hash,
            entry,
        })
    }
}

/// A document being put together.
struct Page<'a> {
    data: &'a RunData,
    entry: &'a Entry,
    text: String,
    reasons: Vec<Value>,
    annotations: &'a Map<String, Value>,
    parts: Parts,
    marks: Vec<Mark>,
    original: Option<(String, Vec<Mark>)>,
}

impl Page<'_> {
    /// Gathers lines and marks; why the original is missing, where it should be there.
    fn fill(&mut self, metadata: &Map<String, Value>) -> Result<Option<String>, InspectError> {
        if self.entry.decision == Decision::Failed {
            let word = |key: &str| metadata.get(key).map(plain).unwrap_or_default();
            self.parts.why.push(Why {
                title: word("reason"),
                effect: "failed".to_owned(),
                details: vec![word("message")],
                ..Why::default()
            });
            return Ok(None);
        }
        let repeats = self.data.runtime.block_on(self.data.run.repeats(&self.entry.document_id))?;
        let by_rules = self.annotations.get("edited").and_then(Value::as_bool) == Some(true);
        let kept = self.entry.decision == Decision::Kept;
        let action = self.data.run.manifest().pointer("/configuration/decontaminate/action");
        let cut = action.and_then(Value::as_str) == Some("cut") && !self.deciding().is_empty();
        let edited = kept && (by_rules || cut || !repeats.is_empty());
        let missing = if edited { self.find_original() } else { None };
        self.removed();
        if kept {
            self.contaminated(if cut { "edited" } else { "flagged" });
        }
        self.flagged(edited);
        if edited {
            self.edits();
            self.repeats(&repeats);
        }
        self.findings(edited);
        Ok(missing)
    }

    fn find_original(&mut self) -> Option<String> {
        let count = |key: &str| self.annotations.get(key).and_then(Value::as_u64).unwrap_or(0);
        let place = (self.entry.shard.as_str(), self.entry.row);
        let bytes = (count("offset"), count("length"));
        match original(&self.data.run, &self.data.names, place, bytes) {
            Ok(text) => {
                self.original = Some((text, Vec::new()));
                None
            }
            Err(why) => Some(why),
        }
    }

    /// The reasons in the record: of a removed one, in bytes of the text as it was read.
    fn removed(&mut self) {
        let effect = match self.entry.decision {
            Decision::Removed => "removed",
            _ => "flagged",
        };
        for reason in std::mem::take(&mut self.reasons) {
            let line = build::reason(&reason, effect);
            self.line(line, &build::spans(&reason));
        }
    }

    /// Adds a line whose places are bytes of the text as it was read.
    fn line(&mut self, line: Why, places: &[(usize, usize)]) {
        let why = self.parts.why.len();
        self.parts.why.push(line);
        let edited = self.entry.decision == Decision::Kept
            && self.annotations.get("edited").and_then(Value::as_bool) == Some(true);
        for &(start, end) in places {
            match &mut self.original {
                Some((text, marks)) => marks.extend(mark(text, start, end, MarkKind::Rule, why)),
                // without the original, bytes of it mean nothing in the edited text
                None if edited => {}
                None => self.marks.extend(mark(&self.text, start, end, MarkKind::Rule, why)),
            }
        }
    }

    /// The passages of evaluation sets that decide.
    fn deciding(&self) -> Vec<Value> {
        let passages = self.annotations.get(CONTAMINATION).and_then(Value::as_array);
        let decides = |one: &&Value| one.get("decides").and_then(Value::as_bool) == Some(true);
        passages.into_iter().flatten().filter(decides).cloned().collect()
    }

    /// Text of evaluation sets in a document that stays: bytes of the text as it was read.
    fn contaminated(&mut self, effect: &str) {
        // a record that carries its flags has told them
        let known: Vec<String> = self.parts.why.iter().map(|line| line.title.clone()).collect();
        for passage in self.deciding() {
            let word = |key: &str| passage.get(key).map(plain).unwrap_or_default();
            let title = Looking::rule(&word("set"));
            if known.contains(&title) {
                continue;
            }
            let line = Why {
                title,
                effect: effect.to_owned(),
                details: vec![
                    format!("{} words", word("words")),
                    format!("{} of the item", word("overlap_ratio")),
                    format!("text of: {}/{}", word("set"), word("item")),
                ],
                ..Why::default()
            };
            let span = (number(passage.get("start")), number(passage.get("end")));
            self.line(line, &[span]);
        }
    }

    /// The flags of a kept document, measured again where the record does not carry them.
    fn flagged(&mut self, edited: bool) {
        let known: Vec<String> = self.parts.why.iter().map(|line| line.title.clone()).collect();
        let fired: Vec<String> =
            self.entry.flags.iter().filter(|flag| !known.contains(flag)).cloned().collect();
        if fired.is_empty() {
            return;
        }
        let Ok(RunRules { set, compiled, infos }) = self.data.rules() else {
            let line = |title: String| Why { title, effect: "flagged".into(), ..Why::default() };
            self.parts.why.extend(fired.into_iter().map(line));
            return;
        };
        let rules: Vec<&RuleInfo> = infos.iter().filter(|one| fired.contains(&one.id)).collect();
        let as_read = match (&self.original, edited) {
            (Some((text, _)), _) => Some(text.as_str()),
            (None, false) => Some(self.text.as_str()),
            (None, true) => None,
        };
        let places = match as_read {
            Some(text) if text.len() <= LOCATE_BYTES => {
                // a text that cannot be edited again is shown without places
                let found = spans(&rules, &compiled.spec, (text, None), &mut Scratch::default());
                found.unwrap_or_else(|_| vec![Vec::new(); rules.len()])
            }
            _ => vec![Vec::new(); rules.len()],
        };
        for (rule, places) in rules.iter().zip(places) {
            let mut line =
                Why { title: rule.id.clone(), effect: "flagged".into(), ..Why::default() };
            for compared in &rule.comparisons {
                let value = self.annotations.get(&compared.column).unwrap_or(&Value::Null);
                let (name, op) = (&compared.annotation, &compared.op);
                let threshold = plain(&compared.threshold);
                line.details.push(format!("{name} {} {op} {threshold}", plain(value)));
                if line.measured.is_none()
                    && let Some(value) = value.as_f64()
                {
                    line.measured = Some((name.clone(), value));
                }
            }
            let written = set.rules().iter().find(|one| one.id == rule.id);
            if let Some(condition) = written.and_then(|rule| rule.condition.as_ref())
                && line.details.is_empty()
            {
                line.details.push(condition.clone());
            }
            let place = |at: &u64| usize::try_from(*at).unwrap_or(usize::MAX);
            let places: Vec<(usize, usize)> =
                places.iter().map(|[start, end]| (place(start), place(end))).collect();
            self.line(line, &places);
        }
    }

    /// What edit rules changed, on the text as it was read.
    fn edits(&mut self) {
        let Ok(RunRules { set, compiled, .. }) = self.data.rules() else { return };
        let list = self.annotations.get("edits").and_then(Value::as_array);
        let mut rules: Vec<u64> =
            list.into_iter().flatten().filter_map(|edit| edit.get("rule")?.as_u64()).collect();
        rules.sort_unstable();
        let edited = self.original.as_ref().and_then(|(text, _)| compiled.spec.edit(text).ok());
        let spans: Vec<EditedSpan> = edited.iter().flat_map(EditedText::spans).collect();
        for same in rules.chunk_by(|one, other| one == other) {
            let Some(&rule) = same.first() else { continue };
            let name = usize::try_from(rule).ok().and_then(|at| set.rules().get(at));
            let title = name.map_or_else(|| format!("rule {rule}"), |rule| rule.id.clone());
            let why = self.parts.why.len();
            let many = if same.len() == 1 { "place" } else { "places" };
            self.parts.why.push(Why {
                title,
                effect: "edited".to_owned(),
                details: vec![format!("{} {many}", same.len())],
                ..Why::default()
            });
            if let Some((text, marks)) = &mut self.original {
                let here = spans.iter().filter(|span| u64::from(span.rule) == rule);
                marks.extend(
                    here.filter_map(|span| mark(text, span.start, span.end, MarkKind::Edit, why)),
                );
            }
        }
    }

    /// Text that was cut out because it stands elsewhere: bytes of the text as rules left it.
    fn repeats(&mut self, repeats: &[Map<String, Value>]) {
        let edited = match (&self.original, self.data.rules()) {
            (Some((text, _)), Ok(rules)) => rules.compiled.spec.edit(text).ok(),
            _ => None,
        };
        let places: Vec<Option<(usize, usize)>> = repeats
            .iter()
            .map(|repeat| {
                let (start, end) = (number(repeat.get("start")), number(repeat.get("end")));
                let edited =
                    edited.as_ref().filter(|edited| start <= end && end <= edited.text().len())?;
                Some(edited.original_span(usize::MAX, start, end))
            })
            .collect();
        for (repeat, place) in repeats.iter().zip(places) {
            let word = |key: &str| repeat.get(key).map(plain).unwrap_or_default();
            let why = self.parts.why.len();
            self.parts.why.push(Why {
                title: format!("repeats/{}", word("kind")),
                effect: "edited".to_owned(),
                details: vec![
                    format!("copy {}", word("copy")),
                    format!("first in {}", word("first_document_id")),
                ],
                ..Why::default()
            });
            if let (Some((text, marks)), Some((start, end))) = (&mut self.original, place) {
                marks.extend(mark(text, start, end, MarkKind::Repeat, why));
            }
        }
    }

    /// Dangling references in the text that is shown: as the run found them, where it looked at
    /// this very text, else looked for again.
    fn findings(&mut self, edited: bool) {
        let stored = self.annotations.get("findings").and_then(Value::as_array);
        let marks = match stored {
            Some(list) if !edited => build::findings(list, &self.text, &mut self.parts),
            _ => build::detect(&self.text, &mut self.parts),
        };
        self.marks.extend(marks);
    }
}
