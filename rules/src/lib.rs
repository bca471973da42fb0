//! What good text is: annotators measure one document, rules judge it by what was measured.

pub mod annotators;
pub mod document;
