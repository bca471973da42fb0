//! All pairs of vectors with at least some cosine, on GPUs: which pairs can be such a pair is found
//! there, by bounds that miss none, and the CPU sums those few again.
//!
//! With `b(x)` the vector rounded to bfloat16, `P` a rotation to the directions where vectors lie
//! (`|P| <= 1`), `x' = P b(x)` and `q(x')` its components in whole steps of `s`:
//!
//! - `x . y <= b(x) . b(y) + D`, where rounding changes each component by 2^-8 of it at most;
//! - `b(x) . b(y) <= x' . y' + t(x) t(y)` with `t(x)^2 = |b(x)|^2 - |x'|^2`, by Cauchy and Schwarz
//!   for the product `u . (1 - P^T P) v`, which is positive because `|P| <= 1`;
//! - `x' . y' <= s^2 q(x') . q(y') + E (|y'| + |s q(x')|)`, where no `|x' - s q(x')|` exceeds `E`.
//!
//! The steps, `t` in steps and rounded up, and the border that the sum must reach are 128 signed
//! bytes a vector, so a pair is a candidate exactly where a product of bytes is not negative.

use std::sync::Arc;

use cudarc::driver::{CudaSlice, CudaStream, DevicePtr, DevicePtrMut, DeviceRepr, PushKernelArg};

use super::launch::{
    ByteRows, List, Matrix, Output, RowRange, Tuning, long, prefix, product, small, walk,
};
use super::program::Set;
use super::rotate::{PREFIX, ROTATED, Rotation};
use super::signs::up;
use super::{Failure, Gpu, tensor_bound, warp_bound};
use crate::vectors::product::product_bound;

/// Lengths of rounded vectors at most.
const LENGTH: f64 = 1.006;
/// What rounding both vectors to bfloat16 changes of their product at most: `2 u + u^2` of the
/// lengths, with `u = 2^-8`.
const ROUNDED: f64 = 0.007_87;
/// Rows that are rotated at a time.
const ROTATED_ROWS: usize = 1 << 17;
/// Share of candidates above which looking at the whole vectors is faster.
const MANY: f64 = 2e-3;

/// How much is done at a time; smaller in tests.
#[derive(Clone, Copy, Debug)]
pub(in crate::vectors) struct Limits {
    /// Rows of a block on a GPU at most, a multiple of 2048; none for what fits.
    pub(in crate::vectors) block_rows: Option<usize>,
    /// Candidates listed at a time.
    pub(in crate::vectors) candidates: usize,
    /// Pairs looked at in one go, about.
    pub(in crate::vectors) area: f64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { block_rows: None, candidates: 1 << 25, area: 2e11 }
    }
}

/// What is known before a search.
pub(super) struct Plan {
    pub(super) rotation: Rotation,
    pub(super) dimensions: usize,
    pub(super) threshold: f32,
    pub(super) limits: Limits,
}

impl Plan {
    fn stride(&self) -> usize {
        self.dimensions.next_multiple_of(8)
    }

    /// The step of a component: coarse enough for the largest one, for a rest as long as the whole
    /// vector (which is split over two bytes, so `1.01 / 2^(1/2)` of it), and for a border of four
    /// bytes.
    fn step(&self) -> f32 {
        (self.rotation.largest * 1.25 / 127.0).clamp(0.0057, 1.006 / 127.0)
    }

    /// How far a rotated vector may be off.
    fn rotated_error(&self) -> f64 {
        tensor_bound(self.stride()) * LENGTH * (PREFIX as f64).sqrt() * 1.01
    }

    /// What the product of the rounded vectors must reach.
    fn reach(&self) -> f64 {
        let summed = product_bound(self.dimensions) * LENGTH * LENGTH;
        f64::from(self.threshold) - ROUNDED - summed
    }

    /// The last four bytes on the left, which with 127 on the right take the border off; none where
    /// every pair would be a candidate.
    fn border(&self, worst: f32) -> Option<u32> {
        let error = f64::from(worst) * 1.0001 + self.rotated_error();
        let step = f64::from(self.step());
        let border = (self.reach() - error * (2.0 * LENGTH + error)) / (step * step) * 0.999_999;
        #[expect(clippy::cast_possible_truncation, reason = "rounded down on purpose")]
        let mut left = (border / 127.0).floor() as i64;
        if left <= 0 {
            return None;
        }
        let mut bytes = [0; 4];
        for byte in &mut bytes {
            let part = left.min(127);
            left -= part;
            *byte = i8::try_from(-part).unwrap_or(0).cast_unsigned();
        }
        Some(u32::from_le_bytes(bytes))
    }
}

