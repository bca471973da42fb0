//! Views of a document that only the definitions of other projects ask for.

use tamis_kernels::{
    Grams, Segment, Table, Word, blank_words, feed_blocks, feed_lines, hash_word, is_space,
    sentences,
};
use unicode_segmentation::UnicodeSegmentation;

use super::blank_counts::BlankCounts;
use super::code_lines::CodeLines;
use super::line_counts::LineCounts;
use super::raw_words::{self, RawWords};
use super::{Document, GramView, Repeated, normal_words, repeated};

/// Buffers of these views.
#[derive(Default)]
pub(super) struct PeerScratch {
    blank: Vec<Word>,
    blank_grams: Grams,
    bounded: Vec<Word>,
    bounded_grams: Grams,
    normal: Vec<Word>,
    normal_grams: Grams,
    boundless: Vec<Word>,
    bytes: Vec<u8>,
    feed_lines: Vec<Segment>,
    feed_blocks: Vec<Segment>,
    lengths: Vec<u32>,
}

/// Which of them hold what belongs to the document at hand.
#[derive(Default)]
#[expect(clippy::struct_excessive_bools, reason = "one switch for each view")]
pub(super) struct PeerReady {
    blank: bool,
    blank_grams: bool,
    bounded: bool,
    bounded_grams: bool,
    normal: bool,
    normal_grams: bool,
    feed_lines: bool,
    feed_blocks: bool,
    line_counts: Option<LineCounts>,
    blank_counts: Option<BlankCounts>,
    raw_words: Option<RawWords>,
    code_lines: Option<CodeLines>,
}

