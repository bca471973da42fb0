//! Judges single documents through the same function and expressions as a run, and runs the
//! tests of a rule file with it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use datafusion::arrow::array::{
    Array, ArrayRef, BooleanArray, Float64Array, Int64Array, ListArray, RecordBatch, StringArray,
    StructArray, UInt32Array,
};
use datafusion::arrow::datatypes::DataType;
use datafusion::common::DataFusionError;
use serde_json::Value;

use crate::annotate::annotate;
use crate::annotators;
use crate::compile::Compiled;
use crate::error::{Problem, RuleError};
use crate::expectations::Case;
pub use crate::expectations::{Difference, Measured, RuleTrace, SpanText};
use crate::nearest::suggest;
use crate::percentile::Percentile;
use crate::rule_file::OnNull;
use crate::rule_set::{Action, PlacedTest, RuleSet};

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
    let text = compiled.spec.edited_text(text)?.into_owned();
    let mut judgement = Judgement { keep: true, text, ..Judgement::default() };
    let edits = edited_by(&measured)?;
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
    for derived in &compiled.derived {
        let value = derived.expr.evaluate(&batch).and_then(|value| value.into_array(1));
        judgement.values.insert(derived.column.clone(), json(&value.map_err(engine)?));
    }
    Ok(judgement)
}

/// The numbers of the rules that edited it.
fn edited_by(measured: &StructArray) -> Result<Vec<u32>, RuleError> {
    let rules = measured
        .column_by_name("edits")
        .and_then(|edits| edits.as_any().downcast_ref::<ListArray>())
        .and_then(|edits| edits.values().as_any().downcast_ref::<StructArray>())
        .and_then(|spans| spans.column_by_name("rule"))
        .and_then(|rules| rules.as_any().downcast_ref::<UInt32Array>());
    let rules = rules.ok_or_else(|| RuleError::whole("rules", "no list of edits was made"))?;
    Ok(rules.values().to_vec())
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
    /// Its place, and its name where it has one.
    pub name: String,
    /// The file it stands in.
    pub file: String,
    /// Line from 1.
    pub line: u64,
    /// Column from 1.
    pub column: u64,
    /// What came out otherwise than expected; empty where it passed.
    pub differences: Vec<Difference>,
    /// The text after all edits where the test expects another one, with the one it expects.
    pub texts: Option<(String, String)>,
    /// How long it took.
    pub elapsed: Duration,
}

impl TestOutcome {
    /// Whether everything came out as expected.
    pub fn passed(&self) -> bool {
        self.differences.is_empty()
    }
}

/// Runs the tests of the set's own files.
pub fn run_tests(set: &RuleSet) -> Result<Vec<TestOutcome>, RuleError> {
    let mut problems = Vec::new();
    for placed in set.tests() {
        check_names(set, placed, &mut problems);
    }
    if !problems.is_empty() {
        return Err(RuleError { problems });
    }
    let mut outcomes = Vec::new();
    let mut plain: Option<Compiled> = None;
    for placed in set.tests() {
        let begun = Instant::now();
        let at = format!("{}:{}", set.file_name(&placed.at), placed.at.line);
        let name = placed.test.name.as_ref().map_or(at.clone(), |name| format!("{at} {name}"));
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
        let lost = || RuleError::whole("rules", "the rules of a test were not compiled");
        let compiled = compiled.ok_or_else(lost)?;
        let judgement = judge(set, compiled, &placed.test.text, &placed.test.columns)?;
        let edited = compiled.spec.edit(&placed.test.text)?;
        let (test, judgement, edited) = (&placed.test, &judgement, &edited);
        let case = Case { set, compiled, test, judgement, edited };
        let differences = case.differences();
        let expected = placed.test.expect.text.clone();
        outcomes.push(TestOutcome {
            name,
            file: set.file_name(&placed.at).to_owned(),
            line: placed.at.line,
            column: placed.at.column,
            differences,
            texts: expected
                .filter(|text| *text != judgement.text)
                .map(|text| (text, judgement.text.clone())),
            elapsed: begun.elapsed(),
        });
    }
    Ok(outcomes)
}

/// A test that names something unknown checks nothing, so it is an error.
fn check_names(set: &RuleSet, placed: &PlacedTest, problems: &mut Vec<Problem>) {
    let expect = &placed.test.expect;
    let lists = [&expect.drop, &expect.flag, &expect.edit, &expect.not, &expect.undecided];
    for id in lists.into_iter().flatten().flatten() {
        if !set.rules().iter().any(|rule| rule.id == *id) {
            let near = suggest(id, set.rules().iter().map(|rule| rule.id.as_str()));
            let message = format!("the test names rule '{id}', which is not in the set{near}");
            problems.push(set.problem_at_word(&placed.at, id, message));
        }
    }
    for (name, value) in &placed.test.columns {
        let Some(column) = set.columns().iter().find(|column| column.name == *name) else {
            let near = suggest(name, set.columns().iter().map(|column| column.name.as_str()));
            let message = format!(
                "the test gives column '{name}', which is not declared under 'columns'{near}"
            );
            problems.push(set.problem_at_word(&placed.at, name, message));
            continue;
        };
        let fits = match column.data_type {
            DataType::Int64 => value.is_i64(),
            DataType::Float64 => value.is_number(),
            DataType::Boolean => value.is_boolean(),
            _ => value.is_string(),
        };
        if !fits && !value.is_null() {
            let message =
                format!("the test gives {value} for column '{name}', which is declared otherwise");
            problems.push(set.problem_at_word(&placed.at, name, message));
        }
    }
    for name in expect.values.keys() {
        let bare = name.rsplit('.').next().unwrap_or(name);
        let derived = || set.derived().iter().map(|one| one.name.as_str());
        let known = set.annotator(bare).is_some()
            || derived().any(|one| one == bare)
            || set.columns().iter().any(|column| column.name == *name)
            || name.contains('(');
        if !known {
            let own = crate::resources::names(set.resources());
            let own = own.iter().map(String::as_str);
            let all =
                annotators::ANNOTATORS.iter().map(|one| one.name()).chain(derived()).chain(own);
            let message = format!("there is no annotation '{name}'{}", suggest(name, all));
            problems.push(set.problem_at_word(&placed.at, name, message));
        }
    }
    let calls: Vec<String> = set.percentiles().iter().map(Percentile::key).collect();
    for call in placed.test.given.keys().filter(|call| !calls.contains(call)) {
        let near = suggest(call, calls.iter().map(String::as_str));
        let message = format!("the test gives {call}, which no condition compares with{near}");
        problems.push(set.problem_at_word(&placed.at, call, message));
    }
    let looks = expect.keep.is_some() || expect.text.is_some() || !expect.values.is_empty();
    if !looks && lists.iter().all(|list| list.is_none()) {
        let message = "the test expects nothing, so it cannot fail: say drop, flag, edit, not, \
                       undecided, keep, text or values";
        problems.push(set.problem(&placed.at, message));
    }
}
