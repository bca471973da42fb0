//! Numbers in words.

use crate::model::Unit;
use crate::summary::Interval;

/// What stands in place of an interval where documents are no probability sample.
pub const NO_SAMPLE: &str = "not a random sample";

/// A share as percent with two digits below ten: `0.57 %`, `5.8 %`, `12.5 %`, to the nearest.
pub fn percent(share: f64) -> String {
    written(share, f64::round)
}

/// The same rounded up: an upper end that is printed must not claim too much.
pub fn percent_up(share: f64) -> String {
    written(share, |x| (x - 1e-6).ceil())
}

/// The same rounded down, for lower ends.
pub fn percent_down(share: f64) -> String {
    written(share, |x| (x + 1e-6).floor())
}

fn written(share: f64, round: impl Fn(f64) -> f64) -> String {
    let value = (share * 100.0).clamp(0.0, 100.0);
    if value <= 0.0 || value >= 100.0 {
        return format!("{value:.0} %");
    }
    // one decimal from one percent on, then two significant digits, at most six decimals
    let mut decimals = if value >= 0.995 { 1 } else { 2 };
    while value < 0.995 && decimals < 6 && value * power_of_ten(decimals) < 9.95 {
        decimals += 1;
    }
    let rounded = (round(value * power_of_ten(decimals)) / power_of_ten(decimals)).min(100.0);
    if rounded <= 0.0 || rounded >= 100.0 {
        return format!("{rounded:.0} %");
    }
    format!("{rounded:.0$} %", decimals as usize)
}

fn power_of_ten(exponent: u32) -> f64 {
    f64::from(10_u32.pow(exponent))
}

/// The sentence of the screen: `0 defects in 74: below 5.8 %, valid though you are watching`.
///
/// `unit` is what was drawn with equal chances; `whole` says that all of the frame was judged.
pub fn sentence(count: u64, n: u64, interval: Interval, unit: Unit, whole: bool) -> String {
    if n == 0 {
        return "nothing judged yet".to_owned();
    }
    let defects = if count == 1 { "1 defect".to_owned() } else { format!("{count} defects") };
    let of = if unit == Unit::Token { " of tokens" } else { "" };
    if whole {
        let rate = percent(f64::midpoint(interval.low, interval.high));
        return format!("{defects} in {n}: {rate}{of}, every document was judged");
    }
    let (low, high) = (percent_down(interval.low), percent_up(interval.high));
    let range = match (low.as_str(), high.as_str()) {
        ("0 %", "100 %") => "anything is possible still".to_owned(),
        ("0 %", _) => format!("below {high}{of}"),
        (_, "100 %") => format!("above {low}{of}"),
        _ => format!("{low} to {high}{of}"),
    };
    format!("{defects} in {n}: {range}, valid though you are watching")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::sequence::{PRIOR, sequence};

    fn said(count: u64, n: u64) -> String {
        sentence(count, n, sequence(count, n, None, PRIOR, 0.05), Unit::Document, false)
    }

    #[test]
    fn sentences_have_the_numbers_of_the_sequence() {
        assert_eq!(said(0, 74), "0 defects in 74: below 5.8 %, valid though you are watching");
        let interval = sequence(3, 120, None, PRIOR, 0.05);
        assert_eq!(
            said(3, 120),
            format!(
                "3 defects in 120: {} to {}, valid though you are watching",
                percent_down(interval.low),
                percent_up(interval.high)
            )
        );
        assert_eq!(
            said(3, 120),
            "3 defects in 120: 0.23 % to 9.2 %, valid though you are watching"
        );
        assert!(said(1, 50).starts_with("1 defect in 50: "));
        assert_eq!(said(0, 0), "nothing judged yet");
        assert!(said(40, 40).contains("above "), "{}", said(40, 40));
    }

    #[test]
    fn tokens_and_whole_frames_are_named() {
        let interval = Interval { low: 0.015, high: 0.015 };
        let whole = sentence(3, 200, interval, Unit::Document, true);
        assert_eq!(whole, "3 defects in 200: 1.5 %, every document was judged");
        let interval = Interval { low: 0.0, high: 0.0577 };
        let tokens = sentence(0, 74, interval, Unit::Token, false);
        assert_eq!(tokens, "0 defects in 74: below 5.8 % of tokens, valid though you are watching");
    }

    #[test]
    fn percents_have_sensible_digits() {
        assert_eq!(percent(0.125), "12.5 %");
        assert_eq!(percent(0.0577), "5.8 %");
        assert_eq!(percent(0.02), "2.0 %");
        assert_eq!(percent(0.0057), "0.57 %");
        assert_eq!(percent(0.00098), "0.098 %");
        assert_eq!(percent(1e-8), "0.000001 %");
        assert_eq!((percent(0.0), percent(1.0)), ("0 %".to_owned(), "100 %".to_owned()));
    }

    #[test]
    fn ends_are_rounded_outwards() {
        assert_eq!(percent_up(0.0441), "4.5 %");
        assert_eq!(percent_up(0.044), "4.4 %");
        assert_eq!(percent_down(0.0449), "4.4 %");
        assert_eq!(percent_up(0.9999), "100 %");
        assert_eq!(percent_down(1e-12), "0 %");
    }
}
