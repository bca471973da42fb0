//! What follows from what happens: no input or output, only the next state and what to ask for.

mod browse;
mod command;
pub mod draft;
mod input;
mod line;
mod mouse;
mod reply;
mod verdict;

use ratatui::crossterm::event::{KeyEvent, KeyEventKind};

pub use browse::start;

use super::action::{Action, Effect};
use super::command::Scope;
use super::keymap::{Key, Meaning};
use super::state::{App, Screen};
use super::views;

/// Takes in what happened; what shall be done outside.
pub fn update(app: &mut App, action: Action) -> Vec<Effect> {
    match action {
        Action::Key(event) => key(app, &event),
        Action::Mouse(event) => mouse::mouse(app, event),
        Action::Paste(text) => input::paste(app, &text),
        Action::Resize(columns, rows) => app.size = (columns, rows),
        Action::Do(command) => command::run(app, command),
        Action::Run(line) => line::run(app, &line),
        Action::Answer(answer) => reply::answer(app, *answer),
        Action::Tick => {}
    }
    settle(app)
}

/// Lays out the screen and hands over what is to be done.
pub(super) fn settle(app: &mut App) -> Vec<Effect> {
    if app.toast.as_ref().is_some_and(|toast| toast.until_ms <= app.clock_ms) {
        app.toast = None;
    }
    prepare(app);
    browse::tokens(app);
    std::mem::take(&mut app.effects)
}

/// Lays out the texts that are on the screen.
fn prepare(app: &mut App) {
    let areas = views::areas(app);
    if let Some(area) = areas.text {
        app.reader.prepare((area.width.into(), area.height.into()));
    }
    if let (Screen::Twins, Some(area)) = (app.screen, areas.twin_text) {
        app.twins.reader.prepare((area.width.into(), area.height.into()));
    }
}

/// The part of the keymap that is in force.
pub fn scope(app: &App) -> Scope {
    match app.screen {
        Screen::Review => Scope::Review,
        Screen::Statistics => Scope::Statistics,
        Screen::Overview => Scope::Overview,
        Screen::Twins => Scope::Twins,
        Screen::Draft => Scope::Draft,
    }
}

fn key(app: &mut App, event: &KeyEvent) {
    if event.kind == KeyEventKind::Release {
        return;
    }
    if app.overlay.is_some() {
        return input::overlay(app, event);
    }
    if app.screen == Screen::Draft && draft::typed(app, event) {
        return;
    }
    app.typed.push(Key::of(event));
    match app.keymap.meaning(scope(app), &app.typed) {
        Meaning::Prefix => {}
        Meaning::Nothing => app.typed.clear(),
        Meaning::Command(command) => {
            app.typed.clear();
            command::run(app, command);
        }
    }
}
