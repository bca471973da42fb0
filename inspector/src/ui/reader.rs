//! The text on the screen: where one is in it, and the rows that are seen.

use std::sync::Arc;

use super::diff::Diff;
use super::layout::bidi::rtl_line;
use super::layout::wrap::floor_char;
use super::layout::{Row, Wrap};
use super::shown::{Mode, Paint, Shown, Span};
use super::tokens::Token;
use crate::model::Document;

/// A search in the text.
#[derive(Debug, Clone, Default)]
pub struct Found {
    /// What was typed.
    pub needle: String,
    /// Byte ranges, in order.
    pub matches: Arc<[(usize, usize)]>,
    /// All of them, also those beyond what is kept.
    pub total: u64,
    /// Whether the text was seen to its end.
    pub complete: bool,
    /// The current one.
    pub current: Option<usize>,
}

/// Selected text: where it began, and where the cursor is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Selection {
    /// First byte of the glyph where it began.
    pub from: usize,
    /// First byte of the glyph under the cursor.
    pub to: usize,
}

/// A text and the place in it.
#[derive(Debug, Clone, Default)]
#[expect(clippy::struct_excessive_bools, reason = "switches that a person turns one by one")]
pub struct Reader {
    /// The document; none while it is fetched.
    pub document: Option<Arc<Document>>,
    /// Why it could not be fetched.
    pub failed: Option<String>,
    /// Which of its texts.
    pub mode: Mode,
    /// The text.
    pub shown: Shown,
    /// The comparison of both texts.
    pub diff: Option<Arc<Diff>>,
    /// Whether a comparison is under way.
    pub comparing: bool,
    /// First byte of the first row.
    pub top: usize,
    /// The byte that stays on the first row when the size changes.
    pub place: usize,
    /// Columns and rows of the text.
    pub size: (usize, usize),
    /// Whether white space is spelt out.
    pub whitespace: bool,
    /// Whether right-to-left text is turned.
    pub bidi: bool,
    /// Whether tokens are shown.
    pub tokenized: bool,
    /// Tokens around the screen.
    pub tokens: Arc<[Token]>,
    /// Bytes that were sent to the tokenizer.
    pub tokens_of: Option<(usize, usize)>,
    /// Rows on the screen.
    pub rows: Vec<Row>,
    /// Whether each row's line is written from right to left.
    pub rtl: Vec<bool>,
    /// Rows of the original beside them.
    pub beside: Vec<Row>,
    /// The current finding, by its place among the spans.
    pub current: Option<usize>,
    /// The search.
    pub found: Option<Found>,
    /// Selected text.
    pub selection: Option<Selection>,
}

impl Reader {
    /// How rows are wrapped.
    pub fn wrap(&self) -> Wrap {
        let width =
            if self.mode == Mode::Side { self.size.0.saturating_sub(3) / 2 } else { self.size.0 };
        Wrap { width: width.max(1), whitespace: self.whitespace }
    }

    /// Takes another document; the place is its start.
    pub fn open(&mut self, document: Option<Arc<Document>>, blind: bool) {
        self.document = document;
        self.failed = None;
        self.mode = Mode::Edited;
        self.diff = None;
        self.comparing = false;
        self.top = 0;
        self.place = 0;
        self.current = None;
        self.found = None;
        self.selection = None;
        self.tokens = Arc::from([]);
        self.tokens_of = None;
        self.show(blind);
    }

    /// Takes the text of its mode again, after mode or blindness changed.
    pub fn show(&mut self, blind: bool) {
        self.shown = match (&self.document, self.mode, &self.diff) {
            (Some(_), Mode::Diff, Some(diff)) => diff.shown.clone(),
            (Some(_), Mode::Side, Some(diff)) => diff.new.clone(),
            (Some(document), mode, _) => Shown::document(document, mode, blind),
            (None, ..) => Shown::default(),
        };
        let text = &self.shown.text;
        self.top = self.wrap().row_start(text, self.top);
        self.place = self.top;
        self.tokens_of = None;
        self.selection = None;
        if self.current.is_some_and(|at| at >= self.shown.spans.len()) {
            self.current = None;
        }
    }

