//! Counts the records of a finished file by opening it again.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use parquet::file::reader::{FileReader, SerializedFileReader};

use crate::error::WriteError;
use crate::read::{Compression, Format, Shard, decompress, discover};

/// Records of a file that a run wrote, by what its name says it is.
pub fn count_records(path: &Path) -> Result<u64, WriteError> {
    let cannot = |what: &dyn std::fmt::Display| WriteError::new(path, what);
    match discover::kind_of(path) {
        Some((Format::Parquet, _)) => {
            let file = File::open(path).map_err(|e| cannot(&e))?;
            let reader = SerializedFileReader::new(file).map_err(|e| cannot(&e))?;
            Ok(u64::try_from(reader.metadata().file_metadata().num_rows()).unwrap_or(0))
        }
        Some((Format::Text, _)) => std::fs::metadata(path).map(|_| 1).map_err(|e| cannot(&e)),
        Some((Format::Jsonl, compression)) => count_lines(path, compression),
        None => count_lines(path, Compression::None),
    }
}

/// Lines of a file.
pub(crate) fn count_lines(path: &Path, compression: Compression) -> Result<u64, WriteError> {
    let cannot = |what: &dyn std::fmt::Display| WriteError::new(path, what);
    let shard =
        Shard { path: path.to_owned(), name: String::new(), format: Format::Jsonl, compression };
    let (mut stream, _) = decompress::open(&shard).map_err(|e| cannot(&e))?;
    let mut buffer = vec![0; 256 << 10];
    let mut lines = 0;
    loop {
        let got = stream.read(&mut buffer).map_err(|e| cannot(&e))?;
        if got == 0 {
            return Ok(lines);
        }
        lines += memchr::memchr_iter(b'\n', &buffer[..got]).count() as u64;
    }
}
