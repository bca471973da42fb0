//! Tensors of a safetensors file as flat numbers.

use half::{bf16, f16};
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};

use super::error::{EmbedderError, TENSORS, unusable};

/// The tensors in `bytes`.
pub(super) fn open(bytes: &[u8]) -> Result<SafeTensors<'_>, EmbedderError> {
    if bytes.is_empty() {
        return Err(EmbedderError::Missing { file: TENSORS });
    }
    SafeTensors::deserialize(bytes).map_err(|error| unusable(TENSORS, error))
}

/// The tensor's numbers as 32-bit floats, to which 64-bit ones are rounded.
pub(super) fn floats(name: &str, tensor: &TensorView<'_>) -> Result<Vec<f32>, EmbedderError> {
    let data = tensor.data();
    let numbers: Vec<f32> = match tensor.dtype() {
        Dtype::I8 => signed_bytes(data).map(f32::from).collect(),
        Dtype::F16 => each(data, |bytes| f16::from_le_bytes(bytes).to_f32()),
        Dtype::BF16 => each(data, |bytes| bf16::from_le_bytes(bytes).to_f32()),
        Dtype::F32 => each(data, f32::from_le_bytes),
        #[expect(clippy::cast_possible_truncation, reason = "too large a number is found below")]
        Dtype::F64 => each(data, |bytes| f64::from_le_bytes(bytes) as f32),
        other => return Err(other_type(name, other, "int8 or floating-point numbers")),
    };
    if let Some(at) = numbers.iter().position(|number| !number.is_finite()) {
        return Err(unusable(TENSORS, format!("`{name}`: number {at} is not finite")));
    }
    Ok(numbers)
}

/// The tensor's numbers as indexes below `below`.
pub(super) fn indexes(
    name: &str,
    tensor: &TensorView<'_>,
    below: usize,
) -> Result<Vec<u32>, EmbedderError> {
    let data = tensor.data();
    let numbers: Vec<i64> = match tensor.dtype() {
        Dtype::I32 => each(data, |bytes| i64::from(i32::from_le_bytes(bytes))),
        Dtype::U32 => each(data, |bytes| i64::from(u32::from_le_bytes(bytes))),
        Dtype::I64 => each(data, i64::from_le_bytes),
        other => return Err(other_type(name, other, "32-bit or 64-bit integers")),
    };
    let index = |(at, number): (usize, &i64)| {
        u32::try_from(*number).ok().filter(|index| (*index as usize) < below).ok_or_else(|| {
            unusable(TENSORS, format!("`{name}`: number {at} is {number}, of {below} rows"))
        })
    };
    numbers.iter().enumerate().map(index).collect()
}

/// Bytes as signed numbers.
pub(super) fn signed_bytes(data: &[u8]) -> impl Iterator<Item = i8> {
    data.iter().map(|byte| i8::from_le_bytes([*byte]))
}

fn each<const SIZE: usize, T>(data: &[u8], number: impl Fn([u8; SIZE]) -> T) -> Vec<T> {
    data.as_chunks::<SIZE>().0.iter().map(|bytes| number(*bytes)).collect()
}

fn other_type(name: &str, found: Dtype, expected: &str) -> EmbedderError {
    unusable(TENSORS, format!("`{name}` is of type {found:?}; {expected} were expected"))
}
