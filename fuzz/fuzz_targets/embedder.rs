//! Any bytes as the files of a static model, and any text through what they give: an error, or
//! numbers that are finite.
//!
//! A `tokenizer.json` that is not plain BERT goes to the `tokenizers` crate, whose panics are
//! caught; under a fuzzer they would end the process, so such files stop here.
#![no_main]

use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;
use tamis_kernels::embedders::wordpiece::{self, WordPiece};
use tamis_kernels::embedders::{Embedder, Scratch, static_from_bytes};

const TENSORS: &[u8] = include_bytes!("../../kernels/model/fixtures/mapped/model.safetensors");
const TOKENIZER: &[u8] = include_bytes!("../../kernels/model/fixtures/mapped/tokenizer.json");

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    /// What is changed in good files, so that not every input dies at the first brace.
    tensors: Vec<(u16, u8)>,
    tokenizer: Vec<(u16, u8)>,
    config: &'a [u8],
    /// Files from nothing.
    raw_tensors: Option<&'a [u8]>,
    raw_tokenizer: Option<&'a [u8]>,
    text: &'a str,
}

fn changed(good: &[u8], changes: &[(u16, u8)], raw: Option<&[u8]>) -> Vec<u8> {
    if let Some(raw) = raw {
        return raw.to_vec();
    }
    let mut bytes = good.to_vec();
    for (at, byte) in changes {
        let at = usize::from(*at) % bytes.len();
        bytes[at] = *byte;
    }
    bytes
}

fuzz_target!(|input: Input<'_>| {
    let tokenizer = changed(TOKENIZER, &input.tokenizer, input.raw_tokenizer);
    let Some(ours) = WordPiece::from_json(&tokenizer) else { return };
    let (mut scratch, mut ids) = (wordpiece::WordPieceScratch::default(), Vec::new());
    ours.encode(input.text, usize::MAX, &mut scratch, &mut ids);
    assert!(ids.iter().all(|id| (*id as usize) < ours.ids_end()));

    let tensors = changed(TENSORS, &input.tensors, input.raw_tensors);
    let Ok(model) = static_from_bytes(&tensors, &tokenizer, input.config) else { return };
    let mut out = vec![0.0; model.dimensions()];
    model.embed(input.text, &mut Scratch::default(), &mut out);
    assert!(out.iter().all(|number| number.is_finite()));
});
