//! Signatures on a GPU.

use std::sync::{Arc, PoisonError};

use cudarc::driver::result::{memcpy_dtoh_async, memcpy_htod_async};
use cudarc::driver::{
    CudaSlice, CudaStream, DevicePtr, DevicePtrMut, PinnedHostSlice, PushKernelArg,
};
use minhash_lsh::Level;

use super::halves;
use super::launch::{List, Matrix, Output, RowRange, Tuning, long, product, small, walk};
use super::program::Set;
use super::{Failure, Gpu, SignError, sign_error, warp_bound};
use crate::vectors::sign::{Part, SignHash, Signatures};

/// Rows that go to a GPU at a time: few enough that what is staged stays in the CPU's cache until
/// the GPU has fetched it.
pub(super) const BATCH_ROWS: usize = 1 << 12;
/// Fewer than this at a time are not worth a GPU.
const BATCH_ROWS_MIN: usize = 1 << 10;
/// Rows longer than this may overflow on the way: the CPU does them.
const LONGEST: f32 = 1e12;
/// Entries in the list of products too near their border, for each row.
const NEAR_PER_ROW: usize = 8;
/// Products that are still too near after the GPU has looked twice.
const LEFT: usize = 1 << 16;
/// Counters: near, left, and the longest row.
const COUNTERS: usize = 3;

/// One stream with buffers for one batch of one kind of signature.
pub(super) struct SignBuffers {
    /// What the signatures are made from: these buffers serve one hash.
    key: Key,
    rows: usize,
    stride: usize,
    pub(super) tuning: Tuning,
    pub(super) stream: Arc<CudaStream>,
    staged: PinnedHostSlice<u16>,
    vectors: CudaSlice<u16>,
    /// Directions in the order of the signature, for single products, and in that of the kernel.
    directions: CudaSlice<u16>,
    ordered: CudaSlice<u16>,
    thresholds: CudaSlice<f32>,
    ordered_thresholds: CudaSlice<f32>,
    /// How far products may be off.
    error: SignError,
    /// The share of a row's length by which products that are summed again may be off.
    settle_slope: f32,
    words: CudaSlice<u64>,
    counters: CudaSlice<u64>,
    near: CudaSlice<u64>,
    left: CudaSlice<u64>,
    made: PinnedHostSlice<u64>,
}

/// What tells one hash from another.
#[derive(Clone, PartialEq)]
struct Key {
    seed: u64,
    dimensions: usize,
    bits: usize,
    thresholds: Vec<f32>,
}

impl Key {
    fn of(hash: &SignHash) -> Self {
        let projection = hash.projection();
        Self {
            seed: projection.seed(),
            dimensions: projection.dimensions(),
            bits: projection.bits(),
            thresholds: hash.thresholds().to_vec(),
        }
    }
}

impl Gpu {
    /// Buffers for `hash` and batches of up to `rows` rows; fewer where memory is short.
    pub(super) fn sign_buffers(
        &self,
        hash: &SignHash,
        rows: usize,
        mut note: impl FnMut(String),
    ) -> Result<SignBuffers, Failure> {
        let key = Key::of(hash);
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(at) = idle.iter().position(|buffers| buffers.key == key && buffers.rows >= rows)
        {
            return Ok(idle.swap_remove(at));
        }
        // buffers of another kind of signature only take memory
        idle.retain(|buffers| buffers.key == key);
        drop(idle);
        let mut size = rows.clamp(1, BATCH_ROWS).next_power_of_two();
        loop {
            match SignBuffers::new(self, hash, key.clone(), size, size) {
                Err(error) if error.is_memory() && size > BATCH_ROWS_MIN => {
                    size /= 2;
                    note(format!(
                        "the memory of cuda:{} is short: {size} vectors at a time",
                        self.number()
                    ));
                }
                other => return other,
            }
        }
    }

    /// Keeps buffers for the next call.
    pub(super) fn put_back(&self, buffers: SignBuffers) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(buffers);
    }
}

#[expect(unsafe_code, reason = "memory of the GPU")]
impl SignBuffers {
    /// Buffers for `rows` rows of which `staged` are staged at a time, that are not kept for later.
    pub(super) fn unpooled(
        gpu: &Gpu,
        hash: &SignHash,
        rows: usize,
        staged: usize,
    ) -> Result<Self, Failure> {
        Self::new(gpu, hash, Key::of(hash), rows, staged)
    }

