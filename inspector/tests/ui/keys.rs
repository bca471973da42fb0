//! What keys do.

use tamis_inspector::model::Verdict;
use tamis_inspector::ui::backend::Said;
use tamis_inspector::ui::state::{Saved, Standing};
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
    let both = vec!["table".to_owned(), "boilerplate".to_owned()];
    assert_eq!(bench.app.verdicts.history[0].said, Said::Label(Verdict::Defect, both));
    bench.keys("[1");
    let one = vec!["boilerplate".to_owned()];
    assert_eq!(bench.app.verdicts.history[1].said, Said::Label(Verdict::Defect, one));
    bench.keys("U");
    assert_eq!(bench.app.verdicts.kinds, ["table", "boilerplate"]);
    bench.keys("9");
    assert!(bench.screen().contains("there is no kind 9"));
}

#[test]
fn notes_and_flags_are_decisions_of_their_own() {
    let mut bench = bench();
    bench.keys("fithe table is gone<enter>x");
    let said: Vec<_> = bench.app.verdicts.history.iter().map(|one| one.said.clone()).collect();
    let note = Said::Note(Some("the table is gone".to_owned()));
    assert_eq!(said, [Said::Flag(true), note, Said::Label(Verdict::Defect, vec![])]);
    bench.keys("[f");
    assert_eq!(bench.app.verdicts.history[3].said, Said::Flag(false));
    bench.keys("UUUU");
    assert!(
        bench
            .app
            .item()
            .and_then(|item| bench.app.standing(item))
            .is_some_and(|s| *s == Standing::default())
    );
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
    assert!(!bench.app.verdicts.history[0].seen.sampled);
    assert!(bench.screen().contains("not a random sample"));
    let mut bench = self::bench();
    bench.keys(":filter x > 1<enter>a");
    assert!(!bench.app.verdicts.history[0].seen.sampled);
    bench.keys("<esc><esc>");
    assert!(!bench.app.browsing());
    bench.keys("a");
    assert!(bench.app.verdicts.history[1].seen.sampled);
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
    assert_eq!(bench.app.spec.filter.as_deref(), Some("first_reason = 'web/too-short'"));
    assert!(
        bench.screen().contains("not a random sample: browsing first_reason = 'web/too-short'")
    );
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
    assert!(!bench.app.browsing());
    assert!(bench.screen().contains("lost-table-bridge"));
}

#[test]
fn a_long_search_goes_on_behind_the_keys_and_can_be_stopped() {
    let mut text = "hay ".repeat(2_000_000);
    text.push_str("needle");
    let mut bench = Bench::new((120, 40), setup(), FakeBackend::of("long", &text));
    for key in crate::bench::parse("/needle<enter>") {
        bench.act(tamis_inspector::ui::Action::Key(key));
    }
    bench.turn(2);
    assert!(bench.screen().contains("searching 26 % · esc stops"), "{}", bench.screen());
    bench.act(tamis_inspector::ui::Action::Key(crate::bench::parse("j")[0]));
    assert_eq!(bench.app.reader.rows.len(), 32);
    bench.act(tamis_inspector::ui::Action::Key(crate::bench::parse("<esc>")[0]));
    assert!(matches!(bench.effects.last(), Some(Effect::Cancel(_))));
    assert!(bench.app.jobs.is_empty() && bench.app.reader.found.is_none());
    bench.keys("/needle<enter>");
    assert_eq!(bench.app.reader.bottom(), text.len());
}

#[test]
fn without_colours_there_are_none() {
    let mut bench = bench();
    bench.keys("nax");
    let coloured = |bench: &mut Bench| {
        let screen = bench.coloured();
        screen.contains(";38;5;") || screen.contains(";48;5;")
    };
    assert!(coloured(&mut bench));
    bench.keys(":theme none<enter>");
    assert!(!coloured(&mut bench));
}

#[test]
fn a_rank_that_is_not_drawn_yet_can_be_gone_to() {
    let mut bench = bench();
    bench.keys(":goto 7<enter>");
    assert_eq!(name(&bench), "repeated-paragraph.txt");
    bench.keys(":goto 400<enter>");
    assert!(bench.screen().contains("documents are drawn so far"));
    bench.keys(":goto nowhere<enter>");
    assert!(bench.screen().contains("no document is called nowhere"));
}

#[test]
fn the_last_decisions_lead_back_to_their_documents() {
    let mut bench = bench();
    let first = name(&bench);
    bench.keys("aax<tab><tab><tab>jj<enter>");
    assert_eq!(name(&bench), first);
}

#[test]
fn a_session_goes_on_where_it_stopped() {
    let mut bench = bench();
    bench.keys("aax");
    let at = bench.app.queue.current;
    let labels = bench.app.verdicts.standings.len();
    // the log is what another session reads
    let mut other = bench.again();
    assert_eq!(other.app.queue.current, at);
    assert_eq!(other.app.verdicts.standings.len(), labels);
    other.keys("U");
    assert_eq!(other.app.summary.n, 2);
    assert_eq!(other.app.queue.current, at - 1);
}

#[test]
fn the_mouse_chooses_documents_and_findings() {
    use ratatui::crossterm::event::{KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
    let mut bench = bench();
    let click = |column, row| {
        let kind = MouseEventKind::Down(MouseButton::Left);
        let modifiers = KeyModifiers::NONE;
        tamis_inspector::ui::Action::Mouse(MouseEvent { kind, column, row, modifiers })
    };
    let large = FakeBackend::large(&"word ".repeat(9_000));
    bench.act(click(10, 5));
    bench.settle();
    assert_eq!(bench.app.queue.current, 3);
    let row = bench.app.reader.rows.iter().position(|row| {
        let spans = bench.app.reader.shown.spans_in(row.start, row.end);
        !spans.is_empty()
    });
    bench.act(click(60, 2 + u16::try_from(row.unwrap()).unwrap()));
    assert_eq!(bench.app.reader.current, Some(0));
    let mut bench = Bench::new((120, 40), setup(), large);
    bench.keys("nnnn");
    assert!(bench.screen().contains("at byte 30000"), "{}", bench.screen());
    assert_eq!(bench.app.reader.current, Some(3));
}
