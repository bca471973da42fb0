//! Intermediate tables: Parquet parts with a schema and an order, the nodes over them, and the plans
//! made of both.

pub mod atomic;
pub(crate) mod batch;
pub(crate) mod cursor;
pub(crate) mod functions;
pub mod names;
pub(crate) mod node;
pub(crate) mod part;
pub(crate) mod parts;
pub(crate) mod plan;
pub(crate) mod row_groups;
pub(crate) mod row_id;
pub(crate) mod row_set;
pub(crate) mod stream;
