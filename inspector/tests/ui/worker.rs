//! The worker's thread.

use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use tamis_inspector::InspectError;
use tamis_inspector::model::{
    Document, Draft, Entry, Histogram, Overview, SampleSpec, Trial, Twin, Verdict,
};
use tamis_inspector::summary::Summary;
use tamis_inspector::ui::backend::{Act, Backend, Job, NewRule, Opened, Said, Seen};
use tamis_inspector::ui::worker::{Answer, Ask, Line, LogAct, Reply, Request, Worker};

use crate::fake::FakeBackend;

/// A corpus that takes an hour to count.
struct Slow(FakeBackend);

impl Backend for Slow {
    fn open(&mut self, spec: &SampleSpec, job: &Job) -> Result<Opened, InspectError> {
        self.0.open(spec, job)
    }
    fn draw(&mut self, from: usize, count: usize, job: &Job) -> Result<Vec<Entry>, InspectError> {
        self.0.draw(from, count, job)
    }
    fn find(&mut self, name: &str) -> Result<Option<Entry>, InspectError> {
        self.0.find(name)
    }
    fn fetch(&mut self, entry: &Entry) -> Result<Document, InspectError> {
        self.0.fetch(entry)
    }
    fn twins(&mut self, entry: &Entry, job: &Job) -> Result<Vec<Twin>, InspectError> {
        self.0.twins(entry, job)
    }
    fn overview(&mut self, job: &Job) -> Result<Overview, InspectError> {
        for step in 0..3_600_000_u32 {
            if job.tick(f64::from(step) / 3_600_000.0) {
                return Err(InspectError::Usage("cancelled".into()));
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        self.0.overview(job)
    }
    fn histogram(&mut self, annotation: &str, job: &Job) -> Result<Histogram, InspectError> {
        self.0.histogram(annotation, job)
    }
    fn append(&mut self, act: &Act) -> Result<u64, InspectError> {
        self.0.append(act)
    }
    fn summarize(&mut self) -> Result<Summary, InspectError> {
        self.0.summarize()
    }
    fn try_draft(&mut self, draft: &Draft, job: &Job) -> Result<Trial, InspectError> {
        self.0.try_draft(draft, job)
    }
    fn append_rule(&mut self, rule: &NewRule) -> Result<String, InspectError> {
        self.0.append_rule(rule)
    }
}

#[test]
fn leaving_stops_long_work_and_saves_every_decision() {
    let (sender, answers) = channel::<Answer>();
    let worker = Worker::start(Box::new(Slow(FakeBackend::new())), None, move |answer| {
        let _ = sender.send(answer);
    });
    worker.ask(Ask { id: 1, request: Request::Overview });
    while !matches!(answers.recv().unwrap().reply, Reply::Progress(_)) {}
    let seen = Seen { document_id: "1".into(), id: Some("one".into()), ..Seen::default() };
    for ticket in 1..=3 {
        let said = Said::Label(Verdict::Good, vec![]);
        let act = LogAct::Say(said, Box::new(seen.clone()));
        worker.ask(Ask { id: 1 + ticket, request: Request::Append(ticket, act) });
    }
    let undo = LogAct::Undo(Line::Ticket(3));
    worker.ask(Ask { id: 5, request: Request::Append(4, undo) });
    let began = Instant::now();
    worker.finish();
    assert!(began.elapsed() < Duration::from_secs(5));
    let saved: Vec<(u64, u64)> = answers
        .try_iter()
        .filter_map(|answer| match answer.reply {
            Reply::Saved(ticket, seq) => Some((ticket, seq)),
            _ => None,
        })
        .collect();
    assert_eq!(saved, [(1, 1), (2, 2), (3, 3), (4, 4)]);
}

#[test]
fn one_job_is_stopped_and_the_next_goes_on() {
    let (sender, answers) = channel::<Answer>();
    let worker = Worker::start(Box::new(Slow(FakeBackend::new())), None, move |answer| {
        let _ = sender.send(answer);
    });
    worker.ask(Ask { id: 1, request: Request::Overview });
    worker.ask(Ask { id: 2, request: Request::Histogram("word_count".into()) });
    while !matches!(answers.recv().unwrap().reply, Reply::Progress(_)) {}
    worker.cancel(1);
    let rest = answers.iter().filter(|answer| !matches!(answer.reply, Reply::Progress(_)));
    let next = rest.take(1).next().unwrap();
    assert_eq!(next.id, 2);
    assert!(matches!(next.reply, Reply::Histogram(_)));
    worker.finish();
}
