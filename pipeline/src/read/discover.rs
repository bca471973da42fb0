//! Inputs to shards: files, folders and globs, mixed, each shard with a name of its own.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use crate::error::ReadError;
use crate::read::{Compression, Format, Shard};

/// The shards of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Discovered {
    /// Sorted by name.
    pub shards: Vec<Shard>,
    /// Things worth saying.
    pub warnings: Vec<String>,
}

/// The kinds of files, for messages.
const KINDS: &str = ".jsonl .ndjson .json, also .gz .zst .bz2; .parquet; .txt .md .rst";

/// What a file's name says of its format; none where it is not one tamis reads.
pub fn kind_of(path: &Path) -> Option<(Format, Compression)> {
    let extension = |path: &Path| path.extension().and_then(OsStr::to_str).map(str::to_lowercase);
    let outer = extension(path)?;
    let compression = match outer.as_str() {
        "gz" => Compression::Gzip,
        "zst" | "zstd" => Compression::Zstd,
        "bz2" => Compression::Bzip2,
        _ => Compression::None,
    };
    let inner = if compression == Compression::None {
        outer
    } else {
        extension(Path::new(path.file_stem()?))?
    };
    let format = match inner.as_str() {
        "jsonl" | "ndjson" | "json" => Format::Jsonl,
        "parquet" if compression == Compression::None => Format::Parquet,
        "txt" | "text" | "md" | "markdown" | "rst" if compression == Compression::None => {
            Format::Text
        }
        _ => return None,
    };
    Some((format, compression))
}

/// Finds the shards behind `inputs`; nothing below `leave_out` is taken.
pub fn discover(inputs: &[String], leave_out: Option<&Path>) -> Result<Discovered, ReadError> {
    let mut search = Search::default();
    for input in inputs {
        let path = Path::new(input);
        if path.is_dir() {
            search.folder(&what_stayed(path)?)?;
        } else if path.exists() {
            search.file(path, path.parent().unwrap_or(Path::new("")));
        } else if input.contains(['*', '?', '[']) {
            search.expand(input)?;
        } else {
            return Err(ReadError::path(path, "does not exist"));
        }
    }
    let Search { found, skipped, mut warnings } = search;
    let mut by_path: BTreeMap<PathBuf, (String, PathBuf)> = BTreeMap::new();
    for (path, name, root) in found {
        let real = path
            .canonicalize()
            .map_err(|e| ReadError::path(&path, format!("cannot be read: {e}")))?;
        if leave_out.is_some_and(|root| real.starts_with(root)) {
            continue;
        }
        by_path.entry(real).or_insert((name, root));
    }
    if skipped > 0 {
        warnings.push(format!(
            "{skipped} files were passed over: README, LICENSE, plain .json, or of a kind tamis does \
             not read"
        ));
    }
    let shards = named(by_path)?;
    if shards.is_empty() {
        let all = inputs.join(" ");
        return Err(ReadError::path(all, format!("holds no file that tamis reads ({KINDS})")));
    }
    Ok(Discovered { shards, warnings })
}

/// Gives every shard a name of its own: relative to its root, with the root's name in front
/// where two roots hold the same name, and a number where even that is not enough.
fn named(by_path: BTreeMap<PathBuf, (String, PathBuf)>) -> Result<Vec<Shard>, ReadError> {
    let mut uses: BTreeMap<String, usize> = BTreeMap::new();
    for (name, _) in by_path.values() {
        *uses.entry(name.clone()).or_default() += 1;
    }
    let mut taken: BTreeMap<String, Shard> = BTreeMap::new();
    for (path, (name, root)) in by_path {
        if path.to_str().is_none() {
            let what = "has a name that is not UTF-8; rename it";
            return Err(ReadError::path(path, what));
        }
        let mut unique = name.clone();
        if uses.get(&name).is_some_and(|count| *count > 1) {
            let root = if root.as_os_str().is_empty() { PathBuf::from(".") } else { root };
            let real = root.canonicalize().unwrap_or(root);
            let folder = real.file_name().and_then(OsStr::to_str).unwrap_or("root");
            unique = format!("{folder}/{name}");
        }
        let mut number = 2;
        let wanted = unique.clone();
        while clashes(&taken, &unique) {
            unique = format!("{number}/{wanted}");
            number += 1;
        }
        let Some((format, compression)) = kind_of(&path).or_else(|| kind_of(Path::new(&name)))
        else {
            return Err(ReadError::path(
                path,
                format!("is of a kind tamis does not read ({KINDS})"),
            ));
        };
        taken.insert(unique.clone(), Shard { path, name: unique, format, compression });
    }
    Ok(taken.into_values().collect())
}

