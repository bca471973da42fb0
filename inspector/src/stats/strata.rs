//! Estimates of a frame from those of its strata.

use crate::summary::Interval;

/// A stratum: its share of the frame, and what is known of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Part {
    /// Share of the frame.
    pub weight: f64,
    /// Estimate in the stratum; none where nothing of it was judged.
    pub estimate: Option<f64>,
    /// Interval in the stratum; `[0, 1]` where nothing of it was judged. With `H` strata each at
    /// level `1 - alpha/H` all hold together at `1 - alpha`.
    pub interval: Interval,
}

/// Weighted estimate over the strata that were judged, and the weighted union bound over all: the
/// frame's share lies between the weighted ends wherever each stratum's lies between its own.
pub fn combine(parts: &[Part]) -> (f64, Interval) {
    let all: f64 = parts.iter().map(|part| part.weight).sum();
    let (mut judged, mut estimate) = (0.0, 0.0);
    let mut interval = Interval { low: 0.0, high: 0.0 };
    for part in parts {
        if let Some(share) = part.estimate {
            judged += part.weight;
            estimate += part.weight * share;
        }
        interval.low += part.weight * part.interval.low;
        interval.high += part.weight * part.interval.high;
    }
    if all <= 0.0 {
        return (0.0, Interval { low: 0.0, high: 1.0 });
    }
    let estimate = if judged > 0.0 { estimate / judged } else { 0.0 };
    let (low, high) = (interval.low / all, (interval.high / all).min(1.0));
    (estimate, Interval { low: low.min(estimate), high: high.max(estimate) })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::stats::sequence::{PRIOR, sequence};
    use crate::stats::testing::Random;

    fn part(weight: f64, estimate: Option<f64>, low: f64, high: f64) -> Part {
        Part { weight, estimate, interval: Interval { low, high } }
    }

    #[test]
    fn weights_count_and_not_the_number_of_labels() {
        let parts = [part(0.9, Some(0.01), 0.0, 0.05), part(0.1, Some(0.5), 0.3, 0.7)];
        let (estimate, interval) = combine(&parts);
        assert!((estimate - 0.059).abs() < 1e-12);
        assert!((interval.low - 0.03).abs() < 1e-12 && (interval.high - 0.115).abs() < 1e-12);
    }

    #[test]
    fn a_stratum_that_nobody_looked_into_may_be_anything() {
        let parts = [part(0.8, Some(0.1), 0.05, 0.2), part(0.2, None, 0.0, 1.0)];
        let (estimate, interval) = combine(&parts);
        assert!((estimate - 0.1).abs() < 1e-12);
        assert!((interval.low - 0.04).abs() < 1e-12 && (interval.high - 0.36).abs() < 1e-12);
        assert_eq!(combine(&[]), (0.0, Interval { low: 0.0, high: 1.0 }));
    }

    #[test]
    fn the_truth_leaves_the_union_in_at_most_one_run_of_twenty() {
        let strata = [(0.7, 0.01), (0.2, 0.1), (0.1, 0.4)];
        let truth: f64 = strata.iter().map(|(weight, rate)| weight * rate).sum();
        let (runs, mut left) = (100, 0);
        for seed in 0..runs {
            let mut random = Random::new(seed);
            let mut counts = [0_u64; 3];
            let mut out = false;
            for n in 1..=100_u64 {
                for (count, (_, rate)) in counts.iter_mut().zip(strata) {
                    *count += u64::from(random.chance(rate));
                }
                // every third look is enough to catch an excursion
                if n % 3 == 0 {
                    let parts = counts.iter().zip(strata).map(|(count, (weight, _))| {
                        let interval = sequence(*count, n, None, PRIOR, 0.05 / 3.0);
                        let estimate = Some(*count as f64 / n as f64);
                        Part { weight, estimate, interval }
                    });
                    let interval = combine(&parts.collect::<Vec<_>>()).1;
                    out |= truth < interval.low || truth > interval.high;
                }
            }
            left += u64::from(out);
        }
        assert!(left * 20 <= runs, "{left} of {runs}");
    }

    proptest! {
        #[test]
        fn the_estimate_lies_inside(
            strata in proptest::collection::vec((0.01_f64..1.0, 0_u64..20, 20_u64..100), 1..6),
        ) {
            let parts: Vec<Part> = strata.iter().map(|(weight, count, n)| Part {
                weight: *weight,
                estimate: Some(*count as f64 / *n as f64),
                interval: sequence(*count, *n, None, PRIOR, 0.05),
            }).collect();
            let (estimate, interval) = combine(&parts);
            prop_assert!(0.0 <= interval.low && interval.low <= estimate);
            prop_assert!(estimate <= interval.high && interval.high <= 1.0);
        }
    }
}
