//! Parquet: rows are the records, so offsets and lengths are counted in rows.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, RecordBatch, StringArray, UInt64Array, new_null_array,
};
use arrow::compute::{cast, filter_record_batch};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader,
    ParquetRecordBatchReaderBuilder,
};

use crate::progress;

use crate::error::ReadError;
use crate::read::decompress;
use crate::read::decompress::open_file;
use crate::read::jsonl::names;
use crate::read::parquet_columns::{follow, is_text, typed_path, usable};
use crate::read::plain::{Laid, list_of};
use crate::read::{
    Chunk, Failure, ForeignType, ID_NAMES, ReadOptions, Shard, ShardReader, TEXT_NAMES, Totals,
    vectors,
};

/// Reads one Parquet shard, row group by row group.
pub(super) struct ParquetReader {
    shard: Shard,
    options: ReadOptions,
    file: Option<(Arc<File>, ArrowReaderMetadata)>,
    text: Option<String>,
    id: Option<String>,
    group: usize,
    reader: Option<ParquetRecordBatchReader>,
    /// Columns of the group that are read from where they lie: which, and their rows.
    laid: Vec<(usize, Laid)>,
    group_start: u64,
    group_end: u64,
    row: u64,
    totals: Totals,
    pending: Option<Failure>,
    hash: Option<u128>,
}

impl ParquetReader {
    pub(super) fn open(shard: &Shard, options: &ReadOptions) -> Result<Self, ReadError> {
        let file = open_file(&shard.path)?;
        let mut reader = Self {
            shard: shard.clone(),
            options: options.clone(),
            file: None,
            text: None,
            id: None,
            group: 0,
            reader: None,
            laid: Vec::new(),
            group_start: 0,
            group_end: 0,
            row: 0,
            totals: Totals::default(),
            pending: None,
            hash: None,
        };
        let loaded = guarded(|| ArrowReaderMetadata::load(&file, ArrowReaderOptions::new()));
        let metadata = match loaded {
            Ok(metadata) => metadata,
            Err(error) => {
                let message = format!(
                    "{}: the footer cannot be read, so nothing of the file can: {error}",
                    shard.path.display()
                );
                let reason =
                    if ends_whole(&file) { "corrupt-parquet" } else { "truncated-parquet" };
                reader.fail(reason, message, 1);
                return Ok(reader);
            }
        };
        let schema = metadata.schema();
        if !options.reason_field.is_empty() && schema.index_of(&options.reason_field).is_ok() {
            return Err(ReadError::ReasonField {
                shard: shard.name.clone(),
                place: "schema".to_owned(),
                field: options.reason_field.clone(),
            });
        }
        let find =
            |wanted: &[String]| wanted.iter().find(|name| schema.index_of(name).is_ok()).cloned();
        reader.text = find(&names(options.columns.text.as_deref(), TEXT_NAMES));
        reader.id = find(&names(options.columns.id.as_deref(), ID_NAMES));
        let rows = u64::try_from(metadata.metadata().file_metadata().num_rows()).unwrap_or(0);
        let kind = reader.text.as_ref().and_then(|name| schema.field_with_name(name).ok());
        let trouble = match kind.map(Field::data_type) {
            None => Some((
                "missing-text",
                format!(
                    "there is no column '{}'; name the text with --text-column",
                    names(options.columns.text.as_deref(), TEXT_NAMES).join("', '")
                ),
            )),
            Some(kind) if is_text(kind) => None,
            Some(other) => Some((
                "text-not-a-string",
                format!(
                    "the column '{}' is of type {other}; cast it to a string",
                    reader.text.as_deref().unwrap_or("text")
                ),
            )),
        };
        if let Some((reason, message)) = trouble {
            if rows > 0 {
                reader.fail(reason, message, rows);
            }
            return Ok(reader);
        }
        if rows == 0 {
            reader.totals.warnings.push("holds no records".to_owned());
        }
        reader.check_foreign(schema);
        reader.file = Some((Arc::new(file), metadata));
        Ok(reader)
    }

