//! Texts as a model sees them: tokens of any Hugging Face `tokenizer.json`.
//!
//! The tokenizers are those of the `tokenizers` crate, so ids are those that training sees. What
//! is added here: truncation and padding that a file carries do not count, and a file or a text
//! that makes the crate panic is an error.

use std::panic::{AssertUnwindSafe, catch_unwind};

use serde::Deserialize;
use serde_json::Value;
use tokenizers::Tokenizer;

/// A `tokenizer.json` that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct TokenizerError(String);

/// A tokenizer that may be asked by many threads at the same time.
#[derive(Debug)]
pub struct TextTokenizer {
    inner: Tokenizer,
}

/// The parts of a `tokenizer.json` that tell it from other files of a model.
#[derive(Deserialize)]
struct Head {
    model: Option<Value>,
}

impl TextTokenizer {
    /// Reads a `tokenizer.json`, whose own truncation and padding do not count.
    pub fn from_json(bytes: &[u8]) -> Result<Self, TokenizerError> {
        let head: Head = serde_json::from_slice(bytes).map_err(|error| {
            TokenizerError(format!(
                "is no tokenizer.json of Hugging Face tokenizers, which is one JSON object: {error}"
            ))
        })?;
        if !head.model.is_some_and(|model| model.is_object()) {
            return Err(TokenizerError(
                "is JSON but no tokenizer.json: it has no \"model\" (vocab.json, merges.txt and \
                 tokenizer_config.json are other files; load the tokenizer with transformers and \
                 save it to get one)"
                    .to_owned(),
            ));
        }
        let read = unharmed(|| Tokenizer::from_bytes(bytes))
            .ok_or_else(|| TokenizerError("the `tokenizers` crate gave up on it".to_owned()))?;
        let mut inner = read.map_err(|error| TokenizerError(format!("cannot be used: {error}")))?;
        inner.with_padding(None);
        inner
            .with_truncation(None)
            .map_err(|error| TokenizerError(format!("cannot be used: {error}")))?;
        Ok(Self { inner })
    }

    /// The tokenizer of the model that comes with tamis, read anew; the examples of the catalogue
    /// are counted with it.
    pub fn embedded() -> Result<Self, TokenizerError> {
        Self::from_json(crate::embedders::EMBEDDED_TOKENIZER)
    }

    /// The tokens of `text` without any special token around it; false where the tokenizer
    /// refuses the text, which leaves no ids. A text of more than [`PIECE_BYTES`] is the tokens of
    /// its [`pieces`].
    pub fn encode(&self, text: &str, ids: &mut Vec<u32>) -> bool {
        ids.clear();
        for piece in pieces(text) {
            let Some(Ok(encoding)) = unharmed(|| self.inner.encode_fast(piece, false)) else {
                ids.clear();
                return false;
            };
            ids.extend_from_slice(encoding.get_ids());
        }
        true
    }

    /// Like [`TextTokenizer::encode`], with the bytes of the text that each token covers, widened
    /// to whole characters; a token that stands for a part of a character covers all of it.
    pub fn encode_spans(
        &self,
        text: &str,
        ids: &mut Vec<u32>,
        spans: &mut Vec<[usize; 2]>,
    ) -> bool {
        ids.clear();
        spans.clear();
        let mut base = 0;
        for piece in pieces(text) {
            let Some(Ok(encoding)) = unharmed(|| self.inner.encode(piece, false)) else {
                ids.clear();
                spans.clear();
                return false;
            };
            ids.extend_from_slice(encoding.get_ids());
            spans.extend(encoding.get_offsets().iter().map(|&(start, end)| {
                let (mut start, mut end) = (start.min(piece.len()), end.min(piece.len()));
                while !piece.is_char_boundary(start) {
                    start -= 1;
                }
                while !piece.is_char_boundary(end) {
                    end += 1;
                }
                [base + start, base + end]
            }));
            base += piece.len();
        }
        true
    }

