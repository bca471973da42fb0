//! One thin file for each subcommand.

pub(crate) mod devices;
pub(crate) mod explain;
pub(crate) mod index;
pub(crate) mod inspect;
pub(crate) mod neighbours;
pub(crate) mod refs;
pub(crate) mod review;
pub(crate) mod rules;
pub(crate) mod run;
pub(crate) mod sample;
pub(crate) mod tokens;
