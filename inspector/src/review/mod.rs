//! What a person says of documents: a log that loses nothing, and what follows from it.
//!
//! A review lies in a folder: `manifest.json` says what is sampled and how, `REVIEWER.jsonl` is
//! the log of one reviewer. Nothing else is state: labels, undo and the place to go on are folds.

pub mod export;
pub mod fold;
pub mod import;
pub mod kinds;
pub mod line;
pub mod log;
pub mod manifest;
pub mod repeats;
pub mod resume;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use tamis_kernels::{hash128, hex128};
use tamis_pipeline::look::Run;
use tamis_pipeline::table::atomic::PartFile;

pub use self::fold::State;
pub use self::import::Import;
pub use self::line::{Act, Context, Line, Said, Seen};
pub use self::log::{Log, Torn};
pub use self::manifest::{Choices, FrameShard, FrameShards, Manifest};
pub use self::repeats::Repeats;
use crate::error::InspectError;
use crate::model::{Frame, Label};

/// One reviewer at work: the log and what is in force of it.
#[derive(Debug)]
pub struct Review {
    log: Log,
    state: State,
    context: Context,
    manifest: Manifest,
    torn: Option<Torn>,
}

impl Review {
    /// Opens the log of `reviewer` in `folder`; `asked` is written where there is no manifest yet,
    /// and must be of the same review where there is one.
    pub fn open(folder: &Path, asked: Manifest, reviewer: &str) -> Result<Self, InspectError> {
        check_name("reviewer", reviewer)?;
        let manifest = asked.settle(folder)?;
        Self::with(folder, manifest, reviewer)
    }

    fn with(folder: &Path, manifest: Manifest, reviewer: &str) -> Result<Self, InspectError> {
        let path = folder.join(format!("{reviewer}.jsonl"));
        let opened = Log::open(&path)?;
        let state = State::fold(&opened.lines).map_err(|what| InspectError::file(&path, what))?;
        let context = Context {
            session: format!("{:x}-{:x}", now_ms(), std::process::id()),
            reviewer: reviewer.to_owned(),
            manifest: manifest.hash(),
            rules_hash: manifest.rules_hash.clone(),
        };
        Ok(Self { log: opened.log, state, context, manifest, torn: opened.torn })
    }

    /// Opens the log before the frame is known, because a foreign file is still being read: no
    /// manifest is written, and one that is there is held against everything of `asked` but the
    /// frame. [`Review::settle`] ends that state.
    pub fn begin(folder: &Path, asked: Manifest, reviewer: &str) -> Result<Self, InspectError> {
        check_name("reviewer", reviewer)?;
        if let Some(there) = Manifest::read(folder)? {
            let same_frame = Manifest { frame_hash: there.frame_hash.clone(), ..asked.clone() };
            there.refuse(&same_frame, folder)?;
        }
        Self::with(folder, asked, reviewer)
    }

    /// Settles the manifest of a review that was begun, now that the frame is known.
    pub fn settle(&mut self, folder: &Path, asked: Manifest) -> Result<(), InspectError> {
        self.manifest = asked.settle(folder)?;
        self.context.manifest = self.manifest.hash();
        Ok(())
    }

    /// Adds to the manifest what became known of the sizes of the frame.
    pub fn learn(&mut self, folder: &Path, frame: &Frame) -> Result<(), InspectError> {
        self.manifest.learn(folder, frame)
    }

    /// Number of the last line of the log, 0 where it has none.
    pub fn last_seq(&self) -> u64 {
        self.log.next_seq() - 1
    }

    /// Says something of a document. When this returns it is on the disk.
    pub fn say(&mut self, seen: Seen, said: Said) -> Result<u64, InspectError> {
        let line = Line::new(&self.context, seen, said, now_ms());
        self.append(line)
    }

    /// Takes the last act in force back; gives that act, so that the screen can go there.
    pub fn undo(&mut self) -> Result<Option<Line>, InspectError> {
        self.turn(Act::Undo, self.state.next_undo().cloned())
    }

    /// Does again what the last undo took back.
    pub fn redo(&mut self) -> Result<Option<Line>, InspectError> {
        self.turn(Act::Redo, self.state.next_redo().cloned())
    }

    fn turn(&mut self, act: Act, turned: Option<Line>) -> Result<Option<Line>, InspectError> {
        let Some(turned) = turned else { return Ok(None) };
        self.append(Line::turn(&self.context, act, &turned, now_ms()))?;
        Ok(Some(turned))
    }

    fn append(&mut self, mut line: Line) -> Result<u64, InspectError> {
        // what the fold would refuse must never reach the disk
        self.state.check(&line).map_err(InspectError::Usage)?;
        let seq = self.log.append(&mut line)?;
        self.state.apply(&line).map_err(InspectError::Usage)?;
        Ok(seq)
    }

    /// What is in force.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// The manifest in force.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Who reviews.
    pub fn reviewer(&self) -> &str {
        &self.context.reviewer
    }

