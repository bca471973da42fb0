//! Which documents are drawn, fetched and shown.

use std::sync::Arc;

use super::super::action::Effect;
use super::super::reader::Reader;
use super::super::shown::Mode;
use super::super::state::{App, Item, Queue, Screen};
use super::super::tokens::CONTEXT;
use super::super::worker::Request;
use crate::model::{Document, Entry, SampleSpec, Verdict};

/// Entries that are drawn at once.
const BATCH: usize = 50;

/// Entries that are drawn first, so that the first document need not wait for a batch.
const FIRST: usize = 4;

/// Documents that are fetched ahead.
const AHEAD: usize = 5;

/// Documents that are kept.
const KEPT: usize = 12;

/// Bytes of text that are kept beside the document on the screen.
const KEPT_BYTES: usize = 64 << 20;

/// The job of drawing.
pub(super) const DRAWING: &str = "drawing the sample";

/// Asks for the first documents.
pub fn start(app: &mut App) -> Vec<Effect> {
    let spec = app.spec.clone();
    open(app, spec);
    super::settle(app)
}

/// Draws by a specification.
pub(super) fn open(app: &mut App, spec: SampleSpec) {
    app.spec = spec.clone();
    app.queue = Queue { asked: FIRST, ..Queue::default() };
    app.reader.open(None, false);
    app.fetching.clear();
    app.jobs.clear();
    app.screen = Screen::Review;
    app.floor = app.ask_long(DRAWING, Request::Open(spec));
    app.asks.open = app.floor;
}

/// The specification can be drawn.
pub(super) fn opened(app: &mut App) {
    app.drawn_spec = Some(app.spec.clone());
    draw_first(app);
}

/// Drawing was stopped: back to the sample that counts, or to what was drawn of it.
pub(super) fn stopped(app: &mut App) {
    app.queue.asked = app.queue.drawn;
    app.queue.wanted = None;
    if app.browsing() {
        let spec = app.setup.spec.clone();
        open(app, spec);
    } else if app.queue.items.is_empty() {
        app.reader.failed = Some("drawing was stopped; :seed or a new start draws again".into());
    }
}

/// The specification cannot be drawn: back to the one before.
pub(super) fn not_opened(app: &mut App, why: String) {
    match app.drawn_spec.clone() {
        Some(spec) if spec != app.spec => open(app, spec),
        _ => app.reader.failed = Some(why.clone()),
    }
    app.complain(why);
}

/// Draws again from the start, because the frame became a sample.
pub(super) fn redraw(app: &mut App) {
    app.queue = Queue::default();
    app.floor = draw_first(app);
}

/// Draws the first documents, beyond those that were judged before.
fn draw_first(app: &mut App) -> u64 {
    let judged = if app.browsing() { 0 } else { app.verdicts.standings.len() };
    app.queue.asked = FIRST + judged;
    app.ask_long(DRAWING, Request::Draw(0, app.queue.asked))
}

/// Asks for more entries where the end of those drawn comes near.
pub(super) fn draw_more(app: &mut App) {
    let queue = &mut app.queue;
    let near = queue.current.max(queue.chosen) + AHEAD + BATCH / 2 > queue.items.len();
    if near && !queue.complete && queue.asked <= queue.drawn {
        let from = queue.drawn;
        let count = if from < BATCH { BATCH - from } else { BATCH };
        queue.asked = from + count;
        app.ask(Request::Draw(from, count));
    }
}

/// Takes entries that were drawn.
pub(super) fn drawn(app: &mut App, from: usize, entries: Vec<Entry>) {
    if from != app.queue.drawn {
        return;
    }
    app.queue.complete = entries.len() < app.queue.asked.saturating_sub(from);
    let first = app.queue.items.is_empty() || app.queue.searching;
    for entry in entries {
        let id = &entry.document_id;
        // one that was gone to by name has not come by the sample yet
        let came = |item: &Item| item.rank.is_some() && item.entry.document_id == *id;
        let repeat = app.queue.items.iter().any(came);
        let rank = Some(app.queue.drawn);
        app.queue.drawn += 1;
        app.queue.items.push(Item { entry, repeat, rank });
    }
    if first {
        begin(app);
    } else {
        fetch_ahead(app);
    }
    if let Some(at) = app.queue.wanted.and_then(|rank| place_of(app, rank)) {
        app.queue.wanted = None;
        go(app, at);
    } else if app.queue.complete && app.queue.wanted.take().is_some() {
        app.complain(format!("the sample has {} documents only", app.queue.drawn));
    }
    draw_more(app);
}

