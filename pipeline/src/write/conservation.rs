//! The books: what was read is what was written, in every shard and in the run.
//!
//! Three counts that do not know each other must agree: rows of the annotations (pass one),
//! records framed and written (pass two), and records found in the finished files.

use crate::table::part::rows;
use std::path::{Path, PathBuf};

use futures::{StreamExt, stream};

use crate::error::PipelineError;
use crate::stage::rundir::RunDir;
use crate::write::count::count_records;
use crate::write::outputs::ShardCounts;

/// Checks a finished run; the error names the shard and the two numbers that differ.
pub async fn check(
    directory: &RunDir,
    counts: &[ShardCounts],
    parts: &[PathBuf],
    threads: usize,
) -> Result<(), PipelineError> {
    for shard in counts {
        check_shard(shard)?;
    }
    let files = counts.iter().flat_map(|shard| &shard.files);
    let checks = files.map(|(file, records)| {
        let (path, records) = (directory.path(file), *records);
        async move { tokio::task::spawn_blocking(move || check_file(&path, records)).await }
    });
    let mut checks = stream::iter(checks).buffered(threads.max(1));
    while let Some(checked) = checks.next().await {
        checked.map_err(|error| PipelineError::Unbalanced(error.to_string()))??;
    }
    let read: u64 = counts.iter().map(|shard| shard.read).sum();
    let mut annotated = 0;
    for part in parts {
        annotated += rows(part)?;
    }
    if annotated != read {
        return Err(PipelineError::Unbalanced(format!(
            "{annotated} records were annotated, {read} were read again for writing"
        )));
    }
    Ok(())
}

/// Counts the records of a finished file again.
fn check_file(path: &Path, records: u64) -> Result<(), PipelineError> {
    let found = count_records(path).map_err(|error| {
        PipelineError::Unbalanced(format!("{}: cannot be counted again: {error}", path.display()))
    })?;
    if found == records {
        return Ok(());
    }
    Err(PipelineError::Unbalanced(format!(
        "{} holds {found} records, {records} were written to it",
        path.display()
    )))
}

/// `read = kept + removed + failed`, and the records' byte ranges tile the shard.
pub fn check_shard(shard: &ShardCounts) -> Result<(), PipelineError> {
    let ShardCounts { read, kept, removed, failed, .. } = *shard;
    if read != kept + removed + failed {
        return Err(PipelineError::Unbalanced(format!(
            "{}: read {read}, but kept {kept} + removed {removed} + failed {failed} = {}",
            shard.shard,
            kept + removed + failed
        )));
    }
    if !shard.limited && shard.record_bytes + shard.gap_bytes != shard.bytes {
        return Err(PipelineError::Unbalanced(format!(
            "{}: records of {} bytes and {} bytes between them do not tile the {} bytes of the shard",
            shard.shard, shard.record_bytes, shard.gap_bytes, shard.bytes
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn balanced() -> ShardCounts {
        ShardCounts {
            shard: "a.jsonl".into(),
            read: 6,
            kept: 3,
            removed: 2,
            failed: 1,
            bytes: 106,
            gap_bytes: 6,
            record_bytes: 100,
            ..ShardCounts::default()
        }
    }

    #[test]
    fn every_counter_is_held_against_the_others() {
        check_shard(&balanced()).unwrap();
        let spoil: [fn(&mut ShardCounts); 7] = [
            |c| c.read += 1,
            |c| c.kept -= 1,
            |c| c.removed += 1,
            |c| c.failed -= 1,
            |c| c.bytes += 1,
            |c| c.gap_bytes -= 1,
            |c| c.record_bytes += 1,
        ];
        for spoil in spoil {
            let mut counts = balanced();
            spoil(&mut counts);
            let error = check_shard(&counts).unwrap_err();
            assert!(matches!(error, PipelineError::Unbalanced(_)), "{error}");
        }
    }
}
