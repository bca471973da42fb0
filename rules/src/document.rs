//! One document and the views of its text that annotators share.
//!
//! Each view is made when an annotator first asks for it and kept for the others.

use tamis_kernels::{
    Grams, Segment, SpacyEnglish, Table, Tamis, Word, break_lines, lines, newline_paragraphs,
    newline_runs, paragraphs,
};

mod blank_counts;
mod characters;
mod code_lines;
mod line_counts;
mod normal_words;
mod peers;
mod python_lines;
mod raw_words;
mod tokens;

use crate::annotators::dangling::Tally;
use crate::annotators::pii::{DigitRun, digit_runs};
use crate::boilerplate;
use crate::fasttext::{Buffers, Prediction};
use crate::language::{self, Language};
use crate::references::{self, Detector, Found};
use crate::resources::{LoadedModel, ModelText};

pub(crate) use characters::{Characters, is_control};
pub(crate) use code_lines::generated_marks;
pub(crate) use python_lines::{PythonLines, starts_with_bullet};
use tokens::TokenScratch;

/// Buffers that are used again for one document after the other.
#[derive(Default)]
pub struct Scratch {
    tamis: Tamis,
    words: Vec<Word>,
    grams: Grams,
    spacy: SpacyEnglish,
    spacy_words: Vec<Word>,
    spacy_grams: Grams,
    table: Table,
    lines: Vec<Segment>,
    paragraphs: Vec<Segment>,
    newline_runs: Vec<Segment>,
    newline_paragraphs: Vec<Segment>,
    digit_runs: Vec<DigitRun>,
    compressed: Vec<u8>,
    sample: String,
    model: Buffers,
    references: references::DetectorBuffers,
    found: Found,
    peers: peers::PeerScratch,
    tokens: TokenScratch,
}

/// Which buffers hold what belongs to the document at hand.
#[derive(Default)]
#[expect(clippy::struct_excessive_bools, reason = "one switch for each view")]
struct ReadyViews {
    words: bool,
    grams: bool,
    spacy_words: bool,
    spacy_grams: bool,
    lines: bool,
    paragraphs: bool,
    newline_runs: bool,
    newline_paragraphs: bool,
    digit_runs: bool,
    found: bool,
    tokens: bool,
    token_grams: bool,
    peers: peers::PeerReady,
}

/// A document that is being measured.
pub struct Document<'a> {
    text: &'a str,
    /// Names of targets that other pages of the same work have, sorted.
    elsewhere: &'a [u64],
    /// Names of lines that many documents of its source have, sorted; none where nobody knows.
    boilerplate: Option<&'a [u64]>,
    scratch: &'a mut Scratch,
    ready: ReadyViews,
    chars: Option<usize>,
    characters: Option<Characters>,
    python_lines: Option<PythonLines>,
    tally: Option<Tally>,
    /// Looked for, and then what was found.
    #[expect(clippy::option_option, reason = "not looked for, or looked for in vain")]
    language: Option<Option<Language>>,
    /// What models said, by where they lie in memory.
    predicted: Vec<(usize, Option<Prediction>)>,
}

/// N-grams with what is needed to walk them.
pub(crate) struct GramView<'a> {
    pub(crate) grams: &'a mut Grams,
    pub(crate) words: &'a [Word],
    pub(crate) table: &'a mut Table,
}

/// How much of a list of lines or paragraphs is a second or later copy.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Repeated {
    /// Lines or paragraphs.
    pub(crate) all: usize,
    /// Those that stood before.
    pub(crate) copies: usize,
    /// Characters of all.
    pub(crate) chars: usize,
    /// Characters of those that stood before.
    pub(crate) copied_chars: usize,
}

impl<'a> Document<'a> {
    /// A document over `text`, with buffers from the document before.
    pub fn new(text: &'a str, scratch: &'a mut Scratch) -> Self {
        Self {
            text,
            elsewhere: &[],
            boilerplate: None,
            scratch,
            ready: ReadyViews::default(),
            chars: None,
            characters: None,
            python_lines: None,
            tally: None,
            language: None,
            predicted: Vec::new(),
        }
    }

    /// The same document as a page of a work whose other pages have the targets with these names,
    /// see [`crate::elsewhere`].
    #[must_use]
    pub fn with_elsewhere(mut self, names: &'a [u64]) -> Self {
        self.elsewhere = names;
        self
    }

    /// The same document as one of a source whose documents share the lines with these names, see
    /// [`crate::boilerplate`].
    #[must_use]
    pub fn with_boilerplate(mut self, names: &'a [u64]) -> Self {
        self.boilerplate = Some(names);
        self
    }

