//! The bottom row: keys of what is focused, or of the sequence that was begun.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;
use ratatui::text::{Line, Span};

use super::piece;
use crate::ui::command::{COMMANDS, Command, Scope};
use crate::ui::keymap::name;
use crate::ui::state::{App, Overlay, Pane, Screen};
use crate::ui::theme::Role;
use crate::ui::update::scope;

/// Draws it.
pub fn draw(app: &App, buffer: &mut Buffer, area: Rect) {
    let mut line = Line::default();
    let mut room = usize::from(area.width);
    for (key, word) in keys(app) {
        let spans =
            [piece(app, format!(" {key}"), Role::Key), piece(app, format!(" {word} "), Role::Dim)];
        let width: usize = spans.iter().map(Span::width).sum();
        if width > room {
            break;
        }
        room -= width;
        for span in spans {
            line.push_span(span);
        }
    }
    buffer.set_line(area.x, area.y, &line, area.width);
    if let Some(job) = app.jobs.last() {
        let text = format!(" {} {:.0} % · esc stops ", job.name, job.progress * 100.0);
        let width = super::cells(text.len()).min(area.width);
        let style = app.theme.style(Role::Warn).add_modifier(Modifier::REVERSED);
        buffer.set_stringn(area.right() - width, area.y, text, width.into(), style);
    }
}

fn keys(app: &App) -> Vec<(String, String)> {
    let fixed = |pairs: &[(&str, &str)]| {
        pairs.iter().map(|(key, word)| ((*key).to_owned(), (*word).to_owned())).collect::<Vec<_>>()
    };
    match &app.overlay {
        Some(Overlay::Help(_)) => return fixed(&[("j k", "scroll"), ("esc", "close")]),
        Some(Overlay::Palette(..)) => {
            return fixed(&[
                ("enter", "run"),
                ("↑ ↓", "choose"),
                ("tab", "complete"),
                ("esc", "close"),
            ]);
        }
        Some(Overlay::Note(_)) => return fixed(&[("enter", "save"), ("esc", "leave it")]),
        Some(_) => return fixed(&[("esc", "close")]),
        None => {}
    }
    if !app.typed.is_empty() {
        let continuations = app.keymap.continuations(scope(app), &app.typed);
        let typed = name(&app.typed);
        return continuations
            .into_iter()
            .map(|(key, spec)| (format!("{typed} {key}"), spec.help.to_owned()))
            .collect();
    }
    let mut specs: Vec<_> = COMMANDS
        .iter()
        .filter(|spec| !spec.short.is_empty() && spec.scope.meets(scope(app)))
        .collect();
    // verdicts first, then the way to everything else, then the rest as it fits
    specs.sort_by_key(|spec| match spec.command {
        Command::Help | Command::Palette | Command::Quit => 1,
        _ if spec.scope != Scope::Everywhere && spec.id.starts_with("review.") => 0,
        _ => 2,
    });
    let mut keys = pane_keys(app);
    for spec in specs {
        let own = app.keymap.keys_of(spec.id);
        // one who types a rule needs the plain keys as letters
        let typing = app.screen == Screen::Draft;
        let usable = |key: &&String| {
            !typing || key.starts_with("ctrl-") || key.starts_with('f') && key.len() > 1
        };
        if let Some(key) = own.iter().find(usable) {
            keys.push((key.clone(), spec.short.to_owned()));
        }
    }
    keys
}

fn pane_keys(app: &App) -> Vec<(String, String)> {
    let key =
        |command: Command, word: &str| app.keymap.key_of(command).map(|key| (key, word.to_owned()));
    let reading = app.screen == Screen::Review;
    let keys = match (app.screen, app.focus) {
        (Screen::Review, Pane::Reader) if app.reader.selection.is_some() => vec![
            key(Command::Right, "extend"),
            key(Command::Draft, "rule of it"),
            key(Command::Yank, "copy"),
            key(Command::Back, "stop"),
        ],
        (Screen::Review, Pane::Queue) => vec![key(Command::Enter, "read")],
        (Screen::Review, Pane::Statistics) => vec![key(Command::Enter, "all")],
        (Screen::Review, Pane::Why) => vec![key(Command::Metadata, "metadata")],
        (Screen::Overview, _) => vec![key(Command::Enter, "browse"), key(Command::Right, "table")],
        (Screen::Twins, _) => vec![key(Command::Right, "next twin")],
        (Screen::Draft, _) => vec![Some(("enter".to_owned(), "try".to_owned()))],
        _ => vec![],
    };
    let back = (!reading).then(|| key(Command::Back, "back")).flatten();
    keys.into_iter().flatten().chain(back).collect()
}