/// The folder to search: of a finished run what it kept, for the rest went or is about it.
fn what_stayed(folder: &Path) -> Result<PathBuf, ReadError> {
    if !is_run(folder) {
        return Ok(folder.to_owned());
    }
    let kept = folder.join("kept");
    if folder.join("run.json").is_file() && kept.is_dir() {
        return Ok(kept);
    }
    let what = "is no corpus but what an unfinished run or tamis index made; finish it, or name another folder";
    Err(ReadError::path(folder, what))
}

/// Whether a folder is what a run made.
fn is_run(folder: &Path) -> bool {
    folder.join(".state/identity.json").is_file()
        || (folder.join("run.json").is_file() && folder.join("annotations").is_dir())
}

/// Whether a name would share an output file, or need a file to be a folder.
fn clashes(taken: &BTreeMap<String, Shard>, name: &str) -> bool {
    // a removed text file leaves as `NAME.json`
    let siblings = [Some(name.to_owned()), name.strip_suffix(".json").map(str::to_owned)];
    let same = siblings.iter().flatten().any(|name| taken.contains_key(name))
        || taken.contains_key(&format!("{name}.json"));
    let below = format!("{name}/");
    let inside = taken.range(below.clone()..).next().is_some_and(|(n, _)| n.starts_with(&below));
    same || inside || name.match_indices('/').any(|(at, _)| taken.contains_key(&name[..at]))
}

fn relative(path: &Path, root: &Path) -> String {
    let inside = path.strip_prefix(root).unwrap_or(path);
    let steps: Vec<String> = inside
        .components()
        .filter_map(|step| match step {
            std::path::Component::Normal(step) => Some(step.to_string_lossy().into_owned()),
            _ => None,
        })
        .collect();
    steps.join("/")
}

/// Files that speak about a corpus rather than belong to it.
fn speaks_of_corpus(path: &Path) -> bool {
    let name = path.file_name().and_then(OsStr::to_str).unwrap_or_default().to_uppercase();
    name.starts_with("README") || name.starts_with("LICENSE")
}

/// What a folder keeps to itself; plain `.json` is metadata more often than records, so it must
/// be named or matched by a glob.
fn passed_over(path: &Path) -> bool {
    let json = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json"));
    speaks_of_corpus(path) || json || kind_of(path).is_none()
}

/// What was found so far.
#[derive(Default)]
struct Search {
    /// Path, name and root of each file.
    found: Vec<(PathBuf, String, PathBuf)>,
    skipped: u64,
    warnings: Vec<String>,
}

impl Search {
    fn file(&mut self, path: &Path, root: &Path) {
        self.found.push((path.to_owned(), relative(path, root), root.to_owned()));
    }

