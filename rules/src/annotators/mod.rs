//! The list of annotators: each measures one thing about one document.

mod alphabetic_word_ratio;
pub(crate) mod boilerplate;
mod bullet_line_ratio;
mod byte_count;
mod bytes_per_token;
mod char_count;
mod code;
mod compression_ratio;
mod control_char_ratio;
mod curly_bracket_count;
pub(crate) mod dangling;
mod datatrove;
mod dclm;
mod digit_char_ratio;
mod dolma;
mod duplicate_gram_char_ratio;
mod duplicate_line_char_ratio;
mod duplicate_line_ratio;
mod duplicate_paragraph_char_ratio;
mod duplicate_paragraph_ratio;
mod duplicate_token_10gram_ratio;
mod ellipsis_line_ratio;
mod evidence;
mod fineweb;
mod language;
mod letter_char_ratio;
mod line_count;
mod lorem_ipsum_count;
mod max_word_length;
mod mean_word_length;
mod measure;
mod mojibake_count;
mod opening_curly_bracket_count;
mod paragraph_count;
mod periodic_token_ratio;
pub(crate) mod pii;
mod redpajama;
mod replacement_char_ratio;
mod short_line_ratio;
mod stop_word_count;
mod symbol_word_ratio;
mod terminal_punctuation_line_ratio;
mod token_count;
mod top_gram_char_ratio;
mod truncated_end;
mod unique_word_ratio;
mod uppercase_letter_ratio;
mod url_count;
mod value;
mod whitespace_char_ratio;
mod word_count;

use std::ops::Deref;
use std::sync::Arc;

use crate::document::Document;

pub use measure::{Measure, TokenMeasure};
pub use value::{AnnotationValue, Example, Value, ValueType};

/// Measures one thing about one document.
///
/// An annotator is pure: the same text gives the same value on every machine.
pub trait Annotator: Send + Sync {
    /// The name rules use: `snake_case`, quantity then unit.
    fn name(&self) -> &str;

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
    fn measure<'m>(&'m self, document: &mut Document<'_>) -> AnnotationValue<'m>;

    /// Whether it counts tokens, and so is there only where a tokenizer was named.
    fn needs_tokenizer(&self) -> bool {
        false
    }

    /// Byte spans of the text that explain the value, at most 16; empty where no span does.
    fn evidence(&self, _document: &mut Document<'_>) -> Vec<(usize, usize)> {
        Vec::new()
    }
}

/// An annotator, of tamis or made of a resource of a rule file.
#[derive(Clone)]
pub enum SharedAnnotator {
    /// One of [`ANNOTATORS`].
    BuiltIn(&'static dyn Annotator),
    /// One that owns what it reads from a resource.
    OfResource(Arc<dyn Annotator>),
}

impl Deref for SharedAnnotator {
    type Target = dyn Annotator;

    fn deref(&self) -> &Self::Target {
        match self {
            Self::BuiltIn(annotator) => *annotator,
            Self::OfResource(annotator) => annotator.as_ref(),
        }
    }
}

/// The annotator called `name`, if there is one.
pub fn find(name: &str) -> Option<&'static dyn Annotator> {
    ANNOTATORS.iter().copied().find(|annotator| annotator.name() == name)
}