    fn check_foreign(&mut self, schema: &SchemaRef) {
        for field in &self.options.foreign {
            if let Some(found) = typed_path(schema, &field.name)
                && !usable(&found, field.kind)
            {
                self.totals.warnings.push(format!(
                    "column {} is of type {found}, not as declared, and was taken as null",
                    field.name
                ));
            }
        }
    }

    /// Notes that the next `rows` rows cannot be read: one failure, which counts as one record.
    fn fail(&mut self, reason: &str, message: String, rows: u64) {
        self.totals.records += 1;
        self.totals.failed += 1;
        if rows > 1 {
            self.totals.warnings.push(format!(
                "{rows} rows from row {} on cannot be read ({reason}); they count as one failed record",
                self.row
            ));
        }
        self.pending = Some(Failure {
            row: self.row,
            line: None,
            offset: self.row,
            length: rows,
            reason: reason.to_owned(),
            message,
            raw: None,
        });
        self.row += rows;
    }

    /// Opens the next row group; false at the end of the file.
    ///
    /// Every pass decodes all columns: a page that breaks in a column which only the writing pass
    /// needs would else be a failure in one pass and a record in the other. What is read from where
    /// it lies holds nothing that could break but headers and levels, which every pass looks at.
    fn next_group(&mut self) -> Result<bool, ReadError> {
        let Some((file, metadata)) = &self.file else { return Ok(false) };
        let groups = metadata.metadata().row_groups();
        let Some(group) = groups.get(self.group) else { return Ok(false) };
        let rows = u64::try_from(group.num_rows()).unwrap_or(0);
        let bytes = u64::try_from(group.total_byte_size()).unwrap_or(0).max(1);
        progress::add_stored(u64::try_from(group.compressed_size()).unwrap_or(0));
        let per_row = bytes / rows.max(1) + 1;
        let fit = (self.options.batch_bytes as u64 / per_row).max(1);
        let batch_rows = usize::try_from(fit).unwrap_or(1).min(self.options.batch_rows);
        let group_number = self.group;
        self.laid = laid(file, metadata, group_number);
        let file = file.try_clone().map_err(|error| ReadError::path(&self.shard.path, error))?;
        let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(file, metadata.clone());
        let others = (0..metadata.schema().fields().len())
            .filter(|root| self.laid.iter().all(|(laid, _)| laid != root));
        let mask = ProjectionMask::roots(builder.parquet_schema(), others.collect::<Vec<_>>());
        self.group += 1;
        (self.group_start, self.group_end) = (self.row, self.row + rows);
        let opened = guarded(|| {
            builder
                .with_projection(mask)
                .with_row_groups(vec![group_number])
                .with_batch_size(batch_rows)
                .build()
        });
        match opened {
            Ok(reader) => self.reader = Some(reader),
            Err(error) => self.lose_group(&error),
        }
        Ok(true)
    }

    /// The rest of the row group is one failure; the next group is read.
    fn lose_group(&mut self, error: &str) {
        self.reader = None;
        let rows = self.group_end.saturating_sub(self.row);
        if rows == 0 {
            return;
        }
        let message = format!(
            "{}: rows {} to {} of row group {} cannot be read: {error}",
            self.shard.path.display(),
            self.row,
            self.group_end.saturating_sub(1),
            self.group - 1
        );
        self.fail("corrupt-parquet", message, rows);
    }

    /// A decoded batch with those columns from where they lie that this pass is asked for.
    fn with_laid(&self, batch: RecordBatch) -> Result<RecordBatch, String> {
        let Some((_, metadata)) = self.file.as_ref().filter(|_| !self.laid.is_empty()) else {
            return Ok(batch);
        };
        let schema = metadata.schema();
        let first = usize::try_from(self.row - self.group_start).unwrap_or(usize::MAX);
        let asked = |name: &str| {
            self.options.with_raw || self.options.foreign.iter().any(|field| field.name == name)
        };
        let mut decoded = batch.columns().iter();
        let (mut fields, mut columns) = (Vec::new(), Vec::new());
        for (root, field) in schema.fields().iter().enumerate() {
            let column = match self.laid.iter().find(|(laid, _)| *laid == root) {
                Some((_, laid)) if asked(field.name()) => {
                    guarded(|| laid.array(field, first, batch.num_rows()))?
                }
                Some(_) => continue,
                None => match decoded.next() {
                    Some(column) => Arc::clone(column),
                    None => continue,
                },
            };
            fields.push(Arc::clone(field));
            columns.push(column);
        }
        let schema = Arc::new(Schema::new_with_metadata(fields, schema.metadata().clone()));
        RecordBatch::try_new(schema, columns).map_err(|error| error.to_string())
    }

