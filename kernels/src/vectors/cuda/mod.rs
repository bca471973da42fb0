//! Vectors on graphics cards with CUDA, which is found when the program runs.
//!
//! Cards compute fast and approximately; what their bound leaves open is decided on the CPU, so
//! results are those of the CPU to the bit.

mod card;
pub mod checks;
mod launch;
pub mod measure;
mod pairs;
mod program;
mod rotate;
mod search;
mod signs;

pub(super) use card::{Card, cards};
pub(super) use pairs::Limits;
pub use program::{baseline_mark, baseline_ptx, committed_ptx, nvrtc_version};
pub(super) use search::{Report, Stop, search};
pub(super) use signs::{BATCH_ROWS, Slot};

/// Why a card cannot do what it was asked to.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Failure {
    /// The driver said so.
    #[error("{0}")]
    Driver(#[from] cudarc::driver::DriverError),
    /// Kernels could not be made.
    #[error("kernels cannot be compiled: {0}")]
    Compile(String),
    /// The vectors could not be read, or are none.
    #[error("{0}")]
    Rows(String),
}

impl Failure {
    /// Whether memory ran out, so that less at a time may do.
    pub(super) fn is_memory(&self) -> bool {
        use cudarc::driver::sys::cudaError_enum::CUDA_ERROR_OUT_OF_MEMORY;
        matches!(self, Self::Driver(error) if error.0 == CUDA_ERROR_OUT_OF_MEMORY)
    }
}

/// The share of `|x| |y|` by which a product of a card's matrix unit is off at most.
///
/// Products of bfloat16 numbers are exact, and sums are kept in at least single precision, in an
/// order that is not told (PTX ISA, mma and wgmma). Each of the `d` additions, and of those that
/// join the parts of 4 that some units sum first, loses less than `2^-23` of the larger operand,
/// because it may truncate. Whatever the order, an operand is the sum of some of the products
/// (`|x| |y|` at most, by Cauchy and Schwarz) and what was lost before; the factor 1.01 covers the
/// latter. That is twice to ten times what was seen.
pub(crate) fn tensor_bound(dimensions: usize) -> f64 {
    let additions = dimensions + dimensions / 4 + 32;
    additions as f64 * 1.01 * 2.0_f64.powi(-23)
}

/// The same for the products that a warp sums once more, rounding each step to the nearest.
pub(crate) fn warp_bound(dimensions: usize) -> f64 {
    (dimensions as f64 / 32.0 + 16.0) * 1.01 * 2.0_f64.powi(-24)
}
