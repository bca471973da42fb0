//! A short message above the footer.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;
use unicode_width::UnicodeWidthStr as _;

use super::{cells, wrapped};
use crate::ui::layout::glyph::fit;
use crate::ui::state::App;
use crate::ui::theme::Role;

/// Lines of a message at most.
const LINES_MAX: usize = 6;

/// Draws it.
pub fn draw(app: &App, buffer: &mut Buffer, body: Rect) {
    let Some(toast) = &app.toast else { return };
    let room = usize::from(body.width).saturating_sub(4);
    // what went wrong is said to the end, as far as there is room
    let mut lines =
        if toast.bad { wrapped(&toast.text, room) } else { vec![fit(&toast.text, room)] };
    lines.truncate(LINES_MAX.min(body.height.into()));
    let widest = lines.iter().map(|line| line.width()).max().unwrap_or(0);
    let width = cells(widest + 2).min(body.width);
    let role = if toast.bad { Role::Bad } else { Role::Strong };
    let style = app.theme.style(role).add_modifier(Modifier::REVERSED);
    let x = body.x + (body.width - width) / 2;
    let top = body.bottom() - cells(lines.len());
    for (line, y) in lines.iter().zip(top..) {
        let gap = " ".repeat(widest - line.width() + 1);
        buffer.set_stringn(x, y, format!(" {line}{gap}"), width.into(), style);
    }
}
