//! N-grams of words: the most frequent one, and how much of a text repeats itself.

use crate::table::Table;
use crate::words::{Word, fold};

/// The base of the polynomial over bytes; 5 modulo 8, so that its powers repeat as late as can be.
pub(crate) const BASE: u64 = 0x2545_f491_4f6c_dd1d;
/// The base of the polynomial over words.
const STEP: u64 = 0xff51_afd7_ed55_8ccd;

/// The number that multiplied by `base` gives 1 modulo 2^64.
const fn invert(base: u64) -> u64 {
    let mut inverse = base;
    let mut round = 0;
    while round < 6 {
        inverse = inverse.wrapping_mul(2_u64.wrapping_sub(base.wrapping_mul(inverse)));
        round += 1;
    }
    inverse
}

const INVERSE: u64 = invert(BASE);
const SHORT: usize = 32;

const fn powers(base: u64) -> [u64; SHORT] {
    let mut table = [1_u64; SHORT];
    let mut power = 1;
    while power < SHORT {
        table[power] = table[power - 1].wrapping_mul(base);
        power += 1;
    }
    table
}

const POWERS: [u64; SHORT] = powers(BASE);
const INVERSES: [u64; SHORT] = powers(INVERSE);

/// `base` to the power `exponent` modulo 2^64.
fn power(base: u64, mut exponent: usize) -> u64 {
    let (mut square, mut result) = (base, 1_u64);
    while exponent > 0 {
        if exponent & 1 == 1 {
            result = result.wrapping_mul(square);
        }
        square = square.wrapping_mul(square);
        exponent >>= 1;
    }
    result
}

/// The polynomial of `bytes` in [`BASE`], first byte lowest: it can be put together for words that
/// are written one after the other.
pub(crate) fn polynomial(bytes: &[u8]) -> u64 {
    let (mut sum, mut scale) = (0_u64, 1_u64);
    let mut fours = bytes.chunks_exact(4);
    for four in &mut fours {
        let mut part = 0_u64;
        for (power, &byte) in POWERS.iter().zip(four) {
            part = part.wrapping_add((u64::from(byte) + 1).wrapping_mul(*power));
        }
        sum = sum.wrapping_add(part.wrapping_mul(scale));
        scale = scale.wrapping_mul(POWERS[4]);
    }
    for &byte in fours.remainder() {
        sum = sum.wrapping_add((u64::from(byte) + 1).wrapping_mul(scale));
        scale = scale.wrapping_mul(BASE);
    }
    sum
}

/// The n-gram with the most occurrences.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TopGram {
    /// The word at which its first occurrence starts.
    pub first: usize,
    /// Its occurrences, overlapping ones included.
    pub count: u32,
}

/// The longest n-grams, in words.
pub const GRAM_WORDS_MAX: usize = 15;
/// Bytes in the window that tells most joined n-grams apart.
const WINDOW: usize = 16;

/// The n-grams of a list of words, of any length at once: prefix sums from which the hash of each
/// one follows with a subtraction and a multiplication.
///
/// An n-gram can only occur twice where its first and its last n-1 words do, so each length looks
/// only at what is left of the length before: in most texts almost nothing.
#[derive(Default)]
pub struct Grams {
    sequence: Vec<u64>,
    chars: Vec<u64>,
    alphabetic: Vec<u32>,
    /// For each word, bit n says that the n-gram that starts there occurs elsewhere as well.
    shared: Vec<u16>,
    /// For each word, bit n says that the n-gram that starts there occurred before.
    later: Vec<u16>,
    /// The lengths that were walked, as bits.
    walked: u16,
    /// For each length walked, the most frequent n-gram of those that occur twice, and that among
    /// those with a letter.
    tops: [[Option<TopGram>; 2]; GRAM_WORDS_MAX + 1],
    joined: SpacelessText,
}

/// What tells n-grams apart when they are read without spaces.
#[derive(Default)]
struct SpacelessText {
    sums: Vec<u64>,
    inverse: Vec<u64>,
    /// Where each word starts in `text`, and where the last one ends.
    starts: Vec<usize>,
    text: Vec<u8>,
    /// The place of each word's window in `seen`.
    windows: Vec<usize>,
    /// Words counted by the window of bytes that starts at them, up to 2.
    seen: Vec<u8>,
    /// The words at which n-grams of `candidates_from` words or more may repeat themselves.
    candidates: Vec<usize>,
    /// 0 before they were looked for.
    candidates_from: usize,
}

impl SpacelessText {
    fn clear(&mut self) {
        self.starts.clear();
        self.candidates.clear();
        self.candidates_from = 1;
    }

