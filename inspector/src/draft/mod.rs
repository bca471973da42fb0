//! From looking to a rule: try one on what was read, then append it to a rule file with a test.

pub mod append;
mod base;
mod excerpt;
mod insert;
mod share;
mod trial;
mod yaml;

use regex::Regex;

pub use self::append::{Appended, NewRule, TestDocument, append};
pub use self::base::Base;
pub use self::trial::{columns_of, try_draft};
use crate::model::Draft;

/// The pattern that finds a selected text again: its characters as they are, any white space
/// where it has some, so that another line break does not matter.
pub fn pattern_for(text: &str) -> String {
    let words: Vec<String> = text.split_whitespace().map(regex::escape).collect();
    words.join(r"\s+")
}

impl Draft {
    /// The keys of the rule file with their values.
    fn keys(&self) -> Vec<(&'static str, &str)> {
        match self {
            Self::FlagIf(condition) => vec![("flag_if", condition)],
            Self::DropIf(condition) => vec![("drop_if", condition)],
            Self::RemoveLines(pattern) => vec![("remove_lines_matching", pattern)],
            Self::Replace(pattern, with) => vec![("replace_matches", pattern), ("with", with)],
        }
    }

    /// The SQL condition, where it is one.
    fn condition(&self) -> Option<&str> {
        match self {
            Self::FlagIf(condition) | Self::DropIf(condition) => Some(condition),
            Self::RemoveLines(_) | Self::Replace(..) => None,
        }
    }

    /// The pattern, to show where it matches; none for conditions.
    fn regex(&self) -> Option<Regex> {
        match self {
            Self::FlagIf(_) | Self::DropIf(_) => None,
            Self::RemoveLines(pattern) => Regex::new(&format!("(?m){pattern}")).ok(),
            Self::Replace(pattern, _) => Regex::new(pattern).ok(),
        }
    }

    /// The list of a judgement in which it shows that it fires.
    fn expected(&self) -> &'static str {
        match self {
            Self::FlagIf(_) => "flag",
            Self::DropIf(_) => "drop",
            Self::RemoveLines(_) | Self::Replace(..) => "edit",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_pattern_keeps_digits_and_lets_white_space_be() {
        assert_eq!(pattern_for("Page 12\n of  30 (a.b)"), r"Page\s+12\s+of\s+30\s+\(a\.b\)");
        assert_eq!(pattern_for("  "), "");
    }

    proptest! {
        #[test]
        fn a_pattern_finds_its_text_again(text in "\\PC{1,20}( |\n|\t)\\PC{0,20}") {
            let pattern = pattern_for(&text);
            let found = Regex::new(&pattern).unwrap().find(&text).map(|found| found.as_str());
            prop_assert_eq!(found, Some(text.trim()));
        }
    }
}
