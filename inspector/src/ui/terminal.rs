//! The terminal: entered, left as it was found whatever happens, and listened to.

use std::io::{Stdout, Write as _, stdout};
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::event::{
    self, DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste, EnableMouseCapture,
    Event,
};
use ratatui::crossterm::terminal::{
    BeginSynchronizedUpdate, EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen,
    disable_raw_mode, enable_raw_mode,
};
use ratatui::crossterm::{cursor, execute, queue};
use signal_hook::consts::{SIGCONT, SIGHUP, SIGINT, SIGTERM, SIGTSTP};
use signal_hook::iterator::Signals;

use super::action::{Action, Effect};
use super::backend::Backend;
use super::keymap::Keymap;
use super::state::{App, Setup};
use super::theme::Theme;
use super::update::{start, update};
use super::views::draw;
use super::worker::{Answer, Worker};
use crate::InspectError;

/// How often time is looked at while nothing happens.
const TICK: Duration = Duration::from_millis(500);

/// How long the listener waits before it looks whether it shall pause.
const LISTEN: Duration = Duration::from_millis(40);
/// How long the thread that reads keys is waited for.
const STOPPED: Duration = Duration::from_millis(500);

/// Bytes of the clipboard; terminals drop longer ones.
const CLIPBOARD_MAX: usize = 74_000;

/// What a session on the terminal is started with.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// What the session is about.
    pub setup: Setup,
    /// A keymap file.
    pub keymap: Option<PathBuf>,
    /// `tokenizer.json`.
    pub tokenizer: Option<PathBuf>,
    /// Colours; from the environment where none are named.
    pub theme: Option<Theme>,
    /// Whether the mouse is taken from the start.
    pub mouse: bool,
}

/// Something that woke the loop.
enum Wake {
    Event(Event),
    Answer(Answer),
    Signal(i32),
    Gone(String),
}

/// The user's keymap file, where it is there: `tamis/keymap.yaml` in the configuration folder.
pub fn keymap_file(variable: impl Fn(&str) -> Option<std::ffi::OsString>) -> Option<PathBuf> {
    let set = |name: &str| variable(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    // the rule of XDG: a relative folder is none
    let folder = set("XDG_CONFIG_HOME").filter(|folder| folder.is_absolute());
    let folder = folder.or_else(|| Some(set("HOME")?.join(".config")))?;
    Some(folder.join("tamis").join("keymap.yaml")).filter(|file| file.is_file())
}

/// Runs the screen until the user leaves; every decision is on the disk when it returns.
pub fn run(options: Options, backend: Box<dyn Backend>) -> Result<(), InspectError> {
    let keymap = match &options.keymap {
        Some(path) => Keymap::read(path)?,
        None => Keymap::default(),
    };
    let theme =
        options.theme.unwrap_or_else(|| Theme::from_environment(|name| std::env::var(name).ok()));
    let (wakes, receiver) = channel();
    let answers = wakes.clone();
    let worker = Worker::start(backend, options.tokenizer, move |answer| {
        let _ = answers.send(Wake::Answer(answer));
    });
    hook_panics(leave);
    let mut screen = Screen::enter(options.mouse).map_err(failed)?;
    let listener = Listener::start(wakes.clone());
    let signals = listen_signals(wakes).map_err(failed)?;
    let size = screen.terminal.size().map_err(failed)?;
    let mut app = App::new(options.setup, keymap, theme, (size.width, size.height));
    app.mouse = options.mouse;
    let mut session = Session { app, worker, listener, screen: &mut screen };
    let result = session.work(&receiver);
    let Session { worker, listener, .. } = session;
    signals.close();
    listener.stop();
    drop(screen);
    worker.finish();
    result
}

struct Session<'a> {
    app: App,
    worker: Worker,
    listener: Listener,
    screen: &'a mut Screen,
}

