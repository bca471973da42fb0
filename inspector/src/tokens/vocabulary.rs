//! What a vocabulary holds: each id as the text it stands for.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::Value;
use tamis_kernels::TextTokenizer;

use super::normalizer::explained;

/// Tokens that a list shows.
pub(super) const SHOWN: usize = 10;

/// What an id stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// No token has this id.
    Hole,
    /// A token that stands for no text, such as the end of a document.
    Special,
    /// The token of what the vocabulary cannot spell.
    Unknown,
    /// One byte of a character that the vocabulary does not hold, as `<0xE6>`.
    Byte,
    /// Bytes that are no whole characters.
    Part,
    /// Text.
    Text,
}

/// The ids of a tokenizer.
pub(super) struct Ids {
    pub(super) kinds: Vec<Kind>,
    /// The text of each, behind another token.
    pub(super) texts: Vec<String>,
    /// Those that hold white space and punctuation.
    pub(super) glued: Vec<bool>,
}

/// A vocabulary in numbers.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Vocabulary {
    /// BPE, `WordPiece`, Unigram or `WordLevel`.
    pub model: String,
    /// What is done to a text before it is cut, in words; empty where nothing is.
    pub normalizer: Vec<String>,
    /// Tokens.
    pub tokens: u64,
    /// Ids below the highest that no token has: they cannot be decoded.
    pub holes: u64,
    /// Special tokens, by name.
    pub special: Vec<String>,
    /// The unknown token, where there is one.
    pub unknown: Option<String>,
    /// Tokens of one byte of a character (byte fallback).
    pub bytes: u64,
    /// Tokens that are no whole characters: alone they decode to U+FFFD.
    pub parts: u64,
    /// Tokens of text that their own text is not cut into, so that training never sees them.
    pub unreachable: u64,
    /// Some of them.
    pub unreachable_examples: Vec<String>,
    /// Tokens that hold white space and punctuation.
    pub glued: u64,
    /// The longest tokens, in bytes of their text.
    pub longest: Vec<LongToken>,
}

/// A long token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LongToken {
    /// Its id.
    pub id: u32,
    /// Its text.
    pub text: String,
    /// Bytes of it.
    pub bytes: u64,
    /// How often it was used; none in the list of the vocabulary.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub used: Option<u64>,
}

/// Whether a text holds white space and punctuation.
fn is_glued(text: &str) -> bool {
    let mark = |c: char| !c.is_alphanumeric() && !c.is_whitespace() && !c.is_control();
    text.contains(char::is_whitespace) && text.contains(mark)
}

impl Ids {
    /// Reads every id, and sums up.
    pub(super) fn read(tokenizer: &TextTokenizer) -> (Self, Vocabulary) {
        let inner = tokenizer.inner();
        let file = serde_json::to_value(inner).unwrap_or_default();
        let special: BTreeSet<u32> = inner
            .get_added_tokens_decoder()
            .into_iter()
            .filter(|(_, token)| token.special)
            .map(|(id, _)| id)
            .collect();
        let unknown = unknown_id(tokenizer, &file);
        let names = inner.get_vocab(true);
        let end = names.values().max().map_or(0, |id| *id as usize + 1);
        let anchor = anchor(tokenizer);
        let mut ids = Self {
            kinds: vec![Kind::Hole; end],
            texts: vec![String::new(); end],
            glued: vec![false; end],
        };
        let mut told = Vocabulary {
            model: word(&file, "/model/type").unwrap_or_else(|| "BPE".to_owned()),
            normalizer: explained(file.get("normalizer").unwrap_or(&Value::Null)),
            tokens: names.len() as u64,
            unknown: unknown.and_then(|id| inner.id_to_token(id)),
            special: special.iter().filter_map(|id| inner.id_to_token(*id)).collect(),
            ..Vocabulary::default()
        };
        let (mut cut, mut unreachable) = (Vec::new(), Vec::new());
        for id in 0..u32::try_from(end).unwrap_or(u32::MAX) {
            let at = id as usize;
            let Some(name) = inner.id_to_token(id) else {
                told.holes += 1;
                continue;
            };
            let text = alone(tokenizer, anchor.as_ref(), id);
            ids.kinds[at] = if Some(id) == unknown {
                Kind::Unknown
            } else if special.contains(&id) {
                Kind::Special
            } else if is_byte(&name) {
                told.bytes += 1;
                Kind::Byte
            } else if text.as_ref().is_none_or(|text| text.contains('\u{fffd}')) {
                told.parts += 1;
                Kind::Part
            } else {
                Kind::Text
            };
            let text = text.unwrap_or(name);
            if ids.kinds[at] == Kind::Text {
                ids.glued[at] = is_glued(&text);
                told.glued += u64::from(ids.glued[at]);
                if !reaches(tokenizer, anchor.as_ref(), &text, id, &mut cut) {
                    told.unreachable += 1;
                    unreachable.push(id);
                }
            }
            ids.texts[at] = text;
        }
        let shown = unreachable.iter().take(SHOWN);
        told.unreachable_examples = shown.map(|id| ids.texts[*id as usize].clone()).collect();
        told.longest = ids.longest(|_| None);
        (ids, told)
    }

