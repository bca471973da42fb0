//! The other way round: which items of an evaluation set are known, and to how many documents.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, BinaryArray, BooleanArray, Float64Array, RecordBatch, StringArray, UInt64Array,
};
use arrow::datatypes::{DataType, Field, Schema};
use datafusion::common::exec_datafusion_err;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde::{Deserialize, Serialize};
use tamis_rules::Compiled;

use crate::contamination::function::{Hit, hits, set_numbers_udf};
use crate::contamination::items;
use crate::contamination::items::Index;
use crate::contamination::{CONTAMINATED, CONTAMINATION, Looking, hash_of};
use crate::error::PipelineError;
use crate::read::scan::texts;
use crate::stage::work::Work;
use crate::table::batch::typed;
use crate::table::cursor::SortedCursor;
use crate::table::part::Content;
use crate::table::plan::{call, column, project, text, write};
use crate::write::parquet::ParquetPartWriter;

/// Items that the report names.
const NAMED: usize = 5;
/// The column with the n-grams of sets in a document.
const NUMBERS: &str = "numbers";

/// What the corpus knows of one evaluation set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ContaminationRow {
    /// The set.
    pub set: String,
    /// Words of an n-gram.
    pub words: u64,
    /// Items.
    pub items: u64,
    /// Items without a text of that many words: they cannot be found.
    pub too_short: u64,
    /// Items with enough in one document.
    pub contaminated: u64,
    /// Items with any passage in a document.
    pub touched: u64,
    /// Documents with a passage.
    pub documents: u64,
    /// Documents that hold enough of an item.
    pub decided: u64,
    /// Different n-grams that were passed over: the form of the sets, and what stands in many
    /// documents; of all sets with n-grams of this length.
    pub passed_over: u64,
    /// The items that stand in the most documents.
    pub most: Vec<ItemRow>,
}

/// What the corpus knows of one item.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ItemRow {
    /// Its id.
    pub item: String,
    /// Documents with a passage of it.
    pub documents: u64,
    /// Documents that hold enough of it.
    pub decided: u64,
    /// Share of its words that stand in any document.
    pub overlap_ratio: f64,
    /// The most that one document holds.
    pub largest_ratio: f64,
}

/// What was found of one item so far.
#[derive(Debug, Default)]
struct Seen {
    documents: u64,
    decided: u64,
    largest: f64,
    /// Ranges of its words, joined.
    ranges: Vec<(u32, u32)>,
}

impl Seen {
    fn add(&mut self, start: u32, end: u32) {
        self.ranges.push((start, end));
        if self.ranges.len() > 64 {
            self.join();
        }
    }

    fn join(&mut self) {
        self.ranges.sort_unstable();
        let mut joined: Vec<(u32, u32)> = Vec::new();
        for (start, end) in self.ranges.drain(..) {
            match joined.last_mut() {
                Some(last) if start <= last.1 => last.1 = last.1.max(end),
                _ => joined.push((start, end)),
            }
        }
        self.ranges = joined;
    }

    fn words(&mut self) -> u32 {
        self.join();
        self.ranges.iter().map(|(start, end)| end - start).sum()
    }
}

/// A document with passages.
struct Document {
    id: String,
    own: Option<String>,
    shard: String,
    row: u64,
    removed: bool,
    hits: Vec<Hit>,
}

