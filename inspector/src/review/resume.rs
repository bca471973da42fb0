//! Where a reviewer goes on.

use std::collections::BTreeSet;

use crate::model::{Entry, Label};

/// Where to go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Resume {
    /// Place in the order of the first document without a verdict; the length of the order where
    /// every document has one.
    pub at: usize,
    /// Documents of the order that have a verdict.
    pub judged: usize,
    /// Documents with a verdict that stand after the first one without: left out, or taken back.
    pub beyond: usize,
}

/// Where the reviewer who gave `labels` goes on in `order`. A gap comes first: the judged
/// documents are a random sample only as far as none was left out.
pub fn resume(order: &[Entry], labels: &[Label]) -> Resume {
    let judged = judged_ids(labels);
    let has = |entry: &&Entry| judged.contains(entry.document_id.as_str());
    let at = order.iter().take_while(has).count();
    let beyond = order[at..].iter().filter(has).count();
    Resume { at, judged: at + beyond, beyond }
}

/// Place of the next document without a verdict at or after `from`, going round; none where every
/// document has one.
pub fn next(order: &[Entry], labels: &[Label], from: usize) -> Option<usize> {
    let judged = judged_ids(labels);
    let from = from.min(order.len());
    (from..order.len())
        .chain(0..from)
        .find(|at| order.get(*at).is_some_and(|e| !judged.contains(e.document_id.as_str())))
}

fn judged_ids(labels: &[Label]) -> BTreeSet<&str> {
    labels.iter().filter(|label| !label.repeat).map(|label| label.document_id.as_str()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Decision, Verdict};

    fn entry(number: usize) -> Entry {
        Entry {
            document_id: number.to_string(),
            id: None,
            shard: String::new(),
            row: 0,
            decision: Decision::Read,
            reason: None,
            flags: Vec::new(),
            stratum: None,
            size: None,
        }
    }

    fn label(number: usize, repeat: bool) -> Label {
        Label {
            document_id: number.to_string(),
            id: None,
            content_hash: String::new(),
            verdict: Verdict::Skip,
            kinds: Vec::new(),
            flagged: false,
            note: None,
            reviewer: String::new(),
            at_ms: 0,
            spent_ms: 0,
            stratum: None,
            size: 0,
            rules: Vec::new(),
            sampled: true,
            repeat,
        }
    }

    #[test]
    fn one_goes_on_at_the_first_document_without_a_verdict() {
        let order: Vec<Entry> = (0..5).map(entry).collect();
        assert_eq!(resume(&order, &[]), Resume::default());
        let labels = [label(0, false), label(1, false), label(3, false), label(2, true)];
        assert_eq!(resume(&order, &labels), Resume { at: 2, judged: 3, beyond: 1 });
        assert_eq!(next(&order, &labels, 3), Some(4));
        let all: Vec<Label> = (0..5).map(|number| label(number, false)).collect();
        assert_eq!(resume(&order, &all), Resume { at: 5, judged: 5, beyond: 0 });
        assert_eq!(next(&order, &all[..4], 99), Some(4));
        assert_eq!(next(&order, &all, 2), None);
    }
}
