//! How fast a GPU is, by its own clock, beside what its memory and link allow.

use std::fmt::Write;
use std::sync::Arc;
use std::time::Instant;

use cudarc::driver::sys::CUevent_flags;
use cudarc::driver::{CudaStream, DevicePtrMut};

use super::launch::Tuning;
use super::signs::SignBuffers;
use super::{Failure, Gpu, Limits, gpus};
use crate::vectors::made_corpus::Corpus;
use crate::vectors::sign::Part;
use crate::vectors::{Choice, Engine, Flat, Leader, Projection, Rows, SignHash};

fn first() -> Result<Arc<Gpu>, String> {
    Ok(gpus()?.swap_remove(0).0)
}

fn median(mut times: Vec<f32>) -> f32 {
    times.sort_by(f32::total_cmp);
    times.get(times.len() / 2).copied().unwrap_or(f32::NAN)
}

/// Milliseconds that `work` takes on the GPU, the median of `runs` after one to warm up.
fn timed(
    stream: &CudaStream,
    runs: usize,
    mut work: impl FnMut() -> Result<(), Failure>,
) -> Result<f32, Failure> {
    let flags = Some(CUevent_flags::CU_EVENT_DEFAULT);
    let mut times = Vec::new();
    for _ in 0..=runs {
        let start = stream.record_event(flags)?;
        work()?;
        let end = stream.record_event(flags)?;
        times.push(start.elapsed_ms(&end)?);
    }
    times.remove(0);
    Ok(median(times))
}

/// GB/s of a copy within the GPU (bytes read and written), and of one from pinned memory to it.
#[expect(unsafe_code, reason = "memory that is copied")]
pub fn ceilings() -> Result<String, String> {
    let run = || -> Result<String, Failure> {
        let gpu = first().map_err(Failure::Rows)?;
        let stream = gpu.stream()?;
        let bytes = 2_usize << 30;
        // SAFETY: what the bytes are does not matter.
        let (from, mut to, host) = unsafe {
            let host = gpu.context.alloc_pinned_with_flags::<u8>(bytes / 4, 0)?;
            (stream.alloc::<u8>(bytes)?, stream.alloc::<u8>(bytes)?, host)
        };
        let within = timed(&stream, 9, || Ok(stream.memcpy_dtod(&from, &mut to)?))?;
        let at = to.device_ptr_mut(&stream).0;
        // SAFETY: both have room, and the stream is waited for.
        let host = unsafe { std::slice::from_raw_parts(host.as_ptr()?, bytes / 4) };
        let link = timed(&stream, 5, || {
            // SAFETY: see above.
            unsafe { cudarc::driver::result::memcpy_htod_async(at, host, stream.cu_stream())? };
            Ok(())
        })?;
        let rate = |bytes: usize, ms: f32| bytes as f64 / f64::from(ms) / 1e6;
        Ok(format!(
            "copy within the GPU {:.0} GB/s, from pinned memory {:.1} GB/s",
            rate(2 * bytes, within),
            rate(bytes / 4, link)
        ))
    };
    run().map_err(|error| error.to_string())
}

