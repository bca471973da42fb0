//! The exact search for those that stay, on GPUs: a row goes for the first row before it that
//! stays and is near enough, so what is held of pairs is one number and one cosine a row.
//!
//! Rows lie on the GPUs, in shares; strips of rows come by in order, of which those that are known
//! to go are left out. GPUs say which pairs can be near, as in the search for all pairs; the CPU
//! sums those that matter, decides the strip, and marks which later rows go.

use std::io;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use super::launch::{RowRange, small};
use super::load::{COPIED, LoadError, Loader, hold, hold_with, room, sample};
use super::pairs::{BlockRows, GpuBlock, Limits, Plan, Worker};
use super::rotate::rotation;
use super::search::{Report, Stop, sum};
use super::{Failure, Gpu};
use crate::vectors::parallel;
use crate::vectors::rows::{Leader, Pair, Rows, SearchError};
use crate::vectors::unit::cosine;

/// Rows of a strip.
const STRIP: usize = 1 << 13;
/// Strips of a GPU that are under way at a time.
const LANES: usize = 3;
/// The number of the first row on the right, so that every pair is listed.
const FIRST: u32 = 1 << 20;
/// Right rows that one thread compares at a time.
const COMPARED: usize = 256;

/// Has `leader` decide all `rows`, in order.
pub(in crate::vectors) fn lead(
    gpus: &[Arc<Gpu>],
    rows: &dyn Rows,
    threshold: f32,
    threads: usize,
    limits: Limits,
    leader: &mut dyn Leader,
) -> Result<Report, Stop> {
    let count = rows.count();
    let strip = limits.block_rows.map_or(STRIP, |rows| rows / 2);
    let search = LeadSearch {
        rows,
        threads,
        threshold,
        strip,
        going: (0..count.div_ceil(64)).map(|_| AtomicU64::new(0)).collect(),
    };
    let mut state =
        LeadState { best: vec![(0, -2.0); count], decided: 0, report: Report::default() };
    match search.run(gpus, limits, leader, &mut state) {
        Ok(()) => Ok(state.report),
        Err(LoadError::Rows(error)) => Err(Stop::Search(error)),
        Err(LoadError::Gpu(failure)) => Err(Stop::Gpu { failure, done: state.decided }),
    }
}

/// What a search knows so far.
struct LeadState {
    /// For each row that goes for another, which and how near; a cosine of -2 where none is known.
    best: Vec<(u32, f32)>,
    decided: usize,
    report: Report,
}

struct LeadSearch<'a> {
    rows: &'a dyn Rows,
    threads: usize,
    threshold: f32,
    strip: usize,
    /// A bit for each row that is known to go.
    going: Vec<AtomicU64>,
}

/// One part of the rows in chunks, of which every so many-th lies on a GPU.
struct Share<'a> {
    rows: &'a dyn Rows,
    start: usize,
    end: usize,
    gpu: usize,
    gpus: usize,
    chunk: usize,
}

impl Share<'_> {
    /// The number among all rows of the share's row `at`.
    fn global(&self, at: usize) -> usize {
        let chunk = (at / self.chunk) * self.gpus + self.gpu;
        self.start + chunk * self.chunk + at % self.chunk
    }

    /// The first row of the share that comes after `row`, or none.
    fn after(&self, row: usize) -> Option<usize> {
        let count = self.count();
        let (mut low, mut high) = (0, count);
        while low < high {
            let middle = usize::midpoint(low, high);
            if self.global(middle) > row { high = middle } else { low = middle + 1 }
        }
        (low < count).then_some(low)
    }
}

impl Rows for Share<'_> {
    fn count(&self) -> usize {
        let chunks = (self.end - self.start).div_ceil(self.chunk);
        let ours = (chunks + self.gpus - 1 - self.gpu) / self.gpus;
        if ours == 0 {
            return 0;
        }
        // the last chunk of all may be short
        let last = self.start + ((ours - 1) * self.gpus + self.gpu) * self.chunk;
        (ours - 1) * self.chunk + self.chunk.min(self.end - last)
    }

    fn dimensions(&self) -> usize {
        self.rows.dimensions()
    }

    fn read(&self, first: usize, into: &mut [f32]) -> io::Result<()> {
        let dimensions = self.dimensions();
        let (mut at, mut into) = (first, into);
        while !into.is_empty() {
            let run = (self.chunk - at % self.chunk).min(into.len() / dimensions);
            let (now, rest) = into.split_at_mut(run * dimensions);
            self.rows.read(self.global(at), now)?;
            (at, into) = (at + run, rest);
        }
        Ok(())
    }
}

/// What works on a strip: a stream and buffers on every GPU.
struct Lane<'a> {
    gpus: Vec<LaneGpu<'a>>,
}

