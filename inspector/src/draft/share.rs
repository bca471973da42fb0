//! The share of a corpus that a draft would fire for, with an interval that may be watched.

use std::collections::BTreeMap;

use crate::model::Frame;
use crate::stats::sequence::{PRIOR, sequence};
use crate::stats::strata::{Part, combine};

/// Chance that the interval is ever wrong.
const ALPHA: f64 = 0.05;

/// Estimate, lower and upper end of the share, from whether the draft fires for each sampled
/// document and the document's stratum; none where nothing was sampled or strata have no sizes.
pub(crate) fn share(fired: &[(Option<&str>, bool)], frame: &Frame) -> Option<(f64, f64, f64)> {
    if !frame.is_sample || fired.is_empty() {
        return None;
    }
    if frame.strata.is_empty() {
        let hits = fired.iter().filter(|(_, fired)| *fired).count() as u64;
        let n = fired.len() as u64;
        let interval = sequence(hits, n, frame.documents, PRIOR, ALPHA);
        return Some((hits as f64 / n as f64, interval.low, interval.high));
    }
    let mut counts: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    for (stratum, fired) in fired {
        let count = counts.entry((*stratum)?).or_default();
        count.0 += u64::from(*fired);
        count.1 += 1;
    }
    let total: u64 = frame.strata.iter().map(|stratum| stratum.documents).sum();
    if total == 0 {
        return None;
    }
    let alpha = ALPHA / frame.strata.len() as f64;
    let parts: Vec<Part> = frame
        .strata
        .iter()
        .map(|stratum| {
            let (hits, n) = counts.get(stratum.name.as_str()).copied().unwrap_or_default();
            Part {
                weight: stratum.documents as f64 / total as f64,
                estimate: (n > 0).then(|| hits as f64 / n as f64),
                interval: sequence(hits, n, Some(stratum.documents), PRIOR, alpha),
            }
        })
        .collect();
    let (estimate, interval) = combine(&parts);
    Some((estimate, interval.low, interval.high))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Stratum;

    #[test]
    fn without_a_sample_there_is_no_share() {
        assert_eq!(share(&[(None, true)], &Frame::default()), None);
        assert_eq!(share(&[], &Frame { is_sample: true, ..Frame::default() }), None);
    }

    #[test]
    fn strata_count_by_their_size() {
        let stratum = |name: &str, documents| Stratum { name: name.to_owned(), documents, size: 0 };
        let strata = vec![stratum("big", 9000), stratum("small", 1000)];
        let frame = Frame { is_sample: true, strata, ..Frame::default() };
        let fired: Vec<(Option<&str>, bool)> =
            (0..100).flat_map(|_| [(Some("big"), false), (Some("small"), true)]).collect();
        let (estimate, low, high) = share(&fired, &frame).unwrap();
        assert!((estimate - 0.1).abs() < 1e-9, "{estimate}");
        assert!(low > 0.05 && low < 0.1 && high > 0.1 && high < 0.25, "{low} {high}");
        let plain = Frame { is_sample: true, ..Frame::default() };
        assert!((share(&fired, &plain).unwrap().0 - 0.5).abs() < 1e-9);
    }
}
