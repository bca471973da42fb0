//! From links between documents to the clusters that people read, by the engine's joins.

use std::path::Path;

use datafusion::common::JoinType;
use datafusion::functions_aggregate::expr_fn::count;
use datafusion::logical_expr::{col, ident, lit, when};
use datafusion::prelude::{DataFrame, Expr, ParquetReadOptions};

use crate::dedup::links::Kind;
use crate::error::PipelineError;
use crate::stage::work::Work;
use crate::table::names::{AGAINST, CENTER, KIND, SIMILARITY, SOURCE, SURVIVOR};
use crate::table::part::Content;
use crate::table::plan::{annotations_table, path_text, single, write};
use crate::table::row_id::ROW_ID;
use crate::table::row_set::in_table_udf;

/// The columns of links.
const LINK: [&str; 4] = [ROW_ID, SURVIVOR, SIMILARITY, KIND];

impl Work<'_> {
    async fn read(&self, path: &Path) -> Result<DataFrame, PipelineError> {
        let options = ParquetReadOptions::default();
        Ok(self.context.read_parquet(path_text(path)?, options).await?)
    }

    /// Writes `plan`, in the order of `by`, as a step of dedup.
    async fn frame_step(
        &self,
        name: &str,
        frame: DataFrame,
        by: &[&str],
        path: &Path,
    ) -> Result<(), PipelineError> {
        let order = by.iter().map(|name| ident(*name).sort(true, false)).collect();
        let plan = single(frame.sort(order)?.create_physical_plan().await?);
        self.file_step(name, path, write(plan, path, Content::Values)?).await
    }

    /// Writes `dedup/links`: which document goes for which, and why, in input order. An exact copy
    /// of a document that goes is as similar to that one's survivor, and goes for it.
    pub(crate) async fn links(&self) -> Result<(), PipelineError> {
        let path = self.directory.dedup("links");
        if path.exists() {
            return Ok(());
        }
        let content = &self.config.content;
        let has_near = content.fuzzy.is_some() || content.semantic.is_some();
        let near = match has_near {
            false => None,
            true => {
                let near = self.read(&self.near()).await?;
                let kind = match content.semantic {
                    Some(_) => col(KIND),
                    None => lit(Kind::Fuzzy as u64).alias(KIND),
                };
                Some(near.select([col(ROW_ID), col(SURVIVOR), col(SIMILARITY), kind])?)
            }
        };
        let exact = if let Some(exact) = self.exact_links() {
            let exact = self.read(&exact).await?;
            let kind = lit(Kind::Exact as u64).alias(KIND);
            Some(exact.select([col(ROW_ID), col(SURVIVOR), col(SIMILARITY), kind])?)
        } else {
            None
        };
        let near = match (near, self.exact_pairs()) {
            (Some(near), Some(exact)) => Some(told_apart(near, self.read(&exact).await?)?),
            (near, _) => near,
        };
        let links = match (exact, near) {
            (Some(exact), Some(near)) => moved(exact, near.clone())?.union(near)?,
            (Some(links), None) | (None, Some(links)) => links,
            (None, None) => return Ok(()),
        };
        self.frame_step("links", links, &[ROW_ID], &path).await
    }

    /// Writes the clusters of one kind: a row for each document that goes and for each survivor.
    pub(crate) async fn clusters(&self, kind: Kind) -> Result<(), PipelineError> {
        let path = self.directory.clusters(kind.name());
        if path.exists() {
            return Ok(());
        }
        let name = format!("members-{}", kind.name());
        let members = self.directory.dedup(&name);
        let links = self.read(&self.directory.dedup("links")).await?;
        let links = links.filter(col(KIND).eq(lit(kind as u64)))?;
        let links = links.select_columns(&LINK[..3])?;
        let survivors = links.clone().aggregate(vec![col(SURVIVOR)], vec![count(lit(1))])?;
        let survivors = survivors.select([
            col(SURVIVOR).alias(ROW_ID),
            col(SURVIVOR),
            lit(1.0).alias(SIMILARITY),
        ])?;
        self.frame_step(&name, links.union(survivors)?, &[ROW_ID], &members).await?;

        annotations_table(&self.context, &self.all_parts()).await?;
        let there = in_table_udf().call(vec![ident(ROW_ID), lit(path_text(&members)?)]);
        let documents = self.context.table("annotations").await?.filter(there)?;
        let of = |name: &str| format!("of_{name}");
        let own = ["document_id", "shard", "row", "text_bytes", SOURCE];
        let mut columns: Vec<Expr> = vec![ident(ROW_ID).alias(of(ROW_ID))];
        columns.extend(own.map(ident));
        let of_member = documents.clone().select(columns)?;
        let of_survivor = documents.select([
            ident(ROW_ID).alias(of(SURVIVOR)),
            ident("document_id").alias("survivor_id"),
            ident("id").alias("survivor_name"),
        ])?;
        let rows = self
            .read(&members)
            .await?
            .join(of_survivor, JoinType::Inner, &[SURVIVOR], &[of(SURVIVOR).as_str()], None)?
            .join(of_member, JoinType::Inner, &[ROW_ID], &[of(ROW_ID).as_str()], None)?;
        let survivor = when(col("survivor_name").is_not_null(), col("survivor_name"))
            .otherwise(col("survivor_id"))?;
        let against = col(SURVIVOR).lt(lit(self.own_place()));
        let order = vec![ident(ROW_ID).sort(true, false)];
        let rows = rows.sort(order)?.select([
            col("document_id"),
            col("survivor_id").alias("cluster_id"),
            col("survivor_id"),
            col(SIMILARITY),
            lit(kind.name()).alias(KIND),
            survivor.alias("twin"),
            col("shard"),
            col("row"),
            col("text_bytes"),
            col(SOURCE),
            against.alias(AGAINST),
        ])?;
        let plan = single(rows.create_physical_plan().await?);
        let name = format!("clusters {}", kind.name());
        self.file_step(&name, &path, write(plan, &path, Content::Values)?).await
    }
}