impl Document<'_> {
    /// The words between white space.
    pub(crate) fn blank_words(&mut self) -> &[Word] {
        let scratch = &mut self.scratch.peers;
        if !self.ready.peers.blank {
            blank_words(self.text, &mut scratch.blank);
            self.ready.peers.blank = true;
        }
        &scratch.blank
    }

    /// Their n-grams.
    pub(crate) fn blank_grams(&mut self) -> GramView<'_> {
        self.blank_words();
        let scratch = &mut self.scratch.peers;
        if !self.ready.peers.blank_grams {
            scratch.blank_grams.fill(&scratch.blank);
            self.ready.peers.blank_grams = true;
        }
        GramView {
            grams: &mut scratch.blank_grams,
            words: &scratch.blank,
            table: &mut self.scratch.table,
        }
    }

    /// Counts over the words between white space.
    pub(crate) fn blank_counts(&mut self) -> BlankCounts {
        if let Some(counts) = self.ready.peers.blank_counts {
            return counts;
        }
        let text = self.text;
        let counts = BlankCounts::of(text, self.blank_words());
        self.ready.peers.blank_counts = Some(counts);
        counts
    }

    /// The median of the lengths of the words between white space; none where there is no word.
    pub(crate) fn median_blank_length(&mut self) -> Option<f64> {
        self.blank_words();
        let scratch = &mut self.scratch.peers;
        scratch.lengths.clear();
        scratch.lengths.extend(scratch.blank.iter().map(|word| word.chars));
        let half = scratch.lengths.len() / 2;
        if scratch.lengths.is_empty() {
            return None;
        }
        let even = scratch.lengths.len().is_multiple_of(2);
        let (below, middle, _) = scratch.lengths.select_nth_unstable(half);
        let upper = f64::from(*middle);
        let lower = below.iter().max().filter(|_| even).map(|lower| f64::from(*lower));
        Some(lower.map_or(upper, |lower| f64::midpoint(lower, upper)))
    }

    /// The words between the word boundaries of Unicode (UAX 29) that start with a letter or digit.
    pub(crate) fn bounded_words(&mut self) -> &[Word] {
        let scratch = &mut self.scratch.peers;
        if !self.ready.peers.bounded {
            scratch.bounded.clear();
            let mut from = 0;
            // no word crosses a line feed, and lines of ASCII alone are cut several times faster
            for line in self.text.split_inclusive('\n') {
                let parts = line.unicode_word_indices();
                let parts = parts.filter(|(_, part)| part.starts_with(char::is_alphanumeric));
                scratch.bounded.extend(parts.map(|(at, part)| Word {
                    start: from + at,
                    end: from + at + part.len(),
                    hash: hash_word(part.as_bytes()),
                    chars: u32::try_from(part.chars().count()).unwrap_or(u32::MAX),
                    flags: 0,
                }));
                from += line.len();
            }
            self.ready.peers.bounded = true;
        }
        &scratch.bounded
    }

    /// Their n-grams.
    pub(crate) fn bounded_grams(&mut self) -> GramView<'_> {
        self.bounded_words();
        let scratch = &mut self.scratch.peers;
        if !self.ready.peers.bounded_grams {
            scratch.bounded_grams.fill(&scratch.bounded);
            self.ready.peers.bounded_grams = true;
        }
        GramView {
            grams: &mut scratch.bounded_grams,
            words: &scratch.bounded,
            table: &mut self.scratch.table,
        }
    }

    /// The words between white space without ASCII punctuation, in lower case and decomposed.
    pub(crate) fn normal_words(&mut self) -> &[Word] {
        self.blank_words();
        let scratch = &mut self.scratch.peers;
        if !self.ready.peers.normal {
            normal_words::scan(self.text, &scratch.blank, &mut scratch.bytes, &mut scratch.normal);
            self.ready.peers.normal = true;
        }
        &scratch.normal
    }

    /// Their n-grams.
    pub(crate) fn normal_grams(&mut self) -> GramView<'_> {
        self.normal_words();
        let scratch = &mut self.scratch.peers;
        if !self.ready.peers.normal_grams {
            // n-grams tell words apart by their bytes too, and these are as the text has them
            scratch.boundless.clear();
            let words = scratch.normal.iter();
            scratch.boundless.extend(words.map(|word| Word { start: 0, end: 0, ..*word }));
            scratch.normal_grams.fill(&scratch.boundless);
            self.ready.peers.normal_grams = true;
        }
        GramView {
            grams: &mut scratch.normal_grams,
            words: &scratch.normal,
            table: &mut self.scratch.table,
        }
    }

    /// How often each different normalised word occurs, in no order that is promised.
    pub(crate) fn normal_word_counts(&mut self) -> Vec<u32> {
        self.normal_words();
        let words = &self.scratch.peers.normal;
        let mut session = self.scratch.table.start(words.len());
        let mut counts = Vec::new();
        let mut places = vec![0_u32; words.len()];
        for (at, word) in words.iter().enumerate() {
            let seen = session.add(word.hash, at);
            if seen.count == 1 {
                places[at] = u32::try_from(counts.len()).unwrap_or(u32::MAX);
                counts.push(1);
            } else if let Some(count) = counts.get_mut(places[seen.first] as usize) {
                *count += 1;
            }
        }
        counts
    }

    /// Counts over runs of word characters and runs of marks.
    pub(crate) fn raw_words(&mut self) -> RawWords {
        let text = self.text;
        *self.ready.peers.raw_words.get_or_insert_with(|| RawWords::of(text))
    }

    /// Sentences as RedPajama-Data counts them.
    pub(crate) fn raw_sentences(&self) -> usize {
        raw_words::sentences(self.text)
    }

    /// Counts over the lines of a program text.
    pub(crate) fn code_lines(&mut self) -> CodeLines {
        let text = self.text;
        *self.ready.peers.code_lines.get_or_insert_with(|| CodeLines::of(text))
    }

    /// Counts over the lines between line feeds.
    pub(crate) fn line_counts(&mut self) -> LineCounts {
        let text = self.text;
        *self.ready.peers.line_counts.get_or_insert_with(|| LineCounts::of(text))
    }

    /// The lines between line feeds, empty ones included.
    pub(crate) fn feed_lines(&mut self) -> &[Segment] {
        let scratch = &mut self.scratch.peers;
        if !self.ready.peers.feed_lines {
            feed_lines(self.text, &mut scratch.feed_lines);
            self.ready.peers.feed_lines = true;
        }
        &scratch.feed_lines
    }

    /// What stands between two line feeds, trimmed, without blank ones.
    pub(crate) fn feed_blocks(&mut self) -> &[Segment] {
        let scratch = &mut self.scratch.peers;
        if !self.ready.peers.feed_blocks {
            feed_blocks(self.text, &mut scratch.feed_blocks);
            self.ready.peers.feed_blocks = true;
        }
        &scratch.feed_blocks
    }

    /// Second and later copies among the lines between line feeds that are not blank.
    pub(crate) fn repeated_filled_lines(&mut self, found: impl FnMut(usize, usize)) -> Repeated {
        let (text, all) = (self.text, self.feed_lines().len());
        let filled = self.scratch.peers.feed_lines.iter().filter(|line| {
            let part = text.get(line.start..line.end).unwrap_or_default();
            line.wordy || !part.chars().all(is_space)
        });
        repeated(filled, all, &mut self.scratch.table, found)
    }

    /// All copies, first ones too, among the lines between line feeds.
    pub(crate) fn copied_feed_lines(&mut self, found: impl FnMut(usize, usize)) -> Repeated {
        self.feed_lines();
        copied(&self.scratch.peers.feed_lines, &mut self.scratch.table, found)
    }

    /// All copies, first ones too, among the lines that are not blank, trimmed.
    pub(crate) fn copied_lines(&mut self, found: impl FnMut(usize, usize)) -> Repeated {
        self.lines();
        copied(&self.scratch.lines, &mut self.scratch.table, found)
    }

    /// All copies, first ones too, among [`Document::feed_blocks`].
    pub(crate) fn copied_feed_blocks(&mut self, found: impl FnMut(usize, usize)) -> Repeated {
        self.feed_blocks();
        copied(&self.scratch.peers.feed_blocks, &mut self.scratch.table, found)
    }

    /// Calls `found` with the bounds of each sentence as spaCy's sentencizer ends them, line by
    /// line.
    pub(crate) fn spacy_sentences(&mut self, found: impl FnMut(usize, usize)) {
        let text = self.text;
        sentences(text, self.spacy_words(), found);
    }
}

