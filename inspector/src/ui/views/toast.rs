//! A short message above the footer.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;
use unicode_width::UnicodeWidthStr as _;

use super::cells;
use crate::ui::layout::glyph::fit;
use crate::ui::state::App;
use crate::ui::theme::Role;

/// Draws it.
pub fn draw(app: &App, buffer: &mut Buffer, body: Rect) {
    let Some(toast) = &app.toast else { return };
    let text = format!(" {} ", fit(&toast.text, usize::from(body.width).saturating_sub(4)));
    let width = cells(text.width()).min(body.width);
    let role = if toast.bad { Role::Bad } else { Role::Strong };
    let style = app.theme.style(role).add_modifier(Modifier::REVERSED);
    let x = body.x + (body.width - width) / 2;
    buffer.set_stringn(x, body.bottom() - 1, text, width.into(), style);
}
