use proptest::prelude::*;

use super::*;
use crate::stats::number::whole;
use crate::stats::testing::{Random, shuffled};

const FLAT: (f64, f64) = (1.0, 1.0);

fn percent(share: f64, digits: usize) -> String {
    format!("{:.digits$}", share * 100.0)
}

#[test]
fn upper_ends_without_defects_are_those_of_the_table() {
    let table = [
        (30, "19.3", "12.5", 1),
        (60, "11.2", "6.9", 1),
        (100, "7.3", "4.4", 1),
        (300, "2.9", "1.7", 1),
        (1000, "1.0", "0.57", 2),
    ];
    for (n, flat, rare, digits) in table {
        assert_eq!(percent(upper(0, n, None, FLAT, 0.05), 1), flat, "n {n}");
        assert_eq!(percent(upper(0, n, None, PRIOR, 0.05), digits), rare, "n {n}");
    }
}

#[test]
fn intervals_with_defects_are_those_of_the_table() {
    let table = [
        (0, 50, "0.0", "8.1"),
        (1, 50, "0.0", "13.1"),
        (5, 100, "0.9", "14.2"),
        (20, 200, "4.6", "18.0"),
        (50, 500, "6.2", "15.0"),
    ];
    for (count, n, low, high) in table {
        let interval = sequence(count, n, None, PRIOR, 0.05);
        assert_eq!(percent(interval.low, 1), low, "{count}/{n}");
        assert_eq!(percent(interval.high, 1), high, "{count}/{n}");
    }
}

#[test]
fn the_finite_form_meets_the_independent_one_in_a_large_frame() {
    for (count, n) in [(0, 74), (3, 120), (50, 500)] {
        let endless = sequence(count, n, None, PRIOR, 0.05);
        let model = Finite::new(count, n, 20_000_000, PRIOR);
        let large = Interval { low: model.low(0.05), high: model.high(0.05) };
        assert!((endless.low - large.low).abs() < 2e-5, "{count}/{n} {endless:?} {large:?}");
        assert!((endless.high - large.high).abs() < 2e-5, "{count}/{n} {endless:?} {large:?}");
    }
}

#[test]
fn the_finite_ratio_is_the_beta_binomial_prior_over_its_posterior() {
    let ln_choose = |n: f64, k: f64| ln_gamma(n + 1.0) - ln_gamma(k + 1.0) - ln_gamma(n - k + 1.0);
    let (a, b) = PRIOR;
    let (frame, n, count) = (40_u64, 15_u64, 2_u64);
    for bad in 2..=27_u64 {
        let prior = ln_choose(40.0, bad as f64) + ln_beta(a + bad as f64, b + 40.0 - bad as f64)
            - ln_beta(a, b);
        let (a, b, left) = (a + 2.0, b + 13.0, (bad - count) as f64);
        let posterior = ln_choose(25.0, left) + ln_beta(a + left, b + 25.0 - left) - ln_beta(a, b);
        let ratio = log_ratio_finite(count, n, bad, frame, PRIOR);
        assert!((ratio - (prior - posterior)).abs() < 1e-9, "{bad}");
    }
    assert!(log_ratio_finite(count, n, 1, frame, PRIOR).is_infinite());
}

#[test]
fn independent_documents_leave_the_sequence_in_at_most_one_run_of_twenty() {
    for (seed, p) in [(1, 0.02), (2, 0.05), (3, 0.2)] {
        let mut random = Random::new(seed);
        let runs = 1_000;
        let left = (0..runs)
            .filter(|_| {
                let mut count = 0;
                (1..=300).any(|n| {
                    count += u64::from(random.chance(p));
                    log_ratio(count, n, p, PRIOR) >= 20_f64.ln()
                })
            })
            .count();
        assert!(left * 20 <= runs, "p {p}: {left} of {runs}");
    }
}

#[test]
fn small_frames_leave_the_sequence_in_at_most_one_run_of_twenty_and_end_at_the_truth() {
    let frame = 200_u64;
    for (seed, bad) in [(4, 4_u64), (5, 10), (6, 40)] {
        let mut random = Random::new(seed);
        let runs = 1_000;
        let mut left = 0;
        for _ in 0..runs {
            let order = shuffled(&mut random, 200);
            let (mut count, mut out) = (0, false);
            for (n, place) in (1..=frame).zip(&order) {
                count += u64::from((*place as u64) < bad);
                out |= log_ratio_finite(count, n, bad, frame, PRIOR) >= 20_f64.ln();
            }
            left += usize::from(out);
            let end = sequence(count, frame, Some(frame), PRIOR, 0.05);
            let truth = bad as f64 / frame as f64;
            assert_eq!(end, Interval { low: truth, high: truth });
        }
        assert!(left * 20 <= runs, "{bad} of {frame}: {left} of {runs}");
    }
}

#[test]
fn the_upper_end_alone_is_that_of_the_interval() {
    for frame in [None, Some(500), Some(1 << 40)] {
        for (count, n) in [(0, 0), (0, 74), (3, 120), (50, 500)] {
            let high = sequence(count, n, frame, PRIOR, 0.05).high;
            assert!((upper(count, n, frame, PRIOR, 0.05) - high).abs() < 1e-15);
        }
    }
}

#[test]
fn nothing_seen_says_nothing() {
    let all = Interval { low: 0.0, high: 1.0 };
    assert_eq!(sequence(0, 0, None, PRIOR, 0.05), all);
    assert_eq!(sequence(0, 0, Some(0), PRIOR, 0.05), all);
    assert_eq!(sequence(0, 0, Some(9), PRIOR, 0.05), all);
}

proptest! {
    #[test]
    fn the_estimate_lies_inside_and_the_ends_are_in_order(
        n in 1_u64..3_000, share in 0.0_f64..=1.0, extra in proptest::option::of(0_u64..5_000),
    ) {
        let count = whole(n as f64 * share).min(n);
        let estimate = count as f64 / n as f64;
        let Interval { low, high } = sequence(count, n, extra.map(|extra| n + extra), PRIOR, 0.05);
        // shares of a finite frame are whole documents of it
        let step = extra.map_or(1e-7, |extra| 1.0 / (n + extra) as f64);
        prop_assert!(0.0 <= low && low <= estimate + step, "{low} {estimate}");
        prop_assert!(estimate - step <= high && high <= 1.0, "{high} {estimate}");
        prop_assert!(low <= high);
    }

    #[test]
    fn clean_documents_lower_the_upper_end(n in 1_u64..2_000, count in 0_u64..20, more in 1_u64..500) {
        let count = count.min(n);
        for frame in [None, Some(4_000)] {
            let before = upper(count, n, frame, PRIOR, 0.05);
            prop_assert!(upper(count, n + more, frame, PRIOR, 0.05) <= before + 1e-7);
        }
    }

    #[test]
    fn a_smaller_alpha_is_wider_and_more_defects_are_more(n in 2_u64..1_000, share in 0.0_f64..0.9) {
        let count = whole(n as f64 * share);
        let wide = sequence(count, n, None, PRIOR, 0.01);
        let narrow = sequence(count, n, None, PRIOR, 0.05);
        prop_assert!(wide.low <= narrow.low + 1e-7 && narrow.high <= wide.high + 1e-7);
        let more = sequence(count + 1, n, None, PRIOR, 0.05);
        prop_assert!(narrow.low <= more.low + 1e-7 && narrow.high <= more.high + 1e-7);
    }
}
