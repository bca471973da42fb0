//! One scan of the annotations of a run: what strata, token weights and rare documents need.

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::UInt64Type;
use serde_json::Value;
use tamis_pipeline::PipelineError;
use tamis_pipeline::look::{Duplicates, REASONS};
use tamis_pipeline::table::names::{FOREIGN_PREFIX, quoted};

use super::asked::Asked;
use super::ranks::{Ranked, Ranker, by_size};
use super::run::{RunData, may_belong};
use super::strata::{Order, Strata as Drawn, length_name};
use super::{Progress, cancelled};
use crate::error::InspectError;
use crate::model::{Population, SampleSpec, Strata, Unit};

/// What a document is called that no rule speaks of, or that has no value.
const NONE: &str = "none";

/// The columns of the scan, with what the specification needs.
fn columns(data: &RunData, spec: &SampleSpec) -> Result<String, InspectError> {
    let text = |value: &str| format!("'{}'", value.replace('\'', "''"));
    let asked = data.asked(spec);
    let condition = asked.condition.as_deref().unwrap_or("true");
    let mut flag = String::from("CASE");
    for rule in &data.flags {
        flag.push_str(&format!(" WHEN {} THEN {}", quoted(rule), text(rule)));
    }
    let flag = if data.flags.is_empty() { "NULL".to_owned() } else { format!("{flag} END") };
    let value = match &spec.strata {
        Some(Strata::Source) => {
            let manifest = data.run.manifest();
            let own = manifest.pointer("/configuration/source_column").and_then(Value::as_str);
            own.map_or("shard", |_| "source").to_owned()
        }
        Some(Strata::Language) => {
            let known = ["language", "lang", "metadata.language", "meta.language"];
            let all = data.run.columns()?;
            let named = known.iter().map(|name| format!("{FOREIGN_PREFIX}{name}"));
            let found = named.into_iter().find(|name| all.iter().any(|(one, _)| one == name));
            let Some(found) = found else {
                return Err(InspectError::Usage(
                    "the run has no language column; a rule file declares it under columns: {language: string}"
                        .to_owned(),
                ));
            };
            quoted(&found)
        }
        Some(Strata::Sql(sql)) => format!("({sql})"),
        _ => "NULL".to_owned(),
    };
    Ok(format!(
        "rule_decision, first_reason, text_bytes, ({condition}) AS chosen, \
         CAST({flag} AS VARCHAR) AS flag, CAST({value} AS VARCHAR) AS value"
    ))
}

/// Where the scan is.
struct Cursor<'a> {
    data: &'a RunData,
    spec: &'a SampleSpec,
    asked: Asked,
    /// Number of the slice, and of the next document in it.
    slice: usize,
    number: u64,
    duplicates: Duplicates,
    ranker: Ranker,
    strata: Drawn,
    done: u64,
}

/// Keeps the `each` first documents of every stratum.
pub(crate) fn scan(
    data: &RunData,
    spec: &SampleSpec,
    each: usize,
    progress: &dyn Progress,
) -> Result<Order, InspectError> {
    let mut cursor = Cursor {
        data,
        spec,
        asked: data.asked(spec),
        slice: 0,
        number: 0,
        duplicates: Duplicates::default(),
        ranker: Ranker::new(spec.seed, ""),
        strata: Drawn::new(each),
        done: 0,
    };
    let total: u64 = data.slices.iter().map(|slice| slice.rows).sum();
    if total == 0 {
        return Ok(cursor.strata.order());
    }
    cursor.enter()?;
    let mut stopped = None;
    let visit = |_: usize, batch: &RecordBatch| -> Result<bool, PipelineError> {
        progress.progress(cursor.done as f64 / total as f64);
        let gone_on = if progress.cancelled() { Err(cancelled()) } else { cursor.batch(batch) };
        match gone_on {
            Ok(()) => Ok(true),
            Err(error) => {
                stopped = Some(error);
                Ok(false)
            }
        }
    };
    data.runtime.block_on(data.run.select(&columns(data, spec)?, visit))?;
    if let Some(error) = stopped {
        return Err(error);
    }
    progress.progress(1.0);
    Ok(cursor.strata.order())
}

