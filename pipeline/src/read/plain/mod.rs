//! Values that lie in a Parquet file as they are: where a column is neither compressed nor encoded,
//! and every row has as many bytes as the next, rows are read from where they lie. Embeddings are
//! such columns, and decoding them takes far longer: it makes two levels for every number.
//!
//! Whether a column chunk is such a one, all of it, is known before its first row is read: headers
//! and levels of its pages are looked at, not their values.

pub(crate) mod header;
pub(crate) mod levels;

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayData, ArrayRef, make_array};
use arrow::buffer::Buffer;
use arrow::datatypes::{DataType, Field};
use parquet::basic::{Compression, Type as PhysicalType};
use parquet::file::metadata::ColumnChunkMetaData;

use header::{Header, Lengths};
use levels::Pattern;

/// Bytes read at the front of a page: a header and most levels.
const FRONT: u64 = 4096;
/// Bytes of a header at most.
const HEADER_MAX: u64 = 64 << 10;
/// Bytes of the length before each value of a column of bytes.
const PREFIX: usize = 4;
/// Bytes read at a time that numbers are taken from: they stay in a cache.
const FLOATS_BYTES: usize = 256 << 10;
/// Bytes of the levels of a page at most.
const LEVELS_MAX: u64 = 16 << 20;

/// A file that is open, or opened for each reading where there are very many.
#[derive(Debug, Clone)]
enum Source {
    Open(Arc<File>),
    Named(Arc<Path>),
}

impl Source {
    fn read_exact_at(&self, into: &mut [u8], at: u64) -> io::Result<()> {
        match self {
            Self::Open(file) => file.read_exact_at(into, at),
            Self::Named(path) => File::open(path)?.read_exact_at(into, at),
        }
    }
}

/// Rows of equally many bytes that lie in a file.
#[derive(Debug)]
pub(crate) struct Laid {
    file: Source,
    /// First byte among all, and where it lies.
    pages: Vec<(u64, u64)>,
    /// Bytes of a row in the file.
    stride: usize,
    rows: usize,
}

impl Laid {
    /// The lists of a column chunk with `rows` rows, where all are whole and of one length.
    pub(crate) fn lists(
        file: &Arc<File>,
        chunk: &ColumnChunkMetaData,
        rows: usize,
        data_type: &DataType,
    ) -> Option<Self> {
        let (item, width) = list_of(data_type)?;
        let column = chunk.column_descr();
        let number = match column.physical_type() {
            PhysicalType::FLOAT => 4,
            PhysicalType::DOUBLE => 8,
            PhysicalType::FIXED_LEN_BYTE_ARRAY => u64::try_from(column.type_length()).ok()?,
            _ => return None,
        };
        let same = item.data_type().primitive_width().is_some_and(|size| size as u64 == number);
        if !same || column.max_rep_level() != 1 || rows == 0 {
            return None;
        }
        let mut pattern = Pattern::new(width.map(|width| width as u64));
        let deepest = u64::try_from(column.max_def_level()).ok()?;
        let (mut pages, mut before) = (Vec::new(), 0);
        each_page(file, chunk, |page| {
            pattern.repetitions(&page.repetitions()?, page.header.values)?;
            levels::all(&page.definitions()?, deepest, page.header.values)?;
            let bytes = page.header.values.checked_mul(number)?;
            (page.end.checked_sub(page.at)? == bytes).then_some(())?;
            pages.push((before, page.at));
            before += bytes;
            Some(())
        })?;
        let stride = usize::try_from(pattern.width()?.checked_mul(number)?).ok()?;
        (before == (stride as u64).checked_mul(rows as u64)?).then_some(())?;
        Some(Self { file: Source::Open(Arc::clone(file)), pages, stride, rows })
    }

    /// The values of a chunk of a column of bytes with `rows` rows, where none is null and all may
    /// be equally long; each has its length before it.
    pub(crate) fn bytes(
        file: &Arc<File>,
        chunk: &ColumnChunkMetaData,
        rows: usize,
    ) -> Option<Self> {
        let column = chunk.column_descr();
        if column.physical_type() != PhysicalType::BYTE_ARRAY || column.max_rep_level() != 0 {
            return None;
        }
        let nullable = column.max_def_level() == 1;
        let (mut pages, mut before, mut stride) = (Vec::new(), 0, None);
        each_page(file, chunk, |page| {
            match page.header.levels {
                _ if nullable => levels::all(&page.definitions()?, 1, page.header.values)?,
                Lengths::Within | Lengths::Told(0, 0) => {}
                Lengths::Told(..) => return None,
            }
            let bytes = page.end.checked_sub(page.at)?;
            let each = bytes.checked_div(page.header.values)?;
            (*stride.get_or_insert(each) * page.header.values == bytes).then_some(())?;
            pages.push((before, page.at));
            before += bytes;
            Some(())
        })?;
        let stride = usize::try_from(stride?).ok().filter(|stride| *stride > PREFIX)?;
        (before == (stride as u64).checked_mul(rows as u64)?).then_some(())?;
        Some(Self { file: Source::Open(Arc::clone(file)), pages, stride, rows })
    }

