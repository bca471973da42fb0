//! JSONL, plain or compressed.

use std::io::Read;

use super::batch::{At, BatchBuilder};
use super::decompress::{self, FileHash};
use super::framing::{Framer, Piece};
use super::json::{Trouble, Wanted, parse};
use super::{
    Chunk, FAILURE_RAW_MAX, Failure, ID_NAMES, ReadError, ReadOptions, Shard, ShardReader,
    TEXT_NAMES, Totals,
};

/// Reads one JSONL shard.
pub(super) struct JsonlReader {
    shard: Shard,
    options: ReadOptions,
    wanted: Wanted,
    framer: Framer<Box<dyn Read + Send>>,
    hash: FileHash,
    totals: Totals,
    mistyped: Vec<u64>,
    settled: [bool; 2],
    ended: bool,
}

/// The names to look for: the user's own, or the known ones.
pub(super) fn names(chosen: Option<&str>, known: &[&str]) -> Vec<String> {
    chosen.map_or_else(|| known.iter().map(|&n| n.to_owned()).collect(), |n| vec![n.to_owned()])
}

impl JsonlReader {
    pub(super) fn open(shard: &Shard, options: &ReadOptions) -> Result<Self, ReadError> {
        let (stream, hash) = decompress::open(shard)?;
        Ok(Self {
            shard: shard.clone(),
            wanted: Wanted {
                text: names(options.columns.text.as_deref(), TEXT_NAMES),
                id: names(options.columns.id.as_deref(), ID_NAMES),
                foreign: options.foreign.clone(),
                reason_field: options.reason_field.clone(),
            },
            framer: Framer::new(stream, options.record_bytes_max),
            hash,
            totals: Totals::default(),
            mistyped: vec![0; options.foreign.len()],
            settled: [false; 2],
            options: options.clone(),
            ended: false,
        })
    }

    fn fail(&mut self, failures: &mut Vec<Failure>, failure: Failure) {
        self.totals.records += 1;
        self.totals.failed += 1;
        failures.push(failure);
    }

    fn end(&mut self) {
        self.ended = true;
        for (number, count) in self.mistyped.iter().enumerate().filter(|(_, count)| **count > 0) {
            self.totals.warnings.push(format!(
                "column {} is of another type than declared in {count} records and was taken as null",
                self.options.foreign[number].name
            ));
        }
        if self.totals.records == 0 {
            self.totals.warnings.push("holds no records".to_owned());
        }
    }
}

impl ShardReader for JsonlReader {
    fn next_chunk(&mut self) -> Result<Option<Chunk>, ReadError> {
        if self.ended {
            return Ok(None);
        }
        let mut batch = BatchBuilder::new(&self.options.foreign, self.options.with_raw);
        let mut failures = Vec::new();
        while batch.len() < self.options.batch_rows
            && batch.bytes() < self.options.batch_bytes
            && failures.len() < self.options.batch_rows
        {
            let row = self.totals.records;
            if self.options.limit.is_some_and(|limit| row >= limit) {
                self.totals.limited = true;
                self.end();
                break;
            }
            let plain = |line, offset, length, reason: &str, message: String| Failure {
                row,
                line: Some(line),
                offset,
                length,
                reason: reason.to_owned(),
                message,
                raw: None,
            };
            match self.framer.next_piece() {
                Piece::End => {
                    self.end();
                    break;
                }
                Piece::TooLong { line, offset, length } => {
                    let max = self.options.record_bytes_max;
                    let message = format!("the record has {length} bytes, more than {max}; --record-max raises the limit");
                    self.fail(&mut failures, plain(line, offset, length, "record-too-large", message));
                }
                Piece::Broken { line, offset, length, error } => {
                    let reason = decompress::reason(self.shard.compression, &error);
                    let message = format!(
                        "{}: the stream ends here ({error}); what came before was read, the rest cannot be",
                        self.shard.path.display()
                    );
                    self.fail(&mut failures, plain(line, offset, length, &reason, message));
                    self.end();
                    break;
                }
                Piece::Line { at, line, offset } => {
                    let bytes = &self.framer.bytes()[at];
                    let length = bytes.len() as u64;
                    match parse(bytes, &self.wanted) {
                        Ok(record) => {
                            batch.push(
                                At { row, offset, length },
                                &record.text,
                                record.id.as_deref(),
                                bytes,
                                &record.foreign,
                            );
                            for number in record.mistyped {
                                self.mistyped[number] += 1;
                            }
                            let (text, id) = (record.text_name, record.id_name);
                            // the first record settles which of the known names this shard uses
                            if !self.settled[0] {
                                self.settled[0] = true;
                                self.wanted.text = vec![self.wanted.text.swap_remove(text)];
                            }
                            if let Some(id) = id
                                && !self.settled[1]
                            {
                                self.settled[1] = true;
                                self.wanted.id = vec![self.wanted.id.swap_remove(id)];
                            }
                            self.totals.records += 1;
                        }
                        Err(Trouble::ReasonField) => {
                            return Err(ReadError::ReasonField {
                                shard: self.shard.name.clone(),
                                place: format!("line {line}"),
                                field: self.options.reason_field.clone(),
                            });
                        }
                        Err(Trouble::Failure(reason, message)) => {
                            let raw = (bytes.len() <= FAILURE_RAW_MAX).then(|| bytes.to_vec());
                            let failure = plain(line, offset, length, reason, message);
                            self.fail(&mut failures, Failure { raw, ..failure });
                        }
                    }
                }
            }
        }
        if batch.len() == 0 && failures.is_empty() {
            return Ok(None);
        }
        let text_field = self.settled[0].then(|| self.wanted.text[0].clone());
        Ok(Some(Chunk { batch: batch.finish()?, failures, native: None, text_field }))
    }

    fn totals(&self) -> Totals {
        let mut totals = self.totals.clone();
        totals.bytes = self.framer.offset();
        totals.gap_bytes = self.framer.gap_bytes();
        totals.input_hash = (self.ended && !totals.limited).then(|| self.hash.digest());
        totals
    }
}
