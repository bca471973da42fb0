//! The top row: what is open, where one is in it, who reviews.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;
use unicode_width::UnicodeWidthStr as _;

use super::{cells, count, piece};
use crate::ui::layout::glyph::fit;
use crate::ui::state::{App, Screen};
use crate::ui::theme::Role;

/// Draws it.
pub fn draw(app: &App, buffer: &mut Buffer, area: Rect) {
    let screen = match app.screen {
        Screen::Review => "",
        Screen::Overview => " › overview",
        Screen::Statistics => " › statistics",
        Screen::Twins => " › twins",
        Screen::Draft => " › draft rule",
    };
    let documents = app.frame.documents.map(|number| format!("{} documents", count(number)));
    let mut right = vec![documents.unwrap_or_default(), format!("seed {}", app.spec.seed)];
    if app.setup.blind {
        right.push("blind".to_owned());
    }
    right.push(app.setup.reviewer.clone());
    right.retain(|part| !part.is_empty());
    let right = fit(&right.join(" · "), usize::from(area.width) / 2);
    let mut line = Line::from(vec![piece(app, " tamis ", Role::Focus)]);
    let room = usize::from(area.width).saturating_sub(right.width() + 12);
    let mut left = format!("{}{screen}", app.frame.name);
    if let Some(filter) = &app.spec.filter {
        left.push_str(&format!(" › {filter}"));
    }
    line.push_span(piece(app, fit(&left, room), Role::Text));
    buffer.set_line(area.x, area.y, &line, area.width);
    let x = area.right().saturating_sub(cells(right.width()) + 1);
    buffer.set_string(x, area.y, &right, app.theme.style(Role::Dim));
}
