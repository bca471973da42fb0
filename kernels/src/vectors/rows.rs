//! Where vectors come from: memory, or blocks of rows read on demand.

use std::io;

/// Vectors of equal length, numbered from 0, that can be read block by block from any thread.
pub trait Rows: Sync {
    /// How many there are.
    fn count(&self) -> usize;

    /// Components of each.
    fn dimensions(&self) -> usize;

    /// Puts the rows from `first` on into `into`, which holds whole rows and does not reach past
    /// the last one. The same rows must come each time.
    fn read(&self, first: usize, into: &mut [f32]) -> io::Result<()>;
}

/// Decides which rows stay, in order, where a row may go for one before it that stays.
pub trait Leader {
    /// Whether `row` may go for `center`, a smaller number. It must always say the same.
    fn allows(&self, row: usize, center: usize) -> bool;

    /// Decides `row`, the next one: `center` is the first row that stays, is near enough and is
    /// allowed, with its cosine. Gives whether the row stays; one with a center must not.
    fn decide(&mut self, row: usize, center: Option<(usize, f32)>) -> io::Result<bool>;

    /// Rows that are to be compared with all others on the way, whether they stay or not.
    fn asked(&self) -> &[usize] {
        &[]
    }

    /// Takes rows that are near enough to one of them: the row asked for, the other, the cosine.
    fn near(&mut self, _asked: usize, _row: usize, _cosine: f32) {}
}

/// Rows that lie in memory one after the other.
#[derive(Clone, Copy, Debug)]
pub struct Flat<'a> {
    rows: &'a [f32],
    dimensions: usize,
}

impl<'a> Flat<'a> {
    /// `rows`, row-major; a last part of a row is left out.
    pub fn new(rows: &'a [f32], dimensions: usize) -> Self {
        Self { rows, dimensions }
    }
}

impl Rows for Flat<'_> {
    fn count(&self) -> usize {
        self.rows.len() / self.dimensions.max(1)
    }

    fn dimensions(&self) -> usize {
        self.dimensions
    }

    fn read(&self, first: usize, into: &mut [f32]) -> io::Result<()> {
        into.copy_from_slice(&self.rows[first * self.dimensions..][..into.len()]);
        Ok(())
    }
}

/// Rows from `first` on, with their numbers.
#[derive(Clone, Copy, Debug)]
pub struct Block<'a> {
    /// The number of the first row.
    pub first: usize,
    /// The rows, row-major.
    pub rows: &'a [f32],
}

/// Two rows that are similar.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pair {
    /// The smaller number.
    pub left: usize,
    /// The larger number.
    pub right: usize,
    /// Their [`cosine`](super::cosine).
    pub cosine: f32,
}

/// Why rows cannot be searched.
#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    /// A row is longer than a unit vector, or not finite: bounds would not hold.
    #[error("vector {row} has length {length}, not 1: normalise vectors before they are searched")]
    NotUnit {
        /// The row.
        row: usize,
        /// Its length.
        length: f64,
    },
    /// Rows without components, or with too many.
    #[error(transparent)]
    Shape(#[from] super::ProjectionError),
    /// A threshold that is no cosine.
    #[error("a cosine threshold of {0} makes no sense: choose one from -1 to 1")]
    Threshold(f32),
    /// The rows could not be read.
    #[error("vectors cannot be read: {0}")]
    Read(#[from] io::Error),
}