impl Work<'_> {
    /// What plans need to look for evaluation sets; counts the n-grams that stand in many
    /// documents where these are passed over.
    pub(crate) async fn looking(
        &self,
        compiled: &Compiled,
    ) -> Result<Option<Looking>, PipelineError> {
        let Some(settled) = &self.config.content.decontaminate else { return Ok(None) };
        let mut looking =
            items::prepare(settled, self.directory.path(".state/contamination/items.jsonl"))?;
        let Some(most) = settled.common else { return Ok(Some(looking)) };
        let path = self.directory.path(".state/contamination/common.json");
        let part = |unit: usize| {
            let unit = self.number(unit);
            self.directory.path(&format!(".state/contamination/numbers-{unit:05}.parquet"))
        };
        let parts: Vec<PathBuf> = self.own().map(part).collect();
        if !path.exists() {
            let sets = looking.to_json();
            self.movement(
                "common",
                self.own(),
                |unit| part(unit).exists(),
                async |unit, _| {
                    let plan = texts(unit, &self.units[unit])?;
                    let schema = plan.schema();
                    let arguments =
                        vec![column("text", &schema)?, text(&compiled.spec.to_json()), text(&sets)];
                    let numbers = call(set_numbers_udf(), arguments, &schema)?;
                    let plan = project(vec![(numbers, NUMBERS.to_owned())], plan)?;
                    Ok(write(plan, &part(unit), Content::Hashes)?)
                },
            )
            .await?;
            let common = common(&parts, &Index::load(&looking)?, most)?;
            let json = serde_json::to_vec(&common)
                .map_err(|error| PipelineError::directory(&path, error))?;
            self.directory.write_whole(&path, &json)?;
        }
        // also those that a run left that was killed here
        for part in parts {
            let _ = std::fs::remove_file(part);
        }
        let bytes = std::fs::read(&path).map_err(|e| PipelineError::directory(&path, e))?;
        looking.passed = Some((path, hash_of(&bytes)));
        Ok(Some(looking))
    }

    /// Writes `contamination/` from the annotations, and sums up.
    pub(crate) fn contamination(
        &self,
        looking: Option<&Looking>,
    ) -> Result<Vec<ContaminationRow>, PipelineError> {
        let Some(looking) = looking else { return Ok(Vec::new()) };
        let index = Index::load(looking)?;
        let mut seen: BTreeMap<u32, Seen> = BTreeMap::new();
        let mut documents = vec![(0_u64, 0_u64); looking.sets.len()];
        let path = self.directory.path("contamination/documents.parquet");
        let mut writer = ParquetPartWriter::create(&path, Arc::new(documents_schema()))?;
        for part in self.parts() {
            with_passages(&part, &mut |found| {
                count(&index, &found, &mut seen, &mut documents);
                writer.write(&documents_batch(&found)?)?;
                Ok(())
            })?;
        }
        writer.finish()?;
        let passed = match &looking.passed {
            None => Vec::new(),
            Some((path, _)) => {
                let bytes = std::fs::read(path).map_err(|e| PipelineError::directory(path, e))?;
                serde_json::from_slice::<Vec<Vec<u32>>>(&bytes)
                    .map_err(|error| PipelineError::directory(path, error))?
            }
        };
        let mut told: Vec<Vec<ItemRow>> = vec![Vec::new(); looking.sets.len()];
        for (number, mut one) in seen {
            let words = one.words();
            let at = number as usize;
            let (Some(item), Some(whole)) = (index.items.get(at), index.words.get(at)) else {
                continue;
            };
            told[item.set].push(ItemRow {
                item: item.id.clone(),
                documents: one.documents,
                decided: one.decided,
                overlap_ratio: (f64::from(words) / f64::from((*whole).max(1))).min(1.0),
                largest_ratio: one.largest,
            });
        }
        let path = self.directory.path("contamination/items.parquet");
        let batch = items_batch(looking, &told)?;
        let mut writer = ParquetPartWriter::create(&path, batch.schema())?;
        writer.write(&batch)?;
        writer.finish()?;
        let mut rows = Vec::with_capacity(told.len());
        for (number, mut items) in told.into_iter().enumerate() {
            let (name, n) = &looking.sets[number];
            let of_set = || index.items.iter().enumerate().filter(|(_, item)| item.set == number);
            let group = index.groups.iter().position(|group| group.overlaps.n() == *n);
            let forms = group.map_or(0, |at| index.groups[at].overlaps.forms());
            let common = group.and_then(|at| passed.get(at)).map_or(0, Vec::len);
            items.sort_by(|a, b| b.documents.cmp(&a.documents).then(a.item.cmp(&b.item)));
            let (contaminated, touched) =
                (items.iter().filter(|item| item.decided > 0).count(), items.len());
            items.truncate(NAMED);
            rows.push(ContaminationRow {
                set: name.clone(),
                words: *n as u64,
                items: of_set().count() as u64,
                too_short: of_set().filter(|(at, _)| index.words[*at] == 0).count() as u64,
                contaminated: contaminated as u64,
                touched: touched as u64,
                documents: documents[number].0,
                decided: documents[number].1,
                passed_over: (forms + common) as u64,
                most: items,
            });
        }
        Ok(rows)
    }
}

