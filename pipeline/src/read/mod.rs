//! How a shard becomes rows. Whatever bytes come, a record that cannot be read is a failure
//! with its place, and the reader goes on.

mod batch;
pub mod decompress;
pub mod discover;
pub mod foreign;
pub mod framing;
pub mod json;
mod jsonl;
mod parquet;
mod parquet_columns;
pub(crate) mod plain;
pub(crate) mod scan;
mod splice;
mod text;
pub(crate) mod vectors;

use crate::error::ReadError;
use std::path::PathBuf;

use arrow::array::RecordBatch;
use arrow::datatypes::DataType;
use serde::{Deserialize, Serialize};

pub use discover::{Discovered, discover};
pub(crate) use parquet::guarded;

/// How records lie in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// One JSON object a line.
    Jsonl,
    /// Apache Parquet.
    Parquet,
    /// One document a file.
    Text,
}

/// How a file is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Compression {
    /// Not at all.
    None,
    /// gzip, of any number of members.
    Gzip,
    /// zstd, of any number of frames.
    Zstd,
    /// bzip2, of any number of streams.
    Bzip2,
}

/// One input file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shard {
    /// Where it lies.
    pub path: PathBuf,
    /// Its name relative to its input root, with `/` between folders; unique in a run.
    pub name: String,
    /// How its records lie.
    pub format: Format,
    /// How it is compressed.
    pub compression: Compression,
}

/// The columns that the user named; where none is named, the known names are looked for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Columns {
    /// The text.
    pub text: Option<String>,
    /// The user's own id.
    pub id: Option<String>,
}

/// Names under which the text is looked for, best first.
pub const TEXT_NAMES: &[&str] = &["text", "content", "raw_content"];
/// Names under which the user's id is looked for, best first.
pub const ID_NAMES: &[&str] = &["id", "doc_id", "document_id", "uuid"];

/// The type of a column that rules declare.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ForeignType {
    /// Utf8
    String,
    /// Int64
    Int,
    /// Float64
    Double,
    /// Boolean
    Bool,
    /// An embedding: any list of numbers, taken as f32, four bytes each, little-endian
    Vector,
}

impl ForeignType {
    /// The Arrow type.
    pub fn arrow(self) -> DataType {
        match self {
            Self::String => DataType::Utf8,
            Self::Int => DataType::Int64,
            Self::Double => DataType::Float64,
            Self::Bool => DataType::Boolean,
            Self::Vector => DataType::Binary,
        }
    }

    /// The type behind an Arrow type that rules may declare.
    pub fn of(data_type: &DataType) -> Option<Self> {
        match data_type {
            DataType::Utf8 => Some(Self::String),
            DataType::Int64 => Some(Self::Int),
            DataType::Float64 => Some(Self::Double),
            DataType::Boolean => Some(Self::Bool),
            _ => None,
        }
    }
}

/// A column that rules name, by its dotted path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForeignField {
    /// The path, such as `meta.score`.
    pub name: String,
    /// Its declared type.
    pub kind: ForeignType,
}

/// How a shard is read.
#[derive(Debug, Clone, PartialEq)]
pub struct ReadOptions {
    /// The text column and the id column.
    pub columns: Columns,
    /// Further columns to read.
    pub foreign: Vec<ForeignField>,
    /// The field that carries decisions: an input that has it is refused; empty switches this off.
    pub reason_field: String,
    /// Deliver the records themselves too.
    pub with_raw: bool,
    /// Bytes a chunk aims at.
    pub batch_bytes: usize,
    /// Rows a chunk holds at most.
    pub batch_rows: usize,
    /// Bytes of a record above which it is a failure.
    pub record_bytes_max: usize,
    /// Records to read at most.
    pub limit: Option<u64>,
}

/// A record, or a range of bytes, that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Its row in the shard.
    pub row: u64,
    /// Its line, from 1.
    pub line: Option<u64>,
    /// Its first byte in the decompressed shard (its row, in Parquet).
    pub offset: u64,
    /// Its bytes (rows, in Parquet).
    pub length: u64,
    /// A short code such as `broken-json`.
    pub reason: String,
    /// What is wrong, for a person.
    pub message: String,
    /// The bytes, unless they are too many.
    pub raw: Option<Vec<u8>>,
}

/// Bytes of a failed record that are kept with it.
pub const FAILURE_RAW_MAX: usize = 1 << 20;

/// Rows of a shard, in order.
#[derive(Debug, Clone)]
pub struct Chunk {
    /// `row, offset, length, text, id`, `raw` where asked for and not Parquet, then the foreign
    /// columns.
    pub batch: RecordBatch,
    /// What could not be read between the first row of this chunk and the first of the next.
    pub failures: Vec<Failure>,
    /// The same rows with all columns of the file, in Parquet where raw records are asked for.
    pub native: Option<RecordBatch>,
    /// The name of the column that the text came from.
    pub text_field: Option<String>,
}

/// What a reader has seen so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Totals {
    /// Records framed, failures included.
    pub records: u64,
    /// Failures among them.
    pub failed: u64,
    /// Bytes of the decompressed shard (rows, in Parquet).
    pub bytes: u64,
    /// Bytes that belong to no record: newlines, blank lines, a byte order mark.
    pub gap_bytes: u64,
    /// xxh3-128 of the file as stored, known at its end.
    pub input_hash: Option<u128>,
    /// Things worth saying that stopped nothing.
    pub warnings: Vec<String>,
    /// The shard was left before its end because of the limit.
    pub limited: bool,
}

/// Reads one shard.
pub trait ShardReader: Send {
    /// The next rows, none at the end.
    fn next_chunk(&mut self) -> Result<Option<Chunk>, ReadError>;
    /// What was seen so far.
    fn totals(&self) -> Totals;
}

/// Opens a shard.
pub fn open(shard: &Shard, options: &ReadOptions) -> Result<Box<dyn ShardReader>, ReadError> {
    Ok(match shard.format {
        Format::Jsonl => Box::new(jsonl::JsonlReader::open(shard, options)?),
        Format::Parquet => Box::new(parquet::ParquetReader::open(shard, options)?),
        Format::Text => Box::new(text::TextReader::open(shard, options)?),
    })
}

#[cfg(test)]
mod parquet_tests;
#[cfg(test)]
mod tests;
