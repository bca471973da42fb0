//! Where in its files something of a rule set is written.

use std::fmt::Display;

use super::{Place, RuleSet};
use crate::error::Problem;

impl RuleSet {
    /// The name of a file of the set.
    pub fn file_name(&self, at: &Place) -> &str {
        self.files.get(at.file).map_or("", |file| &file.0)
    }

    /// A problem at a place of the set.
    pub(crate) fn problem(&self, at: &Place, message: impl Display) -> Problem {
        Problem {
            file: self.file_name(at).to_owned(),
            line: at.line,
            column: at.column,
            message: message.to_string(),
        }
    }

    /// A problem with one word of an expression that is written at `at`.
    pub(crate) fn problem_at_word(&self, at: &Place, word: &str, message: impl Display) -> Problem {
        let found = self.files.get(at.file).and_then(|file| find_word(&file.1, at, word));
        let (line, column) = found.unwrap_or((at.line, at.column));
        self.problem(&Place { file: at.file, line, column }, message)
    }

    /// The place of character `sign` of the first line of `value`, which is written at `at`: behind
    /// a quote, or as a block. Where the file does not hold it in one piece, `at` itself.
    pub(crate) fn place_within(&self, at: &Place, value: &str, sign: usize) -> Place {
        let number = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
        let Some((_, text)) = self.files.get(at.file) else { return at.clone() };
        let value = value.lines().next().unwrap_or_default();
        let lines = text.lines().enumerate().skip(number(at.line).saturating_sub(1)).take(20);
        for (line, written) in lines {
            let from =
                if line + 1 == number(at.line) { number(at.column).saturating_sub(1) } else { 0 };
            let start = written.char_indices().nth(from).map_or(written.len(), |(at, _)| at);
            let found = written.get(start..).and_then(|rest| rest.find(value));
            if let Some(found) = found.filter(|_| !value.is_empty()) {
                let before = written.get(..start + found).unwrap_or_default().chars().count();
                let column = (before + sign + 1) as u64;
                return Place { file: at.file, line: line as u64 + 1, column };
            }
        }
        at.clone()
    }
}

/// The line and column of `word` at or after `at`, as a whole word.
fn find_word(text: &str, at: &Place, word: &str) -> Option<(u64, u64)> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    for (number, line) in (1_u64..).zip(text.lines()).skip_while(|(n, _)| *n < at.line).take(40) {
        for (start, _) in line.match_indices(word) {
            let before = line[..start].chars().next_back().is_some_and(is_word);
            let after = line[start + word.len()..].chars().next().is_some_and(is_word);
            let column = line[..start].chars().count() as u64 + 1;
            if !before && !after && (number > at.line || column >= at.column) {
                return Some((number, column));
            }
        }
    }
    None
}
