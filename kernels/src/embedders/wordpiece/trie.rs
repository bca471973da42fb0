//! The longest vocabulary entry that a word begins with, one memory access a byte.
//!
//! A double array: the child of state `s` by byte `b` is `base[s] ^ b`, if that slot names `s` as
//! its parent. (Aoe, 1989, with exclusive or instead of addition, so that the children of a state
//! stay within one block of 256 slots.)

/// Free slots tried before a state gets a block of its own.
const TRIES_MAX: usize = 256;
const BLOCK: usize = 256;
/// The parent of a free slot, and the value of a state where no entry ends.
const NONE: u32 = u32::MAX;
/// The parent of the root.
const ABOVE: u32 = u32::MAX - 1;

/// A place in the trie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TrieState(u32);

/// Where every entry begins.
pub(super) const ROOT: TrieState = TrieState(0);

#[derive(Clone, Copy, Debug)]
struct TrieSlot {
    base: u32,
    parent: u32,
    value: u32,
}

const FREE: TrieSlot = TrieSlot { base: 0, parent: NONE, value: NONE };

/// Entries and their values.
#[derive(Debug)]
pub(super) struct Trie {
    slots: Vec<TrieSlot>,
}

impl Trie {
    /// Of entries in byte order, each there once.
    ///
    /// `None` when they are out of order or too many for 32 bits.
    pub(super) fn new(entries: &[(&[u8], u32)]) -> Option<Self> {
        if !entries.is_sorted_by(|a, b| a.0 < b.0) {
            return None;
        }
        let mut builder = Builder { slots: vec![FREE; BLOCK], first_free: 1 };
        builder.slots[0].parent = ABOVE;
        let mut waiting = vec![(ROOT, entries, 0)];
        let mut children = Vec::new();
        while let Some((state, mut below, depth)) = waiting.pop() {
            if let Some((value, rest)) = ended(below, depth) {
                builder.slots[state.0 as usize].value = value;
                below = rest;
            }
            children.clear();
            children.extend(
                below
                    .chunk_by(|a, b| a.0[depth] == b.0[depth])
                    .map(|same| (same[0].0[depth], same)),
            );
            let Some(base) = builder.base(&children)? else { continue };
            builder.slots[state.0 as usize].base = base;
            for (byte, same) in &children {
                let child = TrieState(base ^ u32::from(*byte));
                builder.slots[child.0 as usize].parent = state.0;
                waiting.push((child, same, depth + 1));
            }
        }
        Some(Self { slots: builder.slots })
    }

    /// The state after `bytes` from the root, if an entry begins with them.
    pub(super) fn after(&self, bytes: &[u8]) -> Option<TrieState> {
        bytes.iter().try_fold(ROOT, |state, byte| self.next(state, *byte))
    }

    /// Value and length of the longest entry that goes on from `state` with the first bytes of
    /// `bytes`, at least one.
    #[inline]
    pub(super) fn longest(&self, mut state: TrieState, bytes: &[u8]) -> Option<(u32, usize)> {
        let mut found = None;
        for (at, byte) in bytes.iter().enumerate() {
            let Some(next) = self.next(state, *byte) else { break };
            state = next;
            let value = self.slots[state.0 as usize].value;
            if value != NONE {
                found = Some((value, at + 1));
            }
        }
        found
    }

    #[inline]
    fn next(&self, state: TrieState, byte: u8) -> Option<TrieState> {
        let next = self.slots[state.0 as usize].base ^ u32::from(byte);
        (self.slots[next as usize].parent == state.0).then_some(TrieState(next))
    }
}

type Entries<'a> = [(&'a [u8], u32)];

/// The value of the entry that ends at `depth`, and the entries after it.
fn ended<'s, 'a>(entries: &'s Entries<'a>, depth: usize) -> Option<(u32, &'s Entries<'a>)> {
    let ((bytes, value), rest) = entries.split_first()?;
    (bytes.len() == depth).then_some((*value, rest))
}

struct Builder {
    slots: Vec<TrieSlot>,
    /// No slot before this one is free.
    first_free: usize,
}

impl Builder {
    /// A base under which the slots of all `children` are free; `Some(None)` without children.
    #[expect(clippy::option_option, reason = "too many slots is something else than no children")]
    fn base(&mut self, children: &[(u8, &Entries<'_>)]) -> Option<Option<u32>> {
        let Some((first, _)) = children.first() else { return Some(None) };
        while self.slots.get(self.first_free).is_some_and(|slot| slot.parent != NONE) {
            self.first_free += 1;
        }
        let free = (self.first_free..self.slots.len()).filter(|at| self.slots[*at].parent == NONE);
        for at in free.take(TRIES_MAX) {
            let base = at ^ usize::from(*first);
            if children.iter().all(|(byte, _)| self.slots[base ^ usize::from(*byte)].parent == NONE)
            {
                return u32::try_from(base).ok().map(Some);
            }
        }
        let base = self.slots.len();
        // the two highest numbers have a meaning
        u32::try_from(base + BLOCK).ok()?.checked_add(2)?;
        self.slots.resize(base + BLOCK, FREE);
        u32::try_from(base).ok().map(Some)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn longest_by_looking(entries: &BTreeMap<Vec<u8>, u32>, bytes: &[u8]) -> Option<(u32, usize)> {
        (1..=bytes.len()).rev().find_map(|end| Some((*entries.get(&bytes[..end])?, end)))
    }

    proptest! {
        #[test]
        fn finds_what_a_search_of_all_prefixes_finds(
            entries in prop::collection::btree_map(prop::collection::vec(prop_oneof![0_u8..3, any::<u8>()], 0..6), 0_u32..1000, 0..300),
            texts in prop::collection::vec(prop::collection::vec(prop_oneof![0_u8..3, any::<u8>()], 0..8), 50),
        ) {
            let list: Vec<_> = entries.iter().map(|(bytes, value)| (bytes.as_slice(), *value)).collect();
            let trie = Trie::new(&list).unwrap();
            for text in texts.iter().chain(entries.keys()) {
                prop_assert_eq!(trie.longest(ROOT, text), longest_by_looking(&entries, text));
            }
        }
    }

    #[test]
    fn goes_on_from_the_middle() {
        let trie = Trie::new(&[(b"##", 1), (b"##ab", 2), (b"a", 3)]).unwrap();
        let middle = trie.after(b"##").unwrap();
        assert_eq!(trie.longest(middle, b"abc"), Some((2, 2)));
        assert_eq!(trie.longest(middle, b"b"), None);
        assert!(trie.after(b"b").is_none());
    }

    #[test]
    fn entries_out_of_order_are_refused() {
        assert!(Trie::new(&[(b"b", 1), (b"a", 2)]).is_none());
        assert!(Trie::new(&[(b"a", 1), (b"a", 2)]).is_none());
    }
}
