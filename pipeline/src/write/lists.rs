//! Column chunks of lists of numbers, put into a Parquet file as they lie in memory: no number is
//! copied or encoded on the way. Embeddings are such lists.

use std::io::{self, Cursor, Read};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, GenericListArray, OffsetSizeTrait};
use arrow::buffer::Buffer;
use arrow::datatypes::{ArrowNativeType, DataType, Float16Type, Float32Type, Float64Type};
use bytes::Bytes;
use parquet::basic::Encoding;
use parquet::column::writer::ColumnCloseResult;
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::{ColumnChunkMetaData, OffsetIndexBuilder};
use parquet::file::reader::{ChunkReader, Length};
use parquet::schema::types::ColumnDescPtr;

use crate::read::plain::{header, levels};

/// Bytes of the numbers of a page, about.
const PAGE_BYTES: usize = 1 << 20;
/// Numbers of a list below which its levels would be many beside them.
const NUMBERS_MIN: usize = 8;

/// A column chunk in pieces.
#[derive(Debug)]
pub(crate) struct Chunk {
    pages: Pieces,
    close: ColumnCloseResult,
}

impl Chunk {
    /// The chunk of `arrays`, one after the other; none where a list or a number is null, lists
    /// have different lengths or are short.
    pub(crate) fn of(column: &ColumnDescPtr, arrays: &[ArrayRef]) -> Result<Option<Self>> {
        let mut lists = Vec::with_capacity(arrays.len());
        for array in arrays.iter().filter(|array| !array.is_empty()) {
            let Some(these) = Lists::of(array) else { return Ok(None) };
            lists.push(these);
        }
        let Some(&Lists { width, number, .. }) = lists.first() else { return Ok(None) };
        let Ok(deepest) = u8::try_from(column.max_def_level()) else { return Ok(None) };
        let one = |lists: &Lists| (lists.width, lists.number) == (width, number);
        if width < NUMBERS_MIN || !lists.iter().all(one) || column.max_rep_level() != 1 {
            return Ok(None);
        }
        let row = width * number;
        let rows: usize = lists.iter().map(|lists| lists.values.len() / row).sum();
        let each = (PAGE_BYTES / row).max(1);
        let (mut pieces, mut index) = (Vec::new(), OffsetIndexBuilder::new());
        let mut values = lists.into_iter().map(|lists| lists.values);
        let mut rest: Option<Buffer> = None;
        let mut offset = 0;
        for first in (0..rows).step_by(each) {
            let rows = each.min(rows - first);
            let mut front = Vec::new();
            for levels in [levels::repeated(rows, width), levels::defined(rows * width, deepest)] {
                front.extend(u32::try_from(levels.len()).unwrap_or(u32::MAX).to_le_bytes());
                front.extend(levels);
            }
            let body = front.len() + rows * row;
            let mut page = header::written(body, rows * width);
            let size = page.len() + body;
            page.append(&mut front);
            pieces.push(Bytes::from(page));
            let mut left = rows * row;
            while left > 0 {
                let Some(now) = rest.take().or_else(|| values.next()) else { break };
                let many = now.len().min(left);
                pieces.push(Bytes::from_owner(Piece(now.slice_with_length(0, many))));
                rest = (now.len() > many).then(|| now.slice(many));
                left -= many;
            }
            let size: i32 = counted(size)?;
            index.append_row_count(counted(rows)?);
            index.append_offset_and_size(offset, size);
            offset += i64::from(size);
        }
        let metadata = ColumnChunkMetaData::builder(Arc::clone(column))
            .set_encodings(vec![Encoding::PLAIN, Encoding::RLE])
            .set_total_compressed_size(offset)
            .set_total_uncompressed_size(offset)
            .set_num_values(counted(rows * width)?)
            .set_data_page_offset(0)
            .build()?;
        let close = ColumnCloseResult {
            bytes_written: offset.unsigned_abs(),
            rows_written: rows as u64,
            metadata,
            bloom_filter: None,
            column_index: None,
            offset_index: Some(index.build()),
        };
        Ok(Some(Self { pages: Pieces { pieces, length: offset.unsigned_abs() }, close }))
    }

    /// The bytes, and what the file says of them.
    pub(crate) fn parts(self) -> (impl ChunkReader, ColumnCloseResult) {
        (self.pages, self.close)
    }
}

