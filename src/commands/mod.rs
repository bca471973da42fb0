//! One thin file for each subcommand.

pub mod explain;
pub mod rules;
pub mod run;
pub mod sample;
