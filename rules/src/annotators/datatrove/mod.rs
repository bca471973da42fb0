//! What the Gopher filters of datatrove measure, with exactly its definitions.
//!
//! They differ from ours in what a word is, in counting blank lines, and in dividing by all
//! characters of the text.

pub(super) mod alphabetic_word_ratio;
pub(super) mod bullet_line_ratio;
pub(super) mod duplicate_gram_char_ratio;
pub(super) mod duplicate_line_char_ratio;
pub(super) mod duplicate_line_ratio;
pub(super) mod duplicate_paragraph_char_ratio;
pub(super) mod duplicate_paragraph_ratio;
pub(super) mod ellipsis_line_ratio;
pub(super) mod ellipsis_word_ratio;
pub(super) mod hash_word_ratio;
pub(super) mod mean_word_length;
pub(super) mod sentence_count;
pub(super) mod stop_word_count;
pub(super) mod top_gram_char_ratio;
pub(super) mod word_count;
