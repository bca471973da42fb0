//! What a tokenizer makes of one document, and what it makes of many.

use std::collections::BTreeMap;

use serde::Serialize;
use tamis_kernels::tokens::pieces;
use tamis_kernels::{Tamis, TextTokenizer, Word};
use tamis_rules::language;

use super::script::Script;
use super::vocabulary::{Ids, Kind, SHOWN};

/// Documents that a list of examples shows.
const EXAMPLES: usize = 5;
/// The language of a document without letters.
const NO_LANGUAGE: &str = "none";
/// Characters around a difference that are shown.
const AROUND: usize = 24;
/// Bytes of a document within which a prompt is cut.
const PROMPT_BYTES: usize = 2000;

/// Why a text does not come back from its tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Loss {
    /// The unknown token stands for some of it.
    Unknown,
    /// White space was lost, added or changed.
    WhiteSpace,
    /// Upper case was lost.
    Case,
    /// Something else: accents, compatible characters, control characters.
    Characters,
    /// The ids could not be decoded.
    Undecodable,
}

impl Loss {
    /// In words.
    pub fn told(self) -> &'static str {
        match self {
            Self::Unknown => "unknown tokens",
            Self::WhiteSpace => "white space",
            Self::Case => "upper and lower case",
            Self::Characters => "other characters",
            Self::Undecodable => "ids that cannot be decoded",
        }
    }
}

/// A document that does not come back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The document: the user's id, or shard and row.
    pub document: String,
    /// Why.
    pub loss: Loss,
    /// The first byte of the text that is another.
    pub at: usize,
    /// The text there.
    pub text: String,
    /// What comes back instead.
    pub back: String,
}

/// Documents of one script, language or source.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Fertility {
    /// Documents.
    pub documents: u64,
    /// Bytes of their text.
    pub text_bytes: u64,
    /// Characters.
    pub chars: u64,
    /// Words, where the script has spaces between them.
    pub words: u64,
    /// Tokens.
    pub tokens: u64,
    /// Tokens of the documents whose words were counted.
    pub word_tokens: u64,
}

impl Fertility {
    fn merge(&mut self, other: &Self) {
        self.documents += other.documents;
        self.text_bytes += other.text_bytes;
        self.chars += other.chars;
        self.words += other.words;
        self.tokens += other.tokens;
        self.word_tokens += other.word_tokens;
    }
}

/// What a space at the end of a prompt changes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Prompts {
    /// Prompts tried: the beginning of a document up to a space between two words.
    pub tried: u64,
    /// Those whose tokens begin the tokens of the document: what follows is what training saw.
    pub kept_without_space: u64,
    /// The same with the space at the end.
    pub kept_with_space: u64,
    /// Those for which the space is one more token.
    pub one_token_more: u64,
}

impl Prompts {
    fn merge(&mut self, other: &Self) {
        self.tried += other.tried;
        self.kept_without_space += other.kept_without_space;
        self.kept_with_space += other.kept_with_space;
        self.one_token_more += other.one_token_more;
    }
}

/// What a tokenizer made of documents; parts are joined in any order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) all: Fertility,
    pub(super) refused: u64,
    pub(super) by_script: BTreeMap<Script, Fertility>,
    pub(super) by_language: BTreeMap<&'static str, Fertility>,
    pub(super) by_source: BTreeMap<String, Fertility>,
    /// Uses of each id.
    pub(super) used: Vec<u64>,
    /// Documents with an unknown, a byte-fallback, a special token spelt out.
    pub(super) with: BTreeMap<&'static str, u64>,
    /// Characters without a token of their own, and how often they stand.
    pub(super) unspelt: BTreeMap<char, u64>,
    pub(super) different: BTreeMap<Loss, u64>,
    /// The first documents, in input order, that do not come back, by reason.
    pub(super) examples: BTreeMap<(Loss, u64, u64), Difference>,
    pub(super) prompts: Prompts,
}

impl Tally {
    pub(super) fn merge(&mut self, other: Self) {
        self.all.merge(&other.all);
        self.refused += other.refused;
        for (script, part) in other.by_script {
            self.by_script.entry(script).or_default().merge(&part);
        }
        for (language, part) in other.by_language {
            self.by_language.entry(language).or_default().merge(&part);
        }
        for (source, part) in other.by_source {
            self.by_source.entry(source).or_default().merge(&part);
        }
        if self.used.len() < other.used.len() {
            self.used.resize(other.used.len(), 0);
        }
        for (all, part) in self.used.iter_mut().zip(other.used) {
            *all += part;
        }
        for (kind, count) in other.with {
            *self.with.entry(kind).or_default() += count;
        }
        for (letter, count) in other.unspelt {
            *self.unspelt.entry(letter).or_default() += count;
        }
        for (loss, count) in other.different {
            *self.different.entry(loss).or_default() += count;
        }
        for (key, difference) in other.examples {
            self.note(key, || difference);
        }
        self.prompts.merge(&other.prompts);
    }

