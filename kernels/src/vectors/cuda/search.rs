//! The search for pairs over blocks, bands and cards.

use std::sync::Arc;
use std::time::Instant;

use cudarc::driver::PinnedHostSlice;

use super::pairs::{Held, Limits, Plan, Worker, fixed_bytes, row_bytes};
use super::rotate::rotation;
use super::{Card, Failure};
use crate::simd::Level;
use crate::vectors::bf16;
use crate::vectors::exact::{BLOCK_ROWS, check_lengths};
use crate::vectors::parallel;
use crate::vectors::rows::{Pair, Rows, SearchError};
use crate::vectors::unit::cosine;

/// Rows that are looked at to find the directions where vectors lie.
const SAMPLE: usize = 4096;
/// Rows that are read and copied to a card at a time by one thread.
const COPIED: usize = 1 << 14;
/// Pairs that one thread sums at a time.
const SUMMED: usize = 1 << 10;

/// Why a search on cards ended early.
#[derive(Debug)]
pub(in crate::vectors) enum Stop {
    /// The rows are at fault: the CPU would say the same.
    Search(SearchError),
    /// A card is; pairs whose smaller number is below `done` were given to the sink.
    Card {
        /// What happened.
        failure: Failure,
        /// A multiple of the CPU's block.
        done: usize,
    },
}

/// Where the time of a search went, in seconds, and how much it looked at.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::vectors) struct Report {
    /// Reading vectors, copying and quantising them.
    pub(in crate::vectors) load: f64,
    /// Looking for candidates on the cards, summed over them.
    pub(in crate::vectors) cards: f64,
    /// Summing pairs on the CPU.
    pub(in crate::vectors) sum: f64,
    /// Candidates of prefixes, and pairs that were summed.
    pub(in crate::vectors) candidates: (u64, u64),
    /// Whether whole vectors were looked at.
    pub(in crate::vectors) whole: bool,
}

/// Gives `sink` all pairs of `rows` with a cosine of at least `threshold`, ascending.
pub(in crate::vectors) fn search(
    cards: &[Arc<Card>],
    rows: &dyn Rows,
    threshold: f32,
    threads: usize,
    limits: Limits,
    sink: &mut dyn FnMut(Pair),
) -> Result<Report, Stop> {
    let mut done = 0;
    let search = Search { rows, threads, threshold };
    search.run(cards, limits, sink, &mut done).map_err(|error| match error {
        Wrong::Rows(error) => Stop::Search(error),
        Wrong::Card(failure) => Stop::Card { failure, done },
    })
}

enum Wrong {
    Rows(SearchError),
    Card(Failure),
}

impl From<SearchError> for Wrong {
    fn from(error: SearchError) -> Self {
        Self::Rows(error)
    }
}

impl From<Failure> for Wrong {
    fn from(failure: Failure) -> Self {
        Self::Card(failure)
    }
}

struct Search<'a> {
    rows: &'a dyn Rows,
    threads: usize,
    threshold: f32,
}

