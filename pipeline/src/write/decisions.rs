//! The table of decisions: the final word on every document, a part for each unit.

use std::path::Path;
use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, Field, Fields};
use datafusion::common::{JoinType, ScalarValue};
use datafusion::functions::core::expr_fn::named_struct;
use datafusion::functions_aggregate::expr_fn::array_agg;
use datafusion::logical_expr::{ExprFunctionExt, cast, ident, lit, when};
use datafusion::prelude::{DataFrame, Expr, ParquetReadOptions, SessionContext};

use crate::dedup::repeats::{EMPTIED, SPANS};
use crate::error::PipelineError;
use crate::stage::session::narrow;
use crate::stage::work::Work;
use crate::table::names::{
    CUTS, DECISION, FIRST_REASON, KIND, RULE_DECISION, SIMILARITY, SURVIVOR,
};
use crate::table::part::Content;
use crate::table::plan::{path_text, single, write};
use crate::table::row_id::{ROW_ID, first_row_id};

/// The columns of the documents of one side of a join.
fn of(name: &str) -> String {
    format!("of_{name}")
}

/// Spans that were cut out of a text: what they are copies of, first byte, byte behind the last.
fn cuts_type() -> DataType {
    let fields = Fields::from(vec![
        Field::new(KIND, DataType::Utf8, true),
        Field::new("start", DataType::UInt64, true),
        Field::new("end", DataType::UInt64, true),
    ]);
    DataType::List(Arc::new(Field::new("item", DataType::Struct(fields), true)))
}

/// A file of ours that lies in input order.
async fn in_order(context: &SessionContext, path: &Path) -> Result<DataFrame, PipelineError> {
    let order = vec![vec![ident(ROW_ID).sort(true, false)]];
    let options = ParquetReadOptions::default().file_sort_order(order);
    Ok(context.read_parquet(path_text(path)?, options).await?)
}

