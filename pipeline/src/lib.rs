//! How data moves: readers, plans, the run directory.
//!
//! The only crate that builds the engine's plans. `run` is the door.

pub mod against;
pub mod audit;
mod boilerplate;
pub mod config;
pub mod conservation;
pub mod contamination;
pub mod decision;
mod dedup;
pub mod embed;
pub mod error;
pub mod exec;
pub mod functions;
pub mod look;
pub mod lost;
pub mod outputs;
pub mod plans;
pub mod progress;
pub mod ratio;
pub mod read;
pub mod reason;
mod repeats;
pub mod report;
pub mod run;
pub mod rundir;
pub mod sample;
mod semantic;
pub mod semantic_audit;
pub mod tokens;
mod twins;
mod work;
mod works;
pub mod write;

pub use error::PipelineError;