/// Rows that become a block: its number, its first row and how many there are.
#[derive(Clone, Copy, Debug)]
pub(super) struct BlockRows {
    pub(super) number: usize,
    pub(super) first: usize,
    pub(super) count: usize,
}

/// A block of vectors on a GPU.
pub(super) struct GpuBlock {
    pub(super) number: usize,
    first: u32,
    rows: u32,
    /// Where they begin in what lies on the GPU.
    from: u32,
    vectors: Arc<CudaSlice<u16>>,
    /// Bytes of the right side; empty where they are not used.
    bytes: Arc<CudaSlice<u32>>,
    worst: f32,
}

impl GpuBlock {
    /// How many rows there are.
    pub(super) fn rows(&self) -> u32 {
        self.rows
    }

    /// The same rows, the first with another number.
    pub(super) fn numbered(self, first: u32) -> Self {
        Self { first, ..self }
    }

    /// `rows` of its rows from `from` on, numbered from 0: they stay where they lie.
    pub(super) fn part(&self, from: u32, rows: u32) -> Self {
        Self {
            number: self.number,
            first: 0,
            rows,
            from: self.from + from,
            vectors: Arc::clone(&self.vectors),
            bytes: Arc::clone(&self.bytes),
            worst: self.worst,
        }
    }
}

/// A GPU at work on a search.
pub(super) struct Worker<'a> {
    pub(super) gpu: Arc<Gpu>,
    plan: &'a Plan,
    pub(super) stream: Arc<CudaStream>,
    rotation: CudaSlice<u16>,
    scratch: CudaSlice<f32>,
    left_bytes: CudaSlice<u32>,
    counters: CudaSlice<u64>,
    candidates: CudaSlice<u32>,
    kept: CudaSlice<u32>,
    /// Whether whole vectors are looked at, not prefixes.
    pub(super) whole: bool,
    pub(super) left: Option<Arc<GpuBlock>>,
    pub(super) right: Option<Arc<GpuBlock>>,
    /// Candidates so far.
    pub(super) seen: u64,
    /// Seconds of loading so far.
    pub(super) load_seconds: f64,
    /// Seconds of looking for candidates so far.
    pub(super) look_seconds: f64,
}

/// What lies on a GPU. A copy into ordinary memory may go on after its call, so it is waited for.
fn read<T: DeviceRepr>(
    stream: &Arc<CudaStream>,
    from: &impl DevicePtr<T>,
) -> Result<Vec<T>, Failure> {
    let to = stream.clone_dtoh(from)?;
    stream.synchronize()?;
    Ok(to)
}

/// Bytes of a GPU's memory that a search with these limits takes beside its blocks.
pub(super) fn fixed_bytes(limits: Limits, stride: usize) -> usize {
    ROTATED_ROWS * ROTATED * 4 + limits.candidates * 9 + ROTATED * stride * 2 + (256 << 20)
}

/// Bytes that a row of a block takes.
pub(super) fn row_bytes(stride: usize) -> usize {
    stride * 2 + ROTATED
}

#[expect(unsafe_code, reason = "memory and kernels of a GPU")]
impl<'a> Worker<'a> {
    pub(super) fn new(gpu: &Arc<Gpu>, plan: &'a Plan) -> Result<Self, Failure> {
        let stream = gpu.stream()?;
        let stride = plan.stride();
        let mut padded = vec![0; ROTATED * stride];
        let rows = plan.rotation.rows.chunks_exact(plan.dimensions);
        for (to, row) in padded.chunks_exact_mut(stride).zip(rows) {
            to[..row.len()].copy_from_slice(row);
        }
        let limits = plan.limits;
        // SAFETY: kernels write what is read later; counters are set before each use.
        let worker = unsafe {
            Self {
                gpu: Arc::clone(gpu),
                plan,
                rotation: stream.clone_htod(&padded)?,
                scratch: stream.alloc(ROTATED_ROWS * ROTATED)?,
                left_bytes: stream.alloc(1)?,
                counters: stream.alloc_zeros(3)?,
                candidates: stream.alloc(limits.candidates * 2)?,
                kept: stream.alloc(limits.candidates / 4)?,
                whole: !gpu.is_hopper(),
                left: None,
                right: None,
                seen: 0,
                load_seconds: 0.0,
                look_seconds: 0.0,
                stream,
            }
        };
        Ok(worker)
    }