/// Signatures of `count` vectors that are on the GPU already, with several tunings.
pub fn signs_on_gpu(
    dimensions: usize,
    bits: usize,
    count: usize,
    tunings: &[Tuning],
) -> Result<String, String> {
    let run = || -> Result<String, Failure> {
        let gpu = first().map_err(Failure::Rows)?;
        let hash = hash(dimensions, bits)?;
        let mut buffers = SignBuffers::unpooled(&gpu, &hash, count, 1 << 15)?;
        let corpus = Corpus::new(1 << 15, 0, dimensions, 1);
        let mut rows = vec![0.0; (1 << 15) * dimensions];
        corpus.read(0, &mut rows).map_err(|error| Failure::Rows(error.to_string()))?;
        // the same rows again and again: the data is far larger than the cache all the same
        let rows: Vec<u16> = rows.iter().map(|value| crate::vectors::bf16::round(*value)).collect();
        buffers.fill(&rows, dimensions, count)?;
        let mut text = String::new();
        let all: Vec<Tuning> = match tunings {
            [] => vec![buffers.tuning],
            _ => tunings.to_vec(),
        };
        for tuning in all {
            buffers.tuning = tuning;
            let stream = Arc::clone(&buffers.stream);
            let product = timed(&stream, 9, || {
                buffers.reset(1.01)?;
                buffers.enqueue_product(&gpu, count)
            })?;
            let (_, [near, ..]) = buffers.fetch(1)?;
            let settle = timed(&stream, 9, || buffers.enqueue_settle(&gpu))?;
            let both = timed(&stream, 9, || {
                buffers.reset(1.01)?;
                buffers.enqueue_product(&gpu, count)?;
                buffers.enqueue_settle(&gpu)
            })?;
            let (_, [_, left, _]) = buffers.fetch(1)?;
            let flops = 2.0 * (count * dimensions * bits) as f64;
            let rate = |ms: f32| count as f64 / f64::from(ms) / 1e6;
            let _ = writeln!(
                text,
                "signs {count} x {dimensions} -> {bits} {tuning:?}: product {product:.3} ms ({:.3} G/s, {:.0} TFLOP/s), settle {settle:.3} ms; together {both:.3} ms, {:.3} G vectors/s; near {:.4} %, left {left}",
                rate(product),
                flops / f64::from(product) / 1e9,
                rate(both),
                near as f64 / (count * bits) as f64 * 100.0,
            );
        }
        Ok(text)
    };
    run().map_err(|error| error.to_string())
}

fn hash(dimensions: usize, bits: usize) -> Result<SignHash, Failure> {
    let wrong = |error: crate::vectors::ProjectionError| Failure::Rows(error.to_string());
    SignHash::new(Projection::new(dimensions, bits, 1).map_err(wrong)?, None).map_err(wrong)
}

/// Signatures of `count` vectors in the memory of the host, from both precisions.
pub fn signs_from_host(
    dimensions: usize,
    bits: usize,
    count: usize,
    threads: usize,
) -> Result<String, String> {
    let engine = Engine::open(Choice::Cuda(None), threads).map_err(|error| error.to_string())?;
    let hash = hash(dimensions, bits).map_err(|error| error.to_string())?;
    let some = crate::vectors::made::Source::new(1).normals((1 << 13) * dimensions);
    let mut text = String::new();
    let halves: Vec<u16> = some.iter().map(|value| crate::vectors::bf16::round(*value)).collect();
    let halves = halves.repeat(count >> 13);
    let floats = some.repeat(count >> 14);
    for part in [Part::Halves(&halves), Part::Floats(&floats)] {
        let rows = part.rows(dimensions);
        let mut times = Vec::new();
        for _ in 0..4 {
            let start = Instant::now();
            let made = match part {
                Part::Halves(rows) => engine.signatures_bf16(&hash, rows),
                Part::Floats(rows) => engine.signatures(&hash, rows),
            };
            times.push(start.elapsed().as_secs_f32());
            std::hint::black_box(made);
        }
        let kind = if matches!(part, Part::Halves(_)) { "bfloat16" } else { "f32" };
        times.remove(0);
        let seconds = f64::from(median(times));
        let _ = writeln!(
            text,
            "signs from host, {kind}, {rows} x {dimensions} -> {bits}, {threads} threads: {:.1} M vectors/s, {:.1} GB/s as bfloat16",
            rows as f64 / seconds / 1e6,
            (rows * dimensions * 2) as f64 / seconds / 1e9
        );
    }
    let _ = writeln!(text, "notes {:?}", engine.take_notes());
    Ok(text)
}

