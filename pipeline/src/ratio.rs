//! What a sample says of a total: the ratio of two sizes of a document, with its interval.

use serde::{Deserialize, Serialize};

/// Documents of a sample from which on an interval is given.
pub const SAMPLED_MIN: u64 = 10;

/// Sums over the documents of a simple random sample: `x` is known of every document of the
/// corpus, `y` of those of the sample.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sums {
    /// Documents.
    pub n: u64,
    /// Sum of `x`.
    pub x: u64,
    /// Sum of `y`.
    pub y: u64,
    xx: u128,
    xy: u128,
    yy: u128,
}

/// A total with its interval of 95 %.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Total {
    /// The estimate.
    pub value: f64,
    /// The ends of the interval; none where the sample is too small for one.
    pub interval: Option<(f64, f64)>,
}

impl Sums {
    /// Adds a document.
    pub fn add(&mut self, x: u64, y: u64) {
        self.merge(&Self {
            n: 1,
            x,
            y,
            xx: u128::from(x) * u128::from(x),
            xy: u128::from(x) * u128::from(y),
            yy: u128::from(y) * u128::from(y),
        });
    }

    /// Adds the documents of another part of the sample.
    pub fn merge(&mut self, other: &Self) {
        self.n += other.n;
        self.x += other.x;
        self.y += other.y;
        self.xx += other.xx;
        self.xy += other.xy;
        self.yy += other.yy;
    }

    /// `y` for each `x`.
    pub fn ratio(&self) -> Option<f64> {
        (self.x > 0).then(|| self.y as f64 / self.x as f64)
    }

    /// The `y` of `documents` documents whose `x` adds up to `x`, by the ratio estimator with its
    /// usual variance and the finite population correction (Cochran 1977, sections 2.13 and 6.4);
    /// Student's quantile with one degree of freedom less than there are documents.
    pub fn total(&self, documents: u64, x: u64) -> Option<Total> {
        let ratio = self.ratio()?;
        let value = ratio * x as f64;
        if self.n < SAMPLED_MIN {
            return Some(Total { value, interval: None });
        }
        let n = self.n as f64;
        let squares =
            self.yy as f64 - 2.0 * ratio * self.xy as f64 + ratio * ratio * self.xx as f64;
        // the sums are exact, their difference is only as good as a f64
        let variance = squares.max(0.0) / (n - 1.0);
        let left_out = (1.0 - n / documents.max(self.n) as f64).max(0.0);
        let error = x as f64 * n / self.x as f64 * (left_out * variance / n).sqrt();
        let half = student_975(n - 1.0) * error;
        Some(Total { value, interval: Some(((value - half).max(0.0), value + half)) })
    }
}

/// Student's 97.5 % quantile, by the expansion of Cornish and Fisher: right to 0.001 from 9
/// degrees of freedom on.
fn student_975(freedom: f64) -> f64 {
    let z = 1.959_963_984_540_054_f64;
    let (z3, z5, z7) = (z.powi(3), z.powi(5), z.powi(7));
    z + (z3 + z) / (4.0 * freedom)
        + (5.0 * z5 + 16.0 * z3 + 3.0 * z) / (96.0 * freedom.powi(2))
        + (3.0 * z7 + 19.0 * z5 + 17.0 * z3 - 15.0 * z) / (384.0 * freedom.powi(3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_quantile_is_that_of_the_tables() {
        for (freedom, table) in [(9.0, 2.2622), (29.0, 2.0452), (1000.0, 1.9623)] {
            assert!((student_975(freedom) - table).abs() < 1e-3, "{freedom}");
        }
    }

    #[test]
    fn the_interval_is_the_one_of_the_book() {
        let mut sums = Sums::default();
        // x is 1 to 10, y is 2x with 1 more or less in turns: sum of x 55, of y 110
        for x in 1..=10_u64 {
            sums.add(x, if x.is_multiple_of(2) { 2 * x + 1 } else { 2 * x - 1 });
        }
        let total = sums.total(100, 550).unwrap();
        assert!((total.value - 1100.0).abs() < 1e-9);
        // by hand: squares of residuals 10, s2 = 10/9, 1-f = 0.9, mean 5.5:
        // error = 550 / 5.5 * sqrt(0.9 * (10/9) / 10) = 31.623; half = 2.2622 * 31.623 = 71.54
        let (low, high) = total.interval.unwrap();
        assert!((low - 1028.46).abs() < 0.1 && (high - 1171.54).abs() < 0.1, "{low} {high}");
    }

    #[test]
    fn small_samples_have_no_interval_and_whole_ones_no_width() {
        let mut sums = Sums::default();
        assert_eq!(sums.total(9, 100), None);
        for x in 1..10_u64 {
            sums.add(x, x);
        }
        assert_eq!(sums.total(20, 90).unwrap(), Total { value: 90.0, interval: None });
        sums.add(7, 9);
        let (low, high) = sums.total(10, 52).unwrap().interval.unwrap();
        assert!((high - low).abs() < 1e-9);
    }

    #[test]
    fn intervals_hold_what_they_promise() {
        // 2,000 documents of very different sizes; in 400 samples of 100 the interval of 95 %
        // misses at most 40 times (a binomial with p = 0.05 stays below that with 1 - 1e-5)
        let documents: Vec<(u64, u64)> = (0..2000_u64)
            .map(|at| {
                let x = 50 + tamis_kernels::hash64(&at.to_le_bytes()) % 5000;
                let share = 20 + tamis_kernels::hash64(&(at + 9999).to_le_bytes()) % 11;
                (x, x * share / 100)
            })
            .collect();
        let (x, y) = documents.iter().fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
        let mut missed = 0;
        for round in 0..400_u64 {
            let mut ranked: Vec<(u64, usize)> = (0..documents.len())
                .map(|at| {
                    (tamis_kernels::hash64(&[round, at as u64].map(u64::to_le_bytes).concat()), at)
                })
                .collect();
            ranked.sort_unstable();
            let mut sums = Sums::default();
            for (_, at) in &ranked[..100] {
                sums.add(documents[*at].0, documents[*at].1);
            }
            let (low, high) = sums.total(2000, x).unwrap().interval.unwrap();
            missed += u32::from(!(low..=high).contains(&(y as f64)));
        }
        assert!((4..=40).contains(&missed), "{missed}");
    }
}
