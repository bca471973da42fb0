//! The run directory: its names, its lock, and what says which run it belongs to.

use std::fs::{self, File, TryLockError};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use serde::{Deserialize, Serialize};
use tamis_rules::RuleSet;

use crate::config::ContentConfig;
use crate::error::PipelineError;
use crate::read::Shard;
use crate::table::atomic::PartFile;
use crate::table::part::part_path;

/// Everything tamis may have made in a run directory, and so may remove under `--force`.
const OURS: &[&str] = &[
    "kept",
    "removed",
    "failed",
    "annotations",
    "decisions",
    "plans",
    "clusters",
    "contamination",
    "embeddings",
    "repeats",
    "index",
    "index.json",
    "report.json",
    "run.json",
    ".state",
    ".temp",
];

/// The file that says how many parts a whole table has.
const WHOLE: &str = "whole";

/// A run directory that this process holds the lock of.
#[derive(Debug)]
pub struct RunDir {
    root: PathBuf,
    _lock: File,
}

/// What a directory was made for: compared before a run goes on in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// Version of tamis.
    pub version: String,
    /// The content configuration as JSON.
    pub configuration: serde_json::Value,
    /// Hash of the rule set.
    pub rules: String,
    /// The inputs with size and modification time.
    pub inputs: Vec<InputIdentity>,
}

/// One input as it was when the run began.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputIdentity {
    /// Relative name of the shard.
    pub shard: String,
    /// Where it lies.
    pub path: PathBuf,
    /// Bytes as stored.
    pub size_bytes: u64,
    /// Nanoseconds since 1970, 0 for the spool of standard input.
    pub modified_ns: u128,
}

impl InputIdentity {
    /// The shard as it is now; standard input is known by nothing but its size.
    pub(crate) fn of(shard: &Shard, from_stdin: bool) -> Result<Self, PipelineError> {
        let data = fs::metadata(&shard.path).map_err(|error| {
            PipelineError::directory(&shard.path, format!("cannot be read: {error}"))
        })?;
        let modified = data.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        Ok(Self {
            shard: shard.name.clone(),
            path: if from_stdin { PathBuf::from("-") } else { shard.path.clone() },
            size_bytes: data.len(),
            modified_ns: if from_stdin { 0 } else { modified.map_or(0, |time| time.as_nanos()) },
        })
    }
}

impl Identity {
    /// The identity of a run of this version.
    pub(crate) fn new(
        content: &ContentConfig,
        rules: &RuleSet,
        inputs: Vec<InputIdentity>,
    ) -> Result<Self, PipelineError> {
        Ok(Self {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            configuration: serde_json::to_value(content)
                .map_err(|error| PipelineError::Usage(error.to_string()))?,
            rules: rules.hash_hex(),
            inputs,
        })
    }

    /// The first difference to `other`, in words.
    fn difference(&self, other: &Self) -> Option<String> {
        if self.version != other.version {
            return Some(format!("it was made by tamis {}", other.version));
        }
        if self.rules != other.rules {
            return Some("the rule set is another".to_owned());
        }
        if self.configuration != other.configuration {
            let keys = self.configuration.as_object().into_iter().flatten();
            let changed: Vec<String> = keys
                .filter_map(|(key, value)| {
                    let before = other.configuration.get(key)?;
                    (before != value).then(|| format!("{key} was {before} and is {value}"))
                })
                .collect();
            return Some(format!("the configuration is another: {}", changed.join(", ")));
        }
        for input in &self.inputs {
            match other.inputs.iter().find(|before| before.shard == input.shard) {
                None => return Some(format!("input {} is new", input.shard)),
                Some(before) if before != input => {
                    return Some(format!("input {} has changed", input.shard));
                }
                Some(_) => {}
            }
        }
        let gone = other.inputs.iter().find(|b| self.inputs.iter().all(|i| i.shard != b.shard))?;
        Some(format!("input {} is gone", gone.shard))
    }
}

