//! Arguments of the kernels and how they are launched. The structures are those of `cuda/*.cu`.

use cudarc::driver::sys::{self, CUdeviceptr};
use cudarc::driver::{CudaStream, DeviceRepr, LaunchConfig, PushKernelArg};

use super::program::Set;
use super::rotate::ROTATED;
use super::{Failure, Gpu};

/// Rows of bfloat16 numbers on a GPU, each `stride` (a multiple of 8) long.
#[derive(Clone, Copy, Debug)]
pub(super) struct Matrix {
    pub(super) at: CUdeviceptr,
    pub(super) rows: u32,
    pub(super) stride: u32,
}

/// Consecutive rows on a GPU.
#[derive(Clone, Copy, Debug)]
pub(super) struct RowRange {
    pub(super) from: u32,
    pub(super) count: u32,
}

impl RowRange {
    /// The first `count` rows.
    pub(super) fn first(count: u32) -> Self {
        Self { from: 0, count }
    }

    /// Two halves, the first a multiple of `step` long.
    pub(super) fn halves(self, step: u32) -> [Self; 2] {
        let half = (self.count / 2).next_multiple_of(step);
        let rest = Self { from: self.from + half, count: self.count - half };
        [Self { count: half, ..self }, rest]
    }
}

/// Rows of 128 bytes on a GPU, the first of which has the number `first`.
#[derive(Clone, Copy, Debug)]
pub(super) struct ByteRows {
    pub(super) at: CUdeviceptr,
    pub(super) rows: u32,
    pub(super) first: u32,
}

/// What becomes of the products.
#[derive(Clone, Copy, Debug)]
pub(super) enum Output {
    Signs {
        thresholds: CUdeviceptr,
        slope: f32,
        base: f32,
        longest: CUdeviceptr,
        words: CUdeviceptr,
    },
    Products {
        to: CUdeviceptr,
    },
    Pairs {
        lowest: f32,
        first_left: u32,
        first_right: u32,
    },
}

/// A list that kernels append to.
#[derive(Clone, Copy, Debug)]
pub(super) struct List {
    pub(super) at: CUdeviceptr,
    pub(super) count: CUdeviceptr,
    pub(super) capacity: u64,
}

/// `TensorMap` of `hopper.cu`.
#[repr(C, align(64))]
#[derive(Clone, Copy)]
struct TensorMap([u64; 16]);

/// `Job` of `product_sm90.cu`.
#[repr(C)]
#[derive(Clone, Copy, Default)]
struct HopperJob {
    rows: u32,
    first_row_tile: u32,
    row_tiles: u32,
    width_tiles: u32,
    steps: u32,
    thresholds: CUdeviceptr,
    slope: f32,
    base: f32,
    longest: CUdeviceptr,
    words: CUdeviceptr,
    words_per_row: u32,
    products: CUdeviceptr,
    lowest: f32,
    directions: u32,
    first_left: u32,
    first_right: u32,
    list: CUdeviceptr,
    list_count: CUdeviceptr,
    list_capacity: u64,
}

/// `Work` of `product.cu`.
#[repr(C)]
#[derive(Clone, Copy, Default)]
struct PlainJob {
    rows: CUdeviceptr,
    directions: CUdeviceptr,
    row_count: u32,
    direction_count: u32,
    stride: u32,
    first_row_tile: u32,
    thresholds: CUdeviceptr,
    slope: f32,
    base: f32,
    longest: CUdeviceptr,
    words: CUdeviceptr,
    words_per_row: u32,
    products: CUdeviceptr,
    products_per_row: u32,
    lowest: f32,
    first_left: u32,
    first_right: u32,
    list: CUdeviceptr,
    list_count: CUdeviceptr,
    list_capacity: u64,
}

