//! The `tokenizers` crate is the oracle.

use std::io::Read;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use serde_json::{Value, json};
use tokenizers::Tokenizer;

use super::{WordPiece, WordPieceScratch};

const OURS: &str = include_str!("../../../model/tokenizer.json");

/// Ours and the oracle from the same file, `change` applied.
fn pair(json: &str, change: impl FnOnce(&mut Value)) -> (WordPiece, Tokenizer) {
    let mut file: Value = serde_json::from_str(json).unwrap();
    change(&mut file);
    let bytes = serde_json::to_vec(&file).unwrap();
    let mut oracle = Tokenizer::from_bytes(&bytes).unwrap();
    oracle.with_padding(None);
    oracle.with_truncation(None).unwrap();
    (WordPiece::from_json(&bytes).unwrap(), oracle)
}

/// Adds the tokens that BERT's files have, and two that overlap.
fn with_added_tokens(file: &mut Value) {
    let size = file["model"]["vocab"].as_object().unwrap().len();
    let contents = ["[UNK]", "[PAD]", "[CLS]", "[SEP]", "[MASK]", "[SEP]é", "ab"];
    for (at, content) in contents.iter().enumerate() {
        let vocabulary = file["model"]["vocab"].as_object_mut().unwrap();
        let id = vocabulary.entry(*content).or_insert_with(|| json!(size + at)).clone();
        file["added_tokens"].as_array_mut().unwrap().push(json!({
            "id": id, "content": content, "single_word": false, "lstrip": false, "rstrip": false,
            "normalized": false, "special": content.starts_with('['),
        }));
    }
}

fn with_switches(
    clean: bool,
    chinese: bool,
    strip: Option<bool>,
    lower: bool,
) -> impl FnOnce(&mut Value) {
    move |file| {
        file["normalizer"] = json!({
            "type": "BertNormalizer", "clean_text": clean, "handle_chinese_chars": chinese,
            "strip_accents": strip, "lowercase": lower,
        });
    }
}

#[track_caller]
fn check(pair: &(WordPiece, Tokenizer), text: &str) {
    let mut ids = Vec::new();
    pair.0.encode(text, usize::MAX, &mut WordPieceScratch::default(), &mut ids);
    let expected = pair.1.encode_fast(text, false).unwrap();
    assert_eq!(ids, expected.get_ids(), "{text:?}");
}

/// Texts of a JSONL file, compressed as its name says.
fn texts(path: &Path) -> Vec<String> {
    let bytes = std::fs::read(path).unwrap();
    let mut text = String::new();
    match path.extension().and_then(|ending| ending.to_str()) {
        Some("zst") => zstd::Decoder::new(bytes.as_slice()).unwrap().read_to_string(&mut text),
        Some("gz") => flate2::read::GzDecoder::new(bytes.as_slice()).read_to_string(&mut text),
        _ => bytes.as_slice().read_to_string(&mut text),
    }
    .unwrap();
    let field =
        |line| serde_json::from_str::<Value>(line).unwrap()["text"].as_str().map(str::to_owned);
    text.lines().filter_map(field).collect()
}

#[test]
fn samples_have_the_ids_of_the_tokenizers_crate() {
    let samples = Path::new(&std::env::var("CARGO_MANIFEST_DIR").unwrap()).join("../samples");
    let pairs = [pair(OURS, |_| ()), pair(OURS, with_added_tokens)];
    let mut documents = 0;
    for folder in ["handbook", "manuals"] {
        let mut paths: Vec<PathBuf> = std::fs::read_dir(samples.join(folder))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        paths.sort();
        // a few of each file: the oracle is slow
        for text in paths.iter().flat_map(|path| texts(path).into_iter().step_by(4)) {
            for pair in &pairs {
                check(pair, &text);
            }
            documents += 1;
        }
    }
    assert!(documents >= 90, "{documents} documents");
}

/// `TAMIS_TOKENIZER_CORPUS=corpus.jsonl.zst cargo test --release -p tamis-kernels -- whole_corpus`,
/// with another tokenizer where `TAMIS_TOKENIZER_JSON` names its file.
#[test]
fn a_whole_corpus_has_the_ids_of_the_tokenizers_crate() {
    let Ok(path) = std::env::var("TAMIS_TOKENIZER_CORPUS") else {
        println!("skipped: TAMIS_TOKENIZER_CORPUS names no file");
        return;
    };
    let json = std::env::var("TAMIS_TOKENIZER_JSON")
        .map_or_else(|_| OURS.to_owned(), |path| std::fs::read_to_string(path).unwrap());
    let pair = pair(&json, |_| ());
    let texts = texts(Path::new(&path));
    let (mut scratch, mut ids, mut total) = (WordPieceScratch::default(), Vec::new(), 0);
    for batch in texts.chunks(512) {
        let expected =
            pair.1.encode_batch_fast(batch.iter().map(String::as_str).collect(), false).unwrap();
        for (text, expected) in batch.iter().zip(&expected) {
            pair.0.encode(text, usize::MAX, &mut scratch, &mut ids);
            assert_eq!(ids, expected.get_ids(), "{text:?}");
            total += ids.len();
        }
    }
    println!("{} documents, {total} tokens", texts.len());
    assert!(total > 0);
}