impl RunDir {
    /// Opens or makes the directory and takes its lock.
    pub fn open(root: &Path) -> Result<Self, PipelineError> {
        let unusable = |error: std::io::Error| {
            PipelineError::directory(root, format!("cannot be used as run directory: {error}"))
        };
        if root.is_file() {
            return Err(PipelineError::directory(root, "is a file; --out needs a folder"));
        }
        fs::create_dir_all(root).map_err(unusable)?;
        let root = root.canonicalize().map_err(unusable)?;
        let lock = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(root.join(".lock"))
            .map_err(unusable)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { root, _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(PipelineError::directory(
                root,
                "another tamis runs in this directory; wait for it or choose another --out",
            )),
            Err(TryLockError::Error(error)) => Err(unusable(error)),
        }
    }

    /// The directory itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// A path below the directory.
    pub fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    /// Where standard input is spooled.
    pub fn spool(&self) -> PathBuf {
        self.path(".state/spool/stdin.jsonl")
    }

    /// Annotations of one unit.
    pub fn annotations(&self, unit: usize) -> PathBuf {
        self.path(&format!("annotations/part-{unit:05}.parquet"))
    }

    /// Decisions on the documents of one unit.
    pub(crate) fn decisions(&self, unit: usize) -> PathBuf {
        self.path(&format!("decisions/part-{unit:05}.parquet"))
    }

    /// Values for percentiles of one unit.
    pub fn measures(&self, unit: usize) -> PathBuf {
        self.path(&format!(".state/measures/part-{unit:05}.parquet"))
    }

    /// Counts of one unit, there when its outputs are.
    pub fn counts(&self, unit: usize) -> PathBuf {
        self.path(&format!(".state/counts/part-{unit:05}.json"))
    }

    /// Duplicates of one kind with their survivors.
    pub fn clusters(&self, kind: &str) -> PathBuf {
        self.path(&format!("clusters/{kind}.parquet"))
    }

    /// Annotations of one unit of the reference set.
    pub fn reference(&self, unit: usize) -> PathBuf {
        self.path(&format!(".state/against/part-{unit:05}.parquet"))
    }

    /// A step of dedup.
    pub fn dedup(&self, step: &str) -> PathBuf {
        self.path(&format!(".state/dedup/{step}.parquet"))
    }

    /// The folder of a table of dedup that has several parts.
    pub(crate) fn dedup_table(&self, name: &str) -> PathBuf {
        self.path(&format!(".state/dedup/{name}"))
    }

