//! What the heuristic filters of DCLM measure, with exactly its definitions.
//!
//! They differ from ours in counting every copy of a line and not only the later ones, in taking
//! words in three ways, and in what is a bullet or an ellipsis.

pub(super) mod duplicate_gram_char_ratio;
pub(super) mod duplicates;
pub(super) mod lines;
pub(super) mod top_gram_char_ratio;
pub(super) mod words;
