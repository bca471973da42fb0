//! Lines, paragraphs and passages that stand in the corpus more than once: every copy but the
//! first is cut out of the documents that stay.

pub(crate) mod nodes;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::StringArray;
use datafusion::physical_plan::coalesce_partitions::CoalescePartitionsExec;
use datafusion::physical_plan::union::UnionExec;
use serde::{Deserialize, Serialize};
use tamis_kernels::{whole_line, whole_paragraph, with_tail};
use tamis_rules::Compiled;

use crate::config::{Repeat, Repeats};
use crate::dedup::attach;
use crate::dedup::links::Reference;
use crate::dedup::near::buckets::Shared;
use crate::dedup::repeats::nodes::{
    COPY, Copies, Cutting, END, FIRST, HIGH, Joined, LOW, Parts, RUNS, START,
};
use crate::error::PipelineError;
use crate::read::scan::texts;
use crate::stage::work::Work;
use crate::table::batch::columns;
use crate::table::batch::typed;
use crate::table::cursor::SortedCursor;
use crate::table::names::{BUCKET, RANK};
use crate::table::node::over;
use crate::table::part::Content;
use crate::table::parts::parts;
use crate::table::plan::{Plan, column, pass, project, sorted, text, write};
use crate::table::row_id::{ROW_ID, first_row_id};

/// The file with every copy, below the run directory.
pub(crate) const SPANS: &str = "repeats/spans.parquet";
/// The file with the documents of which nothing was left.
pub(crate) const EMPTIED: &str = "repeats/emptied.parquet";
/// The column with the kind of a copy.
const KIND: &str = "kind";
/// Rows of [`SPANS`] that the report quotes of each kind.
const QUOTED: usize = 5;

/// A copy in a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cut {
    /// What it is a copy of.
    pub(crate) kind: Repeat,
    /// Its first byte, in the text as rules left it.
    pub(crate) start: usize,
    /// The byte after its last one.
    pub(crate) end: usize,
}

impl Cut {
    /// What goes with it, so that the text around it reads well.
    pub(crate) fn widened(self, text: &str) -> (usize, usize) {
        let widen = match self.kind {
            Repeat::Lines => whole_line,
            Repeat::Paragraphs => whole_paragraph,
            Repeat::Passages => with_tail,
        };
        widen(text, self.start, self.end)
    }
}

/// A walk over the copies of a run beside its documents.
pub(crate) struct Cuts(SortedCursor);

impl Cuts {
    /// The copies in documents from `from` on.
    pub(crate) fn open(path: &Path, from: u64) -> Self {
        Self(SortedCursor::new(vec![path.to_owned()], &[ROW_ID, START, END, KIND], from, 4096))
    }

    /// Those of the document at `place`; documents are asked for in input order.
    pub(crate) fn of(&mut self, place: u64) -> datafusion::common::Result<Vec<Cut>> {
        let mut cuts = Vec::new();
        while let Some((batch, at)) = self.0.seek(place)? {
            let [start, end] =
                columns(batch, [START, END])?.map(|c| usize::try_from(c[at]).unwrap_or(usize::MAX));
            let kind = Repeat::named(typed::<StringArray>(batch, KIND)?.value(at));
            cuts.extend(kind.map(|kind| Cut { kind, start, end }));
            self.0.skip();
        }
        Ok(cuts)
    }
}

/// What was cut of one kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RepeatRow {
    /// `lines`, `paragraphs` or `passages`.
    pub kind: String,
    /// Copies that were cut, the first of each left out.
    pub copies: u64,
    /// Documents that lost one.
    pub documents: u64,
    /// Bytes of them.
    pub bytes: u64,
    /// Those with the most copies.
    pub most: Vec<Quote>,
}

impl RepeatRow {
    /// Place and first byte of the copies whose texts are quoted.
    pub(crate) fn places(&self) -> impl Iterator<Item = [u64; 2]> {
        self.most.iter().map(|quote| quote.at)
    }
}

