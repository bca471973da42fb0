//! Counts over the lines between line feeds, as several projects ask for them, in one walk.

use tamis_kernels::{is_space, is_terminal_mark};

/// Counts over the lines of one text.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct LineCounts {
    /// What `split("\n")` gives: one more than there are line feeds.
    pub(crate) all: usize,
    /// Lines that are not blank.
    pub(crate) filled: usize,
    /// Lines that are not blank and end with a mark that ends a sentence in some script.
    pub(crate) terminal: usize,
    /// Lines that are not blank and have at most 30 characters.
    pub(crate) short: usize,
    /// Characters of the longest line.
    pub(crate) longest: usize,
    /// Lines that start with `*` or `-`.
    pub(crate) dolma_bullets: usize,
    /// Lines that end with `…`.
    pub(crate) dolma_ellipses: usize,
    /// Lines that start, white space left out, with `●`, `•`, `*` or `-`.
    pub(crate) dclm_bullets: usize,
    /// Lines that end, white space left out, with `...`, `. . .` or `…`.
    pub(crate) dclm_ellipses: usize,
    /// Lines that end, white space left out, with `...` or `…`.
    pub(crate) redpajama_ellipses: usize,
    /// Lines that start, white space left out, with one of ten bullets.
    pub(crate) redpajama_bullets: usize,
    /// Lines that end, white space left out, with `.`, `!`, `?` or `”`.
    pub(crate) redpajama_terminal: usize,
}

/// The longest line that is short.
const SHORT_CHARS: usize = 30;

impl LineCounts {
    /// Counts the lines of `text`.
    pub(crate) fn of(text: &str) -> Self {
        let mut counts = Self::default();
        let mut start = 0;
        for end in memchr::memchr_iter(b'\n', text.as_bytes()) {
            counts.add(text.get(start..end).unwrap_or_default());
            start = end + 1;
        }
        counts.add(text.get(start..).unwrap_or_default());
        counts
    }

    fn add(&mut self, line: &str) {
        self.all += 1;
        let chars = line.chars().count();
        self.longest = self.longest.max(chars);
        let cut = line.trim_matches(is_space);
        let (Some(first), Some(last)) = (cut.chars().next(), cut.chars().next_back()) else {
            return;
        };
        self.filled += 1;
        self.terminal += usize::from(line.ends_with(is_terminal_mark));
        self.short += usize::from(chars <= SHORT_CHARS);
        self.dolma_bullets += usize::from(line.starts_with(['*', '-']));
        self.dolma_ellipses += usize::from(line.ends_with('…'));
        self.dclm_bullets += usize::from(matches!(first, '●' | '•' | '*' | '-'));
        let dots = last == '…' || cut.ends_with("...");
        self.dclm_ellipses += usize::from(dots || cut.ends_with(". . ."));
        self.redpajama_ellipses += usize::from(dots);
        self.redpajama_bullets +=
            usize::from(matches!(first, '•' | '‣' | '▶' | '◀' | '◦' | '■' | '□' | '▪' | '▫' | '–'));
        self.redpajama_terminal += usize::from(matches!(last, '.' | '!' | '?' | '”'));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_count_has_its_own_lines() {
        let text = "- one.\n\n  * two…\n– three. . .\n• four... \n***\nfive!”";
        let expected = LineCounts {
            all: 7,
            filled: 6,
            terminal: 2,
            short: 6,
            longest: 12,
            dolma_bullets: 2,
            dolma_ellipses: 1,
            dclm_bullets: 4,
            dclm_ellipses: 3,
            redpajama_ellipses: 2,
            redpajama_bullets: 2,
            redpajama_terminal: 4,
        };
        assert_eq!(LineCounts::of(text), expected);
        assert_eq!(LineCounts::of(""), LineCounts { all: 1, ..LineCounts::default() });
    }

    #[test]
    fn thirty_characters_are_short() {
        let line = |chars: usize| LineCounts::of(&"é".repeat(chars)).short;
        assert_eq!((line(30), line(31)), (1, 0));
    }
}
