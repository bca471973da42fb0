//! The plan nodes that are ours: everything else in a run's plans is the engine's own.
//!
//! A node is its serialisable parameters and nothing more, so any process that knows this crate can
//! rebuild a plan from bytes: see [`crate::registry`].

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use datafusion::arrow::datatypes::SchemaRef;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{Result, exec_datafusion_err, internal_err};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::expressions::col;
use datafusion::physical_expr::{
    Distribution as EngineDistribution, EquivalenceProperties, LexOrdering, OrderingRequirements,
    Partitioning, PhysicalExpr, PhysicalSortExpr,
};
use datafusion::physical_plan::execution_plan::{
    Boundedness, EmissionType, ReplaceChildrenOptions,
};
use datafusion::physical_plan::metrics::{BaselineMetrics, ExecutionPlanMetricsSet, MetricsSet};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties};
use futures::StreamExt;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// How the rows of a node's input must lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Distribution {
    /// In one partition.
    Single,
    /// In any number of partitions.
    Any,
    /// In any number of partitions, the rows that agree in these columns in one of them.
    ByKeys(&'static [&'static str]),
}

/// What one node does; its serialised form is all that travels between processes.
pub(crate) trait Node:
    fmt::Debug + Clone + Send + Sync + Serialize + DeserializeOwned + 'static
{
    /// Its name in plans.
    const NAME: &'static str;
    /// How many inputs it takes; one that reads files takes none.
    const INPUTS: usize = 1;
    /// How the rows of its last input must lie; the output has as many partitions.
    const DISTRIBUTION: Distribution = Distribution::Single;
    /// The columns by which the rows of each partition of its last input must ascend.
    const INPUT_ORDER: &'static [&'static str] = &[];

    /// The schema of its output, from those of its inputs.
    fn schema(&self, inputs: &[SchemaRef]) -> Result<SchemaRef>;

    /// The columns by which the rows of each partition leave in ascending order.
    fn order(&self) -> &[&str] {
        &[]
    }

    /// Partitions of the output of a node that takes no input.
    fn partitions(&self) -> usize {
        1
    }

    /// What a plan shows beside the name.
    fn detail(&self) -> String {
        String::new()
    }

    /// The rows of one partition.
    fn rows(&self, inputs: &Inputs<'_>, schema: SchemaRef) -> Result<SendableRecordBatchStream>;
}

/// What a node reads when one of its partitions is run.
pub(crate) struct Inputs<'a> {
    plans: &'a [Arc<dyn ExecutionPlan>],
    partition: usize,
    context: &'a Arc<TaskContext>,
}

impl Inputs<'_> {
    /// The rows of this partition of the last input.
    pub(crate) fn stream(&self) -> Result<SendableRecordBatchStream> {
        let Some(plan) = self.plans.last() else { return internal_err!("an input is missing") };
        plan.execute(self.partition, Arc::clone(self.context))
    }

    /// An input as a plan, of which all partitions may be run.
    pub(crate) fn plan(&self, number: usize) -> Result<&Arc<dyn ExecutionPlan>> {
        self.plans.get(number).ok_or_else(|| exec_datafusion_err!("input {number} is missing"))
    }

    /// The number of this partition.
    pub(crate) fn partition(&self) -> usize {
        self.partition
    }

    /// The task's memory pool and session.
    pub(crate) fn context(&self) -> &Arc<TaskContext> {
        self.context
    }
}

/// The schema of a node's only input.
pub(crate) fn only<'a>(inputs: &'a [SchemaRef], name: &str) -> Result<&'a SchemaRef> {
    let [input] = inputs else {
        return internal_err!("{name} takes one input, got {}", inputs.len());
    };
    Ok(input)
}

/// A node of ours in a physical plan.
#[derive(Debug)]
pub(crate) struct NodeExec<N> {
    node: N,
    children: Vec<Arc<dyn ExecutionPlan>>,
    properties: Arc<PlanProperties>,
    metrics: ExecutionPlanMetricsSet,
}

/// An ascending order of columns of `schema`.
fn ascending(columns: &[&str], schema: &SchemaRef) -> Result<Option<LexOrdering>> {
    let mut order = Vec::with_capacity(columns.len());
    for column in columns {
        order.push(PhysicalSortExpr::new_default(col(column, schema)?));
    }
    Ok(LexOrdering::new(order))
}

