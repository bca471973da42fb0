use std::path::Path;

use proptest::prelude::*;
use serde_json::Value;

use super::*;

fn fixture(name: &str) -> Vec<u8> {
    let here = std::env::var_os("CARGO_MANIFEST_DIR").unwrap();
    std::fs::read(Path::new(&here).join("tests/fixtures/fasttext").join(name)).unwrap()
}

#[test]
fn labels_and_probabilities_are_those_of_fasttext() {
    let expected: Value = serde_json::from_slice(&fixture("expected.json")).unwrap();
    let mut asked = 0;
    for (name, texts) in expected.as_object().unwrap() {
        let model = Model::read(&fixture(name)).unwrap();
        let mut buffers = Buffers::default();
        for (text, said) in texts.as_object().unwrap() {
            let found = model.predict(text, &mut buffers);
            let Some(said) = said.get(0) else {
                assert_eq!(found, None, "{name} of {text:?}");
                continue;
            };
            let found = found.unwrap();
            let label = said[0].as_str().unwrap().trim_start_matches("__label__");
            let wanted = said[1].as_f64().unwrap();
            assert_eq!(model.labels()[found.label], label, "{name} of {text:?}");
            // fastText adds a hundred-thousandth to what it takes the logarithm of, for each step
            // of a tree
            let near = 5e-5;
            let difference = (f64::from(found.probability) - wanted).abs();
            assert!(difference < near, "{name} of {text:?}: {found:?}, not {wanted}");
            asked += 1;
        }
    }
    assert!(asked >= 30, "{asked}");
}

#[test]
fn line_ends_are_spaces_and_labels_are_none() {
    let model = Model::read(&fixture("softmax.bin")).unwrap();
    let mut buffers = Buffers::default();
    assert_eq!(model.labels().len(), 4);
    let spaced = model.predict("the old  mill", &mut buffers);
    assert_eq!(model.predict("the\nold\tmill\n", &mut buffers), spaced);
    assert_eq!(model.predict("the __label__none old mill", &mut buffers), spaced);
}

#[test]
fn a_cut_model_is_an_error_at_every_byte() {
    for name in ["softmax.bin", "hierarchical.bin", "quantised.ftz"] {
        let bytes = fixture(name);
        for end in (0..bytes.len()).step_by(7).chain([bytes.len() - 1]) {
            assert!(Model::read(&bytes[..end]).is_err(), "{name} up to {end}");
        }
        assert!(Model::read(&bytes).is_ok(), "{name}");
    }
    assert!(Model::read(b"not a model").unwrap_err().contains("no fastText model"));
}

/// The model of word vectors has the same magic.
#[test]
fn a_model_without_labels_is_named() {
    let mut bytes = fixture("softmax.bin");
    bytes[8 + 7 * 4] = 1;
    assert!(Model::read(&bytes).unwrap_err().contains("no labels"));
}

proptest! {
    #[test]
    fn foreign_bytes_do_not_break_it(
        which in 0_usize..4,
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        early: bool,
        text in "[a-zа-я_ ]{0,30}",
    ) {
        let names = ["softmax.bin", "hierarchical.bin", "separate.bin", "quantised.ftz"];
        let mut bytes = fixture(names[which]);
        // sizes stand in front
        let within = if early { 160 } else { bytes.len() };
        for (at, byte) in changes {
            let at = at.index(within);
            bytes[at] = byte;
        }
        if let Ok(model) = Model::read(&bytes) {
            let found = model.predict(&text, &mut Buffers::default());
            prop_assert!(found.is_none_or(|found| found.label < model.labels().len()));
        }
    }
}
