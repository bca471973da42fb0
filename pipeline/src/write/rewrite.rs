//! Pass two: reads a unit's shards again beside their decisions and writes every record to
//! kept, removed or failed, in input order.

use crate::table::batch::changed;
use crate::table::batch::typed;
use crate::table::node::{Inputs, Node};
use std::path::PathBuf;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::common::{DataFusionError, Result, exec_datafusion_err, exec_err};
use datafusion::execution::SendableRecordBatchStream;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use futures::StreamExt;
use serde::{Deserialize, Serialize};
use tamis_rules::AnnotateSpec;

use crate::annotate::tokens::Counting;
use crate::contamination::Looking;
use crate::dedup::repeats::Cuts;
use crate::progress;
use crate::read;
use crate::read::Failure;
use crate::read::scan::Scan;
use crate::table::cursor::SortedCursor;
use crate::table::names::NAME;
use crate::table::row_id::{ROW_ID, first_row_id};
use crate::write::decision::{Decision, Decisions, RuleInfo};
use crate::write::outputs::{ShardCounts, ShardOutputs};
use crate::write::survivors::{Duplicates, Role};

/// The parameters of a rewrite.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Rewrite {
    /// Number of the unit.
    pub unit: usize,
    /// How the shards are read.
    pub scan: Scan,
    /// The run directory.
    pub root: PathBuf,
    /// The duplicates of each kind, in input order.
    pub clusters: Vec<PathBuf>,
    /// The copies of text to cut out, in input order.
    pub repeats: Option<PathBuf>,
    /// Place and first byte of copies whose text the report quotes.
    pub quotes: Vec<[u64; 2]>,
    /// The canonical annotation specification: edits are applied again from it.
    pub spec: String,
    /// What the reasons need to know of each rule.
    pub rules: Vec<RuleInfo>,
    /// Splice flags into kept records.
    pub write_flags: bool,
    /// How tokens are counted, where they are.
    #[serde(default)]
    pub tokens: Option<Counting>,
    /// How evaluation sets are kept out, where they are.
    #[serde(default)]
    pub looking: Option<Looking>,
    /// Names of lines that many documents of a source have, by place, where rules ask for them.
    #[serde(default)]
    pub boilerplate: Option<PathBuf>,
}

/// One row per shard: its counts as JSON.
pub(crate) fn schema() -> SchemaRef {
    Arc::new(Schema::new(vec![Field::new("counts", DataType::Utf8, false)]))
}

impl Node for Rewrite {
    const NAME: &'static str = "RewriteExec";

    fn schema(&self, _inputs: &[SchemaRef]) -> Result<SchemaRef> {
        Ok(schema())
    }

    fn rows(&self, inputs: &Inputs<'_>, schema: SchemaRef) -> Result<SendableRecordBatchStream> {
        Ok(self.execute(inputs.stream()?, schema))
    }
}

impl Rewrite {
    pub(crate) fn execute(
        &self,
        input: SendableRecordBatchStream,
        schema: SchemaRef,
    ) -> SendableRecordBatchStream {
        let rewrite = self.clone();
        let out = Arc::clone(&schema);
        let work = async move {
            let counts = rewrite.run(input).await?;
            let mut lines = Vec::with_capacity(counts.len());
            for shard in &counts {
                let line = serde_json::to_string(shard)
                    .map_err(|error| exec_datafusion_err!("counts cannot be written: {error}"))?;
                lines.push(Some(line));
            }
            let column: ArrayRef = Arc::new(StringArray::from(lines));
            Ok(RecordBatch::try_new(out, vec![column])?)
        };
        Box::pin(RecordBatchStreamAdapter::new(schema, futures::stream::once(work)))
    }

    async fn run(&self, input: SendableRecordBatchStream) -> Result<Vec<ShardCounts>> {
        let spec = AnnotateSpec::parse(&self.spec)
            .map_err(|error| DataFusionError::External(Box::new(error)))?;
        let mut twins = Vec::new();
        if let (Some(first), Some(last)) = (self.scan.shards.first(), self.scan.shards.last()) {
            for clusters in &self.clusters {
                twins.push(Duplicates::open(clusters, &first.name, &last.name)?);
            }
        }
        let from = first_row_id(self.unit);
        let cuts = self.repeats.as_ref().map(|path| Cuts::open(path, from));
        let sample = self.tokens.as_ref().and_then(|counting| counting.sample.clone());
        let sample = sample.map(|path| SortedCursor::new(vec![path], &[ROW_ID], from, 4096));
        let boilerplate = self.boilerplate.clone();
        let boilerplate =
            boilerplate.map(|path| SortedCursor::new(vec![path], &[ROW_ID, NAME], from, 4096));
        let counting = self.tokens.clone();
        let looking = self.looking.clone();
        let mut decisions = Cursor {
            input,
            twins,
            cuts,
            sample,
            boilerplate,
            counting,
            looking,
            batch: None,
            row: 0,
        };
        let mut counts = Vec::with_capacity(self.scan.shards.len());
        for number in 0..self.scan.shards.len() {
            counts.push(self.shard(number, &spec, &mut decisions).await?);
        }
        if decisions.next(&self.rules).await?.is_some() {
            return exec_err!("the annotations hold more records than the shards: {}", changed());
        }
        Ok(counts)
    }

