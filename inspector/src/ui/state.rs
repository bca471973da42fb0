//! Everything the screen shows, as plain values.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;

use tui_input::Input;

use super::action::Effect;
use super::backend::{Said, Seen};
use super::keymap::{Key, Keymap};
use super::reader::Reader;
use super::theme::Theme;
use super::worker::{Ask, Line, Request};
use crate::model::{Document, Entry, Frame, Histogram, Overview, SampleSpec, Trial, Twin, Verdict};
use crate::summary::Summary;

/// What a session is about; does not change while it runs.
#[derive(Debug, Clone, Default)]
pub struct Setup {
    /// Who reviews.
    pub reviewer: String,
    /// Kinds of defect by their digits, the first is that of `1`; an empty name where a digit has
    /// none.
    pub kinds: Vec<String>,
    /// Whether flags and marks are hidden until a document is judged.
    pub blind: bool,
    /// The sample that counts.
    pub spec: SampleSpec,
    /// The rule file that drafts are appended to.
    pub rule_file: Option<String>,
    /// Whether a tokenizer was named.
    pub tokenizer: bool,
}

impl Setup {
    /// Kinds of defect that a digit chooses, each with one less than its digit.
    pub fn kinds(&self) -> impl Iterator<Item = (usize, &String)> {
        self.kinds.iter().take(9).enumerate().filter(|(_, kind)| !kind.is_empty())
    }
}

/// A whole screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Screen {
    /// Queue, text, why, statistics.
    #[default]
    Review,
    /// Counts of the run.
    Overview,
    /// Everything the labels say.
    Statistics,
    /// A cluster of duplicates.
    Twins,
    /// A rule in the making.
    Draft,
}

/// A pane of the review screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Pane {
    /// The documents in their order.
    Queue,
    /// The text.
    #[default]
    Reader,
    /// Why, or the metadata.
    Why,
    /// What the labels say.
    Statistics,
    /// The last decisions.
    Recent,
}

/// What lies over the screen and takes the keys.
#[derive(Debug, Clone)]
pub enum Overlay {
    /// Keys of what is focused; rows scrolled away.
    Help(usize),
    /// All commands: what is typed, and the chosen row.
    Palette(Input, usize),
    /// What to search for.
    Search(Input),
    /// A note.
    Note(Input),
    /// A text to read: title and lines.
    Message(String, Vec<String>),
}

/// A document in the queue.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// The document.
    pub entry: Entry,
    /// Whether it is a second look at a document that came before.
    pub repeat: bool,
    /// Its rank in the sample; none for one that was gone to by name.
    pub rank: Option<usize>,
}

/// Where a decision is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Saved {
    /// On its way.
    Waiting,
    /// On the disk.
    Yes,
    /// It could not be written.
    No,
}

/// What holds for a document.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Standing {
    /// The verdict.
    pub verdict: Option<Verdict>,
    /// Kinds of defect.
    pub kinds: Vec<String>,
    /// Whether it is marked for a second look.
    pub flagged: bool,
    /// A note.
    pub note: Option<String>,
    /// Whether a verdict came by the sample, and so counts for rates.
    pub counted: bool,
}

impl Standing {
    /// Takes in one more thing that is said; `sampled` where the sample has drawn the document.
    pub fn take(&mut self, said: &Said, sampled: bool) {
        match said {
            Said::Label(verdict, kinds) => {
                self.counted |= sampled;
                self.verdict = Some(*verdict);
                self.kinds.clone_from(kinds);
            }
            Said::Flag(flagged) => self.flagged = *flagged,
            Said::Note(note) => self.note.clone_from(note),
        }
    }
}

/// A decision of this session, or of the one that goes on.
#[derive(Debug, Clone)]
pub struct Decided {
    /// Its line in the log.
    pub line: Line,
    /// What is said.
    pub said: Said,
    /// Of which document.
    pub seen: Seen,
    /// What held before.
    pub before: Standing,
    /// Whether the log has it, or its undoing.
    pub saved: Saved,
}

/// Verdicts and the way back.
#[derive(Debug, Default)]
pub struct Verdicts {
    /// What holds, by document and whether it is a second look.
    pub standings: HashMap<(String, bool), Standing>,
    /// Decisions, oldest first.
    pub history: Vec<Decided>,
    /// How many of them hold; those behind were taken back.
    pub held: usize,
    /// Kinds chosen for the document on the screen before it is judged.
    pub kinds: Vec<String>,
    /// What is being written, by ticket.
    pub tickets: HashMap<u64, usize>,
    /// The last ticket.
    pub last_ticket: u64,
    /// Milliseconds since 1970 at which the document came on the screen.
    pub since_ms: u64,
}

