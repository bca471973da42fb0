//! One verdict for each document, whoever gave it.

use std::collections::HashMap;

use crate::model::{Label, Verdict};

/// A document with what its reviewers say together.
#[derive(Debug, Clone)]
pub(crate) struct Judged<'a> {
    pub(crate) verdict: Verdict,
    /// Kinds of defect that any of those gave who call it defective; each once.
    pub(crate) kinds: Vec<&'a str>,
    pub(crate) flagged: bool,
    /// The last label: size, stratum and rules are the same in all.
    pub(crate) label: &'a Label,
}

/// Documents in the order of their first label.
///
/// Reviewers who cannot say do not count beside others who can. Where the others disagree the
/// majority decides, and a tie is a skip. A reviewer's later label takes the place of an earlier one.
pub(crate) fn merge<'a>(labels: impl IntoIterator<Item = &'a Label>) -> Vec<Judged<'a>> {
    let mut places: HashMap<&str, usize> = HashMap::new();
    let mut documents: Vec<Vec<&Label>> = Vec::new();
    for label in labels {
        let place = *places.entry(&label.document_id).or_insert(documents.len());
        match documents.get_mut(place) {
            None => documents.push(vec![label]),
            Some(said) => {
                said.retain(|earlier| earlier.reviewer != label.reviewer);
                said.push(label);
            }
        }
    }
    documents.iter().filter_map(|said| judge(said)).collect()
}

fn judge<'a>(said: &[&'a Label]) -> Option<Judged<'a>> {
    let label = said.last()?;
    let votes = |verdict| said.iter().filter(|label| label.verdict == verdict).count();
    let verdict = match votes(Verdict::Defect).cmp(&votes(Verdict::Good)) {
        std::cmp::Ordering::Greater => Verdict::Defect,
        std::cmp::Ordering::Less => Verdict::Good,
        std::cmp::Ordering::Equal => Verdict::Skip,
    };
    let mut kinds: Vec<&str> = Vec::new();
    if verdict == Verdict::Defect {
        let defective = said.iter().filter(|label| label.verdict == Verdict::Defect);
        kinds.extend(defective.flat_map(|label| label.kinds.iter().map(String::as_str)));
        kinds.sort_unstable();
        kinds.dedup();
    }
    Some(Judged { verdict, kinds, flagged: said.iter().any(|label| label.flagged), label })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::testing::label;

    fn verdict(given: &[(&str, Verdict)]) -> Verdict {
        let labels: Vec<Label> = given
            .iter()
            .map(|(reviewer, verdict)| Label {
                reviewer: (*reviewer).to_owned(),
                ..label(1, *verdict)
            })
            .collect();
        let merged = merge(&labels);
        assert_eq!(merged.len(), 1);
        merged[0].verdict
    }

    #[test]
    fn majority_decides_and_a_tie_cannot_say() {
        use Verdict::{Defect, Good, Skip};
        assert_eq!(verdict(&[("a", Defect)]), Defect);
        assert_eq!(verdict(&[("a", Defect), ("b", Skip)]), Defect);
        assert_eq!(verdict(&[("a", Defect), ("b", Good)]), Skip);
        assert_eq!(verdict(&[("a", Defect), ("b", Good), ("c", Defect)]), Defect);
        assert_eq!(verdict(&[("a", Skip), ("b", Skip)]), Skip);
        assert_eq!(verdict(&[("a", Defect), ("a", Good)]), Good);
    }

    #[test]
    fn order_is_that_of_first_looks_and_kinds_are_gathered() {
        let kinds = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let labels = [
            Label { kinds: kinds(&["table"]), ..label(2, Verdict::Defect) },
            label(1, Verdict::Good),
            Label {
                reviewer: "bob".into(),
                kinds: kinds(&["table", "boilerplate"]),
                flagged: true,
                ..label(2, Verdict::Defect)
            },
        ];
        let merged = merge(&labels);
        assert_eq!(merged.len(), 2);
        assert_eq!(merged[0].kinds, ["boilerplate", "table"]);
        assert!(merged[0].flagged && !merged[1].flagged);
        assert_eq!(merged[1].label.document_id, labels[1].document_id);
    }
}
