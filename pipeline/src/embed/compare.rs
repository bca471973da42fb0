//! Vectors as bytes and as numbers, and who compares them.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use arrow::array::BinaryArray;
use datafusion::common::{DataFusionError, Result};
use serde::{Deserialize, Serialize};
use tamis_kernels::vectors::{Block, Choice, Engine, Pair, exact_block};

/// Rows of a side of a tile.
const TILE: usize = 2048;
/// Tiles whose pairs are held at a time, for each thread.
const TILES_AT_ONCE: usize = 4;

/// Appends the numbers of a vector.
pub(crate) fn append(bytes: &[u8], to: &mut Vec<f32>) {
    to.extend(bytes.as_chunks::<4>().0.iter().map(|four| f32::from_le_bytes(*four)));
}

/// The numbers of all vectors of a column, one after the other.
pub(crate) fn numbers(vectors: &BinaryArray) -> Vec<f32> {
    let mut rows = Vec::with_capacity(vectors.value_data().len() / 4);
    for bytes in vectors.iter().flatten() {
        append(bytes, &mut rows);
    }
    rows
}

/// A threshold as every path compares with it.
#[expect(clippy::cast_possible_truncation, reason = "cosines are f32")]
pub(crate) fn least_cosine(threshold: f64) -> f32 {
    threshold as f32
}

pub(crate) fn external(error: impl std::error::Error + Send + Sync + 'static) -> DataFusionError {
    DataFusionError::External(Box::new(error))
}

/// Compares rows of vectors of unit length; what it finds does not depend on how.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Comparer {
    /// What computes: `auto`, `cpu` or `cuda[:N]`.
    pub device: String,
    /// Threads, where that is the CPU.
    pub threads: usize,
}

/// Bytes of input below which cards would not be ready sooner.
const MUCH_INPUT: u64 = 256 << 20;

/// Cards that get ready on a thread of their own while the input is read.
pub(crate) struct Ready(Option<std::thread::JoinHandle<Option<Engine>>>);

impl Ready {
    /// Begins, if there is so much to read that it pays; what goes wrong is told where cards work.
    pub(crate) fn begin(comparer: &Comparer, input_bytes: u64) -> Self {
        let comparer = comparer.clone();
        let prepare = move || {
            let engine = comparer.engine().ok()?;
            engine.prepare();
            Some(engine)
        };
        Self((input_bytes >= MUCH_INPUT).then(|| std::thread::spawn(prepare)))
    }
}

impl Drop for Ready {
    fn drop(&mut self) {
        // a process must not end while kernels are being compiled
        drop(self.0.take().map(std::thread::JoinHandle::join));
    }
}

/// Some rows of vectors, and the numbers of each.
pub(crate) type Side<'a> = (&'a [f32], usize);

impl Comparer {
    /// One that uses `threads` threads of the CPU.
    pub(crate) fn cpu(threads: usize) -> Self {
        Self { device: "cpu".to_owned(), threads }
    }

    pub(crate) fn engine(&self) -> Result<Engine> {
        let choice: Choice = self.device.parse().map_err(external)?;
        Engine::open(choice, self.threads).map_err(external)
    }

    /// Calls `found` with every pair of a row of `ours` and a row of `theirs` whose cosine is at
    /// least `threshold`.
    pub(crate) fn cross(
        &self,
        (ours, dimensions): Side<'_>,
        theirs: &[f32],
        threshold: f64,
        found: &mut dyn FnMut(usize, usize, f32),
    ) -> Result<()> {
        if ours.is_empty() || theirs.is_empty() {
            return Ok(());
        }
        let width = TILE * dimensions;
        let mut tiles = Vec::new();
        for (their_tile, theirs) in theirs.chunks(width).enumerate() {
            for (our_tile, ours) in ours.chunks(width).enumerate() {
                tiles.push((our_tile * TILE, ours, their_tile * TILE, theirs));
            }
        }
        for some in tiles.chunks(TILES_AT_ONCE * self.threads.max(1)) {
            let pairs = self.in_parallel(some.len(), |number| {
                let (_, ours, _, theirs) = some[number];
                let left = Block { first: 0, rows: theirs };
                let right = Block { first: theirs.len() / dimensions, rows: ours };
                let mut pairs: Vec<Pair> = Vec::new();
                let least = least_cosine(threshold);
                exact_block(left, right, dimensions, least, |pair| pairs.push(pair))
                    .map_err(external)?;
                Ok(pairs)
            })?;
            for ((our_first, _, their_first, theirs), pairs) in some.iter().zip(pairs) {
                let behind = theirs.len() / dimensions;
                for pair in pairs {
                    found(our_first + pair.right - behind, their_first + pair.left, pair.cosine);
                }
            }
        }
        Ok(())
    }

    /// Calls `found` with every pair of two rows of `rows`, the first before the second.
    pub(crate) fn within(
        (rows, dimensions): Side<'_>,
        threshold: f64,
        mut found: impl FnMut(usize, usize, f32),
    ) -> Result<()> {
        let block = Block { first: 0, rows };
        let least = least_cosine(threshold);
        exact_block(block, block, dimensions, least, |pair| {
            found(pair.left, pair.right, pair.cosine);
        })
        .map_err(external)
    }

    /// Does `count` pieces of work on the threads; results in their order.
    pub(crate) fn in_parallel<T: Send>(
        &self,
        count: usize,
        work: impl Fn(usize) -> Result<T> + Sync,
    ) -> Result<Vec<T>> {
        let threads = self.threads.min(count);
        if threads <= 1 {
            return (0..count).map(work).collect();
        }
        let next = AtomicUsize::new(0);
        let done: Mutex<Vec<(usize, Result<T>)>> = Mutex::new(Vec::with_capacity(count));
        std::thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| {
                    loop {
                        let number = next.fetch_add(1, Ordering::Relaxed);
                        if number >= count {
                            break;
                        }
                        let result = work(number);
                        done.lock().unwrap_or_else(PoisonError::into_inner).push((number, result));
                    }
                });
            }
        });
        let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
        done.sort_unstable_by_key(|one| one.0);
        done.into_iter().map(|(_, result)| result).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tamis_kernels::vectors::{cosine, made::Source};

    #[test]
    fn tiles_and_threads_find_what_a_double_loop_finds() {
        let dimensions = 7;
        let mut source = Source::new(5);
        let mut vectors = |count: usize| -> Vec<f32> {
            (0..count).flat_map(|_| source.unit(dimensions)).collect()
        };
        let (ours, theirs) = (vectors(2100), vectors(2500));
        let mut expected = Vec::new();
        for (one, left) in ours.chunks(dimensions).enumerate() {
            for (other, right) in theirs.chunks(dimensions).enumerate() {
                let similarity = cosine(left, right);
                if similarity >= 0.97 {
                    expected.push((one, other, similarity.to_bits()));
                }
            }
        }
        assert!(expected.len() > 50, "{}", expected.len());
        for threads in [1, 3] {
            let comparer = Comparer::cpu(threads);
            let mut found = Vec::new();
            comparer
                .cross((&ours, dimensions), &theirs, 0.97, &mut |one, other, similarity| {
                    found.push((one, other, similarity.to_bits()));
                })
                .unwrap();
            found.sort_unstable();
            assert!(found == expected);
        }
        assert!(Comparer { device: "gpu".into(), threads: 1 }.engine().is_err());
    }
}
