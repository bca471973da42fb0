//! The last ten decisions, and whether they are on the disk.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::{piece, title};
use crate::ui::backend::Said;
use crate::ui::layout::glyph::fit;
use crate::ui::state::{App, Decided, Pane, Saved};
use crate::ui::theme::{Role, letter};

/// Decisions shown.
pub const SHOWN: usize = 10;

/// Decisions in sight, the newest first; what was taken back stays in sight, for redo.
fn shown(app: &App, rows: usize) -> impl Iterator<Item = (usize, &Decided)> {
    let last = app.verdicts.history.len().min(app.verdicts.held + rows / 3);
    app.verdicts.history.iter().enumerate().take(last).rev().take(rows)
}

/// The place in the history of the chosen one.
pub fn chosen(app: &App) -> Option<usize> {
    let rows =
        super::areas(app).recent.map_or(SHOWN, |area| usize::from(area.height).saturating_sub(1));
    shown(app, rows.min(SHOWN)).nth(app.scrolls.recent).map(|(at, _)| at)
}

/// Draws it.
pub fn draw(app: &App, buffer: &mut Buffer, area: Rect) {
    let focused = app.focus == Pane::Recent;
    let history = &app.verdicts.history;
    let waiting = history.iter().filter(|decided| decided.saved == Saved::Waiting).count();
    let right = if waiting > 0 { format!("saving {waiting}") } else { String::new() };
    let area = title(app, buffer, area, focused, "decisions", &right);
    let rows = usize::from(area.height).min(SHOWN);
    for (row, ((at, decided), y)) in shown(app, rows).zip(area.y..).enumerate() {
        let line = line(app, decided, at >= app.verdicts.held, area.width.into());
        buffer.set_line(area.x, y, &line, area.width);
        if focused && row == app.scrolls.recent {
            buffer.set_style(Rect { y, height: 1, ..area }, app.theme.style(Role::Chosen));
        }
    }
}

fn line(app: &App, decided: &Decided, taken_back: bool, width: usize) -> Line<'static> {
    let (word, role) = match decided.saved {
        Saved::Waiting => ("…", Role::Warn),
        Saved::Yes if taken_back => ("undone", Role::Dim),
        Saved::Yes => ("saved", Role::Good),
        Saved::No => ("NOT SAVED", Role::Bad),
    };
    let (sign, style) = match &decided.said {
        Said::Label(verdict, kinds) => {
            (format!("{}{}", letter(*verdict), digits(app, kinds)), app.theme.verdict(*verdict))
        }
        Said::Flag(true) => ("⚑".to_owned(), app.theme.style(Role::Warn)),
        Said::Flag(false) => ("⚐".to_owned(), app.theme.style(Role::Warn)),
        Said::Note(_) => ("✎".to_owned(), app.theme.style(Role::Warn)),
    };
    let name = decided.seen.id.as_deref().unwrap_or(&decided.seen.document_id);
    let room = width.saturating_sub(word.len() + sign.chars().count() + 4);
    let text = fit(name, room);
    let gap = room.saturating_sub(Span::raw(text.as_str()).width());
    Line::from(vec![
        Span::styled(format!(" {sign} "), style),
        piece(app, text, if taken_back { Role::Dim } else { Role::Text }),
        piece(app, " ".repeat(gap + 1), Role::Text),
        piece(app, word, role),
    ])
}

/// Kinds by their digits.
fn digits(app: &App, kinds: &[String]) -> String {
    let known = app.setup.kinds();
    known.filter(|(_, kind)| kinds.contains(kind)).map(|(at, _)| (at + 1).to_string()).collect()
}
