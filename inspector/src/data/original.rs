//! The text as a run read it, from an input that is still what it was.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use serde_json::Value;
use tamis_pipeline::PipelineError;
use tamis_pipeline::look::Run;
use tamis_pipeline::read::discover::kind_of;
use tamis_pipeline::read::{Compression, Format, Shard, decompress};

use super::corpus::RECORD_BYTES_MAX;
use super::record::{Names, of_line, of_row};

/// The text of a record as it was read, or why it is not there.
pub(crate) fn original(
    run: &Run,
    names: &Names,
    (shard, row): (&str, u64),
    (offset, length): (u64, u64),
) -> Result<String, String> {
    let path = input(run, shard)?;
    let (format, compression) =
        kind_of(Path::new(shard)).unwrap_or((Format::Jsonl, Compression::None));
    let told = |error: &dyn std::fmt::Display| error.to_string();
    match format {
        Format::Text => std::fs::read_to_string(&path).map_err(|error| told(&error)),
        Format::Parquet => {
            let file = tamis_pipeline::look::RowFile::open(&path).map_err(|error| told(&error))?;
            let columns: Vec<&str> =
                names.text.iter().chain(&names.id).map(String::as_str).collect();
            let batch = file.rows(&[row], Some(&columns)).map_err(|error| told(&error))?;
            of_row(&path, row, &batch, 0, names).map(|r| r.text).map_err(|error| told(&error))
        }
        Format::Jsonl => {
            let shard = Shard { path: path.clone(), name: shard.to_owned(), format, compression };
            let line = bytes(&shard, offset, length).map_err(|error| told(&error))?;
            of_line(&path, row, &line, names, false)
                .map(|record| record.text)
                .map_err(|error| told(&error))
        }
    }
}

/// The input behind a shard, where it has the size and the time that the manifest says.
fn input(run: &Run, shard: &str) -> Result<PathBuf, String> {
    let inputs = run.manifest().get("inputs").and_then(Value::as_array);
    let of_shard = |input: &&Value| input.get("shard").and_then(Value::as_str) == Some(shard);
    let input = inputs.into_iter().flatten().find(of_shard);
    let input = input.ok_or_else(|| format!("run.json knows no input {shard}"))?;
    let named = input.get("path").and_then(Value::as_str).unwrap_or_default();
    let (path, from_stdin) = match named {
        "-" => (run.root().join(".state/spool/stdin.jsonl"), true),
        named => (PathBuf::from(named), false),
    };
    let data = std::fs::metadata(&path)
        .map_err(|error| format!("the input {} is gone ({error})", path.display()))?;
    let size = input.get("size_bytes").and_then(Value::as_u64);
    let modified = data.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    let modified = modified.and_then(|time| u64::try_from(time.as_nanos()).ok());
    let same_time = from_stdin || input.get("modified_ns").and_then(Value::as_u64) == modified;
    if size != Some(data.len()) || !same_time {
        return Err(format!("the input {} has changed since the run", path.display()));
    }
    Ok(path)
}

/// Bytes of a decompressed file.
fn bytes(shard: &Shard, offset: u64, length: u64) -> Result<Vec<u8>, PipelineError> {
    let broken = |error: io::Error| PipelineError::directory(&shard.path, error);
    let wanted = usize::try_from(length).unwrap_or(usize::MAX);
    if wanted > RECORD_BYTES_MAX {
        let what = format!("a record of {length} bytes is too large to be shown");
        return Err(PipelineError::directory(&shard.path, what));
    }
    let mut stream: Box<dyn Read> = if shard.compression == Compression::None {
        let mut file = File::open(&shard.path).map_err(broken)?;
        file.seek(SeekFrom::Start(offset)).map_err(broken)?;
        Box::new(file)
    } else {
        let (mut stream, _) = decompress::open(shard)?;
        io::copy(&mut stream.by_ref().take(offset), &mut io::sink()).map_err(broken)?;
        stream
    };
    let mut line = Vec::new();
    stream.by_ref().take(length).read_to_end(&mut line).map_err(broken)?;
    Ok(line)
}
