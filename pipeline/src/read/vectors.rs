//! Embeddings as they come: lists of numbers of any width, taken as bytes of little-endian f32.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BinaryArray, BinaryBuilder, FixedSizeListArray, Float32Array,
    GenericListArray, OffsetSizeTrait,
};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float32Type};
use arrow::error::ArrowError;

/// Whether a column holds embeddings: lists, of fixed size or not, of f16, f32, f64 or integers.
pub(crate) fn is_list_of_numbers(data_type: &DataType) -> bool {
    match data_type {
        DataType::FixedSizeList(item, _) | DataType::List(item) | DataType::LargeList(item) => {
            item.data_type().is_numeric()
        }
        _ => false,
    }
}

/// Bytes of each vector; null where the list or one of its numbers is.
pub(crate) fn of_lists(lists: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    match lists.data_type() {
        DataType::FixedSizeList(..) => of_fixed(lists.as_fixed_size_list()),
        DataType::List(_) => of_offsets::<i32>(lists.as_list()),
        DataType::LargeList(_) => of_offsets::<i64>(lists.as_list()),
        other => Err(ArrowError::CastError(format!("{other} holds no vectors"))),
    }
}

fn numbers(values: &ArrayRef) -> Result<Float32Array, ArrowError> {
    Ok(cast(values, &DataType::Float32)?.as_primitive::<Float32Type>().clone())
}

/// The vectors of numbers of which none is null, as they lie: `ends` of each in numbers.
fn as_they_lie(
    numbers: &Float32Array,
    ends: impl Iterator<Item = usize>,
    nulls: Option<&NullBuffer>,
) -> Option<ArrayRef> {
    if cfg!(target_endian = "big") || numbers.null_count() > 0 {
        return None;
    }
    // what an array of bytes cannot address is taken row by row, which fails in words
    let ends: Option<Vec<i32>> = ends.map(|end| i32::try_from(end * 4).ok()).collect();
    let ends = OffsetBuffer::new(ends?.into());
    let values = numbers.values().inner().clone();
    Some(Arc::new(BinaryArray::try_new(ends, values, nulls.cloned()).ok()?))
}

/// The builder of the bytes, row by row.
#[derive(Default)]
struct Rows {
    out: BinaryBuilder,
    bytes: Vec<u8>,
}

impl Rows {
    fn push(&mut self, there: bool, numbers: &Float32Array, from: usize, to: usize) {
        let whole = numbers.null_count() == 0 || (from..to).all(|at| numbers.is_valid(at));
        let Some(row) = numbers.values().get(from..to).filter(|_| there && whole) else {
            self.out.append_null();
            return;
        };
        self.bytes.clear();
        self.bytes.extend(row.iter().flat_map(|number| number.to_le_bytes()));
        self.out.append_value(&self.bytes);
    }

    fn finish(mut self) -> ArrayRef {
        Arc::new(self.out.finish())
    }
}

fn of_fixed(lists: &FixedSizeListArray) -> Result<ArrayRef, ArrowError> {
    let numbers = numbers(lists.values())?;
    let width = usize::try_from(lists.value_length()).unwrap_or(0);
    let ends = (0..=lists.len()).map(|row| row * width);
    if let Some(vectors) = as_they_lie(&numbers, ends, lists.nulls()) {
        return Ok(vectors);
    }
    let mut rows = Rows::default();
    for row in 0..lists.len() {
        rows.push(lists.is_valid(row), &numbers, row * width, (row + 1) * width);
    }
    Ok(rows.finish())
}

fn of_offsets<O: OffsetSizeTrait>(lists: &GenericListArray<O>) -> Result<ArrayRef, ArrowError> {
    let numbers = numbers(lists.values())?;
    let ends = lists.value_offsets().iter().map(|end| end.as_usize());
    if let Some(vectors) = as_they_lie(&numbers, ends, lists.nulls()) {
        return Ok(vectors);
    }
    let mut rows = Rows::default();
    for (row, ends) in lists.value_offsets().windows(2).enumerate() {
        rows.push(lists.is_valid(row), &numbers, ends[0].as_usize(), ends[1].as_usize());
    }
    Ok(rows.finish())
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{FixedSizeListBuilder, Float64Builder, Int32Builder, ListBuilder};

    fn floats(bytes: &[u8]) -> Vec<f32> {
        bytes.as_chunks::<4>().0.iter().map(|four| f32::from_le_bytes(*four)).collect()
    }

    #[test]
    fn lists_of_any_kind_become_f32() {
        let mut lists = ListBuilder::new(Float64Builder::new());
        lists.append_value([Some(0.5), Some(-2.0)]);
        lists.append_null();
        lists.append_value([Some(1.0), None]);
        lists.append_value([Some(3.0)]);
        let lists: ArrayRef = Arc::new(lists.finish());
        assert!(is_list_of_numbers(lists.data_type()));
        // a slice keeps the numbers before it in its child
        for (from, expected) in
            [(0, [Some(vec![0.5, -2.0]), None, None]), (1, [None, None, Some(vec![3.0])])]
        {
            let bytes = of_lists(&lists.slice(from, 3)).unwrap();
            let bytes = bytes.as_binary::<i32>();
            let found: Vec<_> = bytes.iter().map(|row| row.map(floats)).collect();
            assert_eq!(found, expected);
        }
        let mut fixed = FixedSizeListBuilder::new(Int32Builder::new(), 2);
        for pair in [[1, 2], [3, 4]] {
            fixed.values().append_slice(&pair);
            fixed.append(true);
        }
        let fixed: ArrayRef = Arc::new(fixed.finish());
        let bytes = of_lists(&fixed.slice(1, 1)).unwrap();
        assert_eq!(floats(bytes.as_binary::<i32>().value(0)), [3.0, 4.0]);
        assert!(!is_list_of_numbers(&DataType::Utf8));
    }
}
