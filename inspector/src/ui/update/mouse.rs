//! The mouse: the wheel scrolls what is under it, a click focuses and chooses.

use ratatui::crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::{Position, Rect};

use super::super::command::Command;
use super::super::state::{App, Pane, Screen};
use super::super::views;
use super::{browse, command};

/// Rows that one notch of the wheel scrolls.
const NOTCH: usize = 3;

/// Takes a mouse event.
pub(super) fn mouse(app: &mut App, event: MouseEvent) {
    if app.overlay.is_some() {
        if event.kind == MouseEventKind::Down(MouseButton::Left) {
            app.overlay = None;
        }
        return;
    }
    let place = Position::new(event.column, event.row);
    match event.kind {
        MouseEventKind::ScrollDown => wheel(app, place, Command::Down),
        MouseEventKind::ScrollUp => wheel(app, place, Command::Up),
        MouseEventKind::Down(MouseButton::Left) => click(app, place),
        _ => {}
    }
}

fn pane_at(app: &App, place: Position) -> Option<(Pane, Rect)> {
    let areas = views::areas(app);
    let panes = [
        (Pane::Queue, areas.queue),
        (Pane::Reader, areas.reader),
        (Pane::Why, areas.why),
        (Pane::Recent, areas.recent),
        (Pane::Statistics, areas.statistics),
    ];
    panes
        .into_iter()
        .filter_map(|(pane, area)| Some((pane, area?)))
        .find(|(_, area)| area.contains(place))
}

fn wheel(app: &mut App, place: Position, command: Command) {
    let focus = app.focus;
    if app.screen == Screen::Review {
        let Some((pane, _)) = pane_at(app, place) else { return };
        app.focus = pane;
    }
    for _ in 0..NOTCH {
        command::run(app, command);
    }
    app.focus = focus;
}

fn click(app: &mut App, place: Position) {
    match app.screen {
        Screen::Review => {
            let Some((pane, area)) = pane_at(app, place) else { return };
            app.focus = pane;
            let row = usize::from(place.y.saturating_sub(area.y + 1));
            if pane == Pane::Reader && place.y > area.y {
                app.reader.choose_row(row);
                if let Some(why) = app.reader.current_why() {
                    app.scrolls.why = views::why::row_of(app, why);
                }
            }
            if pane == Pane::Queue && place.y > area.y {
                let at = views::queue::first(app, area.height.saturating_sub(1).into()) + row;
                if at < app.queue.items.len() {
                    browse::go(app, at);
                }
            }
        }
        Screen::Overview => {
            if let Some((table, row)) = views::overview::row_at(app, place) {
                let again = app.overview.table == table && app.overview.chosen[table] == row;
                app.overview.table = table;
                app.overview.chosen[table] = row;
                if again {
                    command::run(app, Command::Enter);
                }
            }
        }
        _ => {}
    }
}
