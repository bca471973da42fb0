//! Edits that go line by line.

use regex::Regex;

use super::error::EditError;
use super::matches::Replacement;
use super::rewrite::{Rewrite, Rewritten};
use crate::lines::LineCondition;

/// A pattern that is looked for in each line by itself.
#[derive(Debug)]
pub(super) struct LinePattern {
    regex: Regex,
    /// A line that matches is a match in the text around it too, as nothing asks what stands
    /// before or behind.
    anywhere: bool,
}

impl LinePattern {
    pub(super) fn new(regex: Regex) -> Self {
        let asks = ["^", "$", r"\b", r"\B", r"\A", r"\z", r"\<", r"\>"];
        let anywhere = !asks.iter().any(|mark| regex.as_str().contains(mark));
        Self { regex, anywhere }
    }
}

/// One line of a text.
struct TextLine<'t> {
    /// Its first byte.
    start: usize,
    /// The line without its end.
    bare: &'t str,
    /// The byte behind its end.
    end: usize,
}

fn text_lines(text: &str) -> impl Iterator<Item = TextLine<'_>> {
    let mut from = 0;
    let ends = memchr::memchr_iter(b'\n', text.as_bytes()).map(|feed| feed + 1);
    ends.chain([text.len()]).filter_map(move |end| {
        let start = std::mem::replace(&mut from, end);
        (start < end).then(|| {
            let line = &text[start..end];
            let bare = line.strip_suffix('\n').unwrap_or(line);
            TextLine { start, bare: bare.strip_suffix('\r').unwrap_or(bare), end }
        })
    })
}

/// Removes the lines in which a pattern matches.
pub(super) fn remove_matching(
    pattern: &LinePattern,
    text: &str,
) -> Result<Option<Rewritten>, EditError> {
    // most texts hold no match at all
    if pattern.anywhere && !pattern.regex.is_match(text) {
        return Ok(None);
    }
    remove(|line| pattern.regex.is_match(line), text)
}

/// Removes the lines for which a condition holds.
pub(super) fn remove_if(
    condition: &LineCondition,
    text: &str,
) -> Result<Option<Rewritten>, EditError> {
    remove(|line| condition.holds(line), text)
}

fn remove(goes: impl Fn(&str) -> bool, text: &str) -> Result<Option<Rewritten>, EditError> {
    let mut rewrite = Rewrite::new(text);
    for line in text_lines(text) {
        if goes(line.bare) {
            rewrite.replace(line.start, line.end, |_| ())?;
        }
    }
    Ok(rewrite.finish())
}

/// Replaces the matches of a pattern within the lines for which a condition holds.
pub(super) fn replace_within(
    lines: &LineCondition,
    replacement: &Replacement,
    text: &str,
) -> Result<Option<Rewritten>, EditError> {
    let mut rewrite = Rewrite::new(text);
    for line in text_lines(text) {
        // looking for the pattern first spares most lines the measures
        if replacement.has_match(line.bare) && lines.holds(line.bare) {
            replacement.apply(line.bare, line.start, &mut rewrite)?;
        }
    }
    Ok(rewrite.finish())
}
