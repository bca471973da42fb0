//! Whether reviewers agree, with each other and with themselves.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::{Deserialize, Serialize};

use super::kappa::{cohen, fleiss};
use crate::model::{Label, Verdict};

/// Agreement of two reviewers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PairAgreement {
    /// One reviewer.
    pub first: String,
    /// The other, later in the alphabet.
    pub second: String,
    /// Documents that both called good or defective.
    pub documents: u64,
    /// Those with the same verdict.
    pub same: u64,
    /// Cohen's kappa; none without documents, 1 where all verdicts of both are one and the same.
    pub kappa: Option<f64>,
}

/// Agreement of all reviewers.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Agreement {
    /// Reviewers, in the order of the alphabet.
    pub reviewers: Vec<String>,
    /// Each pair of them.
    pub pairs: Vec<PairAgreement>,
    /// Documents that all of them called good or defective.
    pub documents: u64,
    /// Fleiss' kappa over those; none for fewer than two reviewers or without documents.
    pub fleiss: Option<f64>,
    /// Documents on which reviewers disagree, for a third look.
    pub disputed: Vec<String>,
}

/// The agreement of the reviewers of `labels`. Second looks of the same reviewer do not count, nor
/// do skips: who cannot say neither agrees nor disagrees. A reviewer's last label counts.
pub fn agreement(labels: &[Label]) -> Agreement {
    let looks = || labels.iter().filter(|label| !label.repeat);
    let reviewers: Vec<&str> =
        looks().map(|label| label.reviewer.as_str()).collect::<BTreeSet<_>>().into_iter().collect();
    let number: HashMap<&str, usize> = reviewers.iter().copied().zip(0..).collect();
    let mut documents: BTreeMap<&str, Vec<Option<bool>>> = BTreeMap::new();
    for label in looks() {
        let verdicts =
            documents.entry(&label.document_id).or_insert_with(|| vec![None; reviewers.len()]);
        if let Some(verdict) =
            number.get(label.reviewer.as_str()).and_then(|n| verdicts.get_mut(*n))
        {
            *verdict = is_defect(label.verdict);
        }
    }
    let seen_by_all: Vec<Vec<u64>> =
        documents.values().filter_map(|verdicts| categories(verdicts)).collect();
    Agreement {
        pairs: pairs(&reviewers, &documents),
        documents: seen_by_all.len() as u64,
        fleiss: fleiss(&seen_by_all),
        disputed: documents
            .iter()
            .filter(|(_, verdicts)| {
                verdicts.contains(&Some(true)) && verdicts.contains(&Some(false))
            })
            .map(|(id, _)| (*id).to_owned())
            .collect(),
        reviewers: reviewers.into_iter().map(str::to_owned).collect(),
    }
}

fn is_defect(verdict: Verdict) -> Option<bool> {
    match verdict {
        Verdict::Good => Some(false),
        Verdict::Defect => Some(true),
        Verdict::Skip => None,
    }
}

/// Verdicts good and defect; none unless every reviewer gave one.
fn categories(verdicts: &[Option<bool>]) -> Option<Vec<u64>> {
    let verdicts: Vec<bool> = verdicts.iter().copied().collect::<Option<_>>()?;
    let defects = verdicts.iter().filter(|defect| **defect).count() as u64;
    Some(vec![verdicts.len() as u64 - defects, defects])
}

fn pairs(reviewers: &[&str], documents: &BTreeMap<&str, Vec<Option<bool>>>) -> Vec<PairAgreement> {
    let mut pairs = Vec::new();
    for (a, first) in reviewers.iter().enumerate() {
        for (b, second) in reviewers.iter().enumerate().skip(a + 1) {
            let both: Vec<(bool, bool)> =
                documents.values().filter_map(|verdicts| verdicts[a].zip(verdicts[b])).collect();
            pairs.push(PairAgreement {
                first: (*first).to_owned(),
                second: (*second).to_owned(),
                documents: both.len() as u64,
                same: both.iter().filter(|(a, b)| a == b).count() as u64,
                kappa: cohen(&both),
            });
        }
    }
    pairs
}

