//! How many bands of how many rows, and what share of pairs they catch.

/// Slots that a banding chosen for a threshold uses at most.
const SLOTS: u16 = 112;
/// Share of pairs right at the threshold that a chosen banding catches at least.
const CAUGHT: f64 = 0.92;
/// Slots above which a banding is taken for a mistake.
const SLOTS_MAX: u16 = 4096;

/// A number of bands and of rows in each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Banding {
    bands: u16,
    rows: u16,
}

/// Why bands, rows or a threshold make no sense.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum BandingError {
    /// No bands or no rows.
    #[error("there must be at least one band of one row")]
    Nothing,
    /// Too many slots.
    #[error("{bands} bands of {rows} rows are more than {SLOTS_MAX} slots")]
    TooMany {
        /// Bands asked for.
        bands: usize,
        /// Rows asked for.
        rows: usize,
    },
    /// A threshold outside what the curve can serve.
    #[error("a similarity threshold of {0} makes no sense: choose one from 0.3 to 1")]
    Threshold(f64),
    /// The curve and the threshold do not fit together.
    #[error(
        "{bands} bands of {rows} rows catch only {:.1} % of pairs at the threshold of {threshold}: take more bands or fewer rows", caught * 100.0
    )]
    Misses {
        /// Bands asked for.
        bands: usize,
        /// Rows asked for.
        rows: usize,
        /// The threshold.
        threshold: f64,
        /// Share caught.
        caught: f64,
    },
}

impl Banding {
    /// `bands` bands of `rows` rows.
    ///
    /// # Errors
    ///
    /// When either is 0, and when there are more than 4,096 slots.
    pub fn new(bands: usize, rows: usize) -> Result<Self, BandingError> {
        if bands == 0 || rows == 0 {
            return Err(BandingError::Nothing);
        }
        let too_many = BandingError::TooMany { bands, rows };
        let (Ok(bands), Ok(rows)) = (u16::try_from(bands), u16::try_from(rows)) else {
            return Err(too_many);
        };
        let slots = bands.checked_mul(rows).filter(|slots| *slots <= SLOTS_MAX);
        slots.map(|_| Self { bands, rows }).ok_or(too_many)
    }

    /// The banding with the most rows, and so the fewest false candidates, that catches at least
    /// 92 % of the pairs right at `threshold` with at most 112 slots; the fewest bands that do.
    ///
    /// # Errors
    ///
    /// When `threshold` is not from 0.3 to 1.
    pub fn for_threshold(threshold: f64) -> Result<Self, BandingError> {
        check_threshold(threshold)?;
        for rows in (1..=16).rev() {
            for bands in 1..=SLOTS / rows {
                let banding = Self { bands, rows };
                if banding.candidate_probability(threshold) >= CAUGHT {
                    return Ok(banding);
                }
            }
        }
        Err(BandingError::Threshold(threshold))
    }

    /// That this banding catches half of the pairs at `threshold` or more.
    ///
    /// # Errors
    ///
    /// When it does not, and when `threshold` is not from 0.3 to 1.
    pub fn check(self, threshold: f64) -> Result<(), BandingError> {
        check_threshold(threshold)?;
        let caught = self.candidate_probability(threshold);
        if caught < 0.5 {
            let (bands, rows) = (self.bands(), self.rows());
            return Err(BandingError::Misses { bands, rows, threshold, caught });
        }
        Ok(())
    }

    /// Bands.
    pub fn bands(self) -> usize {
        usize::from(self.bands)
    }

    /// Rows in each band.
    pub fn rows(self) -> usize {
        usize::from(self.rows)
    }

    /// Slots of a signature.
    pub fn slots(self) -> usize {
        self.bands() * self.rows()
    }

    /// The chance that a pair of this Jaccard similarity (from 0 to 1) shares a bucket, the S-curve
    /// `1 - (1 - s^rows)^bands`.
    pub fn candidate_probability(self, similarity: f64) -> f64 {
        let band = similarity.clamp(0.0, 1.0).powi(i32::from(self.rows));
        1.0 - (1.0 - band).powi(i32::from(self.bands))
    }
}

fn check_threshold(threshold: f64) -> Result<(), BandingError> {
    if (0.3..=1.0).contains(&threshold) { Ok(()) } else { Err(BandingError::Threshold(threshold)) }
}
