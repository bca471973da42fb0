//! The headers of pages, as far as they say where the numbers of a page lie.
//!
//! Thrift's compact protocol, as the format of Parquet prescribes it (`PageHeader` in
//! parquet.thrift): fields that are not asked for are passed over, whatever they hold.

use crate::read::plain::levels::put;

/// Structures within structures that are followed at most.
const DEPTH: usize = 8;

/// The page starts with its levels, each kind behind its length.
const DATA_PAGE: i64 = 0;
/// The page starts with its levels, whose lengths stand in the header.
const DATA_PAGE_V2: i64 = 3;
/// Values one after the other.
const PLAIN: i64 = 0;
/// Levels as runs.
const RLE: i64 = 3;

/// Where the levels of a page end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lengths {
    /// Behind lengths that stand before them in the page.
    Within,
    /// Bytes of repetition and definition levels.
    Told(u64, u64),
}

/// A page of values that lie one after the other, not compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    /// Bytes of the header.
    pub(super) length: u64,
    /// Bytes of the page behind it.
    pub(super) body: u64,
    /// Values, nulls included.
    pub(super) values: u64,
    pub(super) levels: Lengths,
}

impl Header {
    /// The header at the front of `bytes`; none where it is no such page, or does not end there.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let mut from = Cursor { bytes, at: 0 };
        let (mut kind, mut sizes) = (None, [None; 2]);
        let mut first: [Option<i64>; 5] = [None; 5];
        let mut second: [Option<i64>; 8] = [None; 8];
        let mut compressed = true;
        from.structure(DEPTH, &mut |from, field, type_of| {
            match (field, type_of) {
                (1, INT) => kind = Some(from.integer()?),
                (2 | 3, INT) => sizes[usize::from(field == 3)] = Some(from.integer()?),
                (5, STRUCT) => from.structure(DEPTH - 1, &mut |from, field, type_of| {
                    match (usize::try_from(field).ok().and_then(|at| first.get_mut(at)), type_of) {
                        (Some(value), INT) => *value = Some(from.integer()?),
                        _ => from.skip(type_of, DEPTH - 2)?,
                    }
                    Some(())
                })?,
                (8, STRUCT) => from.structure(DEPTH - 1, &mut |from, field, type_of| {
                    match (usize::try_from(field).ok().and_then(|at| second.get_mut(at)), type_of) {
                        (Some(value), INT) => *value = Some(from.integer()?),
                        (Some(_), FALSE) if field == 7 => compressed = false,
                        _ => from.skip(type_of, DEPTH - 2)?,
                    }
                    Some(())
                })?,
                _ => from.skip(type_of, DEPTH - 1)?,
            }
            Some(())
        })?;
        let positive = |value: Option<i64>| value.and_then(|value| u64::try_from(value).ok());
        let body = positive(sizes[1])?;
        let length = from.at as u64;
        let (values, levels) = match kind? {
            DATA_PAGE => {
                let [_, values, encoding, definitions, repetitions] = first;
                let plain = (encoding, definitions, repetitions);
                if plain != (Some(PLAIN), Some(RLE), Some(RLE)) || positive(sizes[0])? != body {
                    return None;
                }
                (values, Lengths::Within)
            }
            DATA_PAGE_V2 => {
                let [_, values, nulls, _, encoding, definitions, repetitions, _] = second;
                // a chunk that is not compressed may say so of its pages, or not
                let same = !compressed || positive(sizes[0])? == body;
                if encoding != Some(PLAIN) || nulls != Some(0) || !same {
                    return None;
                }
                (values, Lengths::Told(positive(repetitions)?, positive(definitions)?))
            }
            _ => return None,
        };
        Some(Self { length, body, values: positive(values)?, levels })
    }
}

const TRUE: u8 = 1;
const FALSE: u8 = 2;
const BYTE: u8 = 3;
const SHORT: u8 = 4;
const INT: u8 = 5;
const LONG: u8 = 6;
const DOUBLE: u8 = 7;
const BINARY: u8 = 8;
const LIST: u8 = 9;
const SET: u8 = 10;
const STRUCT: u8 = 12;

struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Cursor<'_> {
    fn byte(&mut self) -> Option<u8> {
        let byte = self.bytes.get(self.at).copied()?;
        self.at += 1;
        Some(byte)
    }

    fn pass(&mut self, count: usize) -> Option<()> {
        self.at = self.at.checked_add(count).filter(|at| *at <= self.bytes.len())?;
        Some(())
    }

    fn varint(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    fn integer(&mut self) -> Option<i64> {
        let value = self.varint()?;
        Some((value >> 1).cast_signed() ^ -(value & 1).cast_signed())
    }

    /// Calls `field` with the number and the type of each field, whose value it takes.
    fn structure(
        &mut self,
        depth: usize,
        field: &mut dyn FnMut(&mut Self, i64, u8) -> Option<()>,
    ) -> Option<()> {
        if depth == 0 {
            return None;
        }
        let mut number = 0_i64;
        loop {
            let head = self.byte()?;
            if head == 0 {
                return Some(());
            }
            number = match head >> 4 {
                0 => self.integer()?,
                step => number.checked_add(i64::from(step))?,
            };
            field(self, number, head & 0x0f)?;
        }
    }

    fn skip(&mut self, type_of: u8, depth: usize) -> Option<()> {
        match type_of {
            TRUE | FALSE => Some(()),
            BYTE => self.pass(1),
            SHORT | INT | LONG => self.varint().map(drop),
            DOUBLE => self.pass(8),
            BINARY => {
                let length = usize::try_from(self.varint()?).ok()?;
                self.pass(length)
            }
            LIST | SET => {
                let head = self.byte()?;
                let count = match head >> 4 {
                    15 => self.varint()?,
                    count => u64::from(count),
                };
                let depth = depth.checked_sub(1)?;
                for _ in 0..count {
                    // within a list a truth value takes a byte
                    match head & 0x0f {
                        TRUE | FALSE => self.pass(1)?,
                        other => self.skip(other, depth)?,
                    }
                }
                Some(())
            }
            STRUCT => {
                let depth = depth.checked_sub(1)?;
                self.structure(depth + 1, &mut |from, _, type_of| from.skip(type_of, depth))
            }
            _ => None,
        }
    }
}

/// The header of a page of version 1, of `body` bytes that are not compressed.
pub(crate) fn written(body: usize, values: usize) -> Vec<u8> {
    fn field(value: u64, bytes: &mut Vec<u8>) {
        bytes.push(0x10 | INT);
        put(value << 1, bytes);
    }
    let mut bytes = Vec::with_capacity(32);
    for value in [DATA_PAGE.cast_unsigned(), body as u64, body as u64] {
        field(value, &mut bytes);
    }
    bytes.push(0x20 | STRUCT);
    let plain = PLAIN.cast_unsigned();
    for value in [values as u64, plain, RLE.cast_unsigned(), RLE.cast_unsigned()] {
        field(value, &mut bytes);
    }
    bytes.extend([0, 0]);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let mut bytes = written(123_456, 789);
        let header = Header {
            length: bytes.len() as u64,
            body: 123_456,
            values: 789,
            levels: Lengths::Within,
        };
        assert_eq!(Header::read(&bytes), Some(header));
        for end in 0..bytes.len() {
            assert_eq!(Header::read(&bytes[..end]), None, "cut at {end}");
        }
        // fields that nobody asked for are passed over: a checksum, statistics with a list
        bytes.pop();
        bytes.extend([0x30 | STRUCT, 0x10 | LIST, 0x20 | BINARY, 1, b'x', 2, b'y', b'z', 0, 0]);
        assert_eq!(Header::read(&bytes).map(|header| header.values), Some(789));
        // whatever bytes come, nothing panics
        for at in 0..bytes.len() {
            for flip in 1..=255 {
                let mut broken = bytes.clone();
                broken[at] ^= flip;
                let _ = Header::read(&broken);
            }
        }
    }
}