    fn new(
        gpu: &Gpu,
        hash: &SignHash,
        key: Key,
        rows: usize,
        staged: usize,
    ) -> Result<Self, Failure> {
        let projection = hash.projection();
        let (bits, stride) = (projection.bits(), projection.dimensions().next_multiple_of(8));
        let stream = gpu.stream()?;
        let tuning = Tuning::of(bits);
        let width = if gpu.is_hopper() { tuning.width as usize } else { 64 };
        let padded = |order: &dyn Fn(usize) -> usize| -> Vec<u16> {
            (0..bits)
                .flat_map(|place| {
                    let direction = projection.direction(order(place));
                    let rest = stride - direction.len();
                    direction.iter().copied().chain(std::iter::repeat_n(0, rest))
                })
                .collect()
        };
        let directions = stream.clone_htod(&padded(&|place| place))?;
        let ordered = stream.clone_htod(&padded(&|place| bit_at(place, width)))?;
        let thresholds = stream.clone_htod(hash.thresholds())?;
        let ordered_thresholds: Vec<f32> =
            (0..bits).map(|place| hash.thresholds()[bit_at(place, width)]).collect();
        let ordered_thresholds = stream.clone_htod(&ordered_thresholds)?;
        let longest = projection.lengths().iter().copied().fold(0.0, f64::max);
        let settle_slope = up(warp_bound(stride) * longest * (1.0 + 1e-9));
        let list = LEFT + COUNTERS;
        // SAFETY: what is read later was written before: rows and counters by copies, the rest by
        // kernels; the pinned buffers are filled with zeros.
        let buffers = unsafe {
            Self {
                key,
                rows,
                stride,
                tuning,
                staged: gpu.context.alloc_pinned_with_flags(staged * stride, 0)?,
                vectors: stream.alloc(rows * stride)?,
                directions,
                ordered,
                thresholds,
                ordered_thresholds,
                error: sign_error(hash),
                settle_slope,
                words: stream.alloc(rows * bits / 64)?,
                counters: stream.alloc(COUNTERS)?,
                near: stream.alloc(rows * NEAR_PER_ROW)?,
                left: stream.alloc(LEFT)?,
                made: gpu.context.alloc_pinned_with_flags(rows * bits / 64 + list, 0)?,
                stream,
            }
        };
        buffers.stream.synchronize()?;
        Ok(buffers)
    }

    /// Rows that fit.
    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    /// Numbers of a row, where the rows lie, and the first `rows` that are staged.
    pub(super) fn place(&self, rows: usize) -> Result<(usize, u64, &[u16]), Failure> {
        let at = self.vectors.device_ptr(&self.stream).0;
        // SAFETY: any 16 bits are a valid number.
        let staged =
            unsafe { std::slice::from_raw_parts(self.staged.as_ptr()?, rows * self.stride) };
        Ok((self.stride, at, staged))
    }

    /// The signatures of `part`, which fits; none where the GPU cannot say and the CPU must.
    pub(super) fn signatures(
        &mut self,
        gpu: &Gpu,
        hash: &SignHash,
        part: Part<'_>,
    ) -> Result<Option<Signatures>, Failure> {
        gpu.context.bind_to_thread()?;
        let dimensions = hash.projection().dimensions();
        let count = part.rows(dimensions);
        self.stage(part, dimensions)?;
        let numbers = count * self.stride;
        let stream = Arc::clone(&self.stream);
        let to = self.vectors.device_ptr_mut(&stream).0;
        // SAFETY: staging wrote these numbers just now, the GPU has room for them, and the buffer
        // is not touched before the stream is waited for.
        unsafe {
            let staged = std::slice::from_raw_parts(self.staged.as_ptr()?, numbers);
            memcpy_htod_async(to, staged, stream.cu_stream())?;
        }
        self.enqueue(gpu, count)?;
        let words = count * hash.projection().bits() / 64;
        let (made, list) = self.fetch(words)?;
        let [near, left, longest] = list;
        #[expect(clippy::cast_possible_truncation, reason = "the lower half is the float")]
        let longest = f32::from_bits(longest as u32);
        let sane = longest < LONGEST;
        if near > (self.rows * NEAR_PER_ROW) as u64 || left > LEFT as u64 || !sane {
            return Ok(None);
        }
        let mut signatures = Signatures { words: made, recomputed: near };
        if left > 0 {
            let entries = self.stream.clone_dtoh(&self.left.slice(..long(left)?))?;
            self.stream.synchronize()?;
            let mut row_floats = Vec::new();
            for entry in entries {
                let (row, bit) = ((entry >> 16) as usize, (entry & 0xffff) as usize);
                part.copy_row(row, dimensions, &mut row_floats);
                let place = row * hash.projection().bits() / 64 + bit / 64;
                let one = u64::from(hash.exact_bit(&row_floats, bit));
                let word = &mut signatures.words[place];
                *word = *word & !(1 << (bit % 64)) | one << (bit % 64);
            }
        }
        Ok(Some(signatures))
    }

