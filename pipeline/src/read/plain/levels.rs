//! Levels of lists that are all whole and equally long: read as runs, never one by one where they
//! are told at once.

/// What the levels seen so far say of a column of lists.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Pattern {
    /// Numbers seen.
    seen: u64,
    /// Numbers of a list, once known.
    width: Option<u64>,
}

impl Pattern {
    /// One whose lists have `width` numbers, where that is known.
    pub(super) fn new(width: Option<u64>) -> Self {
        Self { seen: 0, width }
    }

    /// Takes a run of `count` equal repetition levels: 0 begins a list, 1 goes on with it.
    fn run(&mut self, level: u64, count: u64) -> Option<()> {
        let (from, to) = (self.seen, self.seen.checked_add(count)?);
        self.seen = to;
        match (level, self.width) {
            (0, width) => {
                for at in from..to {
                    match width.or(self.width) {
                        None if at == 0 => {}
                        None => self.width = Some(at),
                        Some(width) if at.is_multiple_of(width) => {}
                        Some(_) => return None,
                    }
                }
                Some(())
            }
            (1, None) => (from > 0).then_some(()),
            (1, Some(width)) => (from.checked_next_multiple_of(width)? >= to).then_some(()),
            _ => None,
        }
    }

    /// Takes the repetition levels of `count` numbers.
    pub(super) fn repetitions(&mut self, bytes: &[u8], count: u64) -> Option<()> {
        runs(bytes, 1, count, |level, count| self.run(level, count))
    }

    /// Numbers of a list, at the end of all.
    pub(super) fn width(self) -> Option<u64> {
        let width = self.width.unwrap_or(self.seen);
        (width > 0 && self.seen.is_multiple_of(width)).then_some(width)
    }
}

/// Whether all `count` levels are `wanted`.
pub(super) fn all(bytes: &[u8], wanted: u64, count: u64) -> Option<()> {
    let bits = u64::BITS - wanted.leading_zeros();
    runs(bytes, bits, count, |level, _| (level == wanted).then_some(()))
}

/// Calls `run` for each run of the `count` levels of `bits` bits (8 at most) in `bytes`, in the
/// format's hybrid of runs and packed bits; none where `run` gives none, or levels are missing.
fn runs(
    bytes: &[u8],
    bits: u32,
    count: u64,
    mut run: impl FnMut(u64, u64) -> Option<()>,
) -> Option<()> {
    if !(1..=8).contains(&bits) {
        return None;
    }
    let (mut rest, mut left) = (bytes, count);
    while left > 0 {
        let (head, behind) = varint(rest)?;
        rest = behind;
        if head & 1 == 0 {
            let (level, behind) = rest.split_first()?;
            rest = behind;
            // a run of none would never end
            let now = (head >> 1).min(left);
            if now == 0 {
                return None;
            }
            run(u64::from(*level), now)?;
            left -= now;
            continue;
        }
        // groups of 8 levels, of which the last may be filled up
        let groups = usize::try_from(head >> 1).ok().filter(|groups| *groups > 0)?;
        let (packed, behind) = rest.split_at_checked(groups.checked_mul(bits as usize)?)?;
        rest = behind;
        for group in packed.chunks_exact(bits as usize) {
            let mut word = 0_u64;
            for (at, byte) in group.iter().enumerate() {
                word |= u64::from(*byte) << (8 * at);
            }
            for at in 0..8_u32 {
                if left == 0 {
                    break;
                }
                run((word >> (at * bits)) & ((1 << bits) - 1), 1)?;
                left -= 1;
            }
        }
    }
    Some(())
}

fn varint(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut value = 0;
    for (at, byte) in bytes.iter().take(9).enumerate() {
        value |= u64::from(byte & 0x7f) << (7 * at);
        if byte & 0x80 == 0 {
            return Some((value, &bytes[at + 1..]));
        }
    }
    None
}

/// Appends a number in groups of 7 bits.
pub(super) fn put(mut value: u64, to: &mut Vec<u8>) {
    while value >= 0x80 {
        to.push(value.to_le_bytes()[0] | 0x80);
        value >>= 7;
    }
    to.push(value.to_le_bytes()[0]);
}

/// The repetition levels of `lists` lists of `width` numbers (8 or more).
pub(crate) fn repeated(lists: usize, width: usize) -> Vec<u8> {
    let mut one = vec![0x03, 0b1111_1110];
    if width > 8 {
        put((width as u64 - 8) << 1, &mut one);
        one.push(1);
    }
    one.repeat(lists)
}

/// `count` definition levels that are all `level`.
pub(crate) fn defined(count: usize, level: u8) -> Vec<u8> {
    let mut bytes = Vec::new();
    put((count as u64) << 1, &mut bytes);
    bytes.push(level);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        for width in [8, 9, 100, 768, 5000] {
            let mut pattern = Pattern::new(None);
            for lists in [1, 3, 17] {
                let bytes = repeated(lists, width);
                assert!(pattern.repetitions(&bytes, (lists * width) as u64).is_some());
            }
            assert_eq!(pattern.width(), Some(width as u64));
            assert_eq!(all(&defined(width, 3), 3, width as u64), Some(()));
            assert_eq!(all(&defined(width, 2), 3, width as u64), None);
        }
    }

    #[test]
    fn lists_of_other_lengths_are_seen() {
        // two lists of four, packed; then one of three
        let packed = [0x03, 0b1110_1110];
        let mut pattern = Pattern::new(None);
        assert_eq!(pattern.repetitions(&packed, 8), Some(()));
        assert_eq!(pattern.width(), Some(4));
        assert_eq!(Pattern::new(Some(3)).repetitions(&packed, 8), None);
        assert_eq!(Pattern::new(Some(4)).repetitions(&packed, 8), Some(()));
        let mut short = pattern;
        assert_eq!(short.repetitions(&[0x03, 0b1110_0110], 4), None);
        let mut short = pattern;
        assert_eq!(short.repetitions(&[0x03, 0b0000_1110], 3), Some(()));
        assert_eq!(short.width(), None, "the last one is cut off");
        // lists of one number, told as a run
        let mut ones = Pattern::new(None);
        assert_eq!(ones.repetitions(&[20, 0], 10), Some(()));
        assert_eq!(ones.width(), Some(1));
        assert_eq!(Pattern::new(None).repetitions(&[20, 1], 10), None, "it begins within a list");
        for broken in [&[][..], &[0x00, 0x00], &[0x05, 0xfe], &[0x80; 12], &[0x04, 0x02]] {
            assert_eq!(Pattern::new(None).repetitions(broken, 16), None, "{broken:?}");
        }
    }
}