impl Work<'_> {
    /// Writes `dedup/duplicates`: the documents that go, each with its survivor by name.
    pub(crate) async fn duplicates(&self, kinds: &[Kind]) -> Result<(), PipelineError> {
        let path = self.directory.dedup("duplicates");
        if path.exists() {
            return Ok(());
        }
        annotations_table(&self.context, &self.all_parts()).await?;
        let mut there = lit(false);
        for kind in kinds {
            let members = self.directory.dedup(&format!("members-{}", kind.name()));
            let of_kind = in_table_udf().call(vec![ident(ROW_ID), lit(path_text(&members)?)]);
            there = there.or(of_kind);
        }
        let survivors = self.context.table("annotations").await?.filter(there)?.select([
            ident(ROW_ID).alias("of_row_id"),
            ident("document_id").alias("survivor_id"),
            ident("id").alias("survivor_name"),
        ])?;
        let links = self.read(&self.directory.dedup("links")).await?;
        let rows = links.join(survivors, JoinType::Inner, &[SURVIVOR], &["of_row_id"], None)?;
        let survivor = when(col("survivor_name").is_not_null(), col("survivor_name"))
            .otherwise(col("survivor_id"))?;
        let mut name = datafusion::logical_expr::case(col(KIND));
        for kind in kinds {
            name = name.when(lit(*kind as u64), lit(kind.name()));
        }
        let rows = rows.select([
            col(ROW_ID),
            col("survivor_id"),
            survivor.alias(SURVIVOR),
            col(SIMILARITY),
            name.end()?.alias(KIND),
        ])?;
        self.frame_step("duplicates", rows, &[ROW_ID], &path).await
    }
}

/// The links of exact copies, pointed at the documents that stay.
fn moved(exact: DataFrame, near: DataFrame) -> Result<DataFrame, PipelineError> {
    let of = |name: &str| format!("of_{name}");
    let mut renamed = Vec::new();
    for name in LINK {
        renamed.push(col(name).alias(of(name)));
    }
    let near = near.select(renamed)?;
    let of_row = of(ROW_ID);
    let rows = exact.join(near, JoinType::Left, &[SURVIVOR], &[of_row.as_str()], None)?;
    let mut columns = vec![col(ROW_ID)];
    for name in &LINK[1..] {
        let instead = ident(of(name));
        let chosen = when(ident(of(ROW_ID)).is_not_null(), instead).otherwise(col(*name))?;
        columns.push(chosen.alias(*name));
    }
    Ok(rows.select(columns)?)
}

/// Links of which those between documents of the same text are told from others.
fn told_apart(near: DataFrame, exact: DataFrame) -> Result<DataFrame, PipelineError> {
    let of = |name: &str| format!("of_{name}");
    let exact = exact.select([col(ROW_ID).alias(of(ROW_ID)), col(CENTER).alias(of(CENTER))])?;
    let (of_row, of_center) = (of(ROW_ID), of(CENTER));
    let on = [of_row.as_str(), of_center.as_str()];
    let rows = near.join(exact, JoinType::Left, &[ROW_ID, SURVIVOR], &on, None)?;
    let same = ident(of_row.as_str()).is_not_null();
    let kind = when(same, lit(Kind::Exact as u64)).otherwise(col(KIND))?;
    Ok(rows.select([col(ROW_ID), col(SURVIVOR), col(SIMILARITY), kind.alias(KIND)])?)
}
