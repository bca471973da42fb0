//! Search that never holds up a key press: a slice of the text at a time.

use std::sync::Arc;

use regex::{Regex, RegexBuilder};

/// Bytes that one step looks through.
pub const SLICE: usize = 1 << 20;

/// Matches that are kept; more are counted only.
pub const MATCHES_MAX: usize = 100_000;

/// Bytes by which slices overlap, so that a match across a border is found.
const OVERLAP: usize = 4096;

/// What to look for: plain text without capitals ignores case; `/…/` is a regular expression.
pub fn pattern(needle: &str) -> Result<Regex, String> {
    let body = needle.strip_prefix('/').and_then(|rest| rest.strip_suffix('/'));
    let source = body.map_or_else(|| regex::escape(needle), str::to_owned);
    RegexBuilder::new(&source)
        .case_insensitive(!needle.chars().any(char::is_uppercase))
        .multi_line(true)
        .size_limit(1 << 22)
        .build()
        .map_err(|error| error.to_string().lines().last().unwrap_or("not a pattern").to_owned())
}

/// A search under way.
#[derive(Debug)]
pub struct Search {
    text: Arc<str>,
    pattern: Regex,
    at: usize,
    /// Byte ranges found so far, in order.
    pub matches: Vec<(usize, usize)>,
    /// All that were found.
    pub found: u64,
}

impl Search {
    /// A search from the start of `text`.
    pub fn new(text: Arc<str>, pattern: Regex) -> Self {
        Self { text, pattern, at: 0, matches: Vec::new(), found: 0 }
    }

    /// Looks through the next slice; true once all was seen.
    pub fn step(&mut self) -> bool {
        let ends = self.at + SLICE;
        let window_end = super::layout::wrap::floor_char(&self.text, ends + OVERLAP);
        let from = super::layout::wrap::floor_char(&self.text, self.at);
        let mut next = ends;
        let mut at = from;
        while let Some(found) = self.pattern.find_at(&self.text[..window_end], at) {
            if found.start() >= ends {
                break;
            }
            if !found.is_empty() {
                self.found += 1;
                if self.matches.len() < MATCHES_MAX {
                    self.matches.push((found.start(), found.end()));
                }
            }
            at = found.end().max(found.start() + 1);
            while !self.text.is_char_boundary(at) {
                at += 1;
            }
            next = next.max(at);
            if at > window_end {
                break;
            }
        }
        self.at = next;
        self.at >= self.text.len()
    }

    /// Share of the text that was seen.
    pub fn progress(&self) -> f64 {
        if self.text.is_empty() { 1.0 } else { (self.at as f64 / self.text.len() as f64).min(1.0) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str, needle: &str) -> Vec<(usize, usize)> {
        let mut search = Search::new(text.into(), pattern(needle).unwrap());
        while !search.step() {}
        search.matches
    }

    #[test]
    fn capitals_matter_where_one_is_typed() {
        assert_eq!(all("Table table", "table"), [(0, 5), (6, 11)]);
        assert_eq!(all("Table table", "Table"), [(0, 5)]);
        assert_eq!(all("a1 b22", r"/\d+/"), [(1, 2), (4, 6)]);
        assert!(pattern("/(/").is_err());
    }

    #[test]
    fn matches_across_slices_are_found_once() {
        let mut text = "ä".repeat(SLICE / 2 - 2);
        text.push_str("needle");
        text.push_str(&"x".repeat(SLICE));
        text.push_str("needle");
        let found = all(&text, "needle");
        assert_eq!(found.len(), 2);
        assert_eq!(&text[found[0].0..found[0].1], "needle");
        assert_eq!(found[1].1, text.len());
    }
}
