//! Which places of a text can begin one of many forms, by their first bytes.

use tamis_kernels::{START_MARKS, STARTS_BLOCK, Starts as Block};

/// Bits of a hash.
const HASH_BITS: u32 = 16;
/// ASCII letters in small letters; other bytes lose a bit, in forms as in texts.
const FOLD: u64 = 0x2020_2020_2020_2020;
/// By how many letters a word has: the bytes of it that a short form has; no short form has four.
const WORDS: [u64; 128] = {
    let mut words = [0; 128];
    let mut letters = 1;
    while letters < 4 {
        words[letters] = low(letters);
        letters += 1;
    }
    words
};
/// Bytes of a block whose places are taken from it: what follows them shows how a place goes on.
const STRIDE: usize = STARTS_BLOCK - 4;
/// Bytes of a form that are compared, by its length.
const LENGTHS: [usize; 3] = [4, 6, 8];

/// A form, and where it may stand.
#[derive(Clone, Copy, Debug)]
pub(super) struct LexiconForm<'a> {
    /// Its bytes; ASCII letters stand for both cases.
    pub(super) text: &'a str,
    /// More letters may follow.
    pub(super) stem: bool,
    /// It may begin inside a word.
    pub(super) anywhere: bool,
}

/// A filter that misses no form and lets few other places through.
#[derive(Debug)]
pub(super) struct Starts {
    /// The first four bytes of forms that have as many.
    long: Bits,
    /// All bytes of shorter forms, the letters of words among them; the bytes from the first mark on
    /// of the forms in `inner`.
    short: Bits,
    /// The first four bytes of forms of four and five, six of six and seven, eight of longer ones.
    longer: [Bits; 3],
    /// Forms that are found by a mark inside them, and where it is.
    inner: Vec<(usize, Box<str>)>,
    /// Some form can begin at any byte.
    every: bool,
}

impl Starts {
    /// The filter for `forms`.
    pub(super) fn new<'a>(forms: impl IntoIterator<Item = LexiconForm<'a>>) -> Self {
        let mut starts = Self {
            long: Bits::default(),
            short: Bits::default(),
            longer: <[Bits; 3]>::default(),
            inner: Vec::new(),
            every: false,
        };
        forms.into_iter().for_each(|form| starts.add(form));
        starts
    }

    fn add(&mut self, form: LexiconForm<'_>) {
        let bytes = form.text.as_bytes();
        let Some(first) = bytes.first() else { return };
        let key = load(bytes, 0);
        let letter = first.is_ascii_alphabetic();
        match bytes.len() {
            0..4 if letter && form.stem => self.short.fill(),
            0..4 if letter => self.short.set(key & low(letters(bytes))),
            // anything may follow
            1 => self.short.fill(),
            2 => (0..=u64::from(u8::MAX))
                .for_each(|third| self.short.set(key & low(2) | (third << 16 | FOLD) & low(3))),
            3 => self.short.set(key & low(3)),
            length => {
                self.long.set(key & low(4));
                for (bits, bytes) in self.longer.iter_mut().zip(LENGTHS) {
                    if (bytes..bytes + 2).contains(&length.min(8)) {
                        bits.set(key & low(bytes));
                    }
                }
            }
        }
        let begins = !first.is_ascii() || START_MARKS.contains(first);
        if begins || letter && !form.anywhere {
            return;
        }
        match bytes.iter().position(|byte| START_MARKS.contains(byte)) {
            Some(at) if bytes.len() >= at + 3 => {
                self.short.set(load(bytes, at) & low(3));
                self.inner.push((at, form.text.into()));
            }
            _ => self.every = true,
        }
    }

    /// The places of `text` at which a form can begin.
    pub(super) fn scan<'a>(&'a self, text: &'a str) -> StartScan<'a> {
        let (text, places) = (text.as_bytes(), [0; STARTS_BLOCK]);
        let mut scan = StartScan { starts: self, text, base: 0, places, count: 0, seen: 0 };
        scan.turn_to(0);
        scan
    }
}