/// Shows the first document without a verdict, or draws on until there is one.
fn begin(app: &mut App) {
    let open = next_open(app, 0);
    app.queue.searching = open.is_none() && !app.queue.complete;
    if app.queue.searching {
        app.queue.asked = app.queue.drawn + BATCH;
        app.ask_long(DRAWING, Request::Draw(app.queue.drawn, BATCH));
    } else {
        go(app, open.unwrap_or(0));
    }
}

fn place_of(app: &App, rank: usize) -> Option<usize> {
    app.queue.items.iter().position(|item| item.rank == Some(rank))
}

/// Goes to a rank, and draws up to it where need be.
pub(super) fn go_to_rank(app: &mut App, rank: usize) {
    if let Some(at) = place_of(app, rank) {
        app.screen = Screen::Review;
        return go(app, at);
    }
    if app.queue.complete || app.queue.asked > app.queue.drawn {
        return app.say(format!("{} documents are drawn so far", app.queue.drawn));
    }
    app.queue.wanted = Some(rank);
    let count = rank + 1 + BATCH - app.queue.drawn;
    app.queue.asked = app.queue.drawn + count;
    app.ask_long(DRAWING, Request::Draw(app.queue.drawn, count));
}

/// The first place from `from` on that waits for a verdict.
pub(super) fn next_open(app: &App, from: usize) -> Option<usize> {
    let mut items = app.queue.items.iter().enumerate().skip(from);
    items.find(|(_, item)| is_open(app, item)).map(|(at, _)| at)
}

/// Whether a place of the queue waits for a verdict. In the sample one that was given while
/// browsing does not count: who leaves out what he had looked for has no random sample any more.
fn is_open(app: &App, item: &Item) -> bool {
    let standing = app.standing(item);
    if item.repeat {
        let first = app.verdicts.standings.get(&(item.entry.document_id.clone(), false));
        let judged = first.and_then(|standing| standing.verdict);
        // of what one could not say a second look says nothing either
        return standing.is_none_or(|standing| standing.verdict.is_none())
            && judged.is_some_and(|verdict| verdict != Verdict::Skip);
    }
    let counts = app.counts() && item.rank.is_some();
    standing.is_none_or(|standing| standing.verdict.is_none() || counts && !standing.counted)
}

/// Shows the document at a place of the queue.
pub(super) fn go(app: &mut App, at: usize) {
    if at >= app.queue.items.len() {
        return;
    }
    app.queue.current = at;
    app.queue.chosen = at;
    app.scrolls.why = 0;
    app.verdicts.since_ms = app.clock_ms;
    app.verdicts.kinds = kinds(app);
    app.asks.search = 0;
    app.jobs.retain(|job| job.name != "searching" && job.name != "comparing");
    let document = app.item().and_then(|item| cached(app, &item.entry.document_id));
    let blind = app.blind();
    app.reader.open(document, blind);
    measure(app);
    fetch_ahead(app);
    draw_more(app);
}

/// Asks for the distributions that say where the document's values lie.
fn measure(app: &mut App) {
    let Some(document) = app.reader.document.clone() else { return };
    for (name, _) in document.why.iter().filter_map(|why| why.measured.as_ref()) {
        want_histogram(app, name);
    }
}

/// Kinds of defect of the document on the screen.
pub(super) fn kinds(app: &App) -> Vec<String> {
    let standing = app.item().and_then(|item| app.standing(item));
    standing.map(|standing| standing.kinds.clone()).unwrap_or_default()
}

fn cached(app: &App, document_id: &str) -> Option<Arc<Document>> {
    app.documents.iter().find(|known| known.entry.document_id == document_id).map(Arc::clone)
}

/// Asks for the document on the screen and those that come after it.
fn fetch_ahead(app: &mut App) {
    let current = app.queue.current;
    let wanted: Vec<Entry> = app
        .queue
        .items
        .iter()
        .skip(current)
        .take(AHEAD + 1)
        .map(|item| item.entry.clone())
        .filter(|entry| cached(app, &entry.document_id).is_none())
        .filter(|entry| !app.fetching.contains(&entry.document_id))
        .collect();
    let on_screen = app.item().map(|item| item.entry.document_id.clone());
    for entry in wanted {
        app.fetching.push(entry.document_id.clone());
        let ahead = on_screen.as_ref() != Some(&entry.document_id);
        app.ask(Request::Fetch { entry, ahead });
    }
}

/// Takes a document.
pub(super) fn fetched(app: &mut App, document: Arc<Document>) {
    let id = document.entry.document_id.clone();
    app.fetching.retain(|waiting| *waiting != id);
    app.documents.retain(|known| known.entry.document_id != id);
    app.documents.push_back(Arc::clone(&document));
    forget(app);
    if app.item().is_some_and(|item| item.entry.document_id == id) && app.reader.document.is_none()
    {
        let blind = app.blind();
        app.reader.open(Some(document), blind);
        app.verdicts.since_ms = app.clock_ms;
        measure(app);
    }
}

