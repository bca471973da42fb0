//! Cuts a stream of bytes into lines. Records, failures and gaps tile the stream.

use std::io::{self, Read};
use std::ops::Range;

use memchr::memchr;

/// Bytes asked of the stream at a time, at least.
const STEP: usize = 256 << 10;
/// Bytes of buffer that are given back once the long line that needed them is through.
const SHRINK: usize = 8 << 20;

/// One piece of the stream.
#[derive(Debug)]
pub enum Piece {
    /// A line with something on it: its place in the buffer, its number, its first byte.
    Line {
        /// Where its bytes stand in [`Framer::bytes`] until the next call.
        at: Range<usize>,
        /// Its number, from 1.
        line: u64,
        /// Its first byte in the stream.
        offset: u64,
    },
    /// A line that is longer than allowed; its bytes are gone.
    TooLong {
        /// Its number, from 1.
        line: u64,
        /// Its first byte in the stream.
        offset: u64,
        /// Its bytes, without the newline.
        length: u64,
    },
    /// The stream broke in the middle of a line.
    Broken {
        /// Where what came through stands in [`Framer::bytes`]; none where it was too long to hold.
        at: Option<Range<usize>>,
        /// The number of that line.
        line: u64,
        /// Its first byte.
        offset: u64,
        /// Bytes of it that came through.
        length: u64,
        /// Why the stream broke.
        error: io::Error,
    },
    /// The end of the stream.
    End,
}

/// Cuts lines from a stream; holds one line at most, and none that is too long.
pub struct Framer<R> {
    stream: R,
    /// Storage; `start..end` of it is what came and was not framed yet.
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    searched: usize,
    offset: u64,
    line: u64,
    gap_bytes: u64,
    line_bytes_max: usize,
    step: usize,
    ended: bool,
    broken: Option<io::Error>,
    done: bool,
}

impl<R: Read> Framer<R> {
    /// A framer for lines of at most `line_bytes_max` bytes.
    pub fn new(stream: R, line_bytes_max: usize) -> Self {
        Self::with_step(stream, line_bytes_max, STEP)
    }

    /// A framer that asks the stream for `step` bytes at a time, at least one.
    pub fn with_step(stream: R, line_bytes_max: usize, step: usize) -> Self {
        Self {
            stream,
            buffer: Vec::new(),
            start: 0,
            end: 0,
            searched: 0,
            offset: 0,
            line: 0,
            gap_bytes: 0,
            line_bytes_max,
            step: step.max(1),
            ended: false,
            broken: None,
            done: false,
        }
    }

    /// The bytes behind the ranges of lines.
    pub fn bytes(&self) -> &[u8] {
        &self.buffer
    }

    /// Bytes of the stream that were framed so far.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// Bytes that belong to no line: newlines, blank lines, a byte order mark.
    pub fn gap_bytes(&self) -> u64 {
        self.gap_bytes
    }

    /// The next piece.
    pub fn next_piece(&mut self) -> Piece {
        loop {
            if self.done {
                return Piece::End;
            }
            if let Some(newline) = memchr(b'\n', &self.buffer[self.searched..self.end]) {
                let at = self.start..self.searched + newline;
                self.start = at.end + 1;
                self.searched = self.start;
                if let Some(piece) = self.line(at, 1) {
                    return piece;
                }
                continue;
            }
            self.searched = self.end;
            if self.end - self.start > self.line_bytes_max {
                return self.skip_line();
            }
            if self.ended {
                return self.last();
            }
            self.fill();
        }
    }

    /// What stands after the last newline.
    fn last(&mut self) -> Piece {
        self.done = true;
        let at = self.start..self.end;
        if let Some(error) = self.broken.take() {
            let (offset, length) = (self.offset, at.len() as u64);
            self.offset += length;
            return Piece::Broken { at: Some(at), line: self.line + 1, offset, length, error };
        }
        self.start = at.end;
        if at.is_empty() {
            return Piece::End;
        }
        self.line(at, 0).unwrap_or(Piece::End)
    }

    /// A line of the buffer and the newline behind it; nothing where the line is blank.
    fn line(&mut self, at: Range<usize>, newline: u64) -> Option<Piece> {
        self.line += 1;
        let mut at = at;
        // asked first and with every byte, as `skip_line` cannot know what a long line holds
        if at.len() > self.line_bytes_max {
            let (offset, length) = (self.offset, at.len() as u64);
            self.offset += length + newline;
            self.gap_bytes += newline;
            return Some(Piece::TooLong { line: self.line, offset, length });
        }
        if self.offset == 0 && self.buffer[at.clone()].starts_with(b"\xef\xbb\xbf") {
            at.start += 3;
            self.offset = 3;
            self.gap_bytes = 3;
        }
        let (offset, length) = (self.offset, at.len() as u64);
        self.offset += length + newline;
        self.gap_bytes += newline;
        if self.buffer[at.clone()].iter().all(u8::is_ascii_whitespace) {
            self.gap_bytes += length;
            return None;
        }
        Some(Piece::Line { at, line: self.line, offset })
    }

    /// Reads over the rest of a line that is too long, holding nothing of it.
    fn skip_line(&mut self) -> Piece {
        self.line += 1;
        let offset = self.offset;
        let mut length = (self.end - self.start) as u64;
        loop {
            (self.start, self.end, self.searched) = (0, 0, 0);
            if self.ended {
                break;
            }
            self.fill();
            if let Some(newline) = memchr(b'\n', &self.buffer[..self.end]) {
                length += newline as u64;
                self.start = newline + 1;
                self.searched = self.start;
                self.gap_bytes += 1;
                self.offset += length + 1;
                return Piece::TooLong { line: self.line, offset, length };
            }
            length += self.end as u64;
        }
        self.offset += length;
        self.done = true;
        match self.broken.take() {
            Some(error) => Piece::Broken { at: None, line: self.line, offset, length, error },
            None => Piece::TooLong { line: self.line, offset, length },
        }
    }

