//! A session of `tamis inspect`: the data, the log and the statistics behind the screen.
//!
//! A run and Parquet are a sample from the start. Of a foreign JSONL file the head can be read
//! while [`Session::advance`] reads the rest; verdicts until then are kept and count for nothing.

mod drafts;
mod measure;
mod open;
mod order;
mod said;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::time::{Duration, Instant};

use self::measure::Measuring;
pub use self::open::Options;
use self::open::{Terms, by_digit, remembered};
use self::order::Order;
use crate::InspectError;
use crate::data::{Prefetch, Progress, Source, is_cancelled};
use crate::model::{Document, Draft, Entry, Frame, Histogram, Overview, SampleSpec, Trial, Twin};
use crate::review::Review;
use crate::stats::summarize;
use crate::summary::Summary;
use crate::ui::Setup;
use crate::ui::backend::{Act, Backend, Job, NewRule, Opened};

/// Time that work behind the screen takes before it looks for something more urgent.
const SLICE: Duration = Duration::from_millis(20);

/// Documents of the head that can be read before there is a sample.
const HEAD: usize = 1000;

/// Members of a cluster that are shown.
const TWINS: usize = 20;

/// Largest corpus whose texts are scanned for their sizes without being asked.
const SCANNED_MAX: u64 = 4 << 30;

/// An opened input with the review of it.
pub struct Session {
    terms: Terms,
    source: Source,
    review: Review,
    /// Whether the manifest is settled, or why it cannot be.
    settled: Result<bool, String>,
    /// What is on the screen.
    spec: SampleSpec,
    /// What is known of the frame of the sample that counts.
    frame: Frame,
    order: Order,
    /// Documents on the screen and near it.
    documents: Prefetch,
    /// Documents that drafts are tried on.
    read: Prefetch,
    /// Where documents stand that were on the screen.
    entries: HashMap<String, Entry>,
    measuring: Option<Measuring>,
    measured: bool,
}

/// A job, as the data see it.
struct Watch<'a>(&'a Job);

impl Progress for Watch<'_> {
    fn progress(&self, share: f64) {
        self.0.tick(share);
    }

    fn cancelled(&self) -> bool {
        self.0.cancelled()
    }
}

/// Work that stops after a while and goes on later.
struct Slice(Instant);

impl Progress for Slice {
    fn progress(&self, _share: f64) {}

    fn cancelled(&self) -> bool {
        self.0.elapsed() >= SLICE
    }
}

impl Session {
    /// Opens input and review. What the review has settled stays; anything else that is asked for
    /// is refused with the difference.
    pub fn open(options: Options) -> Result<Self, InspectError> {
        open::open(options)
    }

    /// What the screen is told about the session; `tokenizer` says whether one was named.
    pub fn setup(&self, tokenizer: bool) -> Setup {
        Setup {
            reviewer: self.review.reviewer().to_owned(),
            kinds: by_digit(&self.terms.choices.kinds),
            blind: self.terms.choices.blind,
            spec: self.terms.spec.clone(),
            rule_file: self.terms.rule_file.as_ref().map(|file| file.display().to_string()),
            tokenizer,
        }
    }

    /// What is worth saying before the screen opens: files that cannot be read, a torn log.
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = self.source.warnings();
        warnings.extend(self.review.torn().map(|torn| {
            let kept = torn.kept.as_ref().map(|path| format!(", kept in {}", path.display()));
            format!(
                "the last line of the log was torn ({} bytes{}); it was never shown as saved",
                torn.bytes,
                kept.unwrap_or_default()
            )
        }));
        warnings
    }

    fn is_settled(&self) -> bool {
        self.settled == Ok(true)
    }

    /// Whether the sample that counts is on the screen, or its file's head.
    fn is_counting(&self) -> bool {
        self.spec == self.terms.spec
    }

    /// Settles the manifest as soon as the frame is known.
    fn settle(&mut self) -> Result<(), InspectError> {
        if self.settled != Ok(false) || !self.is_counting() {
            return Ok(());
        }
        let frame = self.source.frame();
        if !frame.is_sample {
            self.frame = frame;
            return Ok(());
        }
        let asked = self.terms.manifest(&frame, &self.source);
        if let Err(error) = self.review.settle(&self.terms.folder, asked) {
            self.settled = Err(error.to_string());
            return Err(error);
        }
        self.frame = remembered(frame, self.review.manifest());
        self.settled = Ok(true);
        Ok(())
    }

    /// The frame of what is on the screen.
    fn shown_frame(&self) -> Frame {
        if self.is_counting() {
            self.frame.clone()
        } else {
            Frame { is_sample: false, ..self.source.frame() }
        }
    }

    /// Draws the sample that counts, second looks included, as far as `wanted`.
    fn fill(&mut self, wanted: usize, progress: &dyn Progress) -> Result<(), InspectError> {
        let repeats = self.review.manifest().repeats;
        let repeats = repeats.as_ref().map(|repeats| (repeats, self.review.reviewer()));
        let draw = |from, count| self.source.draw(&self.terms.spec, from, count, progress);
        self.order.fill(wanted, repeats, draw)?;
        // strata and weights are known from the first draw on
        let known = self.source.frame();
        if known.size.is_some() && self.frame.size.is_none() {
            self.learn(known)?;
        }
        Ok(())
    }

    /// Takes in what was counted of the frame.
    fn learn(&mut self, known: Frame) -> Result<(), InspectError> {
        self.frame.documents = known.documents;
        self.frame.size = known.size;
        self.frame.size_max = known.size_max;
        self.frame.strata = known.strata;
        self.measured = true;
        self.review.learn(&self.terms.folder, &self.frame)
    }

    /// Starts to count sizes once there is a label that they matter for.
    fn want_sizes(&mut self) {
        let small = self.source.scanned_bytes().is_none_or(|bytes| bytes <= SCANNED_MAX);
        if self.measured || self.frame.size.is_some() || !small {
            return;
        }
        self.measured = true;
        let (inputs, columns) = (self.terms.inputs.clone(), self.terms.columns.clone());
        self.measuring = Some(Measuring::start(inputs, columns, self.terms.spec.clone()));
    }
}

