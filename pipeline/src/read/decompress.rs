//! A shard's bytes, decompressed, with the hash of the file as it is stored.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use xxhash_rust::xxh3::Xxh3;

use crate::error::ReadError;
use crate::progress;
use crate::read::{Compression, Shard};

/// Bytes read from a file at a time.
const BUFFER: usize = 256 << 10;
/// Largest zstd window accepted, as a power of two: what `zstd --long=31` makes. Memory is used
/// only as far as a frame's content fills its window.
const WINDOW_LOG_MAX: u32 = 31;

/// A file and the hash of what was read of it.
struct Stored {
    file: File,
    hash: Xxh3,
}

impl Stored {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let got = self.file.read(buffer)?;
        self.hash.update(&buffer[..got]);
        Ok(got)
    }
}

/// The hash of a file as it is stored.
#[derive(Clone)]
pub struct FileHash(Arc<Mutex<Stored>>);

impl FileHash {
    /// xxh3-128 of the whole file: what a decoder left unread, behind a fault, is read now. None
    /// where the file cannot be read to its end.
    pub fn finish(&self) -> Option<u128> {
        let mut stored = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut buffer = vec![0; BUFFER];
        loop {
            match stored.read(&mut buffer) {
                Ok(0) => return Some(stored.hash.digest128()),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return None,
            }
        }
    }
}

struct Hashing(FileHash);

impl Read for Hashing {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let got = self.0.0.lock().unwrap_or_else(PoisonError::into_inner).read(buffer)?;
        progress::add_stored(got as u64);
        Ok(got)
    }
}

/// Opens a shard's bytes.
pub fn open(shard: &Shard) -> Result<(Box<dyn Read + Send>, FileHash), ReadError> {
    let cannot =
        |error: io::Error| ReadError::path(&shard.path, format!("cannot be read: {error}"));
    let file = open_file(&shard.path)?;
    // an empty file is no member, frame or stream, yet it holds no fault either
    let empty = file.metadata().is_ok_and(|data| data.is_file() && data.len() == 0);
    let hash = FileHash(Arc::new(Mutex::new(Stored { file, hash: Xxh3::new() })));
    let raw = BufReader::with_capacity(BUFFER, Hashing(hash.clone()));
    let bytes: Box<dyn Read + Send> = match shard.compression {
        _ if empty => Box::new(io::empty()),
        Compression::None => Box::new(raw),
        Compression::Gzip => Box::new(flate2::bufread::MultiGzDecoder::new(raw)),
        Compression::Zstd => {
            let mut decoder = zstd::stream::read::Decoder::with_buffer(raw).map_err(cannot)?;
            decoder.window_log_max(WINDOW_LOG_MAX).map_err(cannot)?;
            Box::new(decoder)
        }
        Compression::Bzip2 => Box::new(bzip2::bufread::MultiBzDecoder::new(raw)),
    };
    Ok((bytes, hash))
}

/// Opens a file for reading; the error says which.
pub fn open_file(path: &Path) -> Result<File, ReadError> {
    let file =
        File::open(path).map_err(|e| ReadError::path(path, format!("cannot be read: {e}")))?;
    if file.metadata().is_ok_and(|data| data.is_dir()) {
        return Err(ReadError::path(path, "is a folder where a file was expected"));
    }
    Ok(file)
}

/// The code of a stream that broke off or holds nonsense.
pub fn reason(compression: Compression, error: &io::Error) -> String {
    let name = name(compression);
    if compression == Compression::None {
        return "unreadable".to_owned();
    }
    let text = error.to_string();
    let cut = error.kind() == io::ErrorKind::UnexpectedEof
        || text.contains("incomplete frame")
        || text.contains("unexpected end");
    format!("{}-{name}", if cut { "truncated" } else { "corrupt" })
}

/// What a person calls the stream.
pub fn name(compression: Compression) -> &'static str {
    match compression {
        Compression::None => "file",
        Compression::Gzip => "gzip",
        Compression::Zstd => "zstd",
        Compression::Bzip2 => "bzip2",
    }
}
