//! Drafts: tried on what the sample begins with, appended with a test made of a document.

use std::collections::{BTreeMap, HashSet};

use super::{Session, Watch};
use crate::InspectError;
use crate::draft::{self, TestDocument};
use crate::model::{Document, Draft, Entry, Frame, Label, Trial};
use crate::ui::backend::{Job, NewRule};

/// Documents of the sample that a draft is tried on, judged or not, at least where there are so
/// many, and at most.
const TRIED: [usize; 2] = [200, 2000];

/// Documents of the head, while there is no sample.
const HEAD: usize = 50;

impl Session {
    /// What a draft would do, by the first documents of the sample and by those judged beside it.
    pub(super) fn trial(&mut self, draft: &Draft, job: &Job) -> Result<Trial, InspectError> {
        let mut labels: BTreeMap<String, Label> = BTreeMap::new();
        for label in self.review.state().labels() {
            if !label.repeat || !labels.contains_key(&label.document_id) {
                labels.insert(label.document_id.clone(), label);
            }
        }
        let sample = self.tried(&labels, job)?;
        let drawn: HashSet<&str> = sample.iter().map(|entry| entry.document_id.as_str()).collect();
        let beside: Vec<Entry> = labels
            .keys()
            .filter(|id| !drawn.contains(id.as_str()))
            .filter_map(|id| self.entries.get(id).cloned())
            .collect();
        let all = sample.len() + beside.len();
        let mut documents: Vec<(Document, Option<Label>)> = Vec::with_capacity(all);
        let is_sampled = |at: usize| at < sample.len();
        for (at, entry) in sample.iter().chain(&beside).enumerate() {
            if job.tick(at as f64 / all as f64) {
                return Err(InspectError::Usage("stopped".to_owned()));
            }
            // a document that cannot be read is no reason to try nothing
            let Ok(document) = self.read(entry) else { continue };
            let mut label = labels.get(&entry.document_id).cloned();
            // however it was judged, the sample has drawn it
            if let Some(label) = &mut label {
                label.sampled = is_sampled(at);
            }
            documents.push((document, label));
        }
        let frame = self.counted_frame().cloned().unwrap_or_default();
        Ok(draft::try_draft(draft, &self.terms.base, &documents, &frame))
    }

    fn tried(
        &mut self,
        labels: &BTreeMap<String, Label>,
        job: &Job,
    ) -> Result<Vec<Entry>, InspectError> {
        if !self.is_settled() {
            return self.source.head(HEAD);
        }
        if self.spec == self.terms.spec {
            self.fill(TRIED[0], &Watch(job))?;
        }
        let drawn: Vec<&Entry> = self.order.firsts().take(TRIED[1]).collect();
        let judged = drawn.iter().rposition(|entry| labels.contains_key(&entry.document_id));
        let count = judged.map_or(0, |at| at + 1).max(TRIED[0]);
        Ok(drawn.into_iter().take(count).cloned().collect())
    }

    fn read(&mut self, entry: &Entry) -> Result<Document, InspectError> {
        if let Some(known) = self.documents.get(&entry.document_id) {
            return Ok((*known).clone());
        }
        if let Some(known) = self.read.get(&entry.document_id) {
            return Ok((*known).clone());
        }
        let document = self.source.fetch(entry)?;
        Ok((*self.read.put(document)).clone())
    }

    /// The frame of the sample that counts, once it is known.
    pub(super) fn counted_frame(&self) -> Option<&Frame> {
        self.is_settled().then_some(&self.frame)
    }

    /// Appends a rule with its test to the user's file.
    pub(super) fn add_rule(&mut self, rule: &NewRule) -> Result<String, InspectError> {
        let file = self.terms.rule_file.clone().ok_or_else(|| {
            InspectError::Usage("no rule file was named; start again with --rules FILE".to_owned())
        })?;
        let entry = self.entries.get(&rule.document_id).cloned();
        let entry = entry.or_else(|| self.order.find(&rule.document_id).cloned());
        let document = entry.map(|entry| self.read(&entry)).transpose()?;
        let new = draft::NewRule {
            draft: rule.draft.clone(),
            id: rule.id.clone(),
            why: Some(rule.why.clone()),
            extends: vec!["tamis/web".to_owned()],
        };
        // read now: what somebody else wrote since the start stays
        let seen = draft::append::read(&file)?;
        let test = document.as_ref().map(|document| TestDocument {
            name: document.entry.name(),
            text: &document.original.as_ref().unwrap_or(&document.text).text,
            metadata: &document.metadata,
            percentiles: &self.terms.base.percentiles,
        });
        let appended = draft::append(&new, &file, seen.as_deref(), test.as_ref())?;
        let line = seen.map_or(1, |text| text.lines().count() + 1);
        let place = format!("{}, from about line {line}", file.display());
        Ok(match appended.tests {
            1 => format!("{place}; its test passes"),
            tests => format!("{place}; all {tests} tests of the file pass"),
        })
    }
}
