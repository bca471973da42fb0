//! A rule in the making, and what it would do.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::Line;
use tui_input::Input;

use super::notes::line;
use super::{count, percent, piece, put_lines, title, wrapped};
use crate::model::Trial;
use crate::ui::state::{App, Field, Screen};
use crate::ui::theme::Role;
use crate::ui::update::draft::{EFFECTS, fields};

/// Rows of the form: title, effect, and the fields.
fn form(app: &App, body: Rect) -> Rect {
    let rows = super::cells(fields(&app.draft).len() + 2);
    Rect { height: rows.min(body.height), ..body }
}

fn field(app: &App, field: Field) -> (&'static str, &Input) {
    let draft = &app.draft;
    match field {
        Field::Pattern if draft.effect < 2 => ("condition", &draft.pattern),
        Field::Pattern => ("pattern", &draft.pattern),
        Field::With => ("replace by", &draft.with),
        Field::Id => ("name", &draft.id),
        Field::Why => ("why", &draft.why),
    }
}

fn row_of(app: &App, body: Rect, at: usize) -> Rect {
    let form = form(app, body);
    let y = form.y + 2 + super::cells(at);
    let height = u16::from(y < form.bottom());
    Rect { x: form.x + 14, y, width: form.width.saturating_sub(15), height }
}

/// Where the cursor stands, on the draft's screen.
pub fn cursor(app: &App, body: Rect) -> Option<Position> {
    if app.screen != Screen::Draft {
        return None;
    }
    let at = fields(&app.draft).iter().position(|field| *field == app.draft.field)?;
    let row = row_of(app, body, at);
    let (_, input) = field(app, app.draft.field);
    let mut scratch = Buffer::empty(row);
    line(app, &mut scratch, row, ">", input)
}

/// Draws it.
pub fn draw(app: &App, buffer: &mut Buffer, body: Rect) {
    let area = form(app, body);
    let file = app.setup.rule_file.as_deref().unwrap_or("no rule file");
    title(app, buffer, area, true, "draft rule", file);
    let mut effects = Line::from(piece(app, "  effect      ", Role::Dim));
    for (at, effect) in EFFECTS.iter().enumerate() {
        let role = if at == app.draft.effect { Role::Chosen } else { Role::Dim };
        effects.push_span(piece(app, format!(" {effect} "), role));
    }
    buffer.set_line(area.x, area.y + 1, &effects, area.width);
    for (at, kind) in fields(&app.draft).iter().enumerate() {
        let row = row_of(app, body, at);
        if row.height == 0 {
            continue;
        }
        let (name, input) = field(app, *kind);
        let chosen = *kind == app.draft.field;
        let label =
            piece(app, format!("  {name:<11}"), if chosen { Role::Focus } else { Role::Dim });
        buffer.set_span(area.x, row.y, &label, area.width);
        line(app, buffer, row, if chosen { ">" } else { " " }, input);
    }
    let rest = Rect { y: area.bottom(), height: body.bottom() - area.bottom(), ..body };
    results(app, buffer, rest);
}

fn results(app: &App, buffer: &mut Buffer, area: Rect) {
    let stale =
        if app.draft.fresh || app.draft.trial.is_none() { "" } else { "of an earlier draft" };
    let inner = title(app, buffer, area, false, "what it would do", stale);
    let inner = Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner };
    let width = usize::from(inner.width);
    let mut lines = Vec::new();
    if let Some(place) = &app.draft.appended {
        lines.push(Line::from(piece(
            app,
            format!("appended to {place}, with this document as its test"),
            Role::Good,
        )));
    }
    match &app.draft.trial {
        None if app.jobs.iter().any(|job| job.name == "trying the rule") => {
            lines.push(Line::from(piece(app, "trying …", Role::Dim)));
        }
        None => lines.push(Line::from(piece(
            app,
            "Enter tries it on the documents of the sample",
            Role::Dim,
        ))),
        Some(trial) => outcome(app, trial, width, &mut lines),
    }
    put_lines(buffer, inner, &lines, app.scrolls.draft);
}

fn outcome(app: &App, trial: &Trial, width: usize, lines: &mut Vec<Line<'static>>) {
    if let Some(error) = &trial.error {
        lines.extend(
            wrapped(error, width).into_iter().map(|line| Line::from(piece(app, line, Role::Bad))),
        );
        return;
    }
    let mut line = Line::from(piece(
        app,
        format!("{} of {} documents", count(trial.hits), count(trial.tried)),
        Role::Strong,
    ));
    match trial.share.filter(|_| app.counts()) {
        Some((share, low, high)) => {
            line.push_span(piece(app, format!("   {} of the corpus ", percent(share)), Role::Text));
            line.push_span(piece(app, format!("{}–{}", percent(low), percent(high)), Role::Strong));
        }
        None => {
            line.push_span(piece(
                app,
                "   not a random sample: no share of the corpus",
                Role::Warn,
            ));
        }
    }
    lines.push(line);
    let mut list = |head: &str, names: &[String], role: Role| {
        lines.push(Line::from(vec![
            piece(app, format!("{head} "), Role::Text),
            piece(app, names.len().to_string(), if names.is_empty() { Role::Dim } else { role }),
        ]));
        for text in wrapped(&names.join("  "), width.saturating_sub(2))
            .iter()
            .filter(|text| !text.is_empty())
            .take(4)
        {
            lines.push(Line::from(piece(app, format!("  {text}"), Role::Dim)));
        }
    };
    list("judged good, and hit", &trial.good_hit, Role::Bad);
    list("judged defective, and missed", &trial.defect_missed, Role::Warn);
    list("judged defective, and hit", &trial.defect_hit, Role::Good);
    lines.push(Line::default());
    for (name, text) in &trial.examples {
        lines.push(Line::from(piece(app, name, Role::Key)));
        for text in wrapped(text, width.saturating_sub(2)).into_iter().take(3) {
            lines.push(Line::from(piece(app, format!("  {text}"), Role::Text)));
        }
    }
}
