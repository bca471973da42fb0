//! The documents of a run that are nearest to one of them by their embeddings.

use std::path::PathBuf;

use arrow::array::{BinaryArray, StringArray};
use tamis_kernels::vectors::{Flat, Neighbour, nearest};

use crate::embed::compare::{append, external, numbers};
use crate::error::PipelineError;
use crate::look::{Place, Run, literal, parquet_files};
use crate::table::batch::columns;
use crate::table::batch::typed;
use crate::table::cursor::SortedCursor;
use crate::table::names::VECTOR;
use crate::table::row_id::ROW_ID;

/// Vectors held at a time.
const ROWS: usize = 8192;

/// A document near another.
#[derive(Debug, Clone, PartialEq)]
pub struct Near {
    /// The document; none where it is of the reference set.
    pub place: Option<Place>,
    /// The cosine of both embeddings.
    pub cosine: f32,
}

impl Run {
    /// The files with the embeddings of the run, none where it looked for no semantic duplicates.
    pub fn embeddings(&self) -> Result<Vec<PathBuf>, PipelineError> {
        parquet_files(&self.root.join("embeddings"))
    }

    /// The same, an error where there are none.
    pub(super) fn some_embeddings(&self) -> Result<Vec<PathBuf>, PipelineError> {
        let files = self.embeddings()?;
        if files.is_empty() {
            return Err(PipelineError::directory(
                &self.root,
                "holds no embeddings; run with --dedup semantic to have some",
            ));
        }
        Ok(files)
    }

    /// The `count` documents that are nearest to the one with this document id, the nearest first;
    /// none where it has no embedding.
    pub async fn neighbours(
        &self,
        document_id: &str,
        count: usize,
        threads: usize,
    ) -> Result<Option<Vec<Near>>, PipelineError> {
        let files = self.some_embeddings()?;
        let Some(own) = self.place_of(document_id).await? else { return Ok(None) };
        let mut query = Vec::new();
        let mut walk = SortedCursor::new(files.clone(), &[ROW_ID, VECTOR], own, ROWS);
        match walk.seek(own)? {
            Some((batch, at)) => append(typed::<BinaryArray>(batch, VECTOR)?.value(at), &mut query),
            None => return Ok(None),
        }
        let mut best: Vec<(f32, u64)> = Vec::new();
        let mut walk = SortedCursor::new(files, &[ROW_ID, VECTOR], 0, ROWS);
        while let Some(batch) = walk.next()? {
            let [places] = columns(&batch, [ROW_ID])?;
            let rows = numbers(typed::<BinaryArray>(&batch, VECTOR)?);
            // it is its own nearest
            let found = nearest(&Flat::new(&rows, query.len()), &query, count + 1, threads)
                .map_err(external)?;
            let found = found.into_iter().flatten();
            best.extend(found.filter_map(|Neighbour { row, cosine }| {
                let place = *places.get(row)?;
                (place != own).then_some((cosine, place))
            }));
            best.sort_by(|one, other| other.0.total_cmp(&one.0).then(one.1.cmp(&other.1)));
            best.truncate(count);
        }
        self.places_of(best).await.map(Some)
    }

    async fn place_of(&self, document_id: &str) -> Result<Option<u64>, PipelineError> {
        let sql = format!(
            "SELECT {ROW_ID} FROM annotations WHERE document_id = {}",
            literal(document_id)
        );
        for batch in self.context.sql(&sql).await?.collect().await? {
            if let Some(place) = columns(&batch, [ROW_ID])?[0].first() {
                return Ok(Some(*place));
            }
        }
        Ok(None)
    }

    pub(super) async fn places_of(
        &self,
        found: Vec<(f32, u64)>,
    ) -> Result<Vec<Near>, PipelineError> {
        if found.is_empty() {
            return Ok(Vec::new());
        }
        let numbers: Vec<String> = found.iter().map(|(_, place)| place.to_string()).collect();
        let wanted = format!("{ROW_ID} IN ({})", numbers.join(", "));
        let sql = format!("SELECT {ROW_ID}, document_id FROM annotations WHERE {wanted}");
        let mut ids: Vec<(u64, String)> = Vec::new();
        for batch in self.context.sql(&sql).await?.collect().await? {
            let names = typed::<StringArray>(&batch, "document_id")?;
            let [places] = columns(&batch, [ROW_ID])?;
            ids.extend(places.iter().copied().zip(names.iter().flatten().map(str::to_owned)));
        }
        let mut places: Vec<Place> = Vec::new();
        self.walk(Some(&wanted), |place| places.push(place)).await?;
        let near = found.into_iter().map(|(cosine, number)| {
            let id = ids.iter().find(|(place, _)| *place == number).map(|(_, id)| id);
            let place = places.iter().find(|place| Some(&place.document_id) == id);
            Near { place: place.cloned(), cosine }
        });
        Ok(near.collect())
    }
}
