//! Judges single documents through the same function and expressions as a run, and runs the
//! tests of a rule file with it.

use std::collections::BTreeMap;
use std::sync::Arc;

use datafusion::arrow::array::{
    Array, ArrayRef, BooleanArray, Float64Array, Int64Array, ListArray, RecordBatch, StringArray,
    StructArray, UInt32Array,
};
use datafusion::arrow::datatypes::DataType;
use datafusion::common::DataFusionError;
use serde_json::Value;

use crate::annotate::annotate;
use crate::compile::Compiled;
use crate::error::RuleError;
use crate::ruleset::{Action, OnNull, PlacedTest, RuleSet};

/// What the rules say of one document.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Judgement {
    /// Rules that remove it.
    pub drop: Vec<String>,
    /// Rules that flag it.
    pub flag: Vec<String>,
    /// Rules that edit it.
    pub edit: Vec<String>,
    /// Rules whose condition is NULL.
    pub undecided: Vec<String>,
    /// Whether it stays.
    pub keep: bool,
    /// The text after all edits.
    pub text: String,
    /// Every value that was measured.
    pub values: BTreeMap<String, Value>,
}

#[expect(clippy::needless_pass_by_value, reason = "so that map_err takes it as it is")]
fn engine(error: DataFusionError) -> RuleError {
    RuleError::whole("rules", error.strip_backtrace())
}

/// Judges one text; `columns` gives values of declared columns.
pub fn judge(
    set: &RuleSet,
    compiled: &Compiled,
    text: &str,
    columns: &BTreeMap<String, Value>,
) -> Result<Judgement, RuleError> {
    let texts = StringArray::from(vec![text]);
    let measured = annotate(&compiled.spec, &texts).map_err(engine)?;
    let mut arrays: Vec<ArrayRef> = Vec::new();
    for field in compiled.input_schema.fields() {
        let array = match measured.column_by_name(field.name()) {
            Some(array) => Arc::clone(array),
            None => one(columns.get(field.name()), field.data_type()),
        };
        arrays.push(array);
    }
    let options = datafusion::arrow::array::RecordBatchOptions::new().with_row_count(Some(1));
    let batch =
        RecordBatch::try_new_with_options(Arc::clone(&compiled.input_schema), arrays, &options)
            .map_err(|error| engine(error.into()))?;
    let mut judgement = Judgement {
        keep: true,
        text: compiled.spec.edited_text(text).into_owned(),
        ..Judgement::default()
    };
    let edits = edited_by(&measured);
    for (number, rule) in set.rules().iter().enumerate() {
        if u32::try_from(number).is_ok_and(|number| edits.contains(&number)) {
            judgement.edit.push(rule.id.clone());
        }
    }
    for condition in &compiled.conditions {
        let rule = &set.rules()[condition.rule];
        let value = condition
            .expr
            .evaluate(&batch)
            .and_then(|value| value.into_array(1))
            .map_err(engine)?;
        let held = value.as_any().downcast_ref::<BooleanArray>();
        let held = held.filter(|held| held.is_valid(0)).map(|held| held.value(0));
        let fired = match (&rule.action, held) {
            (_, None) => {
                judgement.undecided.push(rule.id.clone());
                judgement.keep &= rule.on_null != OnNull::Fail;
                rule.on_null == OnNull::Drop && rule.action != Action::Flag
            }
            (Action::Keep, Some(held)) => !held,
            (_, Some(held)) => held,
        };
        if fired {
            if rule.action == Action::Flag {
                judgement.flag.push(rule.id.clone());
            } else {
                judgement.drop.push(rule.id.clone());
                judgement.keep = false;
            }
        }
    }
    for (field, array) in compiled.input_schema.fields().iter().zip(batch.columns()) {
        judgement.values.insert(field.name().clone(), json(array));
    }
    Ok(judgement)
}

fn edited_by(measured: &StructArray) -> Vec<u32> {
    let rules = measured
        .column_by_name("edits")
        .and_then(|edits| edits.as_any().downcast_ref::<ListArray>())
        .and_then(|edits| edits.values().as_any().downcast_ref::<StructArray>())
        .and_then(|spans| spans.column_by_name("rule"))
        .and_then(|rules| rules.as_any().downcast_ref::<UInt32Array>());
    rules.map(|rules| rules.values().to_vec()).unwrap_or_default()
}

/// A column of one value.
fn one(value: Option<&Value>, kind: &DataType) -> ArrayRef {
    let value = value.unwrap_or(&Value::Null);
    match kind {
        DataType::Int64 => Arc::new(Int64Array::from(vec![value.as_i64()])),
        DataType::Float64 => Arc::new(Float64Array::from(vec![value.as_f64()])),
        DataType::Boolean => Arc::new(BooleanArray::from(vec![value.as_bool()])),
        _ => Arc::new(StringArray::from(vec![value.as_str()])),
    }
}

fn json(array: &ArrayRef) -> Value {
    let any = array.as_any();
    if array.is_null(0) {
        Value::Null
    } else if let Some(array) = any.downcast_ref::<Int64Array>() {
        array.value(0).into()
    } else if let Some(array) = any.downcast_ref::<Float64Array>() {
        array.value(0).into()
    } else if let Some(array) = any.downcast_ref::<BooleanArray>() {
        array.value(0).into()
    } else if let Some(array) = any.downcast_ref::<StringArray>() {
        array.value(0).into()
    } else {
        Value::Null
    }
}

