//! What the worker says.

use super::super::action::Effect;
use super::super::backend::{Said, Seen};
use super::super::state::{App, Decided, Item, Saved, Screen};
use super::super::worker::{Answer, Line, Reply, Request};
use super::{browse, verdict};
use crate::model::{Entry, Frame};

/// Takes an answer; those about another frame are dropped, but never what the log says.
pub(super) fn answer(app: &mut App, answer: Answer) {
    let Answer { id, reply } = answer;
    if let Reply::Progress(progress) = reply {
        if let Some(job) = app.jobs.iter_mut().find(|job| job.id == id) {
            job.progress = progress;
        }
        return;
    }
    if !matches!(reply, Reply::Matches(_, _, false)) {
        app.jobs.retain(|job| job.id != id);
    }
    match reply {
        Reply::Saved(ticket, seq) => {
            verdict::saved(app, ticket, Some(seq));
            app.ask(Request::Summarize);
        }
        Reply::NotSaved(ticket, why) => {
            verdict::saved(app, ticket, None);
            app.complain(format!("not saved: {why}"));
        }
        Reply::Summary(summary) => app.summary = *summary,
        Reply::Failed(why) if id == app.asks.open => browse::not_opened(app, why),
        Reply::Failed(_) if id != 0 && id < app.floor => {}
        Reply::Failed(why) => {
            // what was asked for in vain may be asked for again
            app.queue.asked = app.queue.drawn;
            app.queue.wanted = None;
            app.complain(why);
        }
        _ if id != 0 && id < app.floor => {}
        reply => about_frame(app, id, reply),
    }
}

fn about_frame(app: &mut App, id: u64, reply: Reply) {
    match reply {
        Reply::Opened(opened) => {
            app.frame = opened.frame;
            app.summary = opened.summary;
            resume(app, opened.said);
            browse::opened(app);
        }
        Reply::Drawn(from, entries) => browse::drawn(app, from, entries),
        Reply::Found(name, entry) => found(app, &name, entry),
        Reply::Fetched(document) => browse::fetched(app, document),
        Reply::FetchFailed(document, why) => browse::failed(app, &document, why),
        Reply::Frame(frame) => reframed(app, *frame),
        reply => about_view(app, id, reply),
    }
}

fn about_view(app: &mut App, id: u64, reply: Reply) {
    match reply {
        Reply::Twins(document, members) if document == app.twins.document_id => {
            let other =
                members.iter().position(|twin| twin.document_id != document && twin.text.is_some());
            app.twins.chosen = other.unwrap_or(0);
            app.twins.members = members;
            browse::compare_twin(app);
        }
        Reply::Overview(overview) => app.overview.counts = Some(*overview),
        Reply::Histogram(histogram) => {
            app.histograms.insert(histogram.annotation.clone(), *histogram);
        }
        Reply::Tried(trial) if id == app.asks.trial => {
            app.draft.trial = Some(*trial);
            app.draft.fresh = true;
        }
        Reply::RuleAppended(place) => {
            app.say(format!("appended to {place}"));
            app.draft.appended = Some(place);
        }
        Reply::Matches(matches, total, complete) if id == app.asks.search => {
            let Some(found) = &mut app.reader.found else { return };
            let first = found.matches.is_empty() && !matches.is_empty();
            found.matches = matches;
            found.total = total;
            found.complete = complete;
            if first && found.current.is_none() {
                app.reader.step(true);
            }
            if complete && total == 0 {
                app.say("no match");
            }
        }
        Reply::Diff(diff) if id == app.asks.diff => {
            app.reader.comparing = false;
            if diff.is_none() {
                app.say("the texts are too long to be compared");
            }
            app.reader.diff = diff;
            let blind = app.blind();
            app.reader.show(blind);
        }
        Reply::Diff(Some(diff)) if id == app.asks.twin_diff => {
            app.twins.reader.open(None, false);
            app.twins.reader.shown = diff.shown.clone();
        }
        Reply::Tokens(tokens) if id == app.asks.tokens => app.reader.tokens = tokens,
        _ => {}
    }
}

/// What was said in the session that goes on, so that it can be taken back too.
fn resume(app: &mut App, lines: Vec<(u64, Said, Seen)>) {
    if !app.verdicts.history.is_empty() {
        // the log of this session is known better here than there
        return;
    }
    for (seq, said, seen) in lines {
        let key = (seen.document_id.clone(), seen.repeat);
        let standing = app.verdicts.standings.entry(key).or_default();
        let before = standing.clone();
        standing.take(&said, seen.sampled);
        let line = Line::Seq(seq);
        app.verdicts.history.push(Decided { line, said, seen, before, saved: Saved::Yes });
    }
    app.verdicts.held = app.verdicts.history.len();
    if app.verdicts.held > 0 {
        app.say(format!("goes on after {} decisions", app.verdicts.held));
    }
}

fn reframed(app: &mut App, frame: Frame) {
    let became_sample = frame.is_sample && !app.frame.is_sample;
    let measured = frame.size != app.frame.size;
    app.frame = frame;
    if measured {
        app.ask(Request::Summarize);
    }
    if became_sample {
        app.say("the file was read to its end: from here on this is a random sample");
        browse::redraw(app);
        app.ask(Request::Summarize);
    }
}

/// Goes to a document; one that was not drawn yet comes after the one on the screen.
fn found(app: &mut App, name: &str, entry: Option<Entry>) {
    let Some(entry) = entry else {
        app.complain(format!("no document is called {name}"));
        return;
    };
    app.screen = Screen::Review;
    let id = &entry.document_id;
    let known = app.queue.items.iter().position(|item| item.entry.document_id == *id);
    let at = known.unwrap_or_else(|| {
        let at = (app.queue.current + 1).min(app.queue.items.len());
        app.queue.items.insert(at, Item { entry, repeat: false, rank: None });
        at
    });
    browse::go(app, at);
}

/// Stops the longest job; whether there was one.
pub(super) fn cancel(app: &mut App) -> bool {
    let Some(job) = app.jobs.pop() else { return false };
    app.effects.push(Effect::Cancel(job.id));
    match job.name {
        "comparing" => app.reader.comparing = false,
        browse::DRAWING => browse::stopped(app),
        _ => {}
    }
    app.say(format!("stopped: {}", job.name));
    true
}