    /// What was cut off the end of the log when it was opened, for the screen to tell.
    pub fn torn(&self) -> Option<&Torn> {
        self.torn.as_ref()
    }

    /// The document that comes next as a hidden repeat, if one is due.
    pub fn repeat_due(&self) -> Option<String> {
        let repeats = self.manifest.repeats?;
        repeats.due(self.reviewer(), &self.state.labels())
    }
}

/// The labels of every reviewer, read without locks or repairs.
#[derive(Debug, Clone, PartialEq)]
pub struct Reviews {
    /// Reviewers in the order of their names, with the labels in force.
    pub reviewers: Vec<(String, Vec<Label>)>,
    /// What deserves a word: torn lines, lines of another manifest.
    pub warnings: Vec<String>,
}

impl Reviews {
    /// Reads every log of a review folder.
    pub fn read(folder: &Path) -> Result<Self, InspectError> {
        let entries =
            std::fs::read_dir(folder).map_err(|error| InspectError::file(folder, error))?;
        let mut paths = Vec::new();
        for entry in entries {
            let path = entry.map_err(|error| InspectError::file(folder, error))?.path();
            if path.extension().is_some_and(|extension| extension == "jsonl") {
                paths.push(path);
            }
        }
        paths.sort();
        let manifest = Manifest::read(folder)?.map(|manifest| manifest.hash());
        let (mut reviewers, mut warnings) = (Vec::new(), Vec::new());
        for path in paths {
            let (lines, torn) = log::read(&path)?;
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            if let Some(torn) = torn {
                warnings.push(format!(
                    "{name}: the last line is torn ({} bytes) and does not count",
                    torn.bytes
                ));
            }
            // a line that counts for nothing may be older than the manifest
            let other = |line: &&Line| manifest.as_ref().is_some_and(|m| *m != line.manifest);
            let foreign = lines.iter().filter(|line| line.sampled).filter(other).count();
            if foreign > 0 {
                warnings
                    .push(format!("{name}: {foreign} lines were written under another manifest"));
            }
            let state = State::fold(&lines).map_err(|what| InspectError::file(&path, what))?;
            reviewers.push((name, state.labels()));
        }
        Ok(Self { reviewers, warnings })
    }

    /// The labels of all reviewers, by reviewer and then in order.
    pub fn all(&self) -> Vec<Label> {
        self.reviewers.iter().flat_map(|(_, labels)| labels.iter().cloned()).collect()
    }
}

/// The folder of a review: `review/` in a run directory, `INPUT.review/` beside the first input,
/// or the one that `--review` names; a session of another name lies in a folder below it.
pub fn folder(
    inputs: &[String],
    chosen: Option<&Path>,
    session: Option<&str>,
) -> Result<PathBuf, InspectError> {
    let root = match (chosen, inputs) {
        (Some(chosen), _) => chosen.to_owned(),
        (None, [only]) if Run::is_run(Path::new(only)) => Path::new(only).join("review"),
        (None, [first, ..]) if !first.contains("://") && first != "-" => {
            let trimmed = first.trim_end_matches(['/', '\\']);
            PathBuf::from(format!("{trimmed}.review"))
        }
        (None, _) => {
            let what = "the review has no place beside this input; --review DIR says where";
            return Err(InspectError::Usage(what.to_owned()));
        }
    };
    match session {
        None => Ok(root),
        Some(session) => {
            check_name("session", session)?;
            Ok(root.join(session))
        }
    }
}

/// The name under which one reviews where `--reviewer` names none: that of the user.
pub fn default_reviewer() -> String {
    let names = ["USER", "LOGNAME", "USERNAME"].iter().filter_map(|name| std::env::var(name).ok());
    let mut names = names.filter(|name| check_name("reviewer", name).is_ok());
    names.next().unwrap_or_else(|| "reviewer".to_owned())
}

/// The hash by which a label knows the text it is of, 32 hexadecimal digits.
pub fn content_hash(text: &str) -> String {
    hex128(hash128(text.as_bytes()))
}

/// Refuses a name that cannot be a file's.
fn check_name(what: &str, name: &str) -> Result<(), InspectError> {
    let fine = |c: char| c.is_alphanumeric() || "-_.@+".contains(c);
    if name.is_empty() || name.len() > 64 || name.starts_with('.') || !name.chars().all(fine) {
        return Err(InspectError::Usage(format!(
            "'{name}' is no name of a {what}: up to 64 letters, digits, and . - _ @ + inside"
        )));
    }
    Ok(())
}

/// Milliseconds since 1970.
pub fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// Writes a file that appears whole or not at all.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), InspectError> {
    let failed = |error: &dyn std::fmt::Display| InspectError::file(path, error);
    let mut file = PartFile::create(path).map_err(|error| failed(&error))?;
    file.write_all(bytes).map_err(|error| failed(&error))?;
    file.finish().map_err(|error| failed(&error))
}

#[cfg(test)]
mod tests;