impl Session<'_> {
    fn work(&mut self, wakes: &Receiver<Wake>) -> Result<(), InspectError> {
        self.app.clock_ms = now_ms();
        let effects = start(&mut self.app);
        if self.act(effects)? {
            return Ok(());
        }
        self.paint()?;
        loop {
            let mut changed = false;
            let mut next = match wakes.recv_timeout(TICK) {
                Ok(wake) => Some(wake),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => return Ok(()),
            };
            if next.is_none() {
                let said = self.app.toast.is_some();
                self.step(Action::Tick)?;
                changed = said != self.app.toast.is_some();
            }
            // everything that waits is taken in before the screen is painted once
            while let Some(wake) = next {
                changed = true;
                if self.wake(wake)? {
                    return Ok(());
                }
                next = wakes.try_recv().ok();
            }
            if changed {
                self.paint()?;
            }
        }
    }

    /// Takes one thing in; whether to leave.
    fn wake(&mut self, wake: Wake) -> Result<bool, InspectError> {
        let action = match wake {
            Wake::Event(Event::Key(key)) => Action::Key(key),
            Wake::Event(Event::Mouse(mouse)) => Action::Mouse(mouse),
            Wake::Event(Event::Paste(text)) => Action::Paste(text),
            Wake::Event(Event::Resize(columns, rows)) => Action::Resize(columns, rows),
            Wake::Event(Event::FocusGained | Event::FocusLost) => Action::Tick,
            Wake::Answer(answer) => Action::Answer(Box::new(answer)),
            Wake::Signal(SIGTSTP) => return self.suspend().map(|()| false),
            Wake::Signal(SIGCONT) => {
                self.screen.resume(self.app.mouse).map_err(failed)?;
                Action::Tick
            }
            Wake::Signal(_) => return Ok(true),
            Wake::Gone(why) => return Err(InspectError::Usage(why)),
        };
        self.step(action)
    }

    fn step(&mut self, action: Action) -> Result<bool, InspectError> {
        self.app.clock_ms = now_ms();
        let effects = update(&mut self.app, action);
        self.act(effects)
    }

    fn act(&mut self, effects: Vec<Effect>) -> Result<bool, InspectError> {
        for effect in effects {
            match effect {
                Effect::Ask(ask) => self.worker.ask(ask),
                Effect::Cancel(id) => self.worker.cancel(id),
                Effect::Quit => return Ok(true),
                Effect::Redraw => self.screen.terminal.clear().map_err(failed)?,
                Effect::Suspend => self.suspend()?,
                Effect::Mouse(on) => mouse(on).map_err(failed)?,
                Effect::Yank(text) => yank(&text).map_err(failed)?,
                Effect::Edit(name, text) => self.edit(&name, &text)?,
            }
        }
        Ok(false)
    }

    fn paint(&mut self) -> Result<(), InspectError> {
        let size = self.screen.terminal.size().map_err(failed)?;
        if (size.width, size.height) != self.app.size {
            self.step(Action::Resize(size.width, size.height))?;
        }
        // terminals that know it show the whole frame at once
        queue!(stdout(), BeginSynchronizedUpdate).map_err(failed)?;
        let app = &self.app;
        self.screen.terminal.draw(|frame| draw(app, frame)).map_err(failed)?;
        execute!(stdout(), EndSynchronizedUpdate).map_err(failed)
    }

    /// Leaves the terminal to `work` and takes it again.
    fn outside<T>(&mut self, work: impl FnOnce() -> T) -> Result<T, InspectError> {
        self.listener.pause();
        leave();
        let result = work();
        self.screen.resume(self.app.mouse).map_err(failed)?;
        self.listener.resume();
        Ok(result)
    }

    fn suspend(&mut self) -> Result<(), InspectError> {
        self.outside(|| signal_hook::low_level::emulate_default_handler(SIGTSTP))?.map_err(failed)
    }

    fn edit(&mut self, name: &str, text: &str) -> Result<(), InspectError> {
        let result = self.outside(|| show_outside(name, text))?;
        if let Err(error) = result {
            self.app.complain(error.to_string());
        }
        Ok(())
    }
}

