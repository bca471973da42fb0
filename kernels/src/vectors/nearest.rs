//! The nearest vectors of some queries, by looking at all: what an audit compares with.

use minhash_lsh::Level;

use super::exact::{BLOCK_ROWS, check, check_lengths, pack_left, read_block, slack};
use super::parallel;
use super::product::{Panels, Shape, tiles};
use super::rows::{Rows, SearchError};
use super::unit::cosine;

/// A row near a query.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Neighbour {
    /// The row's number.
    pub row: usize,
    /// Its [`cosine`](super::cosine) with the query.
    pub cosine: f32,
}

impl Neighbour {
    /// The nearer first, of equally near ones that with the smaller number.
    fn order(&self, other: &Self) -> std::cmp::Ordering {
        other.cosine.total_cmp(&self.cosine).then(self.row.cmp(&other.row))
    }
}

/// The `count` nearest of `rows` for each of `queries` (row-major; all unit vectors), the nearest
/// first and of equally near ones that with the smaller number; on `threads` threads of the CPU.
///
/// A query that is itself among the rows is its own nearest: ask for one more. Neighbours are those
/// that [`cosine`] of every query with every row gives.
pub fn nearest(
    rows: &dyn Rows,
    queries: &[f32],
    count: usize,
    threads: usize,
) -> Result<Vec<Vec<Neighbour>>, SearchError> {
    let dimensions = rows.dimensions();
    check(dimensions, 0.0)?;
    check_lengths(queries, dimensions, 0)?;
    let shape = Shape::of(Level::detect());
    let packed = pack_left(shape, queries, dimensions);
    let mut best = vec![Vec::new(); queries.len() / dimensions];
    if count == 0 {
        return Ok(best);
    }
    let mut failed = None;
    let unit = |block: usize| {
        let read = read_block(rows, block)?;
        Ok(nearest_in(shape, &packed, queries, &read, block * BLOCK_ROWS, dimensions, count))
    };
    parallel::in_order(rows.count().div_ceil(BLOCK_ROWS), threads, unit, |part| match part {
        Ok(part) => {
            for (best, more) in best.iter_mut().zip(part) {
                best.extend(more);
                best.sort_unstable_by(Neighbour::order);
                best.truncate(count);
            }
        }
        Err(error) => failed = failed.take().or(Some(error)),
    });
    failed.map_or(Ok(best), Err)
}

/// The nearest of one block of rows, the first of which has the number `first`.
fn nearest_in(
    shape: Shape,
    packed: &[Panels],
    queries: &[f32],
    rows: &[f32],
    first: usize,
    dimensions: usize,
    count: usize,
) -> Vec<Vec<Neighbour>> {
    let mut panels = Panels::default();
    panels.pack(rows, dimensions, shape.right(), |value| value);
    let held = rows.len() / dimensions;
    let stride = held.next_multiple_of(shape.right());
    let part_rows = shape.left_block(dimensions);
    let mut products = vec![0.0_f32; part_rows.next_multiple_of(shape.left()) * stride];
    let mut all = Vec::with_capacity(queries.len() / dimensions);
    for (queries, packed) in queries.chunks(part_rows * dimensions).zip(packed) {
        tiles(shape, packed, &panels, |row, column, tile| {
            for (lane, part) in tile.chunks_exact(shape.right()).enumerate() {
                products[(row + lane) * stride + column..][..part.len()].copy_from_slice(part);
            }
        });
        let products = products.chunks_exact(stride);
        for (query, products) in queries.chunks_exact(dimensions).zip(products) {
            all.push(best_of(query, &products[..held], rows, first, dimensions, count));
        }
    }
    all
}

/// The nearest rows of one query, whose fast products are `products`.
fn best_of(
    query: &[f32],
    products: &[f32],
    rows: &[f32],
    first: usize,
    dimensions: usize,
    count: usize,
) -> Vec<Neighbour> {
    let mut lowest = f32::NEG_INFINITY;
    if count < products.len() {
        let mut sorted = products.to_vec();
        let (_, last, _) = sorted.select_nth_unstable_by(count - 1, |a, b| b.total_cmp(a));
        // each of the first `count` may in truth be lower by the slack, any other higher
        lowest = (*last - 2.0 * slack(dimensions)).next_down();
    }
    let near = products.iter().enumerate().filter(|(_, product)| **product >= lowest);
    let mut best: Vec<Neighbour> = near
        .map(|(row, _)| {
            let cosine = cosine(query, &rows[row * dimensions..][..dimensions]);
            Neighbour { row: first + row, cosine }
        })
        .collect();
    best.sort_unstable_by(Neighbour::order);
    best.truncate(count);
    best
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vectors::exact::tests::planted;
    use crate::vectors::made::Source;
    use crate::vectors::rows::Flat;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn neighbours_are_those_of_sorting_all(
            seed: u64, rows in 0_usize..150, queries in 0_usize..40, dimensions in 2_usize..50,
            count in 0_usize..12, blocks in 0_usize..2,
        ) {
            let mut source = Source::new(seed);
            let rows = rows + blocks * (BLOCK_ROWS - 70);
            let rows = planted(&mut source, rows, dimensions, 0.9);
            let mut queries = planted(&mut source, queries, dimensions, 0.9);
            queries.extend(&rows[..rows.len().min(3 * dimensions)]);
            let expected: Vec<Vec<Neighbour>> = queries
                .chunks_exact(dimensions)
                .map(|query| {
                    let mut all: Vec<Neighbour> = (rows.chunks_exact(dimensions).enumerate())
                        .map(|(number, row)| Neighbour { row: number, cosine: cosine(query, row) })
                        .collect();
                    all.sort_by(Neighbour::order);
                    all.truncate(count);
                    all
                })
                .collect();
            let found = nearest(&Flat::new(&rows, dimensions), &queries, count, 2).unwrap();
            prop_assert_eq!(found, expected);
        }
    }
}
