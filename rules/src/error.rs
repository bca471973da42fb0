//! What is wrong with a rule file, and where.

use std::fmt;

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The file or pack.
    pub file: String,
    /// Line from 1; 0 where the whole file is meant.
    pub line: u64,
    /// Column from 1.
    pub column: u64,
    /// What is wrong and what to do.
    pub message: String,
}

impl Problem {
    /// A problem with `file` as a whole.
    pub(crate) fn new(file: &str, message: String) -> Self {
        Self { file: file.to_owned(), line: 0, column: 0, message }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line == 0 {
            write!(f, "{}: {}", self.file, self.message)
        } else {
            write!(f, "{}:{}:{}: {}", self.file, self.line, self.column, self.message)
        }
    }
}

/// Everything that is wrong with a rule set, in the order of its files.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", join(.problems))]
pub struct RuleError {
    /// At least one problem.
    pub problems: Vec<Problem>,
}

fn join(problems: &[Problem]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

impl RuleError {
    /// A problem with a file as a whole.
    pub fn whole(file: &str, message: impl fmt::Display) -> Self {
        Self { problems: vec![Problem::new(file, message.to_string())] }
    }
}
