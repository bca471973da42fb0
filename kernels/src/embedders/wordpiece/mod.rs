//! BERT's `WordPiece`, with the ids that the `tokenizers` crate gives, at a hundred times its speed.
//!
//! The parts are the ones of the `tokenizers` crate: added tokens are cut out of the text as it
//! came; `BertNormalizer` cleans, sets Chinese characters apart, strips accents and lower-cases;
//! `BertPreTokenizer` splits at white space and punctuation; and each word is eaten from the left
//! by the longest entry that fits, or becomes the unknown token as a whole.

mod characters;
mod file;
#[cfg(test)]
mod tests;
mod trie;

pub(super) use file::median;

use aho_corasick::{AhoCorasick, MatchKind};

use characters::{Characters, Kind, is_punctuation};
use trie::{ROOT, Trie, TrieState};

/// A tokenizer of the BERT family.
#[derive(Debug)]
pub struct WordPiece {
    characters: Characters,
    trie: Trie,
    /// Where an entry that continues a word goes on, past its prefix.
    continuing: Option<TrieState>,
    unknown: u32,
    word_chars_max: usize,
    added: Option<AddedTokens>,
    tokens: usize,
    ids_end: usize,
    median_token_chars: usize,
}

/// Tokens that are found before anything else is done to the text.
#[derive(Debug)]
struct AddedTokens {
    search: AhoCorasick,
    ids: Vec<u32>,
}

/// Memory that [`WordPiece::encode`] uses again.
#[derive(Debug, Default)]
pub struct WordPieceScratch {
    word: Vec<u8>,
    normalized: String,
}

impl WordPiece {
    /// Reads the bytes of a `tokenizer.json`; `None` when it is not plain BERT or not to be read.
    ///
    /// Plain means: `BertNormalizer`, `BertPreTokenizer`, a `WordPiece` model, and added tokens that
    /// are entries of the vocabulary, match the text as it came and take no space with them.
    pub fn from_json(bytes: &[u8]) -> Option<Self> {
        file::read(bytes)
    }

    /// How many entries the vocabulary has.
    pub fn tokens(&self) -> usize {
        self.tokens
    }

    /// One more than the highest id.
    pub fn ids_end(&self) -> usize {
        self.ids_end
    }

    /// The id of what the vocabulary cannot spell.
    pub fn unknown(&self) -> u32 {
        self.unknown
    }

    /// The median number of characters of an entry, rounded down.
    pub fn median_token_chars(&self) -> usize {
        self.median_token_chars
    }

    /// Replaces `ids` by those of `text`, the first `ids_max` of them, without special tokens.
    pub fn encode(
        &self,
        text: &str,
        ids_max: usize,
        scratch: &mut WordPieceScratch,
        ids: &mut Vec<u32>,
    ) {
        ids.clear();
        let mut at = 0;
        if let Some(added) = &self.added {
            for found in added.search.find_iter(text) {
                self.encode_plain(&text[at..found.start()], ids_max, scratch, ids);
                ids.push(added.ids[found.pattern().as_usize()]);
                at = found.end();
                if ids.len() >= ids_max {
                    break;
                }
            }
        }
        if ids.len() < ids_max {
            self.encode_plain(&text[at..], ids_max, scratch, ids);
        }
        ids.truncate(ids_max);
    }

    /// Appends the ids of a text without added tokens.
    fn encode_plain(
        &self,
        text: &str,
        ids_max: usize,
        scratch: &mut WordPieceScratch,
        ids: &mut Vec<u32>,
    ) {
        let from = ids.len();
        if self.encode_by_character(text, ids_max, &mut scratch.word, ids) {
            return;
        }
        ids.truncate(from);
        self.characters.normalize(text, &mut scratch.normalized);
        for run in scratch.normalized.split(char::is_whitespace) {
            let mut at = 0;
            for (start, mark) in run.match_indices(is_punctuation) {
                self.pieces(&run.as_bytes()[at..start], ids);
                self.pieces(mark.as_bytes(), ids);
                at = start + mark.len();
            }
            self.pieces(&run.as_bytes()[at..], ids);
        }
    }

    /// Appends ids until there are `ids_max`; `false` at a character that depends on its
    /// neighbours.
    fn encode_by_character(
        &self,
        text: &str,
        ids_max: usize,
        word: &mut Vec<u8>,
        ids: &mut Vec<u32>,
    ) -> bool {
        word.clear();
        let bytes = text.as_bytes();
        let mut at = 0;
        while let Some(&byte) = bytes.get(at) {
            let ascii;
            let (kind, becomes) = if byte.is_ascii() {
                let (kind, lower) = self.characters.ascii(byte);
                at += 1;
                if kind == Kind::Word {
                    word.push(lower);
                    continue;
                }
                ascii = [lower];
                (kind, ascii.as_slice())
            } else {
                let Some(character) = text.get(at..).and_then(|rest| rest.chars().next()) else {
                    break;
                };
                at += character.len_utf8();
                let (kind, becomes) = self.characters.any(character);
                (kind, becomes.as_bytes())
            };
            match kind {
                Kind::Nothing => {}
                Kind::Word => word.extend_from_slice(becomes),
                Kind::Context => return false,
                Kind::Space | Kind::Alone => {
                    self.pieces(word, ids);
                    word.clear();
                    if kind == Kind::Alone {
                        self.pieces(becomes, ids);
                    }
                    if ids.len() >= ids_max {
                        return true;
                    }
                }
            }
        }
        self.pieces(word, ids);
        true
    }

    /// Appends the ids of one word; an empty one has none.
    #[inline]
    fn pieces(&self, word: &[u8], ids: &mut Vec<u32>) {
        let from = ids.len();
        let mut state = Some(ROOT);
        let mut at = 0;
        let spelt = word.len() <= self.word_chars_max || chars(word) <= self.word_chars_max;
        while spelt && at < word.len() {
            let found = state.and_then(|state| self.trie.longest(state, &word[at..]));
            let Some((id, length)) = found else { break };
            ids.push(id);
            at += length;
            state = self.continuing;
        }
        if at < word.len() {
            ids.truncate(from);
            ids.push(self.unknown);
        }
    }
}

/// Characters of a text in UTF-8.
fn chars(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| **byte & 0xc0 != 0x80).count()
}

/// The search for `tokens`; `None` also when there are none.
fn added(tokens: &[(String, u32)]) -> Option<AddedTokens> {
    if tokens.is_empty() {
        return None;
    }
    let search = AhoCorasick::builder()
        .match_kind(MatchKind::LeftmostLongest)
        .build(tokens.iter().map(|(content, _)| content))
        .ok()?;
    Some(AddedTokens { search, ids: tokens.iter().map(|(_, id)| *id).collect() })
}