/// A walk over the places of one text.
pub(super) struct StartScan<'a> {
    starts: &'a Starts,
    text: &'a [u8],
    /// The first byte of the block at hand.
    base: usize,
    /// The places of the block at hand that may begin a form, and whether a short one.
    places: [u8; STARTS_BLOCK],
    count: usize,
    /// Places that were looked at.
    seen: usize,
}

/// The bit of a place that may begin a short form.
const SHORT: u8 = 0x80;

impl StartScan<'_> {
    /// The first place from `from` on at which a form can begin; `from` never goes back.
    pub(super) fn next(&mut self, from: usize) -> Option<usize> {
        loop {
            while let Some(&place) = self.places.get(self.seen).filter(|_| self.seen < self.count) {
                self.seen += 1;
                let at = self.base + usize::from(place & !SHORT);
                if at >= from
                    && let Some(start) = self.start(at, place & SHORT != 0, from)
                {
                    // the same mark may begin a form of its own
                    self.seen -= usize::from(start < at);
                    return Some(start);
                }
            }
            if self.base + STRIDE >= self.text.len() {
                return None;
            }
            self.turn_to(self.base + STRIDE);
        }
    }

    /// Finds the places of the block at `base`, without a branch that depends on the text.
    fn turn_to(&mut self, base: usize) {
        self.base = base;
        let rest = self.text.get(base..).unwrap_or_default();
        let mut padded = [0; STARTS_BLOCK];
        let window = rest.first_chunk::<STARTS_BLOCK>().unwrap_or_else(|| {
            for (to, from) in padded.iter_mut().zip(rest) {
                *to = *from;
            }
            &padded
        });
        let block = Block::of(self.text, base);
        let mut left = if self.starts.every { !0 } else { block.begins } & low_bits(STRIDE);
        let mut count = 0;
        for _ in 0..left.count_ones() {
            let bit = left.trailing_zeros() as usize % STRIDE;
            left &= left - 1;
            let four = [window[bit], window[bit + 1], window[bit + 2], window[bit + 3]];
            let key = u64::from(u32::from_le_bytes(four)) | FOLD & low(4);
            let letters = block.letters >> bit;
            let ascii = four[0] < 0x80 && letters & 1 == 1;
            let word = WORDS[letters.trailing_ones() as usize % WORDS.len()];
            let long = self.starts.long.has(key);
            let short = self.starts.short.has(key & if ascii { word } else { low(3) });
            self.places[count % STARTS_BLOCK] =
                u8::try_from(bit).unwrap_or(0) | if short { SHORT } else { 0 };
            count += usize::from(long | short | self.starts.every);
        }
        self.count = count;
        self.seen = 0;
    }

    /// Where from `from` on a form can begin that is known by the place `at`.
    fn start(&self, at: usize, short: bool, from: usize) -> Option<usize> {
        if short {
            return Some(self.inside(at).filter(|start| *start >= from).unwrap_or(at));
        }
        let key = load(self.text, at);
        let mut longer = self.starts.longer.iter().zip(LENGTHS);
        let found = longer.any(|(bits, bytes)| bits.has(key & low(bytes)));
        (found || self.starts.every).then_some(at)
    }

    /// The start of a form that has its first mark at `mark`.
    fn inside(&self, mark: usize) -> Option<usize> {
        if !self.text.get(mark).is_some_and(u8::is_ascii_punctuation) {
            return None;
        }
        let begins = |(before, form): &(usize, Box<str>)| {
            let start = mark.checked_sub(*before)?;
            let found = self.text.get(start..start + form.len())?;
            found.eq_ignore_ascii_case(form.as_bytes()).then_some(start)
        };
        self.starts.inner.iter().filter_map(begins).min()
    }
}

/// Eight bytes from `at` on, the first lowest, folded; nothing follows the end.
#[inline]
fn load(bytes: &[u8], at: usize) -> u64 {
    let rest = bytes.get(at..).unwrap_or_default();
    let eight = rest.first_chunk::<8>().copied().unwrap_or_else(|| {
        let mut eight = [0; 8];
        for (to, from) in eight.iter_mut().zip(rest) {
            *to = *from;
        }
        eight
    });
    u64::from_le_bytes(eight) | FOLD
}