/// A text with many copies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quote {
    /// How often it stands in the corpus.
    pub copies: u64,
    /// Its beginning.
    pub text: String,
    /// Where one of its copies stood.
    #[serde(skip)]
    pub(crate) at: [u64; 2],
    #[serde(skip)]
    hash: u64,
}

/// Adds up the copies; the texts of the quotes are still to be found.
pub(crate) fn rows(path: &Path, repeats: &Repeats) -> Result<Vec<RepeatRow>, PipelineError> {
    let mut rows: Vec<RepeatRow> = Vec::new();
    for kind in &repeats.kinds {
        let (copies, documents, bytes) = (0, 0, 0);
        let kind = kind.name().to_owned();
        rows.push(RepeatRow { kind, copies, documents, bytes, most: Vec::new() });
    }
    let mut last = vec![None; rows.len()];
    let names = [ROW_ID, START, END, COPY, LOW, KIND];
    let mut walk = SortedCursor::new(vec![path.to_owned()], &names, 0, 4096);
    while let Some(batch) = walk.next()? {
        let kinds = typed::<StringArray>(&batch, KIND)?;
        let [place, start, end, copy, hash] = columns(&batch, [ROW_ID, START, END, COPY, LOW])?;
        for at in 0..batch.num_rows() {
            let found = rows.iter_mut().zip(&mut last).find(|(row, _)| row.kind == kinds.value(at));
            let Some((row, last)) = found else { continue };
            row.copies += 1;
            row.bytes += end[at] - start[at];
            if last.replace(place[at]) != Some(place[at]) {
                row.documents += 1;
            }
            let at = Quote {
                copies: copy[at],
                text: String::new(),
                at: [place[at], start[at]],
                hash: hash[at],
            };
            note(&mut row.most, at);
        }
    }
    Ok(rows)
}

/// Keeps the most frequent texts, each once.
fn note(most: &mut Vec<Quote>, new: Quote) {
    match most.iter().position(|known| known.hash == new.hash) {
        Some(at) if most[at].copies >= new.copies => return,
        Some(at) => most[at] = new,
        None if most.len() < QUOTED => most.push(new),
        None => match most.last_mut() {
            Some(last) if last.copies < new.copies => *last = new,
            _ => return,
        },
    }
    most.sort_by_key(|quote| (std::cmp::Reverse(quote.copies), quote.hash));
}

const PARTS: [&str; 5] = [HIGH, LOW, ROW_ID, START, END];

