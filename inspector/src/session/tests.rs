use std::path::Path;

use super::*;
use crate::model::{Population, Verdict};
use crate::ui::backend::{Said, Seen};

/// A corpus of so many documents.
fn corpus(folder: &Path, count: usize) -> String {
    let path = folder.join("in.jsonl");
    let line = |number: usize| {
        let text = format!("Document {number} speaks of rivers.\n").repeat(1 + number % 5);
        format!("{}\n", serde_json::json!({"id": format!("doc-{number}"), "text": text}))
    };
    std::fs::write(&path, (0..count).map(line).collect::<String>()).unwrap();
    path.display().to_string()
}

fn session(input: &str, options: Options) -> Result<Session, InspectError> {
    Session::open(Options {
        inputs: vec![input.to_owned()],
        reviewer: Some("me".to_owned()),
        ..options
    })
}

fn start(session: &mut Session) -> Opened {
    let spec = session.terms.spec.clone();
    session.open_spec(&spec)
}

impl Session {
    fn open_spec(&mut self, spec: &SampleSpec) -> Opened {
        Backend::open(self, spec, &Job::unwatched()).unwrap()
    }

    /// Works behind the screen until nothing is left; the last frame.
    fn rest(&mut self) -> Option<Frame> {
        std::iter::from_fn(|| self.advance().unwrap()).last()
    }

    fn label(&mut self, entry: &Entry, verdict: Verdict, sampled: bool) -> u64 {
        let document = self.fetch(entry).unwrap();
        let seen = Seen {
            document_id: entry.document_id.clone(),
            id: entry.id.clone(),
            content_hash: document.content_hash.clone(),
            size: document.text.text.len() as u64,
            spent_ms: 1000,
            sampled,
            ..Seen::default()
        };
        self.append(&Act::Say(Said::Label(verdict, Vec::new()), Box::new(seen))).unwrap()
    }
}

#[test]
fn a_foreign_file_shows_its_head_until_it_was_read_to_its_end() {
    let folder = tempfile::tempdir().unwrap();
    let input = corpus(folder.path(), 300);
    let mut session = session(&input, Options::default()).unwrap();
    let opened = start(&mut session);
    assert!(!opened.frame.is_sample);
    let head = session.draw(0, 10, &Job::unwatched()).unwrap();
    assert_eq!(head[0].id.as_deref(), Some("doc-0"));
    // the screen may not say that this is a sample, whatever it believes
    session.label(&head[0], Verdict::Defect, true);
    let summary = session.summarize().unwrap();
    assert!(!summary.is_sample && summary.sentence.contains("not a random sample"));
    let manifest = folder.path().join("in.jsonl.review/manifest.json");
    assert!(!manifest.exists(), "a frame that is not known is in no manifest");

    let frame = session.rest().unwrap();
    assert!(frame.is_sample && frame.documents == Some(300));
    assert!(manifest.exists());
    let sample = session.draw(0, 300, &Job::unwatched()).unwrap();
    assert_ne!(sample[0].id, head[0].id);
    session.label(&sample[0], Verdict::Good, true);
    let summary = session.summarize().unwrap();
    assert_eq!((summary.n, summary.defects, summary.is_sample), (1, 0, true));
    // the sizes are counted beside the review and written down
    let frame = session.rest().unwrap();
    assert!(frame.size.is_some_and(|size| size > 300 * 30));
    assert!(session.summarize().unwrap().tokens.unwrap().sequence.is_some());
    drop(session);
    let again = self::session(&input, Options::default()).unwrap();
    assert_eq!(again.review.state().labels().len(), 2);
    let manifest = crate::review::Manifest::read(&again.terms.folder).unwrap().unwrap();
    assert_eq!(manifest.size, frame.size);
}