    /// Takes more of the stream; what was framed already makes room.
    fn fill(&mut self) {
        if self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            self.searched -= self.start;
            self.end -= self.start;
            self.start = 0;
        }
        if self.buffer.len() > SHRINK && self.end < SHRINK / 2 {
            self.buffer.truncate(SHRINK / 2);
            self.buffer.shrink_to_fit();
        }
        if self.end == self.buffer.len() {
            // doubling keeps copying linear; one step more than a line may have is enough
            let enough = self.line_bytes_max.saturating_add(self.step);
            let more = (self.end * 2).min(enough).max(self.end + self.step);
            self.buffer.resize(more, 0);
        }
        let got = loop {
            match self.stream.read(&mut self.buffer[self.end..]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.broken = Some(error);
                    break 0;
                }
                Ok(got) => break got,
            }
        };
        self.end += got;
        self.ended = got == 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    struct Drip<'a>(&'a [u8], usize);

    impl Read for Drip<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let take = self.1.min(self.0.len()).min(buffer.len());
            buffer[..take].copy_from_slice(&self.0[..take]);
            self.0 = &self.0[take..];
            Ok(take)
        }
    }

    fn pieces(bytes: &[u8], step: usize, max: usize) -> (Vec<(u64, u64)>, u64, u64) {
        let mut framer = Framer::with_step(Drip(bytes, step), max, step);
        let mut found = Vec::new();
        loop {
            match framer.next_piece() {
                Piece::Line { at, offset, .. } => {
                    let from = usize::try_from(offset).unwrap();
                    assert_eq!(&framer.bytes()[at.clone()], &bytes[from..from + at.len()]);
                    found.push((offset, at.len() as u64));
                }
                Piece::TooLong { offset, length, .. } => found.push((offset, length)),
                Piece::Broken { .. } => unreachable!("a slice does not break"),
                Piece::End => return (found, framer.gap_bytes(), framer.offset()),
            }
        }
    }

    #[test]
    fn lines_blank_lines_and_a_byte_order_mark() {
        let (lines, gaps, end) = pieces(b"\xef\xbb\xbfab\r\n\n  \ncd", 100, 100);
        assert_eq!(lines, [(3, 3), (11, 2)]);
        assert_eq!((gaps, end), (3 + 1 + 1 + 3, 13));
    }

    #[test]
    fn a_long_line_is_skipped_and_the_next_one_is_whole() {
        let mut bytes = vec![b'x'; 5000];
        bytes.extend(b"\nok\n");
        for step in [1, 7, 10_000] {
            let (lines, gaps, end) = pieces(&bytes, step, 10);
            assert_eq!(lines, [(0, 5000), (5001, 2)]);
            assert_eq!((gaps, end), (2, 5004));
        }
    }

    #[test]
    fn a_long_line_is_never_held_and_its_room_is_given_back() {
        let mut bytes = vec![b'x'; 20 << 20];
        bytes.extend(b"\n");
        bytes.extend(vec![b'y'; 9 << 20]);
        bytes.extend(b"\nok\n");
        let mut framer = Framer::new(&bytes[..], 1 << 20);
        for length in [20 << 20, 9 << 20] {
            match framer.next_piece() {
                Piece::TooLong { length: found, .. } => assert_eq!(found, length),
                other => panic!("{other:?}"),
            }
            assert!(framer.bytes().len() <= (1 << 20) + STEP);
        }
        let mut framer = Framer::new(&bytes[..], 64 << 20);
        assert!(matches!(framer.next_piece(), Piece::Line { at, .. } if at.len() == 20 << 20));
        while !matches!(framer.next_piece(), Piece::End) {}
        assert!(framer.bytes().len() <= SHRINK, "{}", framer.bytes().len());
    }

    #[test]
    fn a_stream_that_breaks_gives_what_came_through() {
        struct Breaks<'a>(&'a [u8]);
        impl Read for Breaks<'_> {
            fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                if self.0.is_empty() {
                    return Err(io::Error::from(io::ErrorKind::UnexpectedEof));
                }
                self.0.read(buffer)
            }
        }
        for (max, held) in [(100, true), (3, false)] {
            let mut framer = Framer::with_step(Breaks(b"ab\ncdefgh"), max, 4);
            assert!(matches!(framer.next_piece(), Piece::Line { offset: 0, .. }));
            match framer.next_piece() {
                Piece::Broken { at, line, offset, length, .. } => {
                    assert_eq!((line, offset, length), (2, 3, 6));
                    assert_eq!(at.is_some(), held);
                    assert!(at.is_none_or(|at| &framer.bytes()[at] == b"cdefgh"));
                }
                other => panic!("{other:?}"),
            }
            assert!(matches!(framer.next_piece(), Piece::End));
            assert_eq!((framer.offset(), framer.gap_bytes()), (9, 1));
        }
    }

    proptest! {
        #[test]
        fn pieces_tile_the_stream(bytes in proptest::collection::vec(prop_oneof![Just(b'\n'), Just(b' '), Just(b'a'), any::<u8>()], 0..400), step in 1usize..50, max in 1usize..60) {
            let (lines, gaps, end) = pieces(&bytes, step, max);
            prop_assert_eq!(end, bytes.len() as u64);
            prop_assert_eq!(lines.iter().map(|line| line.1).sum::<u64>() + gaps, end);
            prop_assert!(lines.windows(2).all(|pair| pair[0].0 + pair[0].1 < pair[1].0));
            prop_assert_eq!(lines, pieces(&bytes, STEP, max).0);
        }
    }
}
