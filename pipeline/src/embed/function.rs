//! The functions of plans that give each document its vector, of unit length.

use std::borrow::Cow;
use std::sync::Arc;

use arrow::array::{ArrayRef, BinaryArray, BinaryBuilder};
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

use super::compare::{append, external};
use super::{Embeddings, load};

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
        let texts: Vec<Cow<'_, str>> =
            texts.iter().map(|text| spec.edited_text(text.unwrap_or_default())).collect();
        let texts: Vec<&str> = texts.iter().map(AsRef::as_ref).collect();
        let (mut flat, mut known) = (vec![0.0; texts.len() * model.dimensions()], Vec::new());
        model.embed_batch(&texts, &mut Scratch::default(), &mut flat, &mut known);
        let mut out = Vectors::default();
        for (vector, known) in flat.chunks_exact_mut(model.dimensions()).zip(known) {
            out.push(known.then_some(vector));
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
    let mut out = Vectors::default();
    let mut vector = Vec::new();
    for row in vectors {
        vector.clear();
        if let Some(bytes) = row {
            append(bytes, &mut vector);
        }
        out.push((!vector.is_empty()).then_some(&mut vector[..]));
    }
    out.finish()
}

/// Vectors in the making.
#[derive(Default)]
struct Vectors {
    builder: BinaryBuilder,
    bytes: Vec<u8>,
}

impl Vectors {
    fn push(&mut self, vector: Option<&mut [f32]>) {
        let Some(vector) = vector else { return self.builder.append_null() };
        if !normalize(vector) {
            return self.builder.append_null();
        }
        self.bytes.clear();
        self.bytes.extend(vector.iter().flat_map(|number| number.to_le_bytes()));
        self.builder.append_value(&self.bytes);
    }

    fn finish(mut self) -> ArrayRef {
        Arc::new(self.builder.finish())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::Array;

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
