//! Evaluation sets: files of JSONL, JSON, Parquet or text, read into items.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tamis_kernels::{Overlaps, OverlapsBuilder, Tamis};

use crate::contamination::json;
use crate::contamination::{Decontaminate, Looking, hash_of};
use crate::error::PipelineError;
use crate::read::discover;
use crate::table::atomic::PartFile;

/// Fields under which the id of an item is looked for, best first.
const ID_NAMES: [&str; 7] =
    ["id", "doc_id", "document_id", "uuid", "task_id", "question_id", "qid"];
/// Least and most words of an n-gram that is chosen by the lengths of items.
const CHOSEN: (usize, usize) = (8, 13);

/// An evaluation set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EvalSet {
    /// Its name: that of its file or folder, or the user's.
    pub name: String,
    /// Its files.
    pub files: Vec<PathBuf>,
    /// xxh3-128 of their bytes, one after the other.
    pub hash: String,
}

/// One item of a set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Item {
    /// The number of its set.
    pub(crate) set: usize,
    /// Its id, or its file and row.
    pub(crate) id: String,
    /// Its texts.
    pub(crate) texts: Vec<String>,
}

fn problem(what: impl std::fmt::Display) -> PipelineError {
    PipelineError::Usage(format!("decontaminate: {what}"))
}

impl EvalSet {
    /// The set behind `PATH` or `NAME=PATH`: a file, or a folder with files.
    pub(crate) fn find(named: &str, base: &Path) -> Result<Self, PipelineError> {
        let whole = base.join(named);
        let (name, path) = match named.split_once('=') {
            Some((name, path)) if !whole.exists() => (Some(name), base.join(path)),
            _ => (None, whole),
        };
        if name.is_some_and(|name| name.is_empty() || name.contains(['/', ' '])) {
            return Err(problem(format!("'{named}': a name has letters, and no space or slash")));
        }
        let shown = path.display().to_string();
        let found = discover(std::slice::from_ref(&shown), None)
            .map_err(|error| problem(format!("{error}; write PATH or NAME=PATH")))?;
        let mut files = Vec::with_capacity(found.shards.len());
        let mut bytes = Vec::new();
        for shard in found.shards {
            let read = std::fs::read(&shard.path).map_err(|error| {
                problem(format!("{}: cannot be read: {error}", shard.path.display()))
            })?;
            bytes.extend(hash_of(&read).bytes());
            files.push(shard.path);
        }
        let name = name.map_or_else(|| stem(&path), str::to_owned);
        Ok(Self { name, files, hash: hash_of(&bytes) })
    }
}

/// `gsm8k` of `evals/gsm8k.jsonl.gz`.
fn stem(path: &Path) -> String {
    let name = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let name = name.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let stem = name.split('.').next().unwrap_or_default();
    let stem = if stem.is_empty() { name.as_str() } else { stem };
    stem.replace(' ', "-")
}

/// Gives sets of the same name a number.
pub(crate) fn name_apart(sets: &mut [EvalSet]) {
    let mut taken = BTreeSet::new();
    for set in sets {
        let (wanted, mut number) = (set.name.clone(), 2);
        while !taken.insert(set.name.clone()) {
            set.name = format!("{wanted}-{number}");
            number += 1;
        }
    }
}

/// Reads the items of all sets; a set that holds no text is an error.
pub(crate) fn read(settled: &Decontaminate) -> Result<Vec<Item>, PipelineError> {
    let mut items = Vec::new();
    for (number, set) in settled.sets.iter().enumerate() {
        let before = items.len();
        let mut fields = BTreeSet::new();
        for path in &set.files {
            for (row, record) in json::records(path)?.into_iter().enumerate() {
                fields.extend(record.fields().map(str::to_owned));
                let texts = record.texts(&settled.fields);
                if texts.is_empty() {
                    continue;
                }
                let id = record.id(&ID_NAMES).unwrap_or_else(|| format!("{}:{row}", stem(path)));
                items.push(Item { set: number, id, texts });
            }
        }
        let unknown: Vec<&str> = settled
            .fields
            .iter()
            .map(String::as_str)
            .filter(|field| !fields.contains(*field) && !fields.is_empty())
            .collect();
        let known: Vec<&str> = fields.iter().map(String::as_str).collect();
        if settled.sets.len() == 1 && !unknown.is_empty() {
            return Err(problem(format!(
                "{} has no field {}; its fields are {}",
                set.name,
                unknown.join(", "),
                known.join(", ")
            )));
        }
        if items.len() == before {
            return Err(problem(format!(
                "{} holds no text in {}; its fields are {}",
                set.name,
                if settled.fields.is_empty() {
                    "any field".to_owned()
                } else {
                    settled.fields.join(", ")
                },
                known.join(", ")
            )));
        }
    }
    Ok(items)
}

/// Writes the items to `path`, and settles what depends on them.
pub(crate) fn prepare(settled: &Decontaminate, path: PathBuf) -> Result<Looking, PipelineError> {
    let items = read(settled)?;
    let mut bytes = Vec::new();
    for item in &items {
        let line = serde_json::to_string(item).map_err(|e| PipelineError::directory(&path, e))?;
        bytes.extend(line.as_bytes());
        bytes.push(b'\n');
    }
    let mut file = PartFile::create(&path)?;
    file.write_all(&bytes).map_err(|error| PipelineError::directory(&path, error))?;
    file.finish()?;
    let words = words_of_items(&items, settled.sets.len());
    let sets = settled.sets.iter().zip(words);
    let sets = sets.map(|(set, lengths)| {
        (set.name.clone(), settled.words.unwrap_or_else(|| by_length(lengths)))
    });
    Ok(Looking {
        items: path,
        hash: hash_of(&bytes),
        sets: sets.collect(),
        share: settled.share,
        skips: settled.skips,
        action: settled.action,
        passed: None,
    })
}

