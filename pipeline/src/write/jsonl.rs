//! JSONL: records as they came, one a line.

use std::path::Path;

use crate::error::WriteError;
use crate::read::Compression;
use crate::write::frames::{Frame, FrameWriter};

/// Writes one JSONL file.
pub struct JsonlWriter(FrameWriter);

impl JsonlWriter {
    /// A file that will appear at `path`.
    pub fn create(path: &Path, compression: Compression) -> Result<Self, WriteError> {
        Ok(Self(FrameWriter::create(path, compression)?))
    }

    /// Adds a record, which must hold no newline.
    pub fn write(&mut self, record: &[u8]) -> Result<(), WriteError> {
        self.0.write(&[record, b"\n"])
    }

    /// Puts the file in place.
    pub fn finish(self) -> Result<Vec<Frame>, WriteError> {
        self.0.finish()
    }
}