    /// The text.
    pub fn text(&self) -> &'a str {
        self.text
    }

    /// Characters (Unicode scalar values) in the text.
    pub fn chars(&mut self) -> usize {
        *self.chars.get_or_insert_with(|| self.text.chars().count())
    }

    /// The words by our own definition, see [`Tamis`].
    pub fn words(&mut self) -> &[Word] {
        if !self.ready.words {
            self.scratch.tamis.scan(self.text, &mut self.scratch.words);
            self.ready.words = true;
        }
        &self.scratch.words
    }

    /// The words as spaCy's English tokenizer cuts them, see [`SpacyEnglish`].
    pub fn spacy_words(&mut self) -> &[Word] {
        if !self.ready.spacy_words {
            self.scratch.spacy.scan(self.text, &mut self.scratch.spacy_words);
            self.ready.spacy_words = true;
        }
        &self.scratch.spacy_words
    }

    /// The lines that are not blank, trimmed.
    pub fn lines(&mut self) -> &[Segment] {
        if !self.ready.lines {
            lines(self.text, &mut self.scratch.lines);
            self.ready.lines = true;
        }
        &self.scratch.lines
    }

    /// The paragraphs: lines up to the next blank one, trimmed.
    pub fn paragraphs(&mut self) -> &[Segment] {
        if !self.ready.paragraphs {
            paragraphs(self.text, &mut self.scratch.paragraphs);
            self.ready.paragraphs = true;
        }
        &self.scratch.paragraphs
    }

    /// The language, from a sample of the text.
    pub(crate) fn language(&mut self) -> Option<Language> {
        *self.language.get_or_insert_with(|| {
            language::detect(language::sample(self.text, &mut self.scratch.sample))
        })
    }

    /// What a model says of the text.
    pub(crate) fn predict(&mut self, loaded: &LoadedModel) -> Option<Prediction> {
        let place = std::ptr::from_ref(loaded).addr();
        if let Some((_, said)) = self.predicted.iter().find(|(of, _)| *of == place) {
            return *said;
        }
        let Scratch { sample, model, .. } = &mut *self.scratch;
        let seen = match loaded.part {
            ModelText::Sample => language::sample(self.text, sample),
            ModelText::Whole => self.text,
        };
        let said = loaded.model.predict(seen, model);
        self.predicted.push((place, said));
        said
    }

    /// Counts of characters by kind.
    pub(crate) fn characters(&mut self) -> Characters {
        *self.characters.get_or_insert_with(|| Characters::count(self.text))
    }

    /// Counts over the lines as Python splits them.
    pub(crate) fn python_lines(&mut self) -> PythonLines {
        *self.python_lines.get_or_insert_with(|| {
            let mut counts = PythonLines::default();
            break_lines(self.text, |start, end| {
                counts.add(self.text.get(start..end).unwrap_or_default());
            });
            counts
        })
    }

    /// The parts between runs of line feeds, empty ends included.
    pub(crate) fn newline_runs(&mut self) -> &[Segment] {
        if !self.ready.newline_runs {
            newline_runs(self.text, &mut self.scratch.newline_runs);
            self.ready.newline_runs = true;
        }
        &self.scratch.newline_runs
    }

    /// The parts of the trimmed text between runs of two and more line feeds.
    pub(crate) fn newline_paragraphs(&mut self) -> &[Segment] {
        if !self.ready.newline_paragraphs {
            newline_paragraphs(self.text, &mut self.scratch.newline_paragraphs);
            self.ready.newline_paragraphs = true;
        }
        &self.scratch.newline_paragraphs
    }

    /// The runs of ASCII digits.
    pub(crate) fn digit_runs(&mut self) -> &[DigitRun] {
        if !self.ready.digit_runs {
            digit_runs(self.text, &mut self.scratch.digit_runs);
            self.ready.digit_runs = true;
        }
        &self.scratch.digit_runs
    }

    /// The n-grams of our words.
    pub(crate) fn grams(&mut self) -> GramView<'_> {
        self.words();
        let scratch = &mut *self.scratch;
        if !self.ready.grams {
            scratch.grams.fill(&scratch.words);
            self.ready.grams = true;
        }
        GramView { grams: &mut scratch.grams, words: &scratch.words, table: &mut scratch.table }
    }

    /// The n-grams of spaCy's words.
    pub(crate) fn spacy_grams(&mut self) -> GramView<'_> {
        self.spacy_words();
        let scratch = &mut *self.scratch;
        if !self.ready.spacy_grams {
            scratch.spacy_grams.fill_joined(self.text, &mut scratch.spacy_words);
            self.ready.spacy_grams = true;
        }
        GramView {
            grams: &mut scratch.spacy_grams,
            words: &scratch.spacy_words,
            table: &mut scratch.table,
        }
    }

    /// How many different words there are, by our definition.
    pub(crate) fn distinct_words(&mut self) -> usize {
        self.words();
        let words = &self.scratch.words;
        let mut session = self.scratch.table.start(words.len());
        words.iter().enumerate().filter(|(at, word)| session.add(word.hash, *at).count == 1).count()
    }

    /// Copies among the lines with a letter or digit; `found` gets the bounds of each copy.
    pub(crate) fn repeated_lines(&mut self, found: impl FnMut(usize, usize)) -> Repeated {
        self.lines();
        let wordy = self.scratch.lines.iter().filter(|line| line.wordy);
        repeated(wordy, self.scratch.lines.len(), &mut self.scratch.table, found)
    }

    /// Lines with a letter or digit that many documents of the source have; `found` gets the bounds
    /// of each. None where nobody knows which they are.
    pub(crate) fn boilerplate(&mut self, mut found: impl FnMut(usize, usize)) -> Option<Repeated> {
        let known = self.boilerplate?;
        let mut counts = Repeated::default();
        for line in self.lines().iter().filter(|line| line.wordy) {
            let chars = line.chars as usize;
            counts.all += 1;
            counts.chars += chars;
            if known.binary_search(&boilerplate::name(line)).is_ok() {
                counts.copies += 1;
                counts.copied_chars += chars;
                found(line.start, line.end);
            }
        }
        Some(counts)
    }

    /// Copies among the paragraphs with a letter or digit.
    pub(crate) fn repeated_paragraphs(&mut self, found: impl FnMut(usize, usize)) -> Repeated {
        self.paragraphs();
        let wordy = self.scratch.paragraphs.iter().filter(|paragraph| paragraph.wordy);
        repeated(wordy, self.scratch.paragraphs.len(), &mut self.scratch.table, found)
    }

    /// Copies among [`Document::newline_runs`].
    pub(crate) fn repeated_newline_runs(&mut self, found: impl FnMut(usize, usize)) -> Repeated {
        let all = self.newline_runs().len();
        repeated(self.scratch.newline_runs.iter(), all, &mut self.scratch.table, found)
    }

    /// Copies among [`Document::newline_paragraphs`].
    pub(crate) fn repeated_newline_paragraphs(
        &mut self,
        found: impl FnMut(usize, usize),
    ) -> Repeated {
        let all = self.newline_paragraphs().len();
        repeated(self.scratch.newline_paragraphs.iter(), all, &mut self.scratch.table, found)
    }

    /// What the text points at, what of it is there, and what is not.
    pub fn references(&mut self) -> &Found {
        if !self.ready.found {
            match Detector::embedded() {
                Ok(detector) => {
                    let Scratch { references, found, .. } = &mut *self.scratch;
                    detector.find(self.text, references, found);
                    if !self.elsewhere.is_empty() {
                        let names = self.elsewhere;
                        found.findings.retain(|one| !crate::elsewhere::answers(names, one));
                    }
                }
                // the languages are compiled in, and no run begins where they cannot be read
                Err(_) => self.scratch.found = Found::default(),
            }
            self.ready.found = true;
        }
        &self.scratch.found
    }

    /// Counts of [`Document::references`].
    pub(crate) fn tally(&mut self) -> Tally {
        if let Some(tally) = self.tally {
            return tally;
        }
        let tally = Tally::of(self.references());
        self.tally = Some(tally);
        tally
    }

    /// The text's bytes after compression as one LZ4 block.
    pub(crate) fn compressed_len(&mut self) -> Option<usize> {
        let size = lz4_flex::block::get_maximum_output_size(self.text.len());
        if self.scratch.compressed.len() < size {
            self.scratch.compressed.resize(size, 0);
        }
        lz4_flex::block::compress_into(self.text.as_bytes(), &mut self.scratch.compressed).ok()
    }
}

