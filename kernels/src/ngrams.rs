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

/// The n-grams of a list of words, of any length at once: prefix sums from which the hash of each
/// one follows with a subtraction and a multiplication.
#[derive(Default)]
pub struct Grams {
    sequence: Vec<u64>,
    joined: Vec<u64>,
    inverse: Vec<u64>,
    chars: Vec<u64>,
    alphabetic: Vec<u32>,
}

impl Grams {
    /// Takes over `words`; n-grams are equal when their words are, one by one.
    pub fn fill(&mut self, words: &[Word]) {
        self.joined.clear();
        self.inverse.clear();
        self.fill_sums(words);
    }

    /// As [`Grams::fill`], for words whose hash is the one [`crate::SpacyEnglish`] gives; for
    /// [`Grams::greedy_duplicates`] n-grams are equal when they read the same without spaces.
    pub fn fill_joined(&mut self, words: &[Word]) {
        self.fill_sums(words);
        self.joined.clear();
        self.inverse.clear();
        let (mut sum, mut scale, mut inverse) = (0_u64, 1_u64, 1_u64);
        self.joined.extend(std::iter::once(0).chain(words.iter().map(|word| {
            sum = sum.wrapping_add(word.hash.wrapping_mul(scale));
            let bytes = word.end - word.start;
            scale = scale
                .wrapping_mul(POWERS.get(bytes).copied().unwrap_or_else(|| power(BASE, bytes)));
            sum
        })));
        self.inverse.extend(std::iter::once(1).chain(words.iter().map(|word| {
            let bytes = word.end - word.start;
            inverse = inverse.wrapping_mul(
                INVERSES.get(bytes).copied().unwrap_or_else(|| power(INVERSE, bytes)),
            );
            inverse
        })));
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

    /// The hash of each n-gram, in order.
    fn hashes(&self, n: usize) -> impl Iterator<Item = u64> {
        let scale = power(STEP, n);
        let after = self.sequence.get(n..).unwrap_or_default();
        after
            .iter()
            .zip(&self.sequence)
            .map(move |(after, before)| after.wrapping_sub(before.wrapping_mul(scale)))
    }

    /// Whether each n-gram has a word with a letter, in order.
    fn with_letters(&self, n: usize) -> impl Iterator<Item = bool> {
        let after = self.alphabetic.get(n..).unwrap_or_default();
        after.iter().zip(&self.alphabetic).map(|(after, before)| after != before)
    }

    /// The n-gram with the most occurrences, the first of them where several have as many; none
    /// where there are fewer than `n` words.
    pub fn top(&self, n: usize, table: &mut Table) -> Option<TopGram> {
        self.top_of(self.hashes(n).map(Some), table)
    }

    /// As [`Grams::top`], only among n-grams that have at least one word with a letter.
    pub fn top_with_letters(&self, n: usize, table: &mut Table) -> Option<TopGram> {
        let hashes = self.hashes(n).zip(self.with_letters(n));
        self.top_of(hashes.map(|(hash, letters)| letters.then_some(hash)), table)
    }

    fn top_of(
        &self,
        hashes: impl Iterator<Item = Option<u64>>,
        table: &mut Table,
    ) -> Option<TopGram> {
        let mut session = table.start(self.words());
        let mut top: Option<TopGram> = None;
        let (mut count, mut first) = (0, 0);
        for (position, hash) in hashes.enumerate() {
            let Some(hash) = hash else { continue };
            let seen = session.add(hash, position);
            if seen.count > count || (seen.count == count && seen.first < first) {
                (count, first) = (seen.count, seen.first);
                top = Some(TopGram { first, count });
            }
        }
        top
    }

    /// Where the n-gram that starts at word `first` occurs: the ranges of words that its
    /// occurrences cover, joined where they overlap or touch.
    pub fn occurrences(&self, first: usize, n: usize, mut found: impl FnMut(usize, usize)) {
        let Some(wanted) = self.hashes(n).nth(first) else { return };
        let hits = self.hashes(n).enumerate().filter(|(_, hash)| *hash == wanted);
        cover(hits.map(|(position, _)| position), n, &mut found);
    }

    /// The ranges of words that lie in a second or later occurrence of an n-gram with a letter in
    /// it, joined where they overlap or touch.
    pub fn duplicates(&self, n: usize, table: &mut Table, mut found: impl FnMut(usize, usize)) {
        let mut session = table.start(self.words());
        let hits = self.hashes(n).zip(self.with_letters(n)).enumerate().filter_map(
            |(position, (hash, letters))| {
                (letters && session.add(hash, position).count > 1).then_some(position)
            },
        );
        cover(hits, n, &mut found);
    }

    /// Characters in duplicate n-grams as datatrove walks: an n-gram that reads, without spaces,
    /// like one passed before adds its characters and the walk jumps over it; any other is
    /// remembered and the walk goes on by one word.
    ///
    /// Needs [`Grams::fill_joined`].
    pub fn greedy_duplicates(
        &self,
        n: usize,
        table: &mut Table,
        mut found: impl FnMut(usize, usize),
    ) -> u64 {
        let mut session = table.start(self.words());
        let Some(after) = self.joined.get(n..) else { return 0 };
        let (mut chars, mut at) = (0, 0);
        while let (Some(after), Some(before), Some(inverse)) =
            (after.get(at), self.joined.get(at), self.inverse.get(at))
        {
            let hash = after.wrapping_sub(*before).wrapping_mul(*inverse);
            if session.add(hash, at).count > 1 {
                chars += self.chars(at, at + n);
                found(at, at + n);
                at += n;
            } else {
                at += 1;
            }
        }
        chars
    }
}

/// Joins the ranges of `n` words from each position, positions rising.
fn cover(positions: impl Iterator<Item = usize>, n: usize, found: &mut impl FnMut(usize, usize)) {
    let mut open: Option<(usize, usize)> = None;
    for position in positions {
        open = match open {
            Some((start, end)) if position <= end => Some((start, position + n)),
            Some((start, end)) => {
                found(start, end);
                Some((position, position + n))
            }
            None => Some((position, position + n)),
        };
    }
    if let Some((start, end)) = open {
        found(start, end);
    }
}

#[cfg(test)]
#[path = "ngrams_tests.rs"]
mod tests;