/// Every annotator, in the order of the catalogue.
pub const ANNOTATORS: &[&dyn Annotator] = &[
    &byte_count::BYTE_COUNT,
    &char_count::CHAR_COUNT,
    &line_count::LINE_COUNT,
    &paragraph_count::PARAGRAPH_COUNT,
    &word_count::WORD_COUNT,
    &unique_word_ratio::UNIQUE_WORD_RATIO,
    &mean_word_length::MEAN_WORD_LENGTH,
    &max_word_length::MAX_WORD_LENGTH,
    &alphabetic_word_ratio::ALPHABETIC_WORD_RATIO,
    &stop_word_count::STOP_WORD_COUNT,
    &symbol_word_ratio::SYMBOL_WORD_RATIO,
    &bullet_line_ratio::BULLET_LINE_RATIO,
    &ellipsis_line_ratio::ELLIPSIS_LINE_RATIO,
    &duplicate_line_ratio::DUPLICATE_LINE_RATIO,
    &duplicate_line_char_ratio::DUPLICATE_LINE_CHAR_RATIO,
    &boilerplate::BOILERPLATE_LINE_RATIO,
    &boilerplate::BOILERPLATE_CHAR_RATIO,
    &duplicate_paragraph_ratio::DUPLICATE_PARAGRAPH_RATIO,
    &duplicate_paragraph_char_ratio::DUPLICATE_PARAGRAPH_CHAR_RATIO,
    &top_gram_char_ratio::TOP_2GRAM_CHAR_RATIO,
    &top_gram_char_ratio::TOP_3GRAM_CHAR_RATIO,
    &top_gram_char_ratio::TOP_4GRAM_CHAR_RATIO,
    &duplicate_gram_char_ratio::DUPLICATE_5GRAM_CHAR_RATIO,
    &duplicate_gram_char_ratio::DUPLICATE_6GRAM_CHAR_RATIO,
    &duplicate_gram_char_ratio::DUPLICATE_7GRAM_CHAR_RATIO,
    &duplicate_gram_char_ratio::DUPLICATE_8GRAM_CHAR_RATIO,
    &duplicate_gram_char_ratio::DUPLICATE_9GRAM_CHAR_RATIO,
    &duplicate_gram_char_ratio::DUPLICATE_10GRAM_CHAR_RATIO,
    &short_line_ratio::SHORT_LINE_RATIO,
    &terminal_punctuation_line_ratio::TERMINAL_PUNCTUATION_LINE_RATIO,
    &replacement_char_ratio::REPLACEMENT_CHAR_RATIO,
    &control_char_ratio::CONTROL_CHAR_RATIO,
    &digit_char_ratio::DIGIT_CHAR_RATIO,
    &letter_char_ratio::LETTER_CHAR_RATIO,
    &whitespace_char_ratio::WHITESPACE_CHAR_RATIO,
    &uppercase_letter_ratio::UPPERCASE_LETTER_RATIO,
    &mojibake_count::MOJIBAKE_COUNT,
    &truncated_end::TRUNCATED_END,
    &language::LANGUAGE,
    &language::LANGUAGE_SCORE,
    &language::OTHER_LANGUAGE_PARAGRAPH_RATIO,
    &url_count::URL_COUNT,
    &pii::email::EMAIL_COUNT,
    &pii::public_ip::PUBLIC_IP_COUNT,
    &pii::phone_number::PHONE_NUMBER_COUNT,
    &pii::iban::IBAN_COUNT,
    &pii::card_number::CARD_NUMBER_COUNT,
    &pii::secret::SECRET_COUNT,
    &lorem_ipsum_count::LOREM_IPSUM_COUNT,
    &curly_bracket_count::CURLY_BRACKET_COUNT,
    &opening_curly_bracket_count::OPENING_CURLY_BRACKET_COUNT,
    &compression_ratio::COMPRESSION_RATIO,
    &token_count::TOKEN_COUNT,
    &bytes_per_token::BYTES_PER_TOKEN,
    &duplicate_token_10gram_ratio::DUPLICATE_TOKEN_10GRAM_RATIO,
    &periodic_token_ratio::PERIODIC_TOKEN_RATIO,
    &code::lines::MAX_LINE_CHAR_COUNT,
    &code::lines::MEAN_LINE_CHAR_COUNT,
    &code::lines::ALPHANUMERIC_CHAR_RATIO,
    &code::lines::COMMENT_CHAR_RATIO,
    &code::lines::GENERATED_MARK_COUNT,
    &code::lines::XML_HEADER_COUNT,
    &code::lines::HYPHEN_LINE_RATIO,
    &dangling::DANGLING_REFERENCES,
    &dangling::DANGLING_TABLES,
    &dangling::DANGLING_FIGURES,
    &dangling::DANGLING_EQUATIONS,
    &dangling::DANGLING_ALGORITHMS,
    &dangling::DANGLING_LISTINGS,
    &dangling::DANGLING_SECTIONS,
    &dangling::DANGLING_APPENDICES,
    &dangling::DANGLING_FOOTNOTES,
    &dangling::DANGLING_CITATIONS,
    &dangling::DANGLING_ANCHORS,
    &dangling::DANGLING_ATTACHMENTS,
    &dangling::DANGLING_LISTS,
    &dangling::BROKEN_REFERENCES,
    &dangling::MENTIONED_TABLES,
    &dangling::PRESENT_TABLES,
    &dangling::MENTIONED_FIGURES,
    &dangling::PRESENT_FIGURES,
    &dangling::MENTIONED_EQUATIONS,
    &dangling::PRESENT_EQUATIONS,
    &dangling::MENTIONED_LISTINGS,
    &dangling::PRESENT_LISTINGS,
    &dangling::MENTIONED_CITATIONS,
    &dangling::PRESENT_CITATIONS,
    &dangling::MENTIONED_FOOTNOTES,
    &dangling::PRESENT_FOOTNOTES,
    &dangling::FINDINGS,
    &datatrove::word_count::WORD_COUNT,
    &datatrove::mean_word_length::MEAN_WORD_LENGTH,
    &datatrove::hash_word_ratio::HASH_WORD_RATIO,
    &datatrove::ellipsis_word_ratio::ELLIPSIS_WORD_RATIO,
    &datatrove::bullet_line_ratio::BULLET_LINE_RATIO,
    &datatrove::ellipsis_line_ratio::ELLIPSIS_LINE_RATIO,
    &datatrove::alphabetic_word_ratio::ALPHABETIC_WORD_RATIO,
    &datatrove::stop_word_count::STOP_WORD_COUNT,
    &datatrove::duplicate_line_ratio::DUPLICATE_LINE_RATIO,
    &datatrove::duplicate_line_char_ratio::DUPLICATE_LINE_CHAR_RATIO,
    &datatrove::duplicate_paragraph_ratio::DUPLICATE_PARAGRAPH_RATIO,
    &datatrove::duplicate_paragraph_char_ratio::DUPLICATE_PARAGRAPH_CHAR_RATIO,
    &datatrove::top_gram_char_ratio::TOP_2GRAM_CHAR_RATIO,
    &datatrove::top_gram_char_ratio::TOP_3GRAM_CHAR_RATIO,
    &datatrove::top_gram_char_ratio::TOP_4GRAM_CHAR_RATIO,
    &datatrove::duplicate_gram_char_ratio::DUPLICATE_5GRAM_CHAR_RATIO,
    &datatrove::duplicate_gram_char_ratio::DUPLICATE_6GRAM_CHAR_RATIO,
    &datatrove::duplicate_gram_char_ratio::DUPLICATE_7GRAM_CHAR_RATIO,
    &datatrove::duplicate_gram_char_ratio::DUPLICATE_8GRAM_CHAR_RATIO,
    &datatrove::duplicate_gram_char_ratio::DUPLICATE_9GRAM_CHAR_RATIO,
    &datatrove::duplicate_gram_char_ratio::DUPLICATE_10GRAM_CHAR_RATIO,
    &datatrove::sentence_count::SENTENCE_COUNT,
    &fineweb::lines::LINE_COUNT,
    &fineweb::lines::TERMINAL_LINE_RATIO,
    &fineweb::lines::SHORT_LINE_RATIO,
    &fineweb::lines::DUPLICATE_LINE_CHAR_RATIO,
    &fineweb::lines::NEWLINE_WORD_RATIO,
    &dolma::words::WORD_COUNT,
    &dolma::words::MEDIAN_WORD_LENGTH,
    &dolma::words::SYMBOL_WORD_RATIO,
    &dolma::words::ALPHABETIC_WORD_RATIO,
    &dolma::words::STOP_WORD_COUNT,
    &dolma::lines::BULLET_LINE_RATIO,
    &dolma::lines::ELLIPSIS_LINE_RATIO,
    &dolma::lines::DUPLICATE_LINE_RATIO,
    &dolma::lines::DUPLICATE_LINE_CHAR_RATIO,
    &dolma::top_gram_char_ratio::TOP_2GRAM_CHAR_RATIO,
    &dolma::top_gram_char_ratio::TOP_3GRAM_CHAR_RATIO,
    &dolma::top_gram_char_ratio::TOP_4GRAM_CHAR_RATIO,
    &dolma::duplicate_gram_char_ratio::DUPLICATE_5GRAM_CHAR_RATIO,
    &dolma::duplicate_gram_char_ratio::DUPLICATE_6GRAM_CHAR_RATIO,
    &dolma::duplicate_gram_char_ratio::DUPLICATE_7GRAM_CHAR_RATIO,
    &dolma::duplicate_gram_char_ratio::DUPLICATE_8GRAM_CHAR_RATIO,
    &dolma::duplicate_gram_char_ratio::DUPLICATE_9GRAM_CHAR_RATIO,
    &dolma::duplicate_gram_char_ratio::DUPLICATE_10GRAM_CHAR_RATIO,
    &dclm::words::WORD_COUNT,
    &dclm::words::MEAN_WORD_LENGTH,
    &dclm::words::SYMBOL_WORD_RATIO,
    &dclm::words::UNALPHABETIC_WORD_RATIO,
    &dclm::words::STOP_WORD_COUNT,
    &dclm::lines::BULLET_LINE_RATIO,
    &dclm::lines::ELLIPSIS_LINE_RATIO,
    &dclm::duplicates::DUPLICATE_LINE_RATIO,
    &dclm::duplicates::DUPLICATE_LINE_CHAR_RATIO,
    &dclm::duplicates::DUPLICATE_PARAGRAPH_RATIO,
    &dclm::duplicates::DUPLICATE_PARAGRAPH_CHAR_RATIO,
    &dclm::top_gram_char_ratio::TOP_2GRAM_CHAR_RATIO,
    &dclm::top_gram_char_ratio::TOP_3GRAM_CHAR_RATIO,
    &dclm::top_gram_char_ratio::TOP_4GRAM_CHAR_RATIO,
    &dclm::duplicate_gram_char_ratio::DUPLICATE_5GRAM_CHAR_RATIO,
    &dclm::duplicate_gram_char_ratio::DUPLICATE_6GRAM_CHAR_RATIO,
    &dclm::duplicate_gram_char_ratio::DUPLICATE_7GRAM_CHAR_RATIO,
    &dclm::duplicate_gram_char_ratio::DUPLICATE_8GRAM_CHAR_RATIO,
    &dclm::duplicate_gram_char_ratio::DUPLICATE_9GRAM_CHAR_RATIO,
    &dclm::duplicate_gram_char_ratio::DUPLICATE_10GRAM_CHAR_RATIO,
    &redpajama::words::WORD_COUNT,
    &redpajama::words::MEAN_WORD_LENGTH,
    &redpajama::words::UNIQUE_WORD_RATIO,
    &redpajama::words::UNIGRAM_ENTROPY,
    &redpajama::words::SENTENCE_COUNT,
    &redpajama::words::ALL_CAPS_WORD_RATIO,
    &redpajama::words::UNALPHABETIC_WORD_RATIO,
    &redpajama::words::STOP_WORD_RATIO,
    &redpajama::words::SYMBOL_WORD_RATIO,
    &redpajama::marks::CURLY_BRACKET_RATIO,
    &redpajama::marks::LOREM_IPSUM_RATIO,
    &redpajama::lines::ELLIPSIS_LINE_RATIO,
    &redpajama::lines::TERMINAL_LINE_RATIO,
    &redpajama::lines::BULLET_LINE_RATIO,
    &redpajama::lines::MEAN_LINE_WORD_COUNT,
    &redpajama::lines::JAVASCRIPT_COUNT,
    &redpajama::lines::MEAN_LINE_UPPERCASE_RATIO,
    &redpajama::lines::MEAN_LINE_DIGIT_RATIO,
    &redpajama::top_gram_char_ratio::TOP_2GRAM_CHAR_RATIO,
    &redpajama::top_gram_char_ratio::TOP_3GRAM_CHAR_RATIO,
    &redpajama::top_gram_char_ratio::TOP_4GRAM_CHAR_RATIO,
    &redpajama::duplicate_gram_char_ratio::DUPLICATE_5GRAM_CHAR_RATIO,
    &redpajama::duplicate_gram_char_ratio::DUPLICATE_6GRAM_CHAR_RATIO,
    &redpajama::duplicate_gram_char_ratio::DUPLICATE_7GRAM_CHAR_RATIO,
    &redpajama::duplicate_gram_char_ratio::DUPLICATE_8GRAM_CHAR_RATIO,
    &redpajama::duplicate_gram_char_ratio::DUPLICATE_9GRAM_CHAR_RATIO,
    &redpajama::duplicate_gram_char_ratio::DUPLICATE_10GRAM_CHAR_RATIO,
];

#[cfg(test)]
mod tests;
