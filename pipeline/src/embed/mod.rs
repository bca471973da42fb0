//! Where embeddings come from, and how documents that say nearly the same are looked for.

pub mod compare;
pub mod function;
pub(crate) mod keyed;
mod models;
pub(crate) mod parts;
mod safetensors;

use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tamis_kernels::hash128;
use tamis_kernels::vectors::{Choice, Device, DeviceInfo, DeviceList, Engine};

use crate::error::PipelineError;

pub use models::{Model, load};

/// The least cosine at which a document goes, where none is named: a hundred documents were read
/// for it, see `docs/semantic.md`.
pub const COSINE: f64 = 0.99;
/// Products of numbers that an exact search may take where nobody chose: about a minute on one
/// core. The choice depends on the corpus alone, so that it is the same on every machine.
const EXACT_PRODUCTS: u128 = 1 << 41;

/// How semantic duplicates are looked for and what decides.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Semantic {
    /// The least cosine at which a document goes.
    pub threshold: f64,
    /// Where the vectors come from.
    pub embeddings: Embeddings,
    /// What the files behind them hold, so that a run does not go on with others.
    pub fingerprint: Option<String>,
    /// How pairs are found.
    pub search: Search,
}

/// Where the vectors of documents come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Embeddings {
    /// The model that comes with tamis.
    Embedded,
    /// A column of the input.
    Column(String),
    /// The folder of a static model or a sentence transformer.
    Model(PathBuf),
    /// Parquet or safetensors files with a vector for each id.
    Keyed(Vec<PathBuf>),
}

/// How pairs are found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Search {
    /// Exact while that is cheap, hashed beyond.
    #[default]
    Auto,
    /// Every document is compared with every survivor.
    Exact,
    /// Documents are compared that share a bucket of sign hashes.
    Hashed,
}

impl Search {
    /// The search for so many vectors of so many dimensions; never [`Search::Auto`].
    #[must_use]
    pub fn settled(self, vectors: u64, dimensions: usize) -> Self {
        match self {
            Self::Auto => {
                let products = u128::from(vectors) * u128::from(vectors) / 2 * dimensions as u128;
                if products <= EXACT_PRODUCTS { Self::Exact } else { Self::Hashed }
            }
            chosen => chosen,
        }
    }
}

impl Embeddings {
    /// `embedded`, `column:NAME`, the folder of a model, a Parquet or safetensors file, or a folder
    /// of Parquet files.
    pub fn parse(text: &str, base: &Path) -> Result<Self, PipelineError> {
        if text == "embedded" {
            return Ok(Self::Embedded);
        }
        if let Some(name) = text.strip_prefix("column:") {
            return Ok(Self::Column(name.to_owned()));
        }
        let path = base.join(text);
        let usage = |what: String| Err(PipelineError::Usage(format!("embeddings: {what}")));
        let shown = path.display();
        let path = match path.canonicalize() {
            Ok(path) => path,
            Err(error) => {
                return usage(format!(
                    "{shown} cannot be used ({error}); write embedded, column:NAME, the folder of a model, or a Parquet or safetensors file with id and embedding"
                ));
            }
        };
        if path.is_file() {
            return Ok(Self::Keyed(vec![path]));
        }
        if path.join("config.json").is_file() {
            return Ok(Self::Model(path));
        }
        let mut files: Vec<PathBuf> = std::fs::read_dir(&path)
            .map_err(|error| PipelineError::directory(&path, format!("cannot be read: {error}")))?
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|file| keyed::is_keyed(file))
            .collect();
        files.sort();
        if files.is_empty() {
            return usage(format!(
                "{shown} holds neither a model (config.json, tokenizer.json, model.safetensors) nor .parquet or .safetensors files"
            ));
        }
        Ok(Self::Keyed(files))
    }

    /// In words, for the report.
    pub fn told(&self) -> Result<String, PipelineError> {
        let name =
            |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Ok(match self {
            Self::Embedded => format!("the model of tamis ({})", load(self)?.name()),
            Self::Column(name) => format!("column {name}"),
            Self::Model(path) => format!("model {} ({})", name(path), load(self)?.name()),
            Self::Keyed(files) => match files.as_slice() {
                [file] => name(file),
                files => format!("{} files", files.len()),
            },
        })
    }

    /// A hash of the files behind them, or their sizes and times where they are many bytes.
    fn fingerprint(&self) -> Result<Option<String>, PipelineError> {
        let broken = |path: &Path, error: std::io::Error| {
            PipelineError::directory(path, format!("cannot be read: {error}"))
        };
        let mut all = Vec::new();
        match self {
            Self::Embedded | Self::Column(_) => return Ok(None),
            Self::Model(folder) => {
                for name in models::FILES {
                    let path = folder.join(name);
                    if path.is_file() {
                        let bytes = std::fs::read(&path).map_err(|error| broken(&path, error))?;
                        all.extend(hash128(&bytes).to_le_bytes());
                    }
                }
            }
            Self::Keyed(files) => {
                for path in files {
                    let data = std::fs::metadata(path).map_err(|error| broken(path, error))?;
                    let modified = data.modified().ok();
                    let since =
                        modified.and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok());
                    all.extend(path.display().to_string().bytes());
                    all.extend(data.len().to_le_bytes());
                    all.extend(since.map_or(0, |since| since.as_nanos()).to_le_bytes());
                }
            }
        }
        Ok(Some(tamis_kernels::hex128(hash128(&all))))
    }
}

