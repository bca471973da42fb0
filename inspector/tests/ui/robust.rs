//! Whatever is pressed at whatever size, nothing panics and nothing leaves the screen.

use proptest::prelude::*;
use ratatui::crossterm::event::{KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use tamis_inspector::ui::Action;

use crate::bench::{Bench, setup};
use crate::fake::FakeBackend;

#[derive(Debug, Clone)]
enum Step {
    Keys(String),
    Resize(u16, u16),
    Click(u16, u16),
    Wheel(u16, u16),
    Paste(String),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let keys = prop_oneof![
        8 => "[axfUR\\[\\]nNjkhlGzowbMvyiOSCDmt?0-9 ]",
        2 => Just("<tab>".to_owned()),
        2 => Just("<enter>".to_owned()),
        2 => Just("<esc>".to_owned()),
        1 => Just("gg".to_owned()),
        1 => Just("<ctrl-d>".to_owned()),
        1 => Just("/the<enter>".to_owned()),
        1 => Just(":strata rule<enter>".to_owned()),
        1 => Just(":goto hard.txt<enter>".to_owned()),
        1 => Just(":histogram word_count<enter>".to_owned()),
        1 => Just("<ctrl-t><ctrl-e>".to_owned()),
    ];
    let step = prop_oneof![
        10 => keys.prop_map(Step::Keys),
        2 => (0u16..180, 0u16..70).prop_map(|(x, y)| Step::Resize(x, y)),
        1 => (0u16..180, 0u16..70).prop_map(|(x, y)| Step::Click(x, y)),
        1 => (0u16..180, 0u16..70).prop_map(|(x, y)| Step::Wheel(x, y)),
        1 => ".{0,12}".prop_map(Step::Paste),
    ];
    proptest::collection::vec(step, 1..25)
}

fn mouse(kind: MouseEventKind, column: u16, row: u16) -> Action {
    Action::Mouse(MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn nothing_panics(steps in steps(), columns in 1u16..200, rows in 1u16..60) {
        let mut bench = Bench::new((columns, rows), setup(), FakeBackend::new());
        for step in steps {
            match step {
                Step::Keys(keys) => { bench.keys(&keys); }
                Step::Resize(columns, rows) => bench.resize(columns, rows),
                Step::Click(x, y) => bench.act(mouse(MouseEventKind::Down(MouseButton::Left), x, y)),
                Step::Wheel(x, y) => bench.act(mouse(MouseEventKind::ScrollDown, x, y)),
                Step::Paste(text) => bench.act(Action::Paste(text)),
            }
            let screen = bench.screen();
            prop_assert!(!screen.chars().any(|c| c.is_control() && c != '\n'), "{screen}");
        }
    }
}