/// All pairs of a corpus like real embeddings, and whether the planted ones were found.
pub fn pairs(
    count: usize,
    dimensions: usize,
    threshold: f32,
    threads: usize,
) -> Result<String, String> {
    let corpus = Corpus::new(count, 10_000.min(count / 10), dimensions, 5);
    let engine = Engine::open(Choice::Cuda(None), threads).map_err(|error| error.to_string())?;
    let mut found = Vec::new();
    let start = Instant::now();
    let report = engine
        .pairs_with(&corpus, threshold, Limits::default(), |pair| found.push(pair))
        .map_err(|error| error.to_string())?;
    let wall = start.elapsed().as_secs_f64();
    let mut text = format!("{report:?}\n");
    let (mut planted, mut missed) = (0, 0);
    for (left, right, cosine) in corpus.planted().filter(|pair| pair.2 >= threshold) {
        planted += 1;
        let at = found.binary_search_by_key(&(left, right), |pair| (pair.left, pair.right));
        missed += u32::from(!at.is_ok_and(|at| found[at].cosine.to_bits() == cosine.to_bits()));
    }
    let pairs = count as f64 * count as f64 / 2.0;
    let _ = writeln!(
        text,
        "pairs {count} x {dimensions} at {threshold}: {wall:.2} s in all, {:.2e} pairs/s; {} found, {planted} planted, {missed} missed; notes {:?}",
        pairs / wall,
        found.len(),
        engine.take_notes()
    );
    Ok(text)
}

/// Who stays.
#[derive(Default)]
struct First {
    gone: Vec<bool>,
}

impl Leader for First {
    fn allows(&self, _: usize, _: usize) -> bool {
        true
    }

    fn decide(&mut self, _: usize, center: Option<(usize, f32)>) -> std::io::Result<bool> {
        self.gone.push(center.is_some());
        Ok(center.is_none())
    }
}

/// Has the rows of a made corpus, of which `same` of each 16,384 are equal (163 at most), decided from
/// host memory.
pub fn lead(
    count: usize,
    dimensions: usize,
    threshold: f32,
    threads: usize,
    same: usize,
) -> Result<String, String> {
    let corpus = Corpus::new(count, 10_000.min(count / 10), dimensions, 5);
    let mut rows = vec![0.0; count * dimensions];
    let part = 1 << 14;
    let parts = std::sync::Mutex::new(rows.chunks_mut(part * dimensions).enumerate());
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let next = parts.lock().ok().and_then(|mut parts| parts.next());
                    let Some((number, rows)) = next else { return };
                    // made rows can always be read
                    let _ = corpus.read(number * part, rows);
                    for row in rows.chunks_exact_mut(dimensions).step_by(100).take(same) {
                        row.fill(0.0);
                        row[0] = 1.0;
                    }
                }
            });
        }
    });
    let rows = Flat::new(&rows, dimensions);
    let engine = Engine::open(Choice::Cuda(None), threads).map_err(|error| error.to_string())?;
    let (mut first, start) = (First::default(), Instant::now());
    let (decided, report) = engine
        .lead_with(&rows, threshold, Limits::default(), &mut first)
        .map_err(|error| error.to_string())?;
    let wall = start.elapsed().as_secs_f64();
    let gone = first.gone.iter().filter(|gone| **gone).count();
    let planted = corpus.planted().filter(|pair| pair.2 >= threshold);
    let missed = if same > 0 { 0 } else { planted.filter(|pair| !first.gone[pair.1]).count() };
    Ok(format!(
        "{report:?}\nlead {count} x {dimensions} at {threshold}: {wall:.2} s in all, {:.2e} rows/s; {decided} decided, {gone} go, {missed} planted ones stay; notes {:?}\n",
        count as f64 / wall,
        engine.take_notes()
    ))
}

impl SignBuffers {
    /// Fills the first `count` rows with `rows`, again and again.
    #[expect(unsafe_code, reason = "memory that is copied")]
    fn fill(&mut self, rows: &[u16], dimensions: usize, count: usize) -> Result<(), Failure> {
        let stream = Arc::clone(&self.stream);
        let held = rows.len() / dimensions;
        self.stage(Part::Halves(rows), dimensions)?;
        let (stride, at, staged) = self.place(held)?;
        for from in (0..count).step_by(held) {
            let part = &staged[..held.min(count - from) * stride];
            let to = at + (from * stride * 2) as u64;
            // SAFETY: the buffer has room for `count` rows, and the stream is waited for below.
            unsafe { cudarc::driver::result::memcpy_htod_async(to, part, stream.cu_stream())? };
        }
        Ok(stream.synchronize()?)
    }
}
