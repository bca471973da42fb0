//! The static registry: every function a plan of ours may name, and the session that runs them.

use std::path::PathBuf;
use std::sync::Arc;

use arrow::array::{
    Array, BooleanArray, ListArray, StringArray, StructArray, UInt32Array, UInt64Array,
};
use datafusion::arrow::datatypes::DataType;
use datafusion::common::cast::as_string_array;
use datafusion::common::{Result, exec_datafusion_err, exec_err};
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::memory_pool::FairSpillPool;
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use datafusion::prelude::{SessionConfig, SessionContext};
use datafusion::scalar::ScalarValue;
use tamis_kernels::hash64;

use crate::config::RunConfig;
use crate::contamination::function::{contaminated_udf, of_set_udf, set_numbers_udf};
use crate::embed::function::{embed_udf, unit_udf};
use crate::rundir::RunDir;

/// `tamis_edited_by(edits, rule)`: whether the rule of that number edited the document.
#[derive(Debug, PartialEq, Eq, Hash)]
struct EditedBy {
    signature: Signature,
}

impl ScalarUDFImpl for EditedBy {
    fn name(&self) -> &'static str {
        "tamis_edited_by"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arguments: &[DataType]) -> Result<DataType> {
        Ok(DataType::Boolean)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [edits, ColumnarValue::Scalar(ScalarValue::UInt32(Some(rule)))] = args.args.as_slice()
        else {
            return exec_err!("tamis_edited_by takes the edits and a literal UInt32 rule number");
        };
        let edits = edits.to_array(args.number_rows)?;
        let Some(lists) = edits.as_any().downcast_ref::<ListArray>() else {
            return exec_err!("tamis_edited_by takes a list of edits, got {}", edits.data_type());
        };
        let Some(rules) = lists
            .values()
            .as_any()
            .downcast_ref::<StructArray>()
            .and_then(|rows| rows.column_by_name("rule"))
            .and_then(|column| column.as_any().downcast_ref::<UInt32Array>())
        else {
            return exec_err!("tamis_edited_by takes a list of structs with a UInt32 rule");
        };
        let offsets = lists.value_offsets();
        let hits: BooleanArray = (0..lists.len())
            .map(|row| {
                if lists.is_null(row) {
                    return None;
                }
                let (from, to) =
                    (usize::try_from(offsets[row]).ok()?, usize::try_from(offsets[row + 1]).ok()?);
                Some(rules.values()[from..to].contains(rule))
            })
            .collect();
        Ok(ColumnarValue::Array(Arc::new(hits)))
    }
}

/// The function `tamis_edited_by`.
pub(crate) fn edited_by_udf() -> Arc<ScalarUDF> {
    Arc::new(ScalarUDF::from(EditedBy { signature: Signature::any(2, Volatility::Immutable) }))
}

/// `tamis_hash(text)`: the xxh3-64 hash of a text, NULL for NULL.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Hash64 {
    signature: Signature,
}

impl ScalarUDFImpl for Hash64 {
    fn name(&self) -> &'static str {
        "tamis_hash"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arguments: &[DataType]) -> Result<DataType> {
        Ok(DataType::UInt64)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [texts] =
            ColumnarValue::values_to_arrays(&args.args)?.try_into().map_err(|given: Vec<_>| {
                exec_datafusion_err!("tamis_hash takes one text, got {}", given.len())
            })?;
        let texts = as_string_array(&texts)?;
        let hashes: UInt64Array =
            texts.iter().map(|text| text.map(|text| hash64(text.as_bytes()))).collect();
        Ok(ColumnarValue::Array(Arc::new(hashes)))
    }
}

/// The function `tamis_hash`.
pub(crate) fn hash_udf() -> Arc<ScalarUDF> {
    Arc::new(ScalarUDF::from(Hash64 {
        signature: Signature::exact(vec![DataType::Utf8], Volatility::Immutable),
    }))
}

/// `tamis_source(shard)`: the first folder of a shard's relative name, or the name itself.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Source {
    signature: Signature,
}

