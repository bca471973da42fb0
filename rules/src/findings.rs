//! Findings of dangling references in plans: the column that holds them, and the function by
//! which conditions count them.

use std::fmt::Write;
use std::sync::{Arc, LazyLock};

use datafusion::arrow::array::{
    Array, ArrayRef, Float32Array, Float32Builder, Int64Builder, ListArray, StringArray,
    StringBuilder, StructArray, UInt64Builder,
};
use datafusion::arrow::buffer::{NullBuffer, OffsetBuffer};
use datafusion::arrow::datatypes::{DataType, Field, Fields};
use datafusion::common::{Result, exec_datafusion_err, exec_err};
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use datafusion::scalar::ScalarValue;
use regex::{Captures, Regex};

use crate::references::{Finding, Kind, Verdict};

/// The annotation that holds them.
pub const FINDINGS: &str = "findings";
/// What stands for every kind or every defect in a call.
const ANY: &str = "any";

fn fields() -> Fields {
    let text = |name: &str| Field::new(name, DataType::Utf8, false);
    Fields::from(vec![
        text("kind"),
        text("form"),
        text("key"),
        text("verdict"),
        Field::new("confidence", DataType::Float32, false),
        Field::new("start", DataType::UInt64, false),
        Field::new("end", DataType::UInt64, false),
        text("looked_for"),
    ])
}

fn item() -> Arc<Field> {
    Arc::new(Field::new_list_field(DataType::Struct(fields()), false))
}

/// The type of the column: a list of structs.
pub fn data_type() -> DataType {
    DataType::List(item())
}

/// The column in the making.
#[derive(Default)]
pub(crate) struct FindingsBuilder {
    texts: [StringBuilder; 4],
    confidence: Float32Builder,
    bounds: [UInt64Builder; 2],
    looked_for: StringBuilder,
    lengths: Vec<usize>,
    valid: Vec<bool>,
}

impl FindingsBuilder {
    /// Appends the findings of a document, NULL where it failed.
    pub(crate) fn push(&mut self, findings: Option<&[Finding]>) {
        let all = findings.unwrap_or_default();
        for finding in all {
            let texts = [
                finding.kind.as_str(),
                finding.form.as_str(),
                finding.key.as_str(),
                finding.verdict.as_str(),
            ];
            for (builder, text) in self.texts.iter_mut().zip(texts) {
                builder.append_value(text);
            }
            self.confidence.append_value(finding.confidence);
            self.bounds[0].append_value(finding.span.start as u64);
            self.bounds[1].append_value(finding.span.end as u64);
            // what is written to a builder, which cannot fail, becomes a value with what is appended
            let _ = write!(self.looked_for, "{}", finding.looked_for);
            self.looked_for.append_value("");
        }
        self.lengths.push(all.len());
        self.valid.push(findings.is_some());
    }

    pub(crate) fn finish(mut self) -> Result<ArrayRef> {
        let [kind, form, key, verdict] = &mut self.texts;
        let [start, end] = &mut self.bounds;
        let columns: Vec<ArrayRef> = vec![
            Arc::new(kind.finish()),
            Arc::new(form.finish()),
            Arc::new(key.finish()),
            Arc::new(verdict.finish()),
            Arc::new(self.confidence.finish()),
            Arc::new(start.finish()),
            Arc::new(end.finish()),
            Arc::new(self.looked_for.finish()),
        ];
        let rows = StructArray::try_new(fields(), columns, None)?;
        let offsets = OffsetBuffer::from_lengths(self.lengths);
        let nulls = NullBuffer::from(self.valid);
        Ok(Arc::new(ListArray::try_new(item(), offsets, Arc::new(rows), Some(nulls))?))
    }
}

/// Which findings a rule is about.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Wanted {
    /// A kind, none for all.
    pub kind: Option<Kind>,
    /// A verdict, none for every defect.
    pub verdict: Option<Verdict>,
    /// The least confidence.
    pub confidence: f64,
}

impl Wanted {
    /// Reads `kind, verdict, confidence`, of which the last or the last two may be left out.
    pub fn parse(arguments: &str) -> Result<Self, String> {
        let mut parts = arguments.split(',').map(|part| part.trim().trim_matches('\''));
        let kind = parts.next().unwrap_or_default();
        let verdict = parts.next().unwrap_or(ANY);
        let confidence = parts.next().unwrap_or("0");
        if let Some(more) = parts.next() {
            return Err(format!("'{more}' is one too many: kind, verdict, confidence"));
        }
        let known = |names: &[&str]| names.join(", ");
        let found_kind = Kind::ALL.iter().find(|known| known.as_str() == kind).copied();
        if found_kind.is_none() && kind != ANY {
            let names: Vec<&str> = Kind::ALL.iter().map(|kind| kind.as_str()).collect();
            return Err(format!("'{kind}' is no kind of reference: any, {}", known(&names)));
        }
        let found_verdict = Verdict::ALL.iter().find(|known| known.as_str() == verdict).copied();
        if found_verdict.is_none() && verdict != ANY {
            let names: Vec<&str> = Verdict::ALL.iter().map(|verdict| verdict.as_str()).collect();
            return Err(format!("'{verdict}' is no verdict: any, {}", known(&names)));
        }
        let confidence: f64 =
            confidence
                .parse()
                .ok()
                .filter(|value| (0.0..=1.0).contains(value))
                .ok_or_else(|| format!("'{confidence}' is no confidence from 0 to 1"))?;
        Ok(Self { kind: found_kind, verdict: found_verdict, confidence })
    }

