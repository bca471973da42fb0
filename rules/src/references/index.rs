//! Targets by kind and key, of one text and of the group it belongs to.

use serde::{Deserialize, Serialize};

use super::finding::Target;
use super::key::Key;
use super::kinds::{Evidence, Kind, Span};

/// The labelled targets of one or more texts, to resolve mentions across pages or chunks.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct TargetKeys {
    /// Sorted, each kind and key once with its best evidence.
    keys: Vec<(Kind, Key, Evidence)>,
}

impl TargetKeys {
    /// The labelled targets among `targets`.
    pub fn of(targets: &[Target]) -> Self {
        let labelled = targets.iter().filter(|target| !target.key.is_empty());
        let mut found = Self::default();
        found.keys.extend(labelled.map(|t| (t.kind, t.key, t.evidence)));
        found.tidy();
        found
    }

    /// Adds the targets of another text of the same work.
    pub fn merge(&mut self, other: &Self) {
        self.keys.extend_from_slice(&other.keys);
        self.tidy();
    }

    /// How many targets there are.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    fn tidy(&mut self) {
        self.keys.sort_unstable_by_key(|&(kind, key, evidence)| {
            (kind, key, std::cmp::Reverse(evidence))
        });
        self.keys.dedup_by_key(|&mut (kind, key, _)| (kind, key));
    }
}

/// What stands for a key.
#[derive(Clone, Copy, Debug)]
pub(super) struct KnownTarget {
    pub(super) evidence: Evidence,
    /// Where; nowhere in this text if another of the group has it.
    pub(super) span: Option<Span>,
}

/// Targets to look keys up in.
#[derive(Debug)]
pub(super) struct Index {
    entries: Vec<(Kind, Key, Evidence, Option<Span>)>,
    /// By kind: bodies, labelled bodies, labels without body, unlabelled bodies.
    counts: [Counts; Kind::ALL.len()],
}

/// Counts of the targets of one kind in this text.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts {
    pub(super) bodies: u32,
    pub(super) labelled: u32,
    pub(super) hollow: u32,
    pub(super) unlabelled: u32,
}

impl Index {
    pub(super) fn new(targets: &[Target], group: Option<&TargetKeys>) -> Self {
        let mut counts = [Counts::default(); Kind::ALL.len()];
        let mut entries = Vec::with_capacity(targets.len());
        for target in targets {
            let body = target.evidence >= Evidence::Label;
            if let Some(counts) = counts.get_mut(target.kind as usize) {
                let named = !target.key.is_empty();
                counts.bodies += u32::from(body);
                counts.labelled += u32::from(body && named);
                counts.hollow += u32::from(!body && named);
                counts.unlabelled += u32::from(body && !named);
            }
            if !target.key.is_empty() {
                entries.push((target.kind, target.key, target.evidence, Some(target.span)));
            }
        }
        let others = group.map_or(&[][..], |group| group.keys.as_slice());
        entries.extend(others.iter().map(|&(kind, key, evidence)| (kind, key, evidence, None)));
        entries.sort_unstable_by_key(|&(kind, key, evidence, span)| {
            (kind, key, std::cmp::Reverse(evidence), span.is_none(), span)
        });
        Self { entries, counts }
    }

    pub(super) fn counts(&self, kind: Kind) -> Counts {
        self.counts.get(kind as usize).copied().unwrap_or_default()
    }

    /// The best that stands for `key`: itself, the whole it is a part of, or a part of it.
    pub(super) fn find(&self, kind: Kind, key: Key) -> Option<KnownTarget> {
        let exact = self.exact(kind, key);
        let base = key.base();
        let whole = if base == key { None } else { self.exact(kind, base) };
        let part = if base == key { self.part(kind, key) } else { None };
        // a part letter may stand beside the caption's own: any part shows the figure is there
        let sibling = if base == key { None } else { self.part(kind, base) };
        [exact, whole, part, sibling].into_iter().flatten().max_by_key(|found| found.evidence)
    }

    fn exact(&self, kind: Kind, key: Key) -> Option<KnownTarget> {
        let at = self.entries.partition_point(|entry| (entry.0, entry.1) < (kind, key));
        let &(found_kind, found, evidence, span) = self.entries.get(at)?;
        (found_kind == kind && found == key).then_some(KnownTarget { evidence, span })
    }

    /// A target whose key is `key` and a part letter.
    fn part(&self, kind: Kind, key: Key) -> Option<KnownTarget> {
        let mut parts = (b'a'..=b'd').map(|letter| key.with_letter(letter));
        let (first, last) = (key.with_letter(b'a'), key.with_letter(b'd'));
        // a long key has a hash in it, and its parts no order
        if first <= last && key.as_str().len() < first.as_str().len() {
            let at = self.entries.partition_point(|entry| (entry.0, entry.1) < (kind, first));
            self.entries.get(at).filter(|entry| (entry.0, entry.1) <= (kind, last))?;
        }
        parts.find_map(|key| self.exact(kind, key))
    }

    /// Whether the target before or after `key` is there, body and all.
    pub(super) fn has_neighbour(&self, kind: Kind, key: Key) -> bool {
        let (Some(ordinal), series) = (key.ordinal(), key.series()) else { return false };
        [ordinal.checked_sub(1), ordinal.checked_add(1)].into_iter().flatten().any(|number| {
            let key = series.with_number(number);
            self.exact(kind, key).is_some_and(|found| found.evidence >= Evidence::Label)
        })
    }

    /// Whether targets of `kind` are numbered, and all of them in another series than `key`.
    pub(super) fn is_other_series(&self, kind: Kind, key: Key) -> bool {
        let first = self.entries.partition_point(|entry| entry.0 < kind);
        let mut labels = 0;
        let series = key.series();
        for &(found, label, ..) in self.entries.iter().skip(first).take(4096) {
            if found != kind {
                break;
            }
            if label.series() == series {
                return false;
            }
            labels += 1;
        }
        labels > usize::from(series.is_empty())
    }
}