    fn fill(&mut self, text: &str, words: &[Word]) {
        let bytes = |word: &Word| word.end - word.start;
        let (mut sum, mut scale, mut inverse) = (0_u64, 1_u64, 1_u64);
        self.sums.clear();
        self.sums.extend(std::iter::once(0).chain(words.iter().map(|word| {
            sum = sum.wrapping_add(word.hash.wrapping_mul(scale));
            let by = POWERS.get(bytes(word)).copied();
            scale = scale.wrapping_mul(by.unwrap_or_else(|| power(BASE, bytes(word))));
            sum
        })));
        self.inverse.clear();
        self.inverse.extend(std::iter::once(1).chain(words.iter().map(|word| {
            let by = INVERSES.get(bytes(word)).copied();
            inverse = inverse.wrapping_mul(by.unwrap_or_else(|| power(INVERSE, bytes(word))));
            inverse
        })));
        self.candidates_from = 0;
        self.starts.clear();
        self.text.clear();
        for word in words {
            self.starts.push(self.text.len());
            let bytes = word.end - word.start;
            let ahead = &text.as_bytes()[word.start..];
            match ahead.first_chunk::<WINDOW>() {
                // a copy of fixed size is the quickest
                Some(window) if bytes <= WINDOW => {
                    self.text.extend_from_slice(window);
                    self.text.truncate(self.text.len() + bytes - WINDOW);
                }
                _ => self.text.extend_from_slice(&ahead[..bytes]),
            }
        }
        self.starts.push(self.text.len());
        self.text.resize(self.text.len() + WINDOW, 0);
        self.count_windows();
    }

    fn count_windows(&mut self) {
        let size = (self.starts.len().max(8) * 8).next_power_of_two();
        let shift = 64 - size.trailing_zeros();
        self.seen.clear();
        self.seen.resize(size, 0);
        self.windows.clear();
        for &start in &self.starts {
            let window = self.text.get(start..).and_then(|rest| rest.first_chunk::<WINDOW>());
            let window = window.map_or(0, |bytes| u128::from_le_bytes(*bytes));
            #[expect(clippy::cast_possible_truncation, reason = "the two halves are taken")]
            let key = fold(window as u64 ^ BASE, (window >> 64) as u64 ^ STEP);
            let at = usize::try_from(key >> shift).unwrap_or(0);
            self.windows.push(at);
            if let Some(seen) = self.seen.get_mut(at) {
                *seen = (*seen + 1).min(2);
            }
        }
    }

    /// Finds the words at which an n-gram may start that is not the only one of its kind: those
    /// whose window occurs twice, and those where fewer bytes than a window are `n` words.
    fn find_candidates(&mut self, n: usize) {
        let ends = self.starts.get(n..).unwrap_or_default();
        let places = self.starts.iter().zip(ends).zip(&self.windows).enumerate();
        self.candidates.clear();
        self.candidates_from = n;
        self.candidates.extend(places.filter_map(|(at, ((start, end), window))| {
            let once = self.seen.get(*window).is_some_and(|seen| *seen < 2);
            (!once || end - start < WINDOW).then_some(at)
        }));
    }

    /// The hash of the n-gram at word `at`.
    fn hash(&self, at: usize, n: usize) -> Option<u64> {
        let sum = self.sums.get(at + n)?.wrapping_sub(*self.sums.get(at)?);
        Some(sum.wrapping_mul(*self.inverse.get(at)?))
    }
}

impl Grams {
    /// Takes over `words`; n-grams are equal when their words are, one by one.
    pub fn fill(&mut self, words: &[Word]) {
        self.joined.clear();
        self.walked = 0;
        self.fill_sums(words);
    }

    /// As [`Grams::fill`], for words of `text` that have no hash yet: they get the polynomial of
    /// their bytes, so that the hash of words written one after the other can be told. For
    /// [`Grams::greedy_duplicates`] n-grams are equal when they read the same without spaces.
    pub fn fill_joined(&mut self, text: &str, words: &mut [Word]) {
        let bytes = text.as_bytes();
        for word in &mut *words {
            word.hash = polynomial(&bytes[word.start..word.end]);
        }
        self.fill(words);
        self.joined.fill(text, words);
    }