/// What became of one test.
#[derive(Debug, Clone, PartialEq)]
pub struct TestOutcome {
    /// Its name, or its place.
    pub name: String,
    /// What came out otherwise than expected; empty where it passed.
    pub differences: Vec<String>,
}

/// Runs the tests of the set's own files.
pub fn run_tests(set: &RuleSet) -> Result<Vec<TestOutcome>, RuleError> {
    let mut outcomes = Vec::new();
    let mut plain: Option<Compiled> = None;
    for placed in set.tests() {
        let at = format!("{}:{}", set.file_name(&placed.at), placed.at.line);
        let name = placed.test.name.as_ref().map_or(at.clone(), |name| format!("{at} {name}"));
        check_names(set, placed)?;
        // most tests give no percentile, so they share one compilation
        let own;
        let compiled = if placed.test.given.is_empty() && set.percentiles().is_empty() {
            if plain.is_none() {
                plain = Some(set.compile(&BTreeMap::new())?);
            }
            plain.as_ref()
        } else {
            own = set.compile(&placed.test.given)?;
            Some(&own)
        };
        let Some(compiled) = compiled else { continue };
        let judgement = judge(set, compiled, &placed.test.text, &placed.test.columns)?;
        outcomes.push(TestOutcome { name, differences: differences(placed, &judgement) });
    }
    Ok(outcomes)
}

/// A test that names an unknown rule or column checks nothing, so it is an error.
fn check_names(set: &RuleSet, placed: &PlacedTest) -> Result<(), RuleError> {
    let expect = &placed.test.expect;
    let lists = [&expect.drop, &expect.flag, &expect.edit, &expect.not, &expect.undecided];
    let mut problems = Vec::new();
    for id in lists.into_iter().flatten().flatten() {
        if !set.rules().iter().any(|rule| rule.id == *id) {
            let message = format!("the test names rule '{id}', which is not in the set");
            problems.push(set.problem_at_word(&placed.at, id, message));
        }
    }
    for name in placed.test.columns.keys() {
        if !set.columns().iter().any(|column| column.name == *name) {
            let message = format!("the test gives column '{name}', which is not declared");
            problems.push(set.problem_at_word(&placed.at, name, message));
        }
    }
    let looks = expect.keep.is_some() || expect.text.is_some() || !expect.values.is_empty();
    if !looks
        && expect.drop.is_none()
        && expect.flag.is_none()
        && expect.edit.is_none()
        && expect.not.is_none()
        && expect.undecided.is_none()
    {
        problems.push(set.problem(&placed.at, "the test expects nothing, so it cannot fail"));
    }
    if problems.is_empty() { Ok(()) } else { Err(RuleError { problems }) }
}

fn differences(placed: &PlacedTest, judgement: &Judgement) -> Vec<String> {
    let expect = &placed.test.expect;
    let mut found = Vec::new();
    let values = |text: String| {
        let values: Vec<String> =
            judgement.values.iter().map(|(name, value)| format!("{name} {value}")).collect();
        format!("{text} (measured: {})", values.join(", "))
    };
    let lists = [
        ("drop", &expect.drop, &judgement.drop),
        ("flag", &expect.flag, &judgement.flag),
        ("edit", &expect.edit, &judgement.edit),
        ("undecided", &expect.undecided, &judgement.undecided),
    ];
    for (what, expected, came) in lists {
        let Some(expected) = expected else { continue };
        if expected.is_empty() && !came.is_empty() {
            found.push(values(format!("{what}: expected none, came {}", came.join(", "))));
        }
        for id in expected.iter().filter(|id| !came.contains(id)) {
            found.push(values(format!("{what}: expected {id}, came [{}]", came.join(", "))));
        }
    }
    for id in expect.not.iter().flatten() {
        if [&judgement.drop, &judgement.flag, &judgement.edit].iter().any(|ids| ids.contains(id)) {
            found.push(values(format!("not: {id} fired")));
        }
    }
    if let Some(keep) = expect.keep.filter(|keep| *keep != judgement.keep) {
        let came = judgement.drop.join(", ");
        found.push(values(format!("keep: expected {keep}, removed by [{came}]")));
    }
    for (name, value) in &expect.values {
        let came = judgement.values.get(name);
        if !came.is_some_and(|came| close(value, came)) {
            let came = came.map_or_else(|| "nothing".to_owned(), Value::to_string);
            found.push(format!("values: expected {name} {value}, came {came}"));
        }
    }
    if let Some(text) = expect.text.as_ref().filter(|text| **text != judgement.text) {
        found.push(format!("text: expected {text:?}, came {:?}", judgement.text));
    }
    found
}

/// Whether a measured value is the one expected, a number to a millionth.
fn close(expected: &Value, came: &Value) -> bool {
    match (expected.as_f64(), came.as_f64()) {
        (Some(expected), Some(came)) => (expected - came).abs() <= 1e-6,
        _ => expected == came,
    }
}
