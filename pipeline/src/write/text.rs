//! Small files written in one go.

use std::io::Write;
use std::path::Path;

use crate::error::WriteError;
use crate::table::atomic::PartFile;

/// Writes `bytes` to a file that appears whole or not at all.
pub fn write_kept(path: &Path, bytes: &[u8]) -> Result<(), WriteError> {
    let mut file = PartFile::create(path)?;
    file.write_all(bytes).map_err(|error| WriteError::io(path, &error))?;
    file.finish()
}
