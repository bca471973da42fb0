//! What lies over the screen: a note, a message, a line to type.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::widgets::{Block, BorderType, Clear, Widget as _};
use tui_input::Input;

use super::{cells, piece, put};
use crate::ui::layout::glyph::flat;
use crate::ui::state::App;
use crate::ui::theme::Role;

/// Draws the note.
pub fn draw(app: &App, buffer: &mut Buffer, body: Rect, input: &Input) -> Option<Position> {
    let area = popup(app, buffer, body, 70, 1, "note");
    line(app, buffer, area, "✎", input)
}

/// Draws a message.
pub fn message(
    app: &App,
    buffer: &mut Buffer,
    body: Rect,
    name: &str,
    lines: &[String],
) -> Option<Position> {
    let area = popup(app, buffer, body, 80, lines.len(), name);
    for (line, y) in lines.iter().zip(area.y..area.bottom()) {
        put(buffer, area, y, line, app.theme.style(Role::Text));
    }
    None
}

/// Draws a frame over the middle of the screen; what is inside of it.
pub fn popup(
    app: &App,
    buffer: &mut Buffer,
    body: Rect,
    width: u16,
    rows: usize,
    name: &str,
) -> Rect {
    let width = width.min(body.width);
    let height = cells(rows).saturating_add(2).min(body.height);
    let area = Rect {
        x: body.x + (body.width - width) / 2,
        y: body.y + (body.height - height) / 3,
        width,
        height,
    };
    Clear.render(area, buffer);
    let block = Block::bordered()
        .border_type(BorderType::Rounded)
        .border_style(app.theme.style(Role::Focus))
        .title(piece(app, format!(" {name} "), Role::Focus));
    let inner = block.inner(area);
    block.render(area, buffer);
    Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner }
}

/// Draws a line to type on; where the cursor stands.
pub fn line(
    app: &App,
    buffer: &mut Buffer,
    area: Rect,
    sign: &str,
    input: &Input,
) -> Option<Position> {
    if area.width < 4 || area.height == 0 {
        return None;
    }
    buffer.set_string(area.x, area.y, " ".repeat(area.width.into()), app.theme.style(Role::Text));
    buffer.set_string(area.x, area.y, sign, app.theme.style(Role::Key));
    let room = usize::from(area.width) - 3;
    let scroll = input.visual_scroll(room);
    let (mut skipped, mut shown) = (0, String::new());
    for c in flat(input.value()).chars() {
        if skipped >= scroll {
            shown.push(c);
        } else {
            skipped += unicode_width::UnicodeWidthChar::width(c).unwrap_or(0);
        }
    }
    let field = Rect { x: area.x + 2, width: area.width - 2, ..area };
    put(buffer, field, area.y, &shown, app.theme.style(Role::Text));
    let column = input.visual_cursor().saturating_sub(scroll);
    Some(Position::new((area.x + 2 + cells(column)).min(area.right() - 1), area.y))
}