/// The documents in their order.
#[derive(Debug, Default)]
pub struct Queue {
    /// Those drawn so far.
    pub items: Vec<Item>,
    /// The one on the screen.
    pub current: usize,
    /// The chosen row.
    pub chosen: usize,
    /// Entries of the sample drawn so far.
    pub drawn: usize,
    /// Entries asked for.
    pub asked: usize,
    /// Whether no document without a verdict was drawn so far.
    pub searching: bool,
    /// Whether there are no more.
    pub complete: bool,
    /// A rank to go to once it is drawn.
    pub wanted: Option<usize>,
}

/// The overview.
#[derive(Debug, Default)]
pub struct OverviewState {
    /// Counts.
    pub counts: Option<Overview>,
    /// 0 rules, 1 sources, 2 annotations, 3 bins of the histogram.
    pub table: usize,
    /// Chosen row of each.
    pub chosen: [usize; 4],
    /// Whether tables are sorted by count.
    pub by_count: bool,
    /// The annotation whose distribution is shown.
    pub annotation: Option<String>,
}

/// The cluster of a document.
#[derive(Debug, Default)]
pub struct TwinsState {
    /// Of which document.
    pub document_id: String,
    /// Survivor first.
    pub members: Vec<Twin>,
    /// The member held against the document.
    pub chosen: usize,
    /// Its text against the document's.
    pub reader: Reader,
}

/// A field of the draft.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Field {
    /// The condition or pattern.
    #[default]
    Pattern,
    /// What matches are replaced by.
    With,
    /// The rule's name.
    Id,
    /// Why it exists.
    Why,
}

/// A rule in the making.
#[derive(Debug, Default)]
pub struct DraftState {
    /// 0 `flag_if`, 1 `drop_if`, 2 `remove_lines_matching`, 3 `replace_matches`.
    pub effect: usize,
    /// Condition or pattern.
    pub pattern: Input,
    /// Replacement.
    pub with: Input,
    /// Name.
    pub id: Input,
    /// Reason.
    pub why: Input,
    /// Where the keys go.
    pub field: Field,
    /// What it would do.
    pub trial: Option<Trial>,
    /// Whether the trial is of what is typed.
    pub fresh: bool,
    /// Where it was appended.
    pub appended: Option<String>,
}

/// A long job.
#[derive(Debug, Clone, PartialEq)]
pub struct JobState {
    /// Its number.
    pub id: u64,
    /// What it does.
    pub name: &'static str,
    /// From 0 to 1.
    pub progress: f64,
}

/// A short message.
#[derive(Debug, Clone, PartialEq)]
pub struct Toast {
    /// What it says.
    pub text: String,
    /// Whether something went wrong.
    pub bad: bool,
    /// When it goes, in milliseconds since 1970.
    pub until_ms: u64,
}

/// Rows scrolled away, of the panes that have no state of their own.
#[derive(Debug, Default, Clone, Copy)]
pub struct Scrolls {
    /// Why, or metadata.
    pub why: usize,
    /// Statistics.
    pub statistics: usize,
    /// The draft's results.
    pub draft: usize,
    /// The chosen one of the last decisions, the newest first.
    pub recent: usize,
}

