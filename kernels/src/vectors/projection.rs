//! Random directions: the sign of a vector along each is one bit of its signature.

use super::bf16;
use super::made::{Source, mix};

/// Bits of a signature at most.
pub const BITS_MAX: usize = 512;
/// Components of a vector at most.
pub const DIMENSIONS_MAX: usize = 1 << 16;

/// Why a projection makes no sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProjectionError {
    /// Bits that are no multiple of 64, or too few or many.
    #[error("signatures of {0} bits make no sense: choose a multiple of 64 from 64 to {BITS_MAX}")]
    Bits(usize),
    /// No components, or too many.
    #[error("vectors of {0} dimensions make no sense: 1 to {DIMENSIONS_MAX} are possible")]
    Dimensions(usize),
    /// A mean vector of another length.
    #[error("the mean has {found} dimensions, the vectors {dimensions}")]
    Mean {
        /// Components of the mean.
        found: usize,
        /// Components of the vectors.
        dimensions: usize,
    },
}

/// Directions with normal components, rounded to bfloat16.
///
/// Normal components make the direction uniform over the sphere, which is what the formula of
/// recall rests on; rounding changes each by one part in 512 at most. A direction depends on the
/// seed and its own number only: the first 128 of 256 are those of a projection to 128 bits.
#[derive(Clone, Debug, PartialEq)]
pub struct Projection {
    dimensions: usize,
    bits: usize,
    seed: u64,
    /// Direction after direction.
    components: Vec<u16>,
    /// Their lengths.
    lengths: Vec<f64>,
}

impl Projection {
    /// `bits` directions (a multiple of 64 up to 512) in `dimensions` dimensions.
    pub fn new(dimensions: usize, bits: usize, seed: u64) -> Result<Self, ProjectionError> {
        if bits == 0 || bits > BITS_MAX || !bits.is_multiple_of(64) {
            return Err(ProjectionError::Bits(bits));
        }
        if dimensions == 0 || dimensions > DIMENSIONS_MAX {
            return Err(ProjectionError::Dimensions(dimensions));
        }
        let mut components = Vec::with_capacity(bits * dimensions);
        for bit in 0..bits as u64 {
            let mut source = Source::new(mix(seed ^ mix(bit + 1)));
            components.extend(source.normals(dimensions).into_iter().map(bf16::round));
        }
        let lengths = components.chunks_exact(dimensions).map(length).collect();
        Ok(Self { dimensions, bits, seed, components, lengths })
    }

    /// Components of a vector.
    pub fn dimensions(&self) -> usize {
        self.dimensions
    }

    /// Bits of a signature.
    pub fn bits(&self) -> usize {
        self.bits
    }

    /// What it was made from.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// The directions one after the other, `bits * dimensions` bfloat16 numbers.
    pub fn components(&self) -> &[u16] {
        &self.components
    }

    /// The components of one direction; empty where there is none.
    pub fn direction(&self, bit: usize) -> &[u16] {
        self.components.chunks_exact(self.dimensions).nth(bit).unwrap_or_default()
    }

    /// The length of each direction, to within a part in 10^12.
    pub fn lengths(&self) -> &[f64] {
        &self.lengths
    }
}

fn length(components: &[u16]) -> f64 {
    components.iter().map(|bits| f64::from(bf16::widen(*bits)).powi(2)).sum::<f64>().sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use xxhash_rust::xxh3::xxh3_64;

    #[test]
    fn shapes_that_make_no_sense_are_refused() {
        for bits in [0, 32, 100, 576] {
            assert_eq!(Projection::new(8, bits, 0), Err(ProjectionError::Bits(bits)));
        }
        assert_eq!(Projection::new(0, 64, 0), Err(ProjectionError::Dimensions(0)));
    }

    #[test]
    fn fewer_bits_are_the_first_ones() {
        let (short, long) =
            (Projection::new(77, 64, 5).unwrap(), Projection::new(77, 256, 5).unwrap());
        assert_eq!(short.components(), &long.components()[..64 * 77]);
        assert_ne!(short.components(), Projection::new(77, 64, 6).unwrap().components());
        assert_eq!(long.direction(3), &long.components()[3 * 77..4 * 77]);
        assert!(long.direction(256).is_empty());
    }

    #[test]
    fn entries_are_pinned() {
        let projection = Projection::new(768, 256, 42).unwrap();
        let bytes: Vec<u8> =
            projection.components().iter().flat_map(|bits| bits.to_le_bytes()).collect();
        assert_eq!(xxh3_64(&bytes), PINNED);
    }
    const PINNED: u64 = 3_355_872_377_128_103_425;
}
