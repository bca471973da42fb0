//! What the detector gives: targets, findings and what was looked for.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::key::Key;
use super::kinds::{Direction, Evidence, Form, Kind, Span, Verdict};
use super::mention::Mention;

/// Something in the text that a mention can point at.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct Target {
    /// The object, or its label where there is no object.
    pub span: Span,
    /// What it is.
    pub kind: Kind,
    /// Its number or label; empty where it has none.
    pub key: Key,
    /// What stands for it.
    pub evidence: Evidence,
}

/// A mention whose target is not there as it should be.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct Finding {
    /// The mention, in bytes of the text.
    pub span: Span,
    /// What it points at.
    pub kind: Kind,
    /// How it names its target.
    pub form: Form,
    /// The normalised number or label; empty for deictic mentions and promises.
    pub key: Key,
    /// What is wrong.
    pub verdict: Verdict,
    /// How sure the finding is, from 0 to 1.
    pub confidence: f32,
    /// What was looked for, and what was found instead.
    pub looked_for: LookedFor,
    /// The caption, placeholder or rest that was found instead of the object.
    pub evidence: Option<Span>,
}

/// What was looked for, and what was found instead; displays as a short sentence.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct LookedFor {
    kind: Kind,
    form: Form,
    key: Key,
    verdict: Verdict,
    direction: Direction,
    /// Bodies of the kind in the text.
    bodies: u32,
    /// Labels of the kind in the text.
    labels: u32,
    /// Distinct targets of the kind that are not there.
    lost: u32,
}

impl LookedFor {
    pub(super) fn new(mention: &Mention, verdict: Verdict, counts: [u32; 3]) -> Self {
        let [bodies, labels, lost] = counts;
        let Mention { kind, form, key, direction, .. } = *mention;
        Self { kind, form, key, verdict, direction, bodies, labels, lost }
    }
}

impl fmt::Display for LookedFor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = self.kind.as_str().replace('_', "-");
        match (self.form, self.verdict) {
            (Form::Residue, _) => {
                return f.write_str("a mark that a tool left instead of a target");
            }
            (_, Verdict::External) => return write!(f, "{kind} {} of another document", self.key),
            (Form::Promise, _) => return f.write_str("a list after the colon; none follows"),
            (Form::Deictic, _) => {
                let place = match self.direction {
                    Direction::Below => " after the mention",
                    Direction::Above => " before the mention",
                    Direction::Anywhere => "",
                };
                write!(f, "{kind}{place}")?;
            }
            (Form::Numbered, _) => write!(f, "{kind} {}", self.key)?,
        }
        match self.verdict {
            Verdict::Missing => f.write_str("; neither object nor caption found")?,
            Verdict::Hollow => f.write_str("; a caption or placeholder without the object")?,
            Verdict::Partial => f.write_str("; only a rest of it")?,
            Verdict::Truncated => f.write_str("; the text ends before it")?,
            Verdict::External => {}
        }
        if self.form == Form::Numbered {
            write!(f, " ({} bodies, {} labels, {} lost)", self.bodies, self.labels, self.lost)?;
        }
        Ok(())
    }
}