    /// Takes vectors that `fill` has put on the GPU (given their address) as a block.
    pub(super) fn hold(
        &mut self,
        block: BlockRows,
        fill: impl FnOnce(u64) -> Result<(), Failure>,
    ) -> Result<GpuBlock, Failure> {
        let BlockRows { number, first, count: rows } = block;
        let stride = self.plan.stride();
        // SAFETY: `fill` writes all vectors, kernels all bytes.
        let (mut vectors, mut bytes) = unsafe {
            let bytes = if self.whole { 1 } else { rows * ROTATED / 4 };
            (self.stream.alloc::<u16>(rows * stride)?, self.stream.alloc::<u32>(bytes)?)
        };
        self.stream.synchronize()?;
        fill(vectors.device_ptr_mut(&self.stream).0)?;
        let mut worst = 0.0;
        if !self.whole {
            worst = self.quantize(&vectors, &mut bytes, rows)?;
        }
        let (vectors, bytes) = (Arc::new(vectors), Arc::new(bytes));
        let (first, rows) = (small(first)?, small(rows)?);
        Ok(GpuBlock { number, first, rows, from: 0, vectors, bytes, worst })
    }

    fn quantize(
        &mut self,
        vectors: &CudaSlice<u16>,
        bytes: &mut CudaSlice<u32>,
        rows: usize,
    ) -> Result<f32, Failure> {
        let stream = Arc::clone(&self.stream);
        stream.memset_zeros(&mut self.counters)?;
        let (stride, step) = (small(self.plan.stride())?, self.plan.step());
        let worst = self.counters.device_ptr_mut(&stream).0 + 16;
        let slack = up(2.1 * self.plan.rotated_error() + 2e-4);
        let rotation = self.rotation.device_ptr(&stream).0;
        let rotation = Matrix { at: rotation, rows: small(ROTATED)?, stride };
        let scratch = self.scratch.device_ptr_mut(&stream).0;
        let function = self.gpu.function(Set::Every, "quantize", 0)?;
        for from in (0..rows).step_by(ROTATED_ROWS) {
            let count = small(ROTATED_ROWS.min(rows - from))?;
            let at = vectors.device_ptr(&stream).0 + (from * self.plan.stride() * 2) as u64;
            let part = Matrix { at, rows: count, stride };
            let output = Output::Products { to: scratch };
            let none = List { at: 0, count: 0, capacity: 0 };
            let tuning = Tuning::of(ROTATED);
            product(
                &self.gpu,
                &stream,
                tuning,
                part,
                rotation,
                RowRange::first(count),
                output,
                none,
            )?;
            let to = bytes.device_ptr_mut(&stream).0 + (from * ROTATED) as u64;
            let mut launch = stream.launch_builder(&function);
            launch.arg(&scratch).arg(&at).arg(&stride).arg(&count);
            launch.arg(&step).arg(&slack).arg(&to).arg(&worst);
            // SAFETY: reads `count` rows of both, writes as many rows of bytes and one counter.
            unsafe { launch.launch(walk(&self.gpu)?)? };
        }
        let counters = read(&stream, &self.counters)?;
        #[expect(clippy::cast_possible_truncation, reason = "the lower half is the float")]
        let worst = f32::from_bits(counters[2] as u32);
        Ok(worst)
    }

    /// Makes the left bytes for the two blocks that are held; whole vectors are looked at where
    /// prefixes exclude nothing.
    pub(super) fn prepare(&mut self) -> Result<(), Failure> {
        let Some(left) = &self.left else { return Ok(()) };
        if self.whole {
            return Ok(());
        }
        let worst = left.worst.max(self.right.as_ref().map_or(0.0, |right| right.worst));
        let Some(border) = self.plan.border(worst) else {
            self.whole = true;
            return Ok(());
        };
        let stream = Arc::clone(&self.stream);
        let words = left.rows as usize * ROTATED / 4;
        if self.left_bytes.len() != words {
            // SAFETY: the kernel below writes all of it.
            self.left_bytes = unsafe { stream.alloc(words)? };
        }
        let function = self.gpu.function(Set::Every, "border_rows", 0)?;
        let from = left.bytes.device_ptr(&stream).0 + u64::from(left.from) * ROTATED as u64;
        let to = self.left_bytes.device_ptr_mut(&stream).0;
        let mut launch = stream.launch_builder(&function);
        launch.arg(&from).arg(&left.rows).arg(&border).arg(&to);
        // SAFETY: reads and writes the bytes of `left.rows` rows.
        unsafe { launch.launch(walk(&self.gpu)?)? };
        Ok(())
    }