#[test]
fn odd_characters() {
    let long = "é".repeat(101);
    let longer = "x".repeat(101);
    let texts = [
        "",
        " ",
        "\u{0}",
        "a\u{0}b",
        "na\u{ef}ve caf\u{e9}s",
        "İstanbul ΣΑΣ ﬁne ǅ ẞ",
        "\u{37e} \u{1fef} \u{2000}x\u{2028}y\u{85}z",
        "漢字かな交じり文 한국어 豈更",
        "e\u{301}\u{327}\u{302e}x\u{302e}\u{301}",
        "\u{1d15e}\u{1d165}\u{301}",
        "a\u{34f}b",
        "a\u{200d}b\u{ad}c\u{feff}d\u{fffd}e\u{e000}f",
        "##a # ##",
        "don't—stop…“now”",
        "[SEP] [sep][SEP]é[SEP]e ab",
        "1234567890123",
        "🦀🦀 x🦀y",
        &long,
        &longer,
        "ᾳ ᾼ ά",
        "ﷺ ㎏ ½",
    ];
    for strip in [None, Some(false), Some(true)] {
        for flags in 0..8 {
            let (clean, chinese, lower) = (flags & 1 == 0, flags & 2 == 0, flags & 4 == 0);
            let pair = pair(OURS, |file| {
                with_added_tokens(file);
                with_switches(clean, chinese, strip, lower)(file);
            });
            for text in texts {
                check(&pair, text);
            }
        }
    }
}

#[test]
fn every_character_between_letters() {
    let pair = pair(OURS, |_| ());
    let mut text = String::new();
    // beyond the second plane few are assigned
    let codes = (0..0x2_0000).chain((0x2_0000..=u32::from(char::MAX)).step_by(61));
    for (at, character) in codes.filter_map(char::from_u32).enumerate() {
        text.extend(['a', character, 'b', ' ']);
        // a character that sends its whole text the long way has few neighbours
        if at % 512 == 511 {
            check(&pair, &text);
            text.clear();
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]
    #[test]
    fn any_text(texts in prop::collection::vec("([\\PC]|[a-zA-Z ,.#\\[\\]]|[\u{300}-\u{36f}\u{302e}\u{1d165}]|[ä-ÿа-я一-龥]|.){0,40}", 40)) {
        let pair = pair(OURS, with_added_tokens);
        for text in &texts {
            check(&pair, text);
        }
    }
}

#[test]
fn the_first_ids_are_those_of_the_whole() {
    let (ours, _) = pair(OURS, with_added_tokens);
    let text = "Unbelievably [SEP] tokenizable, ab e\u{301}\u{302e} text";
    let (mut scratch, mut whole, mut first) = (WordPieceScratch::default(), Vec::new(), Vec::new());
    ours.encode(text, usize::MAX, &mut scratch, &mut whole);
    assert!(whole.len() > 8);
    for most in 0..=whole.len() {
        ours.encode(text, most, &mut scratch, &mut first);
        assert_eq!(first, whole[..most]);
    }
}

#[test]
fn what_is_not_plain_is_left_to_others() {
    let changed = |change: fn(&mut Value)| {
        let mut file: Value = serde_json::from_str(OURS).unwrap();
        change(&mut file);
        WordPiece::from_json(&serde_json::to_vec(&file).unwrap())
    };
    assert!(changed(|_| ()).is_some());
    assert!(changed(|file| file["normalizer"] = Value::Null).is_none());
    assert!(changed(|file| file["pre_tokenizer"]["type"] = json!("Whitespace")).is_none());
    assert!(changed(|file| file["model"]["unk_token"] = json!("[gone]")).is_none());
    assert!(changed(|file| file["model"]["type"] = json!("WordLevel")).is_none());
    assert!(
        changed(|file| {
            with_added_tokens(file);
            file["added_tokens"][0]["normalized"] = json!(true);
        })
        .is_none()
    );
    assert!(WordPiece::from_json(b"{").is_none());
}
