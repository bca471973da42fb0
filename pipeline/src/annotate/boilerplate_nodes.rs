//! Lines that many documents of one source share: hashed, sorted, and given back to the documents
//! that have them.

use crate::annotate::works_nodes::matched;
use crate::table::node::{Inputs, Node};
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::common::Result;
use datafusion::execution::SendableRecordBatchStream;
use serde::{Deserialize, Serialize};
use tamis_rules::boilerplate::{Lines, least};

use crate::annotate::works_nodes::each_text;
use crate::table::batch::{Rows, columns, numbered};
use crate::table::names::{NAME, WORK};
use crate::table::row_id::ROW_ID;
use crate::table::stream::per_batch;

/// Turns `place, text, work` into `work, name, place`: a row for the document, whose name is 0, and
/// one for each of its different lines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct OfLines {}

/// `work, name, place`.
pub(crate) fn of_lines() -> SchemaRef {
    numbered([WORK, NAME, ROW_ID])
}

impl Node for OfLines {
    const NAME: &'static str = "OfLinesExec";

    fn schema(&self, _inputs: &[SchemaRef]) -> Result<SchemaRef> {
        Ok(of_lines())
    }

    fn rows(&self, inputs: &Inputs<'_>, schema: SchemaRef) -> Result<SendableRecordBatchStream> {
        Ok(self.execute(inputs.stream()?, schema))
    }
}

impl OfLines {
    #[expect(clippy::unused_self, reason = "all nodes are run the same way")]
    pub(crate) fn execute(
        &self,
        input: SendableRecordBatchStream,
        schema: SchemaRef,
    ) -> SendableRecordBatchStream {
        let mut lines = Lines::default();
        per_batch(input, schema, move |batch, out| {
            let mut rows = Rows::default();
            each_text(batch, |source, place, text| {
                rows.push([source, 0, place]);
                for name in lines.of(text) {
                    rows.push([source, *name, place]);
                }
            })?;
            rows.batch(out)
        })
    }
}

/// Passes on `place, name` of the lines that enough documents of a source have; the input is sorted
/// by source, name and place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Common {}

/// The line at hand.
#[derive(Default)]
struct Shared {
    source: Option<u64>,
    /// Documents of the source.
    documents: u64,
    name: u64,
    /// Documents that have the line, until they are enough: one of a thousand at most.
    waiting: Vec<u64>,
    enough: bool,
}

impl Shared {
    fn take(&mut self, [source, name, place]: [u64; 3], out: &mut Rows<2>) {
        if self.source != Some(source) {
            *self = Self { source: Some(source), ..Self::default() };
        }
        if name == 0 {
            self.documents += 1;
            return;
        }
        if self.name != name {
            self.name = name;
            self.waiting.clear();
            self.enough = false;
        }
        if self.enough {
            out.push([place, name]);
            return;
        }
        self.waiting.push(place);
        if self.waiting.len() as u64 >= least(self.documents) {
            self.enough = true;
            self.waiting.drain(..).for_each(|place| out.push([place, name]));
        }
    }
}

impl Node for Common {
    const NAME: &'static str = "CommonExec";

    fn schema(&self, _inputs: &[SchemaRef]) -> Result<SchemaRef> {
        Ok(matched())
    }

    fn rows(&self, inputs: &Inputs<'_>, schema: SchemaRef) -> Result<SendableRecordBatchStream> {
        Ok(self.execute(inputs.stream()?, schema))
    }
}

impl Common {
    #[expect(clippy::unused_self, reason = "all nodes are run the same way")]
    pub(crate) fn execute(
        &self,
        input: SendableRecordBatchStream,
        schema: SchemaRef,
    ) -> SendableRecordBatchStream {
        let mut shared = Shared::default();
        per_batch(input, schema, move |batch, out| {
            let [sources, names, places] = columns(batch, [WORK, NAME, ROW_ID])?;
            let mut rows = Rows::default();
            for row in 0..batch.num_rows() {
                shared.take([sources[row], names[row], places[row]], &mut rows);
            }
            rows.batch(out)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(rows: &[[u64; 3]]) -> Vec<[u64; 2]> {
        let (mut shared, mut out) = (Shared::default(), Rows::default());
        for row in rows {
            shared.take(*row, &mut out);
        }
        let batch = out.batch(&numbered([ROW_ID, NAME])).unwrap();
        let [places, names] = columns(&batch, [ROW_ID, NAME]).unwrap();
        places.iter().zip(names).map(|(place, name)| [*place, *name]).collect()
    }

    #[test]
    fn a_line_of_ten_documents_of_one_source() {
        let mut rows: Vec<[u64; 3]> = (0..12).map(|place| [1, 0, place]).collect();
        rows.extend((0..9).map(|place| [1, 5, place]));
        rows.extend((1..12).map(|place| [1, 6, place]));
        rows.extend((12..21).map(|place| [2, 0, place]));
        rows.extend((12..21).map(|place| [2, 6, place]));
        assert_eq!(found(&rows), (1..12).map(|place| [place, 6]).collect::<Vec<_>>());
    }

    #[test]
    fn of_many_documents_one_of_a_thousand() {
        let source = |with: u64| {
            let mut rows: Vec<[u64; 3]> = (0..20_001).map(|place| [1, 0, place]).collect();
            rows.extend((0..with).map(|place| [1, 7, place]));
            found(&rows).len()
        };
        assert_eq!((source(20), source(21)), (0, 21));
    }
}
