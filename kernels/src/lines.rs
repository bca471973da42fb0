//! Lines and paragraphs.

use crate::char_class::is_space;
use crate::hash::hash64;
use crate::words::saturate;

/// A line or a paragraph.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Segment {
    /// The byte at which it starts.
    pub start: usize,
    /// The byte after its last one.
    pub end: usize,
    /// The hash of its bytes.
    pub hash: u64,
    /// Characters (Unicode scalar values).
    pub chars: u32,
    /// Whether it has a letter or a digit.
    pub wordy: bool,
}

impl Segment {
    fn new(text: &str, start: usize, end: usize) -> Self {
        let part = &text[start..end];
        Self {
            start,
            end,
            hash: hash64(part.as_bytes()),
            chars: saturate(part.chars().count()),
            wordy: part.chars().any(char::is_alphanumeric),
        }
    }
}

/// The lines of `text` that are not blank, white space at both ends left out; they end at `\n`.
pub fn lines(text: &str, lines: &mut Vec<Segment>) {
    lines.clear();
    each_line(text, |start, end| {
        let line = &text[start..end];
        let trimmed = line.trim_start();
        let start = end - trimmed.len();
        let trimmed = trimmed.trim_end();
        if !trimmed.is_empty() {
            lines.push(Segment::new(text, start, start + trimmed.len()));
        }
    });
}

/// The paragraphs of `text`: lines up to the next blank one, white space at both ends left out.
pub fn paragraphs(text: &str, paragraphs: &mut Vec<Segment>) {
    paragraphs.clear();
    let mut open: Option<(usize, usize)> = None;
    each_line(text, |start, end| {
        let line = &text[start..end];
        let trimmed = line.trim_start();
        if trimmed.is_empty() {
            if let Some((start, end)) = open.take() {
                paragraphs.push(Segment::new(text, start, end));
            }
            return;
        }
        let first = end - trimmed.len();
        let last = first + trimmed.trim_end().len();
        open = Some((open.map_or(first, |(start, _)| start), last));
    });
    if let Some((start, end)) = open {
        paragraphs.push(Segment::new(text, start, end));
    }
}

/// Calls `found` with the bounds of each line, its `\n` left out.
fn each_line(text: &str, mut found: impl FnMut(usize, usize)) {
    let mut start = 0;
    for end in memchr::memchr_iter(b'\n', text.as_bytes()) {
        found(start, end);
        start = end + 1;
    }
    if start < text.len() {
        found(start, text.len());
    }
}

/// What stands between runs of at least `newlines` line feeds, the empty ends included: an empty
/// text is one empty part.
fn split_at_newlines(text: &str, from: usize, to: usize, newlines: usize, out: &mut Vec<Segment>) {
    out.clear();
    let bytes = &text.as_bytes()[..to];
    let (mut start, mut at) = (from, from);
    while let Some(next) = bytes.get(at..).and_then(|rest| memchr::memchr(b'\n', rest)) {
        let feed = at + next;
        let run = bytes.iter().skip(feed).take_while(|byte| **byte == b'\n').count();
        if run >= newlines {
            out.push(Segment::new(text, start, feed));
            start = feed + run;
        }
        at = feed + run;
    }
    out.push(Segment::new(text, start, to.max(start)));
}

/// The parts of `text` between runs of line feeds, as Python's `re.split("\n+", text)` gives them.
pub fn newline_runs(text: &str, parts: &mut Vec<Segment>) {
    split_at_newlines(text, 0, text.len(), 1, parts);
}

/// The parts of `text`, white space at its ends left out, between runs of two and more line feeds.
pub fn newline_paragraphs(text: &str, parts: &mut Vec<Segment>) {
    let start = text.len() - text.trim_start_matches(is_space).len();
    let end = text.trim_end_matches(is_space).len().max(start);
    split_at_newlines(text, start, end, 2, parts);
}

/// The parts of `text` between line feeds, empty ones included, as Python's `split("\\n")` gives
/// them.
pub fn feed_lines(text: &str, parts: &mut Vec<Segment>) {
    parts.clear();
    let mut start = 0;
    for end in memchr::memchr_iter(b'\n', text.as_bytes()) {
        parts.push(Segment::new(text, start, end));
        start = end + 1;
    }
    parts.push(Segment::new(text, start, text.len()));
}