/// A lane's part of one GPU.
struct LaneGpu<'a> {
    worker: Worker<'a>,
    loader: Loader,
}

impl LeadSearch<'_> {
    fn goes(&self, row: usize) -> bool {
        self.going[row / 64].load(Ordering::Relaxed) >> (row % 64) & 1 == 1
    }

    fn mark(&self, row: usize) {
        self.going[row / 64].fetch_or(1 << (row % 64), Ordering::Relaxed);
    }

    fn run(
        &self,
        gpus: &[Arc<Gpu>],
        limits: Limits,
        leader: &mut dyn Leader,
        state: &mut LeadState,
    ) -> Result<(), LoadError> {
        let (count, dimensions) = (self.rows.count(), self.rows.dimensions());
        small(count)?;
        let rotation = rotation(&sample(self.rows)?, dimensions);
        let plan = Plan { rotation, dimensions, threshold: self.threshold, limits };
        let stride = dimensions.next_multiple_of(8);
        let lane = || -> Result<Lane<'_>, Failure> {
            let open = |gpu| -> Result<_, Failure> {
                let worker = Worker::new(gpu, &plan)?;
                Ok(LaneGpu { worker, loader: Loader::new(gpu, self.strip * stride)? })
            };
            Ok(Lane { gpus: gpus.iter().map(open).collect::<Result<_, _>>()? })
        };
        let mut lanes = (0..LANES).map(|_| lane()).collect::<Result<Vec<_>, _>>()?;
        // strips take some room beside the rows
        let (room, _) = room(gpus, dimensions, limits)?;
        let room = room.saturating_sub(4 * LANES * self.strip);
        if room < count && room < 1 << 16 {
            return Err(Failure::Rows("a GPU has too little free memory".to_owned()).into());
        }
        let chunk = limits.block_rows.unwrap_or(COPIED);
        let most = limits.block_rows.unwrap_or(room / chunk * chunk).max(chunk);
        let range = (most * gpus.len()).next_multiple_of(self.strip);
        for start in (0..count).step_by(range) {
            let end = count.min(start + range);
            let shares: Vec<Share<'_>> = (0..gpus.len())
                .map(|gpu| Share { rows: self.rows, start, end, gpu, gpus: gpus.len(), chunk })
                .collect();
            self.load(&mut lanes, &shares, &mut state.report)?;
            self.ask(&mut lanes, &shares, leader)?;
            self.strips(&mut lanes, &shares, start..end, leader, state)?;
        }
        for LaneGpu { worker, .. } in lanes.iter().flat_map(|lane| &lane.gpus) {
            state.report.gpus += worker.look_seconds;
            state.report.candidates += worker.seen;
            state.report.whole |= worker.whole;
        }
        Ok(())
    }

    /// Puts each GPU's share on it, for all lanes.
    fn load(
        &self,
        lanes: &mut [Lane<'_>],
        shares: &[Share<'_>],
        report: &mut Report,
    ) -> Result<(), LoadError> {
        let start = Instant::now();
        for (gpu, share) in shares.iter().enumerate() {
            // a lane that looks at whole vectors has them all do so: there will be no prefixes
            let whole = lanes.iter().any(|lane| lane.gpus[gpu].worker.whole);
            for lane in &mut *lanes {
                let worker = &mut lane.gpus[gpu].worker;
                (worker.left, worker.right, worker.whole) = (None, None, whole);
            }
            if share.count() == 0 {
                continue;
            }
            let Some((first, others)) = lanes.split_first_mut() else { continue };
            let worker = &mut first.gpus[gpu].worker;
            let all = BlockRows { number: 0, first: 0, count: share.count() };
            let held = hold(worker, share, all, self.threads.clamp(1, 16))?;
            let held = Arc::new(held.numbered(FIRST));
            worker.right = Some(Arc::clone(&held));
            for lane in others {
                lane.gpus[gpu].worker.right = Some(Arc::clone(&held));
            }
        }
        report.load += start.elapsed().as_secs_f64();
        Ok(())
    }

    /// Compares the strips up to the end of `held` with its rows, which lie on the GPUs, and decides
    /// those from its start.
    fn strips(
        &self,
        lanes: &mut [Lane<'_>],
        shares: &[Share<'_>],
        held: Range<usize>,
        leader: &mut dyn Leader,
        state: &mut LeadState,
    ) -> Result<(), LoadError> {
        let end = held.end;
        let work = |lane: &mut Lane<'_>, unit: usize| self.compare(lane, shares, unit, end);
        let (mut failed, mut unit) = (None, 0);
        parallel::in_order_with(lanes, end.div_ceil(self.strip), work, |pairs| {
            let first = unit * self.strip;
            unit += 1;
            if failed.is_some() {
                return;
            }
            let rows = first..end.min(first + self.strip);
            let begun = Instant::now();
            let done = pairs.and_then(|pairs| {
                Ok(self.decide(pairs, rows, first >= held.start, leader, state)?)
            });
            state.report.sum += begun.elapsed().as_secs_f64();
            failed = done.err();
        });
        failed.map_or(Ok(()), Err)
    }

    /// What may be near the rows of a strip that are not known to go.
    fn compare(
        &self,
        lane: &mut Lane<'_>,
        shares: &[Share<'_>],
        unit: usize,
        end: usize,
    ) -> Result<Vec<(u32, u32)>, LoadError> {
        let first = unit * self.strip;
        let strip = first..end.min(first + self.strip);
        let lefts: Vec<usize> = strip.clone().filter(|row| !self.goes(*row)).collect();
        if lefts.is_empty() {
            return Ok(Vec::new());
        }
        let one =
            |gpu: &mut LaneGpu<'_>, share: &Share<'_>| self.on_gpu(gpu, share, &strip, &lefts);
        let mut pairs = Vec::new();
        if let ([gpu], [share]) = (&mut lane.gpus[..], shares) {
            pairs = one(gpu, share)?;
        } else {
            let parts: Vec<Result<Vec<(u32, u32)>, LoadError>> = std::thread::scope(|scope| {
                let running: Vec<_> = (lane.gpus.iter_mut().zip(shares))
                    .map(|(gpu, share)| scope.spawn(|| one(gpu, share)))
                    .collect();
                running
                    .into_iter()
                    .map(|part| {
                        part.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
                    })
                    .collect()
            });
            for part in parts {
                pairs.extend(part?);
            }
        }
        Ok(pairs)
    }

    fn on_gpu(
        &self,
        gpu: &mut LaneGpu<'_>,
        share: &Share<'_>,
        strip: &Range<usize>,
        lefts: &[usize],
    ) -> Result<Vec<(u32, u32)>, LoadError> {
        let LaneGpu { worker, loader } = gpu;
        let Some(right) = worker.right.as_ref().map(Arc::clone) else { return Ok(Vec::new()) };
        let rows = strip.len();
        // what lies on the GPU need not come again, if most of it is wanted
        let there = share.gpus == 1 && share.start <= strip.start && strip.end <= share.end;
        let named = if there && lefts.len() * 4 >= rows * 3 {
            let Some(beyond) = share.after(strip.start) else { return Ok(Vec::new()) };
            let held = right.part(small(strip.start - share.start)?, small(rows)?);
            Self::listed(worker, share, Arc::new(held), beyond, |left| strip.start + left)?
        } else {
            let Some(beyond) = lefts.first().and_then(|first| share.after(*first)) else {
                return Ok(Vec::new());
            };
            let held = self.brought(worker, loader, lefts)?;
            Self::listed(worker, share, held, beyond, |left| lefts[left])?
        };
        let wanted = |(left, right): &(u32, u32)| {
            left < right && !self.goes(*left as usize) && !self.goes(*right as usize)
        };
        Ok(named.into_iter().filter(wanted).collect())
    }

    /// Puts some rows on a GPU.
    fn brought(
        &self,
        worker: &mut Worker<'_>,
        loader: &mut Loader,
        lefts: &[usize],
    ) -> Result<Arc<GpuBlock>, LoadError> {
        let dimensions = self.rows.dimensions();
        worker.left = None;
        let fill = |to| {
            loader.copy(lefts.len(), dimensions, to, |at, floats| {
                for (row, into) in lefts[at..].iter().zip(floats.chunks_exact_mut(dimensions)) {
                    self.rows.read(*row, into)?;
                }
                Ok(())
            })
        };
        let block = BlockRows { number: 0, first: 0, count: lefts.len() };
        Ok(Arc::new(hold_with(worker, block, fill)?))
    }

    /// What may be near the rows of `held`, of the share's rows from `beyond` on, by their numbers
    /// among all rows.
    fn listed(
        worker: &mut Worker<'_>,
        share: &Share<'_>,
        held: Arc<GpuBlock>,
        beyond: usize,
        name: impl Fn(usize) -> usize,
    ) -> Result<Vec<(u32, u32)>, LoadError> {
        let begun = Instant::now();
        let count = held.rows();
        worker.left = Some(held);
        worker.prepare()?;
        let mut found = Vec::new();
        worker.candidates(RowRange::first(count), small(beyond / 128 * 128)?, &mut found)?;
        worker.look_seconds += begun.elapsed().as_secs_f64();
        let named = found.into_iter().map(|(left, right)| {
            // all rows have numbers of 32 bits, as `run` has made sure
            #[expect(clippy::cast_possible_truncation, reason = "checked before")]
            let pair = (name(left as usize) as u32, share.global((right - FIRST) as usize) as u32);
            pair
        });
        Ok(named.collect())
    }

    /// Compares the rows that `leader` asks for with those on the GPUs.
    fn ask(
        &self,
        lanes: &mut [Lane<'_>],
        shares: &[Share<'_>],
        leader: &mut dyn Leader,
    ) -> Result<(), LoadError> {
        let Some(lane) = lanes.first_mut() else { return Ok(()) };
        let asked = leader.asked().to_vec();
        for some in asked.chunks(self.strip) {
            let mut pairs = Vec::new();
            for (LaneGpu { worker, loader }, share) in lane.gpus.iter_mut().zip(shares) {
                if worker.right.is_some() {
                    let held = self.brought(worker, loader, some)?;
                    pairs.extend(Self::listed(worker, share, held, 0, |left| some[left])?);
                }
            }
            pairs.retain(|pair| pair.0 != pair.1);
            for pair in sum(self.rows, self.threshold, self.threads, pairs)? {
                leader.near(pair.left, pair.right, pair.cosine);
            }
        }
        Ok(())
    }

    /// Decides the rows of a strip where that was not done before, and marks what goes for one of
    /// them.
    fn decide(
        &self,
        mut pairs: Vec<(u32, u32)>,
        strip: Range<usize>,
        fresh: bool,
        leader: &mut dyn Leader,
        state: &mut LeadState,
    ) -> Result<(), SearchError> {
        pairs.retain(|pair| {
            !self.goes(pair.1 as usize) && leader.allows(pair.1 as usize, pair.0 as usize)
        });
        let (inside, outside): (Vec<_>, Vec<_>) =
            pairs.into_iter().partition(|pair| (pair.1 as usize) < strip.end);
        if fresh {
            state.report.summed += inside.len() as u64;
            let near = sum(self.rows, self.threshold, self.threads, inside)?;
            let mut near = near.into_iter().peekable();
            for row in strip {
                let (center, similarity) = state.best[row];
                let nearest = (similarity > -2.0).then_some((center as usize, similarity));
                let stays = leader.decide(row, nearest)?;
                state.decided = row + 1;
                if !stays {
                    self.mark(row);
                }
                while let Some(pair) = near.next_if(|pair| pair.left == row) {
                    if stays && !self.goes(pair.right) {
                        self.lose(state, pair);
                    }
                }
            }
        }
        self.later(outside, state)
    }

    fn lose(&self, state: &mut LeadState, pair: Pair) {
        #[expect(clippy::cast_possible_truncation, reason = "checked before")]
        let center = pair.left as u32;
        state.best[pair.right] = (center, pair.cosine);
        self.mark(pair.right);
    }

    /// Marks the rows behind a strip that go for one of it.
    fn later(&self, mut pairs: Vec<(u32, u32)>, state: &mut LeadState) -> Result<(), SearchError> {
        pairs.retain(|pair| !self.goes(pair.0 as usize));
        pairs.sort_unstable_by_key(|pair| (pair.1, pair.0));
        let groups: Vec<&[(u32, u32)]> = pairs.chunk_by(|one, other| one.1 == other.1).collect();
        let dimensions = self.rows.dimensions();
        let part = |unit: usize| -> Result<(Vec<Pair>, u64), SearchError> {
            let groups = &groups[unit * COMPARED..groups.len().min((unit + 1) * COMPARED)];
            let (mut left_row, mut right_row) = (vec![0.0; dimensions], vec![0.0; dimensions]);
            let (mut near, mut summed) = (Vec::new(), 0);
            for group in groups {
                self.rows.read(group[0].1 as usize, &mut right_row)?;
                for (left, right) in *group {
                    self.rows.read(*left as usize, &mut left_row)?;
                    let cosine = cosine(&left_row, &right_row);
                    summed += 1;
                    if cosine >= self.threshold {
                        let (left, right) = (*left as usize, *right as usize);
                        near.push(Pair { left, right, cosine });
                        break;
                    }
                }
            }
            Ok((near, summed))
        };
        let mut failed = None;
        parallel::in_order(
            groups.len().div_ceil(COMPARED),
            self.threads,
            part,
            |part| match part {
                Ok((near, summed)) => {
                    state.report.summed += summed;
                    for pair in near {
                        self.lose(state, pair);
                    }
                }
                Err(error) => failed = failed.take().or(Some(error)),
            },
        );
        failed.map_or(Ok(()), Err)
    }
}
