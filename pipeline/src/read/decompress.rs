//! A shard's bytes, decompressed, with the hash of the file as it is stored.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use xxhash_rust::xxh3::Xxh3;

use super::{Compression, ReadError, Shard};

/// Bytes read from a file at a time.
const BUFFER: usize = 256 << 10;
/// Largest zstd window accepted, as a power of two: what `zstd --long=31` makes.
const WINDOW_LOG_MAX: u32 = 31;

/// The hash of what was read so far.
#[derive(Clone)]
pub struct FileHash(Arc<Mutex<Xxh3>>);

impl FileHash {
    fn new() -> Self {
        Self(Arc::new(Mutex::new(Xxh3::new())))
    }

    /// xxh3-128 of the bytes read so far.
    pub fn digest(&self) -> u128 {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).digest128()
    }
}

struct Hashing {
    file: File,
    hash: FileHash,
}

impl Read for Hashing {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let got = self.file.read(buffer)?;
        self.hash.0.lock().unwrap_or_else(PoisonError::into_inner).update(&buffer[..got]);
        Ok(got)
    }
}

/// Opens a shard's bytes.
pub fn open(shard: &Shard) -> Result<(Box<dyn Read + Send>, FileHash), ReadError> {
    let cannot = |error: io::Error| ReadError::path(&shard.path, format!("cannot be read: {error}"));
    let file = open_file(&shard.path)?;
    let hash = FileHash::new();
    let raw = BufReader::with_capacity(BUFFER, Hashing { file, hash: hash.clone() });
    let bytes: Box<dyn Read + Send> = match shard.compression {
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
    let file = File::open(path).map_err(|e| ReadError::path(path, format!("cannot be read: {e}")))?;
    if file.metadata().is_ok_and(|data| data.is_dir()) {
        return Err(ReadError::path(path, "is a folder where a file was expected"));
    }
    Ok(file)
}

/// The code of a stream that broke off or holds nonsense.
pub fn reason(compression: Compression, error: &io::Error) -> String {
    let name = match compression {
        Compression::None => return "unreadable".to_owned(),
        Compression::Gzip => "gzip",
        Compression::Zstd => "zstd",
        Compression::Bzip2 => "bzip2",
    };
    let text = error.to_string();
    let cut = error.kind() == io::ErrorKind::UnexpectedEof
        || text.contains("incomplete frame")
        || text.contains("unexpected end");
    format!("{}-{name}", if cut { "truncated" } else { "corrupt" })
}