/// The lowest `count` bits, of less than 64.
const fn low_bits(count: usize) -> u64 {
    (1 << count) - 1
}

/// How many letters and bytes outside ASCII a form begins with.
fn letters(bytes: &[u8]) -> usize {
    bytes.iter().take_while(|byte| byte.is_ascii_alphabetic() || !byte.is_ascii()).count()
}

/// The lowest `bytes` bytes, of one to eight.
const fn low(bytes: usize) -> u64 {
    !0 >> (64 - 8 * bytes)
}

/// A set of keys by their hash.
#[derive(Debug)]
struct Bits(Box<[u64; 1 << (HASH_BITS - 6)]>);

impl Default for Bits {
    fn default() -> Self {
        Self(Box::new([0; 1 << (HASH_BITS - 6)]))
    }
}

impl Bits {
    #[inline]
    fn hash(key: u64) -> u64 {
        key.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (u64::BITS - HASH_BITS)
    }

    fn set(&mut self, key: u64) {
        let hash = Self::hash(key);
        if let Some(word) = self.0.get_mut((hash >> 6) as usize) {
            *word |= 1 << (hash & 63);
        }
    }

    fn fill(&mut self) {
        self.0.fill(!0);
    }

    #[inline]
    fn has(&self, key: u64) -> bool {
        let hash = Self::hash(key);
        self.0.get((hash >> 6) as usize).is_some_and(|word| word >> (hash & 63) & 1 == 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const FORMS: [&str; 12] =
        ["table", "??", "fig", "§", "figures", "abbr", " (19", "oh! no", "表", "рис", "eq", "a b"];

    fn starts() -> Starts {
        let form = |text: &'static str| LexiconForm {
            text,
            stem: text == "abbr",
            anywhere: text == "oh! no",
        };
        Starts::new(FORMS.map(form))
    }

    #[test]
    fn no_form_is_missed() {
        let starts = starts();
        for (text, at) in [
            ("x Table", 2),
            ("x ??", 2),
            ("FIG", 0),
            ("in §", 3),
            ("x ??b", 2),
            ("§", 0),
            ("so (1999)", 2),
            ("wellOh! No", 4),
            ("abbreviation", 0),
            ("die表", 3),
            ("Eq. 2", 0),
        ] {
            assert_eq!(starts.scan(text).next(0), Some(at), "{text}");
        }
        for text in ["nothing to see", "vegetable", "figment", "so (2)", "x", ""] {
            assert_eq!(starts.scan(text).next(0), None, "{text}");
        }
        assert_eq!(starts.scan("x table").next(3), None);
    }

    #[test]
    fn a_form_that_can_begin_anywhere_is_found_anywhere() {
        let starts = Starts::new([LexiconForm { text: "abc", stem: false, anywhere: true }]);
        let mut scan = starts.scan("xxabc");
        assert!((0..5).any(|from| scan.next(from) == Some(2)));
    }

    proptest! {
        #[test]
        fn every_form_that_begins_a_word_is_a_place(text in "(table|\\?\\?|fig|§|figures|abbr| \\(19|oh! no|表|рис|eq|a b|[a-z]{1,30}|[ .,\n]|é){0,40}") {
            let starts = starts();
            let mut scan = starts.scan(&text);
            let mut from = 0;
            let mut places = Vec::new();
            while let Some(at) = scan.next(from) {
                places.push(at);
                from = at + 1;
            }
            for form in FORMS {
                for (at, _) in text.match_indices(form) {
                    let before = at.checked_sub(1).map_or(b' ', |before| text.as_bytes()[before]);
                    let after = text.as_bytes().get(at + form.len()).copied().unwrap_or(b' ');
                    let ends = form.len() > 3 || !(after.is_ascii_alphabetic() || after > 0x7f);
                    let word = form.as_bytes()[0].is_ascii_alphabetic() && form != "oh! no";
                    if !word || ends && !before.is_ascii_alphanumeric() {
                        prop_assert!(places.contains(&at), "{form} at {at}");
                    }
                }
            }
        }
    }
}