/// The numbers of the n-grams of each group that more than `most` documents hold.
fn common(parts: &[PathBuf], index: &Index, most: u64) -> Result<Vec<Vec<u32>>, PipelineError> {
    let mut counts: Vec<Vec<u32>> =
        index.groups.iter().map(|group| vec![0; group.overlaps.grams()]).collect();
    let mut walk = SortedCursor::new(parts.to_vec(), &[NUMBERS], 0, 4096);
    while let Some(batch) = walk.next()? {
        for pairs in typed::<BinaryArray>(&batch, NUMBERS)?.iter().flatten() {
            for pair in pairs.as_chunks::<4>().0.as_chunks::<2>().0 {
                let [group, gram] = pair.map(|number| u32::from_le_bytes(number) as usize);
                if let Some(count) = counts.get_mut(group).and_then(|grams| grams.get_mut(gram)) {
                    *count = count.saturating_add(1);
                }
            }
        }
    }
    let above = |grams: &Vec<u32>| {
        let numbered = (0_u32..).zip(grams);
        numbered.filter(|(_, count)| u64::from(**count) > most).map(|(at, _)| at).collect()
    };
    Ok(counts.iter().map(above).collect())
}

/// Hands the documents of a part that hold passages to `take`, some at a time, in input order.
fn with_passages(
    part: &Path,
    take: &mut dyn FnMut(Vec<Document>) -> Result<(), PipelineError>,
) -> Result<(), PipelineError> {
    let broken = |error: &dyn std::fmt::Display| PipelineError::directory(part, error);
    let file = File::open(part).map_err(|error| broken(&error))?;
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(|error| broken(&error))?;
    let names = ["document_id", "id", "shard", "row", CONTAMINATION, CONTAMINATED];
    let schema = builder.parquet_schema();
    let roots = schema.root_schema().get_fields().iter().enumerate();
    let wanted = roots.filter(|(_, field)| names.contains(&field.name())).map(|(at, _)| at);
    let mask = ProjectionMask::roots(schema, wanted.collect::<Vec<_>>());
    let reader = builder
        .with_projection(mask)
        .with_batch_size(4096)
        .build()
        .map_err(|error| broken(&error))?;
    for batch in reader {
        let batch = batch.map_err(|error| broken(&error))?;
        let lists = batch
            .column_by_name(CONTAMINATION)
            .ok_or_else(|| exec_datafusion_err!("{CONTAMINATION} is missing"))?;
        let (ids, own) =
            (typed::<StringArray>(&batch, "document_id")?, typed::<StringArray>(&batch, "id")?);
        let shards = typed::<StringArray>(&batch, "shard")?;
        let rows = typed::<UInt64Array>(&batch, "row")?;
        let goes = typed::<BooleanArray>(&batch, CONTAMINATED)?;
        let mut found = Vec::new();
        for row in 0..batch.num_rows() {
            let hits = hits(lists, row)?;
            if !hits.is_empty() {
                found.push(Document {
                    id: ids.value(row).to_owned(),
                    own: own.is_valid(row).then(|| own.value(row).to_owned()),
                    shard: shards.value(row).to_owned(),
                    row: rows.value(row),
                    removed: goes.is_valid(row) && goes.value(row),
                    hits,
                });
            }
        }
        if !found.is_empty() {
            take(found)?;
        }
    }
    Ok(())
}

/// Adds documents to what is known of items and sets.
fn count(
    index: &Index,
    found: &[Document],
    seen: &mut BTreeMap<u32, Seen>,
    documents: &mut [(u64, u64)],
) {
    for document in found {
        let mut items: Vec<u32> = Vec::new();
        let mut sets: BTreeMap<usize, bool> = BTreeMap::new();
        for hit in &document.hits {
            let one = seen.entry(hit.number).or_default();
            one.add(hit.of_item[0], hit.of_item[0] + hit.of_item[1]);
            one.largest = one.largest.max(hit.overlap_ratio);
            if !items.contains(&hit.number) {
                items.push(hit.number);
                one.documents += 1;
                one.decided += u64::from(hit.decides);
            }
            if let Some(item) = index.items.get(hit.number as usize) {
                *sets.entry(item.set).or_default() |= hit.decides;
            }
        }
        for (set, decides) in sets {
            documents[set].0 += 1;
            documents[set].1 += u64::from(decides);
        }
    }
}

