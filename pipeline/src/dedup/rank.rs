//! Numbers of documents in survivor order.

use datafusion::arrow::datatypes::SchemaRef;
use datafusion::execution::SendableRecordBatchStream;
use serde::{Deserialize, Serialize};

use crate::table::batch::{Rows, numbered};
use crate::table::node::{Inputs, Node};
use crate::table::row_id::ROW_ID;
use crate::table::stream::per_batch;
use datafusion::common::Result;

use crate::table::batch::columns;
use crate::table::cursor::SortedCursor;
use crate::table::names::RANK;
use crate::table::row_id::unit_and_position;

/// The number in survivor order of the document at `place`: by `ranks`, or input order where there
/// are none.
pub(crate) fn rank_of(
    place: u64,
    bases: &[u64],
    ranks: Option<&mut SortedCursor>,
) -> Result<Option<u64>> {
    let Some(ranks) = ranks else {
        let (unit, position) = unit_and_position(place);
        return Ok(Some(bases.get(unit).copied().unwrap_or(0) + position));
    };
    let Some((found, at)) = ranks.seek(place)? else { return Ok(None) };
    Ok(columns(found, [RANK])?[0].get(at).copied())
}

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
