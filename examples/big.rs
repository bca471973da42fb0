//! Writes a large corpus quickly, to measure with.
//!
//! `cargo run --release --example big -- FILE --bytes 10GB [--giant 200MB] [--seed 1]` writes JSONL
//! or Parquet, as the file is called: documents of 200 to 8,000 bytes until their texts have the
//! size, and one of the giant's size in the middle. The same arguments give the same bytes.
#![expect(clippy::print_stdout, reason = "a tool of the command line")]

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, bail, ensure};
use arrow::array::{ArrayRef, RecordBatch, StringArray, StringBuilder};
use arrow::datatypes::{DataType, Field, Schema};
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::file::properties::WriterProperties;

/// Bytes of words that texts are cut from.
const POOL: usize = 16 << 20;
/// Bytes of text in a batch, and in a row group.
const BATCH: usize = 8 << 20;
const GROUP: usize = 64 << 20;
/// Least and greatest size of a text.
const SIZES: [u64; 2] = [200, 8000];

/// splitmix64, so that a seed makes the same corpus everywhere.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let x = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^ (x >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        ((u128::from(self.next()) * u128::from(end)) >> 64) as u64
    }
}

/// Words and sentences; nothing in them needs an escape in JSON.
fn pool(random: &mut Random) -> String {
    let mut text = String::with_capacity(POOL + 16);
    while text.len() < POOL {
        let mut number = random.below(50_000);
        for _ in 0..3 {
            text.push(char::from(b"bcdfghklmnprstvw"[(number % 16) as usize]));
            text.push(char::from(b"aeiou"[(number / 16 % 5) as usize]));
            number /= 80;
        }
        text.push_str(if random.below(12) == 0 { ". " } else { " " });
    }
    text.truncate(POOL);
    text
}

/// Documents one after the other.
struct Documents {
    random: Random,
    pool: String,
    left: u64,
    giant: Option<(u64, u64)>,
}

impl Documents {
    fn new(bytes: u64, giant: Option<u64>, seed: u64) -> Self {
        let mut random = Random(seed);
        let pool = pool(&mut random);
        let giant = giant.map(|size| (bytes / 2, size));
        Self { random, pool, left: bytes, giant }
    }

    /// Gives the pieces of the next text to `take`; false at the end.
    fn next(&mut self, take: &mut dyn FnMut(&str) -> Result<()>) -> Result<bool> {
        if let Some((_, size)) = self.giant.take_if(|(at, _)| self.left <= *at) {
            let mut rest = usize::try_from(size)?;
            while rest > 0 {
                let piece = rest.min(self.pool.len());
                take(&self.pool[..piece])?;
                rest -= piece;
            }
            return Ok(true);
        }
        if self.left == 0 {
            return Ok(false);
        }
        // most documents are short
        let spread = self.random.below(SIZES[1] - SIZES[0]) * self.random.below(1000) / 1000;
        let size = (SIZES[0] + spread).min(self.left);
        let start = usize::try_from(self.random.below(POOL as u64 - SIZES[1]))?;
        take(&self.pool[start..start + usize::try_from(size)?])?;
        self.left -= size;
        Ok(true)
    }
}

fn jsonl(path: &Path, mut documents: Documents) -> Result<u64> {
    let mut out = BufWriter::with_capacity(4 << 20, File::create(path)?);
    let mut number = 0_u64;
    loop {
        let mut begun = false;
        let more = documents.next(&mut |piece| {
            if !begun {
                write!(out, "{{\"id\": \"{number}\", \"text\": \"")?;
                begun = true;
            }
            Ok(out.write_all(piece.as_bytes())?)
        })?;
        if !more {
            out.flush()?;
            return Ok(number);
        }
        out.write_all(b"\"}\n")?;
        number += 1;
    }
}

fn parquet(path: &Path, mut documents: Documents) -> Result<u64> {
    let text = |name: &str| Field::new(name, DataType::Utf8, false);
    let schema = Arc::new(Schema::new(vec![text("id"), text("text")]));
    let properties = WriterProperties::builder()
        .set_compression(Compression::SNAPPY)
        .set_dictionary_enabled(false)
        .build();
    let file = BufWriter::with_capacity(4 << 20, File::create(path)?);
    let mut writer = ArrowWriter::try_new(file, Arc::clone(&schema), Some(properties))?;
    let (mut number, mut in_group, mut more) = (0_u64, 0, true);
    while more {
        let mut texts = StringBuilder::new();
        let mut ids = Vec::new();
        let mut bytes = 0;
        while more && bytes < BATCH {
            let mut size = 0;
            more = documents.next(&mut |piece| {
                size += piece.len();
                Ok(texts.write_str(piece)?)
            })?;
            if more {
                texts.append_value("");
                ids.push(number.to_string());
                number += 1;
                bytes += size;
            }
        }
        let columns: Vec<ArrayRef> =
            vec![Arc::new(StringArray::from(ids)), Arc::new(texts.finish())];
        writer.write(&RecordBatch::try_new(Arc::clone(&schema), columns)?)?;
        in_group += bytes;
        if in_group >= GROUP {
            writer.flush()?;
            in_group = 0;
        }
    }
    writer.close()?;
    Ok(number)
}

/// `10GB`, `200MB`, `5KB` or bytes.
fn bytes(text: &str) -> Result<u64> {
    let (number, unit) = match text.find(|c: char| !c.is_ascii_digit()) {
        Some(at) => text.split_at(at),
        None => (text, ""),
    };
    let unit = match unit {
        "" | "B" => 1,
        "KB" => 1000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        other => bail!("{other} is no unit: B, KB, MB or GB"),
    };
    let number: u64 = number.parse().with_context(|| format!("{text} is no size"))?;
    number.checked_mul(unit).with_context(|| format!("{text} is too large"))
}

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some((file, options)) = arguments.split_first() else {
        bail!("big FILE.jsonl|FILE.parquet --bytes 10GB [--giant 200MB] [--seed 1]");
    };
    let (mut size, mut giant, mut seed) = (1_000_000_000, None, 1);
    ensure!(options.len().is_multiple_of(2), "every option has a value");
    for pair in options.chunks(2) {
        match pair {
            [name, value] if name == "--bytes" => size = bytes(value)?,
            [name, value] if name == "--giant" => giant = Some(bytes(value)?),
            [name, value] if name == "--seed" => seed = value.parse()?,
            other => bail!("{} is no option", other.join(" ")),
        }
    }
    let path = Path::new(file);
    let documents = Documents::new(size, giant, seed);
    let started = std::time::Instant::now();
    let count = match path.extension().and_then(|extension| extension.to_str()) {
        Some("jsonl") => jsonl(path, documents)?,
        Some("parquet") => parquet(path, documents)?,
        _ => bail!("{file}: call it .jsonl or .parquet"),
    };
    let rate = size as f64 / 1e6 / started.elapsed().as_secs_f64();
    println!("{file}: {count} documents, {rate:.0} MB/s");
    Ok(())
}
