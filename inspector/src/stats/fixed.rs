//! Intervals and sizes for a number of documents that was fixed before the first look.

use statrs::function::beta::beta_reg;
use statrs::function::erf::erfc_inv;

use super::bisect::{crossing, first};
use crate::summary::Interval;

/// Clopper and Pearson's exact interval of a share, both sides together at level `1 - alpha`.
pub fn clopper_pearson(count: u64, n: u64, alpha: f64) -> Interval {
    if n == 0 {
        return Interval { low: 0.0, high: 1.0 };
    }
    let count = count.min(n);
    let (k, good) = (count as f64, (n - count) as f64);
    let peak = k / n as f64;
    let low = if count == 0 {
        0.0
    } else {
        crossing(peak, 0.0, |p| alpha / 2.0 - beta_reg(k, good + 1.0, p))
    };
    let high = if count == n {
        1.0
    } else {
        crossing(peak, 1.0, |p| alpha / 2.0 - beta_reg(good, k + 1.0, 1.0 - p))
    };
    Interval { low, high }
}

/// Upper end of a share of which nothing was seen in `n`, at one-sided level `1 - alpha`.
pub fn upper_of_none(n: u64, alpha: f64) -> f64 {
    if n == 0 { 1.0 } else { 1.0 - alpha.powf(1.0 / n as f64) }
}

/// Documents without a defect that show a rate below `p` at one-sided level `1 - alpha`, where
/// their number is fixed in advance.
pub fn clean_needed(p: f64, alpha: f64) -> Option<u64> {
    if !(0.0 < p && p < 1.0) {
        return None;
    }
    first(0, 1 << 53, |n| upper_of_none(n, alpha) <= p)
}

/// Chance of meeting at least one defect of rate `p` in `n` documents.
pub fn chance_of_meeting(p: f64, n: u64) -> f64 {
    -((n as f64) * (-p).ln_1p()).exp_m1()
}

/// Wilson's interval of a share, for plots.
pub fn wilson(count: u64, n: u64, alpha: f64) -> Interval {
    if n == 0 {
        return Interval { low: 0.0, high: 1.0 };
    }
    let (n, z) = (n as f64, normal_quantile(alpha));
    let p = count as f64 / n;
    let middle = (p + z * z / (2.0 * n)) / (1.0 + z * z / n);
    let half = wilson_half_width(p, n, z);
    Interval { low: (middle - half).max(0.0), high: (middle + half).min(1.0) }
}

/// Documents for which Wilson's interval around the share `p` is at most `half` to either side.
pub fn n_for_half_width(p: f64, half: f64, alpha: f64) -> Option<u64> {
    let z = normal_quantile(alpha);
    first(1, 1 << 40, |n| wilson_half_width(p, n as f64, z) <= half)
}

fn wilson_half_width(p: f64, n: f64, z: f64) -> f64 {
    z / (1.0 + z * z / n) * (p * (1.0 - p) / n + z * z / (4.0 * n * n)).sqrt()
}

