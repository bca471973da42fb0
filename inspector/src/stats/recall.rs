//! A lower bound of the share of defects that a rule finds, from two samples.

/// Lower bound of recall: `flagged_low` is the least share of the frame that is flagged and
/// defective, `missed_high` the greatest share that is defective and not flagged. None where
/// neither can be told from zero.
pub fn recall_low(flagged_low: f64, missed_high: f64) -> Option<f64> {
    let all = flagged_low + missed_high;
    (all > 0.0).then(|| flagged_low / all)
}

/// The same from a flagged share of the frame, the least precision in it, and the greatest defect
/// rate in the rest.
pub fn recall_low_two_phase(flagged: f64, precision_low: f64, rest_high: f64) -> Option<f64> {
    recall_low(flagged * precision_low, (1.0 - flagged) * rest_high)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn none_missed_in_three_hundred_is_not_all_found() {
        let low = recall_low_two_phase(0.02, 0.9, 0.01).unwrap();
        assert_eq!(format!("{:.0}", low * 100.0), "65");
    }

    #[test]
    fn extremes_are_defined() {
        assert_eq!(recall_low(0.0, 0.0), None);
        assert_eq!(recall_low(0.0, 0.1), Some(0.0));
        assert_eq!(recall_low(0.1, 0.0), Some(1.0));
    }
}
