use proptest::prelude::*;

use super::*;
use crate::review::line::{Context, Said, Seen};
use crate::review::log::{Log, read};

/// What a hand on the keyboard does.
#[derive(Debug, Clone)]
enum Key {
    Say(u8, bool, Said),
    Undo,
    Redo,
}

fn keys() -> impl Strategy<Value = Vec<Key>> {
    let verdict =
        prop_oneof![Just(Verdict::Good), Just(Verdict::Defect), Just(Verdict::Skip)].boxed();
    let note = proptest::option::of("[a-z\n\u{e9}\"]{0,6}").boxed();
    let said = prop_oneof![
        (verdict, proptest::collection::vec("[a-c]", 0..3), note.clone())
            .prop_map(|(verdict, kinds, note)| Said::Label { verdict, kinds, note }),
        any::<bool>().prop_map(Said::Flag),
        note.prop_map(Said::Note),
    ];
    let key = prop_oneof![
        3 => (0_u8..4, any::<bool>(), said).prop_map(|(id, repeat, said)| Key::Say(id, repeat, said)),
        2 => Just(Key::Undo),
        1 => Just(Key::Redo),
    ];
    proptest::collection::vec(key, 0..40)
}

fn seen(id: u8, repeat: bool) -> Seen {
    Seen { document_id: format!("doc-{id}"), repeat, sampled: true, ..Seen::default() }
}

/// Presses keys; the lines that come of it and the live state after each.
fn press(keys: &[Key]) -> (Vec<Line>, Vec<State>) {
    let context = Context { reviewer: "me".to_owned(), ..Context::default() };
    let mut state = State::default();
    let (mut lines, mut states): (Vec<Line>, _) = (Vec::new(), vec![State::default()]);
    for key in keys {
        let at = lines.len() as u64;
        let line = match key {
            Key::Say(id, repeat, said) => {
                Some(Line::new(&context, seen(*id, *repeat), said.clone(), at))
            }
            Key::Undo => state.next_undo().map(|last| Line::turn(&context, Act::Undo, last, at)),
            Key::Redo => state.next_redo().map(|last| Line::turn(&context, Act::Redo, last, at)),
        };
        let Some(mut line) = line else { continue };
        line.seq = at + 1;
        state.apply(&line).unwrap();
        lines.push(line);
        states.push(state.clone());
    }
    (lines, states)
}

fn undo_all(state: &mut State, mut seq: u64) -> usize {
    let mut count = 0;
    while let Some(last) = state.next_undo() {
        seq += 1;
        let mut line = Line::turn(&Context::default(), Act::Undo, last, 0);
        line.seq = seq;
        state.apply(&line).unwrap();
        count += 1;
    }
    count
}

proptest! {
    #[test]
    fn a_log_read_again_is_the_live_state(keys in keys()) {
        let (lines, states) = press(&keys);
        for (count, state) in states.iter().enumerate() {
            prop_assert_eq!(&State::fold(&lines[..count]).unwrap(), state);
        }
    }

    #[test]
    fn undoing_everything_leaves_nothing_and_redoing_restores_it(keys in keys()) {
        let (lines, states) = press(&keys);
        let before = states.last().unwrap().clone();
        let mut state = before.clone();
        let count = undo_all(&mut state, lines.len() as u64);
        prop_assert!(state.labels().is_empty() && state.flagged().is_empty());
        prop_assert!(state.history().is_empty() && state.next_undo().is_none());
        for step in 0..count {
            let mut line = Line::turn(&Context::default(), Act::Redo, state.next_redo().unwrap(), 0);
            line.seq = 1000 + step as u64;
            state.apply(&line).unwrap();
        }
        prop_assert_eq!(state.labels(), before.labels());
        prop_assert_eq!(state.history(), before.history());
    }

    #[test]
    fn a_file_cut_anywhere_folds_to_the_state_before_the_torn_line(keys in keys(), cuts in proptest::collection::vec(any::<proptest::sample::Index>(), 8)) {
        let (lines, states) = press(&keys);
        let folder = tempfile::tempdir().unwrap();
        let mut bytes = Vec::new();
        for line in &lines {
            serde_json::to_writer(&mut bytes, line).unwrap();
            bytes.push(b'\n');
        }
        for cut in cuts {
            let cut = cut.index(bytes.len() + 1);
            let path = folder.path().join("me.jsonl");
            std::fs::write(&path, &bytes[..cut]).unwrap();
            let whole = bytes[..cut].split(|byte| *byte == b'\n').count() - 1;
            let (found, _) = read(&path).unwrap();
            prop_assert_eq!(&State::fold(&found).unwrap(), &states[whole]);
            let opened = Log::open(&path).unwrap();
            prop_assert_eq!(&State::fold(&opened.lines).unwrap(), &states[whole]);
        }
    }
}

