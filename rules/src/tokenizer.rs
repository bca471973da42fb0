//! The tokenizer that a run counts by: a file, read once a process.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use tamis_kernels::{TextTokenizer, hash128, hex128};

use crate::error::RuleError;

/// A `tokenizer.json`: where it lies and what it holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenizerSpec {
    /// Its absolute path.
    pub path: PathBuf,
    /// xxh3-128 of its bytes, 32 hexadecimal digits.
    pub hash: String,
}

/// Tokenizers that were read, by the hash of their bytes.
static LOADED: Mutex<BTreeMap<String, Arc<TextTokenizer>>> = Mutex::new(BTreeMap::new());

impl TokenizerSpec {
    /// The file at `path`, or `tokenizer.json` in the folder at `path`; what cannot be used is an
    /// error.
    pub fn open(path: &Path) -> Result<Self, RuleError> {
        let file = if path.is_dir() { path.join("tokenizer.json") } else { path.to_owned() };
        let bytes = read(&file)?;
        let path = file.canonicalize().unwrap_or(file);
        let spec = Self { path, hash: hex128(hash128(&bytes)) };
        spec.remember(&bytes)?;
        Ok(spec)
    }

    /// The tokenizer; a file that is another than when the run began is an error.
    pub fn load(&self) -> Result<Arc<TextTokenizer>, RuleError> {
        let loaded = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(tokenizer) = loaded.get(&self.hash) {
            return Ok(Arc::clone(tokenizer));
        }
        drop(loaded);
        let bytes = read(&self.path)?;
        if hex128(hash128(&bytes)) != self.hash {
            return Err(problem(&self.path, "is another file than when the run began"));
        }
        self.remember(&bytes)
    }

    fn remember(&self, bytes: &[u8]) -> Result<Arc<TextTokenizer>, RuleError> {
        let mut loaded = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(tokenizer) = loaded.get(&self.hash) {
            return Ok(Arc::clone(tokenizer));
        }
        let tokenizer =
            TextTokenizer::from_json(bytes).map_err(|error| problem(&self.path, error))?;
        let tokenizer = Arc::new(tokenizer);
        loaded.insert(self.hash.clone(), Arc::clone(&tokenizer));
        Ok(tokenizer)
    }
}

fn read(path: &Path) -> Result<Vec<u8>, RuleError> {
    std::fs::read(path).map_err(|error| {
        if error.kind() == std::io::ErrorKind::NotFound {
            problem(path, "there is no such tokenizer file")
        } else {
            problem(path, format!("cannot be read: {error}"))
        }
    })
}

fn problem(path: &Path, message: impl std::fmt::Display) -> RuleError {
    RuleError::whole(&path.display().to_string(), message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tokenizer_is_known_by_what_it_holds() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tokenizer.json");
        let missing = TokenizerSpec::open(folder.path()).unwrap_err().to_string();
        assert!(missing.contains("there is no such tokenizer file"), "{missing}");
        let file = |extra: &str| {
            format!(
                r#"{{"version":"1.0","truncation":null,"padding":null,"added_tokens":[],"normalizer":null,
                "pre_tokenizer":{{"type":"Whitespace"}},"post_processor":null,"decoder":null,
                "model":{{"type":"WordLevel","vocab":{{"a":0,"[UNK]":1{extra}}},"unk_token":"[UNK]"}}}}"#
            )
        };
        std::fs::write(&path, file("")).unwrap();
        let spec = TokenizerSpec::open(folder.path()).unwrap();
        assert_eq!(spec.load().unwrap().vocabulary_size(), 2);
        std::fs::write(&path, file(r#","b":2"#)).unwrap();
        // what was read is kept; another process would read the file again
        let stranger = TokenizerSpec { hash: "0".repeat(32), ..spec };
        let changed = stranger.load().unwrap_err().to_string();
        assert!(changed.contains("another file"), "{changed}");
        assert_ne!(TokenizerSpec::open(&path).unwrap().hash, stranger.hash);
        std::fs::write(&path, "{}").unwrap();
        let broken = TokenizerSpec::open(&path).unwrap_err().to_string();
        assert!(broken.contains("tokenizer.json") && broken.contains("no \"model\""), "{broken}");
    }
}