    /// The text behind `ids`, special tokens included; none where they cannot be decoded.
    pub fn decode(&self, ids: &[u32]) -> Option<String> {
        unharmed(|| self.inner.decode(ids, false)).and_then(Result::ok)
    }

    /// Tokens, those that were added included.
    pub fn vocabulary_size(&self) -> usize {
        self.inner.get_vocab_size(true)
    }

    /// What the crate made of the file.
    pub fn inner(&self) -> &Tokenizer {
        &self.inner
    }
}

/// Bytes that are tokenized at a time at most: the crate takes some 150 bytes for each.
pub const PIECE_BYTES: usize = 2 << 20;

/// A text in pieces of at most [`PIECE_BYTES`], cut behind a line break or a space where there is
/// one: a tokenizer may cut a few words at each border otherwise than in the whole text.
pub fn pieces(text: &str) -> impl Iterator<Item = &str> {
    pieces_of(text, PIECE_BYTES)
}

fn pieces_of(text: &str, most: usize) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let mut end = rest.len().min(most);
        if end < rest.len() {
            while !rest.is_char_boundary(end) {
                end -= 1;
            }
            let head = &rest[..end];
            end = head.rfind('\n').or_else(|| head.rfind(' ')).map_or(end, |at| at + 1);
        }
        let (piece, left) = rest.split_at(end);
        rest = left;
        Some(piece)
    })
}