impl Semantic {
    /// Fills what the user left open; what makes no sense is refused.
    pub fn settle(
        threshold: Option<f64>,
        embeddings: Option<&str>,
        search: Search,
        base: &Path,
    ) -> Result<Self, PipelineError> {
        let threshold = threshold.unwrap_or(COSINE);
        if !(0.5..=1.0).contains(&threshold) {
            let what = "cosine: from 0.5 to 1; documents further apart say different things";
            return Err(PipelineError::Usage(what.into()));
        }
        let embeddings = Embeddings::parse(embeddings.unwrap_or("embedded"), base)?;
        if let Embeddings::Model(_) | Embeddings::Embedded = &embeddings {
            // a broken model must not cost the user a pass over the corpus
            load(&embeddings)?;
        }
        let fingerprint = embeddings.fingerprint()?;
        Ok(Self { threshold, embeddings, fingerprint, search })
    }
}

/// What could compare vectors, and what would.
#[derive(Debug, Clone)]
pub struct Devices {
    /// The CPU first, then the cards.
    pub found: Vec<DeviceInfo>,
    /// Why there is no card, in one line.
    pub without_cuda: Option<String>,
    /// What is used.
    pub used: Vec<Device>,
}

/// What this machine has, and what `device` (`auto`, `cpu` or `cuda[:N]`) would use of it.
pub fn devices(device: &str) -> Result<Devices, PipelineError> {
    let used = open(device)?.devices();
    let DeviceList { devices, without_cuda } = tamis_kernels::vectors::devices();
    Ok(Devices { found: devices, without_cuda, used })
}

/// That `name` is `auto` or `cpu`, or a card that is there: `cuda[:N]`.
pub fn check_device(name: &str) -> Result<(), PipelineError> {
    open(name).map(|_| ())
}

fn open(name: &str) -> Result<Engine, PipelineError> {
    let choice: Result<Choice, _> = name.parse();
    let engine = choice.and_then(|choice| Engine::open(choice, 1));
    engine.map_err(|error| PipelineError::Usage(format!("device: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_search_depends_on_the_corpus_alone() {
        assert_eq!(Search::Auto.settled(100_000, 128), Search::Exact);
        assert_eq!(Search::Auto.settled(10_000_000, 128), Search::Hashed);
        assert_eq!(Search::Exact.settled(u64::MAX, 4096), Search::Exact);
        assert_eq!(Search::Hashed.settled(2, 2), Search::Hashed);
    }

    #[test]
    fn embeddings_are_named_in_one_way_each() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        let parse = |text: &str| Embeddings::parse(text, &root);
        assert_eq!(parse("embedded").unwrap(), Embeddings::Embedded);
        assert_eq!(parse("column:a.b").unwrap(), Embeddings::Column("a.b".into()));
        let error = parse("nowhere").unwrap_err().to_string();
        assert!(error.contains("column:NAME"), "{error}");
        std::fs::create_dir(root.join("some")).unwrap();
        let error = parse("some").unwrap_err().to_string();
        assert!(error.contains("model.safetensors"), "{error}");
        for name in ["b.parquet", "a.parquet", "note.txt"] {
            std::fs::write(root.join("some").join(name), "").unwrap();
        }
        let files = ["a.parquet", "b.parquet"].map(|name| root.join("some").join(name)).to_vec();
        assert_eq!(parse("some").unwrap(), Embeddings::Keyed(files.clone()));
        let before = Embeddings::Keyed(files.clone()).fingerprint().unwrap();
        std::fs::write(&files[0], "longer").unwrap();
        assert_ne!(before, Embeddings::Keyed(files).fingerprint().unwrap());
        std::fs::write(root.join("some/config.json"), "{}").unwrap();
        assert_eq!(parse("some").unwrap(), Embeddings::Model(root.join("some")));
        assert!(Semantic::settle(Some(0.2), None, Search::Auto, &root).is_err());
    }
}
