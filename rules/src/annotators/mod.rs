//! The list of annotators: each measures one thing about one document.

mod measure;
mod value;

use crate::document::Document;

pub use measure::Measure;
pub use value::{Example, Value, ValueType};

/// Measures one thing about one document.
///
/// An annotator is pure: the same text gives the same value on every machine.
pub trait Annotator: Sync {
    /// The name rules use: `snake_case`, quantity then unit.
    fn name(&self) -> &'static str;

    /// The type of every value that is not [`Value::Null`].
    fn value_type(&self) -> ValueType;

    /// The unit of the value, for a person: `words`, `share of lines`.
    fn unit(&self) -> &'static str;

    /// The smallest and the largest value possible, both inclusive; infinity where there is no
    /// bound.
    fn range(&self) -> (f64, f64);

    /// The page of the catalogue that says exactly what is measured.
    fn definition(&self) -> &'static str;

    /// The paper or project whose definition is followed.
    fn source(&self) -> &'static str;

    /// Texts with their values worked out by hand; they are run as tests.
    fn examples(&self) -> &'static [Example];

    /// Measures the document.
    fn measure(&self, document: &mut Document<'_>) -> Value;

    /// Byte spans of the text that explain the value, at most 16; empty where no span does.
    fn evidence(&self, _document: &mut Document<'_>) -> Vec<(usize, usize)> {
        Vec::new()
    }
}

/// The annotator called `name`, if there is one.
pub fn find(name: &str) -> Option<&'static dyn Annotator> {
    ANNOTATORS.iter().copied().find(|annotator| annotator.name() == name)
}

macro_rules! first { ($($n:literal $t:ident $hi:literal),* $(,)?) => { &[$(&Measure { name: $n, value_type: ValueType::$t, unit: "", range: (0.0, $hi), definition: "", source: "", examples: &[], measure: |_| Value::Null, evidence: measure::no_evidence }),*] } }
/// Every annotator.
pub const ANNOTATORS: &[&dyn Annotator] = first![
    "byte_count" Int 1.0e300,
    "char_count" Int 1.0e300,
    "line_count" Int 1.0e300,
    "paragraph_count" Int 1.0e300,
    "word_count" Int 1.0e300,
    "unique_word_ratio" Float 1.0,
    "mean_word_length" Float 1.0e300,
    "max_word_length" Int 1.0e300,
    "alphabetic_word_ratio" Float 1.0,
    "stop_word_count" Int 1.0e300,
    "symbol_word_ratio" Float 1.0e300,
    "bullet_line_ratio" Float 1.0,
    "ellipsis_line_ratio" Float 1.0,
    "duplicate_line_ratio" Float 1.0,
    "duplicate_line_char_ratio" Float 1.0,
    "duplicate_paragraph_ratio" Float 1.0,
    "duplicate_paragraph_char_ratio" Float 1.0,
    "top_2gram_char_ratio" Float 1.0e300,
    "top_3gram_char_ratio" Float 1.0e300,
    "top_4gram_char_ratio" Float 1.0e300,
    "duplicate_5gram_char_ratio" Float 1.0,
    "duplicate_6gram_char_ratio" Float 1.0,
    "duplicate_7gram_char_ratio" Float 1.0,
    "duplicate_8gram_char_ratio" Float 1.0,
    "duplicate_9gram_char_ratio" Float 1.0,
    "duplicate_10gram_char_ratio" Float 1.0,
    "short_line_ratio" Float 1.0,
    "replacement_char_ratio" Float 1.0,
    "control_char_ratio" Float 1.0,
    "mojibake_count" Int 1.0e300,
    "digit_char_ratio" Float 1.0,
    "uppercase_letter_ratio" Float 1.0,
    "whitespace_char_ratio" Float 1.0,
    "letter_char_ratio" Float 1.0,
    "url_count" Int 1.0e300,
    "email_count" Int 1.0e300,
    "lorem_ipsum_count" Int 1.0e300,
    "curly_bracket_count" Int 1.0e300,
    "compression_ratio" Float 1.0e300,
    "terminal_punctuation_line_ratio" Float 1.0,
    "datatrove_word_count" Int 1.0e300,
    "datatrove_mean_word_length" Float 1.0e300,
    "datatrove_hash_word_ratio" Float 1.0e300,
    "datatrove_ellipsis_word_ratio" Float 1.0e300,
    "datatrove_bullet_line_ratio" Float 1.0,
    "datatrove_ellipsis_line_ratio" Float 1.0,
    "datatrove_alphabetic_word_ratio" Float 1.0,
    "datatrove_stop_word_count" Int 1.0e300,
    "datatrove_duplicate_line_ratio" Float 1.0,
    "datatrove_duplicate_paragraph_ratio" Float 1.0,
    "datatrove_duplicate_line_char_ratio" Float 1.0,
    "datatrove_duplicate_paragraph_char_ratio" Float 1.0,
    "datatrove_top_2gram_char_ratio" Float 1.0e300,
    "datatrove_top_3gram_char_ratio" Float 1.0e300,
    "datatrove_top_4gram_char_ratio" Float 1.0e300,
    "datatrove_duplicate_5gram_char_ratio" Float 1.0,
    "datatrove_duplicate_6gram_char_ratio" Float 1.0,
    "datatrove_duplicate_7gram_char_ratio" Float 1.0,
    "datatrove_duplicate_8gram_char_ratio" Float 1.0,
    "datatrove_duplicate_9gram_char_ratio" Float 1.0,
    "datatrove_duplicate_10gram_char_ratio" Float 1.0,
];