    /// Rows of it.
    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    /// Bytes of a value of a column of bytes.
    pub(crate) fn width(&self) -> usize {
        self.stride - PREFIX
    }

    /// Reads rows from `first` on as they lie.
    fn read(&self, first: usize, into: &mut [u8]) -> io::Result<()> {
        let (mut at, mut into) = ((first * self.stride) as u64, into);
        if at + into.len() as u64 > (self.rows * self.stride) as u64 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let mut page = self.pages.partition_point(|(before, _)| *before <= at).saturating_sub(1);
        while !into.is_empty() {
            let Some((before, offset)) = self.pages.get(page) else {
                return Err(io::ErrorKind::UnexpectedEof.into());
            };
            let end = self.pages.get(page + 1).map_or(u64::MAX, |(before, _)| *before);
            let many = usize::try_from(end - at).unwrap_or(usize::MAX).min(into.len());
            let (now, rest) = into.split_at_mut(many);
            self.file.read_exact_at(now, offset + (at - before))?;
            (at, into, page) = (at + many as u64, rest, page + 1);
        }
        Ok(())
    }

    /// Reads the f32 of values of a column of bytes from `first` on; what lies before a value must
    /// say that it is as long as the others.
    pub(crate) fn read_floats(&self, first: usize, into: &mut [f32]) -> io::Result<()> {
        let (width, mut at) = (self.width(), first);
        let some = (FLOATS_BYTES / self.stride).clamp(1, (into.len() * 4 / width).max(1));
        let mut scratch = vec![0; some * self.stride];
        for into in into.chunks_mut(some * width / 4) {
            let rows = into.len() * 4 / width;
            let scratch = &mut scratch[..rows * self.stride];
            self.read(at, scratch)?;
            at += rows;
            let numbers = into.chunks_exact_mut(width / 4);
            for (row, numbers) in scratch.chunks_exact(self.stride).zip(numbers) {
                let (length, bytes) = row.split_at(PREFIX);
                let length = length.iter().rev().fold(0, |sum, byte| sum << 8 | usize::from(*byte));
                if length != width {
                    return Err(io::Error::other("vectors are not equally long"));
                }
                for (number, bytes) in numbers.iter_mut().zip(bytes.as_chunks::<4>().0) {
                    *number = f32::from_le_bytes(*bytes);
                }
            }
        }
        Ok(())
    }

    /// Lists from `first` on, as a column of `field`.
    pub(crate) fn array(&self, field: &Field, first: usize, rows: usize) -> io::Result<ArrayRef> {
        let bytes = rows * self.stride;
        // words, so that numbers are aligned
        let mut words = vec![0_u64; bytes.div_ceil(8)];
        self.read(first, &mut bytemuck::cast_slice_mut(&mut words)[..bytes])?;
        let values = Buffer::from_vec(words).slice_with_length(0, bytes);
        let Some((item, _)) = list_of(field.data_type()) else {
            return Err(io::Error::other("not a list"));
        };
        let size = item.data_type().primitive_width().unwrap_or(1);
        let numbers = ArrayData::builder(item.data_type().clone())
            .len(bytes / size)
            .add_buffer(values)
            .build()
            .map_err(io::Error::other)?;
        let width = self.stride / size;
        let mut list =
            ArrayData::builder(field.data_type().clone()).len(rows).add_child_data(numbers);
        let ends = 0..=rows;
        match field.data_type() {
            DataType::List(_) => {
                let ends =
                    ends.map(|row| i32::try_from(row * width)).collect::<Result<Vec<_>, _>>();
                list = list.add_buffer(Buffer::from_vec(ends.map_err(io::Error::other)?));
            }
            DataType::LargeList(_) => {
                let ends =
                    ends.map(|row| i64::try_from(row * width)).collect::<Result<Vec<_>, _>>();
                list = list.add_buffer(Buffer::from_vec(ends.map_err(io::Error::other)?));
            }
            _ => {}
        }
        Ok(make_array(list.build().map_err(io::Error::other)?))
    }
}