/// The parts of `text` between two line feeds in a row that are not blank, white space at both ends
/// left out.
pub fn feed_blocks(text: &str, parts: &mut Vec<Segment>) {
    parts.clear();
    let mut start = 0;
    let ends = memchr::memmem::find_iter(text.as_bytes(), "\n\n").chain([text.len()]);
    for end in ends {
        let part = &text[start..end];
        let cut = part.trim_start_matches(is_space);
        let from = end - cut.len();
        let cut = cut.trim_end_matches(is_space);
        if !cut.is_empty() {
            parts.push(Segment::new(text, from, from + cut.len()));
        }
        start = end + 2;
    }
}

/// Calls `found` with the bounds of each line as Python's `str.splitlines` has them: `\r\n`, the
/// separators 1C to 1E, U+0085, U+2028 and U+2029 end a line too, and no empty line follows the
/// last end.
pub fn break_lines(text: &str, mut found: impl FnMut(usize, usize)) {
    let bytes = text.as_bytes();
    let (mut start, mut at) = (0, 0);
    while let Some(&byte) = bytes.get(at) {
        let width = match byte {
            b'\r' if bytes.get(at + 1) == Some(&b'\n') => 2,
            b'\n'..=b'\r' | 0x1c..=0x1e => 1,
            0xc2 if bytes.get(at + 1) == Some(&0x85) => 2,
            0xe2 if matches!(bytes.get(at + 1..at + 3), Some([0x80, 0xa8 | 0xa9])) => 3,
            _ => {
                at += 1;
                continue;
            }
        };
        found(start, at);
        at += width;
        start = at;
    }
    if start < bytes.len() {
        found(start, bytes.len());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn texts(text: &str, split: fn(&str, &mut Vec<Segment>)) -> Vec<&str> {
        let mut parts = Vec::new();
        split(text, &mut parts);
        parts.iter().map(|part| &text[part.start..part.end]).collect()
    }

    fn broken(text: &str) -> Vec<&str> {
        let mut parts = Vec::new();
        break_lines(text, |start, end| parts.push(&text[start..end]));
        parts
    }

    #[test]
    fn blank_lines_are_no_lines() {
        assert_eq!(texts(" a \r\n\n\t\nb", lines), ["a", "b"]);
        assert!(texts("\n \n", lines).is_empty());
    }

    #[test]
    fn a_line_of_blanks_ends_a_paragraph() {
        assert_eq!(texts("\n a\nb \n \t\n c\n", paragraphs), ["a\nb", "c"]);
        assert!(texts("", paragraphs).is_empty());
    }

    #[test]
    fn empty_ends_are_parts() {
        assert_eq!(texts("\na\n\n\nb\n", newline_runs), ["", "a", "b", ""]);
        assert_eq!(texts("", newline_runs), [""]);
        assert_eq!(texts(" \n\na\nb\n\n\nc\n\n", newline_paragraphs), ["a\nb", "c"]);
        assert_eq!(texts(" \n", newline_paragraphs), [""]);
    }

    #[test]
    fn feeds_part_lines_and_blocks() {
        assert_eq!(texts("\na\n\n b\n", feed_lines), ["", "a", "", " b", ""]);
        assert_eq!(texts("", feed_lines), [""]);
        assert_eq!(texts("a\nb\n\n\n c\n\n\n\n d \n \ne", feed_blocks), ["a\nb", "c", "d \n \ne"]);
        assert!(texts("\n\n \n", feed_blocks).is_empty());
    }

    #[test]
    fn every_line_end_of_python_ends_a_line() {
        let text = "a\r\nb\rc\u{b}d\u{c}e\u{1c}f\u{85}g\u{2028}h\n\ni\n";
        assert_eq!(broken(text), ["a", "b", "c", "d", "e", "f", "g", "h", "", "i"]);
        assert!(broken("").is_empty());
    }

    #[test]
    fn a_rule_is_not_wordy() {
        let mut parts = Vec::new();
        lines("|---|---|\n| a |", &mut parts);
        assert_eq!((parts[0].wordy, parts[1].wordy), (false, true));
    }

    proptest! {
        #[test]
        fn spans_lie_on_characters(text in "[\\PC\n\r \u{85}\u{2028}]{0,60}") {
            for split in
                [lines, paragraphs, newline_runs, newline_paragraphs, feed_lines, feed_blocks]
            {
                let mut parts = Vec::new();
                split(&text, &mut parts);
                for part in parts {
                    prop_assert!(text.get(part.start..part.end).is_some());
                }
            }
            break_lines(&text, |start, end| assert!(text.get(start..end).is_some()));
        }
    }
}