    /// Keeps the first few of each reason.
    fn note(&mut self, key: (Loss, u64, u64), make: impl FnOnce() -> Difference) {
        let of_loss = (key.0, 0, 0)..=(key.0, u64::MAX, u64::MAX);
        if self.examples.range(of_loss.clone()).count() < EXAMPLES {
            self.examples.insert(key, make());
        } else if let Some((last, _)) = self.examples.range(of_loss).next_back()
            && key < *last
        {
            let last = *last;
            self.examples.remove(&last);
            self.examples.insert(key, make());
        }
    }
}

/// A document and where it stands.
pub(super) struct Item {
    pub(super) shard: u64,
    pub(super) row: u64,
    pub(super) name: String,
    pub(super) source: String,
    pub(super) text: String,
}

/// Looks at documents one after the other.
pub(super) struct Looker<'a> {
    tokenizer: &'a TextTokenizer,
    ids: &'a Ids,
    scan: Tamis,
    words: Vec<Word>,
    tokens: Vec<u32>,
    other: Vec<u32>,
    sample: String,
    pub(super) tally: Tally,
}

impl<'a> Looker<'a> {
    pub(super) fn new(tokenizer: &'a TextTokenizer, ids: &'a Ids) -> Self {
        let tally = Tally { used: vec![0; ids.kinds.len()], ..Tally::default() };
        Self {
            tokenizer,
            ids,
            scan: Tamis::default(),
            words: Vec::new(),
            tokens: Vec::new(),
            other: Vec::new(),
            sample: String::new(),
            tally,
        }
    }

    pub(super) fn look(&mut self, item: &Item) {
        let text = item.text.as_str();
        let mut tokens = std::mem::take(&mut self.tokens);
        if self.tokenizer.encode(text, &mut tokens) {
            self.fertility(item, tokens.len() as u64);
            self.kinds(text, &tokens);
            self.round_trip(item, &tokens);
            self.prompt(text);
        } else {
            self.tally.refused += 1;
        }
        self.tokens = tokens;
    }

    fn fertility(&mut self, item: &Item, tokens: u64) {
        let script = Script::of(&item.text);
        let found = language::detect(language::sample(&item.text, &mut self.sample));
        let language = found.map_or(NO_LANGUAGE, |language| language.code);
        let mut part = Fertility {
            documents: 1,
            text_bytes: item.text.len() as u64,
            chars: item.text.chars().count() as u64,
            tokens,
            ..Fertility::default()
        };
        if script.is_spaced() {
            self.scan.scan(&item.text, &mut self.words);
            part.words = self.words.len() as u64;
            part.word_tokens = tokens;
        }
        self.tally.all.merge(&part);
        self.tally.by_script.entry(script).or_default().merge(&part);
        self.tally.by_language.entry(language).or_default().merge(&part);
        if let Some(source) = self.tally.by_source.get_mut(&item.source) {
            source.merge(&part);
        } else {
            self.tally.by_source.insert(item.source.clone(), part);
        }
    }

    /// Counts ids, and the characters that have no token of their own.
    fn kinds(&mut self, text: &str, tokens: &[u32]) {
        let (mut unknown, mut byte, mut special) = (false, false, false);
        for id in tokens {
            let at = *id as usize;
            if let Some(count) = self.tally.used.get_mut(at) {
                *count += 1;
            }
            match self.ids.kinds.get(at) {
                Some(Kind::Unknown) => unknown = true,
                Some(Kind::Byte) => byte = true,
                Some(Kind::Special) => special = true,
                _ => {}
            }
        }
        for (name, on) in [(UNKNOWN, unknown), (BYTE, byte), (SPECIAL, special)] {
            *self.tally.with.entry(name).or_default() += u64::from(on);
        }
        if unknown || byte {
            self.unspelt(text);
        }
    }

    fn unspelt(&mut self, text: &str) {
        let (mut tokens, mut spans) = (Vec::new(), Vec::new());
        self.tokenizer.encode_spans(text, &mut tokens, &mut spans);
        let mut done = 0;
        for (id, [start, end]) in tokens.iter().zip(spans) {
            let kind = self.ids.kinds.get(*id as usize);
            if matches!(kind, Some(Kind::Unknown | Kind::Byte)) && end > done {
                let from = start.max(done);
                for letter in text.get(from..end).unwrap_or_default().chars() {
                    *self.tally.unspelt.entry(letter).or_default() += 1;
                }
                done = end;
            }
        }
    }

    fn round_trip(&mut self, item: &Item, tokens: &[u32]) {
        let mut base = 0;
        for piece in pieces(&item.text) {
            let whole = piece.len() == item.text.len();
            if !whole && !self.tokenizer.encode(piece, &mut self.other) {
                return;
            }
            let back = self.tokenizer.decode(if whole { tokens } else { &self.other });
            if back.as_deref() != Some(piece) {
                self.differs(item, base, piece, back.as_deref(), tokens);
                return;
            }
            base += piece.len();
        }
    }

