//! The confidence sequence of a share: an interval that holds at all times at once.
//!
//! Prior-posterior-ratio form of Waudby-Smith and Ramdas (*Confidence sequences for sampling
//! without replacement*, 2020): a share is kept while prior over posterior at it is below
//! 1/alpha. Any prior that was fixed before the first look keeps the promise.

use statrs::function::beta::ln_beta;
use statrs::function::gamma::ln_gamma;

use super::bisect::{crossing, first};
use crate::summary::Interval;

/// Beta(1/2, 5): narrow where defects are rare.
pub const PRIOR: (f64, f64) = (0.5, 5.0);

/// Up to this frame the finite form is used always: its logarithms are right to nine digits.
const SMALL_FRAME: u64 = 1 << 20;

/// Above this share of a frame the finite form is used whatever the frame's size.
const LARGE_SHARE: u64 = 20;

/// The interval of a share after `count` of `n` at level `1 - alpha`.
///
/// `frame` is the number of documents that the sample is drawn from without replacement; where it
/// is known and small, or a twentieth of it was seen, the interval is that of the finite frame and
/// collapses to the truth when all of it was seen. Else documents count as independent.
pub fn sequence(count: u64, n: u64, frame: Option<u64>, prior: (f64, f64), alpha: f64) -> Interval {
    let count = count.min(n);
    match frame {
        Some(frame) if is_finite(n, frame) => {
            let model = Finite::new(count, n, frame, prior);
            Interval { low: model.low(alpha), high: model.high(alpha) }
        }
        _ if n == 0 => Interval { low: 0.0, high: 1.0 },
        _ => {
            let model = Binomial::new(count, n, prior, alpha);
            Interval { low: model.end(0.0), high: model.end(1.0) }
        }
    }
}

/// Upper end of [`sequence`] alone, for forecasts.
pub fn upper(count: u64, n: u64, frame: Option<u64>, prior: (f64, f64), alpha: f64) -> f64 {
    let count = count.min(n);
    match frame {
        Some(frame) if is_finite(n, frame) => Finite::new(count, n, frame, prior).high(alpha),
        _ if n == 0 => 1.0,
        _ => Binomial::new(count, n, prior, alpha).end(1.0),
    }
}

/// Whether a frame is counted as finite: it is small, or a good part of it was seen.
fn is_finite(n: u64, frame: u64) -> bool {
    frame > 0 && frame >= n && (frame <= SMALL_FRAME || n > frame / LARGE_SHARE)
}

/// Logarithm of prior over posterior at the share `p` of independent documents.
pub fn log_ratio(count: u64, n: u64, p: f64, prior: (f64, f64)) -> f64 {
    log_marginal(count, n, prior) - log_likelihood(count, n, p)
}

/// Logarithm of prior over posterior at `bad` defects among `frame` documents, of which `n` were
/// drawn without replacement.
pub fn log_ratio_finite(count: u64, n: u64, bad: u64, frame: u64, prior: (f64, f64)) -> f64 {
    Finite::new(count, n, frame, prior).log_ratio(bad)
}

/// Logarithm of the chance of one order of `count` in `n` under the prior.
pub(crate) fn log_marginal(count: u64, n: u64, (a, b): (f64, f64)) -> f64 {
    let (count, good) = (count as f64, (n - count) as f64);
    ln_beta(a + count, b + good) - ln_beta(a, b)
}

fn log_likelihood(count: u64, n: u64, p: f64) -> f64 {
    // a power of zero is one where nothing is to be explained
    let term = |times: u64, chance: f64| {
        if times == 0 { 0.0 } else { times as f64 * chance.ln() }
    };
    term(count, p) + term(n - count, 1.0 - p)
}

/// Independent documents.
struct Binomial {
    count: u64,
    n: u64,
    /// The log likelihood of shares that are kept is above this.
    limit: f64,
}

impl Binomial {
    fn new(count: u64, n: u64, prior: (f64, f64), alpha: f64) -> Self {
        Self { count, n, limit: log_marginal(count, n, prior) + alpha.ln() }
    }

    /// The end of the interval towards `side`.
    fn end(&self, side: f64) -> f64 {
        let peak = self.count as f64 / self.n as f64;
        crossing(peak, side, |p| self.limit - log_likelihood(self.count, self.n, p))
    }
}

/// Likelihoods of numbers of defects in a finite frame.
struct Finite {
    count: u64,
    good: u64,
    frame: u64,
    constant: f64,
}

impl Finite {
    fn new(count: u64, n: u64, frame: u64, prior: (f64, f64)) -> Self {
        let orders = ln_gamma(frame as f64 + 1.0) - ln_gamma((frame - n) as f64 + 1.0);
        Self { count, good: n - count, frame, constant: log_marginal(count, n, prior) + orders }
    }

    /// Infinite where `bad` contradicts what was seen.
    fn log_ratio(&self, bad: u64) -> f64 {
        if bad < self.count || bad > self.most() {
            return f64::INFINITY;
        }
        let falling = |from: u64, times: u64| {
            if times == 0 {
                return 0.0;
            }
            ln_gamma(from as f64 + 1.0) - ln_gamma((from - times) as f64 + 1.0)
        };
        self.constant - falling(bad, self.count) - falling(self.frame - bad, self.good)
    }

    fn most(&self) -> u64 {
        self.frame - self.good
    }

    /// The likeliest number of defects in the frame: floor of `count * (frame + 1) / n`.
    fn peak(&self) -> u64 {
        let n = u128::from(self.count + self.good);
        let peak = u128::from(self.count) * (u128::from(self.frame) + 1);
        let peak = u64::try_from(peak.checked_div(n).unwrap_or(0)).unwrap_or(self.frame);
        peak.clamp(self.count, self.most())
    }

    fn low(&self, alpha: f64) -> f64 {
        let peak = self.peak();
        let low = first(self.count, peak, |bad| self.log_ratio(bad) < -alpha.ln());
        low.unwrap_or(peak) as f64 / self.frame as f64
    }

    fn high(&self, alpha: f64) -> f64 {
        let (peak, most) = (self.peak(), self.most());
        let down = first(0, most - peak, |down| self.log_ratio(most - down) < -alpha.ln());
        down.map_or(peak, |down| most - down) as f64 / self.frame as f64
    }
}

#[cfg(test)]
#[path = "sequence_tests.rs"]
mod tests;
