//! Models by path, each loaded once a process.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use tamis_kernels::embedders::{self, Embedder, Scratch};

use crate::embed::Embeddings;
use crate::error::PipelineError;

/// The files of a model's folder that decide its vectors.
pub(crate) const FILES: [&str; 7] = [
    "config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "model.safetensors",
    "sentence_bert_config.json",
    "modules.json",
    "1_Pooling/config.json",
];

/// A model that turns texts into vectors.
pub type Model = Arc<dyn Embedder>;

/// A model that can be asked where it lies.
struct Lent(&'static dyn Embedder);

impl Embedder for Lent {
    fn dimensions(&self) -> usize {
        self.0.dimensions()
    }

    fn name(&self) -> &str {
        self.0.name()
    }

    fn embed(&self, text: &str, scratch: &mut Scratch, out: &mut [f32]) -> bool {
        self.0.embed(text, scratch, out)
    }
}

/// The model behind `embeddings`, which must be one.
pub fn load(embeddings: &Embeddings) -> Result<Model, PipelineError> {
    static LOADED: Mutex<BTreeMap<String, Model>> = Mutex::new(BTreeMap::new());
    let key = format!("{embeddings:?}");
    let mut loaded = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(model) = loaded.get(&key) {
        return Ok(Arc::clone(model));
    }
    let model = match embeddings {
        Embeddings::Embedded => {
            let model = embedders::embedded();
            Arc::new(Lent(model.map_err(|error| PipelineError::Usage(error.to_string()))?))
        }
        Embeddings::Model(folder) => from_folder(folder)?,
        Embeddings::Column(_) | Embeddings::Keyed(_) => {
            return Err(PipelineError::Usage("these embeddings come from no model".into()));
        }
    };
    loaded.insert(key, Arc::clone(&model));
    Ok(model)
}

fn from_folder(folder: &Path) -> Result<Model, PipelineError> {
    let read = |name: &str| {
        let path = folder.join(name);
        std::fs::read(&path)
            .map_err(|error| PipelineError::directory(path, format!("cannot be read: {error}")))
    };
    let optional = |name: &str| {
        let path = folder.join(name);
        if path.is_file() { read(name) } else { Ok(Vec::new()) }
    };
    let (tensors, tokenizer) = (read("model.safetensors")?, read("tokenizer.json")?);
    let (config, modules) = (read("config.json")?, optional("modules.json")?);
    let tokenizer_config = optional("tokenizer_config.json")?;
    let (pooling, sentence_bert) =
        (optional("1_Pooling/config.json")?, optional("sentence_bert_config.json")?);
    let files = embedders::Files {
        tensors: &tensors,
        tokenizer: &tokenizer,
        tokenizer_config: &tokenizer_config,
        config: &config,
        modules: &modules,
        pooling: &pooling,
        sentence_bert: &sentence_bert,
    };
    let model = embedders::from_files(&files);
    model.map(Arc::from).map_err(|error| PipelineError::directory(folder, error))
}
