//! Why a document was removed or flagged: the record's field `tamis`, as JSON and as Arrow.

use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, ListArray, StringArray, StructArray, UInt64Array};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{DataType, Field, Fields};
use arrow::error::ArrowError;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What stands in a removed record under `tamis`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// `removed`, or `kept` where flags are written into kept records.
    pub decision: String,
    /// Every rule that fired, in file order; duplicates come last.
    pub reasons: Vec<Reason>,
}

/// One rule that fired, or one kind of duplicate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reason {
    /// The rule's id, or `dedup/exact`.
    pub rule: String,
    /// What was measured and against what it was held.
    pub comparisons: Vec<Measured>,
    /// Byte ranges in the text as it was read, at most 16.
    pub spans: Vec<[u64; 2]>,
    /// The survivor of a duplicate: the user's id where there is one, else the document id.
    pub twin: Option<String>,
    /// Similarity to the survivor, 1.0 for exact duplicates.
    pub similarity: Option<f64>,
}

/// One comparison of a condition, with the document's own value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// The annotation or column.
    pub annotation: String,
    /// Its value in this document, null where it has none.
    pub value: Value,
    /// `<`, `<=`, `>`, `>=`, `=` or `!=`.
    pub op: String,
    /// The literal of the rule.
    pub threshold: Value,
}

/// The struct type of the field in Parquet; a value or threshold that is no number stands in
/// `value_text` or `threshold_text`.
pub fn data_type() -> DataType {
    DataType::Struct(Fields::from(vec![
        Field::new("decision", DataType::Utf8, true),
        Field::new("reasons", list(reason_type()), true),
    ]))
}

fn list(item: DataType) -> DataType {
    DataType::List(Arc::new(Field::new_list_field(item, true)))
}

fn measured_type() -> DataType {
    DataType::Struct(Fields::from(vec![
        Field::new("annotation", DataType::Utf8, true),
        Field::new("value", DataType::Float64, true),
        Field::new("value_text", DataType::Utf8, true),
        Field::new("op", DataType::Utf8, true),
        Field::new("threshold", DataType::Float64, true),
        Field::new("threshold_text", DataType::Utf8, true),
    ]))
}

fn reason_type() -> DataType {
    DataType::Struct(Fields::from(vec![
        Field::new("rule", DataType::Utf8, true),
        Field::new("comparisons", list(measured_type()), true),
        Field::new("spans", list(list(DataType::UInt64)), true),
        Field::new("twin", DataType::Utf8, true),
        Field::new("similarity", DataType::Float64, true),
    ]))
}

fn structure(data_type: &DataType, columns: Vec<ArrayRef>) -> Result<StructArray, ArrowError> {
    match data_type {
        DataType::Struct(fields) => StructArray::try_new(fields.clone(), columns, None),
        other => Err(ArrowError::SchemaError(format!("{other} is no struct"))),
    }
}

fn lists(lengths: &[usize], values: ArrayRef) -> Result<ArrayRef, ArrowError> {
    let field = Arc::new(Field::new_list_field(values.data_type().clone(), true));
    let offsets = OffsetBuffer::from_lengths(lengths.iter().copied());
    Ok(Arc::new(ListArray::try_new(field, offsets, values, None)?))
}

fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::Null | Value::Number(_) => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

/// The verdicts as one struct column of [`data_type`].
pub fn to_arrow(verdicts: &[Verdict]) -> Result<ArrayRef, ArrowError> {
    let reasons: Vec<&Reason> = verdicts.iter().flat_map(|verdict| &verdict.reasons).collect();
    let measured: Vec<&Measured> = reasons.iter().flat_map(|reason| &reason.comparisons).collect();
    let spans: Vec<&[u64; 2]> = reasons.iter().flat_map(|reason| &reason.spans).collect();
    let comparisons = structure(
        &measured_type(),
        vec![
            Arc::new(StringArray::from_iter_values(measured.iter().map(|m| &m.annotation))),
            Arc::new(measured.iter().map(|m| m.value.as_f64()).collect::<Float64Array>()),
            Arc::new(measured.iter().map(|m| text_of(&m.value)).collect::<StringArray>()),
            Arc::new(StringArray::from_iter_values(measured.iter().map(|m| &m.op))),
            Arc::new(measured.iter().map(|m| m.threshold.as_f64()).collect::<Float64Array>()),
            Arc::new(measured.iter().map(|m| text_of(&m.threshold)).collect::<StringArray>()),
        ],
    )?;
    let comparison_counts: Vec<usize> = reasons.iter().map(|r| r.comparisons.len()).collect();
    let span_counts: Vec<usize> = reasons.iter().map(|r| r.spans.len()).collect();
    let numbers = UInt64Array::from_iter_values(spans.iter().flat_map(|span| span.iter().copied()));
    let pairs = lists(&vec![2; spans.len()], Arc::new(numbers))?;
    let reason_rows = structure(
        &reason_type(),
        vec![
            Arc::new(StringArray::from_iter_values(reasons.iter().map(|r| &r.rule))),
            lists(&comparison_counts, Arc::new(comparisons))?,
            lists(&span_counts, pairs)?,
            Arc::new(reasons.iter().map(|r| r.twin.as_deref()).collect::<StringArray>()),
            Arc::new(reasons.iter().map(|r| r.similarity).collect::<Float64Array>()),
        ],
    )?;
    let reason_counts: Vec<usize> = verdicts.iter().map(|v| v.reasons.len()).collect();
    let column = structure(
        &data_type(),
        vec![
            Arc::new(StringArray::from_iter_values(verdicts.iter().map(|v| &v.decision))),
            lists(&reason_counts, Arc::new(reason_rows))?,
        ],
    )?;
    Ok(Arc::new(column))
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::Array;

    #[test]
    fn a_verdict_becomes_one_row_of_the_declared_type() {
        let verdict = Verdict {
            decision: "removed".into(),
            reasons: vec![Reason {
                rule: "web/too-short".into(),
                comparisons: vec![Measured {
                    annotation: "word_count".into(),
                    value: 12.into(),
                    op: "<".into(),
                    threshold: 50.into(),
                }],
                spans: vec![[0, 40]],
                twin: None,
                similarity: None,
            }],
        };
        let array = to_arrow(&[verdict.clone(), Verdict { reasons: vec![], ..verdict }]).unwrap();
        assert_eq!(array.len(), 2);
        assert_eq!(array.data_type(), &data_type());
    }
}
