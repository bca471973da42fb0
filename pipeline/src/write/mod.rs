//! How files come to be: under a temporary name, synced, renamed; or not at all.

pub mod conservation;
pub mod count;
pub(crate) mod cuts;
pub mod decision;
pub(crate) mod decisions;
pub mod failed;
pub mod frames;
pub mod jsonl;
mod lists;
pub mod outputs;
pub mod parquet;
pub(crate) mod plan;
pub mod reason;
pub(crate) mod repeats;
pub(crate) mod rewrite;
pub(crate) mod survivors;
pub mod text;
