//! What each command does.

use tui_input::Input;

use super::super::action::Effect;
use super::super::command::Command as C;
use super::super::state::{App, Overlay, Pane, Screen};
use super::{browse, draft, reply, verdict};
use crate::model::Verdict;

/// Does a command.
pub(super) fn run(app: &mut App, command: C) {
    match command {
        C::Ok | C::Defect | C::Skip | C::Flag | C::Kind(_) | C::Undo | C::Redo => {
            judge(app, command);
        }
        C::Down | C::Up | C::HalfDown | C::HalfUp | C::PageDown | C::PageUp => {
            let page = page(app);
            let rows = match command {
                C::Down => 1,
                C::Up => -1,
                C::HalfDown => page / 2,
                C::HalfUp => -(page / 2),
                C::PageDown => page,
                _ => -page,
            };
            step(app, rows);
        }
        C::Top => step(app, isize::MIN),
        C::Bottom => step(app, isize::MAX),
        C::Left => sideways(app, -1),
        C::Right => sideways(app, 1),
        C::NextPane => pane(app, 1),
        C::PreviousPane => pane(app, -1),
        C::NextDocument => document(app, 1),
        C::PreviousDocument => document(app, -1),
        C::NextFinding | C::PreviousFinding => finding(app, command == C::NextFinding),
        C::Enter => enter(app),
        C::Back => back(app),
        C::Review => app.screen = Screen::Review,
        C::Overview => browse::overview(app),
        C::Statistics => app.screen = Screen::Statistics,
        C::Twins => browse::twins(app),
        C::Draft => draft::open(app),
        C::Try => draft::attempt(app),
        C::AppendRule => draft::append(app),
        C::NextEffect => draft::next_effect(app),
        C::ByTokens => app.overview.by_count ^= true,
        _ => manner(app, command),
    }
}

fn judge(app: &mut App, command: C) {
    match command {
        C::Ok => verdict::decide(app, Verdict::Good),
        C::Defect => verdict::decide(app, Verdict::Defect),
        C::Skip => verdict::decide(app, Verdict::Skip),
        C::Flag => verdict::flag(app),
        C::Kind(digit) => verdict::kind(app, digit),
        C::Undo => verdict::undo(app),
        _ => verdict::redo(app),
    }
}

/// Commands about how things are shown, and the terminal.
fn manner(app: &mut App, command: C) {
    match command {
        C::Zoom => app.zoom ^= true,
        C::TextMode => browse::text_mode(app),
        C::Whitespace => app.reader.whitespace ^= true,
        C::Bidi => app.reader.bidi ^= true,
        C::Metadata => {
            app.metadata ^= true;
            app.scrolls.why = 0;
        }
        C::Tokens if app.setup.tokenizer => app.reader.tokenized ^= true,
        C::Tokens => app.say("no tokenizer; start with --tokenizer tokenizer.json"),
        C::Select => {
            app.focus = Pane::Reader;
            app.reader.select();
        }
        C::Search => app.overlay = Some(Overlay::Search(Input::default())),
        C::Note => {
            let standing = app.item().and_then(|item| app.standing(item));
            let note = standing.and_then(|standing| standing.note.clone()).unwrap_or_default();
            app.overlay = Some(Overlay::Note(Input::new(note)));
        }
        C::Palette => app.overlay = Some(Overlay::Palette(Input::default(), 0)),
        C::Help => app.overlay = Some(Overlay::Help(0)),
        C::Theme => {
            app.theme = app.theme.next();
            app.say(app.theme.name());
        }
        C::Mouse => mouse(app),
        C::Yank => yank(app),
        C::Editor => edit(app),
        C::Suspend => app.effects.push(Effect::Suspend),
        C::Redraw => app.effects.push(Effect::Redraw),
        C::Quit => app.effects.push(Effect::Quit),
        _ => {}
    }
    if command == C::Whitespace {
        app.reader.place = app.reader.top;
        app.reader.size = (0, 0);
    }
}

fn mouse(app: &mut App) {
    app.mouse ^= true;
    app.effects.push(Effect::Mouse(app.mouse));
    let says = if app.mouse { "mouse: scroll and click" } else { "mouse: the terminal selects" };
    app.say(says);
}

fn yank(app: &mut App) {
    let selected = app.reader.selected_text().map(str::to_owned);
    let name = app.item().map(|item| item.entry.name().to_owned());
    if let Some(text) = selected.or(name) {
        app.say(format!("copied {}", super::super::layout::glyph::fit(&text, 40)));
        app.reader.selection = None;
        app.effects.push(Effect::Yank(text));
    }
}

fn edit(app: &mut App) {
    let Some(name) = app.item().map(|item| item.entry.name().to_owned()) else { return };
    if app.reader.document.is_some() {
        app.effects.push(Effect::Edit(name, std::sync::Arc::clone(&app.reader.shown.text)));
    }
}

/// Rows of a page of what is focused.
fn page(app: &App) -> isize {
    let rows = app.reader.size.1.max(2);
    isize::try_from(rows - 1).unwrap_or(1)
}

fn moved(at: usize, rows: isize, count: usize) -> usize {
    let last = count.saturating_sub(1);
    let by = rows.unsigned_abs().min(last.max(at) + 1);
    if rows < 0 { at.saturating_sub(by) } else { at.saturating_add(by).min(last) }
}

