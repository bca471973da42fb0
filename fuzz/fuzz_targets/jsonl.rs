//! The JSONL reader over any bytes, plain and compressed: it never panics, and its records,
//! failures and gaps tile what it framed.
#![no_main]

use std::path::PathBuf;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use tamis_pipeline::read::{Columns, Compression, ForeignField, ForeignType, Format, ReadOptions, Shard, open};

static PATH: LazyLock<PathBuf> =
    LazyLock::new(|| std::env::temp_dir().join(format!("tamis-fuzz-{}", std::process::id())));

fn options(batch_rows: usize) -> ReadOptions {
    let field = |name: &str, kind| ForeignField { name: name.to_owned(), kind };
    ReadOptions {
        columns: Columns::default(),
        foreign: vec![
            field("score", ForeignType::Double),
            field("meta.lang", ForeignType::String),
            field("meta.n", ForeignType::Int),
        ],
        reason_field: "tamis".to_owned(),
        with_raw: true,
        batch_bytes: 1 << 16,
        batch_rows,
        record_bytes_max: 1 << 12,
        limit: None,
    }
}

fuzz_target!(|bytes: &[u8]| {
    let Some((&kind, bytes)) = bytes.split_first() else { return };
    let compression = match kind % 8 {
        0 => Compression::Gzip,
        1 => Compression::Zstd,
        2 => Compression::Bzip2,
        _ => Compression::None,
    };
    std::fs::write(&*PATH, bytes).expect("the folder for temporary files takes a file");
    let shard = Shard {
        path: PATH.clone(),
        name: "fuzz.jsonl".to_owned(),
        format: Format::Jsonl,
        compression,
    };
    let mut reader = open(&shard, &options(usize::from(kind / 8) + 1)).expect("the file is there");
    let (mut records, mut failed, mut covered) = (0, 0, 0);
    loop {
        match reader.next_chunk() {
            Ok(Some(chunk)) => {
                records += chunk.batch.num_rows() as u64 + chunk.failures.len() as u64;
                failed += chunk.failures.len() as u64;
                covered += chunk.failures.iter().map(|failure| failure.length).sum::<u64>();
                covered += lengths(&chunk.batch);
            }
            Ok(None) => break,
            // a record with the field for decisions is refused
            Err(_) => return,
        }
    }
    let totals = reader.totals();
    assert_eq!((records, failed), (totals.records, totals.failed));
    assert_eq!(covered + totals.gap_bytes, totals.bytes);
});

fn lengths(batch: &arrow::array::RecordBatch) -> u64 {
    let column = batch.column_by_name("length").expect("each row has its length");
    let lengths = column.as_any().downcast_ref::<arrow::array::UInt64Array>();
    lengths.expect("lengths are of 64 bits").values().iter().sum()
}
