//! The log of a reviewer: a line for each act, on the disk before the screen says so.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::line::Line;
use crate::error::InspectError;

/// What was cut off by a kill or a power failure: the last line, without its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Torn {
    /// Its bytes.
    pub bytes: usize,
    /// Where they were kept; none where the log was only read.
    pub kept: Option<PathBuf>,
}

/// A log that is open for appending, locked for this process.
#[derive(Debug)]
pub struct Log {
    file: File,
    path: PathBuf,
    /// Bytes of whole lines.
    length: u64,
    /// Number of the next line.
    next: u64,
    /// Why no more can be written.
    broken: Option<String>,
}

/// A log as it was opened.
#[derive(Debug)]
pub struct Opened {
    /// The log.
    pub log: Log,
    /// Its lines.
    pub lines: Vec<Line>,
    /// What was cut off.
    pub torn: Option<Torn>,
}

impl Log {
    /// Opens or makes the log at `path` and locks it. A torn last line was never acknowledged: it
    /// is kept beside the log in `NAME.torn` and cut off.
    pub fn open(path: &Path) -> Result<Opened, InspectError> {
        let failed = |error: std::io::Error| InspectError::file(path, error);
        let folder = path.parent().unwrap_or(Path::new("."));
        make_folder(folder)?;
        let is_new = !path.exists();
        let mut file = OpenOptions::new().read(true).append(true).create(true).open(path);
        if let Err(error) = &file
            && matches!(
                error.kind(),
                std::io::ErrorKind::PermissionDenied | std::io::ErrorKind::ReadOnlyFilesystem
            )
        {
            let what = format!("{error}; --review DIR keeps the review elsewhere");
            file = Err(std::io::Error::new(error.kind(), what));
        }
        let mut file = file.map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let what = "another tamis has it open; close that one, or review under another \
                            name with --reviewer";
                return Err(InspectError::file(path, what));
            }
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        if is_new {
            file.sync_all().map_err(failed)?;
            sync_folder(folder)?;
        }
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(failed)?;
        let (lines, whole) = parse(path, &bytes)?;
        let torn = if whole < bytes.len() {
            let cut = &bytes[whole..];
            let kept = keep_aside(path, cut)?;
            file.set_len(whole as u64).map_err(failed)?;
            file.sync_all().map_err(failed)?;
            Some(Torn { bytes: cut.len(), kept: Some(kept) })
        } else {
            None
        };
        file.seek(SeekFrom::End(0)).map_err(failed)?;
        let log = Self {
            file,
            path: path.to_owned(),
            length: whole as u64,
            next: lines.len() as u64 + 1,
            broken: None,
        };
        Ok(Opened { log, lines, torn })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The number that the next line gets.
    pub fn next_seq(&self) -> u64 {
        self.next
    }

    /// Appends a line, in one write and synced; gives its number. What fails leaves the log as it
    /// was.
    pub fn append(&mut self, line: &mut Line) -> Result<u64, InspectError> {
        if let Some(broken) = &self.broken {
            return Err(InspectError::file(&self.path, broken));
        }
        line.seq = self.next;
        let mut bytes =
            serde_json::to_vec(line).map_err(|error| InspectError::file(&self.path, error))?;
        bytes.push(b'\n');
        let written = match self.file.write(&bytes) {
            Ok(written) if written == bytes.len() => self.file.sync_data(),
            Ok(_) => Err(std::io::Error::from(std::io::ErrorKind::StorageFull)),
            Err(error) => Err(error),
        };
        if let Err(error) = written {
            // a decision that is not on the disk must not come back after the next start either
            if let Err(second) = self.file.set_len(self.length).and_then(|()| self.file.sync_all())
            {
                self.broken =
                    Some(format!("is closed after a failed write ({error}, then {second})"));
            }
            return Err(InspectError::file(&self.path, format!("nothing was saved: {error}")));
        }
        self.length += bytes.len() as u64;
        self.next += 1;
        Ok(line.seq)
    }
}

/// The lines of a log that somebody may be writing: nothing is locked, repaired or made.
pub fn read(path: &Path) -> Result<(Vec<Line>, Option<Torn>), InspectError> {
    let bytes = fs::read(path).map_err(|error| InspectError::file(path, error))?;
    let (lines, whole) = parse(path, &bytes)?;
    let torn = (whole < bytes.len()).then(|| Torn { bytes: bytes.len() - whole, kept: None });
    Ok((lines, torn))
}

/// The whole lines and their bytes; a damaged one is an error with its number.
fn parse(path: &Path, bytes: &[u8]) -> Result<(Vec<Line>, usize), InspectError> {
    let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    let mut lines = Vec::new();
    for (number, text) in (1_u64..).zip(bytes[..whole].split_inclusive(|byte| *byte == b'\n')) {
        let damaged = |what: &dyn std::fmt::Display| {
            let what = format!(
                "line {number} is damaged ({what}); put back a copy of the log, or move it away"
            );
            InspectError::file(path, what)
        };
        let line: Line = serde_json::from_slice(text).map_err(|error| damaged(&error))?;
        if line.seq != number {
            return Err(damaged(&format_args!("it says it is number {}", line.seq)));
        }
        lines.push(line);
    }
    Ok((lines, whole))
}

