//! How data moves: readers, plans, the run directory.
//!
//! The only crate that builds the engine's plans. [`run`] is the door. Modules stand in the order
//! of the data's path and import only what stands before them; `tests/imports.rs` sees to it.

pub mod error;
pub mod progress;
pub mod ratio;
pub mod sample;

pub mod table;

pub mod read;

pub mod embed;

pub mod contamination;

pub mod config;

mod stage;

pub mod annotate;

mod decide;

mod dedup;

pub mod write;

pub mod registry;

pub mod report;

pub mod look;

pub mod run;

pub use error::PipelineError;