/// Shows a text in the user's editor or pager.
fn show_outside(name: &str, text: &str) -> std::io::Result<()> {
    let plain: String =
        name.chars().map(|c| if c.is_alphanumeric() { c } else { '-' }).take(40).collect();
    let mut file =
        tempfile::Builder::new().prefix(&format!("{plain}-")).suffix(".txt").tempfile()?;
    file.write_all(text.as_bytes())?;
    file.flush()?;
    let program = ["VISUAL", "EDITOR", "PAGER"]
        .iter()
        .find_map(|name| std::env::var(name).ok().filter(|value| !value.trim().is_empty()))
        .unwrap_or_else(|| "less".to_owned());
    // the variable may hold arguments, so a shell takes it apart
    let status = Command::new("sh")
        .arg("-c")
        .arg(format!("{program} \"$1\""))
        .arg("sh")
        .arg(file.path())
        .status()?;
    if status.success() {
        return Ok(());
    }
    Err(std::io::Error::other(format!("`{program}` ended with {status}")))
}

/// The clipboard of the terminal, which may be far away over ssh.
fn yank(text: &str) -> std::io::Result<()> {
    let mut end = text.len().min(CLIPBOARD_MAX);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let code = base64::engine::general_purpose::STANDARD.encode(&text[..end]);
    let mut out = stdout();
    write!(out, "\u{1b}]52;c;{code}\u{7}")?;
    out.flush()
}

fn mouse(on: bool) -> std::io::Result<()> {
    if on {
        execute!(stdout(), EnableMouseCapture)
    } else {
        execute!(stdout(), DisableMouseCapture)
    }
}

/// The terminal as ours; given back when dropped.
struct Screen {
    terminal: Terminal<CrosstermBackend<Stdout>>,
}

impl Screen {
    fn enter(mouse: bool) -> std::io::Result<Self> {
        take(mouse)?;
        // from here on a failure gives the terminal back
        let terminal = Terminal::new(CrosstermBackend::new(stdout()));
        if terminal.is_err() {
            leave();
        }
        Ok(Self { terminal: terminal? })
    }

    fn resume(&mut self, mouse: bool) -> std::io::Result<()> {
        take(mouse)?;
        self.terminal.clear()
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        leave();
    }
}

fn take(mouse: bool) -> std::io::Result<()> {
    enable_raw_mode()?;
    let entered = execute!(stdout(), EnterAlternateScreen, EnableBracketedPaste, cursor::Hide);
    let entered =
        entered.and_then(|()| if mouse { execute!(stdout(), EnableMouseCapture) } else { Ok(()) });
    if entered.is_err() {
        leave();
    }
    entered
}

/// Gives the terminal back; nothing more can be done where that fails.
fn leave() {
    let _ = execute!(
        stdout(),
        EndSynchronizedUpdate,
        DisableMouseCapture,
        DisableBracketedPaste,
        LeaveAlternateScreen,
        cursor::Show
    );
    let _ = disable_raw_mode();
}

/// A panic gives the terminal back before it is reported.
fn hook_panics(leave: impl Fn() + Send + Sync + 'static) {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        leave();
        before(info);
    }));
}

fn listen_signals(wakes: Sender<Wake>) -> std::io::Result<signal_hook::iterator::Handle> {
    let mut signals = Signals::new([SIGTERM, SIGHUP, SIGINT, SIGTSTP, SIGCONT])?;
    let handle = signals.handle();
    std::thread::spawn(move || {
        for signal in signals.forever() {
            if wakes.send(Wake::Signal(signal)).is_err() {
                return;
            }
        }
    });
    Ok(handle)
}

/// The thread that reads keys, and leaves them alone while another program has the terminal.
struct Listener {
    paused: Arc<AtomicBool>,
    resting: Arc<AtomicBool>,
    stopped: Arc<AtomicBool>,
    thread: std::thread::JoinHandle<()>,
}

