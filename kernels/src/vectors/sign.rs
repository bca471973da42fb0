//! Signatures of vectors: on which side of random hyperplanes each one lies.
//!
//! **Definition.** Bit `j` of the signature of `x` says whether `b(x) . r_j >= t_j`, where `b`
//! rounds each component to bfloat16, `r_j` is direction `j` of the projection, and `t_j` is 0, or
//! `mean . r_j` rounded to `f32` where a mean is taken off. The product is the exact one, of real
//! numbers: nothing about the order or width of a sum is part of the definition, so a signature is
//! the same on every machine and device. Charikar 2002: two vectors at the angle `a` differ in each
//! bit with the chance `a / pi`.
//!
//! **How.** Products are computed fast, in `f32`. One that is within a proven bound of `t_j` says
//! nothing about the side, so that bit is computed again: as a sum of `f64` (products of bfloat16
//! numbers are exact in it) with its own bound, and, where that too is undecided, with a sum
//! without error.
//!
//! **The mean.** Taking the mean off before rounding would change the vectors, so it is folded into
//! the thresholds: `(x - m) . r >= 0` is `x . r >= m . r`. Centring spreads vectors that all point
//! the same way over more buckets, but the formula of recall then holds for the cosine of the
//! *centred* vectors, which is smaller than that of the vectors themselves.

use minhash_lsh::{Level, for_every_level};

use super::bf16;
use super::exact_sign::exceeds;
use super::parallel;
use super::product::{Panels, Shape, product_bound, tiles};
use super::projection::{Projection, ProjectionError};
use super::unit::squared_length;

/// Rows that one thread takes at a time.
const BLOCK: usize = 1 << 12;

/// How vectors become signatures.
#[derive(Debug)]
pub struct SignHash {
    projection: Projection,
    mean: Option<Vec<f32>>,
    thresholds: Vec<f32>,
}

/// The signatures of some rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Signatures {
    /// `bits / 64` words a row; bit `j` is bit `j % 64` of word `j / 64`.
    pub words: Vec<u64>,
    /// Bits that were too near their border for the fast product and were computed again. It
    /// depends on the device; the words do not.
    pub recomputed: u64,
}

impl Signatures {
    /// Adds those of the rows that follow.
    pub(crate) fn append(&mut self, more: Self) {
        self.words.extend(more.words);
        self.recomputed += more.recomputed;
    }
}