impl ScalarUDFImpl for Source {
    fn name(&self) -> &'static str {
        "tamis_source"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arguments: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let arrays = ColumnarValue::values_to_arrays(&args.args)?;
        let [shards] = arrays.as_slice() else {
            return exec_err!("tamis_source takes one name");
        };
        let first = |shard: &str| shard.split('/').next().unwrap_or_default().to_owned();
        let sources: StringArray =
            as_string_array(shards)?.iter().map(|shard| shard.map(first)).collect();
        Ok(ColumnarValue::Array(Arc::new(sources)))
    }
}

/// The function `tamis_source`.
pub(crate) fn source_udf() -> Arc<ScalarUDF> {
    Arc::new(ScalarUDF::from(Source {
        signature: Signature::exact(vec![DataType::Utf8], Volatility::Immutable),
    }))
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
        embed_udf(),
        unit_udf(),
        contaminated_udf(),
        of_set_udf(),
        set_numbers_udf(),
    ];
    all.extend(tamis_rules::urls::functions());
    all
}

/// What a session may use.
#[derive(Debug, Clone)]
pub struct Resources {
    /// Partitions of the engine's own operators.
    pub threads: usize,
    /// Bytes that operators may hold before they spill.
    pub memory_bytes: usize,
    /// Folder for spilled data.
    pub temp: PathBuf,
}

/// Memory that one unit needs.
const BYTES_PER_UNIT: usize = 64 << 20;
/// Memory that one sorting partition needs: merges of what several have spilled take what they
/// can get and leave none for each other.
const BYTES_PER_SORT: usize = 512 << 20;

impl Resources {
    /// What a configuration allows.
    pub(crate) fn of(config: &RunConfig, directory: &RunDir) -> Self {
        Self {
            threads: config.threads,
            memory_bytes: config.memory_bytes,
            temp: config.temp.clone().unwrap_or_else(|| directory.path(".temp")),
        }
    }

    /// Units that may be under way at the same time.
    pub fn side_by_side(&self) -> usize {
        self.threads.min(self.memory_bytes / BYTES_PER_UNIT).max(1)
    }

    /// Partitions that may sort at the same time.
    fn sorting(&self) -> usize {
        self.threads.min(self.memory_bytes / BYTES_PER_SORT).max(1)
    }
}

/// Rows of a batch in plans whose rows are whole sets of shingles.
pub(crate) const SET_ROWS: usize = 256;

/// The same session for plans whose rows are large: a batch of them stays small.
pub fn fine(context: &SessionContext) -> SessionContext {
    let config = context.copied_config().with_target_partitions(1).with_batch_size(SET_ROWS);
    SessionContext::new_with_config_rt(config, context.runtime_env())
}

/// The same session for plans of one partition each, many of which run side by side.
pub fn narrow(context: &SessionContext) -> SessionContext {
    let config = context.copied_config().with_target_partitions(1);
    SessionContext::new_with_config_rt(config, context.runtime_env())
}

/// A session with the static registry, a memory pool that makes operators spill, and settings
/// under which plans stay within it.
pub fn session(resources: &Resources) -> Result<SessionContext> {
    let mut config = SessionConfig::new()
        .with_target_partitions(resources.sorting())
        .with_batch_size(4096)
        .with_information_schema(false);
    let options = config.options_mut();
    // a hash join holds its build side and fails where it does not fit; sort-merge spills
    options.optimizer.prefer_hash_join = false;
    // plain Utf8 keeps the type of a column the same whether it comes from a scan or a file
    options.execution.parquet.schema_force_view_types = false;
    // statistics of our own parts are exact, but plans must not depend on what files hold
    options.execution.collect_statistics = false;
    std::fs::create_dir_all(&resources.temp).map_err(|error| {
        exec_datafusion_err!(
            "{}: cannot be used for spilled data: {error}",
            resources.temp.display()
        )
    })?;
    let runtime = RuntimeEnvBuilder::new()
        .with_memory_pool(Arc::new(FairSpillPool::new(resources.memory_bytes)))
        .with_disk_manager_builder(
            DiskManagerBuilder::default()
                .with_mode(DiskManagerMode::Directories(vec![resources.temp.clone()]))
                .with_max_temp_directory_size(u64::MAX),
        )
        .build_arc()?;
    let context = SessionContext::new_with_config_rt(config, runtime);
    for function in static_registry() {
        context.register_udf(function.as_ref().clone());
    }
    Ok(context)
}
