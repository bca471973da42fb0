//! How text becomes rows of a screen: lazily, from any byte.

pub mod bidi;
pub mod glyph;
pub mod wrap;

pub use glyph::{Class, Glyph};
pub use wrap::{Row, Wrap};