    /// A decoded batch as a chunk; none where its texts are more than a batch can hold.
    fn chunk(&mut self, mut native: RecordBatch) -> Result<Option<Chunk>, ReadError> {
        let left = self.options.limit.map(|limit| limit.saturating_sub(self.totals.records));
        if let Some(left) = left.and_then(|left| usize::try_from(left).ok())
            && left < native.num_rows()
        {
            native = native.slice(0, left);
        }
        let text = self.text.as_deref().unwrap_or("text");
        let column = native.column_by_name(text).ok_or_else(|| {
            ReadError::path(&self.shard.path, format!("lost its column '{text}'"))
        })?;
        let texts = match guarded(|| cast(column, &DataType::Utf8)) {
            Ok(texts) => texts,
            Err(error) => {
                self.lose_group(&error);
                return Ok(None);
            }
        };
        let failures = self.row_failures(texts.as_string(), text);
        let batch = self.batch(&native, texts)?;
        let first = self.row;
        let count = native.num_rows();
        self.row += count as u64;
        self.totals.records += count as u64;
        self.totals.failed += failures.len() as u64;
        let (batch, native) = if failures.is_empty() {
            (batch, native)
        } else {
            let mut good = vec![true; count];
            for failure in &failures {
                if let Some(good) =
                    usize::try_from(failure.row - first).ok().and_then(|row| good.get_mut(row))
                {
                    *good = false;
                }
            }
            let good = BooleanArray::from(good);
            (filter_record_batch(&batch, &good)?, filter_record_batch(&native, &good)?)
        };
        let native = self.options.with_raw.then_some(native);
        Ok(Some(Chunk { batch, failures, native, text_field: self.text.clone() }))
    }

    /// The rows of a batch whose text is missing or too large.
    fn row_failures(&self, texts: &StringArray, column: &str) -> Vec<Failure> {
        let max = self.options.record_bytes_max;
        let mut failures = Vec::new();
        for row in 0..texts.len() {
            let length = texts.value(row).len();
            let (reason, message) = if texts.is_null(row) {
                ("missing-text", format!("the column '{column}' is null"))
            } else if length > max {
                let message = format!(
                    "the text has {length} bytes, more than {max}; --record-max raises the limit"
                );
                ("record-too-large", message)
            } else {
                continue;
            };
            let row = self.row + row as u64;
            failures.push(Failure {
                row,
                line: None,
                offset: row,
                length: 1,
                reason: reason.to_owned(),
                message,
                raw: None,
            });
        }
        failures
    }

