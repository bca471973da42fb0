//! What a rule does.

use crate::edits::Edit;
use crate::findings::Wanted;
use crate::rule_file::{ACTIONS, OnNull, OneOrMore, RuleKeys};

/// What personal data become where a rule does not say.
const PII_MARK: &str = "<{kind}>";
/// The only damage that can be repaired.
const MOJIBAKE: &str = "mojibake";

/// What a rule does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Removes documents for which the condition holds.
    Drop,
    /// Removes documents for which the condition does not hold.
    Keep,
    /// Marks documents for which the condition holds.
    Flag,
    /// Changes the text.
    Edit(Edit),
}

/// What is wrong with the keys of a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KeyFault {
    /// The key it is about.
    pub(crate) key: &'static str,
    /// What is wrong and what to do.
    pub(crate) message: String,
}

impl Action {
    /// The action that the keys of a rule name. Patterns, conditions and kinds are not looked at:
    /// [`crate::edits::CompiledEdit::new`] does that.
    pub(crate) fn of(keys: &RuleKeys) -> Result<Self, KeyFault> {
        let fault = |key, message: String| Err(KeyFault { key, message });
        let actions = keys.actions();
        let [key] = actions.as_slice() else {
            let known = ACTIONS.join(", ");
            let message = format!("it needs exactly one of {known}, it has {}", actions.len());
            return fault("id", message);
        };
        let key = *key;
        if keys.lines_if.is_some() && key != "replace_matches" {
            return fault("lines_if", "'lines_if' belongs to replace_matches only".to_owned());
        }
        let with = match (&keys.with, key) {
            (with, "replace_pii") => {
                with.clone().unwrap_or_else(|| OneOrMore(vec![PII_MARK.to_owned()])).0
            }
            (Some(with), "replace_matches" | "mark_dangling") if with.only().is_some() => {
                with.0.clone()
            }
            (Some(_), "replace_matches" | "mark_dangling") => {
                let message = "a list under 'with' belongs to replace_pii only: one text here";
                return fault("with", message.to_owned());
            }
            (None, "replace_matches" | "mark_dangling") => {
                return fault(key, "it puts text in: say which (with: '')".to_owned());
            }
            (Some(_), _) => {
                let message =
                    "'with' belongs to replace_matches, mark_dangling and replace_pii only";
                return fault("with", message.to_owned());
            }
            (None, _) => Vec::new(),
        };
        let wanted = |written: &str| match Wanted::parse(written) {
            Ok(wanted) => Ok(wanted.canonical()),
            Err(message) => Err(KeyFault { key, message }),
        };
        let edit = match keys {
            RuleKeys { remove_lines_matching: Some(pattern), .. } => {
                Edit::RemoveLines { pattern: pattern.clone() }
            }
            RuleKeys { remove_lines_if: Some(condition), .. } => {
                Edit::RemoveLinesIf { condition: condition.clone() }
            }
            RuleKeys { replace_matches: Some(pattern), lines_if, .. } => Edit::Replace {
                pattern: pattern.clone(),
                with: with.concat(),
                lines_if: lines_if.clone(),
            },
            RuleKeys { repair: Some(damage), .. } if damage == MOJIBAKE => Edit::RepairMojibake,
            RuleKeys { repair: Some(damage), .. } => {
                return fault(key, format!("'{damage}' cannot be repaired: {MOJIBAKE}"));
            }
            RuleKeys { remove_dangling: Some(written), .. } => {
                Edit::RemoveDangling { wanted: wanted(written)? }
            }
            RuleKeys { mark_dangling: Some(written), .. } => {
                Edit::MarkDangling { wanted: wanted(written)?, with: with.concat() }
            }
            RuleKeys { replace_pii: Some(kinds), .. } => {
                let kinds = kinds.0.iter().map(|kind| kind.trim().to_owned()).collect();
                Edit::ReplacePii { kinds, with }
            }
            RuleKeys { flag_if: Some(_), on_null: Some(OnNull::Drop), .. } => {
                let message = "it flags and drops nothing, on_null is keep or fail";
                return fault(key, message.to_owned());
            }
            RuleKeys { flag_if: Some(_), .. } => return Ok(Self::Flag),
            RuleKeys { keep_if: Some(_), .. } => return Ok(Self::Keep),
            _ => return Ok(Self::Drop),
        };
        if keys.on_null.is_some() {
            return fault(key, "on_null belongs to conditions only".to_owned());
        }
        Ok(Self::Edit(edit))
    }

    /// Whether it edits what points at something that is not there.
    pub fn edits_references(&self) -> bool {
        matches!(self, Self::Edit(edit) if edit.edits_references())
    }

    /// The edit, where it is one.
    pub fn edit(&self) -> Option<&Edit> {
        match self {
            Self::Edit(edit) => Some(edit),
            Self::Drop | Self::Keep | Self::Flag => None,
        }
    }

    /// The key of the rule file.
    pub fn key(&self) -> &'static str {
        match self {
            Self::Drop => "drop_if",
            Self::Keep => "keep_if",
            Self::Flag => "flag_if",
            Self::Edit(edit) => edit.key(),
        }
    }

    /// Puts it under its key, with what belongs to it.
    pub(super) fn write(&self, condition: Option<&str>, keys: &mut RuleKeys) {
        let text = |text: &str| Some(text.to_owned());
        let one = |text: &str| Some(OneOrMore(vec![text.to_owned()]));
        let condition = condition.map(str::to_owned);
        match self {
            Self::Drop => keys.drop_if = condition,
            Self::Keep => keys.keep_if = condition,
            Self::Flag => keys.flag_if = condition,
            Self::Edit(Edit::RemoveLines { pattern }) => {
                keys.remove_lines_matching = text(pattern);
            }
            Self::Edit(Edit::RemoveLinesIf { condition }) => {
                keys.remove_lines_if = text(condition);
            }
            Self::Edit(Edit::Replace { pattern, with, lines_if }) => {
                keys.replace_matches = text(pattern);
                keys.with = one(with);
                keys.lines_if.clone_from(lines_if);
            }
            Self::Edit(Edit::RepairMojibake) => keys.repair = text(MOJIBAKE),
            Self::Edit(Edit::RemoveDangling { wanted }) => keys.remove_dangling = text(wanted),
            Self::Edit(Edit::MarkDangling { wanted, with }) => {
                keys.mark_dangling = text(wanted);
                keys.with = one(with);
            }
            Self::Edit(Edit::ReplacePii { kinds, with }) => {
                keys.replace_pii = Some(OneOrMore(kinds.clone()));
                keys.with = Some(OneOrMore(with.clone()));
            }
        }
    }
}