impl Listener {
    fn start(wakes: Sender<Wake>) -> Self {
        let paused = Arc::new(AtomicBool::new(false));
        let resting = Arc::new(AtomicBool::new(false));
        let stopped = Arc::new(AtomicBool::new(false));
        let flags = (Arc::clone(&paused), Arc::clone(&resting), Arc::clone(&stopped));
        let thread = std::thread::spawn(move || listen(&wakes, &flags.0, &flags.1, &flags.2));
        Self { paused, resting, stopped, thread }
    }

    fn pause(&self) {
        self.paused.store(true, Ordering::SeqCst);
        while !self.resting.load(Ordering::SeqCst) && !self.thread.is_finished() {
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    fn resume(&self) {
        self.paused.store(false, Ordering::SeqCst);
        self.thread.thread().unpark();
    }

    fn stop(self) {
        self.stopped.store(true, Ordering::SeqCst);
        self.thread.thread().unpark();
        let started = Instant::now();
        while !self.thread.is_finished() {
            // a terminal that is gone gives no more events, and the reader inside the library asks
            // for them for ever: the thread ends with the process
            if started.elapsed() > STOPPED {
                return;
            }
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}

fn listen(wakes: &Sender<Wake>, paused: &AtomicBool, resting: &AtomicBool, stopped: &AtomicBool) {
    while !stopped.load(Ordering::SeqCst) {
        if paused.load(Ordering::SeqCst) {
            resting.store(true, Ordering::SeqCst);
            std::thread::park_timeout(Duration::from_millis(200));
            continue;
        }
        resting.store(false, Ordering::SeqCst);
        let wake = match event::poll(LISTEN) {
            Ok(false) => continue,
            Ok(true) => {
                event::read().map_or_else(|error| Wake::Gone(error.to_string()), Wake::Event)
            }
            Err(error) => Wake::Gone(error.to_string()),
        };
        let gone = matches!(wake, Wake::Gone(_));
        if wakes.send(wake).is_err() || gone {
            return;
        }
    }
}

fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

fn failed(error: impl std::fmt::Display) -> InspectError {
    InspectError::Usage(format!("the terminal: {error}; is this a terminal?"))
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;
    use std::sync::Mutex;

    use super::*;

    #[test]
    fn a_panic_gives_the_terminal_back_and_is_reported_then() {
        const MESSAGE: &str = "a panic of this test";
        let told: Arc<Mutex<Vec<&str>>> = Arc::default();
        let ours = std::panic::take_hook();
        let report = Arc::clone(&told);
        std::panic::set_hook(Box::new(move |info| {
            // panics of other tests go where they went
            if info.payload_as_str() == Some(MESSAGE) {
                report.lock().unwrap().push("reported");
            } else {
                ours(info);
            }
        }));
        let left = Arc::clone(&told);
        let me = std::thread::current().id();
        hook_panics(move || {
            if std::thread::current().id() == me {
                left.lock().unwrap().push("left");
            }
        });
        let caught = std::panic::catch_unwind(|| std::panic::panic_any(MESSAGE));
        let _ = std::panic::take_hook();
        assert!(caught.is_err());
        assert_eq!(*told.lock().unwrap(), ["left", "reported"]);
    }

    #[test]
    fn the_keymap_file_lies_in_the_configuration_folder() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let variable = |set: &'static str, value: PathBuf| {
            move |name: &str| (name == set).then(|| OsString::from(&value))
        };
        let own = variable("XDG_CONFIG_HOME", at(""));
        assert_eq!(keymap_file(&own), None, "no file, no keymap");
        for folder in [at("tamis"), at(".config/tamis")] {
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(folder.join("keymap.yaml"), "").unwrap();
        }
        assert_eq!(keymap_file(&own), Some(at("tamis/keymap.yaml")));
        let home = variable("HOME", at(""));
        assert_eq!(keymap_file(&home), Some(at(".config/tamis/keymap.yaml")));
        assert_eq!(keymap_file(variable("XDG_CONFIG_HOME", PathBuf::from("tamis"))), None);
    }
}
