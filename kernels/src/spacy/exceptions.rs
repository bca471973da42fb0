//! Runs that are not cut by rule: contractions, abbreviations, times, emoticons.

use super::lists::{CLOCK, NEGATED, NEGATED_ONCE, OF_VERBS, PRONOUNS, SPLIT, SPLIT_PLAIN, WHOLE};
use super::{affixes, infixes};
use crate::words::hash_word;
use std::sync::OnceLock;

/// The most pieces that an exception is put together from.
pub(super) const PIECES_MAX: usize = 8;
const PARTS_MAX: usize = 3;
const SLOTS: usize = 4096;

/// How an exception is cut.
#[derive(Clone, Copy, Default)]
pub(super) struct Parts {
    lengths: [u8; PARTS_MAX],
    /// The pieces the rules alone would cut it into; 0 where they would leave it whole.
    pieces: u8,
}

impl Parts {
    /// The lengths of the parts in bytes.
    pub(super) fn lengths(self) -> impl Iterator<Item = usize> {
        self.lengths.into_iter().filter(|length| *length > 0).map(usize::from)
    }

    /// Whether neighbours, `pieces` of them, that spell the exception are put together.
    pub(super) fn merges(self, pieces: usize) -> bool {
        usize::from(self.pieces) == pieces
    }
}

#[derive(Clone, Default)]
struct ExceptionSlot {
    text: Box<str>,
    hash: u64,
    parts: Parts,
}

/// All exceptions.
pub(super) struct Exceptions {
    slots: Vec<ExceptionSlot>,
    /// For each first, second and last byte the lengths that occur, a bit each.
    lengths: [[u64; 256]; 3],
}