/// `Job` of `prefix_sm90.cu`.
#[repr(C)]
#[derive(Clone, Copy)]
struct PrefixJob {
    left_rows: u32,
    right_rows: u32,
    first_left: u32,
    first_right: u32,
    first_tile: u32,
    tiles: u32,
    list: CUdeviceptr,
    list_count: CUdeviceptr,
    list_capacity: u64,
}

#[expect(unsafe_code, reason = "plain values in C's layout")]
mod representable {
    use super::{DeviceRepr, HopperJob, PlainJob, PrefixJob, TensorMap};
    // SAFETY: all four are integers and floats in C's layout, as the kernels declare them.
    unsafe impl DeviceRepr for TensorMap {}
    // SAFETY: see above.
    unsafe impl DeviceRepr for HopperJob {}
    // SAFETY: see above.
    unsafe impl DeviceRepr for PlainJob {}
    // SAFETY: see above.
    unsafe impl DeviceRepr for PrefixJob {}
}

/// How the Hopper kernel for a width is built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tuning {
    /// Directions of a tile.
    pub width: u32,
    /// Stages of the pipeline that brings rows into shared memory.
    pub stages: u32,
    /// Blocks of a cluster.
    pub cluster: u32,
}

const CONSUMERS: u32 = 2;
/// Stages of the kernel that compares prefixes.
const PREFIX_STAGES: u32 = 6;
/// The output that is products, for the kernel.
const PRODUCTS: u32 = 1;

impl Tuning {
    /// For pairs of whole vectors.
    pub(super) const PAIRS: Self = Self { width: 256, stages: 4, cluster: 2 };

    /// The widest for `directions` directions, as measured best.
    pub(super) fn of(directions: usize) -> Self {
        match directions {
            count if count.is_multiple_of(256) => Self { width: 256, stages: 4, cluster: 2 },
            count if count.is_multiple_of(128) => Self { width: 128, stages: 6, cluster: 1 },
            _ => Self { width: 64, stages: 8, cluster: 1 },
        }
    }

    fn set(self, output: u32) -> Set {
        Set::Product([self.width, CONSUMERS, self.stages, self.cluster, output])
    }

    fn shared(self) -> u32 {
        1024 + self.stages * (CONSUMERS * 64 + self.width) * 128
    }
}

/// The kernels that a search on `gpu` begins with.
pub(super) fn first_sets(gpu: &Gpu) -> Vec<Set> {
    let mut sets = vec![Set::Every];
    if gpu.is_hopper() {
        sets.extend([Tuning::of(ROTATED).set(PRODUCTS), Set::Prefix(PREFIX_STAGES)]);
    }
    sets
}

/// A number of something as the kernels count.
pub(super) fn small(count: usize) -> Result<u32, Failure> {
    u32::try_from(count).map_err(|_| Failure::Rows(format!("{count} rows at once are too many")))
}

/// How many entries of a list a kernel counted.
pub(super) fn long(count: u64) -> Result<usize, Failure> {
    usize::try_from(count).map_err(|_| Failure::Rows(format!("{count} entries are too many")))
}

/// Rows of 128 bytes that the copy engine brings into shared memory in boxes of `box_rows`.
fn tensor_map(
    at: CUdeviceptr,
    row_bytes: u64,
    rows: u32,
    bytes: bool,
    box_rows: u32,
) -> Result<TensorMap, Failure> {
    use sys::{
        CUtensorMapDataType as Type, CUtensorMapFloatOOBfill as Fill,
        CUtensorMapInterleave as Interleave, CUtensorMapL2promotion as Promotion,
        CUtensorMapSwizzle as Swizzle,
    };
    let (kind, width) = if bytes {
        (Type::CU_TENSOR_MAP_DATA_TYPE_UINT8, 1)
    } else {
        (Type::CU_TENSOR_MAP_DATA_TYPE_BFLOAT16, 2)
    };
    let mut map = TensorMap([0; 16]);
    let size = [row_bytes / width, u64::from(rows)];
    let corner = [128 / u32::try_from(width).unwrap_or(1), box_rows];
    #[expect(unsafe_code, reason = "a call into the driver")]
    // SAFETY: `map` has the size and alignment of the driver's structure; the arrays have as many
    // entries as the rank says; `at` is only noted down.
    let answer = unsafe {
        sys::cuTensorMapEncodeTiled(
            (&raw mut map).cast(),
            kind,
            2,
            at as *mut std::ffi::c_void,
            size.as_ptr(),
            [row_bytes].as_ptr(),
            corner.as_ptr(),
            [1, 1].as_ptr(),
            Interleave::CU_TENSOR_MAP_INTERLEAVE_NONE,
            Swizzle::CU_TENSOR_MAP_SWIZZLE_128B,
            Promotion::CU_TENSOR_MAP_L2_PROMOTION_L2_256B,
            Fill::CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE,
        )
    };
    answer.result().map_err(Failure::from)?;
    Ok(map)
}

