//! The terminal screen of `tamis inspect`.
//!
//! [`state::App`] is what the screen shows, [`update::update`] the only way it changes,
//! [`views::draw`] its picture; [`worker`] waits for data, [`terminal`] for keys.

pub mod action;
pub mod backend;
pub mod command;
pub mod diff;
pub mod keymap;
pub mod layout;
pub mod palette;
pub mod reader;
pub mod search;
pub mod shown;
pub mod state;
pub mod terminal;
pub mod theme;
pub mod tokens;
pub mod update;
pub mod views;
pub mod worker;

pub use action::{Action, Effect};
pub use backend::Backend;
pub use state::{App, Setup};
pub use terminal::run;
pub use update::{start, update};
pub use views::draw;
