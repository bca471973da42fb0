//! The text.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::{bytes, cells, piece, put, title};
use crate::model::Decision;
use crate::ui::layout::bidi::{has_rtl, visual};
use crate::ui::layout::{Class, Row};
use crate::ui::reader::Reader;
use crate::ui::shown::{Mode, Paint, Shown, Span};
use crate::ui::state::{App, Pane};
use crate::ui::theme::{Role, letter};

/// Draws the pane with its title.
pub fn draw(app: &App, buffer: &mut Buffer, area: Rect, text: Rect) {
    let reader = &app.reader;
    let (left, right) = titles(app, area.width >= 64);
    title(app, buffer, area, app.focus == Pane::Reader, &left, &right);
    if let Some(why) = &reader.failed {
        put(buffer, text, text.y, &format!("cannot be read: {why}"), app.theme.style(Role::Bad));
        return;
    }
    if reader.document.is_none() {
        let what = match app.item() {
            Some(_) => "fetching …",
            None if app.queue.complete && app.browsing() => "no document is so; Esc goes back",
            None if app.queue.complete => "the sample is empty",
            None => "drawing the sample …",
        };
        put(buffer, text, text.y, what, app.theme.style(Role::Dim));
        return;
    }
    if reader.shown.text.is_empty() {
        put(buffer, text, text.y, "(empty text)", app.theme.style(Role::Dim));
        return;
    }
    if let (Mode::Side, Some(diff)) = (reader.mode, &reader.diff) {
        let half = text.width.saturating_sub(3) / 2;
        let old = Rect { width: half, ..text };
        let new = Rect { x: text.x + half + 3, width: half, ..text };
        rows(app, buffer, old, reader, &reader.beside, &diff.old);
        rows(app, buffer, new, reader, &reader.rows, &reader.shown);
        for y in text.y..text.bottom() {
            buffer.set_string(text.x + half + 1, y, "│", app.theme.style(Role::Line));
        }
    } else {
        rows(app, buffer, text, reader, &reader.rows, &reader.shown);
    }
    scroll_bar(app, buffer, area, reader);
    standing(app, buffer, area);
}

fn titles(app: &App, wide: bool) -> (String, String) {
    let reader = &app.reader;
    let Some(item) = app.item() else { return ("document".to_owned(), String::new()) };
    let decision = match item.entry.decision {
        Decision::Kept => "kept",
        Decision::Removed => "removed",
        Decision::Failed => "failed",
        Decision::Read => "",
    };
    let mut left = item.entry.name().to_owned();
    // what became of a document tells what the rules think of it
    if !decision.is_empty() && !app.blind() {
        left.push_str(&format!(" · {decision}"));
    }
    if reader.mode != Mode::Edited {
        left.push_str(&format!(" · {}", reader.mode.name()));
    } else if reader.document.as_ref().is_some_and(|document| document.original.is_some()) {
        left.push_str(" · edited");
    }
    let mut right = Vec::new();
    if let Some(found) = &reader.found {
        let at = found.current.map_or(0, |at| at + 1);
        let more = if found.complete { "" } else { "…" };
        right.push(format!("/{} {at}/{}{more}", found.needle, found.total));
    } else if app.blind() {
        right.push("blind".to_owned());
    } else if reader.findings() > 0 {
        let at = reader.current.map_or(0, |at| at + 1);
        right.push(format!("finding {at}/{}", reader.findings()));
    }
    if wide {
        right.push(bytes(reader.shown.text.len() as u64));
    }
    right.push(format!("{:.0} %", reader.progress() * 100.0));
    (left, right.join(" · "))
}

/// Draws rows of a text with what is painted over it.
pub fn rows(
    app: &App,
    buffer: &mut Buffer,
    area: Rect,
    reader: &Reader,
    rows: &[Row],
    shown: &Shown,
) {
    let (Some(first), Some(last)) = (rows.first(), rows.last()) else { return };
    let own = std::ptr::eq(shown, &raw const reader.shown);
    let spans = if own { reader.spans() } else { shown.spans_in(first.start, last.end) };
    let matches = if own { matches(reader, first.start, last.end) } else { Vec::new() };
    let selected = reader.selected().filter(|_| own);
    let current = reader.current.and_then(|at| reader.shown.spans.get(at)).filter(|_| own);
    for (number, (row, y)) in rows.iter().zip(area.y..area.bottom()).enumerate() {
        let rtl = own && reader.rtl.get(number).copied().unwrap_or(false);
        let turned = reader.bidi && has_rtl(&row.glyphs);
        let glyphs = if turned { visual(row.glyphs.clone(), rtl) } else { row.glyphs.clone() };
        let width: usize = glyphs.iter().map(|glyph| glyph.width).sum();
        let free = usize::from(area.width).saturating_sub(width);
        let mut x = area.x + if rtl { cells(free) } else { 0 };
        for glyph in &glyphs {
            if glyph.width == 0 {
                continue;
            }
            let room = area.right().saturating_sub(x);
            if room == 0 {
                break;
            }
            let at = glyph.start;
            let mut style = class_style(app, glyph.class, reader.whitespace);
            for span in spans.iter().filter(|span| span.start <= at && at < span.end) {
                style = style.patch(paint(app, span, current));
            }
            if let Some((place, _, _)) =
                matches.iter().find(|(_, start, end)| *start <= at && at < *end)
            {
                let here = reader.found.as_ref().and_then(|found| found.current) == Some(*place);
                style =
                    style.patch(app.theme.style(if here { Role::Current } else { Role::Match }));
            }
            if selected.is_some_and(|(start, end)| start <= at && at < end) {
                style = style.patch(app.theme.style(Role::Selected));
            }
            buffer.set_stringn(x, y, &glyph.text, room.into(), style);
            x += cells(glyph.width).min(room);
        }
    }
}

