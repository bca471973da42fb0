//! The plan nodes that are ours: everything else in a run's plans is `DataFusion`'s own.
//!
//! A node is its serialisable parameters and nothing more, so any process that knows this
//! crate can rebuild a plan from bytes: see [`codec`].

pub mod codec;
pub mod rewrite;
pub mod scan;
pub mod star;
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
pub enum Operator {
    /// Reads the shards of one unit, in order.
    Scan(scan::Scan),
    /// Writes its input to one Parquet file that appears whole or not at all.
    WritePart(write_part::WritePart),
    /// Reads a unit's shards again and writes kept, removed and failed.
    Rewrite(rewrite::Rewrite),
    /// Links the members of each run of equal keys to the first of the run.
    Star(star::Star),
}

impl Operator {
    fn name(&self) -> &'static str {
        match self {
            Self::Scan(_) => "ScanExec",
            Self::WritePart(_) => "WritePartExec",
            Self::Rewrite(_) => "RewriteExec",
            Self::Star(_) => "StarExec",
        }
    }

    fn inputs(&self) -> usize {
        usize::from(!matches!(self, Self::Scan(_)))
    }

    fn schema(&self, input: Option<&SchemaRef>) -> Result<SchemaRef> {
        match (self, input) {
            (Self::Scan(scan), _) => Ok(scan.schema()),
            (Self::WritePart(_), _) => Ok(write_part::schema()),
            (Self::Rewrite(_), _) => Ok(rewrite::schema()),
            (Self::Star(star), Some(input)) => star.schema(input),
            (Self::Star(_), None) => internal_err!("a star needs an input"),
        }
    }

    /// The column by which the rows leave in ascending order.
    fn ordering(&self) -> Option<&'static str> {
        matches!(self, Self::Scan(_)).then_some(scan::POSITION)
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
    /// A node over `children` (none for a scan, one for the others).
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
        if let Operator::Scan(scan) = &self.operator {
            return Ok(scan.execute(schema));
        }
        let Some(child) = self.children.first() else {
            return internal_err!("{} has lost its input", self.name());
        };
        let input = child.execute(0, context)?;
        Ok(match &self.operator {
            Operator::Scan(scan) => scan.execute(schema),
            Operator::WritePart(part) => part.execute(input, schema),
            Operator::Rewrite(rewrite) => rewrite.execute(input, schema),
            Operator::Star(star) => star.execute(input, schema),
        })
    }
}

/// The node behind a plan, where it is one of ours.
pub fn as_tamis(plan: &Arc<dyn ExecutionPlan>) -> Option<&TamisExec> {
    (plan.as_ref() as &dyn Any).downcast_ref::<TamisExec>()
}
