//! Any bytes as a fastText model, and any text through it: an error, or a label it has.
#![no_main]

use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;
use tamis_rules::fasttext::{Buffers, Model};

const MODELS: [&[u8]; 4] = [
    include_bytes!("../../rules/tests/fixtures/fasttext/softmax.bin"),
    include_bytes!("../../rules/tests/fixtures/fasttext/hierarchical.bin"),
    include_bytes!("../../rules/tests/fixtures/fasttext/separate.bin"),
    include_bytes!("../../rules/tests/fixtures/fasttext/quantised.ftz"),
];

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    which: u8,
    /// What is changed in a good model, so that not every input dies at the first bytes.
    changes: Vec<(u16, u8)>,
    raw: Option<&'a [u8]>,
    text: &'a str,
}

fuzz_target!(|input: Input<'_>| {
    let mut bytes = match input.raw {
        Some(raw) => raw.to_vec(),
        None => MODELS[usize::from(input.which) % MODELS.len()].to_vec(),
    };
    for (at, byte) in &input.changes {
        if let Some(place) = bytes.get_mut(usize::from(*at)) {
            *place = *byte;
        }
    }
    let Ok(model) = Model::read(&bytes) else { return };
    if let Some(found) = model.predict(input.text, &mut Buffers::default()) {
        assert!(found.label < model.labels().len() && found.probability.is_finite());
    }
});
