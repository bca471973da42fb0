//! All commands, by what is typed.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::Line;
use tui_input::Input;

use super::notes::{line, popup};
use super::piece;
use crate::ui::palette::{Choice, choices};
use crate::ui::state::App;
use crate::ui::theme::Role;

/// Draws it.
pub fn draw(
    app: &App,
    buffer: &mut Buffer,
    body: Rect,
    input: &Input,
    row: usize,
) -> Option<Position> {
    let found = choices(input.value());
    let rows = usize::from(body.height).saturating_sub(6).min(18);
    let area = popup(app, buffer, body, 84, rows + 1, "commands");
    let place = line(app, buffer, Rect { height: 1, ..area }, ":", input);
    let list = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
    let rows = usize::from(list.height);
    let first = row.saturating_sub(rows.saturating_sub(1));
    for ((at, choice), y) in found.iter().enumerate().skip(first).zip(list.y..list.bottom()) {
        let (name, keys, help) = match choice {
            Choice::Command(spec) => {
                (spec.id.to_owned(), app.keymap.keys_of(spec.id).join(", "), spec.help)
            }
            Choice::Line(line) => {
                (format!("{} {}", line.name, line.argument), String::new(), line.help)
            }
        };
        let line = Line::from(vec![
            piece(app, format!(" {:<26} ", super::fit(&name, 26)), Role::Text),
            piece(app, format!("{:<14} ", super::fit(&keys, 14)), Role::Key),
            piece(app, help, Role::Dim),
        ]);
        buffer.set_line(list.x, y, &line, list.width);
        if at == row {
            buffer.set_style(Rect { y, height: 1, ..list }, app.theme.style(Role::Chosen));
        }
    }
    place
}