impl Exceptions {
    /// The table, made at first use.
    pub(super) fn get() -> &'static Self {
        static TABLE: OnceLock<Exceptions> = OnceLock::new();
        TABLE.get_or_init(Self::build)
    }

    /// How `run` is cut, if it is an exception.
    #[inline]
    pub(super) fn find(&self, run: &str) -> Option<Parts> {
        if run.len() > 63 {
            return None;
        }
        let known = self.lengths.iter().zip(telling(run)?);
        let lengths = known.fold(1 << run.len(), |all, (of, byte)| all & of[usize::from(byte)]);
        if lengths == 0 { None } else { self.probe(run) }
    }

    fn probe(&self, run: &str) -> Option<Parts> {
        let hash = hash_word(run.as_bytes());
        for at in places(hash) {
            let slot = self.slots.get(at)?;
            if slot.text.is_empty() {
                return None;
            }
            if slot.hash == hash && *slot.text == *run {
                return Some(slot.parts);
            }
        }
        None
    }

    fn build() -> Self {
        let mut table =
            Self { slots: vec![ExceptionSlot::default(); SLOTS], lengths: [[0; 256]; 3] };
        table.add_contractions();
        for whole in WHOLE.split_whitespace() {
            table.add(&[whole]);
        }
        for letter in ('a'..='z').chain("äöü".chars()) {
            table.add(&[&format!("{letter}.")]);
        }
        for split in SPLIT.split_whitespace() {
            let parts: Vec<&str> = split.split('|').collect();
            table.add_with_apostrophe(&parts);
        }
        for split in SPLIT_PLAIN.split_whitespace() {
            let parts: Vec<&str> = split.split('|').collect();
            table.add(&parts);
        }
        for hour in 1..=12 {
            for half in CLOCK {
                table.add(&[&hour.to_string(), half]);
            }
        }
        table
    }

    fn add_contractions(&mut self) {
        for verb in NEGATED.split_whitespace() {
            self.add_all_ways(&[verb, "n't"]);
            self.add_all_ways(&[verb, "n't", "'ve"]);
        }
        for verb in NEGATED_ONCE.split_whitespace() {
            self.add_all_ways(&[verb, "n't"]);
        }
        for verb in OF_VERBS.split_whitespace() {
            self.add_all_ways(&[verb, "'ve"]);
        }
        for (pronouns, endings, not_bare) in PRONOUNS {
            for pronoun in pronouns.split_whitespace() {
                for ending in endings.split_whitespace() {
                    let bare = format!("{pronoun}{ending}").replace(['\'', '|'], "");
                    let parts: Vec<&str> =
                        std::iter::once(pronoun).chain(ending.split('|')).collect();
                    if not_bare.split_whitespace().any(|word| word == bare) {
                        self.add_with_apostrophe(&parts);
                    } else {
                        self.add_all_ways(&parts);
                    }
                }
            }
        }
    }

    /// Adds the parts as they are and without apostrophes.
    fn add_all_ways(&mut self, parts: &[&str]) {
        self.add_with_apostrophe(parts);
        let bare: Vec<String> = parts.iter().map(|part| part.replace('\'', "")).collect();
        let bare: Vec<&str> = bare.iter().map(String::as_str).collect();
        self.add_capitalised(&bare);
    }

    /// Adds the parts with the typewriter's apostrophe and with the printer's.
    fn add_with_apostrophe(&mut self, parts: &[&str]) {
        self.add_capitalised(parts);
        let printed: Vec<String> = parts.iter().map(|part| part.replace('\'', "’")).collect();
        let printed: Vec<&str> = printed.iter().map(String::as_str).collect();
        self.add_capitalised(&printed);
    }

    /// Adds the parts in lower case and with a capital.
    fn add_capitalised(&mut self, parts: &[&str]) {
        self.add(parts);
        if let Some((first, rest)) = parts.split_first() {
            let mut letters = first.chars();
            let capital: String =
                letters.next().map(|c| c.to_ascii_uppercase()).into_iter().chain(letters).collect();
            let parts: Vec<&str> =
                std::iter::once(capital.as_str()).chain(rest.iter().copied()).collect();
            self.add(&parts);
        }
    }

    fn add(&mut self, parts: &[&str]) {
        let text = parts.concat();
        let mut lengths = [0; PARTS_MAX];
        for (slot, part) in lengths.iter_mut().zip(parts) {
            *slot = u8::try_from(part.len()).unwrap_or(0);
        }
        for (of, byte) in self.lengths.iter_mut().zip(telling(&text).into_iter().flatten()) {
            of[usize::from(byte)] |= 1 << text.len().min(63);
        }
        let hash = hash_word(text.as_bytes());
        let pieces = u8::try_from(pieces(&text)).unwrap_or(0);
        let slot =
            ExceptionSlot { hash, parts: Parts { lengths, pieces }, text: text.into_boxed_str() };
        for at in places(hash) {
            if let Some(place) = self.slots.get_mut(at)
                && (place.text.is_empty() || place.text == slot.text)
            {
                *place = slot;
                return;
            }
        }
    }
}

/// The first, second and last byte of a run; none has fewer than two.
fn telling(run: &str) -> Option<[u8; 3]> {
    match run.as_bytes() {
        [first, last] => Some([*first, *last, *last]),
        [first, second, .., last] => Some([*first, *second, *last]),
        _ => None,
    }
}

/// The slots in which a hash may lie, in the order of search.
fn places(hash: u64) -> impl Iterator<Item = usize> {
    let start = usize::try_from(hash >> 52).unwrap_or(0);
    (0..SLOTS).map(move |step| (start + step) % SLOTS)
}

/// The pieces into which the rules alone cut `text`, 0 where they leave it whole.
fn pieces(text: &str) -> usize {
    let (mut start, mut end, mut count) = (0, text.len(), 0);
    while start < end {
        let prefix = affixes::prefix(text.get(start..end).unwrap_or_default());
        let suffix = affixes::suffix(text.get(start + prefix..end).unwrap_or_default());
        if prefix == 0 && suffix == 0 {
            break;
        }
        count += usize::from(prefix > 0) + usize::from(suffix > 0);
        start += prefix;
        end -= suffix;
    }
    let core = text.get(start..end).unwrap_or_default();
    let (mut at, mut search) = (0, 0);
    while let Some((from, to)) = infixes::find(core, search) {
        if from > 0 {
            count += usize::from(from > at) + 1;
            at = to;
        }
        search = to;
    }
    count += usize::from(at < core.len());
    if count > 1 { count } else { 0 }
}
