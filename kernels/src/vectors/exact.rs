//! All pairs of vectors with at least some cosine, none missed.
//!
//! Tiles of fast products say which pairs can reach the threshold; each of those is summed again by
//! [`cosine`], which alone decides. Both err by a proven bound at most, so the pairs are those of
//! the plain double loop over `cosine`, in its order, whatever the machine, the blocks and the
//! threads.

use minhash_lsh::Level;

use super::parallel;
use super::product::{Panels, Shape, product_bound, tiles};
use super::projection::{DIMENSIONS_MAX, ProjectionError};
use super::rows::{Block, Pair, Rows, SearchError};
use super::unit::{cosine, squared_length};

/// Rows of a block: those of two blocks meet in memory.
pub(crate) const BLOCK_ROWS: usize = 2048;
/// Lengths of "unit" vectors at most; those of [`normalize`](super::normalize) are far below.
pub(crate) const LENGTH_MAX: f64 = 1.001;

/// Gives `sink` all pairs of `rows` (unit vectors) with a cosine of at least `threshold`, ascending
/// by the smaller and then the larger number, on `threads` threads of the CPU.
///
/// The pairs of 2,048 rows with all later ones are held in memory. Many equal vectors have very
/// many pairs: put them together before.
pub fn exact_pairs(
    rows: &dyn Rows,
    threshold: f32,
    threads: usize,
    mut sink: impl FnMut(Pair),
) -> Result<(), SearchError> {
    pairs_from(rows, 0, threshold, threads, &mut sink)
}

/// The same for pairs whose smaller number is `first` (a multiple of [`BLOCK_ROWS`]) or larger.
pub(crate) fn pairs_from(
    rows: &dyn Rows,
    first: usize,
    threshold: f32,
    threads: usize,
    sink: &mut dyn FnMut(Pair),
) -> Result<(), SearchError> {
    let (count, dimensions) = (rows.count(), rows.dimensions());
    check(dimensions, threshold)?;
    let shape = Shape::of(Level::detect());
    let blocks = count.div_ceil(BLOCK_ROWS);
    for left_block in first / BLOCK_ROWS..blocks {
        let left_rows = read_block(rows, left_block)?;
        let left = Block { first: left_block * BLOCK_ROWS, rows: &left_rows };
        let packed = pack_left(shape, &left_rows, dimensions);
        let mut pairs = Vec::new();
        let mut failed = None;
        let unit = |number: usize| {
            let right_block = left_block + number;
            let read = if number == 0 { None } else { Some(read_block(rows, right_block)?) };
            let right = Block {
                first: right_block * BLOCK_ROWS,
                rows: read.as_deref().unwrap_or(&left_rows),
            };
            Ok(block_pairs(shape, &packed, left, right, dimensions, threshold))
        };
        parallel::in_order(blocks - left_block, threads, unit, |part| match part {
            Ok(part) => pairs.extend(part),
            Err(error) => failed = failed.take().or(Some(error)),
        });
        if let Some(error) = failed {
            return Err(error);
        }
        pairs.sort_unstable_by_key(|pair: &Pair| (pair.left, pair.right));
        pairs.into_iter().for_each(&mut *sink);
    }
    Ok(())
}

/// Gives `sink` all pairs of a row of `left` with a row of `right` (unit vectors of `dimensions`
/// components) with a cosine of at least `threshold`, ascending by their numbers.
///
/// Only pairs whose number on the left is the smaller one are given, so a block with itself gives
/// each pair once; number the rows of two sets so that those on the right come after.
pub fn exact_block(
    left: Block<'_>,
    right: Block<'_>,
    dimensions: usize,
    threshold: f32,
    sink: impl FnMut(Pair),
) -> Result<(), SearchError> {
    check(dimensions, threshold)?;
    check_lengths(left.rows, dimensions, left.first)?;
    check_lengths(right.rows, dimensions, right.first)?;
    let shape = Shape::of(Level::detect());
    let packed = pack_left(shape, left.rows, dimensions);
    let mut pairs = block_pairs(shape, &packed, left, right, dimensions, threshold);
    pairs.sort_unstable_by_key(|pair| (pair.left, pair.right));
    pairs.into_iter().for_each(sink);
    Ok(())
}

