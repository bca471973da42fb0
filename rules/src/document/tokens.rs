//! The tokens of a document, where a tokenizer was named.

use std::sync::Arc;

use tamis_kernels::{ALPHABETIC, Grams, Table, TextTokenizer, Word, hash64};

use super::{Document, Scratch};
use crate::error::RuleError;
use crate::tokenizer::TokenizerSpec;

/// The tokenizer and its buffers.
#[derive(Default)]
pub(super) struct TokenScratch {
    tokenizer: Option<Arc<TextTokenizer>>,
    ids: Vec<u32>,
    /// Whether the tokenizer took the text.
    taken: bool,
    words: Vec<Word>,
    grams: Grams,
}

/// N-grams of tokens, and what is needed to walk them.
pub(crate) struct TokenGrams<'a> {
    pub(crate) grams: &'a mut Grams,
    pub(crate) table: &'a mut Table,
}

impl Scratch {
    /// Counts tokens by the tokenizer of a specification from now on, by none where it has none.
    pub fn tokenize_by(&mut self, spec: Option<&TokenizerSpec>) -> Result<(), RuleError> {
        self.tokens.tokenizer = spec.map(TokenizerSpec::load).transpose()?;
        Ok(())
    }

    /// Counts tokens by `tokenizer` from now on.
    #[cfg(test)]
    pub(crate) fn with_tokenizer(mut self, tokenizer: Arc<TextTokenizer>) -> Self {
        self.tokens.tokenizer = Some(tokenizer);
        self
    }
}

impl Document<'_> {
    /// The tokens of the text; none where there is no tokenizer, or where it refuses the text.
    pub fn tokens(&mut self) -> Option<&[u32]> {
        let tokens = &mut self.scratch.tokens;
        if !self.ready.tokens {
            self.ready.tokens = true;
            tokens.taken = match &tokens.tokenizer {
                Some(tokenizer) => tokenizer.encode(self.text, &mut tokens.ids),
                None => false,
            };
        }
        tokens.taken.then_some(tokens.ids.as_slice())
    }

    /// The n-grams of the tokens.
    pub(crate) fn token_grams(&mut self) -> Option<TokenGrams<'_>> {
        self.tokens()?;
        let Scratch { tokens, table, .. } = &mut *self.scratch;
        if !self.ready.token_grams {
            self.ready.token_grams = true;
            tokens.words.clear();
            // each token is a word of one character that no rule for words passes over
            tokens.words.extend(tokens.ids.iter().enumerate().map(|(at, id)| Word {
                start: at,
                end: at + 1,
                hash: hash64(&id.to_le_bytes()),
                chars: 1,
                flags: ALPHABETIC,
            }));
            tokens.grams.fill(&tokens.words);
        }
        Some(TokenGrams { grams: &mut tokens.grams, table })
    }

    /// The bytes of the text that tokens cover, for evidence.
    pub(crate) fn token_spans(&mut self) -> Vec<[usize; 2]> {
        let (mut ids, mut spans) = (Vec::new(), Vec::new());
        if let Some(tokenizer) = &self.scratch.tokens.tokenizer {
            tokenizer.encode_spans(self.text, &mut ids, &mut spans);
        }
        spans
    }
}
