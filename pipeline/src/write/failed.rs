//! What could not be read, as JSONL: where it stands, why, and its bytes.

use std::path::Path;

use serde_json::json;

use crate::error::WriteError;
use crate::read::{Compression, Failure};
use crate::write::frames::FrameWriter;

/// Writes the failures of one shard.
pub struct FailedWriter {
    lines: FrameWriter,
    shard: String,
}

impl FailedWriter {
    /// A file that will appear at `path`.
    pub fn create(path: &Path, shard: &str) -> Result<Self, WriteError> {
        let lines = FrameWriter::create(path, Compression::None)?;
        Ok(Self { lines, shard: shard.to_owned() })
    }

    /// Adds a failure; bytes that are no UTF-8 are written as hexadecimal digits.
    pub fn write(&mut self, failure: &Failure) -> Result<(), WriteError> {
        let (mut raw, mut raw_hex) = (None, None);
        if let Some(bytes) = &failure.raw {
            match std::str::from_utf8(bytes) {
                Ok(text) => raw = Some(text),
                Err(_) => raw_hex = Some(hex(bytes)),
            }
        }
        let line = json!({
            "shard": self.shard, "row": failure.row, "line": failure.line,
            "offset": failure.offset, "length": failure.length, "reason": failure.reason,
            "message": failure.message, "raw": raw, "raw_hex": raw_hex,
        });
        self.lines.write(&[line.to_string().as_bytes(), b"\n"])
    }

    /// Puts the file in place.
    pub fn finish(self) -> Result<(), WriteError> {
        self.lines.finish().map(|_| ())
    }
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        text.push(char::from(DIGITS[usize::from(byte >> 4)]));
        text.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
    text
}
