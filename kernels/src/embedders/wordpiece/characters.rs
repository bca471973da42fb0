//! What BERT's normaliser and pre-tokenizer make of one character.
//!
//! Nearly every character can be looked at by itself, so each is worked out once, by the same
//! tables that the `tokenizers` crate uses, and remembered.

use std::sync::OnceLock;

use unicode_categories::UnicodeCategories;
use unicode_normalization_alignments::UnicodeNormalization;
use unicode_normalization_alignments::char::canonical_combining_class;

/// The switches of a `BertNormalizer`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "the switches are independent")]
pub(super) struct Rules {
    pub(super) clean_text: bool,
    pub(super) handle_chinese_chars: bool,
    pub(super) strip_accents: bool,
    pub(super) lowercase: bool,
}

/// What a character is to the words around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Is taken out; the word goes on.
    Nothing,
    /// Ends a word.
    Space,
    /// Is part of a word.
    Word,
    /// Is a word of its own.
    Alone,
    /// Depends on its neighbours: the whole text goes the long way.
    Context,
}

/// A character's kind, and where in its page stands what it becomes.
#[derive(Clone, Copy, Debug)]
struct Entry {
    kind: Kind,
    length: u8,
    start: u16,
}

#[derive(Debug)]
struct Page {
    entries: [Entry; 256],
    text: String,
}

/// Kinds and replacements of all characters, worked out a page at a time.
#[derive(Debug)]
pub(super) struct Characters {
    rules: Rules,
    /// Kind and replacement of each ASCII byte.
    ascii: [(Kind, u8); 128],
    pages: Box<[OnceLock<Box<Page>>]>,
}

impl Characters {
    pub(super) fn new(rules: Rules) -> Self {
        let mut becomes = String::new();
        let ascii = std::array::from_fn(|byte| {
            becomes.clear();
            let kind = derive(char::from(u8::try_from(byte).unwrap_or(0)), rules, &mut becomes);
            (kind, becomes.bytes().next().unwrap_or(0))
        });
        let pages = (0..=u32::from(char::MAX) >> 8).map(|_| OnceLock::new()).collect();
        Self { rules, ascii, pages }
    }

    /// Kind and replacement of the ASCII byte `byte`; of another byte, nothing.
    #[inline]
    pub(super) fn ascii(&self, byte: u8) -> (Kind, u8) {
        self.ascii.get(usize::from(byte)).copied().unwrap_or((Kind::Nothing, 0))
    }

    /// Kind and replacement of any character.
    #[inline]
    pub(super) fn any(&self, character: char) -> (Kind, &str) {
        let code = u32::from(character);
        let (page, low) = ((code >> 8) as usize, (code & 0xff) as usize);
        let page = self.pages[page].get_or_init(|| Box::new(self.page(code & !0xff)));
        let entry = page.entries[low];
        let start = usize::from(entry.start);
        (entry.kind, page.text.get(start..start + usize::from(entry.length)).unwrap_or_default())
    }

    /// The 256 characters from `first`.
    fn page(&self, first: u32) -> Page {
        let mut text = String::new();
        let entries = std::array::from_fn(|low| {
            let start = text.len();
            // half a surrogate pair is no character and is never asked for
            let kind = u32::try_from(low)
                .ok()
                .and_then(|low| char::from_u32(first + low))
                .map_or(Kind::Nothing, |character| derive(character, self.rules, &mut text));
            match (u8::try_from(text.len() - start), u16::try_from(start)) {
                (Ok(length), Ok(start)) => Entry { kind, length, start },
                // no page of Unicode is as long; if one ever is, the long way is right too
                _ => Entry { kind: Kind::Context, length: 0, start: 0 },
            }
        });
        Page { entries, text }
    }

    /// The whole of `text` as the normaliser leaves it, by the book.
    pub(super) fn normalize(&self, text: &str, out: &mut String) {
        let rules = self.rules;
        out.clear();
        let cleaned = text.chars().filter_map(|one| clean(one, rules)).flat_map(|one| {
            let space = (rules.handle_chinese_chars && is_chinese(one)).then_some(' ');
            space.into_iter().chain([one]).chain(space)
        });
        if rules.strip_accents {
            let stripped = cleaned.nfd().map(|(one, _)| one);
            lower(stripped.filter(|one| !one.is_mark_nonspacing()), rules, out);
        } else {
            lower(cleaned, rules, out);
        }
    }
}

/// Whether the pre-tokenizer makes `character` a word of its own.
pub(super) fn is_punctuation(character: char) -> bool {
    character.is_ascii_punctuation() || character.is_punctuation()
}

/// Appends what `character` becomes, and says what it is to the words around it.
fn derive(character: char, rules: Rules, out: &mut String) -> Kind {
    let start = out.len();
    let Some(cleaned) = clean(character, rules) else { return Kind::Nothing };
    let alone = rules.handle_chinese_chars && is_chinese(cleaned);
    if rules.strip_accents {
        let kept: Vec<char> = [cleaned]
            .into_iter()
            .nfd()
            .map(|(one, _)| one)
            .filter(|one| !one.is_mark_nonspacing())
            .collect();
        // marks that stay are sorted among their neighbours
        if kept.iter().any(|one| canonical_combining_class(*one) != 0) {
            return Kind::Context;
        }
        lower(kept.into_iter(), rules, out);
    } else {
        lower([cleaned].into_iter(), rules, out);
    }
    let becomes = out.get(start..).unwrap_or_default();
    let single = becomes.chars().nth(1).is_none();
    if becomes.is_empty() {
        if alone { Kind::Context } else { Kind::Nothing }
    } else if becomes.contains(char::is_whitespace) {
        if single { Kind::Space } else { Kind::Context }
    } else if becomes.contains(is_punctuation) {
        if single { Kind::Alone } else { Kind::Context }
    } else if alone {
        Kind::Alone
    } else {
        Kind::Word
    }
}

/// `None` for what is taken out, a space for all white space.
fn clean(character: char, rules: Rules) -> Option<char> {
    if !rules.clean_text {
        return Some(character);
    }
    match character {
        '\t' | '\n' | '\r' => Some(' '),
        '\0' | '\u{fffd}' => None,
        _ if character.is_other() => None,
        _ if character.is_whitespace() => Some(' '),
        _ => Some(character),
    }
}

fn lower(characters: impl Iterator<Item = char>, rules: Rules, out: &mut String) {
    if rules.lowercase {
        out.extend(characters.flat_map(char::to_lowercase));
    } else {
        out.extend(characters);
    }
}

/// The blocks that BERT's normaliser calls Chinese. They hold no kana and no Hangul.
fn is_chinese(character: char) -> bool {
    matches!(u32::from(character),
        0x4e00..=0x9fff
        | 0x3400..=0x4dbf
        | 0x2_0000..=0x2_a6df
        | 0x2_a700..=0x2_b73f
        | 0x2_b740..=0x2_b81f
        | 0x2_b920..=0x2_ceaf
        | 0xf900..=0xfaff
        | 0x2_f800..=0x2_fa1f)
}
