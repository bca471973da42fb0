//! An edit with everything that it needs, ready for one text after the other.

use super::error::EditError;
use super::lines::{self, LinePattern};
use super::matches::{self, Replacement, compile_pattern};
use super::references::DanglingSearch;
use super::rewrite::Rewritten;
use super::{Edit, mojibake, personal_data};
use crate::annotators::pii::{PiiKind, parse_kinds};
use crate::findings::Wanted;
use crate::lines::LineCondition;

/// An edit ready to be applied; it owns its patterns.
#[derive(Debug)]
pub struct CompiledEdit(Operation);

#[derive(Debug)]
enum Operation {
    RemoveLines(LinePattern),
    RemoveLinesIf(LineCondition),
    Replace(Replacement),
    ReplaceWithin(LineCondition, Replacement),
    RepairMojibake,
    RemoveDangling(DanglingSearch),
    MarkDangling(DanglingSearch, String),
    ReplacePii { kinds: Vec<&'static PiiKind>, with: Vec<String> },
}

/// Whether so many replacements go with so many kinds.
fn check_replacements(kinds: usize, replacements: usize) -> Result<(), String> {
    let fault = match replacements {
        0 => "an empty list under 'with' replaces by nothing: write with: ''",
        1 => return Ok(()),
        _ if kinds == 1 => return Ok(()),
        _ => "several replacements belong to one kind: write a rule for each kind",
    };
    Err(fault.to_owned())
}

impl CompiledEdit {
    /// Compiles an edit; the error says what is wrong with its arguments.
    pub fn new(edit: &Edit) -> Result<Self, EditError> {
        let key = edit.key();
        let argument = |message: String| EditError::Argument { key, message };
        let pattern = |written: &str| {
            compile_pattern(written).map_err(|error| EditError::Pattern { key, error })
        };
        let search = |wanted: &str| DanglingSearch::new(Wanted::parse(wanted).map_err(argument)?);
        Ok(Self(match edit {
            Edit::RemoveLines { pattern: lines } => {
                Operation::RemoveLines(LinePattern::new(pattern(lines)?))
            }
            Edit::RemoveLinesIf { condition } => {
                Operation::RemoveLinesIf(LineCondition::parse(condition).map_err(argument)?)
            }
            Edit::Replace { pattern: matches, with, lines_if } => {
                let of_key = |key| move |message| EditError::Argument { key, message };
                let lines = lines_if.as_deref().map(LineCondition::parse);
                let lines = lines.transpose().map_err(of_key("lines_if"))?;
                let replacement =
                    Replacement::new(pattern(matches)?, with).map_err(of_key("with"))?;
                match lines {
                    None => Operation::Replace(replacement),
                    Some(lines) => Operation::ReplaceWithin(lines, replacement),
                }
            }
            Edit::RepairMojibake => Operation::RepairMojibake,
            Edit::RemoveDangling { wanted } => Operation::RemoveDangling(search(wanted)?),
            Edit::MarkDangling { wanted, with } => {
                Operation::MarkDangling(search(wanted)?, with.clone())
            }
            Edit::ReplacePii { kinds, with } => {
                let kinds = parse_kinds(kinds).map_err(argument)?;
                check_replacements(kinds.len(), with.len()).map_err(argument)?;
                Operation::ReplacePii { kinds, with: with.clone() }
            }
        }))
    }

    /// The text after the edit; none where it changes nothing.
    pub fn apply(&self, text: &str) -> Result<Option<Rewritten>, EditError> {
        match &self.0 {
            Operation::RemoveLines(pattern) => lines::remove_matching(pattern, text),
            Operation::RemoveLinesIf(condition) => lines::remove_if(condition, text),
            Operation::Replace(replacement) => matches::replace(replacement, text),
            Operation::ReplaceWithin(lines, replacement) => {
                lines::replace_within(lines, replacement, text)
            }
            Operation::RepairMojibake => mojibake::repair(text),
            Operation::RemoveDangling(search) => search.remove_sentences(text),
            Operation::MarkDangling(search, mark) => search.mark(text, mark),
            Operation::ReplacePii { kinds, with } => personal_data::replace(kinds, with, text),
        }
    }
}