/// Lets go of documents that are far away or many bytes.
fn forget(app: &mut App) {
    let size = |document: &Document| {
        document.text.text.len() + document.original.as_ref().map_or(0, |text| text.text.len())
    };
    let on_screen = app.item().map(|item| item.entry.document_id.clone());
    let mut bytes: usize = app.documents.iter().map(|document| size(document)).sum();
    while app.documents.len() > 1 && (app.documents.len() > KEPT || bytes > KEPT_BYTES) {
        let far = app
            .documents
            .iter()
            .position(|document| Some(&document.entry.document_id) != on_screen.as_ref());
        match far.and_then(|at| app.documents.remove(at)) {
            Some(gone) => bytes -= size(&gone),
            None => break,
        }
    }
}

/// A document that could not be read.
pub(super) fn failed(app: &mut App, id: &str, why: String) {
    app.fetching.retain(|waiting| waiting != id);
    if app.item().is_some_and(|item| item.entry.document_id == id) {
        app.reader.failed = Some(why);
    }
}

/// Shows the next text of the document.
pub(super) fn text_mode(app: &mut App) {
    let Some(document) = app.reader.document.clone() else { return };
    let Some(original) = &document.original else {
        let why = document.original_missing.clone();
        app.say(why.unwrap_or_else(|| "no edit changed this document".to_owned()));
        return;
    };
    let wide = app.reader.size.0 >= 60;
    app.reader.mode = app.reader.mode.next(wide);
    let needs = matches!(app.reader.mode, Mode::Diff | Mode::Side) && app.reader.diff.is_none();
    if needs && !app.reader.comparing {
        let (old, new) = (Arc::clone(&original.text), Arc::clone(&document.text.text));
        app.reader.comparing = true;
        app.asks.diff = app.ask_long("comparing", Request::Diff(old, new));
    }
    let blind = app.blind();
    app.reader.current = None;
    app.reader.show(blind);
}

/// Asks for the cluster of the document.
pub(super) fn twins(app: &mut App) {
    let Some(entry) = app.item().map(|item| item.entry.clone()) else { return };
    app.screen = Screen::Twins;
    if app.twins.document_id != entry.document_id {
        app.twins.document_id.clone_from(&entry.document_id);
        app.twins.members.clear();
        app.twins.chosen = 0;
        app.twins.reader = Reader { bidi: app.reader.bidi, ..Reader::default() };
        app.ask_long("fetching the cluster", Request::Twins(entry));
    }
}

/// Holds the chosen member against the document.
pub(super) fn compare_twin(app: &mut App) {
    let twin = app.twins.members.get(app.twins.chosen).and_then(|twin| twin.text.clone());
    let text = app.reader.document.as_ref().map(|document| Arc::clone(&document.text.text));
    if let (Some(twin), Some(text)) = (twin, text) {
        app.asks.twin_diff = app.ask(Request::Diff(twin, text));
    }
}

/// Asks for tokens of what is on the screen, where they are shown and not there yet.
pub(super) fn tokens(app: &mut App) {
    let reader = &app.reader;
    if !reader.tokenized || reader.document.is_none() {
        return;
    }
    let (top, bottom) = (reader.top, reader.bottom());
    if reader.tokens_of.is_some_and(|(start, end)| start <= top && bottom <= end) {
        return;
    }
    let text = Arc::clone(&reader.shown.text);
    // a line break is where most tokenizers begin anew
    let start = super::super::layout::wrap::anchor(
        &text,
        super::super::layout::wrap::floor_char(&text, top.saturating_sub(CONTEXT)),
    );
    let end = (bottom + 4 * CONTEXT).min(text.len());
    app.reader.tokens_of = Some((start, end));
    app.asks.tokens = app.ask(Request::Tokens(text, start, end));
}

/// Asks for counts of the run.
pub(super) fn overview(app: &mut App) {
    app.screen = Screen::Overview;
    app.overview.by_count = true;
    if app.overview.counts.is_none() && !app.jobs.iter().any(|job| job.name == "counting") {
        app.ask_long("counting", Request::Overview);
    }
}

/// Asks for a distribution and shows it.
pub(super) fn histogram(app: &mut App, annotation: &str) {
    app.screen = Screen::Overview;
    app.overview.annotation = Some(annotation.to_owned());
    app.overview.chosen[3] = 0;
    want_histogram(app, annotation);
}

/// Asks for a distribution unless it is there.
pub(super) fn want_histogram(app: &mut App, annotation: &str) {
    if app.measuring.insert(annotation.to_owned()) {
        app.ask_long("measuring the corpus", Request::Histogram(annotation.to_owned()));
    }
}
