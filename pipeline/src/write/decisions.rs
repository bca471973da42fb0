//! The table of decisions: the final word on every document, a part for each unit.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::StringArray;
use datafusion::arrow::datatypes::DataType;
use datafusion::common::{Result, ScalarValue};
use datafusion::physical_expr::expressions::{IsNotNullExpr, case, lit as lit_physical};

use crate::dedup::attach::Attach;
use crate::dedup::repeats::{EMPTIED, SPANS};
use crate::error::PipelineError;
use crate::stage::work::Work;
use crate::table::batch::typed;
use crate::table::cursor::SortedCursor;
use crate::table::names::{
    CUTS, DECISION, FIRST_REASON, KIND, RULE_DECISION, SIMILARITY, SURVIVOR,
};
use crate::table::node::over;
use crate::table::part::Content;
use crate::table::parts::parts;
use crate::table::plan::{Expr, Plan, column, pass, project, text, write};
use crate::table::row_id::ROW_ID;
use crate::write::cuts::{CutsOfDocuments, cuts_type};
use crate::write::outputs::ShardCounts;

/// Rows of a table held at a time.
const BATCH_ROWS: usize = 4096;
/// The reason of a duplicate, and what a document that lost all its text was a copy of.
const OF_DUPLICATE: &str = "of_duplicate";
const OF_EMPTIED: &str = "of_emptied";

/// Tables in input order with what may be known of a document.
#[derive(Debug, Default)]
struct Known {
    duplicates: Option<PathBuf>,
    cuts: Option<PathBuf>,
    emptied: Option<PathBuf>,
}

/// Adds columns of a table, NULL for documents that it does not hold.
fn beside(plan: Plan, table: &Path, columns: &[(&str, &str)]) -> Result<Plan> {
    let columns = columns.iter().map(|(from, to)| ((*from).to_owned(), (*to).to_owned()));
    let attach = Attach {
        paths: vec![table.to_owned()],
        key: ROW_ID.to_owned(),
        columns: columns.collect(),
        batch_rows: BATCH_ROWS,
        threads: 1,
        optional: true,
    };
    over(attach, plan)
}

/// The decisions on the documents of a part of annotations.
fn decided(part: &Path, known: &Known) -> Result<Plan> {
    let names = [ROW_ID, "document_id", RULE_DECISION, FIRST_REASON];
    let mut plan = parts(&[part.to_owned()], &names)?;
    if let Some(table) = &known.duplicates {
        let columns = ["survivor_id", SURVIVOR, SIMILARITY, KIND].map(|name| (name, name));
        let reason = [(FIRST_REASON, OF_DUPLICATE)];
        plan = beside(plan, table, &[&columns[..], &reason].concat())?;
    }
    if let Some(table) = &known.cuts {
        plan = beside(plan, table, &[(CUTS, CUTS)])?;
    }
    if let Some(table) = &known.emptied {
        plan = beside(plan, table, &[(FIRST_REASON, OF_EMPTIED)])?;
    }
    let schema = plan.schema();
    let has = |name: &str| schema.column_with_name(name).is_some();
    let mut decision = column(RULE_DECISION, &schema)?;
    let mut reason = column(FIRST_REASON, &schema)?;
    for name in [OF_DUPLICATE, OF_EMPTIED] {
        if has(name) {
            let instead = column(name, &schema)?;
            let goes: Expr = Arc::new(IsNotNullExpr::new(Arc::clone(&instead)));
            decision = case(None, vec![(Arc::clone(&goes), text("removed"))], Some(decision))?;
            reason = case(None, vec![(goes, instead)], Some(reason))?;
        }
    }
    let mut exprs = pass(&[ROW_ID, "document_id"], &schema)?;
    exprs.push((decision, DECISION.to_owned()));
    exprs.push((reason, FIRST_REASON.to_owned()));
    for (name, kind) in [
        ("survivor_id", DataType::Utf8),
        (SURVIVOR, DataType::Utf8),
        (SIMILARITY, DataType::Float64),
        (KIND, DataType::Utf8),
        (CUTS, cuts_type()),
    ] {
        let value = if has(name) {
            column(name, &schema)?
        } else {
            lit_physical(ScalarValue::try_from(&kind)?)
        };
        exprs.push((value, name.to_owned()));
    }
    project(exprs, plan)
}

impl Work<'_> {
    /// Writes `decisions/`: joined with `annotations/` by row id, it answers every question about a
    /// document.
    pub(crate) async fn decisions(&self) -> Result<(), PipelineError> {
        let duplicates = !self.config.content.duplicates().is_empty() && !self.own().is_empty();
        let mut known = Known {
            duplicates: duplicates.then(|| self.directory.dedup("duplicates")),
            ..Known::default()
        };
        if self.config.content.repeats.is_some() && !self.own().is_empty() {
            known.cuts = Some(self.cuts_by_document().await?);
            known.emptied = Some(self.directory.path(EMPTIED));
        }
        let path = |unit| self.directory.decisions(self.number(unit));
        self.movement(
            "decisions",
            self.own(),
            |unit| path(unit).exists(),
            async |unit, _| {
                let plan = decided(&self.part(unit), &known)?;
                Ok(write(plan, &path(unit), Content::Values)?)
            },
        )
        .await
    }

    /// What was written is what was decided: kept, removed and failed of the table and of the
    /// outputs are the same numbers.
    pub(crate) fn check_decisions(&self, counts: &[ShardCounts]) -> Result<(), PipelineError> {
        let mut decided = [0_u64; 3];
        let paths = self.own().map(|unit| self.directory.decisions(self.number(unit))).collect();
        let mut cursor = SortedCursor::new(paths, &[DECISION], 0, BATCH_ROWS);
        while let Some(batch) = cursor.next()? {
            for decision in typed::<StringArray>(&batch, DECISION)? {
                decided[match decision {
                    Some("kept") => 0,
                    Some("removed") => 1,
                    _ => 2,
                }] += 1;
            }
        }
        let mut written = [0_u64; 3];
        for shard in counts {
            written[0] += shard.kept;
            written[1] += shard.removed;
            written[2] += shard.failed;
        }
        if decided == written {
            return Ok(());
        }
        Err(PipelineError::Unbalanced(format!(
            "decisions are {decided:?} kept, removed and failed, the outputs hold {written:?}"
        )))
    }

    /// Writes `dedup/cuts`: the spans that were cut out of each document, in input order.
    async fn cuts_by_document(&self) -> Result<PathBuf, PipelineError> {
        let path = self.directory.dedup("cuts");
        if path.exists() {
            return Ok(path);
        }
        let spans = parts(&[self.directory.path(SPANS)], &[ROW_ID, "start", "end", KIND])?;
        let plan = over(CutsOfDocuments {}, spans)?;
        self.file_step("cuts", &path, write(plan, &path, Content::Values)?).await?;
        Ok(path)
    }
}
