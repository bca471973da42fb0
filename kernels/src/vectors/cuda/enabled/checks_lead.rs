//! That GPUs decide who stays as a plain loop over all pairs does.

use std::io;

use super::Limits;
use crate::vectors::made::Source;
use crate::vectors::{Choice, Engine, Flat, Leader, Pair, Rows, exact_pairs, normalize};

/// Decides by what it is told, by an order of its own for some rows, and remembers it.
#[derive(Default)]
struct Judge {
    /// Rows of the same class must not go for each other; 0 where all may.
    classes: usize,
    /// Every so many-th row goes for reasons of its own.
    own: usize,
    gone: Vec<bool>,
    said: Vec<(usize, Option<(usize, u32)>)>,
    asked: Vec<usize>,
    near: Vec<(usize, usize, u32)>,
}

impl Judge {
    fn new(classes: usize, own: usize) -> Self {
        Self { classes, own, ..Self::default() }
    }

    /// Asks for every so many-th of `count` rows.
    fn asking(mut self, count: usize, step: usize) -> Self {
        self.asked = (0..count).step_by(step).collect();
        self
    }
}

impl Leader for Judge {
    fn allows(&self, row: usize, center: usize) -> bool {
        self.classes == 0 || row % self.classes != center % self.classes
    }

    fn decide(&mut self, row: usize, center: Option<(usize, f32)>) -> io::Result<bool> {
        if row != self.gone.len() {
            return Err(io::Error::other(format!("{row} after {}", self.gone.len())));
        }
        let stays = center.is_none() && row % self.own != self.own - 1;
        self.gone.push(!stays);
        self.said.push((row, center.map(|(center, cosine)| (center, cosine.to_bits()))));
        Ok(stays)
    }

    fn asked(&self) -> &[usize] {
        &self.asked
    }

    fn near(&mut self, asked: usize, row: usize, cosine: f32) {
        self.near.push((asked, row, cosine.to_bits()));
    }
}

/// The definition, by the list of all pairs.
fn plainly(rows: &dyn Rows, threshold: f32, judge: &mut Judge) -> Result<(), String> {
    let mut pairs: Vec<Pair> = Vec::new();
    exact_pairs(rows, threshold, 4, |pair| pairs.push(pair)).map_err(|error| error.to_string())?;
    pairs.sort_by_key(|pair| (pair.right, pair.left));
    for pair in &pairs {
        for (one, other) in [(pair.left, pair.right), (pair.right, pair.left)] {
            if judge.asked.contains(&one) {
                judge.near.push((one, other, pair.cosine.to_bits()));
            }
        }
    }
    let mut pairs = pairs.into_iter().peekable();
    for row in 0..rows.count() {
        let mut center = None;
        while let Some(pair) = pairs.next_if(|pair| pair.right == row) {
            if center.is_none() && !judge.gone[pair.left] && judge.allows(row, pair.left) {
                center = Some((pair.left, pair.cosine));
            }
        }
        judge.decide(row, center).map_err(|error| error.to_string())?;
    }
    Ok(())
}

/// Checks a random case; gives how many rows went for another.
pub(super) fn lead(engine: &Engine, seed: u64) -> Result<usize, String> {
    let mut source = Source::new(seed);
    let mut pick = |from: usize, to: usize| {
        from + usize::try_from(source.bits() % (to - from) as u64).unwrap_or(0)
    };
    let (dimensions, count, classes) = (pick(2, 300), pick(1, 6000), pick(0, 4));
    let (own, crowd) = (pick(2, 60), pick(1, 5));
    let (limited, few, same) = (pick(0, 2) == 0, pick(0, 2) == 0, pick(0, 4) == 0);
    let threshold = 0.8 + 0.19 * source.uniform();
    let mut rows: Vec<f32> = Vec::with_capacity(count * dimensions);
    for number in 0..count {
        let next = match source.bits() % 6 {
            _ if number == 0 => source.unit(dimensions),
            // chains, stars and crowds of equal ones
            kind if kind < crowd as u64 => {
                let from = usize::try_from(source.bits() % number as u64).unwrap_or(0);
                let from = if same { from % 3 } else { from };
                let cosine = 1.0 - (1.0 - threshold) * 2.0 * source.uniform();
                source.near(&rows[from * dimensions..][..dimensions], cosine)
            }
            5 if same => rows[..dimensions].to_vec(),
            _ => {
                let mut row = source.normals(dimensions);
                row[0] += 1.0;
                if !normalize(&mut row) {
                    row.fill(0.0);
                }
                row
            }
        };
        rows.extend(next);
    }
    let limits = Limits {
        block_rows: limited.then_some(2048),
        candidates: if few { 1 << 18 } else { 1 << 25 },
        area: 2e11,
    };
    #[expect(clippy::cast_possible_truncation, reason = "a threshold")]
    let threshold = threshold as f32;
    let rows = Flat::new(&rows, dimensions);
    let judge = || Judge::new(classes, own).asking(count, 97);
    let (mut expected, mut found) = (judge(), judge());
    plainly(&rows, threshold, &mut expected)?;
    let (decided, _) = engine
        .lead_with(&rows, threshold, limits, &mut found)
        .map_err(|error| error.to_string())?;
    let case = format!(
        "{count} x {dimensions} at {threshold}, {classes} classes, {own} own, {limits:?}, same {same}"
    );
    if decided != count || expected.said.len() != found.said.len() {
        return Err(format!("{case}: {decided} decided of {}", expected.said.len()));
    }
    let differs = expected.said.iter().zip(&found.said).find(|(one, other)| one != other);
    if let Some((one, other)) = differs {
        return Err(format!("{case}: decided {other:?}, not {one:?}"));
    }
    for judge in [&mut expected, &mut found] {
        judge.near.sort_unstable();
    }
    if expected.near != found.near {
        let counts = (found.near.len(), expected.near.len());
        return Err(format!("{case}: {counts:?} pairs of rows asked for, found and there"));
    }
    Ok(found.said.iter().filter(|said| said.1.is_some()).count())
}

/// That rows which a GPU without memory leaves are fewer than all, and those decided are right.
pub(super) fn hunger(seed: u64) -> Result<String, String> {
    let dimensions = 64;
    let rows = Source::new(seed).normals(70_000 * dimensions);
    let mut rows: Vec<f32> = rows;
    for row in rows.chunks_exact_mut(dimensions) {
        normalize(row);
    }
    let rows = Flat::new(&rows, dimensions);
    let engine = Engine::open(Choice::Cuda(None), 2).map_err(|error| error.to_string())?;
    let taken = super::gpu::take_memory(0).map_err(|error| error.to_string())?;
    let mut judge = Judge::new(0, 1000);
    let decided = engine.lead(&rows, 0.99, &mut judge).map_err(|error| error.to_string())?;
    drop(taken);
    let notes = engine.take_notes();
    if decided != judge.said.len() || notes.is_empty() {
        return Err(format!("{decided} decided, {} told, notes {notes:?}", judge.said.len()));
    }
    Ok(format!("{decided} of {} decided without memory: {notes:?}", rows.count()))
}
