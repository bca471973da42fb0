//! Vectors on GPUs with CUDA, which is found when the program runs.
//!
//! GPUs compute fast and approximately; what their bound leaves open is decided on the CPU, so
//! results are those of the CPU to the bit. Without the feature `cuda` there are never any GPUs.

#[cfg(not(feature = "cuda"))]
mod disabled;
#[cfg(feature = "cuda")]
mod enabled;

#[cfg(not(feature = "cuda"))]
pub(super) use disabled::{Gpus, Limits, Report};
#[cfg(feature = "cuda")]
pub use enabled::{
    Failure, Tuning, baseline_mark, baseline_ptx, checks, committed_ptx, measure, nvrtc_version,
};
#[cfg(feature = "cuda")]
pub(super) use enabled::{Gpus, Limits, Report};
