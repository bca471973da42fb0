//! What can be wrong with the files of a model.

/// A model that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum EmbedderError {
    /// A file is empty or was not there.
    #[error(
        "{file}: missing; a model's folder has model.safetensors, tokenizer.json and config.json"
    )]
    Missing {
        /// Its name in the folder of the model.
        file: &'static str,
    },
    /// A file is not what its name says, or does not fit the others.
    #[error("{file}: {problem}")]
    Unusable {
        /// Its name in the folder of the model.
        file: &'static str,
        /// What is wrong, and where in the file.
        problem: String,
    },
    /// The tensors are those of no model known here.
    #[error(
        "model.safetensors: neither a static model (a tensor `embeddings` or `embedding.weight`) \
         nor a transformer of the BERT family (`embeddings.word_embeddings.weight`)"
    )]
    Kind,
    /// The files are those of a sentence transformer, and the feature `transformers` is off.
    #[error(
        "this build of tamis cannot run sentence transformers: build it with \
         `--features transformers`"
    )]
    NoTransformers,
}

pub(super) const TENSORS: &str = "model.safetensors";
pub(super) const TOKENIZER: &str = "tokenizer.json";
pub(super) const CONFIG: &str = "config.json";

/// `file` is unusable because of `problem`.
#[expect(clippy::needless_pass_by_value, reason = "problems are made where they are reported")]
pub(super) fn unusable(file: &'static str, problem: impl ToString) -> EmbedderError {
    EmbedderError::Unusable { file, problem: problem.to_string() }
}