/// The state of the screen.
#[derive(Debug, Default)]
pub struct App {
    /// What the session is about.
    pub setup: Setup,
    /// Columns and rows.
    pub size: (u16, u16),
    /// Milliseconds since 1970, as of the last event.
    pub clock_ms: u64,
    /// Colours.
    pub theme: Theme,
    /// Keys.
    pub keymap: Keymap,
    /// Whether the mouse is ours.
    pub mouse: bool,
    /// Which screen.
    pub screen: Screen,
    /// Which pane.
    pub focus: Pane,
    /// Whether it is alone.
    pub zoom: bool,
    /// Whether the why pane shows metadata.
    pub metadata: bool,
    /// What lies over it.
    pub overlay: Option<Overlay>,
    /// The start of a key sequence.
    pub typed: Vec<Key>,
    /// What the sample is drawn from.
    pub frame: Frame,
    /// The specification of what is on the screen.
    pub spec: SampleSpec,
    /// The last one that could be drawn.
    pub drawn_spec: Option<SampleSpec>,
    /// The documents.
    pub queue: Queue,
    /// The text.
    pub reader: Reader,
    /// The labels.
    pub verdicts: Verdicts,
    /// What they say.
    pub summary: Summary,
    /// Distributions that were fetched.
    pub histograms: HashMap<String, Histogram>,
    /// Those that were asked for.
    pub measuring: HashSet<String>,
    /// The overview.
    pub overview: OverviewState,
    /// The cluster.
    pub twins: TwinsState,
    /// The draft.
    pub draft: DraftState,
    /// Long jobs.
    pub jobs: Vec<JobState>,
    /// A message.
    pub toast: Option<Toast>,
    /// Panes' positions.
    pub scrolls: Scrolls,
    /// Documents that were fetched, the latest last.
    pub documents: VecDeque<Arc<Document>>,
    /// Documents that are being fetched.
    pub fetching: Vec<String>,
    /// Number of the last request.
    pub last_ask: u64,
    /// Requests before it are of another frame.
    pub floor: u64,
    /// Number of the last search, comparison, tokens.
    pub asks: Asks,
    pub(super) effects: Vec<Effect>,
}

/// Numbers of the last requests of which only the last counts.
#[derive(Debug, Default, Clone, Copy)]
pub struct Asks {
    /// Specification.
    pub open: u64,
    /// Search.
    pub search: u64,
    /// Comparison of the reader.
    pub diff: u64,
    /// Comparison of twins.
    pub twin_diff: u64,
    /// Tokens.
    pub tokens: u64,
    /// Draft.
    pub trial: u64,
}

impl App {
    /// A session that has asked for nothing yet; [`super::update::start`] does.
    pub fn new(setup: Setup, keymap: Keymap, theme: Theme, size: (u16, u16)) -> Self {
        let spec = setup.spec.clone();
        let reader = Reader { bidi: true, ..Reader::default() };
        Self { setup, size, theme, keymap, spec, reader, ..Self::default() }
    }

    /// Asks the worker; the number of the request.
    pub(super) fn ask(&mut self, request: Request) -> u64 {
        self.last_ask += 1;
        self.effects.push(Effect::Ask(Ask { id: self.last_ask, request }));
        self.last_ask
    }

    /// Asks for something that may take long.
    pub(super) fn ask_long(&mut self, name: &'static str, request: Request) -> u64 {
        let id = self.ask(request);
        self.jobs.push(JobState { id, name, progress: 0.0 });
        id
    }

    /// Says something.
    pub(super) fn say(&mut self, text: impl Into<String>) {
        self.toast = Some(Toast { text: text.into(), bad: false, until_ms: self.clock_ms + 4000 });
    }

    /// Says that something went wrong.
    pub(super) fn complain(&mut self, text: impl Into<String>) {
        self.toast = Some(Toast { text: text.into(), bad: true, until_ms: self.clock_ms + 8000 });
    }

    /// The document on the screen.
    pub fn item(&self) -> Option<&Item> {
        self.queue.items.get(self.queue.current)
    }

    /// What holds for a place of the queue.
    pub fn standing(&self, item: &Item) -> Option<&Standing> {
        self.verdicts.standings.get(&(item.entry.document_id.clone(), item.repeat))
    }

    /// The verdict on a place of the queue.
    pub fn verdict_of(&self, item: &Item) -> Option<Verdict> {
        self.standing(item).and_then(|standing| standing.verdict)
    }

    /// The verdict on the document on the screen.
    pub fn verdict(&self) -> Option<Verdict> {
        self.item().and_then(|item| self.verdict_of(item))
    }

    /// Whether another sample is on the screen than the one that counts.
    pub fn browsing(&self) -> bool {
        self.spec != self.setup.spec
    }

    /// Whether verdicts count for rates.
    pub fn counts(&self) -> bool {
        self.frame.is_sample && !self.browsing()
    }

    /// Whether flags and marks of a place of the queue are hidden.
    pub fn hides(&self, item: &Item) -> bool {
        self.setup.blind && self.verdict_of(item).is_none()
    }

    /// Whether flags and marks of the document on the screen are hidden.
    pub fn blind(&self) -> bool {
        self.item().is_some_and(|item| self.hides(item))
    }
}
