//! The plan nodes that are ours: everything else in a run's plans is `DataFusion`'s own.
//!
//! A node is its serialisable parameters and nothing more, so any process that knows this
//! crate can rebuild a plan from bytes: see [`codec`].

pub mod attach;
pub mod audit;
pub mod boilerplate;
pub mod buckets;
pub mod clusters;
pub mod codec;
pub mod explode;
pub mod flow;
pub(crate) mod groups;
pub mod kept;
pub mod keyed;
pub mod lead;
pub mod lead_cards;
pub mod parts;
pub mod ranked;
pub mod repeats;
pub mod resolve;
pub mod rewrite;
pub mod scan;
pub mod settle;
pub mod sign;
pub mod star;
pub(crate) mod vectors;
pub mod verify;
pub mod works;
pub mod write_part;

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use datafusion::arrow::datatypes::SchemaRef;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{Result, internal_err};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::expressions::col;
use datafusion::physical_expr::{
    EquivalenceProperties, LexOrdering, Partitioning, PhysicalExpr, PhysicalSortExpr,
};
use datafusion::physical_plan::execution_plan::{
    Boundedness, EmissionType, ReplaceChildrenOptions,
};
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties};
use serde::{Deserialize, Serialize};

/// What one node does; its serialised form is all that travels between processes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "operator", rename_all = "snake_case")]
#[expect(clippy::large_enum_variant, reason = "a few nodes a plan")]
pub enum Operator {
    /// Reads the shards of one unit, in order.
    Scan(scan::Scan),
    /// Writes its input to one Parquet file that appears whole or not at all.
    WritePart(write_part::WritePart),
    /// Reads a unit's shards again and writes kept, removed and failed.
    Rewrite(rewrite::Rewrite),
    /// Reads finished parts one after the other.
    Parts(parts::Parts),
    /// Links the members of each run of equal keys to the first of the run.
    Star(star::Star),
    /// Adds columns of finished parts to rows that name places.
    Attach(attach::Attach),
    /// Numbers documents in survivor order.
    Number(clusters::Number),
    /// One row for each bucket of a document.
    Explode(explode::Explode),
    /// Passes on what stands in buckets of two or more.
    Shared(buckets::Shared),
    /// Candidate pairs of each bucket.
    Pairs(buckets::Pairs),
    /// Drops rows that equal the row before.
    Once(buckets::Once),
    /// Passes on the scanned documents whose place is in a file.
    Pick(clusters::Pick),
    /// Keeps the pairs that are similar enough.
    Verify(verify::Verify),
    /// Decides who stays.
    Resolve(resolve::Resolve),
    /// Pairs of documents whose centers went.
    Hops(resolve::Hops),
    /// Exact neighbours of a few documents.
    Neighbours(audit::Neighbours),
    /// Points links at documents that stay.
    Relink(clusters::Relink),
    /// Adds each survivor to its cluster.
    WithSurvivors(clusters::WithSurvivors),
    /// Hashes parts of the documents that stay.
    Cutting(repeats::Cutting),
    /// Passes on what is a copy.
    Copies(repeats::Copies),
    /// Joins copies that overlap.
    Joined(repeats::Joined),
    /// What the pages of works have and lack.
    Pointing(works::Pointing),
    /// What one page lacks and another has.
    Matched(works::Matched),
    /// Tells documents what others have.
    Elsewhere(works::Elsewhere),
    /// The different lines of documents.
    OfLines(boilerplate::OfLines),
    /// Those that many of a source have.
    Common(boilerplate::Common),
    /// Passes on the documents that are still there.
    Kept(kept::Kept),
    /// Reads embeddings that lie beside the corpus.
    KeyedRows(keyed::KeyedRows),
    /// Matches them with documents.
    Lookup(keyed::Lookup),
    /// Passes each on once.
    Single(keyed::Single),
    /// Where documents stand in survivor order.
    Ranked(ranked::Ranked),
    /// Compares every document with those that stay.
    Lead(Box<lead::Lead>),
    /// The buckets of vectors.
    Sign(sign::Sign),
    /// Pairs of near vectors in each bucket.
    Near(sign::Near),
    /// Decides who stays by two measures.
    Settle(settle::Settle),
}

