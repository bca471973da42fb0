//! The model that comes with tamis: 128 dimensions, distilled from all-MiniLM-L6-v2.
//!
//! `kernels/model/` holds its files, where they come from, how they were made and what they are
//! good for. They are in the format of `model2vec`.

use std::sync::OnceLock;

use super::{EmbedderError, StaticModel, static_from_bytes};

const TENSORS: &[u8] = include_bytes!("../../model/model.safetensors");
pub(crate) const TOKENIZER: &[u8] = include_bytes!("../../model/tokenizer.json");
const CONFIG: &[u8] = include_bytes!("../../model/config.json");

/// The model that comes with tamis, read once.
///
/// # Errors
///
/// None, as long as the files that were compiled in are whole; a test says so.
pub fn embedded() -> Result<&'static StaticModel, EmbedderError> {
    static MODEL: OnceLock<StaticModel> = OnceLock::new();
    if let Some(model) = MODEL.get() {
        return Ok(model);
    }
    let model = static_from_bytes(TENSORS, TOKENIZER, CONFIG)?.named("embedded");
    Ok(MODEL.get_or_init(|| model))
}
