//! The runs of ASCII digits of a text, which most kinds of personal data are made of.

/// Bytes that are looked at together; most blocks of prose hold no digit.
const BLOCK: usize = 32;

/// A run of ASCII digits, as long as it goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct DigitRun {
    /// Its first byte.
    pub(crate) start: usize,
    /// The byte after its last one.
    pub(crate) end: usize,
}

impl DigitRun {
    pub(crate) fn len(self) -> usize {
        self.end - self.start
    }

    pub(crate) fn digits(self, text: &str) -> &str {
        text.get(self.start..self.end).unwrap_or_default()
    }
}

/// Finds the runs of digits of `text`.
pub(crate) fn digit_runs(text: &str, runs: &mut Vec<DigitRun>) {
    runs.clear();
    let mut open: Option<usize> = None;
    let mut close = |open: &mut Option<usize>, end: usize| {
        if let Some(start) = open.take() {
            runs.push(DigitRun { start, end });
        }
    };
    for (number, block) in text.as_bytes().chunks(BLOCK).enumerate() {
        let at = number * BLOCK;
        // without an early end, so that it becomes a vector compare
        let any = block.iter().fold(0, |any, byte| any | u8::from(byte.wrapping_sub(b'0') < 10));
        if any == 0 {
            close(&mut open, at);
            continue;
        }
        for (offset, byte) in block.iter().enumerate() {
            if byte.is_ascii_digit() {
                open = open.or(Some(at + offset));
            } else {
                close(&mut open, at + offset);
            }
        }
    }
    close(&mut open, text.len());
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn runs_cross_blocks_and_end_with_them() {
        let text = format!("{}12345{}7", "a".repeat(30), "b".repeat(29));
        let mut runs = Vec::new();
        digit_runs(&text, &mut runs);
        assert_eq!(runs, [DigitRun { start: 30, end: 35 }, DigitRun { start: 64, end: 65 }]);
        digit_runs(&"9".repeat(32), &mut runs);
        assert_eq!(runs, [DigitRun { start: 0, end: 32 }]);
        let ends_with_its_block = format!("{}99{}", "a".repeat(30), "b".repeat(32));
        digit_runs(&ends_with_its_block, &mut runs);
        assert_eq!(runs, [DigitRun { start: 30, end: 32 }]);
    }

    proptest! {
        #[test]
        fn they_are_what_splitting_gives(text in "[0-2aé]{0,100}") {
            let mut runs = Vec::new();
            digit_runs(&text, &mut runs);
            let found: Vec<&str> = runs.iter().map(|run| run.digits(&text)).collect();
            let split = text.split(|c: char| !c.is_ascii_digit()).filter(|run| !run.is_empty());
            prop_assert_eq!(found, split.collect::<Vec<_>>());
        }
    }
}