/// Counts the parts that are there more than once; `found` gets the bounds of those that stood
/// before.
fn copied(
    segments: &[Segment],
    table: &mut Table,
    mut found: impl FnMut(usize, usize),
) -> Repeated {
    let mut session = table.start(segments.len());
    let mut counts = Repeated::default();
    for (position, segment) in segments.iter().enumerate() {
        let chars = segment.chars as usize;
        counts.all += 1;
        counts.chars += chars;
        // with the second copy the first one counts as well
        let times = match session.add(segment.hash, position).count {
            1 => 0,
            2 => 2,
            _ => 1,
        };
        counts.copies += times;
        counts.copied_chars += times * chars;
        if times > 0 {
            found(segment.start, segment.end);
        }
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Scratch;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn words_between_boundaries_are_those_of_the_whole_text(
            text in "([a-z0-9'._:,-]{0,8}|[é日ñ ]{0,3}|[\n\r ]){0,20}",
        ) {
            let plain: Vec<(usize, usize)> = text
                .split_word_bound_indices()
                .filter(|(_, part)| part.starts_with(char::is_alphanumeric))
                .map(|(at, part)| (at, at + part.len()))
                .collect();
            let mut scratch = Scratch::default();
            let mut document = Document::new(&text, &mut scratch);
            let found: Vec<(usize, usize)> =
                document.bounded_words().iter().map(|word| (word.start, word.end)).collect();
            prop_assert_eq!(found, plain);
        }
    }

    #[test]
    fn every_copy_counts_and_the_first_one_too() {
        let mut scratch = Scratch::default();
        let mut document = Document::new("aa\nb\naa\n\naa\nb\nc", &mut scratch);
        let mut spans = Vec::new();
        let counts = document.copied_lines(|start, end| spans.push((start, end)));
        assert_eq!((counts.all, counts.copies, counts.copied_chars, counts.chars), (6, 5, 8, 9));
        assert_eq!(spans, [(5, 7), (9, 11), (12, 13)]);
        assert_eq!(document.copied_feed_lines(|_, _| ()).all, 7);
        assert_eq!(document.copied_feed_blocks(|_, _| ()).copies, 0);
    }
}
