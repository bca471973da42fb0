//! The search for pairs over blocks, bands and GPUs.

use std::sync::Arc;
use std::time::Instant;

use super::launch::{RowRange, small};
use super::load::{LoadError, hold, room, sample};
use super::pairs::{BlockRows, GpuBlock, Limits, Plan, Worker};
use super::rotate::rotation;
use super::{Failure, Gpu};
use crate::vectors::exact::BLOCK_ROWS;
use crate::vectors::parallel;
use crate::vectors::rows::{Pair, Rows, SearchError};
use crate::vectors::unit::cosine;

/// Pairs that one thread sums at a time.
const SUMMED: usize = 1 << 10;

/// Why a search on GPUs ended early.
#[derive(Debug)]
pub(in crate::vectors) enum Stop {
    /// The rows are at fault: the CPU would say the same.
    Search(SearchError),
    /// A GPU is; pairs whose smaller number is below `done` were given to the sink.
    Gpu {
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
    /// Looking for candidates on the GPUs, summed over them.
    pub(in crate::vectors) gpus: f64,
    /// Summing pairs on the CPU.
    pub(in crate::vectors) sum: f64,
    /// Candidates of prefixes.
    pub(in crate::vectors) candidates: u64,
    /// Pairs that were summed.
    pub(in crate::vectors) summed: u64,
    /// Whether whole vectors were looked at.
    pub(in crate::vectors) whole: bool,
}

/// Gives `sink` all pairs of `rows` with a cosine of at least `threshold`, ascending.
pub(in crate::vectors) fn search(
    gpus: &[Arc<Gpu>],
    rows: &dyn Rows,
    threshold: f32,
    threads: usize,
    limits: Limits,
    sink: &mut dyn FnMut(Pair),
) -> Result<Report, Stop> {
    let mut done = 0;
    let search = PairSearch { rows, threads, threshold };
    search.run(gpus, limits, sink, &mut done).map_err(|error| match error {
        LoadError::Rows(error) => Stop::Search(error),
        LoadError::Gpu(failure) => Stop::Gpu { failure, done },
    })
}

/// Two blocks, or one and itself, whose rows are compared.
#[derive(Clone, Copy)]
struct Meeting {
    left: usize,
    right: usize,
    block_rows: usize,
    /// Pairs looked at in one go, about.
    area: f64,
}

struct PairSearch<'a> {
    rows: &'a dyn Rows,
    threads: usize,
    threshold: f32,
}

