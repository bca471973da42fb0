//! A `tokenizer.json` that is plain BERT.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::characters::{Characters, Rules};
use super::trie::Trie;
use super::{WordPiece, added};

#[derive(Deserialize)]
struct File<'a> {
    #[serde(default)]
    added_tokens: Vec<AddedToken>,
    #[serde(borrow)]
    normalizer: &'a RawValue,
    #[serde(borrow)]
    pre_tokenizer: &'a RawValue,
    #[serde(borrow)]
    model: &'a RawValue,
}

#[derive(Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "as the file has it")]
struct AddedToken {
    id: u32,
    content: String,
    single_word: bool,
    lstrip: bool,
    rstrip: bool,
    normalized: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Normalizer {
    r#type: String,
    clean_text: bool,
    handle_chinese_chars: bool,
    strip_accents: Option<bool>,
    lowercase: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PreTokenizer {
    r#type: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WordPieceModel {
    r#type: String,
    unk_token: String,
    continuing_subword_prefix: String,
    max_input_chars_per_word: usize,
    vocab: BTreeMap<String, u32>,
}

pub(super) fn read(bytes: &[u8]) -> Option<WordPiece> {
    let file: File<'_> = serde_json::from_slice(bytes).ok()?;
    let normalizer: Normalizer = serde_json::from_str(file.normalizer.get()).ok()?;
    let pre_tokenizer: PreTokenizer = serde_json::from_str(file.pre_tokenizer.get()).ok()?;
    let model: WordPieceModel = serde_json::from_str(file.model.get()).ok()?;
    let plain = normalizer.r#type == "BertNormalizer"
        && pre_tokenizer.r#type == "BertPreTokenizer"
        && model.r#type == "WordPiece"
        && !model.continuing_subword_prefix.is_empty()
        && file.added_tokens.iter().all(|token| is_plain(token, &model.vocab));
    if !plain {
        return None;
    }
    let rules = Rules {
        clean_text: normalizer.clean_text,
        handle_chinese_chars: normalizer.handle_chinese_chars,
        strip_accents: normalizer.strip_accents.unwrap_or(normalizer.lowercase),
        lowercase: normalizer.lowercase,
    };
    let entries: Vec<_> = model.vocab.iter().map(|(entry, id)| (entry.as_bytes(), *id)).collect();
    // the highest number marks a state without an entry
    if entries.iter().any(|(_, id)| *id == u32::MAX) {
        return None;
    }
    let trie = Trie::new(&entries)?;
    let tokens: Vec<_> =
        file.added_tokens.into_iter().map(|token| (token.content, token.id)).collect();
    let added = added(&tokens);
    (added.is_some() || tokens.is_empty()).then_some(())?;
    Some(WordPiece {
        characters: Characters::new(rules),
        continuing: trie.after(model.continuing_subword_prefix.as_bytes()),
        trie,
        unknown: *model.vocab.get(&model.unk_token)?,
        word_chars_max: model.max_input_chars_per_word,
        added,
        tokens: model.vocab.len(),
        ids_end: model.vocab.values().max().map_or(0, |highest| *highest as usize + 1),
        median_token_chars: median(model.vocab.keys().map(|entry| entry.chars().count()).collect()),
    })
}

fn is_plain(token: &AddedToken, vocabulary: &BTreeMap<String, u32>) -> bool {
    let odd = token.single_word || token.lstrip || token.rstrip || token.normalized;
    !odd && !token.content.is_empty() && vocabulary.get(&token.content) == Some(&token.id)
}

/// The median, rounded down; 0 of nothing.
pub(in super::super) fn median(mut lengths: Vec<usize>) -> usize {
    lengths.sort_unstable();
    let middle = lengths.len() / 2;
    match (lengths.len() % 2, lengths.get(middle)) {
        (1, Some(one)) => *one,
        (_, Some(upper)) => usize::midpoint(lengths[middle - 1], *upper),
        (_, None) => 0,
    }
}