/// What `work` gives, or nothing if it panics.
///
/// The `tokenizers` crate takes some things for granted in files that come from anywhere.
pub(crate) fn unharmed<T>(work: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(work)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// A byte-level BPE without merges: one token a byte, cut by `pre_tokenizer`.
    fn bytes_only(pre_tokenizer: &Value, merges: &[&str]) -> TextTokenizer {
        let mut vocabulary = serde_json::Map::new();
        // the byte-level alphabet: printable bytes stand for themselves, others follow U+0100
        let mut next = 0x100_u32;
        for byte in 0..=255_u32 {
            let printable = matches!(byte, 0x21..=0x7e | 0xa1..=0xac | 0xae..=0xff);
            let letter = if printable { byte } else { next };
            next += u32::from(!printable);
            let letter = char::from_u32(letter).unwrap().to_string();
            vocabulary.insert(letter, vocabulary.len().into());
        }
        for merge in merges {
            vocabulary.insert(merge.replace(' ', ""), vocabulary.len().into());
        }
        let file = json!({
            "version": "1.0", "truncation": {"direction": "Right", "max_length": 4, "strategy": "LongestFirst", "stride": 0},
            "padding": {"strategy": {"Fixed": 8}, "direction": "Right", "pad_to_multiple_of": null, "pad_id": 0, "pad_type_id": 0, "pad_token": "!"},
            "added_tokens": [], "normalizer": null, "pre_tokenizer": pre_tokenizer, "post_processor": null,
            "decoder": {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": false, "use_regex": false},
            "model": {"type": "BPE", "dropout": null, "unk_token": null, "continuing_subword_prefix": null,
                "end_of_word_suffix": null, "fuse_unk": false, "byte_fallback": false, "vocab": vocabulary, "merges": merges},
        });
        TextTokenizer::from_json(file.to_string().as_bytes()).unwrap()
    }

    fn split_by(pattern: &str) -> Value {
        json!({"type": "Sequence", "pretokenizers": [
            {"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated", "invert": false},
            {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": false}]})
    }

    fn pieces(tokenizer: &TextTokenizer, text: &str) -> Vec<String> {
        use tokenizers::{
            OffsetReferential, OffsetType, PreTokenizer, pre_tokenizers::PreTokenizerWrapper,
        };
        let wrapper: &PreTokenizerWrapper = tokenizer.inner().get_pre_tokenizer().unwrap();
        let mut split = tokenizers::PreTokenizedString::from(text);
        wrapper.pre_tokenize(&mut split).unwrap();
        let splits = split.get_splits(OffsetReferential::Original, OffsetType::Byte);
        splits.into_iter().map(|(_, (from, to), _)| text[from..to].to_owned()).collect()
    }

    #[test]
    fn the_patterns_of_common_tokenizers_cut_as_they_say() {
        let text = "I'll pay 12345 now!!\n\n  OK";
        let gpt2 = bytes_only(
            &json!({"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true}),
            &[],
        );
        assert_eq!(
            pieces(&gpt2, text),
            ["I", "'ll", " pay", " 12345", " now", "!!", "\n\n ", " OK"]
        );
        let llama3 = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
        assert_eq!(
            pieces(&bytes_only(&split_by(llama3), &[]), text),
            ["I", "'ll", " pay", " ", "123", "45", " now", "!!\n\n", " ", " OK"]
        );
        let qwen2 = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
        assert_eq!(
            pieces(&bytes_only(&split_by(qwen2), &[]), text),
            ["I", "'ll", " pay", " ", "1", "2", "3", "4", "5", " now", "!!\n\n", " ", " OK"]
        );
    }

    #[test]
    fn truncation_and_padding_of_the_file_do_not_count() {
        let tokenizer = bytes_only(
            &json!({"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true}),
            &["a b", "ab c"],
        );
        let mut ids = Vec::new();
        // "abc", " ", "a", "b", "d", "é" of two bytes: by hand abc | Ġ ab d | Ġ Ã ©
        assert!(tokenizer.encode("abc abd é", &mut ids));
        assert_eq!(ids.len(), 7);
        assert_eq!(tokenizer.decode(&ids).unwrap(), "abc abd é");
        let (mut again, mut spans) = (Vec::new(), Vec::new());
        assert!(tokenizer.encode_spans("abc abd é", &mut again, &mut spans));
        assert_eq!(again, ids);
        assert_eq!(spans[0], [0, 3]);
        assert_eq!(spans[5..], [[8, 10], [8, 10]]);
        assert!(tokenizer.encode("", &mut ids));
        assert!(ids.is_empty());
    }

    #[test]
    fn long_texts_come_in_pieces() {
        let cut = |text: &'static str, most| pieces_of(text, most).collect::<Vec<_>>();
        assert_eq!(cut("ab\ncd ef", 5), ["ab\n", "cd ef"]);
        assert_eq!(cut("ab cd ef", 5), ["ab ", "cd ef"]);
        assert_eq!(cut("abcdef", 4), ["abcd", "ef"]);
        assert_eq!(cut("äöü", 3), ["ä", "ö", "ü"]);
        assert!(cut("", 3).is_empty());
        let tokenizer = TextTokenizer::embedded().unwrap();
        let text = "bread and water\n".repeat(PIECE_BYTES / 16 + 10);
        let (mut ids, mut again, mut spans) = (Vec::new(), Vec::new(), Vec::new());
        assert!(tokenizer.encode(&text, &mut ids));
        assert_eq!(ids.len(), text.len() / 16 * 3);
        assert!(tokenizer.encode_spans(&text, &mut again, &mut spans));
        assert_eq!(again, ids);
        assert_eq!(spans.last().unwrap(), &[text.len() - 6, text.len() - 1]);
    }

    #[test]
    fn other_files_are_told_what_they_are_not() {
        let refused = |bytes: &[u8]| TextTokenizer::from_json(bytes).unwrap_err().to_string();
        assert!(refused(b"#version: 0.2\nG a").contains("one JSON object"));
        assert!(refused(br#"{"tokenizer_class": "GPT2Tokenizer"}"#).contains("no \"model\""));
        assert!(
            refused(br#"{"version": "1.0", "model": {"type": "Nope"}}"#).contains("cannot be used")
        );
    }

    #[test]
    fn the_tokenizer_that_comes_with_tamis_is_whole() {
        let tokenizer = TextTokenizer::embedded().unwrap();
        let mut ids = Vec::new();
        assert!(tokenizer.encode("Bread and water.", &mut ids));
        assert_eq!(ids.len(), 4);
    }
}
