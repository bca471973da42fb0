//! How rows come onto a GPU, as bfloat16.

use std::sync::Arc;

use cudarc::driver::PinnedHostSlice;
use minhash_lsh::Level;

use super::halves;
use super::pairs::{BlockRows, GpuBlock, Limits, Worker, fixed_bytes, row_bytes};
use super::{Failure, Gpu};
use crate::vectors::exact::check_lengths;
use crate::vectors::parallel;
use crate::vectors::rows::{Rows, SearchError};

/// Rows that are looked at to find the directions where vectors lie.
const SAMPLE: usize = 4096;
/// Rows that are read and copied to a GPU at a time by one thread.
pub(super) const COPIED: usize = 1 << 12;
/// Rows that are read and rounded at a time: they stay in a cache meanwhile.
const ROUNDED: usize = 128;

/// The rows are at fault, or a GPU is.
pub(super) enum LoadError {
    Rows(SearchError),
    Gpu(Failure),
}

impl From<SearchError> for LoadError {
    fn from(error: SearchError) -> Self {
        Self::Rows(error)
    }
}

impl From<Failure> for LoadError {
    fn from(failure: Failure) -> Self {
        Self::Gpu(failure)
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

/// Puts rows into a block of a GPU, with `loaders` threads.
pub(super) fn hold(
    worker: &mut Worker<'_>,
    rows: &dyn Rows,
    block: BlockRows,
    loaders: usize,
) -> Result<GpuBlock, LoadError> {
    let gpu = Arc::clone(&worker.gpu);
    hold_with(worker, block, |to| upload(&gpu, rows, block, to, loaders))
}

/// Puts rows into a block of a GPU as `fill` does, which is given where.
pub(super) fn hold_with(
    worker: &mut Worker<'_>,
    block: BlockRows,
    fill: impl FnOnce(u64) -> Result<(), LoadError>,
) -> Result<GpuBlock, LoadError> {
    let mut wrong = None;
    let fill = |to: u64| {
        fill(to).map_err(|error| match error {
            LoadError::Gpu(failure) => failure,
            LoadError::Rows(error) => {
                let text = error.to_string();
                wrong = Some(error);
                Failure::Rows(text)
            }
        })
    };
    let held = worker.hold(block, fill);
    wrong.map_or(held.map_err(LoadError::Gpu), |error| Err(LoadError::Rows(error)))
}

fn upload(
    gpu: &Gpu,
    rows: &dyn Rows,
    block: BlockRows,
    to: u64,
    loaders: usize,
) -> Result<(), LoadError> {
    let BlockRows { first, count, .. } = block;
    let dimensions = rows.dimensions();
    let stride = dimensions.next_multiple_of(8);
    let units = count.div_ceil(COPIED);
    let mut states = Vec::new();
    for _ in 0..loaders.min(units) {
        states.push(Loader::new(gpu, COPIED.min(count) * stride)?);
    }
    let work = |loader: &mut Loader, unit: usize| -> Result<(), LoadError> {
        let (from, many) = (unit * COPIED, COPIED.min(count - unit * COPIED));
        let to = to + (from * stride * 2) as u64;
        loader.copy(many, dimensions, to, |at, floats| {
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

/// A thread's buffers on the way to a GPU.
pub(super) struct Loader {
    floats: Vec<f32>,
    staged: PinnedHostSlice<u16>,
    stream: Arc<cudarc::driver::CudaStream>,
}

#[expect(unsafe_code, reason = "memory that is copied to a GPU")]
impl Loader {
    pub(super) fn new(gpu: &Gpu, numbers: usize) -> Result<Self, Failure> {
        // SAFETY: what is copied is written before.
        let staged = unsafe { gpu.context.alloc_pinned_with_flags(numbers, 0)? };
        Ok(Self { floats: Vec::new(), staged, stream: gpu.stream()? })
    }

    /// Copies `rows` rows to `to`, rounded, and waits for it; `read` reads some from a number on.
    pub(super) fn copy(
        &mut self,
        rows: usize,
        dimensions: usize,
        to: u64,
        mut read: impl FnMut(usize, &mut [f32]) -> Result<(), SearchError>,
    ) -> Result<(), LoadError> {
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
                halves::round_all(Level::detect(), row, place);
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

/// Rows that fit beside a search into the smallest GPU: alone, and where two blocks of as many
/// meet. One block alone has its bytes twice, for both sides; two have three of them.
pub(super) fn room(
    gpus: &[Arc<Gpu>],
    dimensions: usize,
    limits: Limits,
) -> Result<(usize, usize), Failure> {
    let stride = dimensions.next_multiple_of(8);
    let mut fits = (usize::MAX, usize::MAX);
    for gpu in gpus {
        gpu.context.bind_to_thread()?;
        let (free, _) = gpu.context.mem_get_info()?;
        let free = (free / 20 * 19).saturating_sub(fixed_bytes(limits, stride));
        fits.0 = fits.0.min(free / (row_bytes(stride) + 128));
        fits.1 = fits.1.min(free / (2 * row_bytes(stride) + 128));
    }
    Ok(fits)
}
