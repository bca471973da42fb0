//! Vectors of documents: signatures, buckets, and pairs of at least some cosine.
//!
//! Results are the same bits on every machine and device: fast products only say what need not be
//! looked at again, by proven bounds, and sums that decide have one fixed order.

mod bands;
mod bf16;
pub mod cuda;
mod device;
mod exact;
mod exact_sign;
mod hamming;
pub mod made;
pub mod made_corpus;
mod nearest;
mod parallel;
mod product;
mod projection;
mod rows;
mod sign;
#[cfg(test)]
mod sign_tests;
mod unit;

pub use bands::{SignBands, SignBandsError};
pub use device::{Choice, Device, DeviceError, DeviceInfo, DeviceList, Engine, devices};
pub use exact::{exact_block, exact_pairs};
pub use hamming::{PackedSignatures, hamming};
pub use nearest::{Neighbour, nearest};
pub use projection::{BITS_MAX, DIMENSIONS_MAX, Projection, ProjectionError};
pub use rows::{Block, Flat, Leader, Pair, Rows, SearchError};
pub use sign::{SignHash, Signatures};
pub use unit::{cosine, normalize};
