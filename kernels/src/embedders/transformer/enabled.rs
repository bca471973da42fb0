//! BERT through candle.

use candle_core::{DType, Device, Tensor};
use candle_nn::VarBuilder;
use candle_transformers::models::bert::{BertModel, Config};
use serde::Deserialize;
use serde_json::Value;

use super::special_tokens::SpecialTokens;
use crate::embedders::error::{CONFIG, EmbedderError, TENSORS, TOKENIZER, unusable};
use crate::embedders::tokenizer::Tokenizer;
use crate::embedders::{Embedder, Files, Scratch, name_of};
use crate::tokens::unharmed;

const MODULES: &str = "modules.json";
const POOLING: &str = "1_Pooling/config.json";
const SENTENCE_BERT: &str = "sentence_bert_config.json";
const TOKENIZER_CONFIG: &str = "tokenizer_config.json";
/// Shorter vectors are not made longer.
const NORM_MIN: f64 = 1e-12;

/// A BERT model with what comes before and after it.
pub struct Transformer {
    name: String,
    model: BertModel,
    tokenizer: Tokenizer,
    special_tokens: SpecialTokens,
    /// Ids of a text, beside those around them.
    ids_max: usize,
    dimensions: usize,
    pooling: Pooling,
    normalize: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pooling {
    Mean,
    FirstToken,
}

/// Reads a model from the bytes of its files; [`Files::tensors`], [`Files::tokenizer`] and
/// [`Files::config`] must be there.
///
/// # Errors
///
/// When a file cannot be read, when the model is not of the BERT family or has steps other than
/// those above, and when tensors are missing or have other shapes than `config.json` says.
pub fn transformer_from_bytes(files: &Files<'_>) -> Result<Transformer, EmbedderError> {
    let named = [
        files.tensors,
        files.tokenizer,
        files.config,
        files.modules,
        files.pooling,
        files.sentence_bert,
        files.tokenizer_config,
    ];
    let config = config(files.config)?;
    let normalize = normalizes(files.modules)?;
    let pooling = pooling(files.pooling)?;
    let mut tokenizer = Tokenizer::from_json(files.tokenizer)?;
    let special_tokens = SpecialTokens::from_json(files.tokenizer)?;
    let (ids_end, rows) = (tokenizer.ids_end(), config.vocab_size);
    if ids_end > rows {
        let problem = format!("has ids below {ids_end}; `vocab_size` in {CONFIG} is {rows}");
        return Err(unusable(TOKENIZER, problem));
    }
    let length_max = length_max(files)?.min(config.max_position_embeddings);
    let ids_max = length_max.saturating_sub(special_tokens.count());
    if ids_max == 0 {
        let problem = format!("a text may have {length_max} tokens, which leaves none for words");
        return Err(unusable(SENTENCE_BERT, problem));
    }
    tokenizer.truncate(ids_max)?;
    let load = || {
        let tensors = VarBuilder::from_slice_safetensors(files.tensors, DType::F32, &Device::Cpu)?;
        BertModel::load(tensors, &config)
    };
    let model = unharmed(load)
        .ok_or_else(|| unusable(TENSORS, "candle gave up on it"))?
        .map_err(|error| unusable(TENSORS, error))?;
    let model = Transformer {
        name: name_of("transformer", &named),
        model,
        tokenizer,
        special_tokens,
        ids_max,
        dimensions: config.hidden_size,
        pooling,
        normalize,
    };
    // whatever is wrong with shapes shows now, and not at the first long text
    let longest = vec![0; length_max];
    let tried = unharmed(|| model.hidden(&longest));
    let hidden = tried
        .ok_or_else(|| unusable(TENSORS, "candle gave up on it"))?
        .map_err(|error| unusable(TENSORS, error))?;
    if hidden.iter().any(|number| !number.is_finite()) {
        return Err(unusable(TENSORS, "the model gives numbers that are not finite"));
    }
    Ok(model)
}

impl Transformer {
    /// The last layer for each of `ids`, one row after the other.
    fn hidden(&self, ids: &[u32]) -> candle_core::Result<Vec<f32>> {
        let ids = Tensor::new(ids, &Device::Cpu)?.unsqueeze(0)?;
        let kinds = ids.zeros_like()?;
        self.model.forward(&ids, &kinds, None)?.flatten_all()?.to_vec1()
    }
}

impl Embedder for Transformer {
    fn dimensions(&self) -> usize {
        self.dimensions
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn embed(&self, text: &str, scratch: &mut Scratch, out: &mut [f32]) -> bool {
        assert_eq!(out.len(), self.dimensions, "a number for each dimension");
        out.fill(0.0);
        self.tokenizer.encode(text, self.ids_max, scratch);
        let unknown = self.tokenizer.unknown();
        if scratch.ids.iter().all(|id| Some(*id) == unknown) {
            return false;
        }
        let ids = self.special_tokens.around(&scratch.ids);
        // loading tried the longest text, and every id has a row
        let Ok(hidden) = self.hidden(&ids) else { return false };
        let rows = match self.pooling {
            Pooling::Mean => hidden.as_slice(),
            Pooling::FirstToken => &hidden[..self.dimensions],
        };
        let sums = &mut scratch.sums;
        sums.clear();
        sums.resize(self.dimensions, 0.0);
        for row in rows.chunks_exact(self.dimensions) {
            for (sum, number) in sums.iter_mut().zip(row) {
                *sum += f64::from(*number);
            }
        }
        let count = (rows.len() / self.dimensions).max(1) as f64;
        let length = sums.iter().map(|sum| sum * sum).sum::<f64>().sqrt() / count;
        let divisor = if self.normalize { count * length.max(NORM_MIN) } else { count };
        for (out, sum) in out.iter_mut().zip(sums) {
            #[expect(clippy::cast_possible_truncation, reason = "vectors are of 32-bit floats")]
            let number = (*sum / divisor) as f32;
            *out = number;
        }
        true
    }
}

/// `config.json`, checked for what candle takes for granted.
fn config(bytes: &[u8]) -> Result<Config, EmbedderError> {
    if bytes.is_empty() {
        return Err(EmbedderError::Missing { file: CONFIG });
    }
    let config: Config = serde_json::from_slice(bytes).map_err(|error| unusable(CONFIG, error))?;
    if let Some(kind) = config.model_type.as_deref().filter(|kind| *kind != "bert") {
        let problem = format!("`model_type` is {kind}; of transformers only `bert` is known");
        return Err(unusable(CONFIG, problem));
    }
    let (size, heads) = (config.hidden_size, config.num_attention_heads);
    if size == 0 || heads == 0 || size % heads != 0 {
        let problem =
            format!("`hidden_size` is {size}, which {heads} attention heads cannot share");
        return Err(unusable(CONFIG, problem));
    }
    Ok(config)
}

fn normalizes(bytes: &[u8]) -> Result<bool, EmbedderError> {
    #[derive(Deserialize)]
    struct Module {
        r#type: String,
    }
    if bytes.is_empty() {
        return Ok(false);
    }
    let modules: Vec<Module> =
        serde_json::from_slice(bytes).map_err(|error| unusable(MODULES, error))?;
    let names: Vec<_> =
        modules.iter().filter_map(|module| module.r#type.rsplit('.').next()).collect();
    match names.as_slice() {
        ["Transformer", "Pooling"] => Ok(false),
        ["Transformer", "Pooling", "Normalize"] => Ok(true),
        other => {
            let steps = other.join(", ");
            let problem =
                format!("the steps are {steps}; known are Transformer, Pooling, Normalize");
            Err(unusable(MODULES, problem))
        }
    }
}

/// The pooling, as older files switch it on and newer ones name it.
fn pooling(bytes: &[u8]) -> Result<Pooling, EmbedderError> {
    if bytes.is_empty() {
        return Ok(Pooling::Mean);
    }
    let config: Value = serde_json::from_slice(bytes).map_err(|error| unusable(POOLING, error))?;
    let switched: Vec<&str> = config
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(name, on)| name.starts_with("pooling_mode_") && on.as_bool() == Some(true))
        .map(|(name, _)| name.as_str())
        .collect();
    match (config.get("pooling_mode").and_then(Value::as_str), switched.as_slice()) {
        (Some("mean"), _) | (None, ["pooling_mode_mean_tokens"]) => Ok(Pooling::Mean),
        (Some("cls"), _) | (None, ["pooling_mode_cls_token"]) => Ok(Pooling::FirstToken),
        _ => Err(unusable(POOLING, "pooling is neither by mean nor by the first token (`cls`)")),
    }
}

/// How many tokens of a text the model reads, those around it included.
fn length_max(files: &Files<'_>) -> Result<usize, EmbedderError> {
    let places = [
        (files.sentence_bert, SENTENCE_BERT, "max_seq_length"),
        (files.tokenizer_config, TOKENIZER_CONFIG, "model_max_length"),
    ];
    for (bytes, file, field) in places {
        if bytes.is_empty() {
            continue;
        }
        let config: Value = serde_json::from_slice(bytes).map_err(|error| unusable(file, error))?;
        // where there is no limit, some files have a number of 30 digits
        if let Some(length) = config.get(field).and_then(Value::as_u64) {
            return usize::try_from(length).map_err(|error| unusable(file, error));
        }
    }
    Ok(usize::MAX)
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