impl Work<'_> {
    /// Writes `decisions/`: joined with `annotations/` by row id, it answers every question about a
    /// document.
    pub(crate) async fn decisions(&self) -> Result<(), PipelineError> {
        let duplicates = !self.config.content.duplicates().is_empty();
        let duplicates = duplicates.then(|| self.directory.dedup("duplicates"));
        let repeats = self.config.content.repeats.is_some();
        let path = |unit| self.directory.decisions(self.number(unit));
        let context = narrow(&self.context);
        let context = &context;
        self.movement(
            "decisions",
            self.own(),
            |unit| path(unit).exists(),
            async |unit, _| {
                let mut rows = self.undecided(context, unit).await?;
                rows = match &duplicates {
                    Some(path) => self.with_duplicates(context, unit, rows, path).await?,
                    None => without_duplicates(rows)?,
                };
                rows = if repeats {
                    self.with_cuts(context, unit, rows).await?
                } else {
                    let none = ScalarValue::try_from(&cuts_type())?;
                    rows.with_column(CUTS, lit(none))?
                };
                let columns = [
                    ROW_ID,
                    "document_id",
                    "id",
                    "shard",
                    "row",
                    DECISION,
                    FIRST_REASON,
                    "survivor_id",
                    SURVIVOR,
                    SIMILARITY,
                    KIND,
                    CUTS,
                ];
                let rows = rows.sort(vec![ident(ROW_ID).sort(true, false)])?;
                let rows = rows.select(columns.map(ident))?;
                let plan = single(rows.create_physical_plan().await?);
                Ok(write(plan, &path(unit), Content::Values)?)
            },
        )
        .await
    }

    /// What rules decided of the documents of a unit.
    async fn undecided(
        &self,
        context: &SessionContext,
        unit: usize,
    ) -> Result<DataFrame, PipelineError> {
        let part = in_order(context, &self.part(unit)).await?;
        let names = [ROW_ID, "document_id", "id", "shard", "row", RULE_DECISION, FIRST_REASON];
        Ok(part.select(names.map(ident))?)
    }

    /// The rows of a table that are of a unit.
    async fn of_unit(
        &self,
        context: &SessionContext,
        unit: usize,
        path: &Path,
    ) -> Result<DataFrame, PipelineError> {
        let rows = in_order(context, path).await?;
        let from = ident(ROW_ID).gt_eq(lit(first_row_id(unit)));
        Ok(rows.filter(from.and(ident(ROW_ID).lt(lit(first_row_id(unit + 1)))))?)
    }

    /// Adds what goes as a duplicate, and for which document.
    async fn with_duplicates(
        &self,
        context: &SessionContext,
        unit: usize,
        rows: DataFrame,
        path: &Path,
    ) -> Result<DataFrame, PipelineError> {
        let duplicates = self.of_unit(context, unit, path).await?;
        let duplicates = duplicates.with_column_renamed(ROW_ID, &of(ROW_ID))?;
        let of_row = of(ROW_ID);
        let joined = rows.join(duplicates, JoinType::Left, &[ROW_ID], &[of_row.as_str()], None)?;
        let goes = ident(of_row.as_str()).is_not_null();
        let decision = when(goes.clone(), lit("removed")).otherwise(ident(RULE_DECISION))?;
        let rule = datafusion::functions::string::expr_fn::concat(vec![lit("dedup/"), ident(KIND)]);
        let first = when(goes, rule).otherwise(ident(FIRST_REASON))?;
        Ok(joined.with_column(DECISION, decision)?.with_column(FIRST_REASON, first)?)
    }

    /// Adds what was cut out of a document as a copy, and what became of those that were nothing
    /// else.
    async fn with_cuts(
        &self,
        context: &SessionContext,
        unit: usize,
        rows: DataFrame,
    ) -> Result<DataFrame, PipelineError> {
        let spans = self.of_unit(context, unit, &self.directory.path(SPANS)).await?;
        let cut = named_struct(vec![
            lit(KIND),
            ident(KIND),
            lit("start"),
            ident("start"),
            lit("end"),
            ident("end"),
        ]);
        let order = ["start", "end", KIND].map(|name| ident(name).sort(true, false)).to_vec();
        let cuts = array_agg(cut).order_by(order).build()?.alias(CUTS);
        let cuts = spans.aggregate(vec![ident(ROW_ID)], vec![cuts])?;
        let cuts = cuts.with_column_renamed(ROW_ID, &of("cut"))?;
        let emptied = context
            .read_parquet(path_text(&self.directory.path(EMPTIED))?, ParquetReadOptions::default())
            .await?
            .select([ident("document_id").alias(of("document_id")), ident(KIND).alias(of(KIND))])?;
        let (of_cut, of_id) = (of("cut"), of("document_id"));
        let rows = rows.join(cuts, JoinType::Left, &[ROW_ID], &[of_cut.as_str()], None)?.join(
            emptied,
            JoinType::Left,
            &["document_id"],
            &[of_id.as_str()],
            None,
        )?;
        let empty = ident(of_id.as_str()).is_not_null();
        let decision = when(empty.clone(), lit("removed")).otherwise(ident(DECISION))?;
        let rule =
            datafusion::functions::string::expr_fn::concat(vec![lit("dedup/"), ident(of(KIND))]);
        let first = when(empty, rule).otherwise(ident(FIRST_REASON))?;
        let cuts = cast(ident(CUTS), cuts_type());
        Ok(rows
            .with_column(DECISION, decision)?
            .with_column(FIRST_REASON, first)?
            .with_column(CUTS, cuts)?)
    }
}

/// The columns that duplicates have, where none are looked for.
fn without_duplicates(rows: DataFrame) -> Result<DataFrame, PipelineError> {
    let none =
        |kind: &DataType| -> Result<Expr, PipelineError> { Ok(lit(ScalarValue::try_from(kind)?)) };
    Ok(rows
        .with_column(DECISION, ident(RULE_DECISION))?
        .with_column("survivor_id", none(&DataType::Utf8)?)?
        .with_column(SURVIVOR, none(&DataType::Utf8)?)?
        .with_column(SIMILARITY, none(&DataType::Float64)?)?
        .with_column(KIND, none(&DataType::Utf8)?)?)
}
