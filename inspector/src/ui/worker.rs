//! The one thread that waits for data, so that no key press does.

use std::collections::{HashMap, HashSet, VecDeque};
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use regex::Regex;
use tamis_kernels::TextTokenizer;

use super::backend::{Act, Backend, EVERYTHING, Job, NewRule, Opened, Said, Seen};
use super::diff::{Diff, compare};
use super::search::Search;
use super::tokens::{Token, open as open_tokenizer, tokens};
use crate::InspectError;
use crate::model::{Document, Draft, Entry, Frame, Histogram, Overview, SampleSpec, Trial, Twin};
use crate::summary::Summary;

/// Time that a comparison of two texts may take.
const DIFF_TIME: Duration = Duration::from_secs(3);

/// Something asked of the worker.
#[derive(Debug, Clone)]
pub enum Request {
    /// Draw by a specification.
    Open(SampleSpec),
    /// Entries of the sample from a rank.
    Draw(usize, usize),
    /// A document by name, to go to.
    Find(String),
    /// The document at a rank; `ahead` for one that is not on the screen yet.
    Fetch {
        /// Where it stands.
        entry: Entry,
        /// Whether it is fetched ahead.
        ahead: bool,
    },
    /// The cluster of a document.
    Twins(Entry),
    /// Counts of the run.
    Overview,
    /// The distribution of an annotation.
    Histogram(String),
    /// A decision; the ticket names it until the log has numbered it.
    Append(u64, LogAct),
    /// What the labels say.
    Summarize,
    /// What a draft would do.
    Try(Draft),
    /// Append a rule to the user's file.
    AppendRule(NewRule),
    /// Search a text, slice by slice.
    Search(Arc<str>, Regex),
    /// Compare two texts: old and new.
    Diff(Arc<str>, Arc<str>),
    /// Tokens of a text between two bytes.
    Tokens(Arc<str>, usize, usize),
}

/// A line for the log, in which other lines are named by ticket.
#[derive(Debug, Clone, PartialEq)]
pub enum LogAct {
    /// Something is said of a document.
    Say(Said, Box<Seen>),
    /// What the ticket wrote is undone.
    Undo(Line),
    /// What the ticket wrote holds again.
    Redo(Line),
}

/// A line of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Line {
    /// By its number, where it is known.
    Seq(u64),
    /// By the ticket under which it was written in this session.
    Ticket(u64),
}

/// What the worker answers.
#[derive(Debug, Clone)]
pub enum Reply {
    /// A frame with its labels.
    Opened(Box<Opened>),
    /// Entries from a rank.
    Drawn(usize, Vec<Entry>),
    /// The entry that was looked for.
    Found(String, Option<Entry>),
    /// A document.
    Fetched(Arc<Document>),
    /// A document that could not be read: its id and why.
    FetchFailed(String, String),
    /// A cluster of a document.
    Twins(String, Vec<Twin>),
    /// Counts of the run.
    Overview(Box<Overview>),
    /// A distribution.
    Histogram(Box<Histogram>),
    /// The ticket's line is on the disk under this number.
    Saved(u64, u64),
    /// The ticket's line could not be written.
    NotSaved(u64, String),
    /// What the labels say.
    Summary(Box<Summary>),
    /// What a draft would do.
    Tried(Box<Trial>),
    /// Where the rule stands now.
    RuleAppended(String),
    /// Matches so far (none where nothing new was found), their number, and whether that is all.
    Matches(Arc<[(usize, usize)]>, u64, bool),
    /// Two texts compared; none where they are too long.
    Diff(Option<Arc<Diff>>),
    /// Tokens of a text.
    Tokens(Arc<[Token]>),
    /// How far the job is.
    Progress(f64),
    /// The frame became better known.
    Frame(Box<Frame>),
    /// It could not be done.
    Failed(String),
}

/// A request under its number.
#[derive(Debug, Clone)]
pub struct Ask {
    /// Number of the request; replies carry it.
    pub id: u64,
    /// What is asked.
    pub request: Request,
}

/// A reply under the number of its request; zero where nobody asked.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Number of the request.
    pub id: u64,
    /// What is answered.
    pub reply: Reply,
}

/// The worker from outside.
pub struct Worker {
    asks: Option<Sender<Ask>>,
    cancelled: Arc<Mutex<HashSet<u64>>>,
    thread: Option<JoinHandle<()>>,
}

impl Worker {
    /// Starts it; `answer` takes what it says.
    pub fn start(
        backend: Box<dyn Backend>,
        tokenizer: Option<PathBuf>,
        answer: impl Fn(Answer) + Send + Sync + 'static,
    ) -> Self {
        let (asks, receiver) = channel();
        let cancelled: Arc<Mutex<HashSet<u64>>> = Arc::default();
        let answer: Arc<dyn Fn(Answer) + Send + Sync> = Arc::new(answer);
        let mut desk = Desk::new(backend, tokenizer, Arc::clone(&cancelled), answer);
        let thread = std::thread::spawn(move || desk.work(&receiver));
        Self { asks: Some(asks), cancelled, thread: Some(thread) }
    }