/// Cohen's kappa of reviewers with themselves on second looks at the same text, and their number;
/// none without them.
pub fn self_agreement(labels: &[Label]) -> Option<(f64, u64)> {
    if !labels.iter().any(|label| label.repeat) {
        return None;
    }
    let key = |label: &'_ Label| {
        (label.document_id.clone(), label.reviewer.clone(), label.content_hash.clone())
    };
    let first: HashMap<_, Option<bool>> = labels
        .iter()
        .filter(|label| !label.repeat)
        .map(|label| (key(label), is_defect(label.verdict)))
        .collect();
    let pairs: Vec<(bool, bool)> = labels
        .iter()
        .filter(|label| label.repeat)
        .filter_map(|label| first.get(&key(label)).copied().flatten().zip(is_defect(label.verdict)))
        .collect();
    cohen(&pairs).map(|kappa| (kappa, pairs.len() as u64))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::testing::label;

    fn by(reviewer: &str, id: u64, verdict: Verdict) -> Label {
        Label { reviewer: reviewer.to_owned(), ..label(id, verdict) }
    }

    #[test]
    fn pairs_and_all_are_compared_on_what_they_both_saw() {
        use Verdict::{Defect, Good, Skip};
        let mut labels = Vec::new();
        let rows = [
            (1, [Some(Good), Some(Good), Some(Good)]),
            (2, [Some(Defect), Some(Defect), Some(Defect)]),
            (3, [Some(Good), Some(Defect), Some(Good)]),
            (4, [Some(Good), Some(Good), None]),
            (5, [Some(Defect), Some(Skip), Some(Defect)]),
        ];
        for (id, verdicts) in rows {
            for (reviewer, verdict) in ["ann", "bob", "cy"].into_iter().zip(verdicts) {
                labels.extend(verdict.map(|verdict| by(reviewer, id, verdict)));
            }
        }
        let agreement = agreement(&labels);
        assert_eq!(agreement.reviewers, ["ann", "bob", "cy"]);
        let pair = &agreement.pairs[0];
        assert_eq!((pair.first.as_str(), pair.second.as_str()), ("ann", "bob"));
        assert_eq!((pair.documents, pair.same), (4, 3));
        // agreed 3/4, by chance 1/4 * 1/2 + 3/4 * 1/2
        assert!((pair.kappa.unwrap() - 0.5).abs() < 1e-12);
        assert_eq!(agreement.pairs[1].kappa, Some(1.0));
        assert_eq!(agreement.documents, 3);
        // agreed 7/9, by chance (5/9)^2 + (4/9)^2
        let chance = 41.0 / 81.0;
        assert!((agreement.fleiss.unwrap() - (7.0 / 9.0 - chance) / (1.0 - chance)).abs() < 1e-12);
        assert_eq!(agreement.disputed, [format!("{:032x}", 3)]);
    }

    #[test]
    fn one_reviewer_agrees_with_nobody() {
        let alone = agreement(&[by("ann", 1, Verdict::Good)]);
        assert_eq!((alone.pairs.len(), alone.fleiss), (0, None));
        assert_eq!(agreement(&[]), Agreement::default());
    }

    #[test]
    fn second_looks_are_compared_with_the_first_at_the_same_text() {
        let again = |id, verdict| Label { repeat: true, ..label(id, verdict) };
        let mut labels: Vec<Label> = vec![label(1, Verdict::Good), label(2, Verdict::Defect)];
        assert_eq!(self_agreement(&labels), None);
        labels.extend([
            again(1, Verdict::Good),
            again(2, Verdict::Defect),
            again(9, Verdict::Good),
        ]);
        assert_eq!(self_agreement(&labels), Some((1.0, 2)));
        let other_text = Label { content_hash: "other".to_owned(), ..again(1, Verdict::Defect) };
        labels.push(other_text);
        assert_eq!(self_agreement(&labels), Some((1.0, 2)));
        labels.push(again(1, Verdict::Defect));
        assert_eq!(self_agreement(&labels).unwrap().1, 3);
    }
}