#[test]
fn what_was_judged_by_browsing_counts_once_the_sample_brings_it() {
    let folder = tempfile::tempdir().unwrap();
    let input = corpus(folder.path(), 100);
    let options = Options { no_repeats: true, ..Options::default() };
    let mut session = session(&input, options).unwrap();
    start(&mut session);
    session.rest();
    let sample = session.draw(0, 100, &Job::unwatched()).unwrap();
    let browse = SampleSpec { filter: Some("word_count > 3".into()), ..session.terms.spec.clone() };
    let opened = session.open_spec(&browse);
    assert!(!opened.frame.is_sample, "a filter is no sample");
    session.label(&sample[4], Verdict::Defect, true);
    assert!(!session.summarize().unwrap().is_sample);
    let counting = session.terms.spec.clone();
    assert_eq!(session.open_spec(&counting).said.len(), 1);
    assert_eq!(session.summarize().unwrap().n, 0);
    session.label(&sample[4], Verdict::Defect, true);
    assert_eq!(session.summarize().unwrap().n, 1);
    // and it stays when it is judged again by browsing
    session.open_spec(&browse);
    session.label(&sample[4], Verdict::Good, false);
    session.open_spec(&counting);
    let summary = session.summarize().unwrap();
    assert_eq!((summary.n, summary.good), (1, 1));
}

#[test]
fn undo_and_redo_are_lines_of_what_is_on_top() {
    let folder = tempfile::tempdir().unwrap();
    let input = corpus(folder.path(), 50);
    let mut session = session(&input, Options::default()).unwrap();
    start(&mut session);
    session.rest();
    let sample = session.draw(0, 5, &Job::unwatched()).unwrap();
    let (first, second) = (
        session.label(&sample[0], Verdict::Good, true),
        session.label(&sample[1], Verdict::Good, true),
    );
    assert!(session.append(&Act::Undo(first)).is_err(), "the second is on top");
    assert_eq!(session.append(&Act::Undo(second)).unwrap(), second + 1);
    assert_eq!(session.summarize().unwrap().n, 1);
    assert_eq!(session.append(&Act::Redo(second)).unwrap(), second + 2);
    assert_eq!(session.summarize().unwrap().n, 2);
}

#[test]
fn another_specification_is_refused_before_the_file_was_read() {
    let folder = tempfile::tempdir().unwrap();
    let input = corpus(folder.path(), 50);
    let mut first = session(&input, Options::default()).unwrap();
    start(&mut first);
    first.rest();
    drop(first);
    let refused = |options| session(&input, options).err().map(|error| error.to_string());
    let seed = refused(Options { seed: Some(8), ..Options::default() }).unwrap();
    assert!(seed.contains("seed was 7 and is 8") && seed.contains("--session"), "{seed}");
    let removed = Options { population: Some(Population::Removed), ..Options::default() };
    assert!(refused(removed).unwrap().contains("tamis run first"));
    assert_eq!(refused(Options::default()), None);

    // a file that grew is another frame, which is known at its end
    corpus(folder.path(), 60);
    let mut grown = session(&input, Options::default()).unwrap();
    start(&mut grown);
    let error = std::iter::from_fn(|| grown.advance().transpose()).find_map(Result::err).unwrap();
    assert!(error.to_string().contains("frame was"), "{error}");
    let head = grown.source.head(1).unwrap();
    let seen = Seen { document_id: head[0].document_id.clone(), ..Seen::default() };
    let said = Act::Say(Said::Flag(true), Box::new(seen));
    assert!(grown.append(&said).is_err(), "nothing is written into another review");
}

#[test]
fn documents_are_found_by_either_name() {
    let folder = tempfile::tempdir().unwrap();
    let input = corpus(folder.path(), 50);
    let mut session = session(&input, Options::default()).unwrap();
    start(&mut session);
    session.rest();
    let sample = session.draw(0, 5, &Job::unwatched()).unwrap();
    let by_name = session.find(sample[3].id.as_deref().unwrap()).unwrap();
    assert_eq!(by_name.as_ref(), Some(&sample[3]));
    let far = session.source.head(50).unwrap();
    let far = far.iter().find(|entry| session.order.find(&entry.document_id).is_none()).unwrap();
    assert_eq!(session.find(&far.document_id).unwrap().as_ref(), Some(far));
    assert_eq!(session.find("nothing").unwrap(), None);
}