/// The items of a type of lists of numbers whose bytes in a file are those in memory, and how many
/// there are, where the type says so.
pub(crate) fn list_of(data_type: &DataType) -> Option<(&Arc<Field>, Option<usize>)> {
    let (item, width) = match data_type {
        DataType::FixedSizeList(item, width) => (item, Some(usize::try_from(*width).ok()?)),
        DataType::List(item) | DataType::LargeList(item) => (item, None),
        _ => return None,
    };
    let same = cfg!(target_endian = "little")
        && matches!(item.data_type(), DataType::Float16 | DataType::Float32 | DataType::Float64);
    same.then_some((item, width))
}

/// The values of a part that tamis wrote: its column of bytes `name`, row group by row group; the
/// file stays open where `open` says so.
pub(crate) fn of_part(path: &Path, name: &str, open: bool) -> io::Result<Option<Vec<Laid>>> {
    use parquet::file::metadata::ParquetMetaDataReader;

    let file = Arc::new(File::open(path)?);
    let metadata =
        ParquetMetaDataReader::new().parse_and_finish(&*file).map_err(io::Error::other)?;
    let columns = metadata.file_metadata().schema_descr().columns();
    let Some(at) = columns.iter().position(|column| column.name() == name) else {
        return Ok(None);
    };
    let source = if open { Source::Open(Arc::clone(&file)) } else { Source::Named(path.into()) };
    let groups = metadata.row_groups().iter();
    Ok(groups
        .map(|group| {
            let rows = usize::try_from(group.num_rows()).ok()?;
            let laid = Laid::bytes(&file, group.column(at), rows)?;
            Some(Laid { file: source.clone(), ..laid })
        })
        .collect())
}

/// A page whose header was read.
struct PageAt<'a> {
    file: &'a File,
    header: Header,
    /// Where what is not read yet begins.
    at: u64,
    end: u64,
    /// The first bytes of the page, and where they lie.
    front: (&'a [u8], u64),
}

impl PageAt<'_> {
    /// The next bytes of the page.
    fn take(&mut self, length: u64) -> Option<Vec<u8>> {
        let from = self.at;
        self.at = from.checked_add(length).filter(|at| *at <= self.end)?;
        (length <= LEVELS_MAX).then_some(())?;
        let (front, start) = self.front;
        let length = usize::try_from(length).ok()?;
        let had =
            usize::try_from(from - start).ok().and_then(|from| front.get(from..)?.get(..length));
        if let Some(had) = had {
            return Some(had.to_vec());
        }
        let mut bytes = vec![0; length];
        self.file.read_exact_at(&mut bytes, from).ok()?;
        Some(bytes)
    }

    fn levels(&mut self, told: Option<u64>) -> Option<Vec<u8>> {
        let length = match told {
            Some(length) => length,
            None => u64::from(u32::from_le_bytes(self.take(4)?.try_into().ok()?)),
        };
        self.take(length)
    }

    fn repetitions(&mut self) -> Option<Vec<u8>> {
        self.levels(match self.header.levels {
            Lengths::Within => None,
            Lengths::Told(repetitions, _) => Some(repetitions),
        })
    }

    fn definitions(&mut self) -> Option<Vec<u8>> {
        self.levels(match self.header.levels {
            Lengths::Within => None,
            Lengths::Told(_, definitions) => Some(definitions),
        })
    }
}

/// Calls `with` for each page of a chunk; none where it is compressed, has another kind of pages,
/// or is not whole.
fn each_page(
    file: &File,
    chunk: &ColumnChunkMetaData,
    mut with: impl FnMut(&mut PageAt<'_>) -> Option<()>,
) -> Option<()> {
    let plain = chunk.compression() == Compression::UNCOMPRESSED
        && chunk.dictionary_page_offset().is_none()
        && chunk.data_page_offset() >= 0
        && chunk.compressed_size() >= 0;
    plain.then_some(())?;
    let (mut at, length) = chunk.byte_range();
    let end =
        at.checked_add(length).filter(|end| file.metadata().is_ok_and(|m| *end <= m.len()))?;
    let all = u64::try_from(chunk.num_values()).ok()?;
    let (mut seen, mut front) = (0, Vec::new());
    while seen < all {
        let mut many = FRONT.min(end - at);
        let header = loop {
            front.resize(usize::try_from(many).ok()?, 0);
            file.read_exact_at(&mut front, at).ok()?;
            match Header::read(&front) {
                Some(header) => break header,
                // statistics may make it long
                None if many < HEADER_MAX.min(end - at) => many = HEADER_MAX.min(end - at),
                None => return None,
            }
        };
        let body = at + header.length;
        let page_end = body.checked_add(header.body).filter(|page_end| *page_end <= end)?;
        let mut page = PageAt { file, header, at: body, end: page_end, front: (&front, at) };
        with(&mut page)?;
        seen += header.values;
        // a page of none would never end
        (header.values > 0).then_some(())?;
        at = page_end;
    }
    (seen == all).then_some(())
}

#[cfg(test)]
mod tests;
