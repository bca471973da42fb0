//! The functions of plans that give each document its vector, of unit length.

use std::borrow::Cow;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, BinaryArray};
use arrow::buffer::{Buffer, NullBuffer, OffsetBuffer};
use datafusion::arrow::datatypes::DataType;
use datafusion::common::cast::{as_binary_array, as_string_array};
use datafusion::common::{Result, exec_err};
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use datafusion::scalar::ScalarValue;
use tamis_kernels::embedders::Scratch;
use tamis_kernels::vectors::normalize;
use tamis_rules::AnnotateSpec;

use crate::embed::compare::{append, external};
use crate::embed::{Embeddings, load};

/// `tamis_embed(text, specification, embeddings)`: the vector of the edited text; NULL where the
/// text has no token that the model knows.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Embed {
    signature: Signature,
}

/// The function `tamis_embed`.
pub fn embed_udf() -> Arc<ScalarUDF> {
    Arc::new(ScalarUDF::from(Embed { signature: Signature::any(3, Volatility::Immutable) }))
}

impl ScalarUDFImpl for Embed {
    fn name(&self) -> &'static str {
        "tamis_embed"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arguments: &[DataType]) -> Result<DataType> {
        Ok(DataType::Binary)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [texts, ColumnarValue::Scalar(spec), ColumnarValue::Scalar(from)] =
            args.args.as_slice()
        else {
            return exec_err!("tamis_embed takes a text and two literals");
        };
        let (ScalarValue::Utf8(Some(spec)), ScalarValue::Utf8(Some(from))) = (spec, from) else {
            return exec_err!("tamis_embed takes its specifications as text");
        };
        let spec = AnnotateSpec::parse(spec).map_err(external)?;
        let from: Embeddings = serde_json::from_str(from).map_err(external)?;
        let texts = texts.to_array(args.number_rows)?;
        let texts = as_string_array(&texts)?;
        let model = load(&from).map_err(external)?;
        let texts: std::result::Result<Vec<Cow<'_, str>>, _> =
            texts.iter().map(|text| spec.edited_text(text.unwrap_or_default())).collect();
        let texts = texts.map_err(external)?;
        let texts: Vec<&str> = texts.iter().map(AsRef::as_ref).collect();
        let (mut flat, mut known) = (vec![0.0; texts.len() * model.dimensions()], Vec::new());
        model.embed_batch(&texts, &mut Scratch::default(), &mut flat, &mut known);
        let mut out = Vectors::with_capacity(texts.len(), flat.len());
        for (vector, known) in flat.chunks_exact(model.dimensions()).zip(known) {
            let from = out.numbers.len();
            out.numbers.extend(vector.iter().filter(|_| known));
            out.end(from);
        }
        Ok(ColumnarValue::Array(out.finish()))
    }
}

/// `tamis_unit(vector)`: the vector at unit length; NULL where it has none or is not finite.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Unit {
    signature: Signature,
}

/// The function `tamis_unit`.
pub fn unit_udf() -> Arc<ScalarUDF> {
    Arc::new(ScalarUDF::from(Unit {
        signature: Signature::exact(vec![DataType::Binary], Volatility::Immutable),
    }))
}

impl ScalarUDFImpl for Unit {
    fn name(&self) -> &'static str {
        "tamis_unit"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arguments: &[DataType]) -> Result<DataType> {
        Ok(DataType::Binary)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let arrays = ColumnarValue::values_to_arrays(&args.args)?;
        let [vectors] = arrays.as_slice() else {
            return exec_err!("tamis_unit takes a vector");
        };
        Ok(ColumnarValue::Array(units(as_binary_array(vectors)?)))
    }
}

/// Vectors at unit length.
pub(crate) fn units(vectors: &BinaryArray) -> ArrayRef {
    let mut out = Vectors::with_capacity(vectors.len(), vectors.value_data().len() / 4);
    for row in vectors {
        let from = out.numbers.len();
        if let Some(bytes) = row {
            append(bytes, &mut out.numbers);
        }
        out.end(from);
    }
    out.finish()
}

/// Vectors in the making, one after the other.
struct Vectors {
    numbers: Vec<f32>,
    ends: Vec<i32>,
    there: Vec<bool>,
}

impl Vectors {
    fn with_capacity(rows: usize, numbers: usize) -> Self {
        let mut ends = Vec::with_capacity(rows + 1);
        ends.push(0);
        Self { numbers: Vec::with_capacity(numbers), ends, there: Vec::with_capacity(rows) }
    }

    /// Makes one of the numbers from `from` on, or none where they have no direction.
    fn end(&mut self, from: usize) {
        let there = normalize(&mut self.numbers[from..]);
        if !there {
            self.numbers.truncate(from);
        }
        self.there.push(there);
        // a batch has a few megabytes, and an array of bytes two gigabytes at most
        self.ends.push(i32::try_from(self.numbers.len() * 4).unwrap_or(i32::MAX));
    }

    fn finish(mut self) -> ArrayRef {
        if cfg!(target_endian = "big") {
            self.numbers.iter_mut().for_each(|n| *n = f32::from_bits(n.to_bits().swap_bytes()));
        }
        let (ends, values) = (OffsetBuffer::new(self.ends.into()), Buffer::from_vec(self.numbers));
        let nulls = self.there.contains(&false).then(|| NullBuffer::from(self.there));
        Arc::new(BinaryArray::new(ends, values, nulls))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors_that_point_nowhere_are_none() {
        let bytes = |numbers: &[f32]| -> Vec<u8> {
            numbers.iter().flat_map(|number| number.to_le_bytes()).collect()
        };
        let rows = [bytes(&[3.0, 4.0]), bytes(&[0.0, 0.0]), bytes(&[1.0, f32::NAN]), Vec::new()];
        let given: BinaryArray = rows.iter().map(Some).chain([None]).collect();
        let units = units(&given);
        let units = as_binary_array(&units).unwrap();
        assert_eq!(units.value(0), bytes(&[0.6, 0.8]));
        assert_eq!((units.len(), units.null_count()), (5, 4));
    }
}
