//! Fields of the record and every value that was measured.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;
use serde_json::Value;

use super::{piece, put_lines, title, wrapped};
use crate::ui::state::{App, Pane};
use crate::ui::theme::Role;

/// Draws it.
pub fn draw(app: &App, buffer: &mut Buffer, area: Rect) {
    let area = title(app, buffer, area, app.focus == Pane::Why, "metadata", "");
    let area = Rect { x: area.x + 1, width: area.width.saturating_sub(1), ..area };
    put_lines(buffer, area, &lines(app, area.width.into()), app.scrolls.why);
}

fn lines(app: &App, width: usize) -> Vec<Line<'static>> {
    let Some(document) = &app.reader.document else { return Vec::new() };
    let entry = &document.entry;
    let mut lines = Vec::new();
    let mut field = |name: &str, value: &str| {
        lines.push(Line::from(piece(app, name, Role::Key)));
        for line in wrapped(value, width.saturating_sub(2)).iter().take(12) {
            lines.push(Line::from(piece(app, format!("  {line}"), Role::Text)));
        }
    };
    field("document id", &entry.document_id);
    field("place", &format!("{} row {}", entry.shard, entry.row));
    field(
        "text",
        &format!("{} · {}", super::bytes(document.text.text.len() as u64), document.content_hash),
    );
    if let Some(stratum) = &entry.stratum {
        field("stratum", stratum);
    }
    for (name, value) in &document.metadata {
        field(name, &shown(value));
    }
    // annotations give away what rules think
    if !app.blind() {
        for (name, value) in &document.annotations {
            let text = format!("{name} = {}", shown(value));
            for line in wrapped(&text, width) {
                lines.push(Line::from(piece(app, line, Role::Dim)));
            }
        }
    }
    lines
}

fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => "–".to_owned(),
        other => other.to_string(),
    }
}
