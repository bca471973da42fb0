//! Verdicts, and the way back.

use super::super::shown::Mode;
use super::super::state::{App, Decided, Item, Saved, Screen};
use super::super::worker::{Line, LogAct, Request};
use super::browse;
use crate::model::{Label, Verdict};

/// Judges the document on the screen and goes on.
pub(super) fn decide(app: &mut App, verdict: Verdict) {
    let Some(item) = app.item().cloned() else { return };
    if app.reader.document.is_none() && app.reader.failed.is_none() {
        app.complain("the document is still being fetched; a verdict is of what was seen");
        return;
    }
    let mut label = blank(app, &item, verdict);
    if verdict == Verdict::Defect {
        label.kinds.clone_from(&app.verdicts.pending.kinds);
    }
    // the first verdict of a blind review uncovers the marks, and one wants to see them
    record(app, item, label);
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
    }
}

/// Switches a kind of defect of the document on the screen.
pub(super) fn kind(app: &mut App, digit: u8) {
    let at = usize::from(digit.saturating_sub(1));
    let Some(name) = app.setup.kinds.get(at).cloned() else {
        app.say(format!("there is no kind {digit}; kinds come from `defects:` of the rule file"));
        return;
    };
    let pending = &mut app.verdicts.pending;
    match pending.kinds.iter().position(|known| *known == name) {
        Some(at) => drop(pending.kinds.remove(at)),
        None => pending.kinds.push(name),
    }
    revise(app, |label, pending| label.kinds = pending);
}

/// Switches the mark for a second look.
pub(super) fn flag(app: &mut App) {
    app.verdicts.pending.flagged ^= true;
    let flagged = app.verdicts.pending.flagged;
    if !revise(app, |label, _| label.flagged = flagged) {
        app.say(if flagged { "flagged, saved with the verdict" } else { "no longer flagged" });
    }
}

/// Sets the note.
pub(super) fn note(app: &mut App, text: &str) {
    let note = (!text.trim().is_empty()).then(|| text.trim().to_owned());
    app.verdicts.pending.note.clone_from(&note);
    if !revise(app, |label, _| label.note = note) {
        app.say("the note is saved with the verdict");
    }
}

/// Writes a changed label, where the document has one; whether it had.
fn revise(app: &mut App, change: impl FnOnce(&mut Label, Vec<String>)) -> bool {
    let Some(item) = app.item().cloned() else { return false };
    let Some(mut label) = app.label_of(&item).cloned() else { return false };
    let kinds = app.verdicts.pending.kinds.clone();
    if label.verdict != Verdict::Defect && kinds != label.kinds {
        app.verdicts.pending.kinds.clone_from(&kinds);
    }
    let kinds = if label.verdict == Verdict::Defect { kinds } else { Vec::new() };
    change(&mut label, kinds);
    label.at_ms = app.clock_ms;
    record(app, item, label);
    true
}

fn blank(app: &App, item: &Item, verdict: Verdict) -> Label {
    let document = app.reader.document.as_ref();
    let pending = &app.verdicts.pending;
    let entry = &item.entry;
    let mut rules = entry.flags.clone();
    rules.extend(entry.reason.clone());
    for why in document.map(|document| document.why.as_slice()).unwrap_or_default() {
        let name = if why.effect == "found" {
            format!("finding:{}", why.title.split(' ').next().unwrap_or_default())
        } else {
            why.title.clone()
        };
        if !rules.contains(&name) {
            rules.push(name);
        }
    }
    Label {
        document_id: entry.document_id.clone(),
        id: entry.id.clone(),
        content_hash: document.map(|document| document.content_hash.clone()).unwrap_or_default(),
        verdict,
        kinds: Vec::new(),
        flagged: pending.flagged,
        note: pending.note.clone(),
        reviewer: app.setup.reviewer.clone(),
        at_ms: app.clock_ms,
        spent_ms: app.clock_ms.saturating_sub(app.verdicts.since_ms),
        stratum: entry.stratum.clone(),
        size: document.map_or(entry.size.unwrap_or(0), |document| document.text.text.len() as u64),
        rules,
        sampled: app.counts() && item.rank.is_some(),
        repeat: item.repeat,
    }
}

fn record(app: &mut App, item: Item, label: Label) {
    let key = (item.entry.document_id, item.repeat);
    let before = app.verdicts.labels.insert(key, label.clone());
    let verdicts = &mut app.verdicts;
    verdicts.history.truncate(verdicts.held);
    verdicts.next_ticket += 1;
    let ticket = verdicts.next_ticket;
    verdicts.tickets.insert(ticket, verdicts.history.len());
    verdicts.history.push(Decided {
        line: Line::Ticket(ticket),
        before,
        after: label.clone(),
        saved: Saved::Waiting,
    });
    verdicts.held = verdicts.history.len();
    app.ask(Request::Append(ticket, LogAct::Label(Box::new(label))));
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
    let (line, after) = (decided.line, decided.after.clone());
    let holds = if back { decided.before.clone() } else { Some(after.clone()) };
    let key = (after.document_id.clone(), after.repeat);
    match holds {
        Some(label) => app.verdicts.labels.insert(key, label),
        None => app.verdicts.labels.remove(&key),
    };
    app.verdicts.next_ticket += 1;
    let ticket = app.verdicts.next_ticket;
    app.verdicts.tickets.insert(ticket, at);
    let act = if back { LogAct::Undo(line) } else { LogAct::Redo(line) };
    app.ask(Request::Append(ticket, act));
    show(app, &after);
    let what = if back { "took back" } else { "decided again" };
    let name = after.id.as_deref().unwrap_or(&after.document_id);
    app.say(format!("{what}: {} {name}", word(after.verdict)));
}

/// Shows the document of a label, where it is in the queue.
fn show(app: &mut App, label: &Label) {
    let at = app.queue.items.iter().position(|item| {
        item.entry.document_id == label.document_id && item.repeat == label.repeat
    });
    app.screen = Screen::Review;
    match at {
        Some(at) if at != app.queue.current => browse::go(app, at),
        Some(_) => refresh(app),
        None => {}
    }
}

/// Takes in that the label of the document on the screen changed.
fn refresh(app: &mut App) {
    if let Some(label) = app.item().and_then(|item| app.label_of(item)).cloned() {
        app.verdicts.pending.kinds = label.kinds;
    }
    let blind = app.blind();
    if !matches!(app.reader.mode, Mode::Diff | Mode::Side) {
        app.reader.show(blind);
    }
}

/// The log has a line.
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

/// A verdict as a word.
pub(super) fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Good => "ok",
        Verdict::Defect => "defect",
        Verdict::Skip => "skip",
    }
}