/// Rows in either precision.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Part<'a> {
    /// `f32`.
    Floats(&'a [f32]),
    /// bfloat16.
    Halves(&'a [u16]),
}

/// What a fast product must reach for its bit to be certain.
#[derive(Clone, Debug)]
pub(crate) struct Borders {
    /// At or above: 1.
    pub(crate) high: Vec<f32>,
    /// Below: 0.
    pub(crate) low: Vec<f32>,
}

impl SignHash {
    /// Signatures along `projection`, of vectors from which `mean` is taken off first.
    pub fn new(projection: Projection, mean: Option<Vec<f32>>) -> Result<Self, ProjectionError> {
        let dimensions = projection.dimensions();
        let thresholds = match &mean {
            None => vec![0.0; projection.bits()],
            Some(mean) if mean.len() == dimensions => {
                let directions = projection.components().chunks_exact(dimensions);
                directions.map(|direction| threshold(mean, direction)).collect()
            }
            Some(mean) => return Err(ProjectionError::Mean { found: mean.len(), dimensions }),
        };
        Ok(Self { projection, mean, thresholds })
    }

    /// The directions.
    pub fn projection(&self) -> &Projection {
        &self.projection
    }

    /// What is taken off the vectors.
    pub fn mean(&self) -> Option<&[f32]> {
        self.mean.as_deref()
    }

    /// `t_j` of the definition.
    pub fn thresholds(&self) -> &[f32] {
        &self.thresholds
    }

    /// The signatures of `rows` (row-major; a last part of a row is left out), on `threads` threads
    /// of the CPU. Rows need not have unit length.
    pub fn signatures(&self, rows: &[f32], threads: usize) -> Signatures {
        self.signatures_at(Level::detect(), rows, threads)
    }

    /// Those of rows in either precision.
    pub(crate) fn signatures_of(&self, rows: Part<'_>, threads: usize) -> Signatures {
        match rows {
            Part::Floats(rows) => self.signatures(rows, threads),
            Part::Halves(rows) => {
                let rows: Vec<f32> = rows.iter().map(|bits| bf16::widen(*bits)).collect();
                self.signatures(&rows, threads)
            }
        }
    }

    pub(crate) fn signatures_at(&self, level: Level, rows: &[f32], threads: usize) -> Signatures {
        let shape = Shape::of(level);
        let dimensions = self.projection.dimensions();
        let mut directions = Panels::default();
        let widened: Vec<f32> =
            self.projection.components().iter().map(|bits| bf16::widen(*bits)).collect();
        directions.pack(&widened, dimensions, shape.right(), |value| value);
        let blocks = (rows.len() / dimensions).div_ceil(BLOCK);
        let mut all = Signatures::default();
        all.words.reserve(rows.len() / dimensions * self.projection.bits() / 64);
        let block = |number: usize| {
            let from = number * BLOCK * dimensions;
            let to = rows.len().min(from + BLOCK * dimensions);
            self.block(level, shape, &rows[from..to], &directions)
        };
        parallel::in_order(blocks, threads, block, |part| all.append(part));
        all
    }

    fn block(&self, level: Level, shape: Shape, rows: &[f32], directions: &Panels) -> Signatures {
        let dimensions = self.projection.dimensions();
        let words = self.projection.bits() / 64;
        let mut signatures = Signatures::default();
        let mut panels = Panels::default();
        for rows in rows.chunks(shape.left_block(dimensions) * dimensions) {
            let count = rows.len() / dimensions;
            let rows = &rows[..count * dimensions];
            let longest = rows.chunks_exact(dimensions).map(rounded_length).fold(0.0, f64::max);
            let borders = self.borders(longest, product_bound(dimensions));
            panels.pack(rows, dimensions, shape.left(), rounded);
            let start = signatures.words.len();
            signatures.words.resize(start + count * words, 0);
            let here = &mut signatures.words[start..];
            let mut near = Vec::new();
            tiles(shape, &panels, directions, |row, bit, tile| {
                let width = shape.right();
                for (row, products) in (row..count).zip(tile.chunks_exact(width)) {
                    let mut sides = Sides::default();
                    let (high, low) = (&borders.high[bit..], &borders.low[bit..]);
                    compare(level, products, &high[..width], &low[..width], &mut sides);
                    here[row * words + bit / 64] |= u64::from(sides.ones) << (bit % 64);
                    if sides.near != 0 {
                        near.push((row, bit, sides.near));
                    }
                }
            });
            for (row, bit, mask) in near {
                let row_floats = &rows[row * dimensions..][..dimensions];
                for bit in (0..32).filter(|lane| mask >> lane & 1 == 1).map(|lane| bit + lane) {
                    signatures.recomputed += 1;
                    let one = self.exact_bit(row_floats, bit);
                    here[row * words + bit / 64] |= u64::from(one) << (bit % 64);
                }
            }
        }
        signatures
    }

    /// Bit `bit` of the signature of `row`, by the definition.
    pub fn exact_bit(&self, row: &[f32], bit: usize) -> bool {
        exceeds(row, self.projection.direction(bit), self.thresholds[bit])
    }

    /// The borders for products of rows no longer than `longest` that are off by `share` of the
    /// lengths at most.
    pub(crate) fn borders(&self, longest: f64, share: f64) -> Borders {
        let pairs = self.thresholds.iter().zip(self.projection.lengths());
        let (high, low) = pairs
            .map(|(threshold, length)| {
                // the last factor covers the rounding of the lengths; the last term what is lost
                // below the smallest normal number
                let scale = longest * length * (1.0 + 1e-9);
                let error = scale * share + 65_536.0 * 2.0_f64.powi(-148);
                // products beyond this may overflow on the way
                let error = if scale < 2.0_f64.powi(120) { error } else { f64::INFINITY };
                let threshold = f64::from(*threshold);
                #[expect(clippy::cast_possible_truncation, reason = "stepped past the rounding")]
                let borders = ((threshold + error) as f32, (threshold - error) as f32);
                (borders.0.next_up(), borders.1.next_down())
            })
            .unzip();
        Borders { high, low }
    }
}

fn rounded(value: f32) -> f32 {
    bf16::widen(bf16::round(value))
}

/// At least the length of `row` rounded to bfloat16.
fn rounded_length(row: &[f32]) -> f64 {
    let squares = squared_length(row);
    if squares.is_finite() {
        // rounding adds one part in 256 to a component at most, and less than 2^-133 to a tiny one
        squares.sqrt() * (1.0 + 2.0_f64.powi(-7)) + 2.0_f64.powi(-120)
    } else {
        f64::INFINITY
    }
}

/// `mean . direction` in one order.
fn threshold(mean: &[f32], direction: &[u16]) -> f32 {
    let pairs = mean.iter().zip(direction);
    let sum: f64 = pairs.map(|(m, r)| f64::from(*m) * f64::from(bf16::widen(*r))).sum();
    #[expect(clippy::cast_possible_truncation, reason = "the definition rounds here")]
    let threshold = sum as f32;
    if threshold.is_finite() { threshold } else { 0.0 }
}

/// Which of up to 32 products are on the upper side, and which too near to say.
#[derive(Default)]
struct Sides {
    ones: u32,
    near: u32,
}

for_every_level! {
    fn compare = compare_body(products: &[f32], high: &[f32], low: &[f32], sides: &mut Sides)
}

#[expect(clippy::inline_always, reason = "each vector width needs its own copy")]
#[inline(always)]
fn compare_body(products: &[f32], high: &[f32], low: &[f32], sides: &mut Sides) {
    let (mut ones, mut zeros, mut all) = (0, 0, 0);
    for (lane, ((product, high), low)) in products.iter().zip(high).zip(low).enumerate() {
        ones |= u32::from(product >= high) << lane;
        zeros |= u32::from(product < low) << lane;
        all |= 1 << lane;
    }
    // one that is not a number is on neither side
    *sides = Sides { ones, near: all & !(ones | zeros) };
}
