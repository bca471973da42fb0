//! A run at work: its units, the plans over them side by side, and where their parts lie.

use std::ops::Range;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::StringArray;
use datafusion::execution::TaskContext;
use datafusion::physical_plan::display::DisplayableExecutionPlan;
use datafusion::physical_plan::{ExecutionPlan, execute_stream};
use datafusion::prelude::SessionContext;
use futures::{StreamExt, TryStreamExt};
use tamis_rules::{AnnotateSpec, Compiled, RuleSet};

use crate::config::RunConfig;
use crate::error::PipelineError;
use crate::progress::Observer;
use crate::read::scan::Scan;
use crate::stage::rundir::RunDir;
use crate::stage::session::Resources;
use crate::table::row_id::first_row_id;

/// How a plan is rebuilt from its bytes, as a process on another machine does it.
#[derive(Clone)]
pub(crate) struct Rebuild {
    pub(crate) resources: Resources,
    pub(crate) with: fn(
        Arc<dyn ExecutionPlan>,
        &Resources,
    )
        -> datafusion::common::Result<(Arc<dyn ExecutionPlan>, Arc<TaskContext>)>,
}

/// A run at work: everything its stages share.
pub(crate) struct Work<'a> {
    pub(crate) context: SessionContext,
    pub(crate) side_by_side: usize,
    pub(crate) directory: &'a RunDir,
    pub(crate) config: &'a RunConfig,
    pub(crate) rules: &'a RuleSet,
    /// What is measured of the reference set.
    pub(crate) bare: Compiled,
    /// The units of the reference set, then those of the run itself.
    pub(crate) units: Vec<Scan>,
    /// Where the annotations of the reference set lie, for each of its units.
    pub(crate) references: Vec<PathBuf>,
    pub(crate) observer: &'a dyn Observer,
    pub(crate) rebuild: Option<Rebuild>,
}

/// Runs a plan of one partition to its end and returns what it said; with `rebuild`, as another
/// process would.
async fn execute(
    plan: Arc<dyn ExecutionPlan>,
    context: Arc<TaskContext>,
    rebuild: Option<Rebuild>,
) -> Result<Vec<arrow::array::RecordBatch>, PipelineError> {
    let (plan, context) = match rebuild {
        None => (plan, context),
        Some(rebuild) => (rebuild.with)(plan, &rebuild.resources)?,
    };
    Ok(execute_stream(plan, context)?.try_collect().await?)
}

