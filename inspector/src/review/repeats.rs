//! Hidden repeats: some documents come a second time, so that a reviewer's agreement with himself
//! is known. Which ones follows from the seed, the reviewer and the document alone.

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::model::{Label, Verdict};

/// Documents that stand between the first look and the second, at least.
pub const BETWEEN: usize = 10;

/// How many documents come again.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Repeats {
    /// Share of the judged documents, from 0 to 1.
    pub share: f64,
    /// Seed of the choice.
    pub seed: u64,
}

impl Default for Repeats {
    fn default() -> Self {
        Self { share: 0.05, seed: 0 }
    }
}

impl Repeats {
    /// How many other documents come before the second look at this one; none where it comes once.
    pub(crate) fn after(&self, reviewer: &str, document_id: &str) -> Option<usize> {
        let key = format!("repeat\0{reviewer}\0{document_id}");
        let hash = xxh3_64_with_seed(key.as_bytes(), self.seed);
        let chosen = (hash >> 11) as f64 / (1_u64 << 53) as f64;
        let spread = usize::try_from(hash & 0x7ff).unwrap_or(0) % BETWEEN;
        (chosen < self.share).then_some(BETWEEN + spread)
    }

    /// The document that comes next as a hidden repeat, if one is due: `labels` are those in force
    /// of one reviewer, in the order in which they were given. A document of which he could not
    /// say, or that he chose himself, does not come again.
    pub fn due(&self, reviewer: &str, labels: &[Label]) -> Option<String> {
        let firsts: Vec<&Label> = labels.iter().filter(|label| !label.repeat).collect();
        firsts
            .iter()
            .enumerate()
            .filter(|(_, label)| label.verdict != Verdict::Skip && label.sampled)
            .filter(|(at, label)| {
                let between = firsts.len() - at - 1;
                self.after(reviewer, &label.document_id).is_some_and(|after| between >= after)
            })
            .map(|(_, label)| &label.document_id)
            .find(|id| !labels.iter().any(|label| label.repeat && label.document_id == **id))
            .cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn label(number: usize, repeat: bool) -> Label {
        Label {
            document_id: format!("{number:032x}"),
            id: None,
            content_hash: String::new(),
            verdict: Verdict::Good,
            kinds: Vec::new(),
            flagged: false,
            note: None,
            reviewer: "me".to_owned(),
            at_ms: 0,
            spent_ms: 0,
            stratum: None,
            size: 0,
            rules: Vec::new(),
            sampled: true,
            repeat,
        }
    }

    /// Judges `count` documents and every repeat that is due; the places of the repeats with the
    /// places of the first looks.
    fn review(repeats: Repeats, reviewer: &str, count: usize) -> Vec<(usize, usize)> {
        let mut labels: Vec<Label> = Vec::new();
        let mut found = Vec::new();
        for number in 0..count {
            while let Some(id) = repeats.due(reviewer, &labels) {
                let first = usize::from_str_radix(&id, 16).unwrap();
                found.push((first, number));
                labels.push(label(first, true));
            }
            labels.push(label(number, false));
        }
        found
    }

    #[test]
    fn about_one_in_twenty_comes_again_once_and_not_soon() {
        let found = review(Repeats::default(), "me", 1000);
        assert!((25..=80).contains(&found.len()), "{}", found.len());
        for (first, again) in &found {
            assert!(again - first > BETWEEN, "{first} came again at {again}");
        }
        let mut firsts: Vec<usize> = found.iter().map(|(first, _)| *first).collect();
        firsts.sort_unstable();
        firsts.dedup();
        assert_eq!(firsts.len(), found.len());
    }

    #[test]
    fn they_follow_from_the_seed_and_the_reviewer() {
        let repeats = Repeats::default();
        assert_eq!(review(repeats, "me", 400), review(repeats, "me", 400));
        assert_ne!(review(repeats, "me", 400), review(repeats, "you", 400));
        assert_ne!(review(repeats, "me", 400), review(Repeats { seed: 1, ..repeats }, "me", 400));
        assert!(review(Repeats { share: 0.0, ..repeats }, "me", 400).is_empty());
    }

    #[test]
    fn what_was_skipped_or_chosen_by_hand_does_not_come_again() {
        let all = Repeats { share: 1.0, seed: 0 };
        let mut labels: Vec<Label> = (0..40).map(|number| label(number, false)).collect();
        labels[0].verdict = Verdict::Skip;
        labels[1].sampled = false;
        assert_eq!(all.due("me", &labels), Some(labels[2].document_id.clone()));
    }
}
