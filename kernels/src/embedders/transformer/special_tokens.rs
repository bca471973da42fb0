//! What stands around the tokens of a text.

use crate::embedders::error::{EmbedderError, TOKENIZER, unusable};
use crate::tokens::unharmed;

/// The special tokens around a text, such as `[CLS]` and `[SEP]`.
#[derive(Debug)]
pub(super) struct SpecialTokens {
    before: Vec<u32>,
    after: Vec<u32>,
}

impl SpecialTokens {
    /// As the post-processor of a `tokenizer.json` has them.
    pub(super) fn from_json(bytes: &[u8]) -> Result<Self, EmbedderError> {
        let encode = || {
            let mut tokenizer = tokenizers::Tokenizer::from_bytes(bytes)?;
            tokenizer.with_padding(None);
            tokenizer.with_truncation(None)?;
            tokenizer.encode("a", true)
        };
        let encoding = unharmed(encode)
            .ok_or_else(|| unusable(TOKENIZER, "the `tokenizers` crate gave up on it"))?
            .map_err(|error| unusable(TOKENIZER, error))?;
        let mask = encoding.get_special_tokens_mask();
        let count =
            |mask: &mut dyn Iterator<Item = &u32>| mask.take_while(|one| **one == 1).count();
        let (before, after) = (count(&mut mask.iter()), count(&mut mask.iter().rev()));
        let ids = encoding.get_ids();
        Ok(Self { before: ids[..before].to_vec(), after: ids[ids.len() - after..].to_vec() })
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.before.len() + self.after.len()
    }

    /// `ids` between them.
    pub(super) fn around(&self, ids: &[u32]) -> Vec<u32> {
        [&self.before, ids, &self.after].concat()
    }
}
