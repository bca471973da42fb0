//! Documents that never went through a run.

use std::path::{Path, PathBuf};

use arrow::array::{Array, StringArray, UInt64Array};

use crate::error::PipelineError;
use crate::read::{Shard, discover};
use crate::table::batch::typed;

/// The shard behind a name, for documents that never went through a run.
pub fn shards(inputs: &[String]) -> Result<Vec<Shard>, PipelineError> {
    Ok(discover::discover(inputs, None)?.shards)
}

/// Every file below a folder, in the order of names.
pub fn files(folder: &Path) -> Result<Vec<PathBuf>, PipelineError> {
    let mut files = Vec::new();
    for entry in walkdir::WalkDir::new(folder).sort_by_file_name() {
        let entry = entry.map_err(|error| PipelineError::directory(folder, error))?;
        if entry.file_type().is_file() {
            files.push(entry.into_path());
        }
    }
    Ok(files)
}

/// One document straight from a reader.
#[derive(Debug, Clone, PartialEq)]
pub struct Document<'a> {
    /// The document's id.
    pub document_id: String,
    /// The user's id.
    pub id: Option<&'a str>,
    /// Its row in the shard.
    pub row: u64,
    /// Its text.
    pub text: &'a str,
}

/// The good documents of a chunk.
pub fn documents<'a>(
    shard: &Shard,
    chunk: &'a crate::read::Chunk,
) -> Result<Vec<Document<'a>>, PipelineError> {
    let rows: &UInt64Array = typed(&chunk.batch, "row")?;
    let ids: &StringArray = typed(&chunk.batch, "id")?;
    let texts: &StringArray = typed(&chunk.batch, "text")?;
    let one = |at: usize| Document {
        document_id: tamis_kernels::hex128(tamis_kernels::document_id(&shard.name, rows.value(at))),
        id: (!ids.is_null(at)).then(|| ids.value(at)),
        row: rows.value(at),
        text: texts.value(at),
    };
    Ok((0..chunk.batch.num_rows()).map(one).collect())
}

/// For each declared column, what is wrong with it in the first thousand records of each shard
/// behind `input`; none where some record has it with the declared type.
pub fn columns_of(
    input: &str,
    columns: &[tamis_rules::ForeignColumn],
) -> Result<Vec<Option<String>>, PipelineError> {
    use crate::read::{Columns, ForeignField, ForeignType, ReadOptions, open};
    let foreign: Vec<ForeignField> = columns
        .iter()
        .filter_map(|column| {
            let kind = ForeignType::of(&column.data_type)?;
            Some(ForeignField { name: column.name.clone(), kind })
        })
        .collect();
    let options = ReadOptions {
        columns: Columns::default(),
        foreign: foreign.clone(),
        reason_field: String::new(),
        with_raw: false,
        batch_bytes: 4 << 20,
        batch_rows: 1000,
        record_bytes_max: 128 << 20,
        limit: Some(1000),
    };
    let mut seen = vec![false; foreign.len()];
    let mut warnings = Vec::new();
    for shard in shards(&[input.to_owned()])? {
        let mut reader = open(&shard, &options)?;
        while let Some(chunk) = reader.next_chunk()? {
            for (number, field) in foreign.iter().enumerate() {
                let column = chunk.batch.column_by_name(&field.name);
                seen[number] |= column.is_some_and(|column| column.null_count() < column.len());
            }
        }
        warnings.extend(reader.totals().warnings);
    }
    Ok(foreign
        .iter()
        .zip(seen)
        .map(|(field, seen)| {
            let told = format!("column {} is of", field.name);
            let mistyped = warnings.iter().any(|warning| warning.starts_with(&told));
            match (seen, mistyped) {
                (true, _) => None,
                (false, true) => Some(format!("is of another type than declared in {input}")),
                (false, false) => Some(format!("is in no record of {input}")),
            }
        })
        .collect())
}
