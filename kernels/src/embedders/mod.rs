//! Text into vectors.
//!
//! One file a source: [`mod@embedded`] is the model that comes with tamis, [`static_model`] reads any
//! model in the format of the Python package `model2vec`, [`transformer`] runs a sentence
//! transformer. Everything here works on bytes; who calls it opens the files that [`Files`] names
//! and hands them to [`from_files`].

pub mod embedded;
mod error;
pub mod static_model;
mod tensors;
mod tokenizer;
pub mod transformer;
pub mod wordpiece;

use xxhash_rust::xxh3::Xxh3;

pub(crate) use embedded::TOKENIZER as EMBEDDED_TOKENIZER;
pub use embedded::embedded;
pub use error::EmbedderError;
pub use static_model::{StaticModel, static_from_bytes};
pub use transformer::{Transformer, transformer_from_bytes};

/// Turns texts into vectors, the same for any thread count; those of a static model are the same on
/// every machine too.
pub trait Embedder: Send + Sync {
    /// How many numbers a vector has.
    fn dimensions(&self) -> usize;

    /// Which model this is, with a hash of its files, for the manifest of a run.
    fn name(&self) -> &str;

    /// Writes the vector of `text`, which has length 1 if the model normalises and any otherwise.
    ///
    /// `false`, and zeros in `out`, when the model knows too little of the text to place it: there
    /// is no token that it knows, or fewer than it asks for.
    ///
    /// # Panics
    ///
    /// When `out` is not [`Embedder::dimensions`] long.
    fn embed(&self, text: &str, scratch: &mut Scratch, out: &mut [f32]) -> bool;

    /// Writes the vectors of `texts` one after the other into `out`, and into `known` for each of
    /// them what [`Embedder::embed`] says. The vectors do not depend on how texts are batched.
    ///
    /// # Panics
    ///
    /// When `out` is not [`Embedder::dimensions`] numbers long for each text.
    fn embed_batch(
        &self,
        texts: &[&str],
        scratch: &mut Scratch,
        out: &mut [f32],
        known: &mut Vec<bool>,
    ) {
        assert_eq!(out.len(), texts.len() * self.dimensions(), "a vector for each text");
        known.clear();
        let vectors = out.chunks_exact_mut(self.dimensions());
        known.extend(texts.iter().zip(vectors).map(|(text, out)| self.embed(text, scratch, out)));
    }
}

/// Memory that embedders use again, one for each thread.
#[derive(Debug, Default)]
pub struct Scratch {
    ids: Vec<u32>,
    word_piece: wordpiece::WordPieceScratch,
    exact: static_model::ExactSums,
    sums: Vec<f64>,
}

/// A kind of model that files may hold.
struct ModelKind {
    /// Whether the model's tensors, by their names, are of this kind.
    is: fn(&[&str]) -> bool,
    load: fn(&Files) -> Result<Box<dyn Embedder>, EmbedderError>,
}

const KINDS: &[ModelKind] = &[static_model::KIND, transformer::KIND];

/// The files of a model's folder, each empty where there is none.
#[derive(Clone, Copy, Debug, Default)]
pub struct Files<'a> {
    /// `model.safetensors`
    pub tensors: &'a [u8],
    /// `tokenizer.json`
    pub tokenizer: &'a [u8],
    /// `config.json`
    pub config: &'a [u8],
    /// `modules.json`
    pub modules: &'a [u8],
    /// `1_Pooling/config.json`
    pub pooling: &'a [u8],
    /// `sentence_bert_config.json`
    pub sentence_bert: &'a [u8],
    /// `tokenizer_config.json`
    pub tokenizer_config: &'a [u8],
}

/// The model that `files` hold, of whatever kind.
///
/// # Errors
///
/// When a file is missing or cannot be read, and when no source knows the kind, or this build cannot run it.
pub fn from_files(files: &Files<'_>) -> Result<Box<dyn Embedder>, EmbedderError> {
    let tensors = tensors::open(files.tensors)?;
    let names = tensors.names();
    let kind = KINDS.iter().find(|kind| (kind.is)(&names));
    (kind.ok_or(EmbedderError::Kind)?.load)(files)
}

/// A name of `kind` that no other bytes have.
fn name_of(kind: &str, files: &[&[u8]]) -> String {
    let mut hasher = Xxh3::new();
    for file in files {
        hasher.update(&(file.len() as u64).to_le_bytes());
        hasher.update(file);
    }
    format!("{kind}:{}", crate::hex128(hasher.digest128()))
}
