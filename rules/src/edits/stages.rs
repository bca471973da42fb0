//! The one path from a text to what the edits of all stages make of it.

use std::borrow::Cow;

use super::compiled::CompiledEdit;
use super::rewrite::Rewritten;
use super::trace::{Trace, TracedEdit};
use super::{Edit, EditError};
use crate::error::RuleError;

/// The edit of one rule.
#[derive(Debug)]
pub(crate) struct EditStep {
    /// Number of the rule in its set.
    rule: u32,
    /// Its id, for errors.
    id: String,
    edit: CompiledEdit,
}

/// The edits of all stages, compiled.
#[derive(Debug, Default)]
pub(crate) struct EditStages(pub(crate) Vec<Vec<EditStep>>);

/// A place of a text as it was read that a rule edited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EditedSpan {
    /// Number of the rule in its set.
    pub rule: u32,
    /// The first byte, in the text as it was read.
    pub start: usize,
    /// The byte after the last one, in the text as it was read.
    pub end: usize,
}

/// What a stage sees.
#[derive(Debug, Clone, Copy, Default)]
struct StageView {
    /// Number of the version of the text; 0 is the text as it was read.
    version: usize,
    /// How many edits of the trace come before it.
    edits: usize,
}

/// A text with everything that the edits of all stages made of it.
#[derive(Debug)]
pub struct EditedText<'t> {
    original: &'t str,
    /// The text after each stage that changed it.
    versions: Vec<String>,
    /// By stage, from 1.
    views: Vec<StageView>,
    trace: Trace,
}

impl EditStep {
    /// Compiles the edit of a rule; the error names the rule.
    pub(crate) fn new(rule: u32, id: &str, edit: &Edit) -> Result<Self, RuleError> {
        let edit = CompiledEdit::new(edit).map_err(|error| fault(id, &error))?;
        Ok(Self { rule, id: id.to_owned(), edit })
    }
}

/// An error of an edit, with the id of its rule.
fn fault(id: &str, error: &EditError) -> RuleError {
    RuleError::whole(&format!("rule '{id}'"), error)
}

impl EditStages {
    /// Edits a text, stage by stage.
    pub(crate) fn edit<'t>(&self, text: &'t str) -> Result<EditedText<'t>, RuleError> {
        let mut edited = EditedText {
            original: text,
            versions: Vec::new(),
            views: Vec::with_capacity(self.0.len()),
            trace: Trace::default(),
        };
        for stage in &self.0 {
            let mut changed: Option<String> = None;
            for step in stage {
                let seen = changed.as_deref().unwrap_or_else(|| edited.text());
                let outcome = step.edit.apply(seen).map_err(|error| fault(&step.id, &error))?;
                if let Some(Rewritten { text, cuts }) = outcome {
                    edited.trace.0.push(TracedEdit { rule: step.rule, cuts });
                    changed = Some(text);
                }
            }
            edited.versions.extend(changed);
            edited
                .views
                .push(StageView { version: edited.versions.len(), edits: edited.trace.0.len() });
        }
        Ok(edited)
    }
}

impl<'t> EditedText<'t> {
    /// Whether an edit changed it.
    pub fn is_edited(&self) -> bool {
        !self.versions.is_empty()
    }

    /// The text after all edits.
    pub fn text(&self) -> &str {
        self.versions.last().map_or(self.original, String::as_str)
    }

    /// The text after all edits, by itself.
    pub fn into_text(mut self) -> Cow<'t, str> {
        self.versions.pop().map_or(Cow::Borrowed(self.original), Cow::Owned)
    }

    /// The text as `stage` measures it; 0 is the text as it was read, and a stage behind the last
    /// sees what the last one does.
    pub fn stage_text(&self, stage: usize) -> &str {
        self.version(self.view(stage).version)
    }

    /// The bytes of the text as it was read from which `start..end` of the text of `stage` came.
    /// What an edit put in comes from the whole place that it replaced.
    pub fn original_span(&self, stage: usize, start: usize, end: usize) -> (usize, usize) {
        self.trace.back(self.view(stage).edits, start, end)
    }

    /// The places of the text as it was read that edits changed, edit by edit.
    pub fn spans(&self) -> impl Iterator<Item = EditedSpan> {
        self.trace.0.iter().enumerate().flat_map(move |(before, edit)| {
            edit.cuts.iter().map(move |cut| {
                let (start, end) = self.trace.back(before, cut.from, cut.to);
                EditedSpan { rule: edit.rule, start, end }
            })
        })
    }

    /// How many different texts the stages see.
    pub(crate) fn version_count(&self) -> usize {
        self.versions.len() + 1
    }

    /// One of the texts that stages see; 0 is the text as it was read.
    pub(crate) fn version(&self, number: usize) -> &str {
        number.checked_sub(1).map_or(self.original, |at| &self.versions[at])
    }

    /// The number of the text that `stage` sees.
    pub(crate) fn version_of(&self, stage: usize) -> usize {
        self.view(stage).version
    }

    fn view(&self, stage: usize) -> StageView {
        let at = stage.min(self.views.len());
        at.checked_sub(1).map_or_else(StageView::default, |at| self.views[at])
    }
}