    /// Lays out what is on the screen.
    pub fn prepare(&mut self, size: (usize, usize)) {
        let moved = self.size != size;
        self.size = size;
        let wrap = self.wrap();
        let text = &self.shown.text;
        if moved {
            self.top = wrap.row_start(text, self.place);
        } else {
            self.place = self.top;
        }
        self.rows = wrap.rows(text, self.top, size.1);
        self.rtl = self.rows.iter().map(|row| self.bidi && rtl_line(text, row.start)).collect();
        self.beside.clear();
        if let (Mode::Side, Some(diff)) = (self.mode, &self.diff) {
            let old = &diff.old.text;
            let start = wrap.row_start(old, floor_char(old, diff.beside(self.top)));
            self.beside = wrap.rows(old, start, size.1);
        }
    }

    /// Byte after the last on the screen.
    pub fn bottom(&self) -> usize {
        self.rows.last().map_or(self.top, |row| row.end)
    }

    /// Scrolls by rows.
    pub fn scroll(&mut self, rows: isize) {
        let wrap = self.wrap();
        let text = &self.shown.text;
        let count = rows.unsigned_abs();
        self.top = if rows < 0 {
            wrap.up(text, self.top, count)
        } else {
            wrap.down(text, self.top, count).min(self.last_top())
        }
        .min(text.len());
    }

    /// The first row when the end of the text is on the last row of the screen.
    fn last_top(&self) -> usize {
        let wrap = self.wrap();
        let text = &self.shown.text;
        let last = wrap.row_start(text, text.len());
        wrap.up(text, last, self.size.1.saturating_sub(1))
    }

    /// To the start.
    pub fn to_top(&mut self) {
        self.top = 0;
    }

    /// To the end.
    pub fn to_bottom(&mut self) {
        self.top = self.last_top();
    }

    /// Brings a byte on the screen, a third from above, unless it is there.
    pub fn to_byte(&mut self, byte: usize) {
        let seen = self.rows.first().is_some_and(|row| row.start == self.top);
        if seen && byte >= self.top && byte < self.bottom() {
            return;
        }
        let wrap = self.wrap();
        let text = &self.shown.text;
        let row = wrap.row_start(text, byte);
        self.top = wrap.up(text, row, self.size.1 / 3).min(self.last_top());
    }

    /// To the next or previous match of the search, or finding; whether there is one.
    pub fn step(&mut self, forward: bool) -> bool {
        if let Some(found) = &mut self.found {
            let count = found.matches.len();
            if count == 0 {
                return false;
            }
            let next = match (found.current, forward) {
                (Some(at), true) => (at + 1) % count,
                (Some(at), false) => (at + count - 1) % count,
                (None, _) => found.matches.partition_point(|&(start, _)| start < self.top) % count,
            };
            found.current = Some(next);
            let byte = found.matches[next].0;
            self.to_byte(byte);
            return true;
        }
        let count = self.shown.spans.len();
        let next = match self.current {
            Some(at) if forward => (at + 1 < count).then_some(at + 1),
            Some(at) => at.checked_sub(1),
            None if forward => self.shown.finding(self.top.wrapping_sub(1), true).or_else(|| {
                // a finding on the first byte has no byte before it
                (self.top == 0 && count > 0).then_some(0)
            }),
            None => self.shown.finding(self.top, false),
        };
        let Some(next) = next.filter(|&at| at < count) else { return false };
        self.current = Some(next);
        self.to_byte(self.shown.spans[next].start);
        true
    }

    /// Makes the first finding on a row of the screen the current one.
    pub fn choose_row(&mut self, row: usize) {
        let Some(row) = self.rows.get(row) else { return };
        let at = self.shown.spans.partition_point(|span| span.end <= row.start);
        let here = self.shown.spans.get(at).is_some_and(|span| span.start < row.end);
        if here && self.found.is_none() {
            self.current = Some(at);
        }
    }

