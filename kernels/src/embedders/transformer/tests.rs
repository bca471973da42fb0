//! The vectors of the Python package, written by `kernels/model/fixtures.py`, are the oracle.

use std::collections::BTreeMap;
use std::path::Path;

use super::*;
use crate::embedders::from_files;

#[derive(Deserialize)]
struct TransformerVector {
    text: String,
    vector: Vec<f32>,
}

/// The files of a folder, in the order of [`files`].
type Bytes = [Vec<u8>; 7];

fn read(path: &str) -> Vec<u8> {
    let path =
        Path::new(&std::env::var("CARGO_MANIFEST_DIR").unwrap()).join("model/fixtures").join(path);
    std::fs::read(path).unwrap_or_default()
}

fn bytes(model: &str) -> Bytes {
    [TENSORS, TOKENIZER, CONFIG, MODULES, POOLING, SENTENCE_BERT, TOKENIZER_CONFIG]
        .map(|file| read(&format!("{model}/{file}")))
}

fn files(bytes: &Bytes) -> Files<'_> {
    let [tensors, tokenizer, config, modules, pooling, sentence_bert, tokenizer_config] =
        bytes.each_ref().map(Vec::as_slice);
    Files { tensors, tokenizer, config, modules, pooling, sentence_bert, tokenizer_config }
}

fn embed(model: &dyn Embedder, text: &str) -> (bool, Vec<f32>) {
    let mut out = vec![7.0; model.dimensions()];
    let known = model.embed(text, &mut Scratch::default(), &mut out);
    (known, out)
}

#[test]
fn vectors_are_those_of_the_python_package() {
    let all: BTreeMap<String, Vec<TransformerVector>> =
        serde_json::from_slice(&read("transformers.json")).unwrap();
    let (mut compared, mut unknown) = (0, 0);
    for (name, texts) in &all {
        let model = from_files(&files(&bytes(name))).unwrap();
        assert_eq!(model.dimensions(), 24);
        for TransformerVector { text, vector } in texts {
            let (known, ours) = embed(model.as_ref(), text);
            if !known {
                assert_eq!(ours, [0.0; 24]);
                unknown += 1;
                continue;
            }
            compared += 1;
            for (a, b) in ours.iter().zip(vector) {
                assert!((a - b).abs() <= 1e-4, "{name}: {text:?}: {ours:?} and not {vector:?}");
            }
        }
    }
    // the empty text has no token; the package gives it the vector of the special ones
    assert_eq!((compared, unknown), (16, 2));
}

#[test]
fn neighbours_and_repetition_change_nothing() {
    let model = transformer_from_bytes(&files(&bytes("bert-mean"))).unwrap();
    let texts = ["the cat", "", "the cat sat on the mat", "the cat"];
    let (mut out, mut known) = (vec![0.0; 4 * 24], Vec::new());
    model.embed_batch(&texts, &mut Scratch::default(), &mut out, &mut known);
    assert_eq!(known, [true, false, true, true]);
    for (text, vector) in texts.iter().zip(out.chunks(24)) {
        assert_eq!(embed(&model, text).1, vector);
    }
}

#[track_caller]
fn refused(change: impl FnOnce(&mut Bytes), message: &str) {
    let mut bytes = bytes("bert-mean");
    change(&mut bytes);
    let error = transformer_from_bytes(&files(&bytes)).err().unwrap().to_string();
    assert!(error.contains(message), "{error}");
}

fn replace(bytes: &mut Vec<u8>, from: &str, to: &str) {
    let text = String::from_utf8(std::mem::take(bytes)).unwrap();
    assert!(text.contains(from), "{text}");
    *bytes = text.replace(from, to).into_bytes();
}

#[test]
fn errors_say_what_and_where() {
    refused(|bytes| bytes[2].clear(), "config.json: missing");
    refused(
        |bytes| replace(&mut bytes[2], r#""model_type": "bert""#, r#""model_type": "roberta""#),
        "config.json: `model_type` is roberta; of transformers only `bert` is known",
    );
    refused(
        |bytes| {
            replace(&mut bytes[2], r#""num_attention_heads": 4"#, r#""num_attention_heads": 0"#);
        },
        "config.json: `hidden_size` is 24, which 0 attention heads cannot share",
    );
    refused(
        |bytes| replace(&mut bytes[2], r#""num_hidden_layers": 2"#, r#""num_hidden_layers": 3"#),
        "model.safetensors: tensor `encoder.layer.2.attention.self.query.weight` not found",
    );
    refused(
        |bytes| replace(&mut bytes[2], r#""vocab_size": 72"#, r#""vocab_size": 60"#),
        "tokenizer.json: has ids below 72; `vocab_size` in config.json is 60",
    );
    refused(
        |bytes| replace(&mut bytes[3], "normalize.Normalize", "dense.Dense"),
        "modules.json: the steps are Transformer, Pooling, Dense; known are Transformer, Pooling, Normalize",
    );
    refused(
        |bytes| replace(&mut bytes[4], "mean", "max"),
        "1_Pooling/config.json: pooling is neither by mean nor by the first token (`cls`)",
    );
    refused(
        |bytes| replace(&mut bytes[6], "16", "2"),
        "a text may have 2 tokens, which leaves none for words",
    );
    refused(|bytes| bytes[0].truncate(3000), "model.safetensors: ");
}
