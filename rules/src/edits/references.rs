//! Edits of what points at something that is not there.

use std::cell::RefCell;

use super::error::EditError;
use super::rewrite::{Rewrite, Rewritten};
use crate::findings::Wanted;
use crate::references::{Detector, DetectorBuffers, Finding, Found};

/// The findings that an edit is about.
#[derive(Debug)]
pub(super) struct DanglingSearch {
    detector: &'static Detector,
    wanted: Wanted,
}

thread_local! {
    static FOUND: RefCell<(DetectorBuffers, Found)> = RefCell::default();
}

impl DanglingSearch {
    pub(super) fn new(wanted: Wanted) -> Result<Self, EditError> {
        Ok(Self { detector: Detector::embedded()?, wanted })
    }

    /// The findings that are meant, in the order of their places.
    fn find(&self, text: &str) -> Vec<Finding> {
        FOUND.with_borrow_mut(|(scratch, found)| {
            self.detector.find(text, scratch, found);
            let meant = found.findings.iter().filter(|finding| self.wanted.has(finding));
            let mut meant: Vec<Finding> = meant.copied().collect();
            meant.sort_by_key(|finding| (finding.span.start, finding.span.end));
            meant
        })
    }

    /// Removes the sentences with findings.
    pub(super) fn remove_sentences(&self, text: &str) -> Result<Option<Rewritten>, EditError> {
        let mut rewrite = Rewrite::new(text);
        for finding in self.find(text) {
            let sentence = self.detector.sentence_span(text, finding.span);
            let done = rewrite.done();
            // a sentence with two findings goes once
            if sentence.end > done {
                rewrite.replace(sentence.start.max(done), sentence.end, |_| ())?;
            }
        }
        Ok(rewrite.finish())
    }

    /// Puts `mark` behind findings.
    pub(super) fn mark(&self, text: &str, mark: &str) -> Result<Option<Rewritten>, EditError> {
        let mut rewrite = Rewrite::new(text);
        for finding in self.find(text) {
            let (start, end) = (finding.span.start, finding.span.end);
            if start < rewrite.done() {
                // several numbers of one mention have one mark
                continue;
            }
            let mark = mark
                .replace("{kind}", finding.kind.as_str())
                .replace("{key}", finding.key.as_str())
                .replace("{verdict}", finding.verdict.as_str());
            rewrite.replace(start, end, |edited| {
                edited.push_str(&text[start..end]);
                edited.push_str(&mark);
            })?;
        }
        Ok(rewrite.finish())
    }
}
