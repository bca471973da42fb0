//! How crowded the place of each document is among the embeddings of a run.

use std::path::PathBuf;
use std::sync::Arc;

use arrow::array::{ArrayRef, BinaryArray, RecordBatch, UInt64Array};
use futures::StreamExt;
use parquet::arrow::ArrowWriter;

use crate::dedup::semantic::audit::Queries;
use crate::embed::compare::{Comparer, numbers};
use crate::error::PipelineError;
use crate::look::{Near, Run};
use crate::table::atomic::PartFile;
use crate::table::batch::typed;
use crate::table::batch::{columns, schema_of};
use crate::table::names::VECTOR;
use crate::table::part::properties;
use crate::table::row_groups::RowGroups;
use crate::table::row_id::ROW_ID;

/// The annotation: documents of a sample within some cosine of a document, itself left out.
pub const EMBEDDING_NEIGHBOUR_COUNT: &str = "embedding_neighbour_count";

/// What a count of neighbours found.
#[derive(Debug)]
pub struct Density {
    /// The file with `document_id, id, shard, row, embedding_neighbour_count`, in input order.
    pub path: PathBuf,
    /// Documents that have an embedding.
    pub documents: u64,
    /// Documents that neighbours were looked for among.
    pub sample: usize,
    /// Documents with the fewest neighbours, and how many; the first in input order first.
    pub fewest: Vec<(Near, u64)>,
}

impl Run {
    /// Counts for each document those of a uniform sample of `sample` documents (of all, where
    /// there are fewer) whose cosine to it is at least `cosine`, and names the `number` documents
    /// that have the fewest. It compares every document with the whole sample.
    pub async fn neighbour_counts(
        &self,
        cosine: f64,
        sample: usize,
        number: usize,
        threads: usize,
    ) -> Result<Density, PipelineError> {
        let files = self.some_embeddings()?;
        let workers = Comparer::cpu(threads);
        let Queries { places, vectors } = Queries::draw(&files, sample, 0, &workers)?;
        let dimensions = vectors.len() / places.len().max(1);
        let groups = RowGroups::open(files)?;
        let counted = workers.in_parallel(groups.count(), |group| {
            let mut found: Vec<(u64, u64)> = Vec::new();
            for batch in groups.read(group, &[ROW_ID, VECTOR])? {
                let [own] = columns(&batch, [ROW_ID])?;
                let rows = numbers(typed::<BinaryArray>(&batch, VECTOR)?);
                let mut counts = vec![0; own.len()];
                Comparer::cpu(1).cross(
                    (&rows, dimensions),
                    &vectors,
                    cosine,
                    &mut |row, other, _| {
                        counts[row] += u64::from(own[row] != places[other]);
                    },
                )?;
                found.extend(own.iter().copied().zip(counts));
            }
            Ok(found)
        })?;
        let counted = counted.concat();
        let mut fewest = counted.clone();
        fewest.sort_unstable_by_key(|(place, count)| (*count, *place));
        fewest.truncate(number);
        let path = self.write_counts(&counted).await?;
        let asked = fewest.iter().map(|(place, _)| (0.0, *place)).collect();
        let named = self.places_of(asked).await?;
        let fewest = named.into_iter().zip(fewest).map(|(near, (_, count))| (near, count));
        Ok(Density {
            path,
            documents: counted.len() as u64,
            sample: places.len(),
            fewest: fewest.collect(),
        })
    }

    /// Puts the counts beside the names of their documents.
    async fn write_counts(&self, counted: &[(u64, u64)]) -> Result<PathBuf, PipelineError> {
        let path = self.root.join("neighbours.parquet");
        let failed =
            |error: &dyn std::fmt::Display| PipelineError::directory(&path, error.to_string());
        let (places, counts): (Vec<u64>, Vec<u64>) = counted.iter().copied().unzip();
        let columns: Vec<ArrayRef> =
            vec![Arc::new(UInt64Array::from(places)), Arc::new(UInt64Array::from(counts))];
        let kind = arrow::datatypes::DataType::UInt64;
        let schema = schema_of(&[(ROW_ID, kind.clone()), (EMBEDDING_NEIGHBOUR_COUNT, kind)]);
        let batch = RecordBatch::try_new(schema, columns).map_err(|error| failed(&error))?;
        self.context.deregister_table("counted")?;
        self.context.register_batch("counted", batch)?;
        let sql = format!(
            "SELECT a.document_id, a.id, a.shard, a.row, c.{EMBEDDING_NEIGHBOUR_COUNT} \
             FROM annotations a JOIN counted c ON a.{ROW_ID} = c.{ROW_ID} ORDER BY a.{ROW_ID}"
        );
        let frame = self.context.sql(&sql).await?;
        let schema = Arc::new(frame.schema().as_arrow().clone());
        let mut rows = frame.execute_stream().await?;
        let file = PartFile::create(&path).map_err(|error| failed(&error))?;
        let properties = properties().map_err(|error| failed(&error))?;
        let mut writer =
            ArrowWriter::try_new(file, schema, Some(properties)).map_err(|error| failed(&error))?;
        while let Some(batch) = rows.next().await {
            writer.write(&batch?).map_err(|error| failed(&error))?;
        }
        let file = writer.into_inner().map_err(|error| failed(&error))?;
        file.finish().map_err(|error| failed(&error))?;
        self.context.deregister_table("counted")?;
        Ok(path)
    }
}