fn label(id: u8, verdict: Verdict, kinds: &[&str]) -> Key {
    let kinds = kinds.iter().map(|kind| (*kind).to_owned()).collect();
    Key::Say(id, false, Said::Label { verdict, kinds, note: None })
}

#[test]
fn the_last_verdict_counts_and_undo_brings_the_one_before_back() {
    let first = [
        label(1, Verdict::Defect, &["table"]),
        Key::Say(1, false, Said::Flag(true)),
        label(2, Verdict::Good, &[]),
        Key::Say(1, false, Said::Note(Some("odd".to_owned()))),
        label(1, Verdict::Good, &[]),
    ];
    let (_, states) = press(&first);
    let labels = states[5].labels();
    let told: Vec<_> = labels.iter().map(|l| (l.document_id.as_str(), l.verdict)).collect();
    assert_eq!(told, [("doc-1", Verdict::Good), ("doc-2", Verdict::Good)]);
    assert!(labels[0].flagged && labels[0].kinds.is_empty());
    assert_eq!(labels[0].note.as_deref(), Some("odd"));
    let (_, states) = press(&[&first[..], &[Key::Undo]].concat());
    let labels = states.last().unwrap().labels();
    assert_eq!((labels[0].verdict, labels[0].kinds[0].as_str()), (Verdict::Defect, "table"));
    assert_eq!(states.last().unwrap().next_redo().unwrap().seq, 5);
    // another act ends what could be done again
    let (_, states) = press(&[&first[..], &[Key::Undo, label(3, Verdict::Skip, &[])]].concat());
    assert!(states.last().unwrap().next_redo().is_none());
}

#[test]
fn a_repeat_stands_beside_the_first_look() {
    let repeat = Said::Label { verdict: Verdict::Defect, kinds: Vec::new(), note: None };
    let (_, states) = press(&[label(1, Verdict::Good, &[]), Key::Say(1, true, repeat)]);
    let labels = states[2].labels();
    let told: Vec<_> = labels.iter().map(|l| (l.repeat, l.verdict)).collect();
    assert_eq!(told, [(false, Verdict::Good), (true, Verdict::Defect)]);
    assert_eq!(states[2].standing("doc-1", false).verdict, Some(Verdict::Good));
}

#[test]
fn the_last_ten_decisions_are_shown() {
    let keys: Vec<Key> = (0..13).map(|id| label(id, Verdict::Good, &[])).collect();
    let (_, states) = press(&keys);
    let history = states[13].history();
    assert_eq!(history.len(), HISTORY);
    assert_eq!(history[0].document_id, "doc-12");
}

#[test]
fn a_line_that_makes_no_sense_is_refused_and_changes_nothing() {
    let (lines, states) = press(&[label(1, Verdict::Good, &[]), label(2, Verdict::Good, &[])]);
    let mut wrong = Line::turn(&Context::default(), Act::Undo, &lines[0], 0);
    wrong.seq = 3;
    let mut state = states[2].clone();
    assert!(state.apply(&wrong).unwrap_err().contains("number 2"));
    assert_eq!(state, states[2]);
    let error = State::fold(&[lines, vec![wrong]].concat()).unwrap_err();
    assert!(error.starts_with("line 3: "), "{error}");
}