/// That a search makes sense.
pub(crate) fn check(dimensions: usize, threshold: f32) -> Result<(), SearchError> {
    if dimensions == 0 || dimensions > DIMENSIONS_MAX {
        return Err(ProjectionError::Dimensions(dimensions).into());
    }
    if !(-1.0..=1.0).contains(&threshold) {
        return Err(SearchError::Threshold(threshold));
    }
    Ok(())
}

/// That no row is longer than a unit vector: the bound counts on it.
pub(crate) fn check_lengths(
    rows: &[f32],
    dimensions: usize,
    first: usize,
) -> Result<(), SearchError> {
    for (number, row) in rows.chunks_exact(dimensions).enumerate() {
        let length = squared_length(row).sqrt();
        if !length.is_finite() || length > LENGTH_MAX {
            return Err(SearchError::NotUnit { row: first + number, length });
        }
    }
    Ok(())
}

/// The rows of block `block`, checked.
pub(crate) fn read_block(rows: &dyn Rows, block: usize) -> Result<Vec<f32>, SearchError> {
    let first = block * BLOCK_ROWS;
    let count = BLOCK_ROWS.min(rows.count() - first);
    let mut read = vec![0.0; count * rows.dimensions()];
    rows.read(first, &mut read)?;
    check_lengths(&read, rows.dimensions(), first)?;
    Ok(read)
}

/// `rows` packed in parts that stay in a cache.
pub(crate) fn pack_left(shape: Shape, rows: &[f32], dimensions: usize) -> Vec<Panels> {
    let parts = rows.chunks(shape.left_block(dimensions) * dimensions);
    let pack = |part: &[f32]| {
        let mut panels = Panels::default();
        panels.pack(part, dimensions, shape.left(), |value| value);
        panels
    };
    parts.map(pack).collect()
}

/// By how much a fast product of two unit vectors and their `cosine` may differ: each is within
/// the bound of the exact product.
pub(crate) fn slack(dimensions: usize) -> f32 {
    #[expect(clippy::cast_possible_truncation, reason = "stepped past the rounding")]
    let slack = (2.0 * product_bound(dimensions) * LENGTH_MAX * LENGTH_MAX + 1e-30) as f32;
    slack.next_up()
}

fn block_pairs(
    shape: Shape,
    packed: &[Panels],
    left: Block<'_>,
    right: Block<'_>,
    dimensions: usize,
    threshold: f32,
) -> Vec<Pair> {
    let mut right_panels = Panels::default();
    right_panels.pack(right.rows, dimensions, shape.right(), |value| value);
    // one step further down for the rounding of the difference
    let lowest = (threshold - slack(dimensions)).next_down();
    let counts = (left.rows.len() / dimensions, right.rows.len() / dimensions);
    let mut pairs = Vec::new();
    let part_rows = shape.left_block(dimensions);
    for (part, panels) in packed.iter().enumerate() {
        tiles(shape, panels, &right_panels, |row, column, tile| {
            let hits: u32 = tile.iter().map(|product| u32::from(*product >= lowest)).sum();
            if hits == 0 {
                return;
            }
            for (at, _) in tile.iter().enumerate().filter(|(_, product)| **product >= lowest) {
                let row = part * part_rows + row + at / shape.right();
                let column = column + at % shape.right();
                let (first, second) = (left.first + row, right.first + column);
                if row >= counts.0 || column >= counts.1 || first >= second {
                    continue;
                }
                let cosine = cosine(
                    &left.rows[row * dimensions..][..dimensions],
                    &right.rows[column * dimensions..][..dimensions],
                );
                if cosine >= threshold {
                    pairs.push(Pair { left: first, right: second, cosine });
                }
            }
        });
    }
    pairs
}

#[cfg(test)]
#[path = "exact_tests.rs"]
pub(in crate::vectors) mod tests;