impl PairSearch<'_> {
    fn run(
        &self,
        gpus: &[Arc<Gpu>],
        limits: Limits,
        sink: &mut dyn FnMut(Pair),
        done: &mut usize,
    ) -> Result<Report, LoadError> {
        let mut report = Report::default();
        let (count, dimensions) = (self.rows.count(), self.rows.dimensions());
        let rotation = rotation(&sample(self.rows)?, dimensions);
        let plan = Plan { rotation, dimensions, threshold: self.threshold, limits };
        let block = block_rows(gpus, count, dimensions, limits)?;
        let blocks = count.div_ceil(block);
        let workers: Result<Vec<Worker<'_>>, Failure> =
            gpus.iter().map(|gpu| Worker::new(gpu, &plan)).collect();
        let mut workers = workers?;
        for left in 0..blocks {
            let mut pairs = Vec::new();
            for right in left..blocks {
                let meeting = Meeting { left, right, block_rows: block, area: limits.area };
                self.meet(&mut workers, meeting, &mut pairs, &mut report)?;
            }
            pairs.sort_unstable_by_key(|pair: &Pair| (pair.left, pair.right));
            pairs.into_iter().for_each(&mut *sink);
            *done = (left + 1) * block;
        }
        for worker in &workers {
            report.load += worker.load_seconds;
            report.gpus += worker.look_seconds;
            report.candidates += worker.seen;
            report.whole |= worker.whole;
        }
        Ok(report)
    }

    /// Adds the pairs of two blocks to `pairs`.
    fn meet(
        &self,
        workers: &mut [Worker<'_>],
        meeting: Meeting,
        pairs: &mut Vec<Pair>,
        report: &mut Report,
    ) -> Result<(), LoadError> {
        let Meeting { left, right, block_rows: block, area } = meeting;
        let rows_of = |number: usize| block.min(self.rows.count() - number * block);
        let (lefts, rights) = (rows_of(left), rows_of(right));
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few rows")]
        let band = ((area / rights as f64) as usize).clamp(1, lefts).next_multiple_of(256);
        let loaders = (self.threads / workers.len()).clamp(1, 16);
        let load = |worker: &mut Worker<'_>, number: usize| {
            let rows = BlockRows { number, first: number * block, count: rows_of(number) };
            hold(worker, self.rows, rows, loaders)
        };
        let work = |worker: &mut Worker<'_>, unit: usize| -> Result<Vec<(u32, u32)>, LoadError> {
            let holds = |held: &Option<Arc<GpuBlock>>, number| {
                held.as_ref().is_some_and(|held| held.number == number)
            };
            let other = (right != left).then_some(right);
            let (mut fresh, start) = (false, Instant::now());
            if !holds(&worker.left, left) {
                (worker.left, worker.right, fresh) = (None, None, true);
                worker.left = Some(Arc::new(load(worker, left)?));
            }
            if worker.right.as_ref().map(|held| held.number) != other {
                (worker.right, fresh) = (None, true);
                if let Some(other) = other {
                    worker.right = Some(Arc::new(load(worker, other)?));
                }
            }
            if fresh {
                worker.prepare()?;
                worker.load_seconds += start.elapsed().as_secs_f64();
            }
            let start = Instant::now();
            let from = unit * band;
            let count = band.min(lefts - from);
            let mut found = Vec::new();
            let lefts = RowRange { from: small(from)?, count: small(count)? };
            worker.candidates(lefts, 0, &mut found)?;
            worker.look_seconds += start.elapsed().as_secs_f64();
            Ok(found)
        };
        let mut failed = None;
        parallel::in_order_with(workers, lefts.div_ceil(band), work, |found| {
            let start = Instant::now();
            let summed = found.and_then(|found| {
                report.summed += found.len() as u64;
                Ok(sum(self.rows, self.threshold, self.threads, found)?)
            });
            report.sum += start.elapsed().as_secs_f64();
            match summed {
                Ok(more) => pairs.extend(more),
                Err(error) => failed = failed.take().or(Some(error)),
            }
        });
        failed.map_or(Ok(()), Err)
    }
}

/// Those of `found` whose cosine reaches the threshold, ascending.
pub(super) fn sum(
    rows: &dyn Rows,
    threshold: f32,
    threads: usize,
    mut found: Vec<(u32, u32)>,
) -> Result<Vec<Pair>, SearchError> {
    found.sort_unstable();
    let dimensions = rows.dimensions();
    let part = |unit: usize| -> Result<Vec<Pair>, SearchError> {
        let part = &found[unit * SUMMED..found.len().min((unit + 1) * SUMMED)];
        let (mut left_row, mut right_row) = (vec![0.0; dimensions], vec![0.0; dimensions]);
        let (mut held, mut pairs) = (None, Vec::new());
        for (left, right) in part.iter().map(|pair| (pair.0 as usize, pair.1 as usize)) {
            if held != Some(left) {
                rows.read(left, &mut left_row)?;
                held = Some(left);
            }
            rows.read(right, &mut right_row)?;
            let cosine = cosine(&left_row, &right_row);
            if cosine >= threshold {
                pairs.push(Pair { left, right, cosine });
            }
        }
        Ok(pairs)
    };
    let (mut pairs, mut failed) = (Vec::new(), None);
    let units = found.len().div_ceil(SUMMED);
    parallel::in_order(units, threads, part, |part| match part {
        Ok(part) => pairs.extend(part),
        Err(error) => failed = failed.take().or(Some(error)),
    });
    failed.map_or(Ok(pairs), Err)
}

/// Rows of a block: all, or what two blocks of fit into the smallest GPU.
fn block_rows(
    gpus: &[Arc<Gpu>],
    count: usize,
    dimensions: usize,
    limits: Limits,
) -> Result<usize, Failure> {
    if let Some(rows) = limits.block_rows {
        return Ok(rows);
    }
    let (alone, two) = room(gpus, dimensions, limits)?;
    let fits = if alone >= count { count } else { two };
    if fits < count && fits < 1 << 16 {
        return Err(Failure::Rows("a GPU has too little free memory".to_owned()));
    }
    let rows = if fits >= count {
        count.next_multiple_of(BLOCK_ROWS)
    } else {
        fits / BLOCK_ROWS * BLOCK_ROWS
    };
    Ok(rows.max(BLOCK_ROWS))
}