    /// Whether a finding is meant.
    pub fn has(&self, finding: &Finding) -> bool {
        self.kind.is_none_or(|kind| kind == finding.kind)
            && self.verdict.map_or(finding.verdict.is_defect(), |it| it == finding.verdict)
            && f64::from(finding.confidence) >= self.confidence
    }

    /// The arguments in one form.
    pub fn canonical(&self) -> String {
        let kind = self.kind.map_or(ANY, Kind::as_str);
        let verdict = self.verdict.map_or(ANY, Verdict::as_str);
        format!("{kind}, {verdict}, {}", self.confidence)
    }

    /// The name under which its count stands in the annotations.
    pub fn column(&self) -> String {
        format!("dangling({})", self.canonical())
    }

    /// Reads what [`Wanted::column`] wrote.
    pub fn of_column(column: &str) -> Option<Self> {
        let arguments = column.strip_prefix("dangling(")?.strip_suffix(')')?;
        Self::parse(arguments).ok()
    }
}

#[expect(clippy::expect_used, reason = "the pattern is a constant and a test compiles it")]
static CALL: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?i)\bdangling\s*\(([^()]*)\)").expect("a fine pattern"));

/// Every call of `dangling` in an expression, each once, or what is wrong with one.
pub(crate) fn calls(sql: &str) -> Result<Vec<Wanted>, String> {
    let mut found: Vec<Wanted> = Vec::new();
    for groups in CALL.captures_iter(sql) {
        let wanted = Wanted::parse(&groups[1])?;
        if !found.contains(&wanted) {
            found.push(wanted);
        }
    }
    Ok(found)
}

/// The expression with each call as the name of its column.
pub(crate) fn named(sql: &str) -> String {
    let name = |groups: &Captures<'_>| match Wanted::parse(&groups[1]) {
        Ok(wanted) => format!("\"{}\"", wanted.column()),
        Err(_) => groups[0].to_owned(),
    };
    CALL.replace_all(sql, name).into_owned()
}

/// `tamis_dangling(findings, wanted)`: how many of the findings are meant.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Dangling {
    signature: Signature,
}

/// The function `tamis_dangling`.
pub fn dangling_udf() -> Arc<ScalarUDF> {
    Arc::new(ScalarUDF::from(Dangling { signature: Signature::any(2, Volatility::Immutable) }))
}

impl ScalarUDFImpl for Dangling {
    fn name(&self) -> &'static str {
        "tamis_dangling"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arguments: &[DataType]) -> Result<DataType> {
        Ok(DataType::Int64)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [lists, ColumnarValue::Scalar(ScalarValue::Utf8(Some(wanted)))] = args.args.as_slice()
        else {
            return exec_err!("tamis_dangling takes findings and a literal");
        };
        let wanted = Wanted::parse(wanted).map_err(|error| exec_datafusion_err!("{error}"))?;
        let lists = lists.to_array(args.number_rows)?;
        let broken = || exec_datafusion_err!("tamis_dangling takes findings");
        let lists = lists.as_any().downcast_ref::<ListArray>().ok_or_else(broken)?;
        let rows = lists.values().as_any().downcast_ref::<StructArray>().ok_or_else(broken)?;
        let text = |name: &str| {
            let column = rows.column_by_name(name);
            column.and_then(|column| column.as_any().downcast_ref::<StringArray>())
        };
        let confidence = rows.column_by_name("confidence");
        let confidence = confidence.and_then(|c| c.as_any().downcast_ref::<Float32Array>());
        let (Some(kinds), Some(verdicts), Some(confidence)) =
            (text("kind"), text("verdict"), confidence)
        else {
            return Err(broken());
        };
        let is_meant = |at: usize| {
            let verdict = verdicts.value(at);
            wanted.kind.is_none_or(|kind| kind.as_str() == kinds.value(at))
                && wanted
                    .verdict
                    .map_or(verdict != Verdict::External.as_str(), |it| it.as_str() == verdict)
                && f64::from(confidence.value(at)) >= wanted.confidence
        };
        let offsets = lists.value_offsets();
        let mut counts = Int64Builder::with_capacity(lists.len());
        for row in 0..lists.len() {
            if lists.is_null(row) {
                counts.append_null();
                continue;
            }
            let [Ok(from), Ok(to)] = [offsets[row], offsets[row + 1]].map(usize::try_from) else {
                return Err(broken());
            };
            let meant = (from..to).filter(|at| is_meant(*at));
            counts.append_value(meant.map(|_| 1_i64).sum::<i64>());
        }
        Ok(ColumnarValue::Array(Arc::new(counts.finish())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_read_in_every_form() {
        let wanted = Wanted::parse("table, missing, 0.8").unwrap();
        assert_eq!(wanted.kind, Some(Kind::Table));
        assert_eq!(Wanted::parse("'table','missing',.8").unwrap(), wanted);
        assert_eq!(Wanted::of_column(&wanted.column()), Some(wanted));
        assert_eq!(Wanted::parse("any").unwrap().canonical(), "any, any, 0");
        for wrong in ["tables", "table, gone", "table, missing, 2", "table, missing, 0.5, x", ""] {
            assert!(Wanted::parse(wrong).is_err(), "{wrong}");
        }
        let sql = "dangling( figure ) > 2 or Dangling(figure) = 1 and dangling(any, hollow) > 0";
        assert_eq!(calls(sql).unwrap().len(), 2);
        let named = named(sql);
        assert!(named.starts_with("\"dangling(figure, any, 0)\" > 2"), "{named}");
        assert!(calls("dangling(nothing) > 0").is_err());
    }
}
