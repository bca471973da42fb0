//! What a person sees: a sample that can be proved uniform, and the readable form of a document.

pub mod error;
pub mod model;
pub mod page;
pub mod sample;
pub mod summary;
pub mod ui;
pub mod visible;

pub use error::InspectError;
