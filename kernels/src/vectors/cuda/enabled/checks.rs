//! That GPUs give what the CPU gives, on random inputs: run by `cargo test` and, where there is no
//! Rust, by the program of `examples/gpu.rs`.

use super::signs::poison;
use super::{Limits, checks_lead, program};
use crate::vectors::made::Source;
use crate::vectors::made_corpus::Corpus;
use crate::vectors::sign::Part;
use crate::vectors::{
    Choice, Engine, Flat, Pair, Projection, Rows, SignHash, Signatures, exact_pairs, normalize,
};

/// Checks `rounds` random cases of each kind from `seed` and says what was checked; an error names
/// the case that differs. None where there is no GPU.
/// GPUs are starved of memory too, unless `calm`, which is for a checker of memory accesses: that
/// would starve with them, and is slow.
pub fn parity(seed: u64, rounds: usize, calm: bool) -> Result<Option<String>, String> {
    let Ok(engine) = Engine::open(Choice::Cuda(None), 4) else { return Ok(None) };
    poison::ask();
    let (mut near, mut bits) = (0, 0);
    for round in 0..rounds {
        let (again, all) = signatures(&engine, seed.wrapping_add(round as u64))
            .map_err(|error| format!("signatures, seed {seed}, round {round}: {error}"))?;
        (near, bits) = (near + again, bits + all);
    }
    let mut found = 0;
    for round in 0..rounds {
        found += pairs(&engine, seed.wrapping_add(round as u64))
            .map_err(|error| format!("pairs, seed {seed}, round {round}: {error}"))?;
    }
    let mut gone = 0;
    for round in 0..rounds {
        gone += checks_lead::lead(&engine, seed.wrapping_add(round as u64))
            .map_err(|error| format!("lead, seed {seed}, round {round}: {error}"))?;
    }
    found += spectra(&engine, seed, if calm { 2500 } else { 10_500 })?;
    let notes = engine.take_notes();
    let hungry =
        if calm { "calm".to_owned() } else { hunger(seed)? + "; " + &checks_lead::hunger(seed)? };
    if !notes.is_empty() {
        return Err(format!("a GPU did not finish: {notes:?}"));
    }
    Ok(Some(format!(
        "{rounds} rounds on {:?}: {bits} bits equal ({near} of them computed again), {found} pairs equal, {gone} rows that go for the same; {hungry}",
        engine.devices()
    )))
}

/// What the committed PTX is like beside what NVRTC makes of the sources; none without NVRTC.
pub fn baseline() -> Result<Option<String>, String> {
    let Some(nvrtc) = program::nvrtc_version() else { return Ok(None) };
    let committed = program::committed_ptx();
    let (mark, body) = committed.split_once('\n').unwrap_or_default();
    let wanted = program::baseline_mark(nvrtc);
    let made = program::baseline_ptx().map_err(|error| error.to_string())?;
    if format!("{mark}\n") == wanted {
        return if made == body {
            Ok(Some("the committed PTX is what NVRTC makes".to_owned()))
        } else {
            Err("the committed PTX differs from what the same NVRTC makes".to_owned())
        };
    }
    let sources = |mark: &str| mark.split(' ').nth(1).map(str::to_owned);
    if sources(mark) != sources(&wanted) {
        return Err(format!("the committed PTX is of other sources: {mark}; now {wanted}"));
    }
    Ok(Some(format!("the committed PTX is of these sources, by another NVRTC than {nvrtc:?}")))
}

fn pick(source: &mut Source, from: usize, to: usize) -> usize {
    from + usize::try_from(source.bits() % (to - from) as u64).unwrap_or(0)
}

