//! From links between places to clusters that people read.

use crate::dedup::links::links;
use crate::table::node::{Inputs, Node, only};
use std::path::PathBuf;
use std::sync::Arc;

use arrow::array::{Float64Array, RecordBatch, StringArray, UInt64Array};
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::common::Result;
use datafusion::execution::SendableRecordBatchStream;
use serde::{Deserialize, Serialize};

use crate::dedup::kept::Kept;
use crate::dedup::links::linked;
use crate::table::batch::typed;
use crate::table::batch::{Rows, columns, numbered};
use crate::table::cursor::SortedCursor;
use crate::table::names::RANK;
use crate::table::names::RULE_DECISION;
use crate::table::names::{SIMILARITY, SURVIVOR};
use crate::table::row_id::ROW_ID;
use crate::table::stream::per_batch;

/// Numbers the rows from 0: `place, rank` of an input in survivor order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Number {}

/// `place, rank`.
pub(crate) fn ranks() -> SchemaRef {
    numbered([ROW_ID, RANK])
}

impl Node for Number {
    const NAME: &'static str = "NumberExec";

    fn schema(&self, _inputs: &[SchemaRef]) -> Result<SchemaRef> {
        Ok(ranks())
    }

    fn rows(&self, inputs: &Inputs<'_>, schema: SchemaRef) -> Result<SendableRecordBatchStream> {
        Ok(self.execute(inputs.stream()?, schema))
    }
}

impl Number {
    #[expect(clippy::unused_self, reason = "all nodes are run the same way")]
    pub(crate) fn execute(
        &self,
        input: SendableRecordBatchStream,
        schema: SchemaRef,
    ) -> SendableRecordBatchStream {
        let mut next = 0_u64;
        per_batch(input, schema, move |batch, out| {
            let mut rows = Rows::default();
            for place in columns(batch, [ROW_ID])?[0] {
                rows.push([*place, next]);
                next += 1;
            }
            rows.batch(out)
        })
    }
}

/// Passes on the rows of a scan whose place is in a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Pick {
    /// The file: a sorted column `place`.
    pub places: PathBuf,
    /// The first place of the unit that is scanned.
    pub from: u64,
    /// The file holds annotations, and only what is still there is wanted.
    #[serde(default)]
    pub kept: Option<Kept>,
}

impl Node for Pick {
    const NAME: &'static str = "PickExec";

    fn schema(&self, inputs: &[SchemaRef]) -> Result<SchemaRef> {
        Ok(Arc::clone(only(inputs, Self::NAME)?))
    }

    fn rows(&self, inputs: &Inputs<'_>, schema: SchemaRef) -> Result<SendableRecordBatchStream> {
        Ok(self.execute(inputs.stream()?, schema))
    }
}

impl Pick {
    pub(crate) fn execute(
        &self,
        input: SendableRecordBatchStream,
        schema: SchemaRef,
    ) -> SendableRecordBatchStream {
        let names: &[&str] = if self.kept.is_some() { &[ROW_ID, RULE_DECISION] } else { &[ROW_ID] };
        let mut walk = SortedCursor::new(vec![self.places.clone()], names, self.from, 4096);
        let gone = self.kept.as_ref().and_then(|kept| kept.gone.clone());
        let mut gone = gone.map(|path| SortedCursor::new(vec![path], &[ROW_ID], self.from, 4096));
        let decided = self.kept.is_some();
        per_batch(input, schema, move |batch, _| {
            let [places] = columns(batch, [ROW_ID])?;
            let mut keep = Vec::with_capacity(places.len());
            for place in places {
                let there = match walk.seek(*place)? {
                    Some((found, at)) if decided => {
                        typed::<StringArray>(found, RULE_DECISION)?.value(at) == "kept"
                    }
                    found => found.is_some(),
                };
                let copy = match &mut gone {
                    Some(gone) => gone.seek(*place)?.is_some(),
                    None => false,
                };
                keep.push(there && !copy);
            }
            Ok(arrow::compute::filter_record_batch(batch, &keep.into())?)
        })
    }
}

