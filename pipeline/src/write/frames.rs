//! Compressed output in independent frames, so that one record can be fetched later.
//!
//! A frame is a gzip member, a zstd frame or a bzip2 stream, whole in itself; any decoder reads
//! the file as one stream. Frames end at record borders.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::error::WriteError;
use crate::read::Compression;
use crate::table::atomic::PartFile;

/// Bytes of records in a frame, unless one record is larger.
pub const FRAME_BYTES: usize = 4 << 20;

/// Where a frame stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frame {
    /// Number of its first record.
    pub first_record: u64,
    /// Its first byte in the file.
    pub compressed_offset: u64,
    /// Its bytes in the file.
    pub compressed_length: u64,
    /// Bytes of records.
    pub length: u64,
}

/// Writes records into frames.
pub struct FrameWriter {
    file: PartFile,
    compression: Compression,
    buffer: Vec<u8>,
    records: u64,
    first_record: u64,
    compressed: u64,
    frames: Vec<Frame>,
}

impl FrameWriter {
    /// A file that will appear at `path`.
    pub fn create(path: &Path, compression: Compression) -> Result<Self, WriteError> {
        Ok(Self {
            file: PartFile::create(path)?,
            compression,
            buffer: Vec::new(),
            records: 0,
            first_record: 0,
            compressed: 0,
            frames: Vec::new(),
        })
    }

    /// Adds a record, given in pieces.
    pub fn write(&mut self, pieces: &[&[u8]]) -> Result<(), WriteError> {
        let length: usize = pieces.iter().map(|piece| piece.len()).sum();
        if !self.buffer.is_empty() && self.buffer.len() + length > FRAME_BYTES {
            self.close_frame()?;
        }
        for piece in pieces {
            self.buffer.extend_from_slice(piece);
        }
        self.records += 1;
        Ok(())
    }

    fn close_frame(&mut self) -> Result<(), WriteError> {
        let failed = |error: std::io::Error| WriteError::io(self.file.path(), &error);
        let bytes = compress(&self.buffer, self.compression).map_err(failed)?;
        let written = self.file.write_all(&bytes);
        written.map_err(|error| WriteError::io(self.file.path(), &error))?;
        self.frames.push(Frame {
            first_record: self.first_record,
            compressed_offset: self.compressed,
            compressed_length: bytes.len() as u64,
            length: self.buffer.len() as u64,
        });
        self.compressed += bytes.len() as u64;
        self.first_record = self.records;
        self.buffer.clear();
        Ok(())
    }

    /// Puts the file in place and gives the index of its frames.
    pub fn finish(mut self) -> Result<Vec<Frame>, WriteError> {
        // an empty compressed file still needs one frame to be a valid one
        if !self.buffer.is_empty()
            || (self.frames.is_empty() && self.compression != Compression::None)
        {
            self.close_frame()?;
        }
        self.file.finish()?;
        Ok(self.frames)
    }
}

fn compress(bytes: &[u8], compression: Compression) -> std::io::Result<Vec<u8>> {
    match compression {
        Compression::None => Ok(bytes.to_vec()),
        Compression::Gzip => {
            let level = flate2::Compression::new(6);
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), level);
            encoder.write_all(bytes)?;
            encoder.finish()
        }
        Compression::Zstd => zstd::bulk::compress(bytes, 3),
        Compression::Bzip2 => {
            let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::best());
            encoder.write_all(bytes)?;
            encoder.finish()
        }
    }
}

/// The records of one frame.
pub fn read_frame(
    path: &Path,
    compression: Compression,
    frame: &Frame,
) -> Result<Vec<u8>, WriteError> {
    let cannot = |error: std::io::Error| WriteError::new(path, format!("cannot be read: {error}"));
    let mut file = File::open(path).map_err(cannot)?;
    file.seek(SeekFrom::Start(frame.compressed_offset)).map_err(cannot)?;
    let stored = file.take(frame.compressed_length);
    let mut bytes = Vec::new();
    let read = match compression {
        Compression::None => { stored }.read_to_end(&mut bytes),
        Compression::Gzip => flate2::read::GzDecoder::new(stored).read_to_end(&mut bytes),
        Compression::Zstd => zstd::stream::read::Decoder::new(stored)
            .and_then(|mut decoder| decoder.read_to_end(&mut bytes)),
        Compression::Bzip2 => bzip2::read::BzDecoder::new(stored).read_to_end(&mut bytes),
    };
    read.map_err(cannot)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_come_back_from_their_frame_and_from_the_whole_file() {
        let folder = tempfile::tempdir().unwrap();
        for compression in
            [Compression::None, Compression::Gzip, Compression::Zstd, Compression::Bzip2]
        {
            let path = folder.path().join(format!("{compression:?}"));
            let mut writer = FrameWriter::create(&path, compression).unwrap();
            let records: Vec<Vec<u8>> = (0..7_u8).map(|n| vec![b'a' + n; 1_500_000]).collect();
            for record in &records {
                writer.write(&[record, b"\n"]).unwrap();
            }
            let frames = writer.finish().unwrap();
            assert_eq!(frames.len(), 4, "{compression:?}");
            let mut whole = Vec::new();
            for frame in &frames {
                let bytes = read_frame(&path, compression, frame).unwrap();
                let first = usize::try_from(frame.first_record).unwrap();
                assert!(bytes.starts_with(&records[first]));
                assert!(bytes.len() <= FRAME_BYTES);
                whole.extend(bytes);
            }
            assert_eq!(memchr::memchr_iter(b'\n', &whole).count(), 7);
            assert_eq!(crate::write::count::count_lines(&path, compression).unwrap(), 7);
        }
    }

    #[test]
    fn an_empty_file_is_a_valid_one() {
        let folder = tempfile::tempdir().unwrap();
        for compression in
            [Compression::None, Compression::Gzip, Compression::Zstd, Compression::Bzip2]
        {
            let path = folder.path().join(format!("{compression:?}"));
            FrameWriter::create(&path, compression).unwrap().finish().unwrap();
            assert_eq!(crate::write::count::count_lines(&path, compression).unwrap(), 0);
        }
    }
}
