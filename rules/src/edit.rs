//! Edits: removing lines and replacing matches, with the spans they touched.

use std::cell::RefCell;

use regex::{Regex, RegexBuilder};
use serde::{Deserialize, Serialize};

use crate::trace::Cut;

/// Bytes that a compiled pattern may take.
const PATTERN_BYTES_MAX: usize = 16 << 20;
/// Compiled patterns kept for each thread.
const CACHE_SIZE: usize = 256;

/// One edit of the text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Edit {
    /// Number of the rule in its set.
    pub rule: u32,
    /// The regular expression.
    pub pattern: String,
    /// What matches become; none removes the lines that match.
    pub replacement: Option<String>,
}

/// Compiles a pattern; the error is in the words of the regex library.
pub fn compile(pattern: &str) -> Result<Regex, regex::Error> {
    RegexBuilder::new(pattern).size_limit(PATTERN_BYTES_MAX).build()
}

thread_local! {
    static PATTERNS: RefCell<Vec<(String, Regex)>> = const { RefCell::new(Vec::new()) };
}

/// An edit ready to be applied.
pub struct Editor<'a> {
    edit: &'a Edit,
    pattern: Regex,
}

impl<'a> Editor<'a> {
    /// Compiles the pattern, or takes it from this thread's cache.
    pub fn new(edit: &'a Edit) -> Result<Self, regex::Error> {
        let known = PATTERNS.with_borrow(|cache| {
            cache
                .iter()
                .find(|(pattern, _)| *pattern == edit.pattern)
                .map(|(_, regex)| regex.clone())
        });
        let pattern = if let Some(pattern) = known {
            pattern
        } else {
            let pattern = compile(&edit.pattern)?;
            PATTERNS.with_borrow_mut(|cache| {
                if cache.len() >= CACHE_SIZE {
                    cache.clear();
                }
                cache.push((edit.pattern.clone(), pattern.clone()));
            });
            pattern
        };
        Ok(Self { edit, pattern })
    }

    /// The edited text, none where nothing matches; `spans` gets the byte ranges of `text` that
    /// were removed or replaced.
    pub fn apply(&self, text: &str, spans: &mut Vec<(u64, u64)>) -> Option<String> {
        self.cut(text, &mut |cut| spans.push((cut.from as u64, cut.to as u64)))
    }

    /// As [`Editor::apply`]; `found` gets every place that was removed or replaced.
    pub(crate) fn cut(&self, text: &str, found: &mut impl FnMut(Cut)) -> Option<String> {
        match &self.edit.replacement {
            None => self.remove_lines(text, found),
            Some(replacement) => self.replace(text, replacement, found),
        }
    }

    fn remove_lines(&self, text: &str, found: &mut impl FnMut(Cut)) -> Option<String> {
        // most texts hold no match at all; a line-wise pattern may still match across lines
        let mut edited = String::new();
        let (mut kept_from, mut at, mut hit) = (0, 0, false);
        for line in text.split_inclusive('\n') {
            let end = at + line.len();
            let bare = line.strip_suffix('\n').unwrap_or(line);
            let bare = bare.strip_suffix('\r').unwrap_or(bare);
            if self.pattern.is_match(bare) {
                edited.push_str(&text[kept_from..at]);
                kept_from = end;
                hit = true;
                found(Cut { from: at, to: end, length: 0 });
            }
            at = end;
        }
        if !hit {
            return None;
        }
        edited.push_str(&text[kept_from..]);
        Some(edited)
    }

    fn replace(
        &self,
        text: &str,
        replacement: &str,
        found: &mut impl FnMut(Cut),
    ) -> Option<String> {
        let mut edited = String::new();
        let mut from = 0;
        for groups in self.pattern.captures_iter(text) {
            let Some(whole) = groups.get(0) else { continue };
            edited.push_str(&text[from..whole.start()]);
            let before = edited.len();
            groups.expand(replacement, &mut edited);
            from = whole.end();
            let length = edited.len() - before;
            found(Cut { from: whole.start(), to: whole.end(), length });
        }
        edited.push_str(&text[from..]);
        // a match that is replaced by itself changes nothing
        (edited != text).then_some(edited)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn edit(pattern: &str, replacement: Option<&str>) -> Edit {
        Edit { rule: 0, pattern: pattern.into(), replacement: replacement.map(Into::into) }
    }

    fn apply(edit: &Edit, text: &str) -> (Option<String>, Vec<(u64, u64)>) {
        let mut spans = Vec::new();
        let edited = Editor::new(edit).unwrap().apply(text, &mut spans);
        (edited, spans)
    }

    #[test]
    fn whole_lines_go_with_their_newline() {
        let cookies = edit("(?i)cookies", None);
        let (text, spans) = apply(&cookies, "a\nWe use Cookies\r\nb\ncookies");
        assert_eq!(text.unwrap(), "a\nb\n");
        assert_eq!(spans, [(2, 18), (20, 27)]);
        assert_eq!(apply(&cookies, "nothing here"), (None, vec![]));
    }

    #[test]
    fn an_anchored_pattern_sees_a_line_without_its_end() {
        assert_eq!(apply(&edit("^b$", None), "a\r\nb\r\nc").0.unwrap(), "a\r\nc");
    }

    #[test]
    fn matches_are_replaced_with_groups() {
        let mail = edit(r"(\w+)@(\w+)\.com", Some("<$2>"));
        let (text, spans) = apply(&mail, "ask bob@example.com or al@test.com");
        assert_eq!(text.unwrap(), "ask <example> or <test>");
        assert_eq!(spans, [(4, 19), (23, 34)]);
    }

    proptest! {
        #[test]
        fn removing_lines_keeps_exactly_the_others(lines in proptest::collection::vec("[abx]{0,3}", 0..8)) {
            let text = lines.join("\n");
            let kept: String = text.split_inclusive('\n').filter(|line| !line.contains('x')).collect();
            let (edited, spans) = apply(&edit("x", None), &text);
            let removed: u64 = spans.iter().map(|(start, end)| end - start).sum();
            prop_assert_eq!(edited.unwrap_or(text.clone()), kept.clone());
            prop_assert_eq!(removed, (text.len() - kept.len()) as u64);
        }
    }
}