    async fn shard(
        &self,
        number: usize,
        spec: &AnnotateSpec,
        decisions: &mut Cursor,
    ) -> Result<ShardCounts> {
        let external = |error| DataFusionError::External(Box::new(error));
        let shard = &self.scan.shards[number];
        let options = self.scan.read_options(true);
        let mut reader = read::open(shard, &options).map_err(external)?;
        let mut outputs = ShardOutputs::new(&self.root, shard, self)?;
        while let Some(chunk) = reader.next_chunk().map_err(external)? {
            let rows = Rows::of(&chunk.batch)?;
            let mut chosen: Vec<Decision> = Vec::with_capacity(chunk.batch.num_rows());
            let mut failures = chunk.failures.iter().peekable();
            for row in 0..chunk.batch.num_rows() {
                while let Some(failure) = failures.next_if(|f| f.row < rows.row.value(row)) {
                    self.failed(&shard.name, failure, decisions, &mut outputs).await?;
                }
                let decision = self.expect(decisions).await?;
                decision.check(
                    &shard.name,
                    rows.row.value(row),
                    rows.offset.value(row),
                    rows.length.value(row),
                )?;
                chosen.push(decision);
            }
            progress::add(chunk.batch.num_rows() as u64, rows.text_bytes());
            outputs.write(&chunk, &chosen, spec)?;
            for failure in failures {
                self.failed(&shard.name, failure, decisions, &mut outputs).await?;
            }
        }
        outputs.finish(&reader.totals())
    }

    async fn expect(&self, decisions: &mut Cursor) -> Result<Decision> {
        if let Some(decision) = decisions.next(&self.rules).await? {
            Ok(decision)
        } else {
            exec_err!("the shards hold more records than the annotations: {}", changed())
        }
    }

    async fn failed(
        &self,
        shard: &str,
        failure: &Failure,
        decisions: &mut Cursor,
        outputs: &mut ShardOutputs,
    ) -> Result<()> {
        let decision = self.expect(decisions).await?;
        decision.check(shard, failure.row, failure.offset, failure.length)?;
        outputs.failed(failure)
    }
}

/// The columns of a chunk that the decisions are checked against.
struct Rows<'a> {
    row: &'a arrow::array::UInt64Array,
    offset: &'a arrow::array::UInt64Array,
    length: &'a arrow::array::UInt64Array,
    text: &'a StringArray,
}

impl<'a> Rows<'a> {
    fn of(batch: &'a RecordBatch) -> Result<Self> {
        Ok(Self {
            row: typed(batch, "row")?,
            offset: typed(batch, "offset")?,
            length: typed(batch, "length")?,
            text: typed(batch, "text")?,
        })
    }

    fn text_bytes(&self) -> u64 {
        self.text.value_data().len() as u64
    }
}

/// The decisions, one document at a time.
struct Cursor {
    input: SendableRecordBatchStream,
    twins: Vec<Duplicates>,
    cuts: Option<Cuts>,
    sample: Option<SortedCursor>,
    boilerplate: Option<SortedCursor>,
    counting: Option<Counting>,
    looking: Option<Looking>,
    batch: Option<Decisions>,
    row: usize,
}

impl Cursor {
    async fn next(&mut self, rules: &[RuleInfo]) -> Result<Option<Decision>> {
        loop {
            if let Some(batch) = &self.batch
                && self.row < batch.len()
            {
                let mut decision = batch.row(self.row, rules, self.looking.as_ref())?;
                self.row += 1;
                for twins in &mut self.twins {
                    let (shard, row) = decision.place();
                    match twins.find(shard, row)? {
                        Some(Role::Goes(twin)) => decision.duplicate(twin),
                        Some(Role::Survives) => decision.survives = true,
                        None => {}
                    }
                }
                if let Some(cuts) = &mut self.cuts
                    && decision.stays()
                {
                    decision.cuts = cuts.of(decision.number())?;
                }
                if let Some(sample) = &mut self.sample {
                    decision.tokens.sampled = sample.seek(decision.number())?.is_some();
                }
                if let Some(walk) = &mut self.boilerplate {
                    let mut names = Vec::new();
                    walk.all(decision.number(), NAME, |name| names.push(name))?;
                    decision.boilerplate = Some(names);
                }
                return Ok(Some(decision));
            }
            match self.input.next().await {
                None => return Ok(None),
                Some(batch) => {
                    self.batch = Some(Decisions::new(
                        batch?,
                        rules,
                        self.counting.as_ref(),
                        self.looking.as_ref(),
                    )?);
                    self.row = 0;
                }
            }
        }
    }
}
