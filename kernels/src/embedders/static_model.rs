//! A static embedding model in the format of the Python package `model2vec`: a text's vector is
//! the mean of its tokens' rows.
//!
//! As in `model2vec` 0.10: the text is cut to `max_length` times the median token's characters,
//! its ids to `max_length` (512 where `config.json` has none, no limit where it says `null`),
//! unknown tokens count for nothing, `weights` multiply the rows and `mapping` names a token's row.
//!
//! Two things `model2vec` does not look at: the tensor `known` (int8, for each token 1 where it
//! shows that the model knows the text's language, -1 where it shows the contrary, else 0) and
//! `known_share_min` in `config.json`. A text has a vector only if of its tokens that show
//! something at least this share are known.
//!
//! Rows of 8-bit integers with whole weights are summed as integers, so that the sum is exact
//! whatever the order and the width of the CPU's vectors. All other sums are of 64-bit floats in
//! the order of the tokens.

use minhash_lsh::{Level, for_every_level};
use safetensors::Dtype;
use safetensors::tensor::TensorView;
use serde_json::Value;

use super::error::{CONFIG, EmbedderError, TENSORS, TOKENIZER, unusable};
use super::tensors::{floats, indexes, open, signed_bytes};
use super::tokenizer::Tokenizer;
use super::{Embedder, ModelKind, Scratch, name_of};

pub(super) const KIND: ModelKind = ModelKind {
    is: |names| names.contains(&PLAIN) || names.contains(&AS_LAYER),
    load: |files| Ok(Box::new(static_from_bytes(files.tensors, files.tokenizer, files.config)?)),
};

/// The rows' tensor in `model2vec`'s own files, and in those of `sentence-transformers`.
const PLAIN: &str = "embeddings";
const AS_LAYER: &str = "embedding.weight";
/// What `model2vec` takes where `config.json` says nothing.
const MAX_LENGTH: usize = 512;
/// Sums of 32 bits hold rows of 8 bits up to this total weight.
const WEIGHT_MAX: u32 = (1 << 31) / 128 - 1;

/// Rows for tokens; [`Embedder::embed`] adds them up.
#[derive(Debug)]
pub struct StaticModel {
    name: String,
    tokenizer: Tokenizer,
    dimensions: usize,
    rows: TokenRows,
    /// The row of each token, where it is not the token's id.
    mapping: Option<Vec<u32>>,
    /// What each token shows about the text.
    known: Option<Vec<i8>>,
    settings: Settings,
    text_chars_max: usize,
}

#[derive(Debug)]
enum TokenRows {
    /// Summed as integers; a weight for each token.
    Exact { rows: Vec<i8>, weights: Vec<u16> },
    /// Summed as floats.
    Floats { rows: Vec<f32>, weights: Option<Vec<f32>> },
}

/// What `config.json` says.
#[derive(Clone, Copy, Debug)]
struct Settings {
    normalize: bool,
    ids_max: usize,
    /// The least share of known tokens, from 0 to 1.
    known_share_min: f64,
}

/// Memory for sums of integers.
#[derive(Debug, Default)]
pub(super) struct ExactSums {
    /// Rows and weights of the tokens to sum.
    tokens: Vec<(u32, u16)>,
    short: Vec<i32>,
    long: Vec<i64>,
}

/// Reads a model from the bytes of `model.safetensors`, `tokenizer.json` and `config.json`, the
/// last of which may be empty.
///
/// The tensors are `embeddings` (or `embedding.weight`), of shape tokens x dimensions and type
/// int8, f16, bf16, f32 or f64; `weights`, a number for each token, if there is one; and
/// `mapping`, a row for each token, if there is one.
///
/// # Errors
///
/// When a file cannot be read, when shapes do not fit each other or the vocabulary, when a row
/// named in `mapping` does not exist, and when a number is not finite.
pub fn static_from_bytes(
    tensors: &[u8],
    tokenizer: &[u8],
    config: &[u8],
) -> Result<StaticModel, EmbedderError> {
    let name = name_of("static", &[tensors, tokenizer, config]);
    let settings = Settings::from_json(config)?;
    let file = open(tensors)?;
    let mut tokenizer = Tokenizer::from_json(tokenizer)?;
    tokenizer.truncate(settings.ids_max)?;
    let rows_name = if file.names().contains(&PLAIN) { PLAIN } else { AS_LAYER };
    let embeddings = file.tensor(rows_name).map_err(|error| unusable(TENSORS, error))?;
    let (row_count, dimensions) = shape(rows_name, &embeddings)?;
    let ids_end = tokenizer.ids_end();
    let mapping = match file.tensor("mapping") {
        Ok(tensor) => Some(indexes("mapping", &tensor, row_count)?),
        Err(_) => None,
    };
    match &mapping {
        Some(mapping) => one_for_each("mapping", mapping.len(), ids_end)?,
        None if row_count != tokenizer.tokens() => {
            let tokens = tokenizer.tokens();
            let problem =
                format!("`{rows_name}` has {row_count} rows; {TOKENIZER} has {tokens} tokens");
            return Err(unusable(TENSORS, problem));
        }
        None => one_for_each(rows_name, row_count, ids_end)?,
    }
    let weights = match file.tensor("weights") {
        Ok(tensor) => Some(floats("weights", &tensor)?),
        Err(_) => None,
    };
    if let Some(weights) = &weights {
        one_for_each("weights", weights.len(), ids_end)?;
    }
    let known = match file.tensor("known") {
        Ok(tensor) => Some(marks(&tensor, ids_end)?),
        Err(_) => None,
    };
    let rows = match whole(weights.as_deref(), ids_end) {
        Some(weights) if embeddings.dtype() == Dtype::I8 => {
            TokenRows::Exact { rows: signed_bytes(embeddings.data()).collect(), weights }
        }
        _ => TokenRows::Floats { rows: floats(rows_name, &embeddings)?, weights },
    };
    let text_chars_max = settings.ids_max.saturating_mul(tokenizer.median_token_chars());
    Ok(StaticModel { name, tokenizer, dimensions, rows, mapping, known, settings, text_chars_max })
}