    /// The longest tokens of text for which `used` gives a count, or of all where it gives none;
    /// the lowest id first among equals.
    pub(super) fn longest(&self, used: impl Fn(usize) -> Option<u64>) -> Vec<LongToken> {
        let mut all: Vec<(usize, usize)> = (0..self.kinds.len())
            .filter(|at| self.kinds[*at] == Kind::Text && used(*at) != Some(0))
            .map(|at| (self.texts[at].len(), at))
            .collect();
        all.sort_by_key(|(bytes, at)| (std::cmp::Reverse(*bytes), *at));
        all.truncate(SHOWN);
        let long = |(bytes, at): (usize, usize)| LongToken {
            id: u32::try_from(at).unwrap_or(u32::MAX),
            text: self.texts[at].clone(),
            bytes: bytes as u64,
            used: used(at),
        };
        all.into_iter().map(long).collect()
    }
}

fn word(file: &Value, pointer: &str) -> Option<String> {
    file.pointer(pointer).and_then(Value::as_str).map(str::to_owned)
}

/// The id of the unknown token.
fn unknown_id(tokenizer: &TextTokenizer, file: &Value) -> Option<u32> {
    let by_name =
        word(file, "/model/unk_token").and_then(|name| tokenizer.inner().token_to_id(&name));
    let by_id = || file.pointer("/model/unk_id").and_then(Value::as_u64);
    by_name.or_else(|| by_id().and_then(|id| u32::try_from(id).ok()))
}

/// `<0xE6>`
fn is_byte(name: &str) -> bool {
    let bytes = name.as_bytes();
    bytes.len() == 6
        && name.starts_with("<0x")
        && name.ends_with('>')
        && bytes[3..5].iter().all(u8::is_ascii_hexdigit)
}

/// Tokens behind which others are decoded, so that what is done to the start of a text does not
/// count, and their text.
fn anchor(tokenizer: &TextTokenizer) -> Option<(Vec<u32>, String)> {
    let mut ids = Vec::new();
    let taken = tokenizer.encode("a", &mut ids) && !ids.is_empty();
    let text = taken.then(|| tokenizer.decode(&ids)).flatten()?;
    Some((ids, text))
}

/// The text of one id.
fn alone(
    tokenizer: &TextTokenizer,
    anchor: Option<&(Vec<u32>, String)>,
    id: u32,
) -> Option<String> {
    if let Some((ids, before)) = anchor {
        let mut ids = ids.clone();
        ids.push(id);
        let both = tokenizer.decode(&ids);
        if let Some(text) = both.as_deref().and_then(|both| both.strip_prefix(before.as_str())) {
            return Some(text.to_owned());
        }
    }
    tokenizer.decode(&[id])
}

/// Whether the text of a token is cut into that token, behind another one or alone.
fn reaches(
    tokenizer: &TextTokenizer,
    anchor: Option<&(Vec<u32>, String)>,
    text: &str,
    id: u32,
    cut: &mut Vec<u32>,
) -> bool {
    if text.is_empty() || (tokenizer.encode(text, cut) && cut.as_slice() == [id]) {
        return true;
    }
    let Some((before, anchor)) = anchor else { return false };
    // behind a line break and behind a letter: where words begin, and where they go on
    for front in ["\n", anchor.as_str()] {
        if tokenizer.encode(&format!("{front}{text}"), cut) && cut.last() == Some(&id) {
            return true;
        }
    }
    tokenizer.encode(text.trim_start(), cut)
        && (cut.as_slice() == [id] || cut.as_slice() == [before.as_slice(), &[id]].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space_and_punctuation_in_one_token_is_glue() {
        for glued in [" (", ".\n", ");\n\n", "a, "] {
            assert!(is_glued(glued), "{glued:?}");
        }
        for free in ["(", " a", "\n", "", "a.b"] {
            assert!(!is_glued(free), "{free:?}");
        }
    }

    #[test]
    fn bytes_are_known_by_their_names() {
        assert!(is_byte("<0xE6>") && is_byte("<0x0A>"));
        assert!(!is_byte("<0xG6>") && !is_byte("<0xE6") && !is_byte("<unk>"));
    }
}
