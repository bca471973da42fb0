//! Soft wrap that looks at what is on the screen only.
//!
//! Rows can be laid out from any *anchor*: the start of a line, or, inside very long lines, a
//! checkpoint at a multiple of [`CHUNK`]. A row never crosses a checkpoint that is an anchor, so
//! the same text wraps the same way wherever one came from, and finding the row of a byte costs
//! at most two chunks of work, in a document of any length.

use unicode_segmentation::UnicodeSegmentation as _;

use super::glyph::{Class, Glyph, glyph};

/// Bytes between two checkpoints.
pub const CHUNK: usize = 4096;

/// How text is wrapped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wrap {
    /// Columns of a row.
    pub width: usize,
    /// Whether white space and invisible characters are spelt out.
    pub whitespace: bool,
}

/// One row of the screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// First byte.
    pub start: usize,
    /// First byte of the next row; the text's length at the end.
    pub end: usize,
    /// What is shown, in the order of the text.
    pub glyphs: Vec<Glyph>,
}

impl Wrap {
    /// The row that starts at `start`; `start` must be the start of a row.
    pub fn row(&self, text: &str, start: usize) -> Row {
        self.row_before(text, start, next_anchor(text, start))
    }

    /// The same where the next anchor is known.
    fn row_before(&self, text: &str, start: usize, limit: usize) -> Row {
        let width = self.width.max(1);
        let mut glyphs: Vec<Glyph> = Vec::new();
        let (mut column, mut end, mut opportunity) = (0, start, None);
        for cluster in text[start..limit].graphemes(true) {
            let next = glyph(cluster, end, column, self.whitespace);
            let breaks = cluster.ends_with('\n');
            if column + next.width > width && !glyphs.is_empty() && !(breaks && next.width <= 2) {
                let hangs = next.class == Class::Space && !self.whitespace && cluster != "\t";
                if !hangs {
                    return broken(glyphs, start, end, opportunity);
                }
            }
            if next.width >= 2 && next.class == Class::Text {
                opportunity = Some(glyphs.len());
            }
            column += next.width;
            end += cluster.len();
            if opens(&next, cluster) {
                opportunity = Some(glyphs.len() + 1);
            }
            glyphs.push(next);
            if breaks {
                break;
            }
        }
        Row { start, end, glyphs }
    }

    /// Up to `count` rows from the row start `start`.
    pub fn rows(&self, text: &str, start: usize, count: usize) -> Vec<Row> {
        let mut rows = Vec::with_capacity(count.min(256));
        let mut walk = Walk::new(self, text, start);
        while rows.len() < count {
            let row = walk.next();
            let last = row.end >= text.len();
            rows.push(row);
            if last {
                break;
            }
        }
        rows
    }

    /// Start of the row in which `byte` stands.
    pub fn row_start(&self, text: &str, byte: usize) -> usize {
        let byte = floor_char(text, byte.min(text.len()));
        let mut walk = Walk::new(self, text, anchor(text, byte));
        loop {
            let row = walk.next();
            if row.end > byte || row.end >= text.len() {
                return row.start;
            }
        }
    }

    /// Start of the row `count` rows above the row start `start`.
    pub fn up(&self, text: &str, start: usize, count: usize) -> usize {
        let mut left = count;
        let mut top = start;
        while left > 0 && top > 0 {
            let from = anchor(text, floor_char(text, top - 1));
            let mut starts = vec![from];
            let mut walk = Walk::new(self, text, from);
            loop {
                let end = walk.next().end;
                if end >= top {
                    break;
                }
                starts.push(end);
            }
            let step = left.min(starts.len());
            top = starts[starts.len() - step];
            left -= step;
        }
        top
    }

    /// Start of the row `count` rows below the row start `start`; stays on the last row.
    pub fn down(&self, text: &str, start: usize, count: usize) -> usize {
        let mut top = start;
        let mut walk = Walk::new(self, text, start);
        for _ in 0..count {
            let end = walk.next().end;
            if end >= text.len() {
                break;
            }
            top = end;
        }
        top
    }
}

/// A row that is full: cut at the last opportunity, else where it is full.
fn broken(mut glyphs: Vec<Glyph>, start: usize, end: usize, opportunity: Option<usize>) -> Row {
    if let Some(at) = opportunity.filter(|&at| at > 0 && at < glyphs.len()) {
        let end = glyphs[at].start;
        glyphs.truncate(at);
        return Row { start, end, glyphs };
    }
    Row { start, end, glyphs }
}

/// Row after row, each anchor looked for once.
struct Walk<'a> {
    wrap: &'a Wrap,
    text: &'a str,
    at: usize,
    limit: usize,
}

impl<'a> Walk<'a> {
    fn new(wrap: &'a Wrap, text: &'a str, at: usize) -> Self {
        Self { wrap, text, at, limit: next_anchor(text, at) }
    }

    fn next(&mut self) -> Row {
        if self.at >= self.limit {
            self.limit = next_anchor(self.text, self.at);
        }
        let row = self.wrap.row_before(self.text, self.at, self.limit);
        self.at = row.end;
        row
    }
}

