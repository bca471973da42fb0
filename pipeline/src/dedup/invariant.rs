//! What must hold of every duplicate, checked at the end of dedup.

use datafusion::logical_expr::{col, ident};
use datafusion::prelude::DataFrame;

use crate::dedup::links::Kind;
use crate::error::PipelineError;
use crate::stage::work::Work;
use crate::table::batch::columns;
use crate::table::cursor::SortedCursor;
use crate::table::names::{SOURCE, SURVIVOR};
use crate::table::row_id::ROW_ID;
use crate::table::row_set::RowSet;

/// Rows of a batch.
const ROWS: usize = 1 << 14;

impl Work<'_> {
    /// A document that goes names one that stays, of another source where sources matter, and of
    /// the reference set where only that is looked at.
    pub(crate) async fn check_links(&self, kinds: &[Kind]) -> Result<(), PipelineError> {
        let path = self.directory.dedup("links");
        let gone = RowSet::read(&path)?;
        let reference = self.reference();
        let mut links = SortedCursor::new(vec![path], &[ROW_ID, SURVIVOR], 0, ROWS);
        while let Some(batch) = links.next()? {
            let [rows, survivors] = columns(&batch, [ROW_ID, SURVIVOR])?;
            for (&row, &survivor) in rows.iter().zip(survivors) {
                if gone.has(survivor) || !reference.allows(row, survivor) {
                    return Err(PipelineError::Unbalanced(format!(
                        "document {row} goes for document {survivor}, which goes too or may not be a survivor"
                    )));
                }
            }
        }
        if self.config.content.across_sources {
            for kind in kinds {
                let members = self.read(&self.joined(*kind).await?).await?;
                let same = of_one_source(members)?.count().await?;
                if same > 0 {
                    return Err(PipelineError::Unbalanced(format!(
                        "{same} documents go as {} duplicates for one of their own source",
                        kind.name()
                    )));
                }
            }
        }
        Ok(())
    }
}

/// The members that go for one of their own source.
fn of_one_source(members: DataFrame) -> Result<DataFrame, PipelineError> {
    let survivors =
        members.clone().select([col(ROW_ID).alias("of_row_id"), col(SOURCE).alias("of_source")])?;
    let goes = members.filter(col(ROW_ID).not_eq(col(SURVIVOR)))?;
    let on = datafusion::common::JoinType::Inner;
    let pairs = goes.join(survivors, on, &[SURVIVOR], &["of_row_id"], None)?;
    Ok(pairs.filter(ident(SOURCE).eq(ident("of_source")))?)
}
