//! Verdicts, and the way back.

use super::super::backend::{Said, Seen};
use super::super::shown::Mode;
use super::super::state::{App, Decided, Item, Saved, Screen};
use super::super::worker::{Line, LogAct, Request};
use super::browse;
use crate::model::Verdict;

/// Judges the document on the screen and goes on.
pub(super) fn decide(app: &mut App, verdict: Verdict) {
    if app.item().is_none() {
        return;
    }
    if app.reader.document.is_none() && app.reader.failed.is_none() {
        app.complain("the document is still being fetched; a verdict is of what was seen");
        return;
    }
    let defect = verdict == Verdict::Defect;
    let kinds = if defect { app.verdicts.kinds.clone() } else { Vec::new() };
    say(app, Said::Label(verdict, kinds));
    advance(app);
}

fn advance(app: &mut App) {
    let from = app.queue.current + 1;
    if let Some(at) = browse::next_open(app, from) {
        browse::go(app, at);
    } else if app.queue.complete {
        app.say("that was the last document of the sample");
        refresh(app);
    } else {
        browse::draw_more(app);
        app.say("drawing more documents");
        refresh(app);
    }
}

/// Switches a kind of defect: of the verdict where there is one, else of the one to come.
pub(super) fn kind(app: &mut App, digit: u8) {
    let at = usize::from(digit.saturating_sub(1));
    let Some(name) = app.setup.kinds.get(at).filter(|name| !name.is_empty()).cloned() else {
        app.say(format!("there is no kind {digit}; kinds come from `defects:` of the rule file"));
        return;
    };
    let kinds = &mut app.verdicts.kinds;
    match kinds.iter().position(|known| *known == name) {
        Some(at) => drop(kinds.remove(at)),
        None => kinds.push(name),
    }
    if app.verdict() == Some(Verdict::Defect) {
        let kinds = app.verdicts.kinds.clone();
        say(app, Said::Label(Verdict::Defect, kinds));
    }
}

/// Switches the mark for a second look.
pub(super) fn flag(app: &mut App) {
    let Some(item) = app.item() else { return };
    let flagged = app.standing(item).is_some_and(|standing| standing.flagged);
    say(app, Said::Flag(!flagged));
}

/// Sets the note.
pub(super) fn note(app: &mut App, text: &str) {
    let text = text.trim();
    say(app, Said::Note((!text.is_empty()).then(|| text.to_owned())));
}

fn seen(app: &App, item: &Item) -> Seen {
    let document = app.reader.document.as_ref();
    let entry = &item.entry;
    let mut rules = entry.flags.clone();
    rules.extend(entry.reason.clone());
    for why in document.map(|document| document.why.as_slice()).unwrap_or_default() {
        rules.push(match why.effect.as_str() {
            "found" => {
                format!("finding:{}", why.title.split_whitespace().next().unwrap_or_default())
            }
            _ => why.title.clone(),
        });
    }
    rules.sort_unstable();
    rules.dedup();
    Seen {
        document_id: entry.document_id.clone(),
        id: entry.id.clone(),
        content_hash: document.map(|document| document.content_hash.clone()).unwrap_or_default(),
        spent_ms: app.clock_ms.saturating_sub(app.verdicts.since_ms),
        stratum: entry.stratum.clone(),
        size: document.map_or(entry.size.unwrap_or(0), |document| document.text.text.len() as u64),
        rules,
        sampled: app.counts() && item.rank.is_some(),
        repeat: item.repeat,
    }
}

/// Says something of the document on the screen.
fn say(app: &mut App, said: Said) {
    let Some(item) = app.item().cloned() else { return };
    let seen = seen(app, &item);
    let standing =
        app.verdicts.standings.entry((seen.document_id.clone(), seen.repeat)).or_default();
    let before = standing.clone();
    standing.take(&said, seen.sampled);
    let verdicts = &mut app.verdicts;
    verdicts.history.truncate(verdicts.held);
    verdicts.last_ticket += 1;
    let ticket = verdicts.last_ticket;
    verdicts.tickets.insert(ticket, verdicts.history.len());
    verdicts.history.push(Decided {
        line: Line::Ticket(ticket),
        said: said.clone(),
        seen: seen.clone(),
        before,
        saved: Saved::Waiting,
    });
    verdicts.held = verdicts.history.len();
    app.scrolls.recent = 0;
    app.ask(Request::Append(ticket, LogAct::Say(said, Box::new(seen))));
}

/// Takes the last decision back and shows its document.
pub(super) fn undo(app: &mut App) {
    let Some(at) = app.verdicts.held.checked_sub(1) else {
        app.say("nothing to undo");
        return;
    };
    app.verdicts.held = at;
    turn(app, at, true);
}

/// Decides again what was taken back.
pub(super) fn redo(app: &mut App) {
    let at = app.verdicts.held;
    if at >= app.verdicts.history.len() {
        app.say("nothing to redo");
        return;
    }
    app.verdicts.held = at + 1;
    turn(app, at, false);
}

fn turn(app: &mut App, at: usize, back: bool) {
    let Some(decided) = app.verdicts.history.get_mut(at) else { return };
    decided.saved = Saved::Waiting;
    let decided = decided.clone();
    let key = (decided.seen.document_id.clone(), decided.seen.repeat);
    let mut holds = decided.before.clone();
    if !back {
        holds.take(&decided.said, decided.seen.sampled);
    }
    app.verdicts.standings.insert(key, holds);
    app.verdicts.last_ticket += 1;
    let ticket = app.verdicts.last_ticket;
    app.verdicts.tickets.insert(ticket, at);
    let act = if back { LogAct::Undo(decided.line) } else { LogAct::Redo(decided.line) };
    app.ask(Request::Append(ticket, act));
    show(app, &decided.seen);
    let what = if back { "took back" } else { "decided again" };
    let name = decided.seen.id.as_deref().unwrap_or(&decided.seen.document_id);
    app.say(format!("{what}: {} {name}", word(&decided.said)));
}

/// Shows a document that something was said of, where it is in the queue.
pub(super) fn show(app: &mut App, seen: &Seen) {
    let at =
        app.queue.items.iter().position(|item| {
            item.entry.document_id == seen.document_id && item.repeat == seen.repeat
        });
    app.screen = Screen::Review;
    match at {
        Some(at) if at != app.queue.current => browse::go(app, at),
        Some(_) => refresh(app),
        None => {}
    }
}

/// Takes in that what holds for the document on the screen changed.
fn refresh(app: &mut App) {
    app.verdicts.kinds = browse::kinds(app);
    let blind = app.blind();
    if !matches!(app.reader.mode, Mode::Diff | Mode::Side) {
        app.reader.show(blind);
    }
}

/// The log has a line, or could not take it.
pub(super) fn saved(app: &mut App, ticket: u64, seq: Option<u64>) {
    let Some(at) = app.verdicts.tickets.remove(&ticket) else { return };
    // the latest line about a decision is what its state is about
    let superseded = app.verdicts.tickets.values().any(|&other| other == at);
    let Some(decided) = app.verdicts.history.get_mut(at) else { return };
    if let (Some(seq), true) = (seq, decided.line == Line::Ticket(ticket)) {
        decided.line = Line::Seq(seq);
    }
    if !superseded {
        decided.saved = if seq.is_some() { Saved::Yes } else { Saved::No };
    }
}

fn word(said: &Said) -> &'static str {
    match said {
        Said::Label(Verdict::Good, _) => "ok",
        Said::Label(Verdict::Defect, _) => "defect",
        Said::Label(Verdict::Skip, _) => "skip",
        Said::Flag(_) => "flag",
        Said::Note(_) => "note",
    }
}
