//! The real binary, from its arguments to the bytes on disk.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod against;
mod bad_input;
mod boilerplate;
mod common;
mod decontaminate;
mod fuzzy;
mod given;
#[cfg(feature = "inspector")]
mod inspect;
mod packs;
mod personal_data;
mod references;
mod repeats;
mod resume;
mod review;
mod rules_test;
mod run;
mod semantic;
mod tables;
mod terminal;
mod tokens;
mod url_lists;
