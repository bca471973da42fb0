//! CUDA through cudarc, and the bounds of what GPUs compute.

pub mod checks;
mod checks_lead;
mod gpu;
mod gpus;
mod halves;
mod launch;
mod lead;
mod load;
pub mod measure;
mod pairs;
mod program;
mod rotate;
mod search;
mod signs;

use gpu::{Gpu, gpus};
pub(in crate::vectors) use gpus::Gpus;
pub use launch::Tuning;
pub(in crate::vectors) use pairs::Limits;
pub use program::{baseline_mark, baseline_ptx, committed_ptx, nvrtc_version};
pub(in crate::vectors) use search::Report;

use crate::vectors::bf16;
use crate::vectors::sign::SignHash;

/// Why a GPU cannot do what it was asked to.
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

/// What one step of a matrix unit loses at most, in parts of its largest operand: it adds 16
/// products to a sum, perhaps in parts of 4 first, in an order that is not told, and keeps sums in
/// at least single precision (PTX ISA, mma and wgmma), so that each of the 21 additions may cut off
/// `2^-23` of it.
const STEP: f64 = 21.0 / 8_388_608.0;

/// The share of `|x| |y|` by which a product of a GPU's matrix unit is off at most.
///
/// Products of bfloat16 numbers are exact. Whatever the order, an operand of an addition is the sum
/// of some of the products, `|x| |y|` at most by Cauchy and Schwarz, and of what was lost before,
/// which the factor 1.02 covers.
pub(crate) fn tensor_bound(dimensions: usize) -> f64 {
    (dimensions.div_ceil(16) as f64 + 1.0) * 1.02 * STEP
}

/// How far a product may be off where the unit puts it on the wrong side of its threshold.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SignError {
    /// The share of the row's length.
    pub(crate) slope: f32,
    /// What comes on top.
    pub(crate) base: f32,
}

/// The error of the signs of `hash`.
///
/// Steps come in order, so an operand in step `k` is the sum `S` of the first `16 k` products and
/// some of the next 16. `|S|` is at most `|x_1| |r_1|` over those components, and, as the whole
/// product less the others, at most `|v| + |x_2| |r_2|`. With `p` the share of the squared length of
/// `x` that lies in the first, the smaller of `p^(1/2) |r_1|` and `(1 - p)^(1/2) |r_2|` is
/// `|r_1| |r_2| / |r|` at most, whatever `p`. Where the side is wrong, the product `v` is no further
/// from its threshold `t` than the error, so `|v| <= |t|` and a little, which the factor covers. The
/// parts of 16 add `|x| |r|` in all, once more by Cauchy and Schwarz.
pub(crate) fn sign_error(hash: &SignHash) -> SignError {
    let dimensions = hash.projection().dimensions();
    let directions = hash.projection().components().chunks_exact(dimensions);
    let slope = directions.zip(hash.projection().lengths()).map(|(direction, length)| {
        let whole = length * length;
        let mut first = 0.0;
        let mut sum = *length;
        for part in direction.chunks(16) {
            sum += (first * (whole - first)).max(0.0).sqrt() / length.max(f64::MIN_POSITIVE);
            first += part.iter().map(|bits| f64::from(bf16::widen(*bits)).powi(2)).sum::<f64>();
        }
        sum
    });
    let slope = slope.fold(0.0, f64::max);
    let steps = dimensions.div_ceil(16) as f64;
    let threshold = hash.thresholds().iter().fold(0.0, |most: f32, value| most.max(value.abs()));
    let share = 1.02 * STEP * (1.0 + 1e-6);
    SignError {
        slope: signs::up(share * slope),
        base: signs::up(share * steps * f64::from(threshold)),
    }
}

/// The same for the products that a warp sums once more, rounding each step to the nearest.
pub(crate) fn warp_bound(dimensions: usize) -> f64 {
    (dimensions as f64 / 32.0 + 16.0) * 1.01 * 2.0_f64.powi(-24)
}
