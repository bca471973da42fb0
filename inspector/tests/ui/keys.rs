//! What keys do.

use tamis_inspector::model::Verdict;
use tamis_inspector::ui::state::Saved;
use tamis_inspector::ui::{Effect, Setup};

use crate::bench::{Bench, setup};
use crate::fake::FakeBackend;

fn bench() -> Bench {
    Bench::new((120, 40), setup(), FakeBackend::new())
}

fn name(bench: &Bench) -> String {
    bench.app.item().map(|item| item.entry.name().to_owned()).unwrap()
}

#[test]
fn one_key_judges_saves_and_goes_on() {
    let mut bench = bench();
    let first = name(&bench);
    bench.keys("a");
    assert_ne!(name(&bench), first);
    assert_eq!(bench.app.verdicts.history[0].saved, Saved::Yes);
    assert_eq!(bench.app.summary.good, 1);
    assert!(bench.screen().contains("saved"));
}

#[test]
fn a_decision_is_saved_only_once_the_log_says_so() {
    let mut bench = bench();
    bench.act(tamis_inspector::ui::Action::Key(crate::bench::parse("a")[0]));
    assert_eq!(bench.app.verdicts.history[0].saved, Saved::Waiting);
    assert!(!bench.screen().contains("saved"));
    bench.settle();
    assert!(bench.screen().contains("saved"));
}

#[test]
fn a_full_disk_is_said() {
    let mut backend = FakeBackend::new();
    backend.full_disk = true;
    let mut bench = Bench::new((120, 40), setup(), backend);
    bench.keys("a");
    let screen = bench.screen();
    assert!(screen.contains("NOT SAVED") && screen.contains("no space left"), "{screen}");
}

#[test]
fn undo_and_redo_cross_documents() {
    let mut bench = bench();
    let first = name(&bench);
    bench.keys("axa");
    assert_eq!(bench.app.summary.n, 3);
    bench.keys("U<backspace><ctrl-z>");
    assert_eq!(bench.app.summary.n, 0);
    assert_eq!(name(&bench), first);
    assert_eq!(bench.app.verdict(), None);
    bench.keys("U");
    assert!(bench.screen().contains("nothing to undo"));
    bench.keys("RR");
    assert_eq!((bench.app.summary.good, bench.app.summary.defects), (1, 1));
    bench.keys("UR");
    assert_eq!((bench.app.summary.good, bench.app.summary.defects), (1, 1));
    bench.keys("a");
    assert_eq!(bench.app.verdicts.history.len(), 3);
}

#[test]
fn digits_are_kinds_of_the_defect() {
    let mut bench = bench();
    bench.keys("12x");
    assert_eq!(bench.app.verdicts.history[0].after.kinds, ["table", "boilerplate"]);
    bench.keys("[1");
    let label = &bench.app.verdicts.history[1].after;
    assert_eq!(
        (label.verdict, label.kinds.as_slice()),
        (Verdict::Defect, &["boilerplate".to_owned()][..])
    );
    bench.keys("9");
    assert!(bench.screen().contains("there is no kind 9"));
}

#[test]
fn notes_and_flags_are_saved_with_the_verdict() {
    let mut bench = bench();
    bench.keys("fithe table is gone<enter>x");
    let label = &bench.app.verdicts.history[0].after;
    assert!(label.flagged);
    assert_eq!(label.note.as_deref(), Some("the table is gone"));
    bench.keys("[f");
    assert!(!bench.app.verdicts.history[1].after.flagged);
}

#[test]
fn blind_hides_until_judged() {
    let mut bench = Bench::new((120, 40), Setup { blind: true, ..setup() }, FakeBackend::new());
    let screen = bench.screen();
    assert!(!screen.contains("lost-tables") && !screen.contains("missing"), "{screen}");
    bench.keys("x[");
    assert!(bench.screen().contains("table missing"));
}

#[test]
fn verdicts_of_a_head_or_a_filter_do_not_count() {
    let mut bench = Bench::new((120, 40), setup(), FakeBackend::new().head());
    bench.keys("a");
    assert!(!bench.app.verdicts.history[0].after.sampled);
    assert!(bench.screen().contains("not a random sample"));
    let mut bench = self::bench();
    bench.keys(":filter x > 1<enter>a");
    assert!(!bench.app.verdicts.history[0].after.sampled);
    bench.keys("<esc><esc>");
    assert!(!bench.app.browsing());
    bench.keys("a");
    assert!(bench.app.verdicts.history[1].after.sampled);
}

#[test]
fn a_search_steps_through_matches() {
    let mut bench = bench();
    bench.keys("/the<enter>");
    assert!(bench.app.reader.found.as_ref().is_some_and(|found| found.complete && found.total > 2));
    bench.keys("nn");
    assert_eq!(bench.app.reader.found.as_ref().unwrap().current, Some(2));
    bench.keys("<esc>");
    assert!(bench.app.reader.found.is_none());
    bench.keys("/qqzz<enter>");
    assert!(bench.screen().contains("no match"));
}

#[test]
fn resizing_keeps_the_place() {
    let text = "a line of words that goes on for a while\n".repeat(2000);
    let mut bench = Bench::new((120, 40), setup(), FakeBackend::of("long", &text));
    bench.keys("<ctrl-d><ctrl-d><ctrl-d>");
    let top = bench.app.reader.top;
    assert!(top > 0);
    bench.resize(60, 30);
    bench.resize(200, 50);
    bench.resize(120, 40);
    assert_eq!(bench.app.reader.top, top);
    bench.keys("G");
    assert_eq!(bench.app.reader.bottom(), text.len());
    bench.keys("gg");
    assert_eq!(bench.app.reader.top, 0);
}

#[test]
fn a_selection_becomes_a_rule_that_is_tried_and_appended() {
    let mut bench = bench();
    bench.keys("vllllllD");
    assert!(!bench.app.draft.pattern.value().is_empty());
    bench.keys("<ctrl-s>");
    assert!(bench.screen().contains("try the rule first"));
    bench.keys("<enter>");
    assert!(bench.app.draft.trial.as_ref().is_some_and(|trial| trial.hits > 0));
    bench.keys("<tab><tab>house/x<tab>because<ctrl-s>");
    assert!(bench.screen().contains("rules/house.yaml:412 (house/x)"));
}

#[test]
fn the_overview_leads_to_its_documents() {
    let mut bench = bench();
    bench.keys("O<enter>");
    assert_eq!(bench.app.spec.filter.as_deref(), Some("rule = 'web/too-short'"));
    assert!(bench.screen().contains("not a random sample: browsing rule = 'web/too-short'"));
}

#[test]
fn keys_of_the_terminal_become_effects() {
    let mut bench = bench();
    bench.keys("ymeq");
    let kinds: Vec<&str> = bench
        .effects
        .iter()
        .map(|effect| match effect {
            Effect::Yank(_) => "yank",
            Effect::Mouse(true) => "mouse",
            Effect::Edit(..) => "edit",
            Effect::Quit => "quit",
            _ => "other",
        })
        .collect();
    assert_eq!(kinds, ["yank", "mouse", "edit", "quit"]);
}

#[test]
fn a_wrong_filter_is_explained_and_can_be_left() {
    let mut bench = bench();
    bench.keys(":filter nonsense<enter>");
    assert!(bench.screen().contains("no column is called"));
    bench.keys("<esc><esc><esc>");
    assert!(bench.screen().contains("lost-table-bridge"));
}