/// The words of each item, by set.
fn words_of_items(items: &[Item], sets: usize) -> Vec<Vec<usize>> {
    let mut lengths = vec![Vec::new(); sets];
    let (mut scan, mut words) = (Tamis::default(), Vec::new());
    for item in items {
        let mut length = 0;
        for text in &item.texts {
            scan.scan(text, &mut words);
            length += words.len();
        }
        lengths[item.set].push(length);
    }
    lengths
}

/// The 5th percentile (nearest rank) of the lengths of items, from 8 to 13.
fn by_length(mut lengths: Vec<usize>) -> usize {
    lengths.sort_unstable();
    let rank = (lengths.len() * 5).div_ceil(100).max(1);
    lengths.get(rank - 1).copied().unwrap_or(CHOSEN.1).clamp(CHOSEN.0, CHOSEN.1)
}

/// The sets ready to be looked for: one index for each length of n-grams.
#[derive(Debug)]
pub(crate) struct Index {
    pub(crate) items: Vec<Item>,
    /// Words of each item that an n-gram can hold.
    pub(crate) words: Vec<u32>,
    pub(crate) groups: Vec<Group>,
}

/// The sets whose n-grams have the same length.
#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) overlaps: Overlaps,
    /// The item of each part, and where the part begins among the words of its item.
    pub(crate) parts: Vec<(u32, u32)>,
}

impl Index {
    /// Reads the file of `looking`.
    pub(crate) fn load(looking: &Looking) -> Result<Self, PipelineError> {
        let broken = |what: &dyn std::fmt::Display| PipelineError::directory(&looking.items, what);
        let bytes = std::fs::read(&looking.items)
            .map_err(|error| broken(&format!("cannot be read: {error}")))?;
        if hash_of(&bytes) != looking.hash {
            return Err(broken(&"is another file than when the run began"));
        }
        let mut items = Vec::new();
        for line in bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            items.push(serde_json::from_slice::<Item>(line).map_err(|error| broken(&error))?);
        }
        let mut lengths: Vec<usize> = looking.sets.iter().map(|(_, n)| *n).collect();
        lengths.sort_unstable();
        lengths.dedup();
        let mut index = Self { words: vec![0; items.len()], items, groups: Vec::new() };
        for n in lengths {
            let group = index.group(n, looking).map_err(|error| broken(&error))?;
            index.groups.push(group);
        }
        if let Some((path, hash)) = &looking.passed {
            let bytes = std::fs::read(path).map_err(|error| {
                PipelineError::directory(path, format!("cannot be read: {error}"))
            })?;
            if hash_of(&bytes) != *hash {
                return Err(PipelineError::directory(
                    path,
                    "is another file than when it was made",
                ));
            }
            let passed: Vec<Vec<u32>> = serde_json::from_slice(&bytes)
                .map_err(|error| PipelineError::directory(path, error))?;
            for (group, numbers) in index.groups.iter_mut().zip(passed) {
                group.overlaps.pass(numbers);
            }
        }
        Ok(index)
    }

    fn group(&mut self, n: usize, looking: &Looking) -> Result<Group, tamis_kernels::TooMuchText> {
        let (mut builder, mut scan) = (OverlapsBuilder::default(), Tamis::default());
        let mut parts = Vec::new();
        for (number, item) in self.items.iter().enumerate() {
            if looking.sets.get(item.set).is_none_or(|(_, words)| *words != n) {
                continue;
            }
            for text in &item.texts {
                let (_, words) = builder.add(text, &mut scan)?;
                parts.push((u32::try_from(number).unwrap_or(u32::MAX), self.words[number]));
                // a part without an n-gram cannot be found, so it does not dilute the share
                if words >= n {
                    self.words[number] += u32::try_from(words).unwrap_or(u32::MAX);
                }
            }
        }
        Ok(Group { overlaps: builder.finish(n, looking.skips)?, parts })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_length_of_n_grams_follows_the_items() {
        // 100 items: the fifth shortest counts
        let lengths = |fifth: usize| {
            let mut all = vec![1, 2, 3, 4, fifth];
            all.extend(std::iter::repeat_n(50, 95));
            all
        };
        assert_eq!(by_length(lengths(10)), 10);
        assert_eq!(by_length(lengths(5)), 8);
        assert_eq!(by_length(lengths(40)), 13);
        assert_eq!(by_length(vec![9]), 9);
    }

    #[test]
    fn sets_are_named_by_their_files_and_apart() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        std::fs::create_dir(root.join("b")).unwrap();
        for path in ["gsm.test.jsonl", "b/gsm.jsonl"] {
            std::fs::write(root.join(path), "{}\n").unwrap();
        }
        let mut sets = Vec::new();
        for named in ["gsm.test.jsonl", "b/gsm.jsonl", "b", "mine=b/gsm.jsonl"] {
            sets.push(EvalSet::find(named, root).unwrap());
        }
        name_apart(&mut sets);
        let names: Vec<&str> = sets.iter().map(|set| set.name.as_str()).collect();
        assert_eq!(names, ["gsm", "gsm-2", "b", "mine"]);
        assert_eq!(sets[1].hash, sets[3].hash);
        assert!(EvalSet::find("a b=b/gsm.jsonl", root).is_err());
        assert!(EvalSet::find("nowhere.jsonl", root).is_err());
    }
}
