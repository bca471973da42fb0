//! The confidence sequence of the token rate where tokens were drawn.
//!
//! Documents come with chances that are their shares of the bytes not drawn yet. Under a token rate
//! the chance that the next document is defective is then known, also when large documents are
//! gone; the prior-posterior ratio of [`super::sequence`] goes on with these chances.

use super::bisect::crossing;
use super::sequence::{log_marginal, sequence};
use super::walk::{Draw, Step, Totals, Walk};
use crate::model::Unit;
use crate::summary::Interval;

/// Estimate of the token rate and its interval at level `1 - alpha`, from documents that were drawn
/// by tokens. Without the frame's bytes, tokens count as independent.
pub fn token_rate(
    draws: &[Draw],
    totals: Totals,
    prior: (f64, f64),
    alpha: f64,
) -> (f64, Interval) {
    let n = draws.len() as u64;
    let count = draws.iter().filter(|(bad, _)| *bad).count() as u64;
    let share = if n == 0 { 0.0 } else { count as f64 / n as f64 };
    let Some(walk) = Walk::new(draws, totals, Unit::Token, Unit::Token).filter(|_| n > 0) else {
        return (share, sequence(count, n, None, prior, alpha));
    };
    let estimate = share.clamp(walk.least, walk.most);
    let chances = Chances::new(&walk);
    let limit = log_marginal(count, n, prior) + alpha.ln();
    let excess = |p: f64| limit - chances.log_likelihood(p);
    let mut inside = estimate;
    if excess(inside) >= 0.0 {
        inside = chances.likeliest(walk.least, walk.most);
        // where even the likeliest rate is excluded, sizes are not those of the frame
        if excess(inside) >= 0.0 {
            return (estimate, Interval { low: 0.0, high: 1.0 });
        }
    }
    let low = crossing(inside, walk.least, excess);
    let high = crossing(inside, walk.most, excess);
    (estimate, Interval { low: low.min(estimate), high: high.max(estimate) })
}

/// The chance of each verdict that was given is `start + slope * p` under the rate `p`.
struct Chances(Vec<(f64, f64)>);

impl Chances {
    fn new(walk: &Walk) -> Self {
        let line = |step: &Step| {
            if step.bad {
                (-step.past_bad, step.all)
            } else {
                (step.all - step.past_good, -step.all)
            }
        };
        Self(walk.steps.iter().map(line).collect())
    }

    /// The log of a product of many chances, with one logarithm for each sixteen.
    fn log_likelihood(&self, p: f64) -> f64 {
        let (mut sum, mut least) = (0.0, 1.0_f64);
        for lines in self.0.chunks(16) {
            let mut product = 1.0;
            for (start, slope) in lines {
                let chance = start + slope * p;
                least = least.min(chance);
                product *= chance;
            }
            sum += product.ln();
        }
        // nothing was left of what was drawn: the rate is refuted
        if least <= 0.0 { f64::NEG_INFINITY } else { sum }
    }

    /// Where the likelihood has its peak, by golden sections; it is log-concave in the rate.
    fn likeliest(&self, mut low: f64, mut high: f64) -> f64 {
        let golden = 0.618_033_988_75;
        for _ in 0..40 {
            let (left, right) = (high - golden * (high - low), low + golden * (high - low));
            if self.log_likelihood(left) < self.log_likelihood(right) {
                low = left;
            } else {
                high = right;
            }
        }
        f64::midpoint(low, high)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::sequence::PRIOR;
    use crate::stats::testing::{HeavyFrame, Random};

    #[test]
    fn equal_sizes_are_the_finite_frame() {
        let draws: Vec<Draw> = (0..60).map(|place| (place % 20 == 3, 100)).collect();
        let totals = Totals { documents: Some(200), size: Some(20_000), size_max: Some(100) };
        let (estimate, interval) = token_rate(&draws, totals, PRIOR, 0.05);
        let finite = sequence(3, 60, Some(200), PRIOR, 0.05);
        assert!((estimate - 0.05).abs() < 1e-12);
        // the finite frame rounds to whole documents
        assert!(interval.low <= finite.low && finite.low - interval.low < 1.0 / 200.0);
        assert!(interval.high >= finite.high && interval.high - finite.high < 1.0 / 200.0);
    }

    #[test]
    fn a_huge_frame_is_the_independent_form() {
        let draws: Vec<Draw> = (0..120).map(|place| (place % 40 == 0, 1 + place)).collect();
        let totals = Totals { documents: None, size: Some(1 << 50), size_max: None };
        let interval = token_rate(&draws, totals, PRIOR, 0.05).1;
        let endless = sequence(3, 120, None, PRIOR, 0.05);
        assert!((interval.low - endless.low).abs() < 1e-6);
        assert!((interval.high - endless.high).abs() < 1e-6);
    }

    #[test]
    fn the_truth_leaves_it_in_at_most_one_run_of_twenty() {
        let runs = 300;
        let mut left = 0;
        for seed in 0..runs {
            let mut random = Random::new(seed);
            let frame =
                HeavyFrame::new(&mut random, 300, |rank| if rank < 0.1 { 0.3 } else { 0.03 });
            let draws = frame.draw_by_size(&mut random);
            let truth = frame.token_rate();
            let mut out = false;
            // any ratio above the limit at any time is an exclusion
            for n in 1..=draws.len() {
                let part = &draws[..n];
                let walk = Walk::new(part, frame.totals(), Unit::Token, Unit::Token).unwrap();
                let count = part.iter().filter(|(bad, _)| *bad).count() as u64;
                let ratio = log_marginal(count, n as u64, PRIOR)
                    - Chances::new(&walk).log_likelihood(truth);
                // at the very end rounding makes an impossible chance of a certain one
                out |= n + 5 < draws.len() && ratio >= 20_f64.ln();
            }
            left += u64::from(out);
            let whole = token_rate(&draws, frame.totals(), PRIOR, 0.05);
            assert!((whole.1.low - truth).abs() < 1e-6 && (whole.1.high - truth).abs() < 1e-6);
            assert!((whole.0 - truth).abs() < 1e-6);
        }
        assert!(left * 20 <= runs, "{left} of {runs}");
    }
}
