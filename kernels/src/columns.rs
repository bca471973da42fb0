//! What of a line may part columns: gaps, bars, commas, tabs.

use crate::masks::{BLOCK, flag, highest};

/// What parts the columns of a line, as far as it was looked at.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct Columns {
    /// Gaps: two or more spaces, or a tab among them, with something before and behind. Two spaces
    /// after the end of a sentence are an old habit and none.
    pub gaps: u32,
    /// The byte at which text goes on after the first gap.
    pub column: Option<usize>,
    /// Vertical bars.
    pub bars: u32,
    /// Commas and semicolons with something other than a space or a tab right behind them.
    pub commas: u32,
    /// Tabs.
    pub tabs: u32,
}

/// One bit for each byte of a block.
#[derive(Clone, Copy, Default)]
struct ColumnMasks {
    space: u64,
    tab: u64,
    bar: u64,
    comma: u64,
    stop: u64,
}

impl ColumnMasks {
    #[inline]
    fn of(block: &[u8; BLOCK]) -> Self {
        let mut masks = Self::default();
        for (index, part) in block.as_chunks::<16>().0.iter().enumerate() {
            let [mut space, mut tab, mut bar, mut comma, mut stop] = [[0_u8; 16]; 5];
            // plain loops over bytes, which compilers turn into vector compares
            for (at, &byte) in part.iter().enumerate() {
                space[at] = flag(byte == b' ');
                tab[at] = flag(byte == b'\t');
                bar[at] = flag(byte == b'|');
                comma[at] = flag(byte == b',') | flag(byte == b';');
                stop[at] = flag(byte == b'.')
                    | flag(byte == b':')
                    | flag(byte == b'!')
                    | flag(byte == b'?');
            }
            let shift = 16 * index;
            masks.space |= u64::from(highest(&space)) << shift;
            masks.tab |= u64::from(highest(&tab)) << shift;
            masks.bar |= u64::from(highest(&bar)) << shift;
            masks.comma |= u64::from(highest(&comma)) << shift;
            masks.stop |= u64::from(highest(&stop)) << shift;
        }
        masks
    }
}

/// The bits `by` places on, with those of the block before that come in.
#[inline]
fn after(mask: u64, before: u64, by: u32) -> u64 {
    mask << by | before >> (u64::BITS - by)
}

/// What parts the columns of the bytes of `text` from `from` to `to`; what stands there begins with
/// no blank.
pub fn columns(text: &[u8], from: usize, to: usize) -> Columns {
    let mut found = Columns::default();
    let mut before = ColumnMasks::default();
    let mut at = from;
    while at < to {
        let rest = text.get(at..).unwrap_or_default();
        let mut padded = [0; BLOCK];
        let block = rest.first_chunk::<BLOCK>().unwrap_or_else(|| {
            for (to, from) in padded.iter_mut().zip(rest) {
                *to = *from;
            }
            &padded
        });
        let masks = ColumnMasks::of(block);
        let inside = if to - at >= BLOCK { !0 } else { (1 << (to - at)) - 1 };
        let blank = masks.space | masks.tab;
        let behind = inside & !blank;
        let blank_before = before.space | before.tab;
        let pair = after(blank, blank_before, 1) & after(blank, blank_before, 2);
        let two = pair | after(masks.tab, before.tab, 1);
        let spaces = after(masks.space, before.space, 1) & after(masks.space, before.space, 2);
        let habit = spaces & after(masks.stop, before.stop, 3);
        let gaps = behind & two & !habit;
        if found.gaps == 0 && gaps != 0 {
            found.column = Some(at + gaps.trailing_zeros() as usize);
        }
        found.gaps += gaps.count_ones();
        found.bars += (masks.bar & inside).count_ones();
        found.tabs += (masks.tab & inside).count_ones();
        found.commas += (behind & after(masks.comma, before.comma, 1)).count_ones();
        before = masks;
        at += BLOCK;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The definition written down as plainly as can be.
    fn plain(text: &[u8]) -> Columns {
        let mut found = Columns::default();
        let blank = |byte: u8| byte == b' ' || byte == b'\t';
        for (at, &byte) in text.iter().enumerate() {
            let run = text[..at].iter().rev().take_while(|byte| blank(**byte)).count();
            let gap = &text[at - run..at];
            let stop = at > run && b".!?:".contains(&text[at - run - 1]) && gap == b"  ";
            if !blank(byte) && (run >= 2 || gap == b"\t") && !stop {
                found.column = found.column.or(Some(at));
                found.gaps += 1;
            }
            found.bars += u32::from(byte == b'|');
            found.tabs += u32::from(byte == b'\t');
            let comma = at > 0 && b",;".contains(&text[at - 1]);
            found.commas += u32::from(comma && !blank(byte));
        }
        found
    }

    #[test]
    fn what_parts_columns_is_counted() {
        let line = b"So it is.  a   b\t|,c;d , e";
        let expected = Columns { gaps: 2, column: Some(15), bars: 1, commas: 2, tabs: 1 };
        assert_eq!(columns(line, 0, line.len()), expected);
    }

    proptest! {
        #[test]
        fn counts_are_what_the_definition_says(
            line in "[a-c.:]([a-c]{0,4}[ .!?:,;\t|(4é]{0,4}){0,40}",
            lead in "[ |,]{0,5}",
        ) {
            let text = format!("{lead}{line}  x");
            let end = lead.len() + line.len();
            let mut expected = plain(line.as_bytes());
            expected.column = expected.column.map(|column| column + lead.len());
            prop_assert_eq!(columns(text.as_bytes(), lead.len(), end), expected);
        }
    }
}
