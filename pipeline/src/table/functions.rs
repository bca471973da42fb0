//! Small functions that plans name.

use arrow::array::{
    Array, BooleanArray, ListArray, StringArray, StructArray, UInt32Array, UInt64Array,
};
use datafusion::arrow::datatypes::DataType;
use datafusion::common::cast::as_string_array;
use datafusion::common::{Result, exec_datafusion_err, exec_err};
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use datafusion::scalar::ScalarValue;
use std::sync::Arc;
use tamis_kernels::hash64;

/// `tamis_edited_by(edits, rule)`: whether the rule of that number edited the document.
#[derive(Debug, PartialEq, Eq, Hash)]
struct EditedBy {
    signature: Signature,
}

impl ScalarUDFImpl for EditedBy {
    fn name(&self) -> &'static str {
        "tamis_edited_by"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arguments: &[DataType]) -> Result<DataType> {
        Ok(DataType::Boolean)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [edits, ColumnarValue::Scalar(ScalarValue::UInt32(Some(rule)))] = args.args.as_slice()
        else {
            return exec_err!("tamis_edited_by takes the edits and a literal UInt32 rule number");
        };
        let edits = edits.to_array(args.number_rows)?;
        let Some(lists) = edits.as_any().downcast_ref::<ListArray>() else {
            return exec_err!("tamis_edited_by takes a list of edits, got {}", edits.data_type());
        };
        let Some(rules) = lists
            .values()
            .as_any()
            .downcast_ref::<StructArray>()
            .and_then(|rows| rows.column_by_name("rule"))
            .and_then(|column| column.as_any().downcast_ref::<UInt32Array>())
        else {
            return exec_err!("tamis_edited_by takes a list of structs with a UInt32 rule");
        };
        let offsets = lists.value_offsets();
        let hits: BooleanArray = (0..lists.len())
            .map(|row| {
                if lists.is_null(row) {
                    return None;
                }
                let (from, to) =
                    (usize::try_from(offsets[row]).ok()?, usize::try_from(offsets[row + 1]).ok()?);
                Some(rules.values()[from..to].contains(rule))
            })
            .collect();
        Ok(ColumnarValue::Array(Arc::new(hits)))
    }
}

/// The function `tamis_edited_by`.
pub(crate) fn edited_by_udf() -> Arc<ScalarUDF> {
    Arc::new(ScalarUDF::from(EditedBy { signature: Signature::any(2, Volatility::Immutable) }))
}

/// `tamis_hash(text)`: the xxh3-64 hash of a text, NULL for NULL.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Hash64 {
    signature: Signature,
}

impl ScalarUDFImpl for Hash64 {
    fn name(&self) -> &'static str {
        "tamis_hash"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arguments: &[DataType]) -> Result<DataType> {
        Ok(DataType::UInt64)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [texts] =
            ColumnarValue::values_to_arrays(&args.args)?.try_into().map_err(|given: Vec<_>| {
                exec_datafusion_err!("tamis_hash takes one text, got {}", given.len())
            })?;
        let texts = as_string_array(&texts)?;
        let hashes: UInt64Array =
            texts.iter().map(|text| text.map(|text| hash64(text.as_bytes()))).collect();
        Ok(ColumnarValue::Array(Arc::new(hashes)))
    }
}

/// The function `tamis_hash`.
pub(crate) fn hash_udf() -> Arc<ScalarUDF> {
    Arc::new(ScalarUDF::from(Hash64 {
        signature: Signature::exact(vec![DataType::Utf8], Volatility::Immutable),
    }))
}

/// `tamis_source(shard)`: the first folder of a shard's relative name, or the name itself.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Source {
    signature: Signature,
}

impl ScalarUDFImpl for Source {
    fn name(&self) -> &'static str {
        "tamis_source"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arguments: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let arrays = ColumnarValue::values_to_arrays(&args.args)?;
        let [shards] = arrays.as_slice() else {
            return exec_err!("tamis_source takes one name");
        };
        let first = |shard: &str| shard.split('/').next().unwrap_or_default().to_owned();
        let sources: StringArray =
            as_string_array(shards)?.iter().map(|shard| shard.map(first)).collect();
        Ok(ColumnarValue::Array(Arc::new(sources)))
    }
}

/// The function `tamis_source`.
pub(crate) fn source_udf() -> Arc<ScalarUDF> {
    Arc::new(ScalarUDF::from(Source {
        signature: Signature::exact(vec![DataType::Utf8], Volatility::Immutable),
    }))
}