    /// The line of `why` that explains the current finding.
    pub fn current_why(&self) -> Option<usize> {
        match self.current.and_then(|at| self.shown.spans.get(at))?.paint {
            Paint::Mark(_, why) => Some(why),
            _ => None,
        }
    }

    /// Findings of the text.
    pub fn findings(&self) -> usize {
        self.shown.spans.len()
    }

    /// Share of the text above the end of the screen, from 0 to 1.
    pub fn progress(&self) -> f64 {
        let len = self.shown.text.len();
        if len == 0 { 1.0 } else { self.bottom() as f64 / len as f64 }
    }

    /// Spans on the screen, tokens included where they are shown.
    pub fn spans(&self) -> Vec<Span> {
        let (start, end) = (self.top, self.bottom());
        if !self.tokenized {
            return self.shown.spans_in(start, end);
        }
        let tokens = self.tokens.iter().enumerate();
        tokens
            .filter(|(_, token)| token.end > start && token.start < end)
            .map(|(at, token)| Span {
                start: token.start,
                end: token.end,
                paint: Paint::Token(at, token.id),
            })
            .collect()
    }

    /// Starts a selection on the screen, or ends it.
    pub fn select(&mut self) {
        if self.selection.take().is_none() {
            let at = self.current.and_then(|at| self.shown.spans.get(at)).map(|span| span.start);
            let from = at.filter(|&at| at >= self.top && at < self.bottom()).unwrap_or(self.top);
            self.selection = Some(Selection { from, to: from });
        }
    }

    /// Moves the cursor of the selection by glyphs or rows.
    pub fn extend(&mut self, columns: isize, rows: isize) {
        let Some(selection) = self.selection else { return };
        let wrap = self.wrap();
        let text = Arc::clone(&self.shown.text);
        let mut to = selection.to;
        if columns > 0 {
            to = next_glyph(&text, to, columns.unsigned_abs());
        } else if columns < 0 {
            to = previous_glyph(&text, to, columns.unsigned_abs());
        }
        if rows != 0 {
            let row = wrap.row_start(&text, to);
            let column = to - row;
            let count = rows.unsigned_abs();
            let target =
                if rows < 0 { wrap.up(&text, row, count) } else { wrap.down(&text, row, count) };
            let target = wrap.row(&text, target);
            to = floor_char(
                &text,
                (target.start + column).min(target.end.saturating_sub(1).max(target.start)),
            );
        }
        self.selection = Some(Selection { from: selection.from, to });
        if to < self.top {
            self.top = wrap.row_start(&text, to);
        } else if to >= self.bottom() && to < text.len() {
            let over = wrap
                .rows(&text, self.bottom(), 64)
                .iter()
                .take_while(|row| row.start <= to)
                .count();
            self.top = wrap.down(&text, self.top, over);
        }
    }

    /// Bytes of the selection.
    pub fn selected(&self) -> Option<(usize, usize)> {
        let selection = self.selection?;
        let (low, high) = (selection.from.min(selection.to), selection.from.max(selection.to));
        Some((low, next_glyph(&self.shown.text, high, 1)))
    }

    /// The selected text.
    pub fn selected_text(&self) -> Option<&str> {
        let (start, end) = self.selected()?;
        self.shown.text.get(start..end)
    }
}

fn next_glyph(text: &str, at: usize, count: usize) -> usize {
    use unicode_segmentation::UnicodeSegmentation as _;
    let end = floor_char(text, at + 64 * count.max(1));
    let len: usize = text[at..end.max(at)].graphemes(true).take(count).map(str::len).sum();
    at + len
}

fn previous_glyph(text: &str, at: usize, count: usize) -> usize {
    use unicode_segmentation::UnicodeSegmentation as _;
    let start = floor_char(text, at.saturating_sub(64 * count.max(1)));
    let len: usize = text[start..at].graphemes(true).rev().take(count).map(str::len).sum();
    at - len
}
