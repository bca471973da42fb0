//! The order in which documents come: the sample, and between them second looks that the reviewer
//! does not know of.

use crate::InspectError;
use crate::model::Entry;
use crate::review::Repeats;

/// The documents of the sample that counts, as far as they were drawn.
#[derive(Debug, Default)]
pub(super) struct Order {
    entries: Vec<Entry>,
    /// Documents among them that come for the first time.
    firsts: usize,
    /// Second looks to come, each with the number of first looks that precede it.
    coming: Vec<(usize, Entry)>,
    ended: bool,
}

impl Order {
    /// Draws until there are `wanted` entries or no more; `draw` gives documents of the sample
    /// from a place on.
    pub(super) fn fill(
        &mut self,
        wanted: usize,
        repeats: Option<(&Repeats, &str)>,
        draw: impl Fn(usize, usize) -> Result<Vec<Entry>, InspectError>,
    ) -> Result<(), InspectError> {
        while self.entries.len() < wanted && !self.ended {
            let count = wanted - self.entries.len();
            let drawn = draw(self.firsts, count)?;
            self.ended = drawn.len() < count;
            for entry in drawn {
                self.push(entry, repeats);
            }
        }
        Ok(())
    }

    fn push(&mut self, entry: Entry, repeats: Option<(&Repeats, &str)>) {
        self.firsts += 1;
        let after = repeats.and_then(|(one, reviewer)| one.after(reviewer, &entry.document_id));
        self.coming.extend(after.map(|after| (self.firsts + after, entry.clone())));
        self.entries.push(entry);
        let firsts = self.firsts;
        let due = self.coming.extract_if(.., |(at, _)| *at <= firsts).map(|(_, entry)| entry);
        self.entries.extend(due);
    }

    /// Entries from a place on, fewer at the end.
    pub(super) fn slice(&self, from: usize, count: usize) -> Vec<Entry> {
        self.entries.iter().skip(from).take(count).cloned().collect()
    }

    /// The documents, each once, in their order.
    pub(super) fn firsts(&self) -> impl Iterator<Item = &Entry> {
        let mut seen = std::collections::HashSet::new();
        self.entries.iter().filter(move |entry| seen.insert(entry.document_id.as_str()))
    }

    /// A document that was drawn, by its id or the user's.
    pub(super) fn find(&self, name: &str) -> Option<&Entry> {
        let called =
            |entry: &&Entry| entry.document_id == name || entry.id.as_deref() == Some(name);
        self.entries.iter().find(called)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Decision, Label, Verdict};

    fn entry(number: usize) -> Entry {
        Entry {
            document_id: format!("{number:032x}"),
            id: Some(format!("doc-{number}")),
            shard: String::new(),
            row: 0,
            decision: Decision::Read,
            reason: None,
            flags: Vec::new(),
            stratum: None,
            size: None,
        }
    }

    fn draw(all: usize) -> impl Fn(usize, usize) -> Result<Vec<Entry>, InspectError> {
        move |from, count| Ok((from..(from + count).min(all)).map(entry).collect())
    }

    fn label(entry: &Entry, repeat: bool) -> Label {
        Label {
            document_id: entry.document_id.clone(),
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

    #[test]
    fn second_looks_come_where_the_log_finds_them_due() {
        let repeats = Repeats { share: 0.2, seed: 3 };
        let mut order = Order::default();
        // in batches of any size
        for wanted in [1, 7, 8, 40, 41, 230] {
            order.fill(wanted, Some((&repeats, "me")), draw(200)).unwrap();
        }
        let mut labels: Vec<Label> = Vec::new();
        let mut again = 0;
        for entry in order.slice(0, 1000) {
            let due = repeats.due("me", &labels);
            let second = labels.iter().any(|label| label.document_id == entry.document_id);
            assert_eq!(due.is_some(), second, "{}", labels.len());
            if let Some(due) = due {
                assert_eq!(due, entry.document_id);
                again += 1;
            }
            labels.push(label(&entry, second));
        }
        assert!(again > 10, "{again}");
        assert_eq!(order.firsts().count(), 200);
    }

    #[test]
    fn without_repeats_the_order_is_the_sample() {
        let mut order = Order::default();
        order.fill(5, None, draw(7)).unwrap();
        assert_eq!(order.slice(3, 5).len(), 2);
        order.fill(100, None, draw(7)).unwrap();
        assert_eq!(order.slice(0, 100), (0..7).map(entry).collect::<Vec<_>>());
        assert_eq!(order.find("doc-6"), Some(&entry(6)));
        assert_eq!(order.find("doc-7"), None);
    }
}