fn documents_schema() -> Schema {
    let text = |name: &str| Field::new(name, DataType::Utf8, false);
    let number = |name: &str| Field::new(name, DataType::UInt64, false);
    Schema::new(vec![
        text("document_id"),
        Field::new("id", DataType::Utf8, true),
        text("shard"),
        number("row"),
        text("set"),
        text("item"),
        number("words"),
        Field::new("overlap_ratio", DataType::Float64, false),
        number("start"),
        number("end"),
        Field::new("decides", DataType::Boolean, false),
        Field::new("removed", DataType::Boolean, false),
    ])
}

/// One row for each passage.
fn documents_batch(found: &[Document]) -> Result<RecordBatch, PipelineError> {
    let rows = || found.iter().flat_map(|one| one.hits.iter().map(move |hit| (one, hit)));
    let text = |of: &dyn Fn(&Document, &Hit) -> String| -> ArrayRef {
        Arc::new(rows().map(|(one, hit)| Some(of(one, hit))).collect::<StringArray>())
    };
    let number = |of: &dyn Fn(&Document, &Hit) -> u64| -> ArrayRef {
        Arc::new(rows().map(|(one, hit)| Some(of(one, hit))).collect::<UInt64Array>())
    };
    let flag = |of: &dyn Fn(&Document, &Hit) -> bool| -> ArrayRef {
        Arc::new(BooleanArray::from(rows().map(|(one, hit)| of(one, hit)).collect::<Vec<_>>()))
    };
    let columns: Vec<ArrayRef> = vec![
        text(&|one, _| one.id.clone()),
        Arc::new(rows().map(|(one, _)| one.own.clone()).collect::<StringArray>()),
        text(&|one, _| one.shard.clone()),
        number(&|one, _| one.row),
        text(&|_, hit| hit.set.clone()),
        text(&|_, hit| hit.item.clone()),
        number(&|_, hit| u64::from(hit.words)),
        Arc::new(rows().map(|(_, hit)| Some(hit.overlap_ratio)).collect::<Float64Array>()),
        number(&|_, hit| hit.span[0]),
        number(&|_, hit| hit.span[1]),
        flag(&|_, hit| hit.decides),
        flag(&|one, _| one.removed),
    ];
    let batch = RecordBatch::try_new(Arc::new(documents_schema()), columns);
    batch.map_err(|error| PipelineError::from(datafusion::error::DataFusionError::from(error)))
}

/// One row for each item with a passage in the corpus.
fn items_batch(looking: &Looking, told: &[Vec<ItemRow>]) -> Result<RecordBatch, PipelineError> {
    let rows = || {
        let sets = looking.sets.iter().zip(told);
        sets.flat_map(|((name, _), items)| items.iter().map(move |item| (name, item)))
    };
    let number = |of: fn(&ItemRow) -> u64| -> ArrayRef {
        Arc::new(rows().map(|(_, item)| Some(of(item))).collect::<UInt64Array>())
    };
    let ratio = |of: fn(&ItemRow) -> f64| -> ArrayRef {
        Arc::new(rows().map(|(_, item)| Some(of(item))).collect::<Float64Array>())
    };
    let batch = RecordBatch::try_from_iter([
        ("set", Arc::new(rows().map(|(set, _)| Some(set)).collect::<StringArray>()) as ArrayRef),
        ("item", Arc::new(rows().map(|(_, item)| Some(&item.item)).collect::<StringArray>())),
        ("documents", number(|item| item.documents)),
        ("decided", number(|item| item.decided)),
        ("overlap_ratio", ratio(|item| item.overlap_ratio)),
        ("largest_ratio", ratio(|item| item.largest_ratio)),
    ]);
    batch.map_err(|error| PipelineError::from(datafusion::error::DataFusionError::from(error)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_an_item_count_once_however_many_documents_hold_them() {
        let mut seen = Seen::default();
        for _ in 0..200 {
            seen.add(0, 13);
            seen.add(10, 20);
        }
        seen.add(30, 31);
        assert_eq!(seen.words(), 21);
        assert!(seen.ranges.len() <= 65);
    }
}
