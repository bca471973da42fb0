//! The binary in a pseudo-terminal: keys in, screen out. Waiting is for contents of the screen, and
//! every look at it follows bytes that came.

use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

/// A slow machine with others at work takes its time.
const DEADLINE: Duration = Duration::from_mins(2);

fn cells(number: u16) -> NonZeroU16 {
    NonZeroU16::new(number).unwrap()
}

/// What the terminal shows, and whether the program has closed it.
struct Shown {
    parser: vt100::Parser,
    closed: bool,
}

/// A program in a terminal of its own.
pub(crate) struct Terminal {
    shown: Arc<(Mutex<Shown>, Condvar)>,
    master: Box<dyn MasterPty + Send>,
    keys: Box<dyn Write + Send>,
    child: Box<dyn Child + Send + Sync>,
    settings: String,
    /// The reader gives the terminal up at the next bytes.
    leaves: Arc<AtomicBool>,
}

impl Terminal {
    /// Starts `tamis` with `args` in `folder`, on a terminal of (columns, rows).
    pub(crate) fn start(
        folder: &Path,
        args: &[&str],
        size: (u16, u16),
        environment: &[(&str, &str)],
    ) -> Self {
        let size = PtySize { cols: size.0, rows: size.1, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).unwrap();
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_tamis"));
        command.args(args);
        command.cwd(folder);
        for name in ["NO_COLOR", "COLORFGBG", "RUST_BACKTRACE", "EDITOR", "VISUAL", "PAGER"] {
            command.env_remove(name);
        }
        command.env("TERM", "xterm-256color");
        // nobody's own keymap
        command.env("XDG_CONFIG_HOME", folder);
        for (name, value) in environment {
            command.env(name, value);
        }
        let settings = format!("{:?}", pair.master.get_termios());
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let keys = pair.master.take_writer().unwrap();
        let mut bytes = pair.master.try_clone_reader().unwrap();
        let parser = vt100::Parser::new(cells(size.rows), cells(size.cols), 0);
        let shown = Arc::new((Mutex::new(Shown { parser, closed: false }), Condvar::new()));
        let painted = Arc::clone(&shown);
        let leaves = Arc::new(AtomicBool::new(false));
        let leave = Arc::clone(&leaves);
        std::thread::spawn(move || {
            let mut buffer = [0; 8192];
            loop {
                let read = bytes.read(&mut buffer).unwrap_or(0);
                let mut shown = painted.0.lock().unwrap_or_else(PoisonError::into_inner);
                shown.parser.process(&buffer[..read]);
                let left = read == 0 || leave.load(Ordering::SeqCst);
                shown.closed |= left;
                painted.1.notify_all();
                if left {
                    return;
                }
            }
        });
        Self { shown, master: pair.master, keys, child, settings, leaves }
    }

    /// Types.
    pub(crate) fn keys(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
        self.keys.flush().unwrap();
    }

    /// Waits until the screen shows what is wanted; gives its contents.
    pub(crate) fn wait(&self, what: &str, wanted: impl Fn(&str) -> bool) -> String {
        self.wait_screen(what, |screen| wanted(&screen.contents()))
    }

    fn wait_screen(&self, what: &str, wanted: impl Fn(&vt100::Screen) -> bool) -> String {
        let until = Instant::now() + DEADLINE;
        let mut shown = self.shown.0.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let contents = shown.parser.screen().contents();
            if wanted(shown.parser.screen()) {
                return contents;
            }
            assert!(!shown.closed, "{what}: the program has ended\n{contents}");
            let left = until.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "{what} did not come\n{contents}");
            shown = self.shown.1.wait_timeout(shown, left).unwrap().0;
        }
    }

    /// Waits for a text.
    pub(crate) fn wait_for(&self, text: &str) -> String {
        self.wait(text, |contents| contents.contains(text))
    }

    /// What the screen shows now.
    pub(crate) fn contents(&self) -> String {
        self.shown.0.lock().unwrap_or_else(PoisonError::into_inner).parser.screen().contents()
    }

    /// Whether any cell has a colour.
    pub(crate) fn is_coloured(&self) -> bool {
        let shown = self.shown.0.lock().unwrap_or_else(PoisonError::into_inner);
        let screen = shown.parser.screen();
        let size = self.master.get_size().unwrap();
        let plain = vt100::Color::Default;
        let mut cells =
            (0..size.rows).flat_map(|row| (0..size.cols).map(move |column| (row, column)));
        cells.any(|(row, column)| {
            let cell = screen.cell(row, column);
            cell.is_some_and(|cell| cell.fgcolor() != plain || cell.bgcolor() != plain)
        })
    }

    /// Another size, as when a window is dragged.
    pub(crate) fn resize(&mut self, columns: u16, rows: u16) {
        let size = PtySize { cols: columns, rows, pixel_width: 0, pixel_height: 0 };
        let mut shown = self.shown.0.lock().unwrap_or_else(PoisonError::into_inner);
        shown.parser.screen_mut().set_size(cells(rows), cells(columns));
        self.master.resize(size).unwrap();
    }

    /// Waits for the program's end; gives its exit code and what it left on the screen.
    pub(crate) fn end(&mut self) -> (u32, String) {
        let until = Instant::now() + DEADLINE;
        let mut shown = self.shown.0.lock().unwrap_or_else(PoisonError::into_inner);
        while !shown.closed {
            let left = until.saturating_duration_since(Instant::now());
            let contents = shown.parser.screen().contents();
            assert!(!left.is_zero(), "the program does not end\n{contents}");
            shown = self.shown.1.wait_timeout(shown, left).unwrap().0;
        }
        let contents = shown.parser.screen().contents();
        drop(shown);
        (self.child.wait().unwrap().exit_code(), contents)
    }

    /// Types `q`, and expects that the terminal is as it was found.
    pub(crate) fn quit(mut self) {
        self.wait_screen("the program's own screen", vt100::Screen::alternate_screen);
        self.keys("q");
        let (code, contents) = self.end();
        assert_eq!(code, 0, "{contents}");
        let shown = self.shown.0.lock().unwrap_or_else(PoisonError::into_inner);
        let screen = shown.parser.screen();
        assert!(!screen.alternate_screen(), "the shell's screen is back");
        assert!(!screen.hide_cursor() && !screen.bracketed_paste());
        assert_eq!(screen.mouse_protocol_mode(), vt100::MouseProtocolMode::None);
        assert_eq!(format!("{:?}", self.master.get_termios()), self.settings);
    }

    /// Ends the program as nothing can be caught.
    pub(crate) fn kill(mut self) {
        let id = self.child.process_id().unwrap().to_string();
        assert!(Command::new("kill").args(["-9", &id]).status().unwrap().success());
        self.end();
    }

    /// Closes the terminal, as a window or a connection is closed, and waits for the program's end.
    pub(crate) fn hang_up(mut self) {
        self.leaves.store(true, Ordering::SeqCst);
        // a paint wakes the reader, which then lets go of its end
        self.resize(100, 31);
        let until = Instant::now() + DEADLINE;
        let mut shown = self.shown.0.lock().unwrap_or_else(PoisonError::into_inner);
        while !shown.closed {
            let left = until.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "nothing was painted after the resize");
            shown = self.shown.1.wait_timeout(shown, left).unwrap().0;
        }
        drop(shown);
        drop(self.keys);
        drop(self.master);
        let mut child = self.child;
        while child.try_wait().unwrap().is_none() {
            assert!(Instant::now() < until, "the program goes on without a terminal");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}