fn matches(reader: &Reader, start: usize, end: usize) -> Vec<(usize, usize, usize)> {
    let Some(found) = &reader.found else { return Vec::new() };
    let first = found.matches.partition_point(|&(_, to)| to <= start);
    found.matches[first..]
        .iter()
        .enumerate()
        .take_while(|(_, (from, _))| *from < end)
        .map(|(at, &(from, to))| (first + at, from, to))
        .collect()
}

fn class_style(app: &App, class: Class, whitespace: bool) -> Style {
    match class {
        Class::Text => app.theme.style(Role::Text),
        Class::Space if whitespace => app.theme.style(Role::Line),
        Class::Space => Style::new(),
        Class::Control | Class::Invisible => app.theme.style(Role::Control),
    }
}

fn paint(app: &App, span: &Span, current: Option<&Span>) -> Style {
    match span.paint {
        Paint::Mark(kind, _) => app.theme.mark(kind, current == Some(span)),
        Paint::Gone => app.theme.style(Role::Gone),
        Paint::New => app.theme.style(Role::New),
        Paint::Token(place, _) => {
            app.theme.style(if place.is_multiple_of(2) { Role::Even } else { Role::Odd })
        }
    }
}

/// Where one is in the text, and where its findings are.
fn scroll_bar(app: &App, buffer: &mut Buffer, area: Rect, reader: &Reader) {
    let area = super::below_title(area);
    let len = reader.shown.text.len().max(1);
    let rows = usize::from(area.height);
    if rows == 0 || (reader.top == 0 && reader.bottom() >= len) {
        return;
    }
    let x = area.right() - 1;
    let row_of =
        |byte: usize| cells((byte.min(len - 1) as u128 * rows as u128 / len as u128) as usize);
    for y in 0..area.height {
        buffer.set_string(x, area.y + y, "│", app.theme.style(Role::Line));
    }
    // a mark for each row that has findings, however many there are
    for row in 0..rows {
        let from = row * len / rows.max(1);
        let to = (row + 1) * len / rows.max(1);
        let at = reader.shown.spans.partition_point(|span| span.start < from);
        if reader.shown.spans.get(at).is_some_and(|span| span.start < to) {
            buffer.set_string(x, area.y + cells(row), "•", app.theme.style(Role::Warn));
        }
    }
    let (first, last) = (row_of(reader.top), row_of(reader.bottom().saturating_sub(1)));
    for y in first..=last.max(first) {
        buffer.set_string(x, area.y + y, "█", app.theme.style(Role::Dim));
    }
}

/// What is said of the document, on the pane's last row.
fn standing(app: &App, buffer: &mut Buffer, area: Rect) {
    let Some(item) = app.item() else { return };
    let standing = app.standing(item).cloned().unwrap_or_default();
    let mut parts = Vec::new();
    if let Some(verdict) = standing.verdict {
        parts.push(letter(verdict).to_owned());
    }
    if !app.verdicts.kinds.is_empty() {
        parts.push(app.verdicts.kinds.join(" + "));
    }
    if standing.flagged {
        parts.push("⚑ flagged".to_owned());
    }
    if let Some(note) = &standing.note {
        parts.push(format!("✎ {note}"));
    }
    if parts.is_empty() || area.height < 4 {
        return;
    }
    let text = format!(" {} ", parts.join(" · "));
    let y = area.bottom() - 1;
    let span =
        piece(app, super::fit(&text, usize::from(area.width).saturating_sub(4)), Role::Chosen);
    let x = area.right().saturating_sub(cells(span.width()) + 2);
    buffer.set_span(x, y, &span, area.width);
}
