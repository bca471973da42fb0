//! The registry: every function and every node of ours that a plan may name.

pub(crate) mod codec;

use std::sync::Arc;

use datafusion::common::Result;
use datafusion::execution::TaskContext;
use datafusion::logical_expr::ScalarUDF;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::prelude::SessionContext;

use crate::annotate::boilerplate_nodes::{Common, OfLines};
use crate::annotate::works_nodes::{Elsewhere, Matched, Pointing};
use crate::contamination::function::{contaminated_udf, of_set_udf, set_numbers_udf};
use crate::dedup::attach::Attach;
use crate::dedup::exact::Star;
use crate::dedup::kept::{Kept, Pick};
use crate::dedup::near::audit_node::Neighbours;
use crate::dedup::near::buckets::{Pairs, Shared};
use crate::dedup::near::resolve::Resolve;
use crate::dedup::near::shared_buckets::SharedBuckets;
use crate::dedup::near::shingle_sets::WriteSets;
use crate::dedup::near::verify::Verify;
use crate::dedup::rank::Number;
use crate::dedup::repeats::nodes::{Copies, Cutting, Joined};
use crate::dedup::semantic::exact_search::ExactSearch;
use crate::dedup::semantic::hashed_search::{Near, Sign};
use crate::dedup::semantic::keyed::{KeyedRows, Lookup, Single};
use crate::dedup::semantic::ranked::Ranked;
use crate::dedup::semantic::resolve::ResolveBoth;
use crate::dedup::semantic::verify::VerifyCosine;
use crate::embed::function::{embed_udf, unit_udf};
use crate::read::scan::Scan;
use crate::stage::session::{self, Resources};
use crate::table::functions::{edited_by_udf, hash_udf, source_udf};
use crate::table::part::WritePart;
use crate::table::parts::Parts;
use crate::table::row_set::{document_number_udf, in_table_udf};
use crate::write::cuts::CutsOfDocuments;
use crate::write::rewrite::Rewrite;

use codec::NodeCodec;

/// Every node of ours that a plan may hold.
const NODES: &[NodeCodec] = &[
    NodeCodec::of::<Scan>(),
    NodeCodec::of::<Parts>(),
    NodeCodec::of::<WritePart>(),
    NodeCodec::of::<Rewrite>(),
    NodeCodec::of::<CutsOfDocuments>(),
    NodeCodec::of::<Star>(),
    NodeCodec::of::<Attach>(),
    NodeCodec::of::<Number>(),
    NodeCodec::of::<Shared>(),
    NodeCodec::of::<Pairs>(),
    NodeCodec::of::<Pick>(),
    NodeCodec::of::<Verify>(),
    NodeCodec::of::<Resolve>(),
    NodeCodec::of::<SharedBuckets>(),
    NodeCodec::of::<WriteSets>(),
    NodeCodec::of::<VerifyCosine>(),
    NodeCodec::of::<Neighbours>(),
    NodeCodec::of::<Cutting>(),
    NodeCodec::of::<Copies>(),
    NodeCodec::of::<Joined>(),
    NodeCodec::of::<Pointing>(),
    NodeCodec::of::<Matched>(),
    NodeCodec::of::<Elsewhere>(),
    NodeCodec::of::<OfLines>(),
    NodeCodec::of::<Common>(),
    NodeCodec::of::<Kept>(),
    NodeCodec::of::<KeyedRows>(),
    NodeCodec::of::<Lookup>(),
    NodeCodec::of::<Single>(),
    NodeCodec::of::<Ranked>(),
    NodeCodec::of::<ExactSearch>(),
    NodeCodec::of::<Sign>(),
    NodeCodec::of::<Near>(),
    NodeCodec::of::<ResolveBoth>(),
];

/// A session with every function of ours.
pub(crate) fn session(resources: &Resources) -> Result<SessionContext> {
    session::session(resources, &static_registry())
}

/// `plan` as another process would rebuild it: from its bytes, in a session that knows nothing of
/// it but the registry.
pub(crate) fn rebuilt(
    plan: Arc<dyn ExecutionPlan>,
    resources: &Resources,
) -> Result<(Arc<dyn ExecutionPlan>, Arc<TaskContext>)> {
    let bytes = codec::encode(plan)?;
    let context = session(resources)?.task_ctx();
    Ok((codec::decode(&bytes, &context)?, context))
}

/// Every function of ours that a plan may name.
pub fn static_registry() -> Vec<Arc<ScalarUDF>> {
    let mut all = vec![
        tamis_rules::annotate_udf(),
        tamis_rules::shingles_udf(),
        tamis_rules::findings::dangling_udf(),
        edited_by_udf(),
        hash_udf(),
        source_udf(),
        in_table_udf(),
        document_number_udf(),
        embed_udf(),
        unit_udf(),
        contaminated_udf(),
        of_set_udf(),
        set_numbers_udf(),
    ];
    all.extend(tamis_rules::urls::functions());
    all
}
