//! Which passages of a text stand in a set of other texts: the n-grams of words that both have,
//! found by hash and held against the words themselves.
//!
//! Memory for each n-gram of the set: 12 bytes for its hash and place, 4 to 8 for the table that
//! finds it, 1 to 2 for the filter before that, 8 for the bounds of its word, and the text.

use minhash_lsh::{Level, shingles};

use crate::words::{Tamis, Word};

/// Places of one n-gram in the set above which it is passed over: it belongs to the form of the
/// set, such as the instruction in front of each question.
pub const FORM_PLACES: usize = 100;
/// Passages of one text that are told.
pub const PASSAGES_MAX: usize = 4096;

/// Texts to be found in others, cut into n-grams.
#[derive(Debug)]
pub struct Overlaps {
    n: usize,
    skips: usize,
    text: String,
    /// Bounds of each word in `text`.
    words: Vec<(u32, u32)>,
    /// The first word of each part, and behind the last one the number of words.
    parts: Vec<u32>,
    hashes: Vec<u64>,
    places: Vec<u32>,
    /// Where the hashes with the same leading bits begin.
    heads: Vec<u32>,
    shift: u32,
    filter: Vec<u64>,
    /// N-grams that are passed over, by the number of their first place.
    passed: Vec<u64>,
    forms: usize,
}

/// Puts texts together.
#[derive(Debug, Default)]
pub struct OverlapsBuilder {
    text: String,
    words: Vec<(u32, u32)>,
    parts: Vec<u32>,
    hashes: Vec<u64>,
}

/// A passage of a text that stands in a part of the set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Passage {
    /// The part, in the order in which they were added.
    pub part: u32,
    /// Its first word in the part.
    pub from: u32,
    /// Words from the first that is equal to the last one.
    pub words: u32,
    /// Words among them that are equal: fewer where some may differ.
    pub equal: u32,
    /// The first byte in the text.
    pub start: usize,
    /// The byte after the last one.
    pub end: usize,
}

/// The set has more text than places can tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("more than 4 GiB of text in one set")]
pub struct TooMuchText;

/// Buffers that are used again for one text after the other.
#[derive(Default)]
pub struct OverlapScratch {
    scan: Tamis,
    words: Vec<Word>,
    hashes: Vec<u64>,
    grams: Vec<u64>,
    /// Diagonals (place in the set minus place in the text) and the word of the text up to which
    /// they are told.
    open: Vec<(i64, usize)>,
}

impl OverlapsBuilder {
    /// Adds a text of its own: no n-gram reaches from one part into the next. Gives its number and
    /// how many words it has.
    pub fn add(&mut self, text: &str, scan: &mut Tamis) -> Result<(u32, usize), TooMuchText> {
        let mut words = Vec::new();
        scan.scan(text, &mut words);
        let base = self.text.len();
        let small = |at: usize| u32::try_from(at).map_err(|_| TooMuchText);
        let part = small(self.parts.len())?;
        self.parts.push(small(self.words.len())?);
        self.text.push_str(text);
        for word in &words {
            self.words.push((small(base + word.start)?, small(base + word.end)?));
            self.hashes.push(word.hash);
        }
        Ok((part, words.len()))
    }

    /// The n-grams of all parts; `skips` words of a passage may differ behind its first n-gram.
    pub fn finish(mut self, n: usize, skips: usize) -> Result<Overlaps, TooMuchText> {
        let words = u32::try_from(self.words.len()).map_err(|_| TooMuchText)?;
        self.parts.push(words);
        let mut grams: Vec<(u64, u32)> = Vec::new();
        let mut found = Vec::new();
        for bounds in self.parts.windows(2) {
            let [from, to] = [bounds[0] as usize, bounds[1] as usize];
            if to - from < n {
                continue;
            }
            shingles(Level::detect(), &self.hashes[from..to], n, &mut found);
            grams.extend(found.iter().zip(bounds[0]..).map(|(hash, place)| (*hash, place)));
        }
        grams.sort_unstable();
        let bits = usize::BITS - grams.len().max(1).leading_zeros();
        let shift = u64::BITS - bits.max(1);
        let mut heads = vec![0_u32; (1 << bits.max(1)) + 1];
        for (hash, _) in &grams {
            heads[leading(*hash, shift) + 1] += 1;
        }
        for at in 1..heads.len() {
            heads[at] += heads[at - 1];
        }
        let mut filter = vec![0_u64; (grams.len() * 8).next_power_of_two().div_ceil(64).max(1)];
        for (hash, _) in &grams {
            let bit = filter_bit(*hash, filter.len());
            filter[bit / 64] |= 1 << (bit % 64);
        }
        let mut index = Overlaps {
            n,
            skips,
            text: self.text,
            words: self.words,
            parts: self.parts,
            passed: vec![0; grams.len().div_ceil(64)],
            hashes: grams.iter().map(|(hash, _)| *hash).collect(),
            places: grams.iter().map(|(_, place)| *place).collect(),
            heads,
            shift,
            filter,
            forms: 0,
        };
        index.pass_forms();
        Ok(index)
    }
}