    /// Asks something.
    pub fn ask(&self, ask: Ask) {
        if let Some(asks) = &self.asks {
            // a worker that is gone says so by its thread's result
            let _ = asks.send(ask);
        }
    }

    /// Lets go of a request.
    pub fn cancel(&self, id: u64) {
        self.cancelled.lock().unwrap_or_else(PoisonError::into_inner).insert(id);
    }

    /// Stops long jobs and waits until everything that was asked to be saved is saved.
    pub fn finish(mut self) {
        self.cancel(EVERYTHING);
        self.asks = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// What the thread holds.
pub struct Desk {
    backend: Box<dyn Backend>,
    tokenizer_path: Option<PathBuf>,
    tokenizer: Option<TextTokenizer>,
    cancelled: Arc<Mutex<HashSet<u64>>>,
    answer: Arc<dyn Fn(Answer) + Send + Sync>,
    waiting: VecDeque<Ask>,
    searching: Option<(u64, Search)>,
    lines: HashMap<u64, u64>,
    idle: bool,
}

impl Desk {
    /// A desk without work.
    pub fn new(
        backend: Box<dyn Backend>,
        tokenizer_path: Option<PathBuf>,
        cancelled: Arc<Mutex<HashSet<u64>>>,
        answer: Arc<dyn Fn(Answer) + Send + Sync>,
    ) -> Self {
        Self {
            backend,
            tokenizer_path,
            tokenizer: None,
            cancelled,
            answer,
            waiting: VecDeque::new(),
            searching: None,
            lines: HashMap::new(),
            idle: false,
        }
    }

    fn work(&mut self, asks: &Receiver<Ask>) {
        loop {
            loop {
                match asks.try_recv() {
                    Ok(ask) => self.take(ask),
                    Err(TryRecvError::Empty) => break,
                    Err(TryRecvError::Disconnected) => return self.close(),
                }
            }
            if !self.step() {
                match asks.recv() {
                    Ok(ask) => self.take(ask),
                    Err(_) => return self.close(),
                }
            }
        }
    }

    /// Writes what is still to be written.
    fn close(&mut self) {
        let waiting = std::mem::take(&mut self.waiting);
        for ask in waiting.into_iter().filter(|ask| matches!(ask.request, Request::Append(..))) {
            self.handle(ask);
        }
    }

    /// Puts a request into its place.
    pub fn take(&mut self, ask: Ask) {
        self.idle = false;
        match ask.request {
            // a search replaces the one before
            Request::Search(text, pattern) => {
                self.searching = Some((ask.id, Search::new(text, pattern)));
            }
            _ => self.waiting.push_back(ask),
        }
    }

    /// Does the most urgent thing; false where there is nothing to do.
    pub fn step(&mut self) -> bool {
        let next = (0..self.waiting.len()).min_by_key(|&at| urgency(&self.waiting[at].request));
        if let Some(ask) = next.and_then(|at| self.waiting.remove(at)) {
            self.handle(ask);
            return true;
        }
        if let Some((id, mut search)) = self.searching.take() {
            self.search(id, &mut search).then(|| self.searching = Some((id, search)));
            return true;
        }
        !self.idle && self.advance()
    }

    fn advance(&mut self) -> bool {
        match self.backend.advance() {
            Ok(Some(frame)) => {
                self.say(0, Reply::Frame(Box::new(frame)));
                true
            }
            Ok(None) => {
                self.idle = true;
                false
            }
            Err(error) => {
                self.idle = true;
                self.say(0, Reply::Failed(error.to_string()));
                false
            }
        }
    }

    fn say(&self, id: u64, reply: Reply) {
        (self.answer)(Answer { id, reply });
    }

    /// One slice of a search; whether there is more.
    fn search(&self, id: u64, search: &mut Search) -> bool {
        if self.is_cancelled(id) {
            return false;
        }
        let before = search.matches.len();
        let done = search.step();
        if done || search.matches.len() > before && before < 1000 {
            let matches = Arc::from(search.matches.as_slice());
            self.say(id, Reply::Matches(matches, search.found, done));
        }
        if !done {
            self.say(id, Reply::Progress(search.progress()));
        }
        !done
    }

    fn is_cancelled(&self, id: u64) -> bool {
        let cancelled = self.cancelled.lock().unwrap_or_else(PoisonError::into_inner);
        cancelled.contains(&id) || cancelled.contains(&EVERYTHING)
    }

    fn job(&self, id: u64) -> Job {
        let answer = Arc::clone(&self.answer);
        Job::new(
            id,
            Arc::clone(&self.cancelled),
            Arc::new(move |id, progress| answer(Answer { id, reply: Reply::Progress(progress) })),
        )
    }

    fn handle(&mut self, ask: Ask) {
        if self.is_cancelled(ask.id) && !matches!(ask.request, Request::Append(..)) {
            return;
        }
        let reply = match ask.request {
            Request::Append(ticket, act) => self.append(ticket, act),
            Request::Fetch { entry, .. } => self.fetch(&entry),
            request => {
                let opens = matches!(request, Request::Open(_));
                match self.look(ask.id, request) {
                    Ok(reply) => reply,
                    // who stopped it knows; a sample that was not opened is another matter
                    Err(_) if !opens && self.is_cancelled(ask.id) => return,
                    Err(error) => Reply::Failed(error.to_string()),
                }
            }
        };
        self.say(ask.id, reply);
    }

    fn fetch(&mut self, entry: &Entry) -> Reply {
        match self.backend.fetch(entry) {
            Ok(document) => Reply::Fetched(Arc::new(document)),
            Err(error) => Reply::FetchFailed(entry.document_id.clone(), error.to_string()),
        }
    }

    fn append(&mut self, ticket: u64, act: LogAct) -> Reply {
        let act = match act {
            LogAct::Say(said, seen) => Some(Act::Say(said, seen)),
            LogAct::Undo(line) => self.seq(line).map(Act::Undo),
            LogAct::Redo(line) => self.seq(line).map(Act::Redo),
        };
        let Some(act) = act else {
            return Reply::NotSaved(ticket, "the line it is about was not written".to_owned());
        };
        match self.backend.append(&act) {
            Ok(seq) => {
                self.lines.insert(ticket, seq);
                Reply::Saved(ticket, seq)
            }
            Err(error) => Reply::NotSaved(ticket, error.to_string()),
        }
    }

    fn seq(&self, line: Line) -> Option<u64> {
        match line {
            Line::Seq(seq) => Some(seq),
            Line::Ticket(ticket) => self.lines.get(&ticket).copied(),
        }
    }

    fn look(&mut self, id: u64, request: Request) -> Result<Reply, InspectError> {
        let job = self.job(id);
        Ok(match request {
            Request::Open(spec) => Reply::Opened(Box::new(self.backend.open(&spec, &job)?)),
            Request::Draw(from, count) => Reply::Drawn(from, self.backend.draw(from, count, &job)?),
            Request::Find(name) => {
                let entry = self.backend.find(&name)?;
                Reply::Found(name, entry)
            }
            Request::Twins(entry) => {
                let twins = self.backend.twins(&entry, &job)?;
                Reply::Twins(entry.document_id, twins)
            }
            Request::Overview => Reply::Overview(Box::new(self.backend.overview(&job)?)),
            Request::Histogram(name) => {
                Reply::Histogram(Box::new(self.backend.histogram(&name, &job)?))
            }
            Request::Summarize => Reply::Summary(Box::new(self.backend.summarize()?)),
            Request::Try(draft) => Reply::Tried(Box::new(self.backend.try_draft(&draft, &job)?)),
            Request::AppendRule(rule) => Reply::RuleAppended(self.backend.append_rule(&rule)?),
            Request::Diff(old, new) => Reply::Diff(compare(&old, &new, DIFF_TIME).map(Arc::new)),
            Request::Tokens(text, start, end) => self.tokens(&text, start, end)?,
            Request::Append(..) | Request::Fetch { .. } | Request::Search(..) => {
                Reply::Failed("asked at the wrong desk".to_owned())
            }
        })
    }

    fn tokens(&mut self, text: &str, start: usize, end: usize) -> Result<Reply, InspectError> {
        if self.tokenizer.is_none() {
            let path = self.tokenizer_path.as_ref().ok_or_else(|| {
                InspectError::Usage(
                    "no tokenizer was named; start again with --tokenizer FILE".to_owned(),
                )
            })?;
            self.tokenizer = Some(open_tokenizer(path)?);
        }
        let found = match &self.tokenizer {
            Some(tokenizer) => tokens(tokenizer, text, start, end)?,
            None => Vec::new(),
        };
        Ok(Reply::Tokens(found.into()))
    }
}

/// What comes first: decisions, then what a person waits for, then what is fetched ahead.
fn urgency(request: &Request) -> u8 {
    match request {
        Request::Append(..) => 0,
        Request::Open(_) => 1,
        // as they come: the document on the screen does not wait for those far behind it
        Request::Draw(..) | Request::Find(_) | Request::Fetch { ahead: false, .. } => 2,
        Request::Summarize => 4,
        Request::Tokens(..) | Request::Diff(..) | Request::Search(..) => 5,
        Request::Fetch { ahead: true, .. } => 6,
        Request::Twins(_)
        | Request::Overview
        | Request::Histogram(_)
        | Request::Try(_)
        | Request::AppendRule(_) => 7,
    }
}