fn step(app: &mut App, rows: isize) {
    match app.screen {
        Screen::Review => step_pane(app, rows),
        Screen::Statistics => app.scrolls.statistics = moved(app.scrolls.statistics, rows, 500),
        Screen::Draft => app.scrolls.draft = moved(app.scrolls.draft, rows, 500),
        Screen::Overview => {
            let table = app.overview.table;
            let count = super::super::views::overview::rows(app, table);
            app.overview.chosen[table] = moved(app.overview.chosen[table], rows, count);
        }
        Screen::Twins => scroll(&mut app.twins.reader, rows),
    }
}

fn step_pane(app: &mut App, rows: isize) {
    match app.focus {
        Pane::Reader if app.reader.selection.is_some() && rows.unsigned_abs() < 10_000 => {
            app.reader.extend(0, rows);
        }
        Pane::Reader => scroll(&mut app.reader, rows),
        Pane::Queue => {
            app.queue.chosen = moved(app.queue.chosen, rows, app.queue.items.len());
            browse::draw_more(app);
        }
        Pane::Recent => {
            let count = app.verdicts.history.len().min(super::super::views::recent::SHOWN);
            app.scrolls.recent = moved(app.scrolls.recent, rows, count);
        }
        Pane::Why => app.scrolls.why = moved(app.scrolls.why, rows, 2000),
        Pane::Statistics => app.scrolls.statistics = moved(app.scrolls.statistics, rows, 500),
    }
}

fn scroll(reader: &mut super::super::reader::Reader, rows: isize) {
    match rows {
        isize::MIN => reader.to_top(),
        isize::MAX => reader.to_bottom(),
        rows => reader.scroll(rows),
    }
}

fn sideways(app: &mut App, by: isize) {
    match app.screen {
        Screen::Review if app.reader.selection.is_some() => app.reader.extend(by, 0),
        Screen::Twins => {
            app.twins.chosen = moved(app.twins.chosen, by, app.twins.members.len());
            browse::compare_twin(app);
        }
        _ => pane(app, by),
    }
}

fn pane(app: &mut App, by: isize) {
    match app.screen {
        Screen::Review => {
            let panes = super::super::views::panes(app);
            let at = panes.iter().position(|pane| *pane == app.focus).unwrap_or(0);
            let count = panes.len().max(1);
            let next = if by < 0 { at + count - 1 } else { at + 1 } % count;
            app.focus = panes.get(next).copied().unwrap_or_default();
        }
        Screen::Overview => {
            let tables = if app.overview.annotation.is_some() { 4 } else { 3 };
            let at = app.overview.table;
            app.overview.table = if by < 0 { at + tables - 1 } else { at + 1 } % tables;
        }
        Screen::Twins => sideways(app, by),
        _ => {}
    }
}

fn document(app: &mut App, by: isize) {
    let at = moved(app.queue.current, by, app.queue.items.len());
    if at == app.queue.current {
        app.say(if by < 0 { "this is the first document" } else { "no further document yet" });
        browse::draw_more(app);
    } else {
        browse::go(app, at);
    }
}

fn finding(app: &mut App, forward: bool) {
    let twins = app.screen == Screen::Twins;
    let reader = if twins { &mut app.twins.reader } else { &mut app.reader };
    if !reader.step(forward) {
        let (searching, findings) = (reader.found.is_some(), reader.findings());
        let nothing = match (searching, findings) {
            (true, _) => "no match so far",
            (false, 0) if app.blind() => "findings are hidden until you judge the document",
            (false, 0) => "nothing was found in this document",
            (false, _) if forward => "that was the last finding",
            (false, _) => "that was the first finding",
        };
        app.say(nothing);
    } else if let Some(why) = app.reader.current_why().filter(|_| !twins) {
        app.scrolls.why = super::super::views::why::row_of(app, why);
    }
}

fn enter(app: &mut App) {
    match app.screen {
        Screen::Review if app.focus == Pane::Queue => {
            let at = app.queue.chosen;
            browse::go(app, at);
            app.focus = Pane::Reader;
        }
        Screen::Review if app.focus == Pane::Recent => {
            let at = super::super::views::recent::chosen(app);
            if let Some(seen) =
                at.and_then(|at| app.verdicts.history.get(at)).map(|decided| decided.seen.clone())
            {
                verdict::show(app, &seen);
            }
        }
        Screen::Review if app.focus == Pane::Statistics => app.screen = Screen::Statistics,
        Screen::Overview => super::line::filter_by_chosen(app),
        _ => {}
    }
}

/// One step back: selection, search, zoom, long job, screen.
fn back(app: &mut App) {
    app.toast = None;
    if app.screen == Screen::Review && app.reader.selection.take().is_some() {
        return;
    }
    if app.screen == Screen::Review && app.reader.found.take().is_some() {
        if let Some(job) = app.jobs.iter().position(|job| job.name == "searching") {
            let job = app.jobs.remove(job);
            app.effects.push(Effect::Cancel(job.id));
        }
        return;
    }
    if app.screen == Screen::Overview && app.overview.annotation.take().is_some() {
        app.overview.table = app.overview.table.min(2);
        return;
    }
    if app.screen != Screen::Review {
        app.screen = Screen::Review;
        return;
    }
    if app.zoom {
        app.zoom = false;
        return;
    }
    if reply::cancel(app) {
        return;
    }
    if app.browsing() {
        let spec = app.setup.spec.clone();
        browse::open(app, spec);
    }
}