#[expect(clippy::cast_possible_truncation, reason = "as many bits as the table has")]
fn leading(hash: u64, shift: u32) -> usize {
    (hash >> shift) as usize
}

#[expect(clippy::cast_possible_truncation, reason = "the low bits are wanted")]
fn filter_bit(hash: u64, words: usize) -> usize {
    hash as usize & (words * 64 - 1)
}

impl Overlaps {
    /// Words of an n-gram.
    pub fn n(&self) -> usize {
        self.n
    }

    /// N-grams, each as often as it stands in the set.
    pub fn grams(&self) -> usize {
        self.hashes.len()
    }

    /// Different n-grams that are passed over as the form of the set.
    pub fn forms(&self) -> usize {
        self.forms
    }

    /// Words of a part.
    pub fn words_of(&self, part: u32) -> usize {
        let at = part as usize;
        match (self.parts.get(at), self.parts.get(at + 1)) {
            (Some(from), Some(to)) => (to - from) as usize,
            _ => 0,
        }
    }

    fn pass_forms(&mut self) {
        let mut at = 0;
        while at < self.hashes.len() {
            let same =
                self.hashes[at..].iter().take_while(|hash| **hash == self.hashes[at]).count();
            if same > FORM_PLACES {
                self.forms += 1;
                self.passed[at / 64] |= 1 << (at % 64);
            }
            at += same;
        }
    }

    /// Passes over the n-grams of these numbers, which [`Overlaps::numbers`] gives.
    pub fn pass(&mut self, numbers: impl IntoIterator<Item = u32>) {
        for number in numbers {
            if let Some(bits) = self.passed.get_mut(number as usize / 64) {
                *bits |= 1 << (number % 64);
            }
        }
    }

    /// The places of an n-gram by its hash: the number of the first, and how many there are.
    fn look_up(&self, hash: u64) -> Option<(usize, usize)> {
        let bit = filter_bit(hash, self.filter.len());
        if self.filter[bit / 64] >> (bit % 64) & 1 == 0 {
            return None;
        }
        let head = leading(hash, self.shift);
        let (from, to) = (self.heads[head] as usize, self.heads[head + 1] as usize);
        let same = &self.hashes[from..to];
        let first = same.iter().position(|known| *known == hash)?;
        let count = same[first..].iter().take_while(|known| **known == hash).count();
        Some((from + first, count))
    }

    fn is_passed(&self, number: usize) -> bool {
        self.passed[number / 64] >> (number % 64) & 1 == 1
    }

    fn word(&self, place: usize) -> &str {
        let (start, end) = self.words[place];
        &self.text[start as usize..end as usize]
    }

    /// Whether the `n` words of the text at `at` are those of the set at `place`.
    fn equal(&self, text: &str, words: &[Word], at: usize, place: usize) -> bool {
        words[at..at + self.n]
            .iter()
            .enumerate()
            .all(|(step, word)| same_word(&text[word.start..word.end], self.word(place + step)))
    }

    /// Scans `text`; gives the hashes of its n-grams.
    fn hash(&self, text: &str, scratch: &mut OverlapScratch) {
        scratch.scan.scan(text, &mut scratch.words);
        self.hash_words(scratch);
    }

    fn hash_words(&self, scratch: &mut OverlapScratch) {
        scratch.grams.clear();
        if scratch.words.len() >= self.n {
            scratch.hashes.clear();
            scratch.hashes.extend(scratch.words.iter().map(|word| word.hash));
            shingles(Level::detect(), &scratch.hashes, self.n, &mut scratch.grams);
        }
    }

