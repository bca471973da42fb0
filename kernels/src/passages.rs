//! Passages: every stretch of `n` consecutive tokens of a text, hashed so that equal stretches are
//! found wherever they stand.
//!
//! A window's hash is a polynomial over its tokens modulo 2^61 - 1, in two lanes (Karp and Rabin
//! 1987), so it is had from prefixes in constant time. Windows are grouped by their minimizer, the
//! least hash of the shorter grams inside (Schleimer, Wilkerson and Aiken 2003; Roberts et al.
//! 2004): equal windows have equal minimizers, so only texts that share one need be compared.

use std::collections::VecDeque;

use crate::hash::{content_hash, hash128};
use crate::words::Word;

/// A Mersenne prime: remainders are shifts and additions.
const PRIME: u64 = (1 << 61) - 1;
/// The bases of the two lanes.
const BASES: [u64; 2] = [0x0cb9_2ba7_2f3d_8dd7, 0x1a85_08e6_5b1c_9f3b];

/// A hash of a window: two independent residues, together 122 bits.
pub type WindowHash = [u64; 2];

fn product(one: u64, other: u64) -> u64 {
    let wide = u128::from(one) * u128::from(other);
    #[expect(clippy::cast_possible_truncation, reason = "both halves are below 2^62")]
    reduced((wide & u128::from(PRIME)) as u64 + (wide >> 61) as u64)
}

fn reduced(value: u64) -> u64 {
    let folded = (value & PRIME) + (value >> 61);
    if folded >= PRIME { folded - PRIME } else { folded }
}

fn lanes(hash: u128) -> WindowHash {
    #[expect(clippy::cast_possible_truncation, reason = "the two halves")]
    [reduced(hash as u64), reduced((hash >> 64) as u64)]
}

/// The hash of a token as a reader sees it: white space at its end does not count.
fn token_hash(text: &str) -> WindowHash {
    let text = text.trim_end();
    let plain = text.bytes().all(|byte| byte > b' ' && byte < 0xc2);
    lanes(if plain { hash128(text.as_bytes()) } else { content_hash(text) })
}

/// Whether words of this script are written without spaces, so that each letter is a token.
fn is_unspaced(letter: char) -> bool {
    matches!(letter,
        '\u{0e00}'..='\u{0eff}'
        | '\u{1000}'..='\u{109f}'
        | '\u{1780}'..='\u{17ff}'
        | '\u{3040}'..='\u{30ff}'
        | '\u{3400}'..='\u{9fff}'
        | '\u{f900}'..='\u{faff}'
        | '\u{20000}'..='\u{3ffff}')
}

/// The tokens of a text and the prefixes of their hashes.
///
/// A token is a word, or a letter of a script without spaces, with what follows up to the next
/// one; 56 bytes each.
#[derive(Debug, Default)]
pub struct Passages {
    bounds: Vec<(usize, usize)>,
    /// `prefix[i]` is the hash of the tokens before `i`.
    prefix: Vec<WindowHash>,
    /// The hash of each token without what follows its word.
    last: Vec<WindowHash>,
    powers: Vec<WindowHash>,
}

impl Passages {
    /// Takes the tokens of `text`, whose words are `words`.
    pub fn fill(&mut self, text: &str, words: &[Word]) {
        self.bounds.clear();
        for word in words {
            let part = &text[word.start..word.end];
            if part.is_ascii() {
                self.bounds.push((word.start, word.end));
                continue;
            }
            let mut open = None;
            for (at, letter) in part.char_indices() {
                let at = word.start + at;
                if is_unspaced(letter) {
                    self.bounds.extend(open.take().map(|from| (from, at)));
                    self.bounds.push((at, at + letter.len_utf8()));
                } else {
                    open.get_or_insert(at);
                }
            }
            self.bounds.extend(open.map(|from| (from, word.end)));
        }
        self.prefix.clear();
        self.last.clear();
        let mut so_far = [0; 2];
        self.prefix.push(so_far);
        for (at, (start, end)) in self.bounds.iter().enumerate() {
            let next = self.bounds.get(at + 1).map_or(*end, |next| next.0);
            let whole = token_hash(&text[*start..next]);
            so_far = append(so_far, whole);
            self.prefix.push(so_far);
            self.last.push(token_hash(&text[*start..*end]));
        }
    }

    /// Windows of `size` tokens.
    pub fn windows(&self, size: usize) -> usize {
        (self.bounds.len() + 1).saturating_sub(size.max(1))
    }

    /// The bytes of the window of `size` tokens from token `first` on.
    pub fn bounds(&self, first: usize, size: usize) -> Option<(usize, usize)> {
        let last = self.bounds.get((first + size).checked_sub(1)?)?;
        Some((self.bounds.get(first)?.0, last.1))
    }

    /// The hash of that window; equal for equal text but for the width of white space.
    pub fn hash(&mut self, first: usize, size: usize) -> Option<WindowHash> {
        let end = (first + size).checked_sub(1)?;
        while self.powers.len() < size {
            let next = match self.powers.last() {
                None => [1, 1],
                Some(last) => [product(last[0], BASES[0]), product(last[1], BASES[1])],
            };
            self.powers.push(next);
        }
        let (from, to) = (self.prefix.get(first)?, self.prefix.get(end)?);
        let (power, last) = (self.powers.get(size - 1)?, self.last.get(end)?);
        let mut hash = [0; 2];
        for lane in 0..2 {
            let inside = reduced(to[lane] + PRIME - product(from[lane], power[lane]));
            hash[lane] = reduced(product(inside, BASES[lane]) + last[lane]);
        }
        Some(hash)
    }

