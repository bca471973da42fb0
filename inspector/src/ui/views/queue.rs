//! The documents in their order: rank, verdict, name, flags.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::{count, piece, title};
use crate::model::Decision;
use crate::ui::layout::glyph::fit;
use crate::ui::state::{App, Item, Pane};
use crate::ui::theme::{Role, letter};

/// The first place on a screen of so many rows: the chosen one stays in the middle.
pub fn first(app: &App, rows: usize) -> usize {
    let last = app.queue.items.len().saturating_sub(rows);
    app.queue.chosen.saturating_sub(rows / 2).min(last)
}

/// Draws it.
pub fn draw(app: &App, buffer: &mut Buffer, area: Rect) {
    let focused = app.focus == Pane::Queue;
    let judged = app.queue.items.iter().filter(|item| app.verdict_of(item).is_some()).count();
    let more = if app.queue.complete { "" } else { "+" };
    let right = format!("{judged}/{}{more}", app.queue.items.len());
    let name = if app.counts() {
        "sample"
    } else if app.browsing() {
        "browsing"
    } else {
        "head"
    };
    let area = title(app, buffer, area, focused, name, &right);
    let first = first(app, area.height.into());
    for (at, y) in (first..app.queue.items.len()).zip(area.y..area.bottom()) {
        let Some(item) = app.queue.items.get(at) else { break };
        let line = line(app, item, at, area.width.into());
        buffer.set_line(area.x, y, &line, area.width);
        if at == app.queue.current || focused && at == app.queue.chosen {
            let role = if at == app.queue.chosen { Role::Chosen } else { Role::Strong };
            let row = Rect { y, height: 1, ..area };
            buffer.set_style(row, app.theme.style(role));
        }
    }
}

fn line(app: &App, item: &Item, at: usize, width: usize) -> Line<'static> {
    let here = if at == app.queue.current { "▌" } else { " " };
    let rank = item.rank.map_or("·".to_owned(), |rank| count(rank as u64 + 1));
    let standing = app.standing(item);
    let verdict = app.verdict_of(item);
    let mark = verdict.map_or(" ", letter);
    let style = verdict.map_or_else(Default::default, |verdict| app.theme.verdict(verdict));
    let flagged = standing.is_some_and(|standing| standing.flagged);
    let noted = standing.is_some_and(|standing| standing.note.is_some());
    let signs = format!("{}{}", if flagged { "⚑" } else { "" }, if noted { "✎" } else { "" });
    let mut tail = String::new();
    if !app.hides(item) {
        if item.entry.decision == Decision::Removed {
            tail = item.entry.reason.clone().unwrap_or_default();
        } else if !item.entry.flags.is_empty() {
            tail = item.entry.flags.iter().map(|flag| short(flag)).collect::<Vec<_>>().join(" ");
        }
    }
    let room = width.saturating_sub(rank.len().max(3) + 4);
    // a sign that something is there has room even where its name has not
    let name = fit(item.entry.name(), if tail.is_empty() { room } else { room.saturating_sub(3) });
    let left = room.saturating_sub(Span::raw(name.as_str()).width() + signs.chars().count() + 1);
    Line::from(vec![
        piece(app, here, Role::Focus),
        piece(app, format!("{rank:>3}"), Role::Dim),
        Span::styled(format!(" {mark} "), style),
        piece(app, name, Role::Text),
        piece(app, format!("{signs} "), Role::Warn),
        piece(
            app,
            if left < 4 && !tail.is_empty() { "●".to_owned() } else { fit(&tail, left) },
            Role::Dim,
        ),
    ])
}

/// A rule's name without its pack.
fn short(rule: &str) -> &str {
    rule.rsplit('/').next().unwrap_or(rule)
}