    /// Puts all pairs that may reach the threshold, of the rows `lefts` of the left block (from a
    /// multiple of 256 on) with those of the right one from `beyond` on (a multiple of 128), into
    /// `found`, as numbers of rows.
    pub(super) fn candidates(
        &mut self,
        lefts: RowRange,
        beyond: u32,
        found: &mut Vec<(u32, u32)>,
    ) -> Result<(), Failure> {
        let rights = self.right.as_ref().or(self.left.as_ref()).map_or(0, |right| right.rows);
        // what was too much at once is halved; the order does not matter
        let rights = RowRange { from: beyond, count: rights.saturating_sub(beyond) };
        let mut waiting = vec![(lefts, rights)];
        while let Some((lefts, rights)) = waiting.pop() {
            if rights.count == 0 || self.some(lefts, rights, found)? {
                continue;
            }
            if lefts.count > 256 {
                waiting.extend(lefts.halves(256).map(|half| (half, rights)));
            } else if rights.count > 128 {
                waiting.extend(rights.halves(128).map(|half| (lefts, half)));
            } else {
                return Err(Failure::Rows("a list of candidates overflows".to_owned()));
            }
        }
        Ok(())
    }

    /// The same for some of the right rows; false where they were too many to list.
    fn some(
        &mut self,
        lefts: RowRange,
        rights: RowRange,
        found: &mut Vec<(u32, u32)>,
    ) -> Result<bool, Failure> {
        let Some(left) = &self.left else { return Ok(true) };
        let right = self.right.as_ref().unwrap_or(left);
        let stream = &self.stream;
        stream.memset_zeros(&mut self.counters)?;
        let counts = self.counters.device_ptr_mut(stream).0;
        let stride = small(self.plan.stride())?;
        let list = List {
            at: self.candidates.device_ptr_mut(stream).0,
            count: counts,
            capacity: self.plan.limits.candidates as u64,
        };
        let row = |held: &GpuBlock, from: u32| {
            held.vectors.device_ptr(stream).0 + u64::from(held.from + from) * u64::from(stride) * 2
        };
        let left_rows = Matrix { at: row(left, 0), rows: left.rows, stride };
        let right_rows = Matrix { at: row(right, rights.from), rows: rights.count, stride };
        let first_right = right.first + rights.from;
        let down = |value: f64| -up(-value);
        if self.whole {
            let lowest =
                down(self.plan.reach() - tensor_bound(self.plan.stride()) * LENGTH * LENGTH);
            let output = Output::Pairs { lowest, first_left: left.first, first_right };
            let tuning = Tuning::PAIRS;
            product(&self.gpu, stream, tuning, left_rows, right_rows, lefts, output, list)?;
        } else {
            let from = u64::from(right.from + rights.from);
            let bytes = right.bytes.device_ptr(stream).0 + from * ROTATED as u64;
            prefix(
                &self.gpu,
                stream,
                ByteRows {
                    at: self.left_bytes.device_ptr(stream).0,
                    rows: left.rows,
                    first: left.first,
                },
                ByteRows { at: bytes, rows: rights.count, first: first_right },
                lefts,
                list,
            )?;
        }
        let listed = read(stream, &self.counters)?[0];
        let area = f64::from(lefts.count) * f64::from(rights.count);
        if !self.whole && listed as f64 > MANY * area && area > 1e8 {
            // prefixes exclude too little: from here on whole vectors are looked at
            self.whole = true;
            return self.some(lefts, rights, found);
        }
        if listed > list.capacity {
            return Ok(false);
        }
        self.seen += listed;
        let (mut at, mut length) = (&self.candidates, listed);
        if !self.whole && listed > 0 {
            let lowest = down(self.plan.reach() - warp_bound(self.plan.stride()) * LENGTH * LENGTH);
            let function = self.gpu.function(Set::Every, "rescore", 0)?;
            let (kept, kept_count) = (self.kept.device_ptr_mut(stream).0, counts + 8);
            let capacity = self.kept.len() as u64 / 2;
            let mut launch = stream.launch_builder(&function);
            launch.arg(&left_rows.at).arg(&right_rows.at).arg(&stride).arg(&lowest);
            launch.arg(&list.at).arg(&list.count).arg(&list.capacity);
            launch.arg(&kept).arg(&kept_count).arg(&capacity);
            // SAFETY: reads rows that the list names, writes the kept ones up to the capacity.
            unsafe { launch.launch(walk(&self.gpu)?)? };
            length = read(stream, &self.counters)?[1];
            if length > capacity {
                return Ok(false);
            }
            at = &self.kept;
        }
        if length > 0 {
            let pairs = read(stream, &at.slice(..2 * long(length)?))?;
            let (left, right) = (left.first, first_right);
            found.extend(pairs.chunks_exact(2).map(|pair| (left + pair[0], right + pair[1])));
        }
        Ok(true)
    }
}

#[cfg(test)]
#[path = "pairs_tests.rs"]
mod tests;
