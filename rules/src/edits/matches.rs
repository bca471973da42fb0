//! Replacing the matches of a pattern.

use regex::{Regex, RegexBuilder};

use super::error::EditError;
use super::rewrite::{Rewrite, Rewritten};

/// Bytes that a compiled pattern may take.
const PATTERN_BYTES_MAX: usize = 16 << 20;

/// Compiles a pattern of a rule file.
pub(crate) fn compile_pattern(pattern: &str) -> Result<Regex, regex::Error> {
    RegexBuilder::new(pattern).size_limit(PATTERN_BYTES_MAX).build()
}

/// A pattern and what its matches become.
#[derive(Debug)]
pub(super) struct Replacement {
    pattern: Regex,
    with: String,
    /// Whether the groups of a match are put in.
    with_groups: bool,
}

impl Replacement {
    /// The error says which group the pattern does not have.
    pub(super) fn new(pattern: Regex, with: &str) -> Result<Self, String> {
        check_groups(&pattern, with)?;
        Ok(Self { pattern, with: with.to_owned(), with_groups: with.contains('$') })
    }

    pub(super) fn has_match(&self, text: &str) -> bool {
        self.pattern.is_match(text)
    }

    /// Replaces the matches in `part`, which stands at byte `at` of the text that is rewritten.
    pub(super) fn apply(
        &self,
        part: &str,
        at: usize,
        rewrite: &mut Rewrite<'_>,
    ) -> Result<(), EditError> {
        if self.with_groups {
            for groups in self.pattern.captures_iter(part) {
                let whole = groups.get_match();
                rewrite.replace(at + whole.start(), at + whole.end(), |edited| {
                    groups.expand(&self.with, edited);
                })?;
            }
        } else {
            // without groups a match is found several times faster
            for whole in self.pattern.find_iter(part) {
                rewrite.replace(at + whole.start(), at + whole.end(), |edited| {
                    edited.push_str(&self.with);
                })?;
            }
        }
        Ok(())
    }
}

/// Replaces every match.
pub(super) fn replace(
    replacement: &Replacement,
    text: &str,
) -> Result<Option<Rewritten>, EditError> {
    let mut rewrite = Rewrite::new(text);
    replacement.apply(text, 0, &mut rewrite)?;
    Ok(rewrite.finish())
}

/// A group that a pattern does not have would be replaced by nothing, so it is an error.
fn check_groups(pattern: &Regex, with: &str) -> Result<(), String> {
    let mut rest = with;
    while let Some((_, after)) = rest.split_once('$') {
        if let Some(behind) = after.strip_prefix('$') {
            rest = behind;
            continue;
        }
        rest = after;
        let name = if let Some(braced) = after.strip_prefix('{') {
            braced.split_once('}').map_or("", |(name, _)| name)
        } else {
            let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
            &after[..after.find(|c| !is_name(c)).unwrap_or(after.len())]
        };
        let known = match name.parse::<usize>() {
            Ok(number) => number < pattern.captures_len(),
            Err(_) => name.is_empty() || pattern.capture_names().flatten().any(|one| one == name),
        };
        if !known {
            return Err(format!(
                "'{with}' puts in group '{name}', which the pattern does not have: ${{1}}a is the \
                 first group before an a, $$ is a dollar sign"
            ));
        }
    }
    Ok(())
}
