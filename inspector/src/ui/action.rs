//! What can happen, and what shall be done about it outside.

use ratatui::crossterm::event::{KeyEvent, MouseEvent};

use super::command::Command;
use super::worker::{Answer, Ask};

/// Everything that can happen to the screen.
#[derive(Debug, Clone)]
pub enum Action {
    /// A key.
    Key(KeyEvent),
    /// The mouse.
    Mouse(MouseEvent),
    /// Pasted text.
    Paste(String),
    /// Another size: columns and rows.
    Resize(u16, u16),
    /// A command, by whatever way it came.
    Do(Command),
    /// A line of the palette with its arguments.
    Run(String),
    /// The worker answered.
    Answer(Box<Answer>),
    /// Time went by.
    Tick,
}

/// What the terminal loop shall do.
#[derive(Debug, Clone)]
pub enum Effect {
    /// Ask the worker.
    Ask(Ask),
    /// Let go of a request.
    Cancel(u64),
    /// Open a text in the user's pager or editor: name and text.
    Edit(String, std::sync::Arc<str>),
    /// Put a text into the clipboard.
    Yank(String),
    /// Take the mouse, or leave it to the terminal.
    Mouse(bool),
    /// Back to the shell until it brings us back.
    Suspend,
    /// Paint everything again.
    Redraw,
    /// Leave.
    Quit,
}
