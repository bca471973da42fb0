//! How much more work until a claim can be made.

use super::bisect::first;
use crate::summary::Forecast;

/// Claims that are aimed at, one after the other.
pub const TARGETS: [f64; 7] = [0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001];

/// Documents beyond which nobody will go on by hand.
const ENDLESS: u64 = 1 << 26;

/// The next claim below an upper end.
pub fn next_target(upper: f64) -> Option<f64> {
    TARGETS.into_iter().find(|target| *target < upper)
}

/// What it takes to show a rate below `below`: `upper` gives the upper end after so many more
/// documents without a defect, at most `left` of which there are; `per_minute` is the pace. None
/// where so many clean documents are not there.
pub fn forecast(
    below: f64,
    left: Option<u64>,
    per_minute: Option<f64>,
    upper: impl Fn(u64) -> f64,
) -> Option<Forecast> {
    let most = left.unwrap_or(ENDLESS).min(ENDLESS);
    let holds = |more: u64| upper(more) < below;
    // doubling first: the end of a large frame is costly to look at and far from the answer
    let mut step = 1;
    while step < most && !holds(step) {
        step = (step * 2).min(most);
    }
    let documents = first(0, step, holds)?;
    let minutes = per_minute.map(|pace| documents as f64 / pace);
    Some(Forecast { below, documents, minutes })
}

/// The median of the times that were measured; zero is none.
pub fn median_ms(spent: impl IntoIterator<Item = u64>) -> Option<u64> {
    let mut spent: Vec<u64> = spent.into_iter().filter(|ms| *ms > 0).collect();
    if spent.is_empty() {
        return None;
    }
    let middle = spent.len() / 2;
    let upper = *spent.select_nth_unstable(middle).1;
    if spent.len() % 2 == 1 {
        return Some(upper);
    }
    let lower = spent[..middle].iter().max().copied().unwrap_or(upper);
    Some(u64::midpoint(lower, upper))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::sequence::{PRIOR, upper};

    #[test]
    fn the_least_number_of_clean_documents_is_found() {
        let after = |more| upper(0, 74 + more, None, PRIOR, 0.05);
        let forecast = forecast(0.02, None, Some(20.0), after).unwrap();
        assert!(after(forecast.documents) < 0.02 && after(forecast.documents - 1) >= 0.02);
        assert!((150..200).contains(&forecast.documents), "{forecast:?}");
        let minutes = forecast.documents as f64 / 20.0;
        assert!((forecast.minutes.unwrap() - minutes).abs() < 1e-9);
    }

    #[test]
    fn a_claim_that_holds_costs_nothing_and_an_impossible_one_has_no_forecast() {
        let after = |more| upper(0, 300 + more, None, PRIOR, 0.05);
        assert_eq!(forecast(0.05, None, None, after).unwrap().documents, 0);
        // four defects in a frame of two hundred are two percent for ever
        let after = |more| upper(4, 100 + more, Some(200), PRIOR, 0.05);
        assert_eq!(forecast(0.02, Some(100), None, after), None);
        assert!(forecast(0.03, Some(100), None, after).is_some());
    }

    #[test]
    fn targets_follow_each_other() {
        assert_eq!(next_target(1.0), Some(0.1));
        assert_eq!(next_target(0.1), Some(0.05));
        assert_eq!(next_target(0.058), Some(0.05));
        assert_eq!(next_target(0.0009), None);
    }

    #[test]
    fn medians_ignore_what_was_not_measured() {
        assert_eq!(median_ms([0, 5, 1, 9]), Some(5));
        assert_eq!(median_ms([1, 3, 5, 900]), Some(4));
        assert_eq!(median_ms([0, 0]), None);
    }
}