    /// Notes a document of which a piece does not come back.
    fn differs(
        &mut self,
        item: &Item,
        base: usize,
        text: &str,
        back: Option<&str>,
        tokens: &[u32],
    ) {
        let unknown =
            || tokens.iter().any(|id| self.ids.kinds.get(*id as usize) == Some(&Kind::Unknown));
        let loss = match back {
            None => Loss::Undecodable,
            Some(_) if unknown() => Loss::Unknown,
            Some(back) => lost(text, back),
        };
        *self.tally.different.entry(loss).or_default() += 1;
        let key = (loss, item.shard, item.row);
        self.tally.note(key, || {
            let (at, text, back) = first_difference(text, back.unwrap_or_default());
            Difference { document: item.name.clone(), loss, at: base + at, text, back }
        });
    }

    /// Cuts a prompt at the last space between two words near the beginning, and tries it with the
    /// space and without.
    fn prompt(&mut self, text: &str) {
        let mut end = text.len().min(PROMPT_BYTES);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let bytes = text.as_bytes();
        let between = |at: &usize| {
            *at > 0
                && bytes[*at] == b' '
                && bytes[at - 1].is_ascii_alphanumeric()
                && bytes.get(at + 1).is_some_and(u8::is_ascii_alphanumeric)
        };
        let Some(space) = (1..end.saturating_sub(1)).rev().find(between) else { return };
        // the word behind the space has to be whole
        let rest = &text[space + 1..];
        let word = rest.find(|c: char| !c.is_alphanumeric()).unwrap_or(rest.len());
        let (mut whole, mut with) = (Vec::new(), Vec::new());
        let taken = self.tokenizer.encode(&text[..space + 1 + word], &mut whole)
            && self.tokenizer.encode(&text[..space], &mut self.other)
            && self.tokenizer.encode(&text[..=space], &mut with);
        if !taken {
            return;
        }
        let prompts = &mut self.tally.prompts;
        prompts.tried += 1;
        prompts.kept_without_space += u64::from(whole.starts_with(&self.other));
        prompts.kept_with_space += u64::from(whole.starts_with(&with));
        prompts.one_token_more += u64::from(with.len() == self.other.len() + 1);
    }
}

/// Names of [`Tally::with`].
pub(super) const UNKNOWN: &str = "unknown";
pub(super) const BYTE: &str = "byte";
pub(super) const SPECIAL: &str = "special";

/// What was lost of a text, where no token is unknown.
fn lost(text: &str, back: &str) -> Loss {
    let solid = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
    let (one, other) = (solid(text), solid(back));
    if one == other {
        Loss::WhiteSpace
    } else if one.to_lowercase() == other.to_lowercase() {
        Loss::Case
    } else {
        Loss::Characters
    }
}

/// The first byte at which the two differ, with what stands there in each.
fn first_difference(text: &str, back: &str) -> (usize, String, String) {
    let mut at = text.bytes().zip(back.bytes()).take_while(|(one, other)| one == other).count();
    while !text.is_char_boundary(at) || !back.is_char_boundary(at) {
        at -= 1;
    }
    let shown = |text: &str| text[at..].chars().take(AROUND).collect();
    (at, shown(text), shown(back))
}

/// The most frequent of some counts, the first by key among equals.
pub(super) fn most<K: Ord + Copy>(counts: &BTreeMap<K, u64>) -> Vec<(K, u64)> {
    let mut all: Vec<(K, u64)> = counts.iter().map(|(key, count)| (*key, *count)).collect();
    all.sort_by_key(|(key, count)| (std::cmp::Reverse(*count), *key));
    all.truncate(SHOWN);
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reason_is_the_least_that_explains_it() {
        assert_eq!(lost("a  b\n", "a b"), Loss::WhiteSpace);
        assert_eq!(lost("A b", "a b"), Loss::Case);
        assert_eq!(lost("Größe", "grosse"), Loss::Characters);
        assert_eq!(lost("x²", "x2"), Loss::Characters);
    }

    #[test]
    fn the_first_difference_is_a_whole_character() {
        let (at, text, back) = first_difference("aé!", "aè!");
        assert_eq!((at, text.as_str(), back.as_str()), (1, "é!", "è!"));
        let (at, text, back) = first_difference("ab", "abc");
        assert_eq!((at, text.as_str(), back.as_str()), (2, "", "c"));
    }

    #[test]
    fn examples_are_the_first_in_input_order_whoever_found_them() {
        let difference = |row: u64| Difference {
            document: row.to_string(),
            loss: Loss::Case,
            at: 0,
            text: String::new(),
            back: String::new(),
        };
        let mut one = Tally::default();
        let mut other = Tally::default();
        for row in (0..20).rev() {
            let tally = if row % 2 == 0 { &mut one } else { &mut other };
            tally.note((Loss::Case, 0, row), || difference(row));
        }
        one.merge(other);
        let rows: Vec<u64> = one.examples.keys().map(|key| key.2).collect();
        assert_eq!(rows, [0, 1, 2, 3, 4]);
    }
}
