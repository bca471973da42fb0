//! The tokenizer of a model: our own where it is plain BERT, the `tokenizers` crate's otherwise.

use std::collections::BTreeMap;

use serde::Deserialize;
use tokenizers::TruncationParams;

use super::Scratch;
use super::error::{EmbedderError, TOKENIZER, unusable};
use super::wordpiece::{WordPiece, median};
use crate::tokens::unharmed;

#[derive(Debug)]
pub(super) enum Tokenizer {
    WordPiece(Box<WordPiece>),
    Other(Box<CrateTokenizer>),
}

/// Any tokenizer that the `tokenizers` crate reads.
#[derive(Debug)]
pub(super) struct CrateTokenizer {
    tokenizer: tokenizers::Tokenizer,
    unknown: Option<u32>,
    /// Ids of all tokens, by token.
    vocabulary: BTreeMap<String, u32>,
}

impl Tokenizer {
    /// Reads a `tokenizer.json`, whose own truncation and padding do not count.
    pub(super) fn from_json(bytes: &[u8]) -> Result<Self, EmbedderError> {
        if bytes.is_empty() {
            return Err(EmbedderError::Missing { file: TOKENIZER });
        }
        if let Some(ours) = WordPiece::from_json(bytes) {
            return Ok(Self::WordPiece(Box::new(ours)));
        }
        // also finds broken JSON, which the crate does not survive everywhere
        let file = TokenizerFile::read(bytes)?;
        let tokenizer = unharmed(|| tokenizers::Tokenizer::from_bytes(bytes))
            .ok_or_else(|| unusable(TOKENIZER, "the `tokenizers` crate gave up on it"))?;
        let mut tokenizer = tokenizer.map_err(|error| unusable(TOKENIZER, error))?;
        tokenizer.with_padding(None);
        let vocabulary: BTreeMap<_, _> = tokenizer.get_vocab(true).into_iter().collect();
        let unknown = file.unknown(&vocabulary);
        Ok(Self::Other(Box::new(CrateTokenizer { tokenizer, unknown, vocabulary })))
    }

    /// Keeps the first `ids_max` ids of a text from now on.
    pub(super) fn truncate(&mut self, ids_max: usize) -> Result<(), EmbedderError> {
        let Self::Other(other) = self else { return Ok(()) };
        let truncation = TruncationParams { max_length: ids_max, ..TruncationParams::default() };
        let done = other.tokenizer.with_truncation((ids_max < usize::MAX).then_some(truncation));
        done.map(|_| ()).map_err(|error| unusable(TOKENIZER, error))
    }

    /// How many tokens there are.
    pub(super) fn tokens(&self) -> usize {
        match self {
            Self::WordPiece(ours) => ours.tokens(),
            Self::Other(other) => other.vocabulary.len(),
        }
    }

    /// One more than the highest id.
    pub(super) fn ids_end(&self) -> usize {
        match self {
            Self::WordPiece(ours) => ours.ids_end(),
            Self::Other(other) => {
                other.vocabulary.values().max().map_or(0, |highest| *highest as usize + 1)
            }
        }
    }

    /// The median number of characters of a token, rounded down.
    pub(super) fn median_token_chars(&self) -> usize {
        match self {
            Self::WordPiece(ours) => ours.median_token_chars(),
            Self::Other(other) => {
                median(other.vocabulary.keys().map(|token| token.chars().count()).collect())
            }
        }
    }

    /// The id that stands for what the vocabulary cannot spell.
    pub(super) fn unknown(&self) -> Option<u32> {
        match self {
            Self::WordPiece(ours) => Some(ours.unknown()),
            Self::Other(other) => other.unknown,
        }
    }

    /// Leaves the first `ids_max` ids of `text` in `scratch.ids`, none when the tokenizer
    /// refuses the text.
    pub(super) fn encode(&self, text: &str, ids_max: usize, scratch: &mut Scratch) {
        match self {
            Self::WordPiece(ours) => {
                ours.encode(text, ids_max, &mut scratch.word_piece, &mut scratch.ids);
            }
            Self::Other(other) => {
                scratch.ids.clear();
                let encoded = unharmed(|| other.tokenizer.encode_fast(text, false));
                if let Some(Ok(encoding)) = encoded {
                    scratch.ids.extend(encoding.get_ids());
                }
            }
        }
    }
}

/// What a `tokenizer.json` says of its unknown token.
#[derive(Deserialize)]
struct TokenizerFile {
    model: TokenizerModel,
}

#[derive(Deserialize)]
struct TokenizerModel {
    unk_token: Option<String>,
    unk_id: Option<u32>,
}

impl TokenizerFile {
    fn read(bytes: &[u8]) -> Result<Self, EmbedderError> {
        serde_json::from_slice(bytes).map_err(|error| unusable(TOKENIZER, error))
    }

    /// The unknown token's id.
    fn unknown(&self, vocabulary: &BTreeMap<String, u32>) -> Option<u32> {
        let named = self.model.unk_token.as_ref();
        named.and_then(|token| vocabulary.get(token).copied()).or(self.model.unk_id)
    }
}
