//! JSONL, plain or compressed.

use std::io::{self, Read};
use std::ops::Range;

use crate::error::ReadError;
use crate::read::batch::{At, BatchBuilder};
use crate::read::decompress;
use crate::read::decompress::FileHash;
use crate::read::foreign::Cell;
use crate::read::framing::{Framer, Piece};
use crate::read::json::{Trouble, Wanted, parse};
use crate::read::{
    Chunk, FAILURE_RAW_MAX, Failure, ID_NAMES, ReadOptions, Shard, ShardReader, TEXT_NAMES, Totals,
};

/// Largest record that can be asked for: offsets in a batch have 31 bits.
const RECORD_BYTES_CEILING: usize = 1 << 30;

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
    /// Bytes framed and bytes between records, where the limit stopped the reader.
    stopped_at: Option<(u64, u64)>,
    ended: bool,
}

/// Where a record begins.
#[derive(Debug, Clone, Copy)]
struct Place {
    row: u64,
    line: u64,
    offset: u64,
}

impl Place {
    fn failure(self, length: u64, reason: &str, message: String, raw: Option<&[u8]>) -> Failure {
        Failure {
            row: self.row,
            line: Some(self.line),
            offset: self.offset,
            length,
            reason: reason.to_owned(),
            message,
            raw: raw.filter(|raw| raw.len() <= FAILURE_RAW_MAX).map(<[u8]>::to_vec),
        }
    }
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
            wanted: Wanted::new(
                names(options.columns.text.as_deref(), TEXT_NAMES),
                names(options.columns.id.as_deref(), ID_NAMES),
                &options.foreign,
                options.reason_field.clone(),
            ),
            framer: Framer::new(stream, options.record_bytes_max.min(RECORD_BYTES_CEILING)),
            hash,
            totals: Totals::default(),
            mistyped: vec![0; options.foreign.len()],
            settled: [false; 2],
            stopped_at: None,
            options: options.clone(),
            ended: false,
        })
    }

    /// Takes a line into the batch, or says why it cannot be.
    fn record(
        &mut self,
        at: Range<usize>,
        place: Place,
        batch: &mut BatchBuilder,
    ) -> Result<Option<Failure>, ReadError> {
        let bytes = &self.framer.bytes()[at];
        let length = bytes.len() as u64;
        let record = match parse(bytes, &self.wanted) {
            Ok(record) => record,
            Err(Trouble::ReasonField) => {
                return Err(ReadError::ReasonField {
                    shard: self.shard.name.clone(),
                    place: format!("line {}", place.line),
                    field: self.options.reason_field.clone(),
                });
            }
            Err(Trouble::Failure(reason, message)) => {
                return Ok(Some(place.failure(length, reason, message, Some(bytes))));
            }
        };
        let at = At { row: place.row, offset: place.offset, length };
        batch.push(at, &record.text, record.id.as_deref(), bytes, &record.foreign);
        for (count, cell) in self.mistyped.iter_mut().zip(&record.foreign) {
            *count += u64::from(*cell == Cell::Mistyped);
        }
        // the first record settles which of the known names this shard uses
        if !self.settled[0] {
            self.settled[0] = true;
            self.wanted.text = vec![self.wanted.text.swap_remove(record.text_name)];
        }
        if let Some(id) = record.id_name
            && !self.settled[1]
        {
            self.settled[1] = true;
            self.wanted.id = vec![self.wanted.id.swap_remove(id)];
        }
        Ok(None)
    }

    /// Ends the shard at the limit, unless nothing is left of it anyway.
    fn stop(&mut self) {
        let seen = (self.framer.offset(), self.framer.gap_bytes());
        if !matches!(self.framer.next_piece(), Piece::End) {
            self.totals.limited = true;
            self.stopped_at = Some(seen);
        }
        self.end();
    }

    /// The failure of a stream that broke; it is the shard's last record.
    fn broken(
        &self,
        place: Place,
        length: u64,
        at: Option<Range<usize>>,
        error: &io::Error,
    ) -> Failure {
        let compression = self.shard.compression;
        let reason = decompress::reason(compression, error);
        let message = format!(
            "{}: the {} breaks off or is damaged after byte {} of its content ({error}); what came \
             before was read, the rest cannot be",
            self.shard.path.display(),
            decompress::name(compression),
            place.offset + length,
        );
        place.failure(length, &reason, message, at.map(|at| &self.framer.bytes()[at]))
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
        let mut failed_bytes = 0;
        while batch.len() + failures.len() < self.options.batch_rows.max(1)
            && batch.bytes() + failed_bytes < self.options.batch_bytes.max(1)
        {
            let row = self.totals.records;
            if self.options.limit.is_some_and(|limit| row >= limit) {
                self.stop();
                break;
            }
            let failure = match self.framer.next_piece() {
                Piece::End => {
                    self.end();
                    break;
                }
                Piece::TooLong { line, offset, length } => {
                    let max = self.options.record_bytes_max.min(RECORD_BYTES_CEILING);
                    let message = format!(
                        "the record has {length} bytes, more than {max}; --record-max raises the limit"
                    );
                    let place = Place { row, line, offset };
                    Some(place.failure(length, "record-too-large", message, None))
                }
                Piece::Broken { at, line, offset, length, error } => {
                    self.ended = true;
                    Some(self.broken(Place { row, line, offset }, length, at, &error))
                }
                Piece::Line { at, line, offset } => {
                    self.record(at, Place { row, line, offset }, &mut batch)?
                }
            };
            self.totals.records += 1;
            if let Some(failure) = failure {
                self.totals.failed += 1;
                failed_bytes += failure.raw.as_ref().map_or(0, Vec::len);
                failures.push(failure);
            }
            if self.ended {
                self.end();
                break;
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
        (totals.bytes, totals.gap_bytes) =
            self.stopped_at.unwrap_or_else(|| (self.framer.offset(), self.framer.gap_bytes()));
        if self.ended && !totals.limited {
            totals.input_hash = self.hash.finish();
        }
        totals
    }
}
