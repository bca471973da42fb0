//! How rows come onto a card, as bfloat16.

use std::sync::Arc;

use cudarc::driver::PinnedHostSlice;

use super::pairs::{Held, Limits, Worker, fixed_bytes, row_bytes};
use super::{Card, Failure};
use crate::simd::Level;
use crate::vectors::bf16;
use crate::vectors::exact::check_lengths;
use crate::vectors::parallel;
use crate::vectors::rows::{Rows, SearchError};

/// Rows that are looked at to find the directions where vectors lie.
const SAMPLE: usize = 4096;
/// Rows that are read and copied to a card at a time by one thread.
pub(super) const COPIED: usize = 1 << 12;
/// Rows that are read and rounded at a time: they stay in a cache meanwhile.
const ROUNDED: usize = 128;

/// The rows are at fault, or a card is.
pub(super) enum Wrong {
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

/// Rows from everywhere.
pub(super) fn sample(rows: &dyn Rows) -> Result<Vec<f32>, SearchError> {
    let (count, dimensions) = (rows.count(), rows.dimensions());
    let taken = SAMPLE.min(count);
    let mut sample = vec![0.0; taken * dimensions];
    for (at, row) in sample.chunks_exact_mut(dimensions).enumerate() {
        let number = at * count / taken;
        rows.read(number, row)?;
        check_lengths(row, dimensions, number)?;
    }
    Ok(sample)
}

/// Puts the `count` rows from `first` on into a block of a card, with `loaders` threads.
pub(super) fn hold(
    worker: &mut Worker<'_>,
    rows: &dyn Rows,
    (number, first, count): (usize, usize, usize),
    loaders: usize,
) -> Result<Held, Wrong> {
    let card = Arc::clone(&worker.card);
    hold_with(worker, (number, first, count), |to| upload(&card, rows, (first, count), to, loaders))
}

/// Puts rows into a block of a card as `fill` does, which is given where.
pub(super) fn hold_with(
    worker: &mut Worker<'_>,
    (number, first, count): (usize, usize, usize),
    fill: impl FnOnce(u64) -> Result<(), Wrong>,
) -> Result<Held, Wrong> {
    let mut wrong = None;
    let fill = |to: u64| {
        fill(to).map_err(|error| match error {
            Wrong::Card(failure) => failure,
            Wrong::Rows(error) => {
                let text = error.to_string();
                wrong = Some(error);
                Failure::Rows(text)
            }
        })
    };
    let held = worker.hold(number, first, count, fill);
    wrong.map_or(held.map_err(Wrong::Card), |error| Err(Wrong::Rows(error)))
}

fn upload(
    card: &Card,
    rows: &dyn Rows,
    (first, count): (usize, usize),
    to: u64,
    loaders: usize,
) -> Result<(), Wrong> {
    let dimensions = rows.dimensions();
    let stride = dimensions.next_multiple_of(8);
    let units = count.div_ceil(COPIED);
    let mut states = Vec::new();
    for _ in 0..loaders.min(units) {
        states.push(Loader::new(card, COPIED.min(count) * stride)?);
    }
    let work = |loader: &mut Loader, unit: usize| -> Result<(), Wrong> {
        let (from, many) = (unit * COPIED, COPIED.min(count - unit * COPIED));
        let to = to + (from * stride * 2) as u64;
        loader.copy((many, dimensions), to, |at, floats| {
            rows.read(first + from + at, floats)?;
            check_lengths(floats, dimensions, first + from + at)
        })
    };
    let mut failed = None;
    parallel::in_order_with(&mut states, units, work, |done| {
        failed = failed.take().or(done.err());
    });
    failed.map_or(Ok(()), Err)
}

/// A thread's buffers on the way to a card.
pub(super) struct Loader {
    floats: Vec<f32>,
    staged: PinnedHostSlice<u16>,
    stream: Arc<cudarc::driver::CudaStream>,
}

#[expect(unsafe_code, reason = "memory that is copied to a card")]
impl Loader {
    pub(super) fn new(card: &Card, numbers: usize) -> Result<Self, Failure> {
        // SAFETY: what is copied is written before.
        let staged = unsafe { card.context.alloc_pinned_with_flags(numbers, 0)? };
        Ok(Self { floats: Vec::new(), staged, stream: card.stream()? })
    }

    /// Copies `rows` rows to `to`, rounded, and waits for it; `read` reads some from a number on.
    pub(super) fn copy(
        &mut self,
        (rows, dimensions): (usize, usize),
        to: u64,
        mut read: impl FnMut(usize, &mut [f32]) -> Result<(), SearchError>,
    ) -> Result<(), Wrong> {
        let stride = dimensions.next_multiple_of(8);
        let count = rows * stride;
        if count > self.staged.len() {
            return Err(Failure::Rows("a buffer is too small".to_owned()).into());
        }
        let staged = self.staged.as_mut_ptr().map_err(Failure::from)?;
        // SAFETY: 16-bit integers of any value are valid; the buffer holds `count` of them.
        let staged = unsafe { std::slice::from_raw_parts_mut(staged, count) };
        for (part, places) in staged.chunks_mut(ROUNDED * stride).enumerate() {
            self.floats.resize(places.len() / stride * dimensions, 0.0);
            read(part * ROUNDED, &mut self.floats)?;
            let rows = self.floats.chunks_exact(dimensions);
            for (place, row) in places.chunks_exact_mut(stride).zip(rows) {
                bf16::round_all(Level::detect(), row, place);
                place[dimensions..].fill(0);
            }
        }
        let copied = || -> Result<(), Failure> {
            self.stream.context().bind_to_thread()?;
            // SAFETY: the block at `to` has room for these rows; the stream is waited for, so the
            // buffer stays as it is while it is read.
            unsafe {
                cudarc::driver::result::memcpy_htod_async(to, staged, self.stream.cu_stream())?;
            }
            Ok(self.stream.synchronize()?)
        };
        Ok(copied()?)
    }
}

/// Rows that fit beside a search into the smallest card: alone, and where two blocks of as many
/// meet. One block alone has its bytes twice, for both sides; two have three of them.
pub(super) fn room(
    cards: &[Arc<Card>],
    dimensions: usize,
    limits: Limits,
) -> Result<(usize, usize), Failure> {
    let stride = dimensions.next_multiple_of(8);
    let mut fits = (usize::MAX, usize::MAX);
    for card in cards {
        card.context.bind_to_thread()?;
        let (free, _) = card.context.mem_get_info()?;
        let free = (free / 20 * 19).saturating_sub(fixed_bytes(limits, stride));
        fits.0 = fits.0.min(free / (row_bytes(stride) + 128));
        fits.1 = fits.1.min(free / (2 * row_bytes(stride) + 128));
    }
    Ok(fits)
}