    fn fill_sums(&mut self, words: &[Word]) {
        self.sequence.clear();
        self.chars.clear();
        self.alphabetic.clear();
        let mut sequence = 0_u64;
        self.sequence.extend(std::iter::once(0).chain(words.iter().map(|word| {
            // mixed again, for the hash may be a polynomial itself
            sequence = sequence
                .wrapping_mul(STEP)
                .wrapping_add(fold(word.hash ^ BASE, STEP ^ (word.end - word.start) as u64));
            sequence
        })));
        let mut chars = 0;
        self.chars.extend(std::iter::once(0).chain(words.iter().map(|word| {
            chars += u64::from(word.chars);
            chars
        })));
        let mut alphabetic = 0_u32;
        self.alphabetic.extend(std::iter::once(0).chain(words.iter().map(|word| {
            alphabetic += u32::from(word.is_alphabetic());
            alphabetic
        })));
    }

    /// How many words there are.
    pub fn words(&self) -> usize {
        self.sequence.len().saturating_sub(1)
    }

    /// Characters in the words from `start` up to `end`, without what stands between them.
    pub fn chars(&self, start: usize, end: usize) -> u64 {
        match (self.chars.get(start), self.chars.get(end)) {
            (Some(before), Some(after)) => after.saturating_sub(*before),
            _ => 0,
        }
    }

    /// N-grams of `n` words.
    fn count(&self, n: usize) -> usize {
        (self.words() + 1).saturating_sub(n)
    }

    fn has_letter(&self, start: usize, end: usize) -> bool {
        self.alphabetic.get(start) != self.alphabetic.get(end)
    }

    /// Looks at the n-grams of `n` words, and of fewer where that saves work.
    ///
    /// # Panics
    ///
    /// If `n` is 0 or more than [`GRAM_WORDS_MAX`].
    fn walk(&mut self, n: usize, table: &mut Table) {
        assert!((1..=GRAM_WORDS_MAX).contains(&n), "n-grams have 1 to {GRAM_WORDS_MAX} words");
        if self.walked == 0 {
            self.shared.clear();
            self.shared.resize(self.words() + 1, 0);
            self.later.clear();
            self.later.resize(self.words() + 1, 0);
        }
        let mut from = n;
        while from > 2 && self.walked & 1 << (from - 1) == 0 {
            from -= 1;
        }
        for length in from..=n {
            if self.walked & 1 << length == 0 {
                self.walk_one(length, table);
            }
        }
    }

    fn walk_one(&mut self, n: usize, table: &mut Table) {
        let count = self.count(n);
        let scale = power(STEP, n);
        let mut session = table.start(count);
        let (bit, shorter) = (1 << n, self.walked & 1 << (n - 1));
        let mut tops = [None; 2];
        for at in 0..count {
            if shorter != 0 && self.shared[at] & self.shared[at + 1] & shorter == 0 {
                continue;
            }
            let hash = self.sequence[at + n].wrapping_sub(self.sequence[at].wrapping_mul(scale));
            let seen = session.add(hash, at);
            if seen.count > 1 {
                self.shared[at] |= bit;
                self.later[at] |= bit;
                self.shared[seen.first] |= bit;
                let gram = TopGram { first: seen.first, count: seen.count };
                rise(&mut tops[0], gram);
                if self.has_letter(at, at + n) {
                    rise(&mut tops[1], gram);
                }
            }
        }
        self.tops[n] = tops;
        self.walked |= bit;
    }

    /// The n-gram with the most occurrences, the first of them where several have as many; none
    /// where there are fewer than `n` words.
    pub fn top(&mut self, n: usize, table: &mut Table) -> Option<TopGram> {
        self.walk(n, table);
        let first = (self.count(n) > 0).then_some(TopGram { first: 0, count: 1 });
        self.tops[n][0].or(first)
    }

    /// As [`Grams::top`], only among n-grams that have at least one word with a letter.
    pub fn top_with_letters(&mut self, n: usize, table: &mut Table) -> Option<TopGram> {
        self.walk(n, table);
        self.tops[n][1].or_else(|| {
            let first = (0..self.count(n)).find(|at| self.has_letter(*at, at + n))?;
            Some(TopGram { first, count: 1 })
        })
    }

    /// Where the n-gram that starts at word `first` occurs: the ranges of words that its
    /// occurrences cover, joined where they overlap or touch; gives the characters of their words.
    pub fn occurrences(
        &mut self,
        first: usize,
        n: usize,
        table: &mut Table,
        mut found: impl FnMut(usize, usize),
    ) -> u64 {
        self.walk(n, table);
        let scale = power(STEP, n);
        let hash = |at: usize| {
            let (after, before) = (self.sequence.get(at + n)?, self.sequence.get(at)?);
            Some(after.wrapping_sub(before.wrapping_mul(scale)))
        };
        let Some(wanted) = hash(first) else { return 0 };
        let hits = (0..self.count(n)).filter(|&at| {
            at == first || (self.shared[at] & 1 << n != 0 && hash(at) == Some(wanted))
        });
        self.cover(hits, n, &mut found)
    }