impl Search<'_> {
    fn run(
        &self,
        cards: &[Arc<Card>],
        limits: Limits,
        sink: &mut dyn FnMut(Pair),
        done: &mut usize,
    ) -> Result<Report, Wrong> {
        let mut report = Report::default();
        let (count, dimensions) = (self.rows.count(), self.rows.dimensions());
        let rotation = rotation(&self.sample()?, dimensions);
        let plan = Plan { rotation, dimensions, threshold: self.threshold, limits };
        let block = block_rows(cards, count, dimensions, limits)?;
        let blocks = count.div_ceil(block);
        let workers: Result<Vec<Worker<'_>>, Failure> =
            cards.iter().map(|card| Worker::new(card, &plan)).collect();
        let mut workers = workers?;
        for left in 0..blocks {
            let mut pairs = Vec::new();
            for right in left..blocks {
                self.blocks(&mut workers, (left, right), block, limits, &mut pairs, &mut report)?;
            }
            pairs.sort_unstable_by_key(|pair: &Pair| (pair.left, pair.right));
            pairs.into_iter().for_each(&mut *sink);
            *done = (left + 1) * block;
        }
        for worker in &workers {
            report.load += worker.times.0;
            report.cards += worker.times.1;
            report.candidates.0 += worker.seen;
            report.whole |= worker.whole;
        }
        Ok(report)
    }

    /// Rows from everywhere.
    fn sample(&self) -> Result<Vec<f32>, SearchError> {
        let (count, dimensions) = (self.rows.count(), self.rows.dimensions());
        let taken = SAMPLE.min(count);
        let mut sample = vec![0.0; taken * dimensions];
        for (at, row) in sample.chunks_exact_mut(dimensions).enumerate() {
            let number = at * count / taken;
            self.rows.read(number, row)?;
            check_lengths(row, dimensions, number)?;
        }
        Ok(sample)
    }

    /// Adds the pairs of two blocks to `pairs`.
    fn blocks(
        &self,
        workers: &mut [Worker<'_>],
        (left, right): (usize, usize),
        block: usize,
        limits: Limits,
        pairs: &mut Vec<Pair>,
        report: &mut Report,
    ) -> Result<(), Wrong> {
        let rows_of = |number: usize| block.min(self.rows.count() - number * block);
        let (lefts, rights) = (rows_of(left), rows_of(right));
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few rows")]
        let band = ((limits.area / rights as f64) as usize).clamp(1, lefts).next_multiple_of(256);
        let loaders = (self.threads / workers.len()).clamp(1, 16);
        let load = |worker: &mut Worker<'_>, number: usize| -> Result<Held, Wrong> {
            let mut wrong = None;
            let held = worker.card.clone();
            let first = number * block;
            let fill = |at: u64| {
                self.upload(&held, first, rows_of(number), at, loaders).map_err(|error| match error
                {
                    Wrong::Card(failure) => failure,
                    Wrong::Rows(error) => {
                        let text = error.to_string();
                        wrong = Some(error);
                        Failure::Rows(text)
                    }
                })
            };
            let held = worker.hold(number, first, rows_of(number), fill);
            wrong.map_or(held.map_err(Wrong::Card), |error| Err(Wrong::Rows(error)))
        };
        let work = |worker: &mut Worker<'_>, unit: usize| -> Result<Vec<(u32, u32)>, Wrong> {
            let holds = |held: &Option<Held>, number| {
                held.as_ref().is_some_and(|held| held.number == number)
            };
            let other = (right != left).then_some(right);
            let (mut fresh, start) = (false, Instant::now());
            if !holds(&worker.left, left) {
                (worker.left, worker.right, fresh) = (None, None, true);
                worker.left = Some(load(worker, left)?);
            }
            if worker.right.as_ref().map(|held| held.number) != other {
                (worker.right, fresh) = (None, true);
                if let Some(other) = other {
                    worker.right = Some(load(worker, other)?);
                }
            }
            if fresh {
                worker.prepare()?;
                worker.times.0 += start.elapsed().as_secs_f64();
            }
            let start = Instant::now();
            let from = unit * band;
            let count = band.min(lefts - from);
            let mut found = Vec::new();
            let range = (super::launch::small(from)?, super::launch::small(count)?);
            worker.candidates(range, &mut found)?;
            worker.times.1 += start.elapsed().as_secs_f64();
            Ok(found)
        };
        let mut failed = None;
        parallel::in_order_with(workers, lefts.div_ceil(band), work, |found| {
            let start = Instant::now();
            let summed = found.and_then(|found| {
                report.candidates.1 += found.len() as u64;
                Ok(self.sum(found)?)
            });
            report.sum += start.elapsed().as_secs_f64();
            match summed {
                Ok(more) => pairs.extend(more),
                Err(error) => failed = failed.take().or(Some(error)),
            }
        });
        failed.map_or(Ok(()), Err)
    }

    /// Reads rows from `first` on and puts them on the card at `to`, as bfloat16.
    fn upload(
        &self,
        card: &Card,
        first: usize,
        count: usize,
        to: u64,
        loaders: usize,
    ) -> Result<(), Wrong> {
        let dimensions = self.rows.dimensions();
        let stride = dimensions.next_multiple_of(8);
        let units = count.div_ceil(COPIED);
        let mut states = Vec::new();
        for _ in 0..loaders.min(units) {
            states.push(Loader::new(card, COPIED.min(count) * stride)?);
        }
        let work = |loader: &mut Loader, unit: usize| -> Result<(), Wrong> {
            let (from, many) = (unit * COPIED, COPIED.min(count - unit * COPIED));
            loader.floats.resize(many * dimensions, 0.0);
            self.rows.read(first + from, &mut loader.floats).map_err(SearchError::from)?;
            check_lengths(&loader.floats, dimensions, first + from)?;
            loader.copy(dimensions, stride, to + (from * stride * 2) as u64)?;
            Ok(())
        };
        let mut failed = None;
        parallel::in_order_with(&mut states, units, work, |done| {
            failed = failed.take().or(done.err());
        });
        failed.map_or(Ok(()), Err)
    }

    /// Those of `found` whose cosine reaches the threshold.
    fn sum(&self, mut found: Vec<(u32, u32)>) -> Result<Vec<Pair>, SearchError> {
        found.sort_unstable();
        let dimensions = self.rows.dimensions();
        let part = |unit: usize| -> Result<Vec<Pair>, SearchError> {
            let part = &found[unit * SUMMED..found.len().min((unit + 1) * SUMMED)];
            let (mut left_row, mut right_row) = (vec![0.0; dimensions], vec![0.0; dimensions]);
            let (mut held, mut pairs) = (None, Vec::new());
            for (left, right) in part.iter().map(|pair| (pair.0 as usize, pair.1 as usize)) {
                if held != Some(left) {
                    self.rows.read(left, &mut left_row)?;
                    held = Some(left);
                }
                self.rows.read(right, &mut right_row)?;
                let cosine = cosine(&left_row, &right_row);
                if cosine >= self.threshold {
                    pairs.push(Pair { left, right, cosine });
                }
            }
            Ok(pairs)
        };
        let (mut pairs, mut failed) = (Vec::new(), None);
        let units = found.len().div_ceil(SUMMED);
        parallel::in_order(units, self.threads, part, |part| match part {
            Ok(part) => pairs.extend(part),
            Err(error) => failed = failed.take().or(Some(error)),
        });
        failed.map_or(Ok(pairs), Err)
    }
}