    pub(super) fn stage(&mut self, part: Part<'_>, dimensions: usize) -> Result<(), Failure> {
        let stride = self.stride;
        // SAFETY: 16-bit integers of any value are valid, so memory that nothing wrote is too.
        let staged = unsafe {
            let length = self.staged.len();
            std::slice::from_raw_parts_mut(self.staged.as_mut_ptr()?, length)
        };
        let (places, level) = (staged.chunks_exact_mut(stride), Level::detect());
        match part {
            Part::Floats(rows) => {
                for (place, row) in places.zip(rows.chunks_exact(dimensions)) {
                    halves::round_all(level, row, place);
                    place[dimensions..].fill(0);
                }
            }
            Part::Halves(rows) => {
                for (place, row) in places.zip(rows.chunks_exact(dimensions)) {
                    halves::copy_finite(level, row, place);
                    place[dimensions..].fill(0);
                }
            }
        }
        Ok(())
    }

    /// Queues all kernels for the first `count` rows.
    fn enqueue(&mut self, gpu: &Gpu, count: usize) -> Result<(), Failure> {
        self.reset(0.0)?;
        if poison::asked() {
            self.stream
                .memcpy_htod(&vec![0xa5a5_5a5a_dead_beef; self.words.len()], &mut self.words)?;
        }
        let (stream, rows) = (Arc::clone(&self.stream), self.matrix(count)?);
        let function = gpu.function(Set::Every, "longest_row", 0)?;
        let longest = self.counter(2);
        let mut launch = stream.launch_builder(&function);
        launch.arg(&rows.at).arg(&rows.stride).arg(&rows.rows).arg(&longest);
        // SAFETY: reads `count` rows, writes one counter.
        unsafe { launch.launch(walk(gpu)?)? };
        self.enqueue_product(gpu, count)?;
        self.enqueue_settle(gpu)
    }

    /// Sets the counters, and the squared length that no row exceeds.
    pub(super) fn reset(&mut self, longest: f32) -> Result<(), Failure> {
        let counters = [0, 0, u64::from(longest.to_bits())];
        Ok(self.stream.memcpy_htod(&counters, &mut self.counters)?)
    }

    fn counter(&self, number: u64) -> u64 {
        self.counters.device_ptr(&self.stream).0 + number * 8
    }

    fn matrix(&self, count: usize) -> Result<Matrix, Failure> {
        let at = self.vectors.device_ptr(&self.stream).0;
        Ok(Matrix { at, rows: small(count)?, stride: small(self.stride)? })
    }

    /// Queues the products of the first `count` rows with all directions.
    pub(super) fn enqueue_product(&mut self, gpu: &Gpu, count: usize) -> Result<(), Failure> {
        let stream = Arc::clone(&self.stream);
        let rows = self.matrix(count)?;
        let at = self.ordered.device_ptr(&stream).0;
        let ordered = Matrix { at, rows: small(self.key.bits)?, stride: rows.stride };
        let output = Output::Signs {
            thresholds: self.ordered_thresholds.device_ptr(&stream).0,
            slope: self.error.slope,
            base: self.error.base,
            longest: self.counter(2),
            words: self.words.device_ptr_mut(&stream).0,
        };
        let (capacity, count) = (self.near.len() as u64, self.counter(0));
        let list = List { at: self.near.device_ptr_mut(&stream).0, count, capacity };
        product(gpu, &stream, self.tuning, rows, ordered, RowRange::first(rows.rows), output, list)
    }

