//! Counts over the words between white space, as several projects ask for them, in one walk.

use tamis_kernels::Word;

/// Counts over the words of one text.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct BlankCounts {
    /// Words.
    pub(crate) all: usize,
    /// Characters of all words.
    pub(crate) chars: usize,
    /// Words with a letter.
    pub(crate) alphabetic: usize,
    /// Words with `#` or `…` in them.
    pub(crate) symbols: usize,
    /// Words that are one of eight English ones, in lower case.
    pub(crate) stop_words: usize,
    /// The same in any case.
    pub(crate) stop_words_any_case: usize,
}

/// The eight words of Gopher.
const STOP_WORDS: [&str; 8] = ["the", "be", "to", "of", "and", "that", "have", "with"];

impl BlankCounts {
    /// Counts the words of `text`.
    pub(crate) fn of(text: &str, words: &[Word]) -> Self {
        let mut counts = Self { all: words.len(), ..Self::default() };
        for word in words {
            counts.chars += word.chars as usize;
            counts.alphabetic += usize::from(word.is_alphabetic());
            let part = text.get(word.start..word.end).unwrap_or_default();
            if part.len() <= 4
                && let Some(stop) = STOP_WORDS.iter().find(|stop| stop.eq_ignore_ascii_case(part))
            {
                counts.stop_words_any_case += 1;
                counts.stop_words += usize::from(*stop == part);
            }
            // an ellipsis is three bytes, none of them a hash
            counts.symbols += usize::from(
                memchr::memchr2(b'#', 0xe2, part.as_bytes()).is_some() && part.contains(['#', '…']),
            );
        }
        counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tamis_kernels::blank_words;

    #[test]
    fn each_count_has_its_own_words() {
        let text = "The cat, and THAT dog… #5 — with that.";
        let mut words = Vec::new();
        blank_words(text, &mut words);
        let expected = BlankCounts {
            all: 9,
            chars: 30,
            alphabetic: 7,
            symbols: 2,
            stop_words: 2,
            stop_words_any_case: 4,
        };
        assert_eq!(BlankCounts::of(text, &words), expected);
    }
}
