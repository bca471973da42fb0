//! A file that is one document.

use std::io::Read;

use crate::error::ReadError;
use crate::read::batch::{At, BatchBuilder};
use crate::read::decompress;
use crate::read::decompress::FileHash;
use crate::read::{Chunk, FAILURE_RAW_MAX, Failure, ReadOptions, Shard, ShardReader, Totals};

/// Reads one text file.
pub(super) struct TextReader {
    shard: Shard,
    options: ReadOptions,
    stream: Option<Box<dyn Read + Send>>,
    hash: FileHash,
    totals: Totals,
}

impl TextReader {
    pub(super) fn open(shard: &Shard, options: &ReadOptions) -> Result<Self, ReadError> {
        let (stream, hash) = decompress::open(shard)?;
        Ok(Self {
            shard: shard.clone(),
            options: options.clone(),
            stream: Some(stream),
            hash,
            totals: Totals::default(),
        })
    }
}

impl ShardReader for TextReader {
    fn next_chunk(&mut self) -> Result<Option<Chunk>, ReadError> {
        let Some(stream) = self.stream.take() else { return Ok(None) };
        if self.options.limit == Some(0) {
            self.totals.limited = true;
            return Ok(None);
        }
        let mut bytes = Vec::new();
        let limit = self.options.record_bytes_max as u64;
        let mut stream = stream.take(limit + 1);
        let read = stream.read_to_end(&mut bytes);
        let mut length = bytes.len() as u64;
        let mut failed = None;
        let mut raw = None;
        if let Err(error) = read {
            let reason = decompress::reason(self.shard.compression, &error);
            let message = format!("{}: cannot be read on: {error}", self.shard.path.display());
            failed = Some((reason, message));
        } else if length > limit {
            // read on, so that the length and the hash are those of the file
            let rest = std::io::copy(&mut stream.into_inner(), &mut std::io::sink());
            length += rest.unwrap_or(0);
            let message = format!(
                "the file has {length} bytes, more than {limit}; --record-max raises the limit"
            );
            failed = Some(("record-too-large".to_owned(), message));
        } else if let Err(error) = std::str::from_utf8(&bytes) {
            let message = format!("byte {} of the file is not UTF-8", error.valid_up_to());
            failed = Some(("invalid-utf8".to_owned(), message));
            raw = (bytes.len() <= FAILURE_RAW_MAX).then(|| bytes.clone());
        }
        self.totals.records = 1;
        self.totals.bytes = length;
        let mut batch = BatchBuilder::new(&self.options.foreign, self.options.with_raw);
        let mut failures = Vec::new();
        match (failed, std::str::from_utf8(&bytes)) {
            (None, Ok(text)) => {
                let at = At { row: 0, offset: 0, length };
                batch.push(at, text, Some(&self.shard.name), &bytes, &[]);
            }
            (failed, _) => {
                let (reason, message) = failed.unwrap_or_default();
                self.totals.failed = 1;
                failures.push(Failure {
                    row: 0,
                    line: None,
                    offset: 0,
                    length,
                    reason,
                    message,
                    raw,
                });
            }
        }
        Ok(Some(Chunk { batch: batch.finish()?, failures, native: None, text_field: None }))
    }

    fn totals(&self) -> Totals {
        let mut totals = self.totals.clone();
        if totals.records > 0 {
            totals.input_hash = self.hash.finish();
        }
        totals
    }
}
