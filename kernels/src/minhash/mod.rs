//! MinHash: signatures of sets of shingles whose slots agree as often as the sets overlap.

mod bands;
mod classic;
mod curve;
mod one_permutation;
mod sketch;
#[cfg(test)]
mod tests;

pub use bands::band_hashes;
pub use classic::classic_signature;
pub use curve::{Banding, BandingError};
pub use one_permutation::{EMPTY, signature};
pub use sketch::{estimate, sketch};
