//! What a person sees: a sample that can be proved uniform, and the readable form of a document.

pub mod data;
pub mod draft;
pub mod error;
pub mod model;
pub mod page;
pub mod review;
#[cfg(feature = "screen")]
pub mod session;
pub mod stats;
pub mod summary;
pub mod tokens;
#[cfg(feature = "screen")]
pub mod ui;
pub mod visible;

pub use error::InspectError;
pub use tamis_pipeline::sample;