    fn folder(&mut self, root: &Path) -> Result<(), ReadError> {
        let hidden = |entry: &walkdir::DirEntry| {
            entry.depth() > 0 && entry.file_name().to_string_lossy().starts_with('.')
        };
        let walk = walkdir::WalkDir::new(root).follow_links(true).sort_by_file_name();
        let mut runs: Vec<String> = Vec::new();
        let entries = walk.into_iter().filter_entry(|entry| {
            let run = entry.depth() > 0 && entry.file_type().is_dir() && is_run(entry.path());
            if run {
                runs.push(entry.path().display().to_string());
            }
            !run && !hidden(entry)
        });
        for entry in entries {
            let entry = match entry {
                Ok(entry) => entry,
                // a link that leads back up adds nothing
                Err(error) if error.loop_ancestor().is_some() => continue,
                Err(error) => {
                    let path = error.path().unwrap_or(root).to_owned();
                    if path.is_symlink() && !path.exists() {
                        self.warnings.push(format!("{}: a link to nothing", path.display()));
                        continue;
                    }
                    return Err(ReadError::path(path, format!("cannot be walked: {error}")));
                }
            };
            if !entry.file_type().is_file() {
                continue;
            }
            if passed_over(entry.path()) {
                self.skipped += 1;
            } else {
                self.file(entry.path(), root);
            }
        }
        let told = runs.iter().map(|run| format!("{run}: left out, it is what a run made"));
        self.warnings.extend(told);
        Ok(())
    }

    fn expand(&mut self, pattern: &str) -> Result<(), ReadError> {
        let bad = |error: &dyn std::fmt::Display| {
            ReadError::path(pattern, format!("is no glob: {error}"))
        };
        // names are relative to the part of the pattern that has no wildcard
        let fixed: PathBuf = Path::new(pattern)
            .components()
            .take_while(|step| !step.as_os_str().to_string_lossy().contains(['*', '?', '[']))
            .collect();
        // as in a shell, a wildcard does not match hidden files
        let options =
            glob::MatchOptions { require_literal_leading_dot: true, ..Default::default() };
        let before = self.found.len() as u64 + self.skipped;
        for path in glob::glob_with(pattern, options).map_err(|e| bad(&e))? {
            let path = path.map_err(|error| {
                let what = format!("cannot be read: {}", error.error());
                ReadError::path(error.path(), what)
            })?;
            if path.is_dir() {
                self.folder(&path)?;
            } else if kind_of(&path).is_none() || speaks_of_corpus(&path) {
                self.skipped += 1;
            } else {
                self.file(&path, &fixed);
            }
        }
        if self.found.len() as u64 + self.skipped == before {
            return Err(ReadError::path(pattern, "matches no file"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn names(inputs: &[String]) -> Vec<String> {
        discover(inputs, None).unwrap().shards.into_iter().map(|shard| shard.name).collect()
    }

    #[test]
    fn folders_globs_and_files_mix_and_nothing_is_taken_twice() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        for name in [
            "a.jsonl",
            "sub/b.jsonl.zst",
            "sub/c.parquet",
            "d.md",
            "README.md",
            ".e.jsonl",
            "f.exe",
        ] {
            let path = root.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        let whole = root.display().to_string();
        let expected = ["a.jsonl", "d.md", "sub/b.jsonl.zst", "sub/c.parquet"];
        assert_eq!(names(std::slice::from_ref(&whole)), expected);
        assert_eq!(
            names(&[whole.clone(), format!("{whole}/*.jsonl"), format!("{whole}/d.md")]),
            expected
        );
        assert_eq!(discover(&[whole], None).unwrap().warnings.len(), 1);
    }

    #[test]
    fn the_same_name_in_two_roots_is_told_apart() {
        let folder = tempfile::tempdir().unwrap();
        let mut inputs = Vec::new();
        for root in ["one", "two"] {
            let path = folder.path().join(root);
            fs::create_dir_all(&path).unwrap();
            fs::write(path.join("a.jsonl"), "").unwrap();
            inputs.push(path.display().to_string());
        }
        assert_eq!(names(&inputs), ["one/a.jsonl", "two/a.jsonl"]);
    }

    #[test]
    fn what_is_not_there_is_an_error_that_names_it() {
        let missing = discover(&["/no/such/file".to_owned()], None).unwrap_err().to_string();
        assert!(missing.contains("/no/such/file: does not exist"), "{missing}");
        let empty = discover(&["/no/such/*.jsonl".to_owned()], None).unwrap_err().to_string();
        assert!(empty.contains("matches no file"), "{empty}");
    }
}