    /// The ranges of words that lie in a second or later occurrence of an n-gram with a letter in
    /// it, joined where they overlap or touch; gives the characters of these words.
    pub fn duplicates(
        &mut self,
        n: usize,
        table: &mut Table,
        mut found: impl FnMut(usize, usize),
    ) -> u64 {
        self.walk(n, table);
        let hits = (0..self.count(n))
            .filter(|&at| self.later[at] & 1 << n != 0 && self.has_letter(at, at + n));
        self.cover(hits, n, &mut found)
    }

    /// The ranges of words that lie in an n-gram that occurs more than once, first occurrences
    /// included, joined where they overlap or touch; gives the characters of these words.
    pub fn copies(
        &mut self,
        n: usize,
        table: &mut Table,
        mut found: impl FnMut(usize, usize),
    ) -> u64 {
        self.walk(n, table);
        let hits = (0..self.count(n)).filter(|&at| self.shared[at] & 1 << n != 0);
        self.cover(hits, n, &mut found)
    }

    /// Characters of all n-grams that occur more than once, and those of all n-grams: every
    /// occurrence counts by itself, so overlapping ones count their words again.
    pub fn copied_mass(&mut self, n: usize, table: &mut Table) -> (u64, u64) {
        self.walk(n, table);
        let (mut copied, mut all) = (0, 0);
        for at in 0..self.count(n) {
            let chars = self.chars(at, at + n);
            all += chars;
            copied += if self.shared[at] & 1 << n != 0 { chars } else { 0 };
        }
        (copied, all)
    }

    /// The n-gram with the most characters among those with the most occurrences; none where all
    /// occur once.
    pub fn longest_top(&mut self, n: usize, table: &mut Table) -> Option<TopGram> {
        self.walk(n, table);
        let top = self.tops[n][0]?;
        let scale = power(STEP, n);
        let mut session = table.start(self.count(n));
        let mut longest: Option<TopGram> = None;
        for at in (0..self.count(n)).filter(|&at| self.shared[at] & 1 << n != 0) {
            let hash = self.sequence[at + n].wrapping_sub(self.sequence[at].wrapping_mul(scale));
            let seen = session.add(hash, at);
            let longer = |best: TopGram| {
                self.chars(seen.first, seen.first + n) > self.chars(best.first, best.first + n)
            };
            if seen.count == top.count && longest.is_none_or(longer) {
                longest = Some(TopGram { first: seen.first, count: seen.count });
            }
        }
        longest
    }

    /// Joins the ranges of `n` words from each position, positions rising; gives their characters.
    fn cover(
        &self,
        positions: impl Iterator<Item = usize>,
        n: usize,
        found: &mut impl FnMut(usize, usize),
    ) -> u64 {
        let mut chars = 0;
        let mut close = |(start, end): (usize, usize)| {
            chars += self.chars(start, end);
            found(start, end);
        };
        let mut open: Option<(usize, usize)> = None;
        for position in positions {
            open = match open {
                Some((start, end)) if position <= end => Some((start, position + n)),
                before => {
                    before.into_iter().for_each(&mut close);
                    Some((position, position + n))
                }
            };
        }
        open.into_iter().for_each(&mut close);
        chars
    }

    /// Characters in duplicate n-grams as datatrove walks: an n-gram that reads, without spaces,
    /// like one passed before adds its characters and the walk jumps over it; any other is
    /// remembered and the walk goes on by one word.
    ///
    /// Needs [`Grams::fill_joined`].
    pub fn greedy_duplicates(
        &mut self,
        n: usize,
        table: &mut Table,
        mut found: impl FnMut(usize, usize),
    ) -> u64 {
        if self.joined.candidates_from == 0 || self.joined.candidates_from > n {
            self.joined.find_candidates(n);
        }
        let mut session = table.start(self.words());
        let (mut chars, mut next) = (0, 0);
        for &at in &self.joined.candidates {
            if at < next {
                continue;
            }
            let hash = self.joined.hash(at, n);
            if hash.is_some_and(|hash| session.add(hash, at).count > 1) {
                chars += self.chars(at, at + n);
                found(at, at + n);
                next = at + n;
            }
        }
        chars
    }
}

/// Keeps the n-gram with more occurrences, the first of those with as many.
fn rise(top: &mut Option<TopGram>, gram: TopGram) {
    let beaten = top.is_none_or(|top| {
        gram.count > top.count || (gram.count == top.count && gram.first < top.first)
    });
    if beaten {
        *top = Some(gram);
    }
}

#[cfg(test)]
#[path = "ngrams_tests.rs"]
mod tests;
