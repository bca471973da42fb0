//! Plans to bytes and back: `DataFusion`'s own codec, plus the parameters of our nodes as JSON.

use std::sync::Arc;

use datafusion::common::{Result, exec_datafusion_err, internal_err};
use datafusion::execution::TaskContext;
use datafusion::physical_plan::ExecutionPlan;
use datafusion_proto::bytes::{
    physical_plan_from_bytes_with_extension_codec, physical_plan_to_bytes_with_extension_codec,
};
use datafusion_proto::physical_plan::{PhysicalExtensionCodec, PhysicalProtoConverterExtension};

use super::{Operator, TamisExec, as_tamis};

/// The codec for the nodes of this crate; it holds no state.
#[derive(Debug, Clone, Copy, Default)]
pub struct TamisCodec;

impl PhysicalExtensionCodec for TamisCodec {
    fn try_decode(
        &self,
        buf: &[u8],
        inputs: &[Arc<dyn ExecutionPlan>],
        _ctx: &TaskContext,
        _proto_converter: &dyn PhysicalProtoConverterExtension,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let operator: Operator = serde_json::from_slice(buf).map_err(|error| {
            exec_datafusion_err!("a tamis plan node cannot be decoded: {error}")
        })?;
        Ok(Arc::new(TamisExec::try_new(operator, inputs.to_vec())?))
    }

    fn try_encode(
        &self,
        node: Arc<dyn ExecutionPlan>,
        buf: &mut Vec<u8>,
        _proto_converter: &dyn PhysicalProtoConverterExtension,
    ) -> Result<()> {
        let Some(node) = as_tamis(&node) else {
            return internal_err!("{} has no codec here", node.name());
        };
        serde_json::to_writer(buf, node.operator())
            .map_err(|error| exec_datafusion_err!("a tamis plan node cannot be encoded: {error}"))
    }
}

/// A plan as bytes that another process can rebuild.
pub fn encode(plan: Arc<dyn ExecutionPlan>) -> Result<Vec<u8>> {
    Ok(physical_plan_to_bytes_with_extension_codec(plan, &TamisCodec)?.to_vec())
}

/// The plan that [`encode`] made, in a session that knows the static registry of functions.
pub fn decode(bytes: &[u8], context: &TaskContext) -> Result<Arc<dyn ExecutionPlan>> {
    physical_plan_from_bytes_with_extension_codec(bytes, context, &TamisCodec)
}
