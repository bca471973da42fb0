//! Keys in, screen out: the screen with a worker that answers at once.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use tamis_inspector::ui::keymap::Keymap;
use tamis_inspector::ui::theme::Theme;
use tamis_inspector::ui::worker::{Answer, Desk};
use tamis_inspector::ui::{Action, App, Backend, Effect, Setup, draw, start, update};

/// A screen without a terminal.
pub(crate) struct Bench {
    pub(crate) app: App,
    pub(crate) effects: Vec<Effect>,
    desk: Desk,
    answers: Arc<Mutex<Vec<Answer>>>,
    terminal: Terminal<TestBackend>,
}

/// What tests set up.
pub(crate) fn setup() -> Setup {
    Setup {
        reviewer: "ada".into(),
        kinds: vec!["table".into(), "boilerplate".into(), "encoding".into()],
        rule_file: Some("rules/house.yaml".into()),
        ..Setup::default()
    }
}

impl Bench {
    pub(crate) fn new(size: (u16, u16), setup: Setup, backend: impl Backend + 'static) -> Self {
        Self::with_tokenizer(size, setup, backend, None)
    }

    /// The same with `tokenizer.json`.
    pub(crate) fn with_tokenizer(
        size: (u16, u16),
        mut setup: Setup,
        backend: impl Backend + 'static,
        tokenizer: Option<PathBuf>,
    ) -> Self {
        setup.tokenizer = tokenizer.is_some();
        let answers: Arc<Mutex<Vec<Answer>>> = Arc::default();
        let taker = Arc::clone(&answers);
        let cancelled: Arc<Mutex<HashSet<u64>>> = Arc::default();
        let answer = Arc::new(move |answer| taker.lock().unwrap().push(answer));
        let desk = Desk::new(Box::new(backend), tokenizer, cancelled, answer);
        let mut app = App::new(setup, Keymap::default(), Theme::Dark, size);
        app.clock_ms = 1_700_000_000_000;
        let terminal = Terminal::new(TestBackend::new(size.0, size.1)).unwrap();
        let mut bench = Self { app, effects: Vec::new(), desk, answers, terminal };
        let effects = start(&mut bench.app);
        bench.take(effects);
        bench.settle();
        bench
    }

    /// Another session over the same backend.
    pub(crate) fn again(self) -> Self {
        let Self { app, desk, answers, terminal, .. } = self;
        let mut app = App::new(app.setup, Keymap::default(), Theme::Dark, app.size);
        app.clock_ms = 1_700_000_900_000;
        let mut bench = Self { app, effects: Vec::new(), desk, answers, terminal };
        let effects = start(&mut bench.app);
        bench.take(effects);
        bench.settle();
        bench
    }