/// Points links at the document that stays where their survivor went as a near duplicate: an
/// exact copy is as similar to it as its survivor was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Relink {
    /// Links of near duplicates, in input order.
    pub fuzzy: PathBuf,
    /// Pass on the links that moved, or those that did not.
    pub moved: bool,
}

impl Node for Relink {
    const NAME: &'static str = "RelinkExec";

    fn schema(&self, _inputs: &[SchemaRef]) -> Result<SchemaRef> {
        Ok(links())
    }

    fn rows(&self, inputs: &Inputs<'_>, schema: SchemaRef) -> Result<SendableRecordBatchStream> {
        Ok(self.execute(inputs.stream()?, schema))
    }
}

impl Relink {
    pub(crate) fn execute(
        &self,
        input: SendableRecordBatchStream,
        schema: SchemaRef,
    ) -> SendableRecordBatchStream {
        let names = [ROW_ID, SURVIVOR, SIMILARITY];
        let mut walk = SortedCursor::new(vec![self.fuzzy.clone()], &names, 0, 4096);
        let moved = self.moved;
        per_batch(input, schema, move |batch, out| {
            let [places, survivors] = columns(batch, [ROW_ID, SURVIVOR])?;
            let before = typed::<Float64Array>(batch, SIMILARITY)?;
            let (mut members, mut stay, mut similar) = (Vec::new(), Vec::new(), Vec::new());
            for (row, (&place, &survivor)) in places.iter().zip(survivors).enumerate() {
                let (survivor, similarity) = match walk.seek(survivor)? {
                    Some((found, at)) if moved => (
                        columns(found, [SURVIVOR])?[0][at],
                        typed::<Float64Array>(found, SIMILARITY)?.value(at),
                    ),
                    None if !moved => (survivor, before.value(row)),
                    _ => continue,
                };
                members.push(place);
                stay.push(survivor);
                similar.push(similarity);
            }
            linked(out, members, stay, Some(similar))
        })
    }
}

/// Adds each survivor to its cluster: the input is sorted by survivor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct WithSurvivors {}

impl Node for WithSurvivors {
    const NAME: &'static str = "WithSurvivorsExec";

    fn schema(&self, _inputs: &[SchemaRef]) -> Result<SchemaRef> {
        Ok(links())
    }

    fn rows(&self, inputs: &Inputs<'_>, schema: SchemaRef) -> Result<SendableRecordBatchStream> {
        Ok(self.execute(inputs.stream()?, schema))
    }
}

impl WithSurvivors {
    #[expect(clippy::unused_self, reason = "all nodes are run the same way")]
    pub(crate) fn execute(
        &self,
        input: SendableRecordBatchStream,
        schema: SchemaRef,
    ) -> SendableRecordBatchStream {
        let mut last: Option<u64> = None;
        per_batch(input, schema, move |batch, out| with_survivors(batch, &mut last, out))
    }
}

fn with_survivors(
    batch: &RecordBatch,
    last: &mut Option<u64>,
    schema: &SchemaRef,
) -> Result<RecordBatch> {
    let places = typed::<UInt64Array>(batch, ROW_ID)?;
    let survivors = typed::<UInt64Array>(batch, SURVIVOR)?;
    let before = typed::<Float64Array>(batch, SIMILARITY)?;
    let (mut members, mut stay, mut similar) = (Vec::new(), Vec::new(), Vec::new());
    for row in 0..places.len() {
        let survivor = survivors.value(row);
        if *last != Some(survivor) {
            *last = Some(survivor);
            members.push(survivor);
            stay.push(survivor);
            similar.push(1.0);
        }
        members.push(places.value(row));
        stay.push(survivor);
        similar.push(before.value(row));
    }
    linked(schema, members, stay, Some(similar))
}