impl Cursor<'_> {
    /// Makes ready for the documents of the next slice.
    fn enter(&mut self) -> Result<(), InspectError> {
        let Some(slice) = self.data.slices.get(self.slice) else {
            let what = "the annotations hold more documents than report.json says";
            return Err(InspectError::file(self.data.run.root(), what));
        };
        self.number = 0;
        self.duplicates = self.data.run.duplicates(&slice.shard, 0, u64::MAX)?;
        self.ranker = Ranker::new(self.spec.seed, &slice.shard);
        Ok(())
    }

    fn batch(&mut self, batch: &RecordBatch) -> Result<(), InspectError> {
        let missing = |name: &str| {
            let what = format!("the annotations have no column {name} of the right type");
            InspectError::file(self.data.run.root(), what)
        };
        let text = |name: &str| {
            let column = batch.column_by_name(name);
            let column = column
                .map(|column| arrow::compute::cast(column, &arrow::datatypes::DataType::Utf8));
            column.and_then(Result::ok).ok_or_else(|| missing(name))
        };
        let (decisions, reasons) = (text("rule_decision")?, text("first_reason")?);
        let (flags, values) = (text("flag")?, text("value")?);
        let sizes = batch
            .column_by_name("text_bytes")
            .and_then(|column| column.as_primitive_opt::<UInt64Type>())
            .ok_or_else(|| missing("text_bytes"))?
            .clone();
        let chosen = batch
            .column_by_name("chosen")
            .and_then(|column| column.as_boolean_opt())
            .ok_or_else(|| missing("chosen"))?
            .clone();
        let word = |column: &arrow::array::ArrayRef, at: usize| -> Option<String> {
            let column = column.as_string_opt::<i32>()?;
            (!column.is_null(at)).then(|| column.value(at).to_owned())
        };
        for at in 0..batch.num_rows() {
            while self.data.slices.get(self.slice).is_some_and(|of| self.number >= of.rows) {
                self.slice += 1;
                self.enter()?;
            }
            let number = self.number;
            self.number += 1;
            self.done += 1;
            if chosen.is_null(at) || !chosen.value(at) {
                continue;
            }
            let seen = Seen {
                decision: word(&decisions, at).unwrap_or_default(),
                reason: word(&reasons, at),
                flag: word(&flags, at),
                value: word(&values, at),
                size: if sizes.is_null(at) { 0 } else { sizes.value(at) },
            };
            self.offer(number, seen)?;
        }
        Ok(())
    }

    fn offer(&mut self, number: u64, seen: Seen) -> Result<(), InspectError> {
        let Some(slice) = self.data.slices.get(self.slice) else { return Ok(()) };
        let row = slice.row(number);
        let mut seen = seen;
        let gone = self.duplicates.gone.binary_search_by_key(&row, |(row, _)| *row).ok();
        if let Some(at) = gone.filter(|_| seen.decision == "kept") {
            "removed".clone_into(&mut seen.decision);
            let why = self.duplicates.gone.get(at).and_then(|(_, why)| REASONS.get(*why));
            seen.reason = why.map(|why| (*why).to_owned());
        }
        let flagged = self.spec.population != Population::Flagged || seen.flag.is_some();
        let wanted = self.asked.wants(seen.reason.as_deref());
        if !may_belong(self.spec.population, &seen.decision) || !flagged || !wanted {
            return Ok(());
        }
        if self.spec.unit == Unit::Token && seen.size == 0 {
            return Ok(());
        }
        let (mut rank, id) = self.ranker.rank(row);
        if self.spec.unit == Unit::Token {
            rank = by_size(rank, seen.size);
        }
        let survives = || self.duplicates.survivors.binary_search(&row).is_ok();
        let none = || NONE.to_owned();
        let size = seen.size;
        let stratum = match &self.spec.strata {
            None => String::new(),
            Some(Strata::Decision) => seen.decision,
            Some(Strata::Rule) => seen.reason.or(seen.flag).unwrap_or_else(none),
            Some(Strata::Length) => length_name(size),
            Some(Strata::Cluster) if gone.is_some() => "duplicate".to_owned(),
            Some(Strata::Cluster) if survives() => "survivor".to_owned(),
            Some(Strata::Cluster) => "alone".to_owned(),
            Some(Strata::Source | Strata::Language | Strata::Sql(_)) => {
                seen.value.unwrap_or_else(none)
            }
        };
        let shard = u32::try_from(self.slice).unwrap_or(u32::MAX);
        self.strata.offer(&stratum, Ranked { rank, id, shard, number }, size)
    }
}

/// What a row of the scan says.
struct Seen {
    decision: String,
    reason: Option<String>,
    flag: Option<String>,
    value: Option<String>,
    size: u64,
}
