#![doc = include_str!("../README.md")]

mod bands;
mod classic;
mod curve;
mod one_permutation;
mod shingles;
mod simd;
mod sketch;
#[cfg(test)]
mod tests;

pub use bands::band_hashes;
pub use classic::classic_signature;
pub use curve::{Banding, BandingError};
pub use one_permutation::{EMPTY, signature};
pub use shingles::{SHINGLE_WORDS_MAX, jaccard, shingle_set, shingles};
pub use simd::Level;
pub use sketch::{estimate, sketch};
