//! What is measured of every document.

pub(crate) mod boilerplate;
pub(crate) mod boilerplate_nodes;
pub(crate) mod plan;
pub mod tokens;
pub(crate) mod works;
pub(crate) mod works_nodes;