/// Products of the rows `range` (from a multiple of 256 on) of `rows` with all of `directions`;
/// `tuning` is for Hopper.
#[expect(clippy::too_many_arguments, reason = "those of the kernel")]
pub(super) fn product(
    gpu: &Gpu,
    stream: &CudaStream,
    tuning: Tuning,
    rows: Matrix,
    directions: Matrix,
    range: RowRange,
    output: Output,
    list: List,
) -> Result<(), Failure> {
    if range.count == 0 || directions.rows == 0 {
        return Ok(());
    }
    if gpu.is_hopper() {
        hopper_product(gpu, stream, tuning, rows, directions, range, output, list)
    } else {
        plain_product(gpu, stream, rows, directions, range, output, list)
    }
}

#[expect(clippy::too_many_arguments, reason = "those of the kernel")]
fn hopper_product(
    gpu: &Gpu,
    stream: &CudaStream,
    tuning: Tuning,
    rows: Matrix,
    directions: Matrix,
    range: RowRange,
    output: Output,
    list: List,
) -> Result<(), Failure> {
    let tile = CONSUMERS * 64;
    let mut job = HopperJob {
        rows: rows.rows,
        first_row_tile: range.from / tile,
        row_tiles: range.count.div_ceil(tile),
        width_tiles: directions.rows.div_ceil(tuning.width),
        steps: rows.stride.div_ceil(64),
        directions: directions.rows,
        list: list.at,
        list_count: list.count,
        list_capacity: list.capacity,
        ..HopperJob::default()
    };
    let kind = match output {
        Output::Signs { thresholds, slope, base, longest, words } => {
            (job.thresholds, job.slope, job.base) = (thresholds, slope, base);
            (job.longest, job.words, job.words_per_row) = (longest, words, directions.rows / 16);
            0
        }
        Output::Products { to } => {
            job.products = to;
            PRODUCTS
        }
        Output::Pairs { lowest, first_left, first_right } => {
            (job.lowest, job.first_left, job.first_right) = (lowest, first_left, first_right);
            2
        }
    };
    let set = tuning.set(kind);
    let function = gpu.function(set, "product_sm90", tuning.shared())?;
    let bytes = u64::from(rows.stride) * 2;
    let left = tensor_map(rows.at, bytes, rows.rows, false, tile)?;
    let right =
        tensor_map(directions.at, bytes, directions.rows, false, tuning.width / tuning.cluster)?;
    let tiles = job.row_tiles.div_ceil(tuning.cluster) * job.width_tiles;
    let blocks = (gpu.processors()? / tuning.cluster).min(tiles) * tuning.cluster;
    let config = LaunchConfig {
        grid_dim: (blocks, 1, 1),
        block_dim: ((CONSUMERS + 1) * 128, 1, 1),
        shared_mem_bytes: tuning.shared(),
    };
    #[expect(unsafe_code, reason = "a kernel")]
    // SAFETY: the kernel reads `rows` and `directions` within the tensor maps, writes what `output`
    // names for rows below `rows.rows`, and the list up to its capacity.
    unsafe {
        stream.launch_builder(&function).arg(&left).arg(&right).arg(&job).launch(config)?;
    }
    Ok(())
}

