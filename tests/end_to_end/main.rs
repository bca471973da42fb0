//! The real binary, from its arguments to the bytes on disk.

mod bad_input;
mod common;
mod resume;
mod run;
