//! From looking to a rule.

use ratatui::crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};
use tui_input::Input;
use tui_input::backend::crossterm::EventHandler as _;

use super::super::backend::NewRule;
use super::super::state::{App, DraftState, Field, Screen};
use super::super::worker::Request;
use crate::model::Draft;

/// Names of what a rule can do, in the words of rule files.
pub const EFFECTS: [&str; 4] = ["flag_if", "drop_if", "remove_lines_matching", "replace_matches"];

/// Opens the draft; selected text becomes its pattern.
pub(super) fn open(app: &mut App) {
    if let Some(text) = app.reader.selected_text() {
        let line = text.lines().next().unwrap_or_default();
        let pattern = regex::escape(line.trim());
        let effect = if text.contains('\n') || line.len() > 60 { 2 } else { 3 };
        app.draft = DraftState { effect, pattern: Input::new(pattern), ..DraftState::default() };
        app.reader.selection = None;
    } else if let Some(found) = &app.reader.found
        && app.draft.pattern.value().is_empty()
    {
        let needle = found.needle.trim_matches('/');
        app.draft = DraftState {
            effect: 2,
            pattern: Input::new(needle.to_owned()),
            ..DraftState::default()
        };
    }
    app.screen = Screen::Draft;
}

/// A draft by a line: `drop_if word_count < 20`.
pub(super) fn from_line(app: &mut App, rest: &str) {
    let (name, pattern) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    let effect = EFFECTS.iter().position(|effect| !name.is_empty() && effect.starts_with(name));
    app.draft = DraftState {
        effect: effect.unwrap_or(0),
        pattern: Input::new(if effect.is_some() { pattern.trim() } else { rest }.to_owned()),
        ..DraftState::default()
    };
    app.screen = Screen::Draft;
    if !app.draft.pattern.value().is_empty() {
        attempt(app);
    }
}

/// Fields of the draft as it is.
pub fn fields(draft: &DraftState) -> &'static [Field] {
    if draft.effect == 3 {
        &[Field::Pattern, Field::With, Field::Id, Field::Why]
    } else {
        &[Field::Pattern, Field::Id, Field::Why]
    }
}

fn input(draft: &mut DraftState) -> &mut Input {
    match draft.field {
        Field::Pattern => &mut draft.pattern,
        Field::With => &mut draft.with,
        Field::Id => &mut draft.id,
        Field::Why => &mut draft.why,
    }
}

/// A key for the fields; false where it is for the keymap.
pub(super) fn typed(app: &mut App, event: &KeyEvent) -> bool {
    let fields = fields(&app.draft);
    let at = fields.iter().position(|field| *field == app.draft.field).unwrap_or(0);
    let turn = |by: usize| fields[(at + by) % fields.len()];
    match event.code {
        KeyCode::Tab | KeyCode::Down => app.draft.field = turn(1),
        KeyCode::BackTab | KeyCode::Up => app.draft.field = turn(fields.len() - 1),
        KeyCode::Enter => attempt(app),
        KeyCode::Esc | KeyCode::F(_) | KeyCode::PageDown | KeyCode::PageUp => return false,
        KeyCode::Char('t' | 's' | 'e' | 'c' | 'l' | 'd')
            if event.modifiers.contains(KeyModifiers::CONTROL) =>
        {
            return false;
        }
        _ => {
            let field = input(&mut app.draft);
            let changed = field.handle_event(&Event::Key(*event));
            if changed.is_some_and(|change| change.value) {
                stale(app);
            }
        }
    }
    true
}

fn stale(app: &mut App) {
    if matches!(app.draft.field, Field::Pattern | Field::With) {
        app.draft.fresh = false;
    }
    app.draft.appended = None;
}

pub(super) fn paste(app: &mut App, line: &str) {
    let field = input(&mut app.draft);
    *field = Input::new(format!("{}{line}", field.value()));
    stale(app);
}

/// Another effect.
pub(super) fn next_effect(app: &mut App) {
    app.draft.effect = (app.draft.effect + 1) % EFFECTS.len();
    app.draft.fresh = false;
    if !fields(&app.draft).contains(&app.draft.field) {
        app.draft.field = Field::Pattern;
    }
}

/// The draft that is typed.
pub fn draft(draft: &DraftState) -> Draft {
    let pattern = draft.pattern.value().to_owned();
    match draft.effect {
        0 => Draft::FlagIf(pattern),
        1 => Draft::DropIf(pattern),
        2 => Draft::RemoveLines(pattern),
        _ => Draft::Replace(pattern, draft.with.value().to_owned()),
    }
}

/// Tries the draft on the sample.
pub(super) fn attempt(app: &mut App) {
    if app.draft.pattern.value().trim().is_empty() {
        return app.say("type a condition or a pattern first");
    }
    if let Some(job) = app.jobs.iter().position(|job| job.name == "trying the rule") {
        let job = app.jobs.remove(job);
        app.effects.push(super::super::action::Effect::Cancel(job.id));
    }
    let draft = draft(&app.draft);
    app.asks.trial = app.ask_long("trying the rule", Request::Try(draft));
}

/// Appends the rule to the user's file.
pub(super) fn append(app: &mut App) {
    if app.setup.rule_file.is_none() {
        return app.complain("no rule file of yours is known; start with --rules FILE");
    }
    if !app.draft.fresh || app.draft.trial.as_ref().is_none_or(|trial| trial.error.is_some()) {
        return app.complain("try the rule first (Enter), so that you know what it does");
    }
    if app.draft.id.value().trim().is_empty() || app.draft.why.value().trim().is_empty() {
        return app.complain("a rule has a name and a reason");
    }
    let Some(document_id) = app.item().map(|item| item.entry.document_id.clone()) else { return };
    let rule = NewRule {
        draft: draft(&app.draft),
        id: app.draft.id.value().trim().to_owned(),
        why: app.draft.why.value().trim().to_owned(),
        document_id,
    };
    app.ask_long("appending the rule", Request::AppendRule(rule));
}