impl Backend for Session {
    fn open(&mut self, spec: &SampleSpec, job: &Job) -> Result<Opened, InspectError> {
        self.source.check(spec)?;
        self.source.draw(spec, 0, 0, &Watch(job))?;
        self.spec = spec.clone();
        self.settle()?;
        let said = self.review.state().in_force().filter_map(said::to_screen).collect();
        Ok(Opened { frame: self.shown_frame(), said, summary: self.summarize()? })
    }

    fn draw(&mut self, from: usize, count: usize, job: &Job) -> Result<Vec<Entry>, InspectError> {
        let wanted = from.saturating_add(count);
        if !self.is_counting() {
            return self.source.draw(&self.spec, from, count, &Watch(job));
        }
        match &self.settled {
            Ok(true) => {
                self.fill(wanted, &Watch(job))?;
                Ok(self.order.slice(from, count))
            }
            Ok(false) => {
                let head = self.source.head(wanted.min(HEAD))?;
                Ok(head.into_iter().skip(from).collect())
            }
            Err(why) => Err(InspectError::Usage(why.clone())),
        }
    }

    fn find(&mut self, name: &str) -> Result<Option<Entry>, InspectError> {
        if let Some(known) = self.order.find(name) {
            return Ok(Some(known.clone()));
        }
        let called = |entry: &&Entry| entry.id.as_deref() == Some(name);
        match self.entries.get(name).or_else(|| self.entries.values().find(called)) {
            Some(known) => Ok(Some(known.clone())),
            None => self.source.find(name),
        }
    }

    fn fetch(&mut self, entry: &Entry) -> Result<Document, InspectError> {
        self.entries.insert(entry.document_id.clone(), entry.clone());
        if let Some(known) = self.documents.get(&entry.document_id) {
            // the place in the order is that of this sample, the text is the same
            let entry = Entry { size: known.entry.size, ..entry.clone() };
            return Ok(Document { entry, ..(*known).clone() });
        }
        let document = self.source.fetch(entry)?;
        Ok((*self.documents.put(document)).clone())
    }

    fn twins(&mut self, entry: &Entry, _job: &Job) -> Result<Vec<Twin>, InspectError> {
        self.source.twins(entry, TWINS)
    }

    fn overview(&mut self, _job: &Job) -> Result<Overview, InspectError> {
        self.source.overview()
    }

    fn histogram(&mut self, annotation: &str, _job: &Job) -> Result<Histogram, InspectError> {
        self.source.histogram(annotation)
    }

    fn append(&mut self, act: &Act) -> Result<u64, InspectError> {
        if let Err(why) = &self.settled {
            return Err(InspectError::Usage(why.clone()));
        }
        match act {
            Act::Say(said, seen) => {
                let drawn = seen.sampled && self.is_settled() && self.is_counting();
                // what the sample drew once stays of the sample, wherever it is judged again
                let sampled =
                    drawn || !seen.repeat && self.review.state().is_sampled(&seen.document_id);
                let (seen, said) = said::to_log(said, seen, sampled);
                self.review.say(seen, said)
            }
            Act::Undo(seq) => {
                let top = self.review.state().next_undo().map(|line| line.seq);
                expect_top(top, *seq)?;
                self.review.undo()?;
                Ok(self.review.last_seq())
            }
            Act::Redo(seq) => {
                let top = self.review.state().next_redo().map(|line| line.seq);
                expect_top(top, *seq)?;
                self.review.redo()?;
                Ok(self.review.last_seq())
            }
        }
    }

    fn summarize(&mut self) -> Result<Summary, InspectError> {
        let labels = self.review.state().labels();
        if self.is_settled() && labels.iter().any(|label| label.sampled) {
            self.want_sizes();
        }
        let frame = match self.counted_frame() {
            Some(frame) if self.is_counting() => frame.clone(),
            _ => Frame::default(),
        };
        Ok(summarize(&labels, &frame, &self.terms.settings))
    }

    fn try_draft(&mut self, draft: &Draft, job: &Job) -> Result<Trial, InspectError> {
        self.trial(draft, job)
    }

    fn append_rule(&mut self, rule: &NewRule) -> Result<String, InspectError> {
        self.add_rule(rule)
    }

    fn advance(&mut self) -> Result<Option<Frame>, InspectError> {
        if self.settled == Ok(false) {
            let slice = Slice(Instant::now());
            match self.source.prepare(&self.terms.spec, &slice) {
                Ok(()) => {}
                Err(error) if is_cancelled(&error) => {}
                Err(error) => return Err(error),
            }
            if self.is_counting() {
                self.settle()?;
            }
            // while something else is on the screen the pass may end, and be settled on the way back
            let waits = !self.is_counting() && self.source.frame().is_sample;
            return Ok((!waits).then(|| self.shown_frame()));
        }
        let Some(measuring) = &self.measuring else { return Ok(None) };
        match measuring.wait(SLICE) {
            None => {}
            Some(known) => {
                self.measuring = None;
                self.learn(known?)?;
            }
        }
        Ok(Some(self.shown_frame()))
    }
}

/// The screen and the log must mean the same act.
fn expect_top(top: Option<u64>, seq: u64) -> Result<(), InspectError> {
    if top == Some(seq) {
        return Ok(());
    }
    Err(InspectError::Usage(format!("line {seq} of the log is not the one that is next")))
}