impl Operator {
    fn name(&self) -> &'static str {
        match self {
            Self::Scan(_) => "ScanExec",
            Self::WritePart(_) => "WritePartExec",
            Self::Rewrite(_) => "RewriteExec",
            Self::Parts(_) => "PartsExec",
            Self::Star(_) => "StarExec",
            Self::Attach(_) => "AttachExec",
            Self::Number(_) => "NumberExec",
            Self::Explode(_) => "ExplodeExec",
            Self::Shared(_) => "SharedExec",
            Self::Pairs(_) => "PairsExec",
            Self::Once(_) => "OnceExec",
            Self::Pick(_) => "PickExec",
            Self::Verify(_) => "VerifyExec",
            Self::Resolve(_) => "ResolveExec",
            Self::Hops(_) => "HopsExec",
            Self::Neighbours(_) => "NeighboursExec",
            Self::Relink(_) => "RelinkExec",
            Self::WithSurvivors(_) => "WithSurvivorsExec",
            Self::Cutting(_) => "CuttingExec",
            Self::Copies(_) => "CopiesExec",
            Self::Joined(_) => "JoinedExec",
            Self::Pointing(_) => "PointingExec",
            Self::Matched(_) => "MatchedExec",
            Self::Elsewhere(_) => "ElsewhereExec",
            Self::OfLines(_) => "OfLinesExec",
            Self::Common(_) => "CommonExec",
            Self::Kept(_) => "KeptExec",
            Self::KeyedRows(_) => "KeyedRowsExec",
            Self::Lookup(_) => "LookupExec",
            Self::Single(_) => "SingleExec",
            Self::Ranked(_) => "RankedExec",
            Self::Lead(_) => "LeadExec",
            Self::Sign(_) => "SignExec",
            Self::Near(_) => "NearExec",
            Self::Settle(_) => "SettleExec",
        }
    }

    fn inputs(&self) -> usize {
        usize::from(!self.is_leaf())
    }

    /// Whether it reads files and takes no input.
    fn is_leaf(&self) -> bool {
        matches!(
            self,
            Self::Scan(_) | Self::Parts(_) | Self::Hops(_) | Self::KeyedRows(_) | Self::Settle(_)
        )
    }

    fn schema(&self, input: Option<&SchemaRef>) -> Result<SchemaRef> {
        Ok(match (self, input) {
            (Self::Scan(scan), _) => scan.schema(),
            (Self::Parts(parts), _) => parts.schema()?,
            (Self::WritePart(_), _) => write_part::schema(),
            (Self::Rewrite(_), _) => rewrite::schema(),
            (Self::Star(_) | Self::Relink(_) | Self::WithSurvivors(_), _) => star::links(),
            (Self::Number(_), _) => clusters::ranks(),
            (Self::Explode(_) | Self::Shared(_), _) => explode::buckets(),
            (Self::Pairs(_), _) => buckets::pairs(),
            (Self::Hops(_), _) => resolve::Hops::schema(),
            (Self::Neighbours(_), _) => audit::neighbours(),
            (Self::Verify(_), _) => verify::verified(),
            (Self::Resolve(_), _) => resolve::resolved(),
            (Self::Cutting(cutting), _) => cutting.schema(),
            (Self::Copies(_) | Self::Joined(_), _) => repeats::copies(),
            (Self::Pointing(_), _) => works::pointing(),
            (Self::Matched(_) | Self::Common(_), _) => works::matched(),
            (Self::Elsewhere(elsewhere), Some(input)) => elsewhere.schema(input),
            (Self::OfLines(_), _) => boilerplate::of_lines(),
            (Self::KeyedRows(_) | Self::Lookup(_), _) => keyed::vectors(),
            (Self::Ranked(_), _) => ranked::ranked(),
            (Self::Lead(_) | Self::Settle(_), _) => settle::settled(),
            (Self::Sign(_), _) => sign::signed(),
            (Self::Near(_), _) => sign::near(),
            (Self::Kept(_), Some(input)) => kept::kept(input)?,
            (Self::Attach(attach), Some(input)) => attach.schema(input)?,
            (Self::Once(_) | Self::Pick(_) | Self::Single(_), Some(input)) => Arc::clone(input),
            (
                Self::Attach(_)
                | Self::Once(_)
                | Self::Pick(_)
                | Self::Elsewhere(_)
                | Self::Kept(_)
                | Self::Single(_),
                None,
            ) => {
                return internal_err!("{} needs an input", self.name());
            }
        })
    }

    /// The column by which the rows leave in ascending order.
    fn ordering(&self) -> Option<&'static str> {
        matches!(self, Self::Scan(_) | Self::Elsewhere(_)).then_some(scan::POSITION)
    }
}

/// A node of ours in a physical plan: one partition in, one partition out.
#[derive(Debug)]
pub struct TamisExec {
    operator: Operator,
    children: Vec<Arc<dyn ExecutionPlan>>,
    properties: Arc<PlanProperties>,
}

impl TamisExec {
    /// A node over `children` (none for what reads files, one for the others).
    pub fn try_new(operator: Operator, children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Self> {
        if children.len() != operator.inputs() {
            return internal_err!(
                "{} takes {} inputs, got {}",
                operator.name(),
                operator.inputs(),
                children.len()
            );
        }
        if let Some(child) = children.first()
            && child.properties().partitioning.partition_count() != 1
        {
            return internal_err!("{} needs an input of one partition", operator.name());
        }
        let input = children.first().map(|child| child.schema());
        let schema = operator.schema(input.as_ref())?;
        let mut equivalences = EquivalenceProperties::new(Arc::clone(&schema));
        if let Some(column) = operator.ordering()
            && let Some(order) =
                LexOrdering::new([PhysicalSortExpr::new_default(col(column, &schema)?)])
        {
            equivalences.add_ordering(order);
        }
        let properties = PlanProperties::new(
            equivalences,
            Partitioning::UnknownPartitioning(1),
            EmissionType::Incremental,
            Boundedness::Bounded,
        );
        Ok(Self { operator, children, properties: Arc::new(properties) })
    }

    /// A scan, which has no input.
    pub fn scan(scan: scan::Scan) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(Arc::new(Self::try_new(Operator::Scan(scan), Vec::new())?))
    }

