//! Plans to bytes and back: `DataFusion`'s own codec, plus the parameters of our nodes as JSON.

use std::sync::Arc;

use datafusion::common::{Result, exec_datafusion_err, internal_err};
use datafusion::execution::TaskContext;
use datafusion::physical_plan::ExecutionPlan;
use datafusion_proto::bytes::{
    physical_plan_from_bytes_with_extension_codec, physical_plan_to_bytes_with_extension_codec,
};
use datafusion_proto::physical_plan::{PhysicalExtensionCodec, PhysicalProtoConverterExtension};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::NODES;
use crate::table::node::{Node, NodeExec, node_of};

/// How one kind of node becomes bytes, and a node again.
#[derive(Debug)]
pub(crate) struct NodeCodec {
    name: &'static str,
    encode: fn(&Arc<dyn ExecutionPlan>) -> Option<serde_json::Result<Value>>,
    decode: fn(Value, Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>>,
}

impl NodeCodec {
    /// The codec of nodes of kind `N`.
    pub(crate) const fn of<N: Node>() -> Self {
        Self {
            name: N::NAME,
            encode: |plan| Some(serde_json::to_value(node_of::<N>(plan)?)),
            decode: |parameters, inputs| {
                let node: N = serde_json::from_value(parameters).map_err(|error| {
                    exec_datafusion_err!("{} cannot be decoded: {error}", N::NAME)
                })?;
                Ok(Arc::new(NodeExec::try_new(node, inputs)?))
            },
        }
    }
}

/// A node as it travels.
#[derive(Debug, Serialize, Deserialize)]
struct Encoded {
    name: String,
    parameters: Value,
}

/// The codec for the nodes of this crate; it holds no state.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct TamisCodec;

impl PhysicalExtensionCodec for TamisCodec {
    fn try_decode(
        &self,
        buf: &[u8],
        inputs: &[Arc<dyn ExecutionPlan>],
        _ctx: &TaskContext,
        _proto_converter: &dyn PhysicalProtoConverterExtension,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let encoded: Encoded = serde_json::from_slice(buf).map_err(|error| {
            exec_datafusion_err!("a tamis plan node cannot be decoded: {error}")
        })?;
        let Some(codec) = NODES.iter().find(|codec| codec.name == encoded.name) else {
            return internal_err!("{} is no node of this tamis", encoded.name);
        };
        (codec.decode)(encoded.parameters, inputs.to_vec())
    }

    fn try_encode(
        &self,
        node: Arc<dyn ExecutionPlan>,
        buf: &mut Vec<u8>,
        _proto_converter: &dyn PhysicalProtoConverterExtension,
    ) -> Result<()> {
        let encoded = NODES.iter().find_map(|codec| Some((codec.name, (codec.encode)(&node)?)));
        let Some((name, parameters)) = encoded else {
            return internal_err!("{} has no codec here", node.name());
        };
        let broken = |error| exec_datafusion_err!("{name} cannot be encoded: {error}");
        let encoded = Encoded { name: name.to_owned(), parameters: parameters.map_err(broken)? };
        serde_json::to_writer(buf, &encoded).map_err(broken)
    }
}

/// A plan as bytes that another process can rebuild.
pub(crate) fn encode(plan: Arc<dyn ExecutionPlan>) -> Result<Vec<u8>> {
    Ok(physical_plan_to_bytes_with_extension_codec(plan, &TamisCodec)?.to_vec())
}

/// The plan that [`encode`] made, in a session that knows the static registry of functions.
pub(crate) fn decode(bytes: &[u8], context: &TaskContext) -> Result<Arc<dyn ExecutionPlan>> {
    physical_plan_from_bytes_with_extension_codec(bytes, context, &TamisCodec)
}
