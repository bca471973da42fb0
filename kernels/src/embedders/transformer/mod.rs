//! A sentence transformer of the BERT family, on the CPU through candle.
//!
//! The files are those that the Python package `sentence-transformers` writes: `modules.json` names
//! the steps (a transformer, pooling by mean or first token, normalisation), `1_Pooling/config.json`
//! the pooling, `sentence_bert_config.json` or `tokenizer_config.json` how many tokens are read.
//! Without `modules.json` the mean is taken and nothing is normalised.
//!
//! Each text goes through the model alone, without padding: batches of texts would make a vector
//! depend on its neighbours in the last bits. A machine with another CPU may give other last bits.

#[cfg(not(feature = "transformers"))]
mod disabled;
#[cfg(feature = "transformers")]
mod enabled;
#[cfg(feature = "transformers")]
mod special_tokens;

#[cfg(not(feature = "transformers"))]
pub use disabled::{Transformer, transformer_from_bytes};
#[cfg(feature = "transformers")]
pub use enabled::{Transformer, transformer_from_bytes};

use super::ModelKind;

pub(super) const KIND: ModelKind = ModelKind {
    is: |names| names.iter().any(|name| name.ends_with("embeddings.word_embeddings.weight")),
    load: |files| Ok(Box::new(transformer_from_bytes(files)?)),
};