fn repeated<'s>(
    segments: impl Iterator<Item = &'s Segment>,
    at_most: usize,
    table: &mut Table,
    mut found: impl FnMut(usize, usize),
) -> Repeated {
    let mut session = table.start(at_most);
    let mut counts = Repeated::default();
    for (position, segment) in segments.enumerate() {
        let chars = segment.chars as usize;
        counts.all += 1;
        counts.chars += chars;
        if session.add(segment.hash, position).count > 1 {
            counts.copies += 1;
            counts.copied_chars += chars;
            found(segment.start, segment.end);
        }
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buffers_of_one_document_do_not_reach_the_next() {
        let mut scratch = Scratch::default();
        let mut first = Document::new("one two\ntwo\ntwo", &mut scratch);
        assert_eq!(first.distinct_words(), 2);
        assert_eq!(first.repeated_lines(|_, _| ()).copies, 1);
        let mut second = Document::new("two", &mut scratch);
        assert_eq!((second.distinct_words(), second.chars()), (1, 3));
        assert_eq!(
            second.repeated_lines(|_, _| ()),
            Repeated { all: 1, chars: 3, ..Repeated::default() }
        );
    }

    #[test]
    fn lines_without_letters_or_digits_are_no_copies() {
        let mut scratch = Scratch::default();
        let mut document = Document::new("}\n}\n---\n---\na\na", &mut scratch);
        let mut spans = Vec::new();
        let counts = document.repeated_lines(|start, end| spans.push((start, end)));
        assert_eq!((counts.all, counts.copies), (2, 1));
        assert_eq!(spans, [(14, 15)]);
    }
}
