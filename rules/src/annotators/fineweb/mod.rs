//! What the filter `FineWebQualityFilter` of datatrove measures, with exactly its definitions.

pub(super) mod lines;