    /// Queues a second look at the products that were too near.
    pub(super) fn enqueue_settle(&mut self, gpu: &Gpu) -> Result<(), Failure> {
        let stream = Arc::clone(&self.stream);
        let function = gpu.function(Set::Every, "settle", 0)?;
        let rows = self.matrix(0)?;
        let directions = self.directions.device_ptr(&stream).0;
        let thresholds = self.thresholds.device_ptr(&stream).0;
        let (near, left, longest) = (self.counter(0), self.counter(1), self.counter(2));
        let (near_capacity, left_capacity) = (self.near.len() as u64, self.left.len() as u64);
        let near_list = self.near.device_ptr(&stream).0;
        let left_list = self.left.device_ptr_mut(&stream).0;
        let words = self.words.device_ptr_mut(&stream).0;
        let words_per_row = small(self.key.bits / 32)?;
        let mut launch = stream.launch_builder(&function);
        launch.arg(&rows.at).arg(&directions).arg(&rows.stride).arg(&thresholds);
        launch.arg(&self.settle_slope).arg(&longest).arg(&near_list).arg(&near).arg(&near_capacity);
        launch.arg(&words).arg(&words_per_row).arg(&left_list).arg(&left).arg(&left_capacity);
        // SAFETY: reads what the product listed, writes bits of rows that it signed.
        unsafe { launch.launch(walk(gpu)?)? };
        Ok(())
    }

    /// The first `words` words and the counters.
    pub(super) fn fetch(&mut self, words: usize) -> Result<(Vec<u64>, [u64; COUNTERS]), Failure> {
        // SAFETY: 64-bit integers of any value are valid.
        let made = unsafe {
            let length = self.made.len();
            std::slice::from_raw_parts_mut(self.made.as_mut_ptr()?, length)
        };
        let (counters, made) = made.split_at_mut(COUNTERS);
        let (from, from_counters) =
            (self.words.device_ptr(&self.stream).0, self.counters.device_ptr(&self.stream).0);
        let stream = self.stream.cu_stream();
        // SAFETY: both are as long on the GPU, and are not touched before the stream is waited for.
        unsafe {
            memcpy_dtoh_async(&mut made[..words], from, stream)?;
            memcpy_dtoh_async(counters, from_counters, stream)?;
        }
        self.stream.synchronize()?;
        Ok((made[..words].to_vec(), [counters[0], counters[1], counters[2]]))
    }
}

/// Which bit of the signature the direction in `place` of a kernel's order makes: in each tile of
/// `width`, a thread has the places `8 j + 2 q` and the next one, for its `q` of 4, and makes
/// neighbouring bits of them.
fn bit_at(place: usize, width: usize) -> usize {
    let (tile, within) = (place / width * width, place % width);
    let (j, q, e) = (within / 8, within % 8 / 2, within % 2);
    tile + q * (width / 4) + 2 * j + e
}

/// `value` as a float that is no smaller.
pub(super) fn up(value: f64) -> f32 {
    #[expect(clippy::cast_possible_truncation, reason = "stepped past the rounding")]
    let near = value as f32;
    near.next_up()
}

/// Rubbish in outputs before each batch, so that a test sees what was not written.
pub(super) mod poison {
    use std::sync::atomic::{AtomicBool, Ordering};

    static ASKED: AtomicBool = AtomicBool::new(false);

    /// From now on.
    pub(in crate::vectors::cuda) fn ask() {
        ASKED.store(true, Ordering::Relaxed);
    }

    pub(super) fn asked() -> bool {
        ASKED.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bit_has_one_place() {
        for width in [64, 128, 256] {
            let mut bits: Vec<usize> = (0..512).map(|place| bit_at(place, width)).collect();
            assert_eq!(bits[width..width + 2], [width, width + 1]);
            assert_eq!(bits[2], width / 4);
            bits.sort_unstable();
            assert!(bits.into_iter().eq(0..512));
        }
    }
}