/// Appends what was cut off to `NAME.torn`, synced before the log is shortened.
fn keep_aside(path: &Path, cut: &[u8]) -> Result<PathBuf, InspectError> {
    let aside = path.with_extension("torn");
    let kept = OpenOptions::new().append(true).create(true).open(&aside).and_then(|mut file| {
        file.write_all(cut)?;
        file.write_all(b"\n")?;
        file.sync_all()
    });
    kept.map_err(|error| InspectError::file(&aside, error))?;
    sync_folder(path.parent().unwrap_or(Path::new(".")))?;
    Ok(aside)
}

/// Makes a folder that is there after a power failure.
pub(crate) fn make_folder(folder: &Path) -> Result<(), InspectError> {
    if folder.is_dir() || folder.as_os_str().is_empty() {
        return Ok(());
    }
    let parent = folder.parent().unwrap_or(Path::new("."));
    make_folder(parent)?;
    match fs::create_dir(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
            let what = format!("{error}; --review DIR keeps the review elsewhere");
            Err(InspectError::file(folder, what))
        }
        _ => sync_folder(parent),
    }
}

fn sync_folder(folder: &Path) -> Result<(), InspectError> {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    File::open(folder)
        .and_then(|file| file.sync_all())
        .map_err(|error| InspectError::file(folder, error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Verdict;
    use crate::review::line::{Context, Said, Seen};

    fn line(number: usize) -> Line {
        let seen = Seen { document_id: format!("{number:032x}"), ..Seen::default() };
        let said = Said::Label { verdict: Verdict::Good, kinds: Vec::new(), note: None };
        Line::new(&Context::default(), seen, said, 1)
    }

    fn filled(path: &Path, count: usize) -> Vec<Line> {
        let mut opened = Log::open(path).unwrap();
        for number in 0..count {
            opened.log.append(&mut line(number)).unwrap();
        }
        read(path).unwrap().0
    }

    #[test]
    fn lines_are_numbered_and_come_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("review/a/me.jsonl");
        let lines = filled(&path, 3);
        assert_eq!(lines.iter().map(|line| line.seq).collect::<Vec<_>>(), [1, 2, 3]);
        let opened = Log::open(&path).unwrap();
        assert_eq!((opened.lines, opened.torn, opened.log.next_seq()), (lines, None, 4));
    }

    #[test]
    fn two_processes_of_one_reviewer_do_not_mix() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("me.jsonl");
        let first = Log::open(&path).unwrap();
        let error = Log::open(&path).unwrap_err().to_string();
        assert!(error.contains("--reviewer"), "{error}");
        assert!(Log::open(&folder.path().join("you.jsonl")).is_ok());
        drop(first);
        assert!(Log::open(&path).is_ok());
    }

    #[test]
    fn a_file_cut_anywhere_gives_its_whole_lines_and_keeps_the_rest_aside() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("me.jsonl");
        let lines = filled(&path, 3);
        let bytes = fs::read(&path).unwrap();
        for cut in 0..=bytes.len() {
            let path = folder.path().join(format!("cut-{cut}.jsonl"));
            fs::write(&path, &bytes[..cut]).unwrap();
            let whole = bytes[..cut].split(|byte| *byte == b'\n').count() - 1;
            let mut opened = Log::open(&path).unwrap();
            assert_eq!(opened.lines, lines[..whole]);
            let rest = cut - bytes[..cut].iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1);
            assert_eq!(opened.torn.as_ref().map_or(0, |torn| torn.bytes), rest);
            if rest > 0 {
                let aside = fs::read(path.with_extension("torn")).unwrap();
                assert_eq!(aside, [&bytes[cut - rest..cut], b"\n"].concat());
            }
            assert_eq!(opened.log.append(&mut line(9)).unwrap(), whole as u64 + 1);
            drop(opened);
            assert_eq!(read(&path).unwrap().0.len(), whole + 1);
        }
    }

    #[test]
    fn a_damaged_line_is_an_error_with_its_number() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("me.jsonl");
        filled(&path, 3);
        let text = fs::read_to_string(&path).unwrap();
        let mut parts: Vec<&str> = text.lines().collect();
        parts[1] = "{\"seq\": 2";
        fs::write(&path, parts.join("\n") + "\n").unwrap();
        let error = Log::open(&path).unwrap_err().to_string();
        assert!(error.contains("line 2 is damaged"), "{error}");
        // a line that is missing is damage too
        let parts: Vec<&str> = text.lines().collect();
        fs::write(&path, format!("{}\n{}\n", parts[0], parts[2])).unwrap();
        let error = read(&path).unwrap_err().to_string();
        assert!(error.contains("line 2 is damaged (it says it is number 3)"), "{error}");
    }
}