fn signatures(engine: &Engine, seed: u64) -> Result<(u64, u64), String> {
    let mut source = Source::new(seed);
    let dimensions = match source.bits() % 4 {
        0 => pick(&mut source, 1, 40),
        1 => [64, 128, 384, 768, 1024][pick(&mut source, 0, 5)],
        _ => pick(&mut source, 1, 1100),
    };
    let bits = 64 * pick(&mut source, 1, 9);
    let count = match source.bits() % 3 {
        0 => pick(&mut source, 0, 4),
        1 => pick(&mut source, 100, 700),
        _ => pick(&mut source, 1, 6000) * 300 / dimensions.max(300),
    };
    #[expect(clippy::cast_precision_loss, reason = "a small number")]
    let scale = 2.0_f32.powf(pick(&mut source, 0, 40) as f32 - 20.0);
    let projection = Projection::new(dimensions, bits, seed).map_err(|error| error.to_string())?;
    let mut rows = source.normals(count * dimensions);
    for value in &mut rows {
        *value *= scale;
    }
    // a huge component makes every product of its batch uncertain, so it must not be in all
    let wild = source.bits().is_multiple_of(5);
    for (number, row) in rows.chunks_exact_mut(dimensions).enumerate() {
        match (source.bits() % 8, dimensions) {
            (0, 2..) => {
                // at right angles to a direction, so that the bit is right at its border
                let direction = projection.direction(number % bits);
                let [a, b] = [0, 1].map(|at| f32::from_bits(u32::from(direction[at]) << 16));
                row.fill(0.0);
                (row[0], row[1]) = (b, -a);
            }
            (1, _) if number % 7 == 0 => row.fill(0.0),
            (2, _) if number % 7 == 0 => row[0] = f32::NAN,
            (3, _) if wild && number % 50 == 0 => row[dimensions / 2] = 3e38,
            _ => {}
        }
    }
    let mean = source
        .bits()
        .is_multiple_of(2)
        .then(|| source.normals(dimensions).iter().map(|value| value * scale / 3.0).collect());
    let hash = SignHash::new(projection, mean).map_err(|error| error.to_string())?;
    let expected = hash.signatures(&rows, 2);
    let found = engine.signatures_of(&hash, Part::Floats(&rows));
    compare(&expected, &found, &format!("{count} x {dimensions} to {bits} bits"))?;
    let halves: Vec<u16> = rows.iter().map(|value| crate::vectors::bf16::round(*value)).collect();
    let found = engine.signatures_bf16(&hash, &halves);
    compare(&expected, &found, &format!("bfloat16 {count} x {dimensions} to {bits} bits"))?;
    Ok((found.recomputed, (count * bits) as u64))
}

fn compare(expected: &Signatures, found: &Signatures, case: &str) -> Result<(), String> {
    if expected.words.len() != found.words.len() {
        return Err(format!("{case}: {} words, not {}", found.words.len(), expected.words.len()));
    }
    let differs = expected.words.iter().zip(&found.words).position(|(a, b)| a != b);
    differs.map_or(Ok(()), |at| {
        let (a, b) = (expected.words[at], found.words[at]);
        Err(format!("{case}: word {at} is {b:016x}, not {a:016x}"))
    })
}

fn pairs(engine: &Engine, seed: u64) -> Result<usize, String> {
    let mut source = Source::new(seed);
    let dimensions = pick(&mut source, 2, 400);
    let count = pick(&mut source, 1, 5000);
    let threshold = 0.8 + 0.19 * source.uniform();
    let mut rows: Vec<f32> = Vec::with_capacity(count * dimensions);
    for number in 0..count {
        let next = match source.bits() % 8 {
            _ if number == 0 => source.unit(dimensions),
            0 => source.near(&rows[(number - 1) * dimensions..], threshold),
            1 => {
                let from = pick(&mut source, 0, number);
                let cosine = 1.0 - (1.0 - threshold) * 2.0 * source.uniform();
                source.near(&rows[from * dimensions..][..dimensions], cosine)
            }
            2 if number % 5 == 0 => rows[(number - 1) * dimensions..].to_vec(),
            3 if number % 50 == 0 => vec![0.0; dimensions],
            _ => {
                let mut row = source.normals(dimensions);
                row[0] += 2.0;
                if !normalize(&mut row) {
                    row.fill(0.0);
                }
                row
            }
        };
        rows.extend(next);
    }
    let limits = Limits {
        block_rows: source.bits().is_multiple_of(2).then_some(2048),
        candidates: [1 << 18, 1 << 25][pick(&mut source, 0, 2)],
        area: [1e6, 2e11][pick(&mut source, 0, 2)],
    };
    #[expect(clippy::cast_possible_truncation, reason = "a threshold")]
    let threshold = threshold as f32;
    let case = format!("{count} x {dimensions} at {threshold}, {limits:?}");
    same_pairs(engine, &Flat::new(&rows, dimensions), threshold, limits, &case)
}

