//! A cluster of duplicates, who stayed, and what differs; the nearest documents behind it.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::{cells, piece, put, title};
use crate::model::Twin;
use crate::ui::layout::glyph::fit;
use crate::ui::state::App;
use crate::ui::theme::Role;

/// Where the compared text stands.
pub fn text_area(app: &App, body: Rect) -> Rect {
    let list = cells(app.twins.members.len() + 1).min(body.height / 3).max(3);
    let text = Rect { y: body.y + list + 1, height: body.height - list - 1, ..body };
    Rect { x: text.x + 1, width: text.width.saturating_sub(2), ..text }
}

/// Draws it.
pub fn draw(app: &App, buffer: &mut Buffer, area: Rect) {
    let text = text_area(app, area);
    let list = Rect { height: text.y - 1 - area.y, ..area };
    let members = &app.twins.members;
    let name = app.item().map(|item| item.entry.name().to_owned()).unwrap_or_default();
    let inner =
        title(app, buffer, list, true, &format!("cluster of {name}"), &members.len().to_string());
    if members.is_empty() {
        let waits = app.jobs.iter().any(|job| job.name == "fetching the cluster");
        let text = if waits {
            "fetching …"
        } else {
            "this document has no duplicates, and the run no embeddings of it"
        };
        return put(buffer, inner, inner.y, text, app.theme.style(Role::Dim));
    }
    let rows = usize::from(inner.height);
    let first = app.twins.chosen.saturating_sub(rows / 2).min(members.len().saturating_sub(rows));
    for ((at, twin), y) in members.iter().enumerate().skip(first).zip(inner.y..inner.bottom()) {
        buffer.set_line(inner.x, y, &line(app, twin, inner.width.into()), inner.width);
        if at == app.twins.chosen {
            buffer.set_style(Rect { y, height: 1, ..inner }, app.theme.style(Role::Chosen));
        }
    }
    compared(app, buffer, text);
}

fn line(app: &App, twin: &Twin, width: usize) -> Line<'static> {
    let own = twin.document_id == app.twins.document_id;
    let similarity = twin.similarity.map_or("   –  ".to_owned(), |value| format!("{value:6.3}"));
    let name = twin.id.as_deref().unwrap_or(&twin.document_id);
    Line::from(vec![
        piece(
            app,
            if twin.survivor { " ★ stayed  " } else { "   removed " },
            if twin.survivor { Role::Good } else { Role::Dim },
        ),
        piece(app, format!("{similarity} "), Role::Strong),
        piece(app, format!("{:<9}", twin.kind), Role::Dim),
        piece(app, fit(name, width.saturating_sub(40)), Role::Text),
        piece(app, if own { "  (on the screen)" } else { "" }, Role::Key),
    ])
}

fn compared(app: &App, buffer: &mut Buffer, text: Rect) {
    let Some(twin) = app.twins.members.get(app.twins.chosen) else { return };
    let name = twin.id.as_deref().unwrap_or(&twin.document_id);
    let reader = &app.twins.reader;
    let right = format!("{} differences", reader.findings());
    let row = Rect { x: text.x.saturating_sub(1), width: text.width + 2, y: text.y - 1, height: 1 };
    title(app, buffer, row, false, &format!("{name} → this document, word by word"), &right);
    if twin.text.is_none() {
        return put(buffer, text, text.y, "its text is not there", app.theme.style(Role::Dim));
    }
    if twin.document_id == app.twins.document_id {
        return put(
            buffer,
            text,
            text.y,
            "this is the document on the screen; choose another with l and h",
            app.theme.style(Role::Dim),
        );
    }
    super::reader::rows(app, buffer, text, reader, &reader.rows, &reader.shown);
}
