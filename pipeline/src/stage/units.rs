//! Which shards one task reads.

use tamis_rules::ForeignColumn;

use crate::config::ContentConfig;
use crate::read::scan::Scan;
use crate::read::{Columns, ForeignField, ForeignType, Format, Shard};
use crate::table::names::SOURCE;

/// Text files that share one unit at most.
pub(crate) const TEXT_FILES_PER_UNIT: usize = 512;

/// Bytes of text that one batch aims at.
const BATCH_BYTES: usize = 4 << 20;

/// Rows that one batch holds at most.
const BATCH_ROWS: usize = 1024;

/// One unit for each shard; small text files share one.
pub(crate) fn units(
    content: &ContentConfig,
    declared: &[ForeignColumn],
    shards: Vec<Shard>,
) -> Vec<Scan> {
    let mut groups: Vec<Vec<Shard>> = Vec::new();
    for shard in shards {
        match groups.last_mut() {
            Some(group)
                if shard.format == Format::Text
                    && group.len() < TEXT_FILES_PER_UNIT
                    && group.last().is_some_and(|last| last.format == Format::Text) =>
            {
                group.push(shard);
            }
            _ => groups.push(vec![shard]),
        }
    }
    groups
        .into_iter()
        .map(|shards| Scan {
            shards,
            columns: Columns { text: content.text_column.clone(), id: content.id_column.clone() },
            foreign: foreign(
                declared,
                [content.source_column.as_deref(), own_column(content.group_by.as_deref())],
            ),
            reason_field: content.reason_field.clone(),
            batch_bytes: BATCH_BYTES,
            batch_rows: BATCH_ROWS,
            record_bytes_max: content.record_bytes_max,
            limit: content.limit,
            source_column: content.source_column.clone(),
        })
        .collect()
}

/// The columns that rules declare, and those that name sources and works.
fn foreign(declared: &[ForeignColumn], named: [Option<&str>; 2]) -> Vec<ForeignField> {
    let mut fields: Vec<ForeignField> = declared
        .iter()
        .filter_map(|column| {
            let kind = ForeignType::of(&column.data_type)?;
            Some(ForeignField { name: column.name.clone(), kind })
        })
        .collect();
    for name in named.into_iter().flatten() {
        if fields.iter().all(|field| field.name != name) {
            fields.push(ForeignField { name: name.to_owned(), kind: ForeignType::String });
        }
    }
    fields
}

/// Every shard is a work of its own.
pub(crate) const SHARD: &str = "shard";

/// The column that names works, where it is the user's own.
pub(crate) fn own_column(group_by: Option<&str>) -> Option<&str> {
    group_by.filter(|name| ![SOURCE, SHARD].contains(name))
}
