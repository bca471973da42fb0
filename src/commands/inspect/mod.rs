//! `tamis inspect`: the screen on which a person reads a sample and judges it.

#[cfg(not(feature = "inspector"))]
mod disabled;
#[cfg(feature = "inspector")]
mod enabled;

#[cfg(not(feature = "inspector"))]
pub(crate) use disabled::{InspectArgs, run};
#[cfg(feature = "inspector")]
pub(crate) use enabled::{InspectArgs, run};
