//! What the main screens look like, at three sizes.

use insta::assert_snapshot;
use serde_json::json;
use tamis_inspector::ui::Setup;

use crate::bench::{Bench, setup};
use crate::fake::FakeBackend;

const SIZES: [(&str, (u16, u16)); 3] =
    [("80x24", (80, 24)), ("120x40", (120, 40)), ("60x100", (60, 100))];

fn each(name: &str, setup: &Setup, keys: &str) {
    each_of(name, setup, keys, FakeBackend::new);
}

fn each_of(name: &str, setup: &Setup, keys: &str, backend: impl Fn() -> FakeBackend) {
    for (size_name, size) in SIZES {
        let mut bench = Bench::new(size, setup.clone(), backend());
        bench.keys(keys);
        // a message goes after a while
        bench.app.toast = None;
        assert_snapshot!(format!("{name}-{size_name}"), bench.screen());
    }
}

#[test]
fn reader_with_findings() {
    each("reader", &setup(), "n");
}

#[test]
fn statistics_with_labels() {
    each("statistics", &setup(), "aax2xaa S");
}

#[test]
fn decisions_after_undo() {
    each("undo", &setup(), "a1xaU<tab><tab>");
}

#[test]
fn overview_with_histogram() {
    each("overview", &setup(), "Olljj<enter>");
}

#[test]
fn twins_of_a_document() {
    each("twins", &setup(), "C");
}

#[test]
fn help_of_reading() {
    each("help", &setup(), "?");
}

#[test]
fn palette_by_letters() {
    each("palette", &setup(), ":undo");
}

#[test]
fn draft_of_a_rule() {
    each("draft", &setup(), "aax:draft remove_lines (?i)cookie<enter>");
}

#[test]
fn blind_review() {
    each("blind", &Setup { blind: true, ..setup() }, "");
}

#[test]
fn head_of_a_file() {
    each_of("head", &setup(), "a", || FakeBackend::new().head());
}

#[test]
fn browsing_by_a_filter() {
    each("browsing", &setup(), "a:filter word_count > 3<enter>");
}

#[test]
fn hard_text() {
    each("hard", &setup(), ":goto hard.txt<enter>w");
}

#[test]
fn diff_of_an_edit() {
    each("diff", &setup(), "]oo");
}

#[test]
fn both_texts_beside_each_other() {
    each("side", &setup(), "z]ooo");
}

#[test]
fn metadata_and_note() {
    each("metadata", &setup(), "MiA note<enter>12f");
}

/// A tokenizer that knows some words and falls back to bytes.
fn tokenizer(folder: &std::path::Path) -> std::path::PathBuf {
    let mut vocabulary = serde_json::Map::new();
    let mut add = |token: String| {
        let id = vocabulary.len();
        vocabulary.insert(token, json!(id));
    };
    add("<unk>".to_owned());
    for byte in 0..=255_u8 {
        add(format!("<0x{byte:02X}>"));
    }
    for c in (' '..='~').chain(['\n', 'é']) {
        add(c.to_string());
    }
    let merges = [["t", "h"], ["th", "e"], [" ", "the"], ["i", "n"], ["in", "g"], ["e", "r"]];
    for [left, right] in merges {
        add(format!("{left}{right}"));
    }
    let file = json!({
        "version": "1.0",
        "added_tokens": [],
        "normalizer": null, "pre_tokenizer": null, "post_processor": null, "decoder": null,
        "truncation": null, "padding": null,
        "model": {
            "type": "BPE", "unk_token": "<unk>", "byte_fallback": true, "fuse_unk": false,
            "vocab": vocabulary, "merges": merges,
        },
    });
    let path = folder.join("tokenizer.json");
    std::fs::write(&path, file.to_string()).unwrap();
    path
}

#[test]
fn tokens_of_hard_text() {
    let folder = tempfile::tempdir().unwrap();
    let path = tokenizer(folder.path());
    for (size_name, size) in SIZES {
        let backend = FakeBackend::new();
        let mut bench = Bench::with_tokenizer(size, setup(), backend, Some(path.clone()));
        bench.keys(":goto hard.txt<enter>T");
        bench.app.toast = None;
        let screen = bench.screen();
        assert!(bench.app.reader.tokens.iter().any(tamis_inspector::ui::tokens::Token::is_byte));
        assert_snapshot!(format!("tokens-{size_name}"), screen);
    }
}
