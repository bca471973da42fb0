//! The twin of `enabled` in a build without candle: no value of [`Transformer`] can exist.

use crate::embedders::{Embedder, EmbedderError, Files, Scratch};

/// A BERT model, which this build cannot run.
#[derive(Debug)]
pub enum Transformer {}

/// Says that this build cannot run a sentence transformer.
///
/// # Errors
///
/// Always.
pub fn transformer_from_bytes(_files: &Files<'_>) -> Result<Transformer, EmbedderError> {
    Err(EmbedderError::NoTransformers)
}

impl Embedder for Transformer {
    fn dimensions(&self) -> usize {
        match *self {}
    }

    fn name(&self) -> &str {
        match *self {}
    }

    fn embed(&self, _text: &str, _scratch: &mut Scratch, _out: &mut [f32]) -> bool {
        match *self {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::embedders::from_files;

    #[test]
    fn a_transformer_is_refused_by_the_name_of_the_feature() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/model/fixtures/bert-mean/");
        let tensors = std::fs::read(format!("{folder}model.safetensors")).unwrap();
        let error = from_files(&Files { tensors: &tensors, ..Files::default() }).err().unwrap();
        assert!(error.to_string().ends_with("build it with `--features transformers`"), "{error}");
    }
}
