//! Keys of what is focused.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::Line;

use super::notes::popup;
use super::{piece, put_lines};
use crate::ui::command::{COMMANDS, LINES, Scope};
use crate::ui::state::App;
use crate::ui::theme::Role;
use crate::ui::update::scope;

/// Draws it.
pub fn draw(app: &App, buffer: &mut Buffer, body: Rect, row: usize) -> Option<Position> {
    let here = scope(app);
    let mut lines = Vec::new();
    if here != Scope::Everywhere {
        section(app, here, &mut lines);
    }
    section(app, Scope::Everywhere, &mut lines);
    lines.push(Line::from(piece(app, "commands with arguments (after :)", Role::Focus)));
    for line in LINES {
        let name = format!("{} {}", line.name, line.argument);
        lines.push(Line::from(vec![
            piece(app, format!("  {:<22} ", super::fit(&name, 22)), Role::Key),
            piece(app, line.help, Role::Text),
        ]));
    }
    if here == Scope::Review && !app.setup.kinds.is_empty() {
        lines.push(Line::from(piece(app, "kinds of defect", Role::Focus)));
        for (at, kind) in app.setup.kinds.iter().take(9).enumerate() {
            lines.push(Line::from(vec![
                piece(app, format!("  {:<22} ", at + 1), Role::Key),
                piece(app, kind, Role::Text),
            ]));
        }
    }
    let area = popup(app, buffer, body, 84, lines.len(), &format!("help: {}", here.title()));
    put_lines(buffer, area, &lines, row);
    None
}

fn section(app: &App, scope: Scope, lines: &mut Vec<Line<'static>>) {
    lines.push(Line::from(piece(app, scope.title(), Role::Focus)));
    for spec in COMMANDS.iter().filter(|spec| spec.scope == scope) {
        let kind =
            spec.id.strip_prefix("review.kind-").and_then(|digit| digit.parse::<usize>().ok());
        let help = match kind {
            Some(digit) => match app.setup.kinds.get(digit - 1) {
                Some(name) => format!("defect: {name}, on or off"),
                None => continue,
            },
            None => spec.help.to_owned(),
        };
        let keys = app.keymap.keys_of(spec.id).join(", ");
        let keys = if keys.is_empty() { format!(":{}", spec.id) } else { keys };
        lines.push(Line::from(vec![
            piece(app, format!("  {keys:<22} "), Role::Key),
            piece(app, help, Role::Text),
        ]));
    }
    lines.push(Line::default());
}