    /// A node over one input.
    pub fn over(
        operator: Operator,
        input: Arc<dyn ExecutionPlan>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(Arc::new(Self::try_new(operator, vec![input])?))
    }

    /// The parameters.
    pub fn operator(&self) -> &Operator {
        &self.operator
    }
}

impl DisplayAs for TamisExec {
    fn fmt_as(&self, _format: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.operator {
            Operator::Scan(scan) => write!(f, "ScanExec: {} shards", scan.shards.len()),
            Operator::WritePart(part) => write!(f, "WritePartExec: {}", part.path.display()),
            Operator::Rewrite(rewrite) => {
                write!(f, "RewriteExec: {} shards", rewrite.scan.shards.len())
            }
            Operator::Star(star) => write!(f, "StarExec: {}", star.key),
            Operator::Parts(parts) => write!(f, "PartsExec: {} files", parts.paths.len()),
            Operator::Attach(attach) => write!(f, "AttachExec: {}", attach.key),
            other => f.write_str(other.name()),
        }
    }
}

impl ExecutionPlan for TamisExec {
    fn name(&self) -> &'static str {
        self.operator.name()
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        self.children.iter().collect()
    }

    fn maintains_input_order(&self) -> Vec<bool> {
        vec![true; self.children.len()]
    }

    fn benefits_from_input_partitioning(&self) -> Vec<bool> {
        vec![false; self.children.len()]
    }

    fn replace_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
        _options: ReplaceChildrenOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(Arc::new(Self::try_new(self.operator.clone(), children)?))
    }

    fn with_new_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(Arc::new(Self::try_new(self.operator.clone(), children)?))
    }

    fn apply_expressions(
        &self,
        _f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn execute(
        &self,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream> {
        if partition != 0 {
            return internal_err!("{} has one partition, asked for {partition}", self.name());
        }
        let schema = self.schema();
        match &self.operator {
            Operator::Scan(scan) => return Ok(scan.execute(schema)),
            Operator::Parts(parts) => return Ok(parts.execute(schema)),
            Operator::Hops(hops) => return Ok(hops.execute(schema)),
            Operator::KeyedRows(rows) => return Ok(rows.execute(schema)),
            Operator::Settle(settle) => return Ok(settle.execute(schema)),
            _ => {}
        }
        let Some(child) = self.children.first() else {
            return internal_err!("{} has lost its input", self.name());
        };
        let input = child.execute(0, context)?;
        Ok(match &self.operator {
            Operator::Scan(_)
            | Operator::Parts(_)
            | Operator::Hops(_)
            | Operator::KeyedRows(_)
            | Operator::Settle(_) => {
                return internal_err!("{} takes no input", self.name());
            }
            Operator::WritePart(part) => part.execute(input, schema),
            Operator::Rewrite(rewrite) => rewrite.execute(input, schema),
            Operator::Star(star) => star.execute(input, schema),
            Operator::Attach(attach) => attach.execute(input, schema),
            Operator::Number(number) => number.execute(input, schema),
            Operator::Explode(explode) => explode.execute(input, schema),
            Operator::Shared(shared) => shared.execute(input, schema),
            Operator::Pairs(pairs) => pairs.execute(input, schema),
            Operator::Once(once) => once.execute(input, schema),
            Operator::Pick(pick) => pick.execute(input, schema),
            Operator::Verify(verify) => verify.execute(input, schema),
            Operator::Resolve(resolve) => resolve.execute(input, schema),
            Operator::Neighbours(neighbours) => neighbours.execute(input, schema),
            Operator::Relink(relink) => relink.execute(input, schema),
            Operator::WithSurvivors(with) => with.execute(input, schema),
            Operator::Cutting(cutting) => cutting.execute(input, schema),
            Operator::Copies(copies) => copies.execute(input, schema),
            Operator::Joined(joined) => joined.execute(input, schema),
            Operator::Pointing(pointing) => pointing.execute(input, schema),
            Operator::Matched(matched) => matched.execute(input, schema),
            Operator::Elsewhere(elsewhere) => elsewhere.execute(input, schema),
            Operator::OfLines(lines) => lines.execute(input, schema),
            Operator::Common(common) => common.execute(input, schema),
            Operator::Kept(kept) => kept.execute(input, schema),
            Operator::Lookup(lookup) => lookup.execute(input, schema),
            Operator::Single(single) => single.execute(input, schema),
            Operator::Ranked(ranked) => ranked.execute(input, schema),
            Operator::Lead(lead) => lead.execute(input, schema),
            Operator::Sign(sign) => sign.execute(input, schema),
            Operator::Near(near) => near.execute(input, schema),
        })
    }
}

/// The node behind a plan, where it is one of ours.
pub fn as_tamis(plan: &Arc<dyn ExecutionPlan>) -> Option<&TamisExec> {
    (plan.as_ref() as &dyn Any).downcast_ref::<TamisExec>()
}
