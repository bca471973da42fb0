//! Keys while something is typed.

use std::sync::Arc;

use ratatui::crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};
use tui_input::Input;
use tui_input::backend::crossterm::EventHandler as _;

use super::super::palette::{Choice, choices};
use super::super::reader::Found;
use super::super::search::pattern;
use super::super::state::{App, Overlay, Screen};
use super::super::worker::Request;
use super::{command, draft, line, verdict};

/// A key for what lies over the screen.
pub(super) fn overlay(app: &mut App, event: &KeyEvent) {
    let Some(overlay) = app.overlay.take() else { return };
    let leave = event.code == KeyCode::Esc
        || event.code == KeyCode::Char('c') && event.modifiers.contains(KeyModifiers::CONTROL);
    if leave {
        return;
    }
    match overlay {
        Overlay::Help(row) => app.overlay = scrolled(event, row).map(Overlay::Help),
        Overlay::Message(title, lines) => {
            if scrolled(event, 0).is_some() {
                app.overlay = Some(Overlay::Message(title, lines));
            }
        }
        Overlay::Search(input) => typed_search(app, event, input),
        Overlay::Note(input) => typed_note(app, event, input),
        Overlay::Palette(input, row) => typed_palette(app, event, input, row),
    }
}

/// Where a page is scrolled to; none where the key closes it.
fn scrolled(event: &KeyEvent, row: usize) -> Option<usize> {
    match event.code {
        KeyCode::Char('j') | KeyCode::Down => Some(row + 1),
        KeyCode::Char('k') | KeyCode::Up => Some(row.saturating_sub(1)),
        KeyCode::PageDown | KeyCode::Char('d' | ' ') => Some(row + 10),
        KeyCode::PageUp | KeyCode::Char('u') => Some(row.saturating_sub(10)),
        KeyCode::Char('q' | '?') | KeyCode::Enter | KeyCode::F(1) => None,
        _ => Some(row),
    }
}

fn typed_search(app: &mut App, event: &KeyEvent, mut input: Input) {
    if event.code == KeyCode::Enter {
        return search(app, input.value());
    }
    input.handle_event(&Event::Key(*event));
    app.overlay = Some(Overlay::Search(input));
}

/// Starts a search; an empty one ends the one that is.
fn search(app: &mut App, needle: &str) {
    if needle.is_empty() {
        app.reader.found = None;
        return;
    }
    match pattern(needle) {
        Err(why) => app.complain(format!("no such pattern: {why}")),
        Ok(pattern) => {
            app.reader.found = Some(Found { needle: needle.to_owned(), ..Found::default() });
            app.screen = Screen::Review;
            app.jobs.retain(|job| job.name != "searching");
            let text = Arc::clone(&app.reader.shown.text);
            app.asks.search = app.ask_long("searching", Request::Search(text, pattern));
        }
    }
}

fn typed_note(app: &mut App, event: &KeyEvent, mut input: Input) {
    if event.code == KeyCode::Enter {
        return verdict::note(app, input.value());
    }
    input.handle_event(&Event::Key(*event));
    app.overlay = Some(Overlay::Note(input));
}

fn typed_palette(app: &mut App, event: &KeyEvent, mut input: Input, row: usize) {
    let control = event.modifiers.contains(KeyModifiers::CONTROL);
    let row = match event.code {
        KeyCode::Down => row + 1,
        KeyCode::Up => row.saturating_sub(1),
        KeyCode::Char('n' | 'j') if control => row + 1,
        KeyCode::Char('p' | 'k') if control => row.saturating_sub(1),
        KeyCode::Enter => return chosen(app, &input, row),
        KeyCode::Tab => {
            if let Some(Choice::Line(line)) = choices(input.value()).get(row) {
                input = Input::new(format!("{} ", line.name));
            }
            0
        }
        _ => {
            input.handle_event(&Event::Key(*event));
            0
        }
    };
    let last = choices(input.value()).len().saturating_sub(1);
    app.overlay = Some(Overlay::Palette(input, row.min(last)));
}

fn chosen(app: &mut App, input: &Input, row: usize) {
    if line::is_line(input.value()) {
        return line::run(app, input.value());
    }
    match choices(input.value()).get(row) {
        Some(Choice::Command(spec)) => command::run(app, spec.command),
        Some(Choice::Line(line)) if line.argument.is_empty() => line::run(app, line.name),
        Some(Choice::Line(line)) => {
            app.overlay = Some(Overlay::Palette(Input::new(format!("{} ", line.name)), 0));
        }
        None => app.complain(format!("no command is like `{}`", input.value())),
    }
}

/// Pasted text goes where one types, as one line.
pub(super) fn paste(app: &mut App, text: &str) {
    let line: String =
        text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(4096).collect();
    let into = |input: &Input| Input::new(format!("{}{line}", input.value()));
    match &mut app.overlay {
        Some(Overlay::Search(input) | Overlay::Note(input) | Overlay::Palette(input, _)) => {
            *input = into(input);
        }
        Some(_) => {}
        None if app.screen == Screen::Draft => draft::paste(app, &line),
        None => app.say("pasted text goes into a search, a note or a rule"),
    }
}
