//! A hash table that is emptied in no time.

/// Positions are counted in 31 bits, so that many sessions fit before the table is wiped.
const LIMIT: usize = (u32::MAX / 2) as usize;

#[derive(Clone, Copy, Default)]
struct Slot {
    key: u64,
    /// The position at which the key was first seen, plus the base of its session; 0 is free.
    stamp: u32,
    count: u32,
}

/// An open-addressing table of 64-bit keys, reused from document to document.
///
/// Each session stamps its slots with numbers above all earlier ones: what an earlier session left
/// counts as free, and nothing is cleared.
#[derive(Default)]
pub struct Table {
    slots: Vec<Slot>,
    next: u32,
}

/// How often a key has been seen.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Occurrences {
    /// The position given with its first occurrence.
    pub first: usize,
    /// Occurrences so far, this one included.
    pub count: u32,
}

/// One use of a [`Table`], from empty.
pub struct Session<'a> {
    slots: &'a mut [Slot],
    mask: usize,
    shift: u32,
    base: u32,
    limit: usize,
}

impl Table {
    /// Starts anew, with room for `keys` different keys at positions below `keys`.
    ///
    /// What is added at a position from `keys` on, or from 2^31 on, is not remembered.
    pub fn start(&mut self, keys: usize) -> Session<'_> {
        let limit = keys.min(LIMIT);
        let size = (limit.max(8) * 2).next_power_of_two();
        if self.slots.len() < size {
            self.slots = vec![Slot::default(); size];
            self.next = 1;
        }
        let needed = u32::try_from(limit).unwrap_or(u32::MAX / 2);
        if self.next.checked_add(needed).is_none() {
            self.slots.fill(Slot::default());
            self.next = 1;
        }
        let base = self.next.max(1);
        self.next = base + needed;
        Session {
            slots: self.slots.get_mut(..size).unwrap_or_default(),
            mask: size - 1,
            shift: 64 - size.trailing_zeros(),
            base,
            limit,
        }
    }
}

impl Session<'_> {
    /// Counts `key` at `position`; positions must be given at most once each, in rising order.
    #[inline]
    pub fn add(&mut self, key: u64, position: usize) -> Occurrences {
        if position >= self.limit {
            return Occurrences { first: position, count: 1 };
        }
        // a multiplication brings the good bits to the top
        let start = key.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> self.shift;
        let mut at = usize::try_from(start).unwrap_or(0) & self.mask;
        loop {
            let Some(slot) = self.slots.get_mut(at) else {
                return Occurrences { first: position, count: 1 };
            };
            if slot.stamp < self.base {
                #[expect(clippy::cast_possible_truncation, reason = "below the limit of 31 bits")]
                let stamp = self.base + position as u32;
                *slot = Slot { key, stamp, count: 1 };
                return Occurrences { first: position, count: 1 };
            }
            if slot.key == key {
                slot.count = slot.count.saturating_add(1);
                return Occurrences { first: (slot.stamp - self.base) as usize, count: slot.count };
            }
            at = (at + 1) & self.mask;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashMap;

    #[test]
    fn a_session_forgets_the_one_before() {
        let mut table = Table::default();
        assert_eq!(table.start(2).add(7, 0), Occurrences { first: 0, count: 1 });
        let mut session = table.start(4);
        assert_eq!(session.add(7, 1), Occurrences { first: 1, count: 1 });
        assert_eq!(session.add(7, 3), Occurrences { first: 1, count: 2 });
    }

    #[test]
    fn stamps_that_run_out_wipe_the_table() {
        let mut table = Table::default();
        table.start(3).add(1, 0);
        table.next = u32::MAX - 1;
        assert_eq!(table.start(3).add(1, 2), Occurrences { first: 2, count: 1 });
        assert_eq!(table.next, 4);
    }

    proptest! {
        #[test]
        fn it_counts_as_a_map_does(lists in prop::collection::vec(
            prop::collection::vec(0..40_u64, 0..90), 1..6,
        )) {
            let mut table = Table::default();
            for keys in lists {
                let mut map: HashMap<u64, Occurrences> = HashMap::new();
                let mut session = table.start(keys.len());
                for (position, &key) in keys.iter().enumerate() {
                    let seen = map.entry(key).or_insert(Occurrences { first: position, count: 0 });
                    seen.count += 1;
                    prop_assert_eq!(session.add(key, position), *seen);
                }
            }
        }
    }
}