/// Two-sided quantile of the normal distribution.
fn normal_quantile(alpha: f64) -> f64 {
    std::f64::consts::SQRT_2 * erfc_inv(alpha)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::stats::number::whole;

    fn percents(interval: Interval) -> (String, String) {
        (format!("{:.1}", interval.low * 100.0), format!("{:.1}", interval.high * 100.0))
    }

    #[test]
    fn intervals_are_those_of_the_table() {
        let table = [
            (0, 50, ("0.0", "7.1"), ("0.0", "7.1")),
            (1, 50, ("0.4", "10.5"), ("0.1", "10.6")),
            (5, 100, ("2.2", "11.2"), ("1.6", "11.3")),
            (20, 200, ("6.6", "14.9"), ("6.2", "15.0")),
            (50, 500, ("7.7", "12.9"), ("7.5", "13.0")),
        ];
        for (count, n, by_wilson, exact) in table {
            let (low, high) = percents(wilson(count, n, 0.05));
            assert_eq!((low.as_str(), high.as_str()), by_wilson, "{count}/{n}");
            let (low, high) = percents(clopper_pearson(count, n, 0.05));
            assert_eq!((low.as_str(), high.as_str()), exact, "{count}/{n}");
        }
    }

    #[test]
    fn upper_ends_of_nothing_are_those_of_the_table() {
        let table = [(30, "9.5"), (60, "4.87"), (100, "2.95"), (300, "0.99"), (1000, "0.30")];
        for (n, upper) in table {
            let digits = upper.len() - upper.find('.').unwrap() - 1;
            assert_eq!(format!("{:.digits$}", upper_of_none(n, 0.05) * 100.0), upper);
        }
    }

    #[test]
    fn clean_documents_needed_are_those_of_the_table() {
        let table = [
            (0.05, 59, 90),
            (0.02, 149, 228),
            (0.01, 299, 459),
            (0.005, 598, 919),
            (0.001, 2995, 4603),
        ];
        for (p, at_95, at_99) in table {
            assert_eq!(clean_needed(p, 0.05), Some(at_95), "{p}");
            assert_eq!(clean_needed(p, 0.01), Some(at_99), "{p}");
        }
        assert_eq!(clean_needed(0.0, 0.05), None);
    }

    #[test]
    fn chances_of_meeting_a_defect_are_those_of_the_table() {
        let table = [
            (0.05, 20, "64"),
            (0.05, 50, "92"),
            (0.01, 50, "39"),
            (0.01, 100, "63"),
            (0.01, 300, "95"),
            (0.001, 300, "26"),
        ];
        for (p, n, percent) in table {
            assert_eq!(format!("{:.0}", chance_of_meeting(p, n) * 100.0), percent);
        }
        assert_eq!(format!("{:.1}", chance_of_meeting(0.05, 100) * 100.0), "99.4");
    }

    #[test]
    fn half_widths_are_those_of_the_table() {
        let table = [
            (0.05, 0.05, 82_u64),
            (0.05, 0.02, 466),
            (0.05, 0.01, 1841),
            (0.1, 0.05, 141),
            (0.1, 0.02, 874),
            (0.1, 0.01, 3470),
            (0.02, 0.02, 214),
            (0.02, 0.01, 774),
        ];
        for (p, half, n) in table {
            // the table has whole defects, so its sizes are near the least ones and not they
            let interval = wilson(whole((p * n as f64).round()), n, 0.05);
            let found = (interval.high - interval.low) / 2.0;
            assert!(found <= half && found > half * 0.99, "{p} {half}: {found}");
            let least = n_for_half_width(p, half, 0.05).unwrap() as f64;
            assert!((least / (n as f64) - 1.0).abs() < 0.05, "{p} {half}: {least}");
        }
    }

    #[test]
    fn sizes_for_a_half_width_are_the_least() {
        for (p, half, n) in
            [(0.05, 0.05, 83), (0.05, 0.01, 1838), (0.1, 0.05, 141), (0.02, 0.01, 792)]
        {
            assert_eq!(n_for_half_width(p, half, 0.05), Some(n));
            let z = normal_quantile(0.05);
            assert!(wilson_half_width(p, n as f64, z) <= half);
            assert!(wilson_half_width(p, n as f64 - 1.0, z) > half);
        }
    }

    proptest! {
        #[test]
        fn the_estimate_lies_inside(n in 1_u64..2_000, share in 0.0_f64..=1.0) {
            let count = whole(n as f64 * share).min(n);
            let estimate = count as f64 / n as f64;
            for interval in [clopper_pearson(count, n, 0.05), wilson(count, n, 0.05)] {
                prop_assert!(interval.low <= estimate + 1e-9 && estimate <= interval.high + 1e-9);
                prop_assert!(0.0 <= interval.low && interval.high <= 1.0);
            }
        }

        #[test]
        fn the_fixed_interval_is_the_narrower_one(n in 50_u64..1_000, share in 0.0_f64..0.5) {
            let count = whole(n as f64 * share);
            let fixed = clopper_pearson(count, n, 0.05);
            let watched = crate::stats::sequence::sequence(count, n, None, (0.5, 5.0), 0.05);
            prop_assert!(fixed.high - fixed.low <= watched.high - watched.low);
        }
    }
}