/// Whether a row may be broken after the glyph.
fn opens(glyph: &Glyph, cluster: &str) -> bool {
    match glyph.class {
        Class::Space => true,
        // spaces that are made to hold words together do not open
        Class::Invisible => cluster
            .starts_with(['\u{2002}', '\u{2003}', '\u{2009}', '\u{200b}', '\u{3000}', '\u{ad}']),
        Class::Control => false,
        Class::Text => glyph.width >= 2 || matches!(cluster, "-" | "/" | "\u{2013}" | "\u{2014}"),
    }
}

/// The character border at or below `byte`.
pub fn floor_char(text: &str, byte: usize) -> usize {
    let mut at = byte.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// Start of the line of `byte`, or the checkpoint before it in a long line.
pub fn anchor(text: &str, byte: usize) -> usize {
    let chunk = byte / CHUNK * CHUNK;
    if let Some(at) = last_newline(text, chunk, byte) {
        return at + 1;
    }
    if chunk == 0 {
        return 0;
    }
    match last_newline(text, chunk - CHUNK, chunk) {
        Some(at) => at + 1,
        None => checkpoint(text, chunk),
    }
}

/// The first anchor after `start`, or the end of the text.
fn next_anchor(text: &str, start: usize) -> usize {
    // two chunks always hold a line break or a checkpoint that is an anchor
    for number in 1..=3 {
        let chunk = (start / CHUNK + number) * CHUNK;
        if chunk >= text.len() {
            return text.len();
        }
        let from = start.max(chunk - CHUNK);
        if let Some(at) = first_newline(text, from, chunk) {
            return at + 1;
        }
        let at = checkpoint(text, chunk);
        if at > start && last_newline(text, chunk - CHUNK, chunk).is_none() {
            return at;
        }
    }
    text.len()
}

fn checkpoint(text: &str, chunk: usize) -> usize {
    floor_char(text, chunk)
}

fn last_newline(text: &str, from: usize, to: usize) -> Option<usize> {
    let to = to.min(text.len());
    text.as_bytes()[from.min(to)..to].iter().rposition(|&b| b == b'\n').map(|at| from + at)
}

fn first_newline(text: &str, from: usize, to: usize) -> Option<usize> {
    let to = to.min(text.len());
    text.as_bytes()[from.min(to)..to].iter().position(|&b| b == b'\n').map(|at| from + at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn lines(text: &str, width: usize) -> Vec<String> {
        let wrap = Wrap { width, whitespace: false };
        wrap.rows(text, 0, 1000)
            .iter()
            .map(|row| row.glyphs.iter().map(|glyph| glyph.text.as_str()).collect())
            .collect()
    }

    #[test]
    fn words_stay_whole_and_spaces_hang() {
        assert_eq!(lines("the quick brown fox", 10), ["the quick ", "brown fox"]);
        assert_eq!(lines("abcdefghij klm", 4), ["abcd", "efgh", "ij ", "klm"]);
        assert_eq!(lines("a\n\nb", 4), ["a", "", "b"]);
        assert_eq!(lines("", 4), [""]);
    }

    #[test]
    fn wide_characters_break_anywhere() {
        assert_eq!(lines("文文文文", 5), ["文文", "文文"]);
        assert_eq!(lines("ab文文", 3), ["ab", "文", "文"]);
    }

    #[test]
    fn a_long_line_is_entered_in_its_middle() {
        let text = "lorem ipsum ".repeat(100_000);
        let wrap = Wrap { width: 60, whitespace: false };
        let at = wrap.row_start(&text, 700_000);
        assert!(at <= 700_000 && wrap.row(&text, at).end > 700_000);
        assert_eq!(wrap.up(&text, wrap.down(&text, at, 30), 30), at);
    }

    fn texts() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            Just("word ".to_owned()),
            Just("\n".to_owned()),
            Just("文".to_owned()),
            Just("\t\u{1b}[0m".to_owned()),
            Just("e\u{301}\u{301}".to_owned()),
            Just("שלום ".to_owned()),
            Just("👩‍👩‍👧".to_owned()),
            Just("x".repeat(1500)),
            Just("\r\n".to_owned()),
        ];
        proptest::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn rows_tile_the_text_and_fit(text in texts(), width in 1usize..60, whitespace: bool) {
            let wrap = Wrap { width, whitespace };
            let rows = wrap.rows(&text, 0, usize::MAX);
            let mut at = 0;
            for row in &rows {
                prop_assert_eq!(row.start, at);
                at = row.end;
            }
            prop_assert_eq!(at, text.len());
            for row in rows.iter().step_by(1 + rows.len() / 100) {
                prop_assert_eq!(wrap.row_start(&text, row.start), row.start);
            }
            for pair in rows.windows(2).step_by(1 + rows.len() / 100) {
                prop_assert_eq!(wrap.up(&text, pair[1].start, 1), pair[0].start);
            }
        }
    }
}