    /// The parts of a table in their order, where all of it is there.
    pub(crate) fn whole_table(&self, folder: &Path) -> Result<Option<Vec<PathBuf>>, PipelineError> {
        let path = folder.join(WHOLE);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(PipelineError::directory(&path, error)),
        };
        let parts: usize = text.trim().parse().map_err(|error| {
            PipelineError::directory(
                &path,
                format!("is damaged ({error}); start over with --force"),
            )
        })?;
        Ok(Some((0..parts).map(|part| part_path(folder, part)).collect()))
    }

    /// Makes room for a table: what an earlier attempt left is removed.
    pub(crate) fn begin_table(&self, folder: &Path) -> Result<(), PipelineError> {
        remove(folder)?;
        fs::create_dir_all(folder).map_err(|error| PipelineError::directory(folder, error))
    }

    /// Says that a table of so many parts is whole.
    pub(crate) fn end_table(&self, folder: &Path, parts: usize) -> Result<(), PipelineError> {
        self.write_whole(&folder.join(WHOLE), parts.to_string().as_bytes())
    }

    /// Vectors of the documents of one unit.
    pub fn embeddings(&self, unit: usize) -> PathBuf {
        self.path(&format!("embeddings/part-{unit:05}.parquet"))
    }

    /// Shingles of the candidates of one unit.
    pub fn shingles(&self, unit: usize) -> PathBuf {
        self.path(&format!(".state/shingles/part-{unit:05}.sets"))
    }

    /// Files in the directory that tamis did not make and would mix with.
    pub fn is_fresh(&self) -> bool {
        !self.path(".state/identity.json").exists()
    }

    /// Whether a run came to its end here.
    pub fn is_finished(&self) -> bool {
        self.path("run.json").exists()
    }

    /// Makes the directory this run's: the same run goes on, another is refused unless `force`.
    /// Standard input's spool stays where `keep_spool`.
    pub fn claim(
        &self,
        identity: &Identity,
        force: bool,
        keep_spool: bool,
    ) -> Result<(), PipelineError> {
        let path = self.path(".state/identity.json");
        if !self.is_fresh() && !force {
            let text = fs::read_to_string(&path)
                .map_err(|error| PipelineError::directory(&path, error))?;
            let before: Identity = serde_json::from_str(&text).map_err(|error| {
                PipelineError::directory(
                    &path,
                    format!("is damaged ({error}); start over with --force"),
                )
            })?;
            return match identity.difference(&before) {
                None => Ok(()),
                Some(difference) => Err(PipelineError::directory(
                    &self.root,
                    format!(
                        "holds another run: {difference}; choose another --out, or --force to start over"
                    ),
                )),
            };
        }
        let strangers: Vec<&str> = OURS
            .iter()
            .copied()
            .filter(|name| !name.starts_with('.') && self.path(name).exists())
            .collect();
        if !force && !strangers.is_empty() {
            return Err(PipelineError::directory(
                &self.root,
                format!(
                    "already holds {}; choose another --out, or --force to start over",
                    strangers.join(", ")
                ),
            ));
        }
        self.clear(keep_spool)?;
        let text = serde_json::to_vec_pretty(identity)
            .map_err(|error| PipelineError::directory(&path, error))?;
        self.write_whole(&path, &text)
    }

    fn clear(&self, keep_spool: bool) -> Result<(), PipelineError> {
        for name in OURS {
            let path = self.path(name);
            if *name == ".state" && keep_spool {
                for inside in [
                    "identity.json",
                    "measures",
                    "counts",
                    "dedup",
                    "shingles",
                    "audit",
                    "against",
                    "repeats",
                    "works",
                    "lines",
                    "tokens",
                    "contamination",
                ] {
                    remove(&path.join(inside))?;
                }
            } else {
                remove(&path)?;
            }
        }
        Ok(())
    }

    /// Writes a file that appears whole or not at all.
    pub fn write_whole(&self, path: &Path, bytes: &[u8]) -> Result<(), PipelineError> {
        let mut file = PartFile::create(path)?;
        file.write_all(bytes).map_err(|error| PipelineError::directory(path, error))?;
        file.finish()?;
        Ok(())
    }
}

fn remove(path: &Path) -> Result<(), PipelineError> {
    let removed = match path.symlink_metadata() {
        Err(_) => return Ok(()),
        Ok(data) if data.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
    };
    removed.map_err(|error| PipelineError::directory(path, format!("cannot be removed: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(rules: &str) -> Identity {
        Identity {
            version: "1".into(),
            configuration: serde_json::json!({"limit": null}),
            rules: rules.into(),
            inputs: vec![],
        }
    }

    #[test]
    fn two_runs_do_not_share_a_directory() {
        let folder = tempfile::tempdir().unwrap();
        let first = RunDir::open(folder.path()).unwrap();
        let second = RunDir::open(folder.path()).unwrap_err().to_string();
        assert!(second.contains("another tamis"), "{second}");
        drop(first);
        RunDir::open(folder.path()).unwrap();
    }

    #[test]
    fn another_configuration_is_refused_with_the_difference_named() {
        let folder = tempfile::tempdir().unwrap();
        let run = RunDir::open(folder.path()).unwrap();
        run.claim(&identity("a"), false, false).unwrap();
        run.claim(&identity("a"), false, false).unwrap();
        let error = run.claim(&identity("b"), false, false).unwrap_err().to_string();
        assert!(error.contains("the rule set is another"), "{error}");
        run.claim(&identity("b"), true, false).unwrap();
    }

    #[test]
    fn files_of_somebody_else_are_not_touched() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("kept")).unwrap();
        let run = RunDir::open(folder.path()).unwrap();
        assert!(run.claim(&identity("a"), false, false).is_err());
        assert!(folder.path().join("kept").exists());
    }
}