/// Rows and dimensions of a matrix.
fn shape(name: &str, tensor: &TensorView<'_>) -> Result<(usize, usize), EmbedderError> {
    match tensor.shape() {
        &[rows, dimensions] if dimensions > 0 => Ok((rows, dimensions)),
        other => {
            let problem = format!("`{name}` has the shape {other:?}, not tokens x dimensions");
            Err(unusable(TENSORS, problem))
        }
    }
}

/// An error if `name` has fewer entries than there are ids.
fn one_for_each(name: &str, entries: usize, ids_end: usize) -> Result<(), EmbedderError> {
    if entries >= ids_end {
        return Ok(());
    }
    let problem = format!("`{name}` has {entries} entries; {TOKENIZER} has ids below {ids_end}");
    Err(unusable(TENSORS, problem))
}

/// The tensor `known`.
fn marks(tensor: &TensorView<'_>, ids_end: usize) -> Result<Vec<i8>, EmbedderError> {
    if tensor.dtype() != Dtype::I8 {
        return Err(unusable(
            TENSORS,
            format!("`known` is of type {:?}, not int8", tensor.dtype()),
        ));
    }
    let marks: Vec<i8> = signed_bytes(tensor.data()).collect();
    one_for_each("known", marks.len(), ids_end)?;
    Ok(marks)
}

impl StaticModel {
    /// The same model, whose name begins with `kind`.
    pub(super) fn named(mut self, kind: &str) -> Self {
        if let Some((_, hash)) = self.name.split_once(':') {
            self.name = format!("{kind}:{hash}");
        }
        self
    }

    /// The part of `text` that is looked at.
    fn cut<'t>(&self, text: &'t str) -> &'t str {
        // no text has more characters than bytes
        if text.len() <= self.text_chars_max {
            return text;
        }
        let end = text.char_indices().nth(self.text_chars_max).map_or(text.len(), |(at, _)| at);
        text.get(..end).unwrap_or(text)
    }

    /// The row of a token.
    fn row(&self, id: u32) -> u32 {
        self.mapping.as_ref().map_or(id, |mapping| mapping[id as usize])
    }

    /// Whether the text with `ids` is one that the model can place.
    fn knows(&self, ids: &[u32]) -> bool {
        let Some(known) = &self.known else { return true };
        let (mut yes, mut no) = (0_usize, 0_usize);
        for id in ids {
            let mark = known[*id as usize];
            yes += usize::from(mark > 0);
            no += usize::from(mark < 0);
        }
        yes > 0 && yes as f64 >= self.settings.known_share_min * (yes + no) as f64
    }

    /// Leaves the sum of the weighted rows of `scratch.ids` in `scratch.sums`.
    fn sum(&self, level: Level, scratch: &mut Scratch) {
        let Scratch { ids, exact, sums, .. } = scratch;
        sums.clear();
        sums.resize(self.dimensions, 0.0);
        match &self.rows {
            TokenRows::Exact { rows, weights } => {
                exact.tokens.clear();
                exact.tokens.extend(
                    ids.iter()
                        .map(|id| (self.row(*id), weights[*id as usize]))
                        .filter(|(_, weight)| *weight != 0),
                );
                exact.sum(level, rows, self.dimensions);
                for (sum, exact) in sums.iter_mut().zip(&exact.long) {
                    *sum = *exact as f64;
                }
            }
            TokenRows::Floats { rows, weights } => {
                let weight = |id: u32| weights.as_ref().map_or(1.0, |weights| weights[id as usize]);
                for &id in ids.iter() {
                    let row = row_at(rows, self.row(id), self.dimensions);
                    add_floats(level, row, f64::from(weight(id)), sums);
                }
            }
        }
    }
}

