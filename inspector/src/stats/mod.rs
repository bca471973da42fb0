//! What labels say, as numbers that hold while one watches them.
//!
//! Pure functions from verdicts to [`crate::summary::Summary`]. The headline is a confidence
//! sequence ([`sequence`]): it may be looked at after each label, and labelling may stop when it
//! looks good. Intervals for a number that was fixed in advance stand beside it ([`fixed`]).

pub mod agreement;
mod bisect;
pub mod by_size;
pub mod fixed;
pub mod forecast;
pub mod gate;
pub mod good_turing;
mod groups;
pub mod kappa;
mod merge;
mod number;
pub mod recall;
mod rules;
pub mod sentence;
pub mod sequence;
pub mod sprt;
pub mod strata;
mod summarize;
#[cfg(test)]
mod testing;
mod walk;
pub mod weighted;

pub use agreement::{Agreement, PairAgreement, agreement};
pub use gate::{Gate, GateError};
pub use summarize::{Settings, summarize};
pub use walk::{Draw, Totals};
