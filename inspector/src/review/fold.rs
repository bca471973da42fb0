//! From the lines of a log to what is in force: the same function for a log that is read again
//! and for one that is being written.

use std::collections::BTreeMap;

use super::line::{Act, Line};
use crate::model::{Label, Verdict};

/// Decisions that are shown.
pub const HISTORY: usize = 10;

/// What is in force of what a reviewer did.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct State {
    /// Every label, flag and note of the log, undone or not, by number.
    acts: BTreeMap<u64, Line>,
    /// Numbers of the acts in force, in the order in which they can be undone.
    done: Vec<u64>,
    /// Numbers of the acts that can be done again, the next one last.
    undone: Vec<u64>,
}

/// What is said of one document.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Standing {
    /// The verdict.
    pub verdict: Option<Verdict>,
    /// Kinds of defect.
    pub kinds: Vec<String>,
    /// Whether it is marked for a second look.
    pub flagged: bool,
    /// The note.
    pub note: Option<String>,
}

/// A document, and whether it is the hidden repeat of itself: each has a standing of its own.
type Key<'a> = (&'a str, bool);

fn key(line: &Line) -> Key<'_> {
    (&line.document_id, line.repeat)
}

impl State {
    /// Folds lines in order; says which line makes no sense.
    pub fn fold(lines: &[Line]) -> Result<Self, String> {
        let mut state = Self::default();
        for line in lines {
            state.apply(line).map_err(|what| format!("line {}: {what}", line.seq))?;
        }
        Ok(state)
    }

    /// Whether a line makes sense as the next one.
    pub fn check(&self, line: &Line) -> Result<(), String> {
        let on_top = |stack: &[u64], word: &str| match stack.last() {
            Some(top) if line.undo_of == Some(*top) => Ok(()),
            Some(top) => Err(format!("it can only {word} number {top}")),
            None => Err(format!("there is nothing to {word}")),
        };
        match line.act {
            Act::Undo => on_top(&self.done, "undo"),
            Act::Redo => on_top(&self.undone, "do again"),
            Act::Label if line.verdict.is_none() => Err("a label has a verdict".to_owned()),
            Act::Flag if line.flagged.is_none() => Err("a flag is set or not".to_owned()),
            Act::Label | Act::Flag | Act::Note => Ok(()),
        }
    }

    /// Takes one more line; one that makes no sense changes nothing.
    pub fn apply(&mut self, line: &Line) -> Result<(), String> {
        self.check(line)?;
        match line.act {
            Act::Undo => self.undone.extend(self.done.pop()),
            Act::Redo => self.done.extend(self.undone.pop()),
            Act::Label | Act::Flag | Act::Note => {
                self.acts.insert(line.seq, line.clone());
                self.done.push(line.seq);
                self.undone.clear();
            }
        }
        Ok(())
    }

    /// The act that an undo takes back.
    pub fn next_undo(&self) -> Option<&Line> {
        self.acts.get(self.done.last()?)
    }

    /// The act that a redo does again.
    pub fn next_redo(&self) -> Option<&Line> {
        self.acts.get(self.undone.last()?)
    }

    /// The acts in force, in order.
    pub fn in_force(&self) -> impl DoubleEndedIterator<Item = &Line> {
        self.done.iter().filter_map(|seq| self.acts.get(seq))
    }

    /// The last decisions in force, the newest first.
    pub fn history(&self) -> Vec<&Line> {
        self.in_force().rev().take(HISTORY).collect()
    }

    /// What is said of a document.
    pub fn standing(&self, document_id: &str, repeat: bool) -> Standing {
        let mut standing = Standing::default();
        for line in self.in_force().filter(|line| key(line) == (document_id, repeat)) {
            standing.take(line);
        }
        standing
    }

    /// Whether a label in force of this document came by the sample.
    pub fn is_sampled(&self, document_id: &str) -> bool {
        let of = |line: &&Line| line.act == Act::Label && !line.repeat && line.sampled;
        self.in_force().filter(of).any(|line| line.document_id == document_id)
    }

    /// The labels in force, in the order in which documents were first judged; documents that
    /// were only marked or noted are none.
    pub fn labels(&self) -> Vec<Label> {
        let mut standings: BTreeMap<Key<'_>, (Standing, Option<u64>, Option<&Line>)> =
            BTreeMap::new();
        for line in self.in_force() {
            let (standing, first, last) = standings.entry(key(line)).or_default();
            standing.take(line);
            if line.act == Act::Label {
                first.get_or_insert(line.seq);
                *last = Some(line);
            }
        }
        let mut labels: Vec<(u64, Label)> = standings
            .into_values()
            .filter_map(|(standing, first, last)| Some((first?, label(standing, last?)?)))
            .collect();
        labels.sort_by_key(|(first, _)| *first);
        labels.into_iter().map(|(_, label)| label).collect()
    }

    /// Ids of the documents that are marked for a second look, judged or not.
    pub fn flagged(&self) -> Vec<String> {
        let mut flags: BTreeMap<&str, bool> = BTreeMap::new();
        for line in self.in_force().filter(|line| line.act == Act::Flag) {
            flags.insert(&line.document_id, line.flagged == Some(true));
        }
        flags.into_iter().filter(|(_, set)| *set).map(|(id, _)| id.to_owned()).collect()
    }
}

impl Standing {
    fn take(&mut self, line: &Line) {
        match line.act {
            Act::Label => {
                self.verdict = line.verdict;
                self.kinds.clone_from(&line.kinds);
                if line.note.is_some() {
                    self.note.clone_from(&line.note);
                }
            }
            Act::Flag => self.flagged = line.flagged == Some(true),
            Act::Note => self.note.clone_from(&line.note),
            Act::Undo | Act::Redo => {}
        }
    }
}

fn label(standing: Standing, line: &Line) -> Option<Label> {
    Some(Label {
        document_id: line.document_id.clone(),
        id: line.id.clone(),
        content_hash: line.content_hash.clone(),
        verdict: standing.verdict?,
        kinds: standing.kinds,
        flagged: standing.flagged,
        note: standing.note,
        reviewer: line.reviewer.clone(),
        at_ms: line.at_ms,
        spent_ms: line.spent_ms,
        stratum: line.stratum.clone(),
        size: line.size,
        rules: line.rules.clone(),
        sampled: line.sampled,
        repeat: line.repeat,
    })
}

#[cfg(test)]
mod tests;