impl Embedder for StaticModel {
    fn dimensions(&self) -> usize {
        self.dimensions
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn embed(&self, text: &str, scratch: &mut Scratch, out: &mut [f32]) -> bool {
        assert_eq!(out.len(), self.dimensions, "a number for each dimension");
        out.fill(0.0);
        self.tokenizer.encode(self.cut(text), self.settings.ids_max, scratch);
        if !self.knows(&scratch.ids) {
            return false;
        }
        if let Some(unknown) = self.tokenizer.unknown() {
            scratch.ids.retain(|id| *id != unknown);
        }
        if scratch.ids.is_empty() {
            return false;
        }
        self.sum(Level::detect(), scratch);
        let count = scratch.ids.len() as f64;
        let divisor = if self.settings.normalize {
            scratch.sums.iter().map(|sum| sum * sum).sum::<f64>().sqrt()
        } else {
            count
        };
        if scratch.sums.iter().all(|sum| *sum == 0.0) {
            return false;
        }
        for (out, sum) in out.iter_mut().zip(&scratch.sums) {
            #[expect(clippy::cast_possible_truncation, reason = "vectors are of 32-bit floats")]
            let number = (sum / divisor) as f32;
            *out = number;
        }
        true
    }
}

impl Settings {
    fn from_json(bytes: &[u8]) -> Result<Self, EmbedderError> {
        let config: Value = if bytes.is_empty() {
            Value::Null
        } else {
            serde_json::from_slice(bytes).map_err(|error| unusable(CONFIG, error))?
        };
        let ids_max = match config.get("max_length") {
            None => MAX_LENGTH,
            Some(Value::Null) => usize::MAX,
            Some(length) => length
                .as_u64()
                .and_then(|length| usize::try_from(length).ok())
                .ok_or_else(|| {
                    unusable(CONFIG, format!("`max_length` is {length}, not a number of tokens"))
                })?,
        };
        let normalize = match config.get("normalize") {
            None | Some(Value::Null) => false,
            Some(normalize) => normalize.as_bool().ok_or_else(|| {
                unusable(CONFIG, format!("`normalize` is {normalize}, not true or false"))
            })?,
        };
        let known_share_min = match config.get("known_share_min") {
            None | Some(Value::Null) => 0.0,
            Some(share) => {
                share.as_f64().filter(|share| (0.0..=1.0).contains(share)).ok_or_else(|| {
                    unusable(CONFIG, format!("`known_share_min` is {share}, not between 0 and 1"))
                })?
            }
        };
        Ok(Self { normalize, ids_max, known_share_min })
    }
}

/// `weights` as integers if all of them are, ones where there are none.
fn whole(weights: Option<&[f32]>, tokens: usize) -> Option<Vec<u16>> {
    let Some(weights) = weights else { return Some(vec![1; tokens]) };
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "compared below")]
    let whole: Vec<u16> = weights.iter().map(|weight| *weight as u16).collect();
    let same = |(whole, weight): (&u16, &f32)| f32::from(*whole).to_bits() == weight.to_bits();
    whole.iter().zip(weights).all(same).then_some(whole)
}

impl ExactSums {
    /// Leaves the sum of the weighted rows of `tokens` in `long`.
    fn sum(&mut self, level: Level, rows: &[i8], dimensions: usize) {
        self.long.clear();
        self.long.resize(dimensions, 0);
        self.short.resize(dimensions, 0);
        let mut from = 0;
        while from < self.tokens.len() {
            let mut total = 0;
            let fits = |(_, weight): &&(u32, u16)| {
                total += u32::from(*weight);
                total <= WEIGHT_MAX
            };
            let count = self.tokens[from..].iter().take_while(fits).count();
            self.short.fill(0);
            add_exact(level, rows, &self.tokens[from..from + count], &mut self.short);
            for (long, short) in self.long.iter_mut().zip(&self.short) {
                *long += i64::from(*short);
            }
            from += count;
        }
    }
}

#[expect(clippy::inline_always, reason = "must be compiled for the caller's vector width")]
#[inline(always)]
fn row_at<T>(rows: &[T], row: u32, dimensions: usize) -> &[T] {
    let start = row as usize * dimensions;
    &rows[start..start + dimensions]
}

for_every_level! {
    fn add_exact = add_exact_body(rows: &[i8], tokens: &[(u32, u16)], sums: &mut [i32])
}

#[expect(clippy::inline_always, reason = "must be compiled for the caller's vector width")]
#[inline(always)]
fn add_exact_body(rows: &[i8], tokens: &[(u32, u16)], sums: &mut [i32]) {
    let dimensions = sums.len();
    for &(row, weight) in tokens {
        for (sum, number) in sums.iter_mut().zip(row_at(rows, row, dimensions)) {
            *sum += i32::from(*number) * i32::from(weight);
        }
    }
}

for_every_level! {
    fn add_floats = add_floats_body(row: &[f32], weight: f64, sums: &mut [f64])
}

#[expect(clippy::inline_always, reason = "must be compiled for the caller's vector width")]
#[inline(always)]
fn add_floats_body(row: &[f32], weight: f64, sums: &mut [f64]) {
    for (sum, number) in sums.iter_mut().zip(row) {
        *sum += f64::from(*number) * weight;
    }
}

#[cfg(test)]
#[path = "static_tests.rs"]
mod tests;
