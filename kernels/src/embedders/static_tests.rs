//! The vectors of the Python package, written by `kernels/model/fixtures.py`, are the oracle.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use safetensors::tensor::TensorView;
use safetensors::{Dtype, serialize};
use serde::Deserialize;

use super::*;
use crate::embedders::{Files, embedded, from_files};

#[derive(Deserialize)]
struct StaticVector {
    text: String,
    vector: Vec<f32>,
}

fn folder() -> PathBuf {
    Path::new(&std::env::var("CARGO_MANIFEST_DIR").unwrap()).join("model")
}

fn read(model: &str, file: &str) -> Vec<u8> {
    std::fs::read(folder().join("fixtures").join(model).join(file)).unwrap()
}

fn load(model: &str) -> StaticModel {
    let [tensors, tokenizer, config] =
        ["model.safetensors", "tokenizer.json", "config.json"].map(|file| read(model, file));
    static_from_bytes(&tensors, &tokenizer, &config).unwrap()
}

fn expected() -> BTreeMap<String, Vec<StaticVector>> {
    serde_json::from_slice(&read("", "static.json")).unwrap()
}

fn embed(model: &StaticModel, text: &str) -> (bool, Vec<f32>) {
    let mut out = vec![7.0; model.dimensions()];
    let known = model.embed(text, &mut Scratch::default(), &mut out);
    (known, out)
}

#[track_caller]
fn near(ours: &[f32], theirs: &[f32], text: &str) {
    assert_eq!(ours.len(), theirs.len());
    for (a, b) in ours.iter().zip(theirs) {
        assert!((a - b).abs() <= 1e-3 * b.abs().max(1.0), "{text:?}: {ours:?} and not {theirs:?}");
    }
}

#[test]
fn vectors_are_those_of_the_python_package() {
    let mut compared = 0;
    for (name, texts) in expected().iter().filter(|(name, _)| *name != "embedded") {
        let model = load(name);
        for StaticVector { text, vector } in texts {
            let (known, ours) = embed(&model, text);
            assert_eq!(known, vector.iter().any(|number| *number != 0.0), "{name}: {text:?}");
            near(&ours, vector, text);
            compared += usize::from(known);
        }
    }
    assert!(compared >= 50, "{compared} texts");
}

#[test]
fn the_embedded_model_gives_the_python_package_s_vectors_to_what_it_knows() {
    let model = embedded().unwrap();
    assert_eq!(model.dimensions(), 128);
    assert!(model.name().starts_with("embedded:"));
    let mut unknown = Vec::new();
    for StaticVector { text, vector } in &expected()["embedded"] {
        let (known, ours) = embed(model, text);
        if known {
            near(&ours, vector, text);
        } else {
            assert_eq!(ours, [0.0; 128]);
            unknown.push(text.chars().take(6).collect::<String>());
        }
    }
    assert_eq!(unknown, ["", "zzz", "a b c ", "漢字 и t", "fn mai", "Съешь "]);
}

#[test]
fn paraphrases_are_nearer_than_other_texts() {
    let cosine = |a: &str, b: &str| {
        let (a, b) = (embed(embedded().unwrap(), a).1, embed(embedded().unwrap(), b).1);
        a.iter().zip(&b).map(|(a, b)| a * b).sum::<f32>()
    };
    let table = "A table is a grid of rows and columns.";
    assert!(cosine(table, "Rows and columns make up what one calls a table!") > 0.7);
    assert!(cosine(table, "The committee voted against building a new bridge.") < 0.3);
    assert!((cosine(table, table) - 1.0).abs() < 1e-5);
}

/// The same model, its rows summed as floats.
fn as_floats(model: &StaticModel) -> TokenRows {
    let TokenRows::Exact { rows, weights } = &model.rows else { panic!("not exact") };
    TokenRows::Floats {
        rows: rows.iter().map(|number| f32::from(*number)).collect(),
        weights: Some(weights.iter().map(|weight| f32::from(*weight)).collect()),
    }
}

