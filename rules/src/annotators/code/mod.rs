//! Measures of program text.

pub(super) mod lines;
