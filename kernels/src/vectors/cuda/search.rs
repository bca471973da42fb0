//! The search for pairs over blocks, bands and cards.

use std::sync::Arc;
use std::time::Instant;

use super::load::{Wrong, hold, room, sample};
use super::pairs::{Held, Limits, Plan, Worker};
use super::rotate::rotation;
use super::{Card, Failure};
use crate::vectors::exact::BLOCK_ROWS;
use crate::vectors::parallel;
use crate::vectors::rows::{Pair, Rows, SearchError};
use crate::vectors::unit::cosine;

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
        let rotation = rotation(&sample(self.rows)?, dimensions);
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
        let load = |worker: &mut Worker<'_>, number: usize| {
            hold(worker, self.rows, (number, number * block, rows_of(number)), loaders)
        };
        let work = |worker: &mut Worker<'_>, unit: usize| -> Result<Vec<(u32, u32)>, Wrong> {
            let holds = |held: &Option<Arc<Held>>, number| {
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
                worker.times.0 += start.elapsed().as_secs_f64();
            }
            let start = Instant::now();
            let from = unit * band;
            let count = band.min(lefts - from);
            let mut found = Vec::new();
            let range = (super::launch::small(from)?, super::launch::small(count)?);
            worker.candidates(range, 0, &mut found)?;
            worker.times.1 += start.elapsed().as_secs_f64();
            Ok(found)
        };
        let mut failed = None;
        parallel::in_order_with(workers, lefts.div_ceil(band), work, |found| {
            let start = Instant::now();
            let summed = found.and_then(|found| {
                report.candidates.1 += found.len() as u64;
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
    let (alone, two) = room(cards, dimensions, limits)?;
    let fits = if alone >= count { count } else { two };
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
