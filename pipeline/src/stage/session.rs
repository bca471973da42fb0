//! The session that runs plans.

use std::path::PathBuf;
use std::sync::Arc;

use datafusion::common::{Result, exec_datafusion_err};
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::memory_pool::FairSpillPool;
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::logical_expr::ScalarUDF;
use datafusion::prelude::{SessionConfig, SessionContext};

use crate::config::RunConfig;
use crate::stage::rundir::RunDir;

/// What a session may use.
#[derive(Debug, Clone)]
pub(crate) struct Resources {
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
const BYTES_PER_SORT: usize = 128 << 20;

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
    pub(crate) fn side_by_side(&self) -> usize {
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
pub(crate) fn fine(context: &SessionContext) -> SessionContext {
    let config = context.copied_config().with_target_partitions(1).with_batch_size(SET_ROWS);
    SessionContext::new_with_config_rt(config, context.runtime_env())
}

/// The same session for a plan whose sorts spill: each keeps `bytes` for merging what it spilled,
/// which by two columns takes nearly as much as the rows themselves.
pub(crate) fn merging(context: &SessionContext, bytes: usize) -> SessionContext {
    let mut config = context.copied_config();
    config.options_mut().execution.sort_spill_reservation_bytes = bytes;
    SessionContext::new_with_config_rt(config, context.runtime_env())
}

/// The same session for plans of one partition each, many of which run side by side.
pub(crate) fn narrow(context: &SessionContext) -> SessionContext {
    let config = context.copied_config().with_target_partitions(1);
    SessionContext::new_with_config_rt(config, context.runtime_env())
}

/// A session with the static registry, a memory pool that makes operators spill, and settings
/// under which plans stay within it.
pub(crate) fn session(
    resources: &Resources,
    functions: &[Arc<ScalarUDF>],
) -> Result<SessionContext> {
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
    for function in functions {
        context.register_udf(function.as_ref().clone());
    }
    Ok(context)
}