impl Work<'_> {
    /// Finds every copy of what is looked for, and writes [`SPANS`].
    pub(crate) async fn repeats(&self, compiled: &Compiled) -> Result<(), PipelineError> {
        let Some(repeats) = &self.config.content.repeats else { return Ok(()) };
        let path = self.directory.path(SPANS);
        if path.exists() {
            // a run that was killed while it cleaned up has left some
            let _ = std::fs::remove_dir_all(self.directory.path(".state/repeats"));
            return Ok(());
        }
        let mut found = Vec::new();
        for kind in &repeats.kinds {
            let name = kind.name();
            let cut = match kind {
                Repeat::Lines => Parts::Lines(repeats.least_bytes),
                Repeat::Paragraphs => Parts::Paragraphs(repeats.least_bytes),
                Repeat::Passages => self.candidate_windows(repeats, compiled).await?,
            };
            let files = self.cut(name, cut, compiled).await?;
            let equal = sorted(parts(&files, &PARTS)?, &[HIGH, LOW, ROW_ID, START])?;
            let copies = over(Copies { least: repeats.copies }, equal)?;
            let mut copies = sorted(copies, &[ROW_ID, START])?;
            if *kind == Repeat::Passages {
                copies = over(Joined {}, copies)?;
            }
            let step = format!("copies-{name}");
            let plan = write(copies, &self.directory.dedup(&step), Content::Values)?;
            self.step(&step, &self.context, plan).await?;
            found.push((name, self.directory.dedup(&step)));
        }
        let plan = self.spans(&found, &path)?;
        self.execute(&self.context, plan).await?;
        let _ = std::fs::remove_dir_all(self.directory.path(".state/repeats"));
        Ok(())
    }

    /// What was found of each kind.
    pub(crate) fn repeated(&self) -> Result<Vec<RepeatRow>, PipelineError> {
        match &self.config.content.repeats {
            Some(repeats) if !self.own().is_empty() => rows(&self.directory.path(SPANS), repeats),
            _ => Ok(Vec::new()),
        }
    }

    /// Writes one kind of parts of every unit.
    async fn cut(
        &self,
        name: &str,
        cut: Parts,
        compiled: &Compiled,
    ) -> Result<Vec<PathBuf>, PipelineError> {
        let gone = self.gone_by_dedup();
        let part = |unit: usize| {
            let unit = self.number(unit);
            self.directory.path(&format!(".state/repeats/{name}-{unit:05}.parquet"))
        };
        self.movement(
            name,
            self.own(),
            |unit| part(unit).exists(),
            async |unit, _| {
                let cutting = Cutting {
                    spec: compiled.spec.to_json(),
                    annotations: self.part(unit),
                    gone: gone.clone(),
                    from: first_row_id(unit),
                    parts: cut.clone(),
                };
                let plan = texts(unit, &self.units[unit])?;
                let plan = over(cutting, plan)?;
                Ok(write(plan, &part(unit), Content::Hashes)?)
            },
        )
        .await?;
        Ok(self.own().map(part).collect())
    }

    /// The windows whose minimizer stands in the corpus more than once.
    async fn candidate_windows(
        &self,
        repeats: &Repeats,
        compiled: &Compiled,
    ) -> Result<Parts, PipelineError> {
        let size = repeats.passage_words;
        let files = self.cut("runs", Parts::Runs(size), compiled).await?;
        let runs = sorted(parts(&files, &RUNS)?, &[BUCKET, ROW_ID, RANK])?;
        let shared = Shared { reference: Reference::default(), centers: 0 };
        let runs = over(shared, runs)?;
        let path = self.directory.dedup("runs");
        let plan = write(sorted(runs, &[ROW_ID, RANK])?, &path, Content::Hashes)?;
        self.step("runs", &self.context, plan).await?;
        Ok(Parts::Windows(size, path))
    }

    /// The copies of every kind with the documents they stand in, in input order.
    fn spans(&self, found: &[(&str, PathBuf)], path: &Path) -> Result<Plan, PipelineError> {
        let annotations = self.all_parts();
        let mut plans: Vec<Plan> = Vec::new();
        for (kind, copies) in found {
            let plan =
                parts(std::slice::from_ref(copies), &[ROW_ID, START, END, COPY, FIRST, LOW])?;
            let schema = plan.schema();
            let mut exprs = pass(&[ROW_ID, START, END, COPY, FIRST, LOW], &schema)?;
            exprs.push((text(kind), KIND.to_owned()));
            plans.push(project(exprs, plan)?);
        }
        let mut plan = match plans.len() {
            1 => plans.remove(0),
            _ => Arc::new(CoalescePartitionsExec::new(UnionExec::try_new(plans)?)),
        };
        plan = sorted(plan, &[FIRST, ROW_ID, START, KIND])?;
        plan = over(attach(&annotations, FIRST, &[("document_id", "first_document_id")], 1), plan)?;
        let own = ["document_id", "id", "shard", "row"].map(|name| (name, name));
        plan = over(attach(&annotations, ROW_ID, &own, 1), sorted(plan, &[ROW_ID, START, KIND])?)?;
        let schema = plan.schema();
        let names = [
            "document_id",
            "id",
            "shard",
            "row",
            KIND,
            START,
            END,
            COPY,
            LOW,
            "first_document_id",
            ROW_ID,
        ];
        let mut exprs = Vec::with_capacity(names.len());
        for name in names {
            exprs.push((column(name, &schema)?, name.to_owned()));
        }
        Ok(write(project(exprs, plan)?, path, Content::Values)?)
    }
}