    /// The numbers of the n-grams of `text` that stand in the set, sorted, each once.
    pub fn numbers(&self, text: &str, scratch: &mut OverlapScratch) -> Vec<u32> {
        self.hash(text, scratch);
        let mut found = Vec::new();
        for (at, hash) in scratch.grams.iter().enumerate() {
            let Some((number, _)) = self.look_up(*hash) else { continue };
            if self.equal(text, &scratch.words, at, self.places[number] as usize) {
                found.extend(u32::try_from(number).ok());
            }
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    /// Puts the passages of `text` that stand in the set into `found`, by their start in the text,
    /// at most [`PASSAGES_MAX`]. Each begins with an n-gram and is as long as the words are equal,
    /// but for those that may differ.
    pub fn find(&self, text: &str, scratch: &mut OverlapScratch, found: &mut Vec<Passage>) {
        found.clear();
        self.hash(text, scratch);
        scratch.open.clear();
        let OverlapScratch { words, grams, open, .. } = scratch;
        for (at, hash) in grams.iter().enumerate() {
            let Some((number, count)) = self.look_up(*hash) else { continue };
            if self.is_passed(number) {
                continue;
            }
            open.retain(|(_, told)| *told > at);
            for place in &self.places[number..number + count] {
                let diagonal = i64::from(*place) - i64::try_from(at).unwrap_or(i64::MAX);
                if open.iter().any(|(known, _)| *known == diagonal)
                    || !self.equal(text, words, at, *place as usize)
                {
                    continue;
                }
                let (length, equal) = self.extend(text, words, at, *place as usize);
                open.push((diagonal, at + length));
                found.push(self.passage(words, at, *place, length, equal));
                if found.len() >= PASSAGES_MAX {
                    return;
                }
            }
        }
    }

    fn passage(
        &self,
        words: &[Word],
        at: usize,
        place: u32,
        length: usize,
        equal: usize,
    ) -> Passage {
        let part = self.parts.partition_point(|from| *from <= place) - 1;
        let small = |size: usize| u32::try_from(size).unwrap_or(u32::MAX);
        Passage {
            part: small(part),
            from: place - self.parts[part],
            words: small(length),
            equal: small(equal),
            start: words[at].start,
            end: words[at + length - 1].end,
        }
    }

    /// How many words a passage has that begins with an n-gram, and how many are equal.
    fn extend(&self, text: &str, words: &[Word], at: usize, place: usize) -> (usize, usize) {
        let part = self.parts.partition_point(|from| *from as usize <= place);
        let end = self.parts.get(part).map_or(place, |end| *end as usize);
        let most = (words.len() - at).min(end - place);
        let (mut length, mut equal, mut differing) = (self.n, self.n, 0);
        for step in self.n..most {
            let word = words[at + step];
            let word = &text[word.start..word.end];
            if same_word(word, self.word(place + step)) {
                equal += 1;
                length = step + 1;
            } else if differing < self.skips {
                differing += 1;
            } else {
                break;
            }
        }
        (length, equal)
    }
}

/// Whether two words are the same but for upper and lower case.
fn same_word(one: &str, other: &str) -> bool {
    if one.is_ascii() && other.is_ascii() {
        return one.eq_ignore_ascii_case(other);
    }
    let lower = |word: &str| word.chars().flat_map(char::to_lowercase).collect::<Vec<char>>();
    lower(one) == lower(other)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn index(parts: &[&str], n: usize, skips: usize) -> Overlaps {
        let (mut builder, mut scan) = (OverlapsBuilder::default(), Tamis::default());
        for part in parts {
            builder.add(part, &mut scan).unwrap();
        }
        builder.finish(n, skips).unwrap()
    }

    fn found(index: &Overlaps, text: &str) -> Vec<Passage> {
        let mut passages = Vec::new();
        index.find(text, &mut OverlapScratch::default(), &mut passages);
        passages
    }

    #[test]
    fn a_passage_is_as_long_as_the_words_are_equal() {
        let index = index(&["one two three four five", "six seven eight"], 3, 0);
        // 3 n-grams of the first part, 1 of the second
        assert_eq!(index.grams(), 4);
        let text = "zero: ONE, two; three -- four, nine six seven eight";
        let passages = found(&index, text);
        let first = Passage { part: 0, from: 0, words: 4, equal: 4, start: 6, end: 29 };
        assert_eq!(
            passages,
            [first, Passage { part: 1, from: 0, words: 3, equal: 3, start: 36, end: 51 }]
        );
        assert_eq!(&text[6..29], "ONE, two; three -- four");
        assert_eq!(&text[36..51], "six seven eight");
        assert!(found(&index, "one two four").is_empty());
        assert!(found(&index, "four five six").is_empty(), "parts are no neighbours");
        assert!(found(&index, "one two").is_empty());
        assert_eq!((index.words_of(0), index.words_of(1), index.words_of(2)), (5, 3, 0));
    }

    #[test]
    fn some_words_may_differ_behind_the_first_n_gram() {
        let parts = ["a b c d e f g h i j"];
        let text = "a b c x e f y h z";
        let exact = found(&index(&parts, 3, 0), text);
        assert_eq!(exact.iter().map(|p| (p.from, p.words)).collect::<Vec<_>>(), [(0, 3)]);
        let one = found(&index(&parts, 3, 1), text);
        assert_eq!((one[0].words, one[0].equal), (6, 5));
        let two = found(&index(&parts, 3, 2), text);
        // the last word that is equal ends it, z does not count
        assert_eq!((two[0].words, two[0].equal, two.len()), (8, 6, 1));
    }

    #[test]
    fn what_a_set_says_all_the_time_is_its_form() {
        let question = |number: usize| format!("choose the best answer for item{number}");
        let questions: Vec<String> = (0..=FORM_PLACES).map(question).collect();
        let parts: Vec<&str> = questions.iter().map(String::as_str).collect();
        let all = index(&parts, 4, 0);
        // "choose the best answer" and "the best answer for" stand 101 times
        assert_eq!(all.forms(), 2);
        assert!(found(&all, "choose the best answer for you").is_empty());
        assert_eq!(found(&all, "the best answer for item7").len(), 1);
        let fewer = index(&parts[1..], 4, 0);
        assert_eq!(
            (fewer.forms(), found(&fewer, "choose the best answer").len()),
            (0, FORM_PLACES)
        );
    }

    #[test]
    fn numbers_can_be_passed_over() {
        let mut index = index(&["a b c d", "x a b c"], 3, 0);
        let mut scratch = OverlapScratch::default();
        let numbers = index.numbers("A b c! a b c", &mut scratch);
        assert_eq!(numbers.len(), 1);
        assert_eq!(found(&index, "a b c").len(), 2);
        index.pass(numbers);
        assert!(found(&index, "a b c").is_empty());
        assert_eq!(found(&index, "a b c d").len(), 1);
    }

    #[test]
    fn an_empty_set_finds_nothing() {
        assert!(found(&index(&[], 3, 0), "a b c d").is_empty());
        assert!(found(&index(&["a b"], 3, 0), "a b c d").is_empty());
    }

    #[test]
    fn an_equal_hash_is_not_enough() {
        let mut index = index(&["one two three"], 3, 0);
        assert_eq!(found(&index, "one two three").len(), 1);
        // the same hash with other words behind it
        index.text = index.text.replace("two", "twe");
        assert!(found(&index, "one two three").is_empty());
        assert!(index.numbers("one two three", &mut OverlapScratch::default()).is_empty());
    }

    proptest! {
        #[test]
        fn every_shared_n_gram_lies_in_a_passage(
            part in "([abc] ){0,12}", text in "([abcÄä] ){0,24}", n in 1usize..5,
        ) {
            let index = index(&[&part], n, 0);
            let passages = found(&index, &text);
            let lower = text.to_lowercase();
            let theirs: Vec<&str> = part.split_whitespace().collect();
            let ours: Vec<&str> = lower.split_whitespace().collect();
            for (at, gram) in ours.windows(n).enumerate() {
                let start = text.char_indices().filter(|(_, c)| *c != ' ').nth(at).unwrap().0;
                let shared = theirs.windows(n).any(|other| other == gram);
                let covered = passages.iter().any(|p| p.start <= start && start < p.end);
                prop_assert!(!shared || covered, "{gram:?}");
            }
            for passage in passages {
                let words: Vec<String> =
                    text[passage.start..passage.end].split_whitespace().map(str::to_lowercase).collect();
                let from = passage.from as usize;
                prop_assert_eq!(&words[..], &theirs[from..from + passage.words as usize]);
            }
        }
    }
}
