//! Tokens of the text on the screen, with their numbers.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::{piece, title};
use crate::ui::layout::glyph::{fit, glyph};
use crate::ui::state::App;
use crate::ui::theme::Role;

/// Draws the list below the text.
pub fn draw(app: &App, buffer: &mut Buffer, area: Rect) {
    let reader = &app.reader;
    let (top, bottom) = (reader.top, reader.bottom());
    let seen: Vec<_> = reader
        .tokens
        .iter()
        .enumerate()
        .filter(|(_, token)| token.end > top && token.start < bottom)
        .collect();
    let bytes = bottom.saturating_sub(top) as f64;
    let ratio = if seen.is_empty() {
        String::new()
    } else {
        format!("{:.2} bytes a token", bytes / seen.len() as f64)
    };
    let area =
        title(app, buffer, area, false, &format!("tokens on the screen: {}", seen.len()), &ratio);
    let mut line = Line::default();
    let mut y = area.y;
    let mut used = 0;
    for (place, token) in seen {
        let text = reader.shown.text.get(token.start..token.end).unwrap_or_default();
        let role = if place % 2 == 0 { Role::Even } else { Role::Odd };
        let spans = [
            piece(
                app,
                spelt(text, &token.name),
                if token.is_byte() { Role::Control } else { role },
            ),
            piece(app, format!("{} ", token.id), Role::Dim),
        ];
        let width: usize = spans.iter().map(ratatui::text::Span::width).sum();
        if used + width > usize::from(area.width) {
            buffer.set_line(area.x, y, &line, area.width);
            line = Line::default();
            used = 0;
            y += 1;
            if y >= area.bottom() {
                return;
            }
        }
        used += width;
        for span in spans {
            line.push_span(span);
        }
    }
    if y < area.bottom() {
        buffer.set_line(area.x, y, &line, area.width);
    }
}

/// A token with its white space spelt out; part of a character goes by its name.
fn spelt(text: &str, name: &str) -> String {
    use unicode_segmentation::UnicodeSegmentation as _;
    if text.is_empty() {
        return fit(name, 20);
    }
    let shown: String =
        text.graphemes(true).take(20).map(|cluster| glyph(cluster, 0, 0, true).text).collect();
    fit(&shown, 24)
}
