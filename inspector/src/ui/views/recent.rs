//! The last ten decisions, and whether they are on the disk.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::{piece, title};
use crate::ui::layout::glyph::fit;
use crate::ui::state::{App, Pane, Saved};
use crate::ui::theme::{Role, letter};

/// Decisions shown.
const SHOWN: usize = 10;

/// Draws it.
pub fn draw(app: &App, buffer: &mut Buffer, area: Rect) {
    let history = &app.verdicts.history;
    let waiting = history.iter().filter(|decided| decided.saved == Saved::Waiting).count();
    let right = if waiting > 0 { format!("saving {waiting}") } else { String::new() };
    let area = title(app, buffer, area, app.focus == Pane::Recent, "decisions", &right);
    let rows = usize::from(area.height).min(SHOWN);
    let held = app.verdicts.held;
    // what was taken back stays in sight, for redo
    let last = history.len().min(held + rows / 3);
    let shown = history.iter().enumerate().take(last).rev().take(rows);
    for ((at, decided), y) in shown.zip(area.y..) {
        let label = &decided.after;
        let taken_back = at >= held;
        let (word, role) = match decided.saved {
            Saved::Waiting => ("…", Role::Warn),
            Saved::Yes if taken_back => ("undone", Role::Dim),
            Saved::Yes => ("saved", Role::Good),
            Saved::No => ("NOT SAVED", Role::Bad),
        };
        let name = label.id.as_deref().unwrap_or(&label.document_id);
        let kinds = label.kinds.join(",");
        let room = usize::from(area.width).saturating_sub(word.len() + 5);
        let text = if kinds.is_empty() { name.to_owned() } else { format!("{name} {kinds}") };
        let text = fit(&text, room);
        let gap = room.saturating_sub(Span::raw(text.as_str()).width());
        let line = Line::from(vec![
            Span::styled(format!(" {} ", letter(label.verdict)), app.theme.verdict(label.verdict)),
            piece(app, text, if taken_back { Role::Dim } else { Role::Text }),
            piece(app, " ".repeat(gap + 1), Role::Text),
            piece(app, word, role),
        ]);
        buffer.set_line(area.x, y, &line, area.width);
    }
}
