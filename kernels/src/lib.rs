//! How text is scanned and hashed.
//!
//! Everything here takes flat slices and gives flat slices: words with their spans and hashes, the
//! n-gram walks over them, and the hashes that name documents. All of it is the same on every
//! machine.

mod blank_words;
mod char_class;
mod columns;
mod cuts;
pub mod embedders;
mod hash;
mod lines;
mod masks;
#[cfg(test)]
mod minhash_tests;
mod ngrams;
mod overlaps;
mod passages;
mod punctuation;
pub mod spacy;
mod starts;
mod table;
pub mod tokens;
pub mod vectors;
mod words;

pub use blank_words::blank_words;
pub use char_class::{is_letter, is_space};
pub use columns::{Columns, columns};
pub use cuts::{whole_line, whole_paragraph, with_tail, without};
pub use hash::{content_hash, document_id, hash64, hash128, hex128};
pub use lines::{
    Segment, break_lines, feed_blocks, feed_lines, lines, newline_paragraphs, newline_runs,
    paragraphs,
};
pub use minhash_lsh as minhash;
pub use minhash_lsh::{Level, SHINGLE_WORDS_MAX, jaccard, shingle_set, shingles};
pub use ngrams::{GRAM_WORDS_MAX, Grams, TopGram};
pub use overlaps::{
    FORM_PLACES, OverlapScratch, Overlaps, OverlapsBuilder, PASSAGES_MAX, Passage, TooMuchText,
};
pub use passages::{Passages, WindowHash};
pub use punctuation::is_terminal_mark;
pub use spacy::{SpacyEnglish, sentences};
pub use starts::{START_MARKS, STARTS_BLOCK, Starts};
pub use table::{Occurrences, Session, Table};
pub use tokens::{TextTokenizer, TokenizerError};
pub use words::{ALPHABETIC, SYMBOL, Tamis, Word, hash_word};