    /// Calls `found` with each run of consecutive windows of `size` tokens that have one minimizer in
    /// one place: its hash, the first and the last window. Equal windows are in different runs.
    pub fn runs(&mut self, size: usize, mut found: impl FnMut(u64, usize, usize)) {
        let gram = (size / 2).clamp(1, GRAM_TOKENS);
        let grams_in_window = size - gram + 1;
        // grams that may still become the least, their hashes rising
        let mut queue: VecDeque<(u64, usize)> = VecDeque::new();
        // minimizer, where it stands, first and last window
        let mut open: Option<(u64, usize, usize, usize)> = None;
        for at in 0..self.windows(gram) {
            let Some(hash) = self.hash(at, gram) else { return };
            let hash = hash[0].wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29) ^ hash[1];
            while queue.back().is_some_and(|(before, _)| *before > hash) {
                queue.pop_back();
            }
            queue.push_back((hash, at));
            let Some(window) = (at + 1).checked_sub(grams_in_window) else { continue };
            while queue.front().is_some_and(|(_, gram)| *gram < window) {
                queue.pop_front();
            }
            let Some(&(least, place)) = queue.front() else { return };
            match &mut open {
                Some((hash, at, _, last)) if (*hash, *at) == (least, place) => *last = window,
                _ => {
                    let next = (least, place, window, window);
                    if let Some((hash, _, first, last)) = open.replace(next) {
                        found(hash, first, last);
                    }
                }
            }
        }
        if let Some((hash, _, first, last)) = open {
            found(hash, first, last);
        }
    }
}

/// Tokens of the grams among which a window's minimizer is.
const GRAM_TOKENS: usize = 8;

fn append(so_far: WindowHash, token: WindowHash) -> WindowHash {
    let mut next = [0; 2];
    for lane in 0..2 {
        next[lane] = reduced(product(so_far[lane], BASES[lane]) + token[lane]);
    }
    next
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Tamis;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn passages(text: &str) -> Passages {
        let (mut tamis, mut words, mut passages) = Default::default();
        Tamis::scan(&mut tamis, text, &mut words);
        Passages::fill(&mut passages, text, &words);
        passages
    }

    #[test]
    fn white_space_does_not_count_and_everything_else_does() {
        let hash = |text: &str| passages(text).hash(0, 3).unwrap();
        let one = hash("see the  table.");
        assert_eq!(one, hash("see\n the\ttable!"));
        assert_ne!(one, hash("see the, table."));
        assert_ne!(one, hash("See the table."));
        assert_ne!(one, hash("the see table."));
    }

    #[test]
    fn letters_of_scripts_without_spaces_are_tokens() {
        let tokens = passages("表1は次 and more");
        let parts: Vec<_> =
            (0..tokens.windows(1)).map(|at| tokens.bounds(at, 1).unwrap()).collect();
        assert_eq!(parts, [(0, 3), (3, 4), (4, 7), (7, 10), (11, 14), (15, 19)]);
    }

    #[test]
    fn runs_cover_every_window_once() {
        let text: String = (0..500).map(|n| format!("w{} ", n * 7919 % 83)).collect();
        let mut tokens = passages(&text);
        let mut next = 0;
        tokens.runs(20, |_, first, last| {
            assert_eq!(first, next);
            next = last + 1;
        });
        assert_eq!(next, tokens.windows(20));
        let mut none = 0;
        passages("too short").runs(20, |_, _, _| none += 1);
        assert_eq!(none, 0);
    }

    proptest! {
        #[test]
        fn equal_windows_have_equal_minimizers(words in proptest::collection::vec(0_u8..4, 10..80)) {
            let text: String = words.iter().map(|word| format!("w{word} ")).collect();
            let mut tokens = passages(&text);
            let size = 6;
            let mut minimizer = vec![0; tokens.windows(size)];
            let mut run_of = vec![0; tokens.windows(size)];
            tokens.runs(size, |hash, first, last| {
                minimizer[first..=last].fill(hash);
                run_of[first..=last].fill(first);
            });
            for (at, window) in words.windows(size).enumerate() {
                let same = words.windows(size).take(at).position(|before| before == window);
                prop_assert!(same.is_none_or(|before| run_of[before] != run_of[at]));
            }
            let mut seen: BTreeMap<&[u8], (WindowHash, u64)> = BTreeMap::new();
            let mut hashes: BTreeMap<WindowHash, &[u8]> = BTreeMap::new();
            for (at, window) in words.windows(size).enumerate() {
                let here = (tokens.hash(at, size).unwrap(), minimizer[at]);
                prop_assert_eq!(*seen.entry(window).or_insert(here), here);
                prop_assert_eq!(*hashes.entry(here.0).or_insert(window), window);
            }
        }

        #[test]
        fn any_text_is_cut_at_borders(text in "\\PC{0,60}", from in 0_usize..60, size in 1_usize..5) {
            let tokens = passages(&text);
            if let Some((start, end)) = tokens.bounds(from, size) {
                prop_assert!(text.is_char_boundary(start) && text.is_char_boundary(end));
                prop_assert!(start < end);
            }
        }
    }
}
