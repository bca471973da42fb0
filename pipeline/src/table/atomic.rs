//! A file that appears under its final name whole or not at all.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::error::WriteError;

/// Writes to `.NAME.partial` beside the final name; [`PartFile::finish`] syncs and renames.
/// Dropped before that, it leaves nothing.
#[derive(Debug)]
pub struct PartFile {
    file: Option<io::BufWriter<File>>,
    path: PathBuf,
    temporary: PathBuf,
}

impl PartFile {
    /// Begins a file, making the folders it needs.
    pub fn create(path: &Path) -> Result<Self, WriteError> {
        let folder = path.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(folder).map_err(|error| WriteError::io(folder, &error))?;
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let temporary = folder.join(format!(".{name}.partial"));
        let file = File::create(&temporary).map_err(|error| WriteError::io(&temporary, &error))?;
        let file = io::BufWriter::with_capacity(128 << 10, file);
        Ok(Self { file: Some(file), path: path.to_owned(), temporary })
    }

    /// The final name.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Puts the file in place: written out, synced, renamed, its folder synced.
    pub fn finish(mut self) -> Result<(), WriteError> {
        let failed = |error: &io::Error| WriteError::io(&self.path, error);
        let Some(file) = self.file.take() else { return Ok(()) };
        let file = file.into_inner().map_err(|error| failed(error.error()))?;
        file.sync_all().map_err(|error| failed(&error))?;
        drop(file);
        fs::rename(&self.temporary, &self.path).map_err(|error| failed(&error))?;
        let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder =
            File::open(folder.unwrap_or(Path::new("."))).map_err(|error| failed(&error))?;
        folder.sync_all().map_err(|error| failed(&error))?;
        self.temporary.clear();
        Ok(())
    }
}

impl Write for PartFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.as_mut().map_or(Ok(0), |file| file.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.as_mut().map_or(Ok(()), Write::flush)
    }
}

impl Drop for PartFile {
    fn drop(&mut self) {
        if !self.temporary.as_os_str().is_empty() {
            let _ = fs::remove_file(&self.temporary);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_there_whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/b.txt");
        let mut file = PartFile::create(&path).unwrap();
        file.write_all(b"half").unwrap();
        drop(file);
        assert_eq!(fs::read_dir(folder.path().join("a")).unwrap().count(), 0);
        let mut file = PartFile::create(&path).unwrap();
        file.write_all(b"whole").unwrap();
        assert!(!path.exists());
        file.finish().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"whole");
        assert_eq!(fs::read_dir(folder.path().join("a")).unwrap().count(), 1);
    }

    #[test]
    fn a_full_disk_is_said_in_words() {
        let error = WriteError::io(Path::new("x"), &io::Error::from(io::ErrorKind::StorageFull));
        assert_eq!(
            error.to_string(),
            "x: the disk is full; make room and run the same command again"
        );
    }
}