/// What happens where a GPU has little memory, and none: less at a time, and the CPU.
fn hunger(seed: u64) -> Result<String, String> {
    let dimensions = 512;
    let rows = Source::new(seed).normals(20_000 * dimensions);
    let projection = Projection::new(dimensions, 256, seed).map_err(|error| error.to_string())?;
    let hash = SignHash::new(projection, None).map_err(|error| error.to_string())?;
    let expected = hash.signatures(&rows, 4);
    let mut said = Vec::new();
    for left in [24 << 20, 0] {
        let engine = Engine::open(Choice::Cuda(None), 2).map_err(|error| error.to_string())?;
        let taken = super::gpu::take_memory(left).map_err(|error| error.to_string())?;
        let found = engine.signatures(&hash, &rows);
        compare(&expected, &found, &format!("with {left} bytes of memory"))?;
        drop(taken);
        let notes = engine.take_notes();
        if left == 0 && notes.is_empty() {
            return Err("a GPU without memory was not noticed".to_owned());
        }
        said.extend(notes);
    }
    Ok(format!("short of memory: {said:?}"))
}

/// Vectors like those of embeddings, for which prefixes exclude much, and a little.
fn spectra(engine: &Engine, seed: u64, count: usize) -> Result<usize, String> {
    let mut found = 0;
    // isotropic vectors keep most of their length out of any prefix
    for (dimensions, threshold) in [(150, 0.9), (250, 0.95), (900, 0.8)] {
        let mut source = Source::new(seed);
        let mut rows: Vec<f32> = (0..2500).flat_map(|_| source.unit(dimensions)).collect();
        for from in 0..400 {
            let original = rows[from * dimensions..][..dimensions].to_vec();
            rows.extend(source.near(&original, threshold + 1e-6 * (from as f64 - 200.0)));
        }
        #[expect(clippy::cast_possible_truncation, reason = "a threshold")]
        let threshold = threshold as f32;
        let case = format!("isotropic vectors of {dimensions} at {threshold}");
        let flat = Flat::new(&rows, dimensions);
        found += same_pairs(engine, &flat, threshold, Limits::default(), &case)?;
    }
    for (dimensions, threshold) in [(768, 0.95), (384, 0.9), (200, 0.85), (768, 0.55)] {
        let corpus = Corpus::new(count, 500, dimensions, seed);
        let case = format!("a corpus of {dimensions} at {threshold}");
        found += same_pairs(engine, &corpus, threshold, Limits::default(), &case)?;
    }
    Ok(found)
}

fn same_pairs(
    engine: &Engine,
    rows: &dyn Rows,
    threshold: f32,
    limits: Limits,
    case: &str,
) -> Result<usize, String> {
    let (mut expected, mut found): (Vec<Pair>, Vec<Pair>) = (Vec::new(), Vec::new());
    exact_pairs(rows, threshold, 8, |pair| expected.push(pair)).map_err(|e| e.to_string())?;
    let searched = engine.pairs_with(rows, threshold, limits, |pair| found.push(pair));
    searched.map_err(|error| error.to_string())?;
    if expected == found {
        return Ok(found.len());
    }
    let missing = expected.iter().find(|pair| !found.contains(pair));
    let extra = found.iter().find(|pair| !expected.contains(pair));
    Err(format!(
        "{case}: {} pairs, not {}; missing {missing:?}, extra {extra:?}",
        found.len(),
        expected.len()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gpus_give_what_the_cpu_gives() {
        match parity(1, 40, false).unwrap() {
            Some(done) => println!("{done}"),
            None => println!("skipped: {:?}", crate::vectors::devices().without_cuda),
        }
    }

    #[test]
    fn the_committed_ptx_is_of_the_sources_here() {
        let mark = program::committed_ptx().lines().next().unwrap();
        let wanted = program::baseline_mark((0, 0));
        assert_eq!(mark.split(' ').nth(1), wanted.split(' ').nth(1), "make it again: gpu ptx");
        match baseline().unwrap() {
            Some(done) => println!("{done}"),
            None => println!("skipped: NVRTC is not installed"),
        }
    }
}
