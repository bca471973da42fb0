//! From links between documents to the clusters that people read, by the engine's joins.

use std::path::{Path, PathBuf};

use datafusion::common::{JoinType, ScalarValue};
use datafusion::functions_aggregate::expr_fn::count;
use datafusion::logical_expr::{Operator as Op, col, ident, lit, when};
use datafusion::physical_expr::expressions::{binary, lit as lit_physical};
use datafusion::prelude::{DataFrame, Expr, ParquetReadOptions};

use crate::dedup::links::Kind;
use crate::error::PipelineError;
use crate::stage::work::Work;
use crate::table::names::{AGAINST, CENTER, FIRST_REASON, KIND, SIMILARITY, SOURCE, SURVIVOR};
use crate::table::part::Content;
use crate::table::parts::parts;
use crate::table::plan::{
    annotations_table, column, pass, path_text, project, single, text, write, write_required,
};
use crate::table::row_id::ROW_ID;
use crate::table::row_set::in_table_udf;

/// The columns of links.
const LINK: [&str; 4] = [ROW_ID, SURVIVOR, SIMILARITY, KIND];

/// What clusters say of a member.
const OF_MEMBER: [&str; 5] = ["document_id", "shard", "row", "text_bytes", SOURCE];

impl Work<'_> {
    pub(crate) async fn read(&self, path: &Path) -> Result<DataFrame, PipelineError> {
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
        if path.exists() {
            return Ok(());
        }
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
        let near = if has_near {
            let near = self.read(&self.near()).await?;
            let kind = match content.semantic {
                Some(_) => col(KIND),
                None => lit(Kind::Fuzzy as u64).alias(KIND),
            };
            Some(near.select([col(ROW_ID), col(SURVIVOR), col(SIMILARITY), kind])?)
        } else {
            None
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

    /// Writes `dedup/joined-KIND`: a row for each document that goes and for each survivor, with
    /// what people read of both, in input order.
    pub(crate) async fn joined(&self, kind: Kind) -> Result<PathBuf, PipelineError> {
        let path = self.directory.dedup(&format!("joined-{}", kind.name()));
        if path.exists() {
            return Ok(path);
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
        let mut columns: Vec<Expr> = vec![ident(ROW_ID).alias(of(ROW_ID))];
        columns.extend(OF_MEMBER.map(ident));
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
        let mut columns: Vec<Expr> = vec![col(ROW_ID), col(SURVIVOR), col(SIMILARITY)];
        columns.extend([col("survivor_id"), survivor.alias("twin")]);
        columns.extend(OF_MEMBER.map(ident));
        let name = format!("joined {}", kind.name());
        self.frame_step(&name, rows.select(columns)?, &[ROW_ID], &path).await?;
        Ok(path)
    }

    /// Writes the clusters of one kind.
    pub(crate) async fn clusters(&self, kind: Kind) -> Result<(), PipelineError> {
        let path = self.directory.clusters(kind.name());
        if path.exists() {
            return Ok(());
        }
        let joined = self.joined(kind).await?;
        let mut columns = vec![ROW_ID, SURVIVOR, SIMILARITY, "survivor_id", "twin"];
        columns.extend(OF_MEMBER);
        let rows = parts(&[joined], &columns)?;
        let schema = rows.schema();
        let own = lit_physical(ScalarValue::UInt64(Some(self.own_place())));
        let against = binary(column(SURVIVOR, &schema)?, Op::Lt, own, &schema)?;
        let mut exprs = pass(&["document_id"], &schema)?;
        exprs.push((column("survivor_id", &schema)?, "cluster_id".to_owned()));
        exprs.extend(pass(&["survivor_id", SIMILARITY], &schema)?);
        exprs.push((text(kind.name()), KIND.to_owned()));
        exprs.extend(pass(&["twin", "shard", "row", "text_bytes", SOURCE], &schema)?);
        exprs.push((against, AGAINST.to_owned()));
        let plan = write_required(project(exprs, rows)?, &path, &[SIMILARITY, AGAINST])?;
        self.file_step(&format!("clusters {}", kind.name()), &path, plan).await
    }

    /// Writes `dedup/duplicates`: the documents that go, each with its survivor by name.
    pub(crate) async fn duplicates(&self, kinds: &[Kind]) -> Result<(), PipelineError> {
        let path = self.directory.dedup("duplicates");
        let mut all: Option<DataFrame> = None;
        for kind in kinds {
            let rows = self.read(&self.joined(*kind).await?).await?;
            let rows = rows.filter(col(ROW_ID).not_eq(col(SURVIVOR)))?.select([
                col(ROW_ID),
                col("survivor_id"),
                col("twin").alias(SURVIVOR),
                col(SIMILARITY),
                lit(kind.name()).alias(KIND),
                lit(format!("dedup/{}", kind.name())).alias(FIRST_REASON),
            ])?;
            all = Some(match all {
                None => rows,
                Some(before) => before.union(rows)?,
            });
        }
        match all {
            Some(rows) => self.frame_step("duplicates", rows, &[ROW_ID], &path).await,
            None => Ok(()),
        }
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