/// A number as the format counts.
fn counted<T: TryFrom<usize>>(number: usize) -> Result<T>
where
    T::Error: std::error::Error + Send + Sync + 'static,
{
    T::try_from(number).map_err(|error| ParquetError::External(error.into()))
}

/// Bytes of the numbers of an array of lists, wherever it was cut from.
pub(crate) fn bytes_of(array: &ArrayRef) -> usize {
    let (numbers, item) = match array.data_type() {
        DataType::FixedSizeList(item, _) => (array.as_fixed_size_list().values().len(), item),
        DataType::List(item) => {
            let ends = array.as_list::<i32>().offsets();
            (ends[ends.len() - 1].as_usize() - ends[0].as_usize(), item)
        }
        DataType::LargeList(item) => {
            let ends = array.as_list::<i64>().offsets();
            (ends[ends.len() - 1].as_usize() - ends[0].as_usize(), item)
        }
        _ => return 0,
    };
    numbers * item.data_type().primitive_width().unwrap_or(0)
}

/// The numbers of an array of lists.
struct Lists {
    values: Buffer,
    /// Numbers of each list.
    width: usize,
    /// Bytes of a number.
    number: usize,
}

impl Lists {
    fn of(array: &ArrayRef) -> Option<Self> {
        if array.null_count() > 0 {
            return None;
        }
        match array.data_type() {
            DataType::FixedSizeList(..) => {
                let lists = array.as_fixed_size_list();
                let width = usize::try_from(lists.value_length()).ok()?;
                let (values, number) = numbers(lists.values())?;
                let values = values.slice_with_length(0, lists.len() * width * number);
                Some(Self { values, width, number })
            }
            DataType::List(_) => Self::between::<i32>(array.as_list()),
            DataType::LargeList(_) => Self::between::<i64>(array.as_list()),
            _ => None,
        }
    }

    fn between<O: OffsetSizeTrait>(lists: &GenericListArray<O>) -> Option<Self> {
        let ends = lists.value_offsets();
        let (first, last) = (ends.first()?.as_usize(), ends.last()?.as_usize());
        let width = (last - first) / lists.len();
        let same = ends.windows(2).all(|two| two[1].as_usize() - two[0].as_usize() == width);
        let (values, number) = numbers(lists.values())?;
        let values = values.slice_with_length(first * number, (last - first) * number);
        same.then_some(Self { values, width, number })
    }
}

/// The bytes of numbers of which none is null, and of each of them.
fn numbers(values: &ArrayRef) -> Option<(Buffer, usize)> {
    if cfg!(target_endian = "big") || values.null_count() > 0 {
        return None;
    }
    Some(match values.data_type() {
        DataType::Float16 => (values.as_primitive::<Float16Type>().values().inner().clone(), 2),
        DataType::Float32 => (values.as_primitive::<Float32Type>().values().inner().clone(), 4),
        DataType::Float64 => (values.as_primitive::<Float64Type>().values().inner().clone(), 8),
        _ => return None,
    })
}

/// Numbers in memory that others hold as well.
struct Piece(Buffer);

impl AsRef<[u8]> for Piece {
    fn as_ref(&self) -> &[u8] {
        self.0.as_slice()
    }
}

/// Bytes in pieces, as a file that is read from its front.
#[derive(Debug)]
struct Pieces {
    pieces: Vec<Bytes>,
    length: u64,
}

impl Length for Pieces {
    fn len(&self) -> u64 {
        self.length
    }
}

impl ChunkReader for Pieces {
    type T = Front;

    fn get_read(&self, start: u64) -> Result<Front> {
        let pieces = self.pieces.iter().cloned().collect();
        let mut front = Front { now: Cursor::default(), pieces };
        io::copy(&mut (&mut front).take(start), &mut io::sink())?;
        Ok(front)
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes> {
        let mut bytes = Vec::with_capacity(length);
        self.get_read(start)?.take(length as u64).read_to_end(&mut bytes)?;
        Ok(bytes.into())
    }
}

/// What of the pieces is not read yet.
struct Front {
    now: Cursor<Bytes>,
    pieces: std::collections::VecDeque<Bytes>,
}

impl Read for Front {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        loop {
            let many = self.now.read(into)?;
            if many > 0 || into.is_empty() {
                return Ok(many);
            }
            match self.pieces.pop_front() {
                Some(next) => self.now = Cursor::new(next),
                None => return Ok(0),
            }
        }
    }
}