fn plain_product(
    gpu: &Gpu,
    stream: &CudaStream,
    rows: Matrix,
    directions: Matrix,
    range: RowRange,
    output: Output,
    list: List,
) -> Result<(), Failure> {
    let mut job = PlainJob {
        rows: rows.at,
        directions: directions.at,
        row_count: rows.rows,
        direction_count: directions.rows,
        stride: rows.stride,
        first_row_tile: range.from / 128,
        list: list.at,
        list_count: list.count,
        list_capacity: list.capacity,
        ..PlainJob::default()
    };
    let mut columns = 1;
    let name = match output {
        Output::Signs { thresholds, slope, base, longest, words } => {
            (job.thresholds, job.slope, job.base) = (thresholds, slope, base);
            (job.longest, job.words, job.words_per_row) = (longest, words, directions.rows / 16);
            "product_signs"
        }
        Output::Products { to } => {
            (job.products, job.products_per_row) = (to, directions.rows);
            "product_products"
        }
        Output::Pairs { lowest, first_left, first_right } => {
            (job.lowest, job.first_left, job.first_right) = (lowest, first_left, first_right);
            columns = 64;
            "product_pairs"
        }
    };
    let function = gpu.function(Set::Every, name, 0)?;
    let config = LaunchConfig {
        grid_dim: (range.count.div_ceil(128), columns, 1),
        block_dim: (128, 1, 1),
        shared_mem_bytes: 0,
    };
    #[expect(unsafe_code, reason = "a kernel")]
    // SAFETY: the kernel reads rows and directions below their counts, writes what `output` names
    // for rows below `rows.rows`, and the list up to its capacity.
    unsafe {
        stream.launch_builder(&function).arg(&job).launch(config)?;
    }
    Ok(())
}

/// Candidates among rows of 128 bytes: the rows `range` of `left` (from a multiple of 256 on) with
/// all of `right`.
pub(super) fn prefix(
    gpu: &Gpu,
    stream: &CudaStream,
    left: ByteRows,
    right: ByteRows,
    range: RowRange,
    list: List,
) -> Result<(), Failure> {
    if range.count == 0 || right.rows == 0 {
        return Ok(());
    }
    let shared = 1024 + 2 * 256 * 128 + PREFIX_STAGES * 128 * 128;
    let function = gpu.function(Set::Prefix(PREFIX_STAGES), "prefix_sm90", shared)?;
    let left_map = tensor_map(left.at, 128, left.rows, true, 256)?;
    let right_map = tensor_map(right.at, 128, right.rows, true, 128)?;
    let job = PrefixJob {
        left_rows: left.rows,
        right_rows: right.rows,
        first_left: left.first,
        first_right: right.first,
        first_tile: range.from / 256,
        tiles: range.count.div_ceil(256),
        list: list.at,
        list_count: list.count,
        list_capacity: list.capacity,
    };
    let config = LaunchConfig {
        grid_dim: (gpu.processors()?, 1, 1),
        block_dim: (384, 1, 1),
        shared_mem_bytes: shared,
    };
    #[expect(unsafe_code, reason = "a kernel")]
    // SAFETY: the kernel reads rows within the tensor maps and writes the list up to its capacity.
    unsafe {
        stream.launch_builder(&function).arg(&left_map).arg(&right_map).arg(&job).launch(config)?;
    }
    Ok(())
}

/// A launch of `name` among the kernels that walk over rows, 8 warps a block.
pub(super) fn walk(gpu: &Gpu) -> Result<LaunchConfig, Failure> {
    Ok(LaunchConfig {
        grid_dim: (gpu.processors()? * 8, 1, 1),
        block_dim: (256, 1, 1),
        shared_mem_bytes: 0,
    })
}