impl<N: Node> NodeExec<N> {
    /// A node over `children`.
    pub(crate) fn try_new(node: N, children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Self> {
        if children.len() != N::INPUTS {
            return internal_err!("{} takes {} inputs, got {}", N::NAME, N::INPUTS, children.len());
        }
        let partitions = match children.last() {
            None => node.partitions(),
            Some(child) => child.properties().partitioning.partition_count(),
        };
        if N::INPUTS > 0 && N::DISTRIBUTION == Distribution::Single && partitions != 1 {
            return internal_err!("{} needs an input of one partition", N::NAME);
        }
        let inputs: Vec<SchemaRef> = children.iter().map(|child| child.schema()).collect();
        let schema = node.schema(&inputs)?;
        let mut equivalences = EquivalenceProperties::new(Arc::clone(&schema));
        if let Some(order) = ascending(node.order(), &schema)? {
            equivalences.add_ordering(order);
        }
        let properties = PlanProperties::new(
            equivalences,
            Partitioning::UnknownPartitioning(partitions),
            EmissionType::Incremental,
            Boundedness::Bounded,
        );
        let metrics = ExecutionPlanMetricsSet::new();
        Ok(Self { node, children, properties: Arc::new(properties), metrics })
    }

    /// The parameters.
    pub(crate) fn node(&self) -> &N {
        &self.node
    }
}

/// `node` over `input`.
pub(crate) fn over<N: Node>(
    node: N,
    input: Arc<dyn ExecutionPlan>,
) -> Result<Arc<dyn ExecutionPlan>> {
    Ok(Arc::new(NodeExec::try_new(node, vec![input])?))
}

/// `node`, which reads files.
pub(crate) fn leaf_node<N: Node>(node: N) -> Result<Arc<dyn ExecutionPlan>> {
    Ok(Arc::new(NodeExec::try_new(node, Vec::new())?))
}

/// The node behind a plan, where it is of this kind.
pub(crate) fn node_of<N: Node>(plan: &Arc<dyn ExecutionPlan>) -> Option<&N> {
    let exec = (plan.as_ref() as &dyn Any).downcast_ref::<NodeExec<N>>()?;
    Some(exec.node())
}

impl<N: Node> DisplayAs for NodeExec<N> {
    fn fmt_as(&self, _format: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let detail = self.node.detail();
        if detail.is_empty() { f.write_str(N::NAME) } else { write!(f, "{}: {detail}", N::NAME) }
    }
}

impl<N: Node> ExecutionPlan for NodeExec<N> {
    fn name(&self) -> &'static str {
        N::NAME
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        self.children.iter().collect()
    }

    fn required_input_distribution(&self) -> Vec<EngineDistribution> {
        let mut required = vec![EngineDistribution::UnspecifiedDistribution; self.children.len()];
        let (Some(last), Some(child)) = (required.last_mut(), self.children.last()) else {
            return required;
        };
        match N::DISTRIBUTION {
            Distribution::Single => *last = EngineDistribution::SinglePartition,
            Distribution::Any => {}
            Distribution::ByKeys(keys) => {
                let keys = keys.iter().filter_map(|key| col(key, &child.schema()).ok());
                *last = EngineDistribution::KeyPartitioned(keys.collect());
            }
        }
        required
    }

    fn required_input_ordering(&self) -> Vec<Option<OrderingRequirements>> {
        let mut required = vec![None; self.children.len()];
        if let (Some(last), Some(child)) = (required.last_mut(), self.children.last())
            && let Ok(Some(order)) = ascending(N::INPUT_ORDER, &child.schema())
        {
            *last = Some(OrderingRequirements::from(order));
        }
        required
    }

    fn maintains_input_order(&self) -> Vec<bool> {
        vec![false; self.children.len()]
    }

    fn metrics(&self) -> Option<MetricsSet> {
        Some(self.metrics.clone_inner())
    }

    fn benefits_from_input_partitioning(&self) -> Vec<bool> {
        vec![false; self.children.len()]
    }

    fn replace_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
        _options: ReplaceChildrenOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(Arc::new(Self::try_new(self.node.clone(), children)?))
    }

    fn with_new_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(Arc::new(Self::try_new(self.node.clone(), children)?))
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
        let partitions = self.properties.partitioning.partition_count();
        if partition >= partitions {
            return internal_err!("{} has {partitions} partitions, asked for {partition}", N::NAME);
        }
        let metrics = BaselineMetrics::new(&self.metrics, partition);
        let inputs = Inputs { plans: &self.children, partition, context: &context };
        let rows = self.node.rows(&inputs, self.schema())?;
        let counted = rows.inspect(move |batch| {
            if let Ok(batch) = batch {
                metrics.record_output(batch.num_rows());
            }
        });
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema(), counted)))
    }
}