impl Work<'_> {
    /// The units of the run itself.
    pub(crate) fn own(&self) -> Range<usize> {
        self.references.len()..self.units.len()
    }

    /// Its units and those of the reference set, which come first.
    pub(crate) fn all(&self) -> Range<usize> {
        0..self.units.len()
    }

    /// The place of its first document: every place before is of the reference set.
    pub(crate) fn own_place(&self) -> u64 {
        first_row_id(self.references.len())
    }

    /// The number of one of its own units among them, which names its files.
    pub(crate) fn number(&self, unit: usize) -> usize {
        unit - self.references.len()
    }

    /// The annotations of one unit.
    pub(crate) fn part(&self, unit: usize) -> PathBuf {
        match self.references.get(unit) {
            Some(path) => path.clone(),
            None => self.directory.annotations(self.number(unit)),
        }
    }

    /// What makes the text of a unit the one that was hashed: a reference set is not edited.
    pub(crate) fn spec<'s>(&'s self, unit: usize, compiled: &'s Compiled) -> &'s AnnotateSpec {
        if self.own().contains(&unit) { &compiled.spec } else { &self.bare.spec }
    }

    /// The annotations of the run itself.
    pub(crate) fn parts(&self) -> Vec<PathBuf> {
        self.own().map(|unit| self.part(unit)).collect()
    }

    /// The annotations of the reference set and of the run.
    pub(crate) fn all_parts(&self) -> Vec<PathBuf> {
        self.all().map(|unit| self.part(unit)).collect()
    }

    /// Partitions of one unit's plan, and units side by side: few units are split inside.
    fn spread(&self, waiting: usize) -> (usize, usize) {
        let units = self.side_by_side.min(waiting).max(1);
        (if waiting < self.config.threads { self.config.threads.div_ceil(units) } else { 1 }, units)
    }

    /// Does those of `units` that `done` does not know yet, some side by side.
    pub(crate) async fn movement<F>(
        &self,
        name: &str,
        units: Range<usize>,
        done: impl Fn(usize) -> bool,
        plan: F,
    ) -> Result<(), PipelineError>
    where
        F: AsyncFn(usize, usize) -> Result<Arc<dyn ExecutionPlan>, PipelineError>,
    {
        let waiting: Vec<usize> = units.filter(|unit| !done(*unit)).collect();
        let shards = waiting.iter().flat_map(|unit| &self.units[*unit].shards);
        let stored = shards.filter_map(|shard| Some(std::fs::metadata(&shard.path).ok()?.len()));
        self.observer.begin(name, waiting.len(), stored.sum());
        let (fan_out, side_by_side) = self.spread(waiting.len());
        let plan = &plan;
        let first = waiting.first().copied();
        let shown: Mutex<Option<Arc<dyn ExecutionPlan>>> = Mutex::default();
        let shown = &shown;
        let mut running = futures::stream::iter(waiting)
            .take_while(|_| std::future::ready(!self.observer.stop_asked()))
            .map(|unit| async move {
                let plan = plan(unit, fan_out).await?;
                if Some(unit) == first {
                    let mut shown = shown.lock().unwrap_or_else(PoisonError::into_inner);
                    *shown = Some(Arc::clone(&plan));
                }
                let context = self.context.task_ctx();
                // a task of its own, so that units really run side by side
                let rebuild = self.rebuild.clone();
                let rows =
                    tokio::spawn(execute(plan, context, rebuild)).await.map_err(|error| {
                        PipelineError::Usage(format!(
                            "a worker died, this is a bug in tamis: {error}"
                        ))
                    })??;
                Ok::<_, PipelineError>((unit, rows))
            })
            .buffer_unordered(side_by_side);
        let mut failure = None;
        while let Some(outcome) = running.next().await {
            match outcome.and_then(|(unit, rows)| self.note_counts(unit, &rows)) {
                Ok(()) => self.observer.unit_done(),
                Err(error) => {
                    failure = Some(error);
                    break;
                }
            }
        }
        self.pass_notes();
        let shown = shown.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let (None, Some(plan)) = (&failure, shown) {
            self.show_plan(name, &plan)?;
        }
        match failure {
            Some(error) => Err(error),
            None if self.observer.stop_asked() => Err(PipelineError::Stopped),
            None => Ok(()),
        }
    }

    /// Keeps the counts of a rewritten unit; the file says that the unit is done.
    fn note_counts(
        &self,
        unit: usize,
        rows: &[arrow::array::RecordBatch],
    ) -> Result<(), PipelineError> {
        let mut lines = Vec::new();
        for batch in rows {
            if let Some(column) = batch.column_by_name("counts")
                && let Some(column) = column.as_any().downcast_ref::<StringArray>()
            {
                lines.extend(column.iter().flatten().map(str::to_owned));
            }
        }
        if lines.is_empty() {
            return Ok(());
        }
        self.directory
            .write_whole(&self.directory.counts(self.number(unit)), lines.join("\n").as_bytes())
    }

    /// Runs a plan of one partition to its end.
    pub(crate) async fn execute(
        &self,
        context: &SessionContext,
        plan: Arc<dyn ExecutionPlan>,
    ) -> Result<(), PipelineError> {
        let done = execute(plan, context.task_ctx(), self.rebuild.clone()).await;
        self.pass_notes();
        done.map(drop)
    }

    /// Keeps a plan that was run, with the engine's metrics, under `plans/`: of a stage that is done
    /// by unit, that of its first one.
    pub(crate) fn show_plan(
        &self,
        name: &str,
        plan: &Arc<dyn ExecutionPlan>,
    ) -> Result<(), PipelineError> {
        let file: String =
            name.chars().map(|c| if c.is_alphanumeric() { c } else { '-' }).collect();
        let path = self.directory.path(&format!("plans/{file}.txt"));
        let text = DisplayableExecutionPlan::with_metrics(plan.as_ref()).indent(false).to_string();
        self.directory.write_whole(&path, text.as_bytes())
    }

    fn pass_notes(&self) {
        for note in crate::progress::take_notes() {
            self.observer.note(&note);
        }
    }
}