    /// The columns that every reader gives, from all rows of a decoded batch.
    fn batch(&self, native: &RecordBatch, texts: ArrayRef) -> Result<RecordBatch, ReadError> {
        let count = native.num_rows();
        let rows: ArrayRef =
            Arc::new(UInt64Array::from_iter_values(self.row..self.row + count as u64));
        let ids: ArrayRef = match self.id.as_ref().and_then(|id| native.column_by_name(id)) {
            Some(ids) if is_text(ids.data_type()) || ids.data_type().is_integer() => {
                cast(ids, &DataType::Utf8)?
            }
            _ => new_null_array(&DataType::Utf8, count),
        };
        let mut fields = vec![
            Field::new("row", DataType::UInt64, false),
            Field::new("offset", DataType::UInt64, false),
            Field::new("length", DataType::UInt64, false),
            Field::new("text", DataType::Utf8, true),
            Field::new("id", DataType::Utf8, true),
        ];
        let lengths = Arc::new(UInt64Array::from(vec![1; count]));
        let mut columns: Vec<ArrayRef> = vec![Arc::clone(&rows), rows, lengths, texts, ids];
        for field in &self.options.foreign {
            let kind = field.kind.arrow();
            let value = follow(native, &field.name)
                .filter(|value| usable(value.data_type(), field.kind))
                .map(|value| match field.kind {
                    ForeignType::Vector => vectors::of_lists(&value),
                    _ => cast(&value, &kind),
                })
                .transpose()?
                .unwrap_or_else(|| new_null_array(&kind, count));
            fields.push(Field::new(&field.name, kind, true));
            columns.push(value);
        }
        Ok(RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)?)
    }

    /// Closes the books: whether the limit cut rows off, and the hash, which only the pass that
    /// writes asks for: decoding jumps about in the file, so the hash is a reading of its own.
    fn end(&mut self) {
        let all = self.file.as_ref().map_or(0, |(_, metadata)| {
            u64::try_from(metadata.metadata().file_metadata().num_rows()).unwrap_or(0)
        });
        self.totals.limited = self.options.limit.is_some() && self.row < all;
        if self.options.with_raw && !self.totals.limited && self.hash.is_none() {
            self.hash = decompress::open(&self.shard).ok().and_then(|(_, hash)| hash.finish());
        }
    }

    fn empty_chunk(&self, failure: Failure) -> Result<Chunk, ReadError> {
        let mut none = crate::read::batch::BatchBuilder::new(&self.options.foreign, false);
        Ok(Chunk {
            batch: none.finish()?,
            failures: vec![failure],
            native: None,
            text_field: self.text.clone(),
        })
    }
}

impl ShardReader for ParquetReader {
    fn next_chunk(&mut self) -> Result<Option<Chunk>, ReadError> {
        loop {
            if let Some(failure) = self.pending.take() {
                return Ok(Some(self.empty_chunk(failure)?));
            }
            if self.options.limit.is_some_and(|limit| self.totals.records >= limit) {
                self.end();
                return Ok(None);
            }
            let Some(reader) = &mut self.reader else {
                if self.next_group()? {
                    continue;
                }
                self.end();
                return Ok(None);
            };
            let next = guarded(|| reader.next().transpose());
            let whole = |batch: Option<_>| batch.map(|batch| self.with_laid(batch)).transpose();
            match next.and_then(whole) {
                Ok(Some(batch)) => {
                    if let Some(chunk) = self.chunk(batch)? {
                        return Ok(Some(chunk));
                    }
                }
                Ok(None) if self.row < self.group_end => {
                    self.lose_group("it holds fewer rows than its footer says");
                }
                Ok(None) => self.reader = None,
                Err(error) => self.lose_group(&error),
            }
        }
    }

    fn totals(&self) -> Totals {
        let mut totals = self.totals.clone();
        totals.bytes = self.row;
        totals.input_hash = self.hash;
        totals
    }
}

/// The columns of a row group that can be read from where they lie, by their numbers.
fn laid(file: &Arc<File>, metadata: &ArrowReaderMetadata, group: usize) -> Vec<(usize, Laid)> {
    let fields = metadata.schema().fields();
    let descriptor = metadata.parquet_schema();
    let Some(group) = metadata.metadata().row_groups().get(group) else { return Vec::new() };
    let rows = usize::try_from(group.num_rows()).unwrap_or(0);
    let leaves = group.columns().iter().enumerate();
    leaves
        .filter_map(|(leaf, chunk)| {
            let root = descriptor.get_column_root_idx(leaf);
            let kind = fields.get(root)?.data_type();
            list_of(kind)?;
            // whatever a file says of itself, it must not end the run
            let laid = guarded(|| Ok::<_, ReadError>(Laid::lists(file, chunk, rows, kind)));
            Some((root, laid.ok()??))
        })
        .collect()
}

/// Runs a decoder over foreign bytes: its errors and its panics become words.
pub(crate) fn guarded<T, E: std::fmt::Display>(
    work: impl FnOnce() -> Result<T, E>,
) -> Result<T, String> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(outcome) => outcome.map_err(|error| error.to_string()),
        Err(_) => Err("the decoder gave up on these bytes".to_owned()),
    }
}

/// Whether a file ends as a Parquet file does.
fn ends_whole(mut file: &File) -> bool {
    let mut magic = [0; 4];
    file.seek(SeekFrom::End(-4)).is_ok() && file.read_exact(&mut magic).is_ok() && &magic == b"PAR1"
}