    fn take(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Ask(ask) => self.desk.take(ask),
                other => self.effects.push(other),
            }
        }
    }

    /// Lets the worker do all it was asked.
    pub(crate) fn settle(&mut self) {
        loop {
            let worked = self.desk.step();
            let answers: Vec<Answer> = std::mem::take(&mut *self.answers.lock().unwrap());
            let idle = answers.is_empty() && !worked;
            for answer in answers {
                let effects = update(&mut self.app, Action::Answer(Box::new(answer)));
                self.take(effects);
            }
            if idle {
                return;
            }
        }
    }

    /// Gives the worker so many turns.
    pub(crate) fn turn(&mut self, turns: usize) {
        for _ in 0..turns {
            self.desk.step();
            let answers: Vec<Answer> = std::mem::take(&mut *self.answers.lock().unwrap());
            for answer in answers {
                let effects = update(&mut self.app, Action::Answer(Box::new(answer)));
                self.take(effects);
            }
        }
    }

    /// Something happens, and the worker does not get to it.
    pub(crate) fn act(&mut self, action: Action) {
        self.app.clock_ms += 250;
        let effects = update(&mut self.app, action);
        self.take(effects);
    }

    /// Types keys: letters, or names in angle brackets as `<enter>` and `<ctrl-d>`.
    pub(crate) fn keys(&mut self, keys: &str) -> &mut Self {
        for key in parse(keys) {
            self.act(Action::Key(key));
            self.settle();
        }
        self
    }

    pub(crate) fn paint(&mut self) {
        let app = &self.app;
        self.terminal.draw(|frame| draw(app, frame)).unwrap();
    }

    /// The screen as text.
    pub(crate) fn screen(&mut self) -> String {
        self.paint();
        let buffer = self.terminal.backend().buffer();
        let width = usize::from(buffer.area.width).max(1);
        let rows = buffer.content.chunks(width).map(|row| {
            let mut skip = 0;
            let mut text = String::new();
            for cell in row {
                if skip == 0 {
                    text.push_str(cell.symbol());
                    skip = unicode_width::UnicodeWidthStr::width(cell.symbol()).saturating_sub(1);
                } else {
                    skip -= 1;
                }
            }
            text.trim_end().to_owned()
        });
        rows.collect::<Vec<_>>().join("\n")
    }

    pub(crate) fn resize(&mut self, columns: u16, rows: u16) {
        self.terminal.backend_mut().resize(columns, rows);
        self.act(Action::Resize(columns, rows));
        self.settle();
    }

    /// The screen with its colours, for eyes.
    pub(crate) fn coloured(&mut self) -> String {
        use ratatui::style::{Color, Modifier};
        self.paint();
        let buffer = self.terminal.backend().buffer();
        let mut out = String::new();
        for row in buffer.content.chunks(usize::from(buffer.area.width).max(1)) {
            let mut skip = 0;
            for cell in row {
                if skip > 0 {
                    skip -= 1;
                    continue;
                }
                out.push_str("\u{1b}[0");
                if let Color::Indexed(number) = cell.fg {
                    out.push_str(&format!(";38;5;{number}"));
                }
                if let Color::Indexed(number) = cell.bg {
                    out.push_str(&format!(";48;5;{number}"));
                }
                for (modifier, code) in [
                    (Modifier::BOLD, 1),
                    (Modifier::DIM, 2),
                    (Modifier::UNDERLINED, 4),
                    (Modifier::REVERSED, 7),
                    (Modifier::CROSSED_OUT, 9),
                ] {
                    if cell.modifier.contains(modifier) {
                        out.push_str(&format!(";{code}"));
                    }
                }
                out.push('m');
                out.push_str(cell.symbol());
                skip = unicode_width::UnicodeWidthStr::width(cell.symbol()).saturating_sub(1);
            }
            out.push_str("\u{1b}[0m\n");
        }
        out
    }
}

pub(crate) fn parse(keys: &str) -> Vec<KeyEvent> {
    let mut events = Vec::new();
    let mut rest = keys;
    while let Some(c) = rest.chars().next() {
        let named = rest.strip_prefix('<').and_then(|after| after.split_once('>'));
        if let Some((name, after)) = named.filter(|(name, _)| !name.is_empty()) {
            events.push(event(name));
            rest = after;
        } else {
            events.push(KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE));
            rest = &rest[c.len_utf8()..];
        }
    }
    events
}

fn event(name: &str) -> KeyEvent {
    let (modifiers, name) = match name.strip_prefix("ctrl-") {
        Some(rest) => (KeyModifiers::CONTROL, rest),
        None => (KeyModifiers::NONE, name),
    };
    let code = match name {
        "enter" => KeyCode::Enter,
        "esc" => KeyCode::Esc,
        "tab" => KeyCode::Tab,
        "backspace" => KeyCode::Backspace,
        "down" => KeyCode::Down,
        "up" => KeyCode::Up,
        "pagedown" => KeyCode::PageDown,
        "end" => KeyCode::End,
        "f1" => KeyCode::F(1),
        other => KeyCode::Char(other.chars().next().unwrap()),
    };
    KeyEvent::new(code, modifiers)
}