/// A thread's buffers on the way to a card.
struct Loader {
    floats: Vec<f32>,
    staged: PinnedHostSlice<u16>,
    stream: Arc<cudarc::driver::CudaStream>,
}

#[expect(unsafe_code, reason = "memory that is copied to a card")]
impl Loader {
    fn new(card: &Card, numbers: usize) -> Result<Self, Failure> {
        // SAFETY: what is copied is written before.
        let staged = unsafe { card.context.alloc_pinned_with_flags(numbers, 0)? };
        Ok(Self { floats: Vec::new(), staged, stream: card.stream()? })
    }

    fn copy(&mut self, dimensions: usize, stride: usize, to: u64) -> Result<(), Failure> {
        let count = self.floats.len() / dimensions * stride;
        // SAFETY: 16-bit integers of any value are valid; the buffer holds `count` of them.
        let staged = unsafe { std::slice::from_raw_parts_mut(self.staged.as_mut_ptr()?, count) };
        for (place, row) in
            staged.chunks_exact_mut(stride).zip(self.floats.chunks_exact(dimensions))
        {
            bf16::round_all(Level::detect(), row, place);
            place[dimensions..].fill(0);
        }
        self.stream.context().bind_to_thread()?;
        // SAFETY: the block at `to` has room for these rows; the stream is waited for, so the
        // buffer stays as it is while it is read.
        unsafe {
            cudarc::driver::result::memcpy_htod_async(to, staged, self.stream.cu_stream())?;
        }
        Ok(self.stream.synchronize()?)
    }
}

/// Rows of a block: all, or what two blocks of fit into the smallest card.
fn block_rows(
    cards: &[Arc<Card>],
    count: usize,
    dimensions: usize,
    limits: Limits,
) -> Result<usize, Failure> {
    if let Some(rows) = limits.block_rows {
        return Ok(rows);
    }
    let stride = dimensions.next_multiple_of(8);
    let mut fits = usize::MAX;
    for card in cards {
        card.context.bind_to_thread()?;
        let (free, _) = card.context.mem_get_info()?;
        let free = (free / 20 * 19).saturating_sub(fixed_bytes(limits, stride));
        // one block alone has its bytes twice, for both sides; two have three of them
        let alone = free / (row_bytes(stride) + 128);
        let two = free / (2 * row_bytes(stride) + 128);
        fits = fits.min(if alone >= count { count } else { two });
    }
    if fits < count && fits < 1 << 16 {
        return Err(Failure::Rows("a card has too little free memory".to_owned()));
    }
    let rows = if fits >= count {
        count.next_multiple_of(BLOCK_ROWS)
    } else {
        fits / BLOCK_ROWS * BLOCK_ROWS
    };
    Ok(rows.max(BLOCK_ROWS))
}
