//! Keys of what is focused.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::Line;

use super::notes::popup;
use super::{piece, put_lines};
use crate::ui::command::{COMMANDS, LINES, Scope};
use crate::ui::state::{App, Pane, Screen};
use crate::ui::theme::Role;
use crate::ui::update::scope;

/// Draws it.
pub fn draw(app: &App, buffer: &mut Buffer, body: Rect, row: usize) -> Option<Position> {
    let here = scope(app);
    let mut lines: Vec<Line<'static>> =
        about(app).iter().map(|line| Line::from(piece(app, line, Role::Text))).collect();
    lines.push(Line::default());
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
        for (at, kind) in app.setup.kinds() {
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

/// What is focused, in a few words.
fn about(app: &App) -> &'static [&'static str] {
    match (app.screen, app.focus) {
        (Screen::Review, Pane::Reader) => &[
            "The text. Underlined is what a rule or the detector speaks of; n steps through it.",
            "Digits choose kinds of defect, x says that it is one; both can be changed later.",
        ],
        (Screen::Review, Pane::Queue) => &[
            "The sample in its order: every beginning of it is a random sample too.",
            "Mark of the verdict, name, ⚑ second look, ✎ note, rules that flag it.",
        ],
        (Screen::Review, Pane::Why) => &[
            "Rule or finding, what it did, value and threshold, evidence, and where the",
            "document's value lies among those of the corpus (its own bin apart).",
        ],
        (Screen::Review, Pane::Recent) => {
            &["The last decisions. 'saved' is on the disk. Enter leads back to the document."]
        }
        (Screen::Review | Screen::Statistics, _) => &[
            "Bold: 95 % confidence sequence, valid at any time, also while you watch it.",
            "Dim: the interval that would hold if the number of documents was fixed before.",
            "Skips count as missing: all bad, all good are the two ends. Recall is a lower bound.",
        ],
        (Screen::Overview, _) => &[
            "Counts of the run. Enter browses the documents of a row, or shows a distribution.",
            "Browsing is no random sample, and verdicts given there do not count.",
        ],
        (Screen::Twins, _) => {
            &["★ stayed for the others. Crossed out: its words; the rest is this document."]
        }
        (Screen::Draft, _) => {
            &["A rule is tried on the documents of the sample before it is appended."]
        }
    }
}

fn section(app: &App, scope: Scope, lines: &mut Vec<Line<'static>>) {
    lines.push(Line::from(piece(app, scope.title(), Role::Focus)));
    for spec in COMMANDS.iter().filter(|spec| spec.scope == scope) {
        let kind =
            spec.id.strip_prefix("review.kind-").and_then(|digit| digit.parse::<usize>().ok());
        let help = match kind {
            Some(digit) => match app.setup.kinds.get(digit - 1) {
                Some(name) if name.is_empty() => continue,
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