#[test]
fn sums_of_integers_and_of_floats_have_the_same_bits_at_every_width() {
    let tensors = std::fs::read(folder().join("model.safetensors")).unwrap();
    let tokenizer = std::fs::read(folder().join("tokenizer.json")).unwrap();
    let mut exact = static_from_bytes(&tensors, &tokenizer, br#"{"max_length": null}"#).unwrap();
    let mut floats = static_from_bytes(&tensors, &tokenizer, br#"{"max_length": null}"#).unwrap();
    floats.rows = as_floats(&exact);
    // heavy rows of one sign, so that sums of 32 bits would overflow many times
    if let TokenRows::Exact { weights, .. } = &mut exact.rows {
        weights.fill(u16::MAX);
    }
    if let TokenRows::Floats { weights: Some(weights), .. } = &mut floats.rows {
        weights.fill(f32::from(u16::MAX));
    }
    let heavy = "zebra ".repeat(10_000);
    for text in ["one", "Two rows of text, and more.", &heavy] {
        let mut scratch = Scratch::default();
        exact.tokenizer.encode(text, usize::MAX, &mut scratch);
        floats.sum(Level::Baseline, &mut scratch);
        let oracle = scratch.sums.clone();
        assert!(oracle.iter().any(|sum| *sum != 0.0));
        for level in Level::available() {
            exact.sum(level, &mut scratch);
            assert_eq!(scratch.sums, oracle, "{level:?}");
            floats.sum(level, &mut scratch);
            assert_eq!(scratch.sums, oracle, "{level:?}");
        }
        assert_eq!(embed(&exact, text), embed(&floats, text));
    }
}

#[test]
fn batches_give_what_single_texts_give() {
    let model = embedded().unwrap();
    let texts = ["A cat.", "", "Съешь же ещё этих мягких булок.", "A kitten sleeps."];
    let (mut out, mut known) = (vec![1.0; 4 * 128], vec![true; 9]);
    model.embed_batch(&texts, &mut Scratch::default(), &mut out, &mut known);
    assert_eq!(known, [true, false, false, true]);
    for (text, vector) in texts.iter().zip(out.chunks(128)) {
        assert_eq!(embed(model, text).1, vector);
    }
}

#[test]
fn names_tell_models_apart() {
    assert_ne!(load("f32").name(), load("int8").name());
    assert_ne!(load("f32").name(), load("short").name());
    assert_eq!(load("f32").name(), load("f32").name());
}

fn tensors(parts: &[(&str, Dtype, &[usize], &[u8])]) -> Vec<u8> {
    let views: HashMap<_, _> = parts
        .iter()
        .map(|(name, kind, shape, data)| {
            ((*name).to_owned(), TensorView::new(*kind, shape.to_vec(), data).unwrap())
        })
        .collect();
    serialize(views, None).unwrap()
}

#[track_caller]
fn refused(tensors: &[u8], config: &[u8], message: &str) {
    let error = static_from_bytes(tensors, &read("f32", "tokenizer.json"), config).unwrap_err();
    assert_eq!(error.to_string(), message);
}

#[test]
fn errors_say_what_and_where() {
    let tokens = load("f32").tokenizer.tokens();
    let zeros = vec![0; tokens * 8];
    let shape = [tokens, 2];
    let rows = ("embeddings", Dtype::I8, shape.as_slice(), &zeros[..tokens * 2]);
    let good = tensors(&[rows]);
    assert!(static_from_bytes(&good, &read("f32", "tokenizer.json"), b"").is_ok());

    refused(
        b"",
        b"",
        "model.safetensors: missing; a model's folder has model.safetensors, tokenizer.json and config.json",
    );
    refused(
        &good,
        br#"{"max_length": -1}"#,
        "config.json: `max_length` is -1, not a number of tokens",
    );
    refused(&good, br#"{"normalize": 1}"#, "config.json: `normalize` is 1, not true or false");
    refused(
        &tensors(&[("embeddings", Dtype::I8, &[3, 2], &[0; 6])]),
        b"",
        &format!("model.safetensors: `embeddings` has 3 rows; tokenizer.json has {tokens} tokens"),
    );
    refused(
        &tensors(&[("embeddings", Dtype::I8, &[6], &[0; 6])]),
        b"",
        "model.safetensors: `embeddings` has the shape [6], not tokens x dimensions",
    );
    refused(
        &tensors(&[("embeddings", Dtype::I8, &[4, 0], &[])]),
        b"",
        "model.safetensors: `embeddings` has the shape [4, 0], not tokens x dimensions",
    );
    let mut beyond = vec![0; tokens * 4];
    beyond[4] = 9;
    refused(
        &tensors(&[
            ("embeddings", Dtype::I8, &[3, 2], &[0; 6]),
            ("mapping", Dtype::I32, &[tokens], &beyond),
        ]),
        b"",
        "model.safetensors: `mapping`: number 1 is 9, of 3 rows",
    );
    refused(
        &tensors(&[rows, ("weights", Dtype::F32, &[2], &zeros[..8])]),
        b"",
        &format!(
            "model.safetensors: `weights` has 2 entries; tokenizer.json has ids below {tokens}"
        ),
    );
    let mut infinite = zeros.clone();
    infinite[6..8].copy_from_slice(&half::f16::INFINITY.to_le_bytes());
    refused(
        &tensors(&[("embeddings", Dtype::F16, &[tokens, 4], &infinite)]),
        b"",
        "model.safetensors: `embeddings`: number 3 is not finite",
    );
    refused(
        &tensors(&[("embeddings", Dtype::U8, &[tokens, 8], &zeros)]),
        b"",
        "model.safetensors: `embeddings` is of type U8; int8 or floating-point numbers were expected",
    );
}

#[test]
fn files_find_their_source() {
    let [tensors_, tokenizer, config] =
        ["model.safetensors", "tokenizer.json", "config.json"].map(|file| read("int8", file));
    let files =
        Files { tensors: &tensors_, tokenizer: &tokenizer, config: &config, ..Files::default() };
    let model = from_files(&files).unwrap();
    assert_eq!((model.dimensions(), model.name()), (6, load("int8").name()));
    let other = tensors(&[("weight", Dtype::I8, &[1], &[0])]);
    let error = from_files(&Files { tensors: &other, ..files }).err().unwrap();
    assert!(matches!(error, EmbedderError::Kind));
}

proptest! {
    #[test]
    fn damaged_files_are_refused_or_give_a_model_that_works(
        which in 0..3_usize,
        model in prop::sample::select(vec!["f32", "mapped", "int8-weights"]),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let mut files = ["model.safetensors", "tokenizer.json", "config.json"].map(|file| read(model, file));
        let file = &mut files[which];
        for (at, byte) in damage {
            let at = at.index(file.len());
            file[at] = byte;
        }
        if let Some(at) = cut {
            file.truncate(at.index(file.len()));
        }
        if let Ok(model) = static_from_bytes(&files[0], &files[1], &files[2]) {
            let (_, vector) = embed(&model, "The cat sat on the mat, zzz é [SEP] 漢字.");
            prop_assert!(vector.iter().all(|number| number.is_finite()));
        }
    }
}
