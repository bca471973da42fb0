//! Text into vectors.

pub mod wordpiece;
