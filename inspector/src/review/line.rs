//! One line of the log: one act of a reviewer.

use serde::{Deserialize, Serialize};

use crate::model::{Document, Verdict};

/// What a reviewer did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// Gave a verdict; it replaces an earlier one.
    Label,
    /// Marked a document for a second look, or took the mark away.
    Flag,
    /// Wrote a note, or took it away.
    Note,
    /// Took back the last act in force.
    Undo,
    /// Did again what the last undo took back.
    Redo,
}

/// A document as a reviewer has it before him.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Seen {
    /// The document.
    pub document_id: String,
    /// The user's id of it.
    pub id: Option<String>,
    /// Hash of the text that was seen.
    pub content_hash: String,
    /// Milliseconds it was on the screen.
    pub spent_ms: u64,
    /// Its stratum.
    pub stratum: Option<String>,
    /// Its bytes of text.
    pub size: u64,
    /// Rules that fired for it, and kinds of reference found in it.
    pub rules: Vec<String>,
    /// Whether it came by the sample.
    pub sampled: bool,
    /// Whether it is a second look that the reviewer does not know of.
    pub repeat: bool,
}

impl Seen {
    /// A document as it is on the screen: its text's hash and size, and what fired for it.
    pub fn of(document: &Document, spent_ms: u64, sampled: bool, repeat: bool) -> Self {
        let entry = &document.entry;
        let mut rules: Vec<String> = document
            .why
            .iter()
            .map(|why| match (why.effect.as_str(), why.title.split_whitespace().next()) {
                ("found", Some(kind)) => format!("finding:{kind}"),
                _ => why.title.clone(),
            })
            .chain(entry.flags.iter().cloned())
            .chain(entry.reason.clone())
            .collect();
        rules.sort_unstable();
        rules.dedup();
        Self {
            document_id: entry.document_id.clone(),
            id: entry.id.clone(),
            content_hash: document.content_hash.clone(),
            spent_ms,
            stratum: entry.stratum.clone(),
            size: document.text.text.len() as u64,
            rules,
            sampled,
            repeat,
        }
    }
}

/// What is said of a document.
#[derive(Debug, Clone, PartialEq)]
pub enum Said {
    /// A verdict with kinds of defect; a note where one is given with it.
    Label {
        /// The verdict.
        verdict: Verdict,
        /// Kinds of defect.
        kinds: Vec<String>,
        /// A note, which replaces an earlier one.
        note: Option<String>,
    },
    /// Marked for a second look or not.
    Flag(bool),
    /// A note; none takes it away.
    Note(Option<String>),
}

/// One line of the log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// The opening of the inspector that wrote it.
    pub session: String,
    /// Its number in the file, from 1.
    pub seq: u64,
    /// What was done.
    pub act: Act,
    /// The document.
    pub document_id: String,
    /// The user's id of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Hash of the text that was seen, hexadecimal.
    pub content_hash: String,
    /// Hash of the rule set in force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rules_hash: Option<String>,
    /// Hash of the manifest.
    pub manifest: String,
    /// Of a label: the verdict.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Verdict>,
    /// Of a label: kinds of defect.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kinds: Vec<String>,
    /// Of a flag: whether the mark is set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flagged: Option<bool>,
    /// Of a note, or of a label with one: its text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Who did it.
    pub reviewer: String,
    /// When, in milliseconds since 1970.
    pub at_ms: u64,
    /// Milliseconds the document was on the screen.
    pub spent_ms: u64,
    /// Of an undo or a redo: the number of the act that is meant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undo_of: Option<u64>,
    /// The document's stratum.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stratum: Option<String>,
    /// Its bytes of text.
    pub size: u64,
    /// Rules that fired for it, and kinds of reference found in it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<String>,
    /// Whether it came by the sample.
    pub sampled: bool,
    /// Whether it is a hidden repeat.
    pub repeat: bool,
}

/// What every line of one opening has in common.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Context {
    /// The opening.
    pub session: String,
    /// Who reviews.
    pub reviewer: String,
    /// Hash of the manifest.
    pub manifest: String,
    /// Hash of the rule set in force.
    pub rules_hash: Option<String>,
}

impl Line {
    /// The line that says `said` of `seen`.
    pub(crate) fn new(context: &Context, seen: Seen, said: Said, at_ms: u64) -> Self {
        let mut line = Self {
            session: context.session.clone(),
            seq: 0,
            act: Act::Label,
            document_id: seen.document_id,
            id: seen.id,
            content_hash: seen.content_hash,
            rules_hash: context.rules_hash.clone(),
            manifest: context.manifest.clone(),
            verdict: None,
            kinds: Vec::new(),
            flagged: None,
            note: None,
            reviewer: context.reviewer.clone(),
            at_ms,
            spent_ms: seen.spent_ms,
            undo_of: None,
            stratum: seen.stratum,
            size: seen.size,
            rules: seen.rules,
            sampled: seen.sampled,
            repeat: seen.repeat,
        };
        match said {
            Said::Label { verdict, kinds, note } => {
                line.verdict = Some(verdict);
                line.kinds = kinds;
                line.note = note;
            }
            Said::Flag(flagged) => {
                line.act = Act::Flag;
                line.flagged = Some(flagged);
            }
            Said::Note(note) => {
                line.act = Act::Note;
                line.note = note;
            }
        }
        line
    }

    /// The line that takes `undone` back, or does it again.
    pub(crate) fn turn(context: &Context, act: Act, turned: &Self, at_ms: u64) -> Self {
        Self {
            session: context.session.clone(),
            act,
            rules_hash: context.rules_hash.clone(),
            manifest: context.manifest.clone(),
            reviewer: context.reviewer.clone(),
            at_ms,
            spent_ms: 0,
            undo_of: Some(turned.seq),
            verdict: None,
            kinds: Vec::new(),
            flagged: None,
            note: None,
            rules: Vec::new(),
            ..turned.clone()
        }
    }
}
