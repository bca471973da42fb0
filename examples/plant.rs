//! Makes a corpus with near duplicates at known similarity, and holds a run over it against them.
//!
//! `cargo run --release --example plant -- make FOLDER DOCUMENTS [SEED]` writes JSONL.zst shards of
//! a million documents; every fifth document is a near copy of an earlier one of its shard, with a
//! Jaccard similarity of 5-word shingles from 0.5 to 1 that stands in its record. `... check OUT`
//! counts which of them a run removed, by similarity.
#![expect(clippy::print_stdout, reason = "a tool of the command line")]

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::Path;

use anyhow::{Context, Result, bail};

/// Documents of a shard.
const SHARD: u64 = 1_000_000;
/// Words to choose from.
const VOCABULARY: u64 = 50_000;

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

fn push_word(text: &mut String, mut number: u64) {
    if !text.is_empty() {
        text.push(' ');
    }
    for _ in 0..3 {
        text.push(char::from(b"bcdfghklmnprstvw"[(number % 16) as usize]));
        text.push(char::from(b"aeiou"[(number / 16 % 5) as usize]));
        number /= 80;
    }
}

/// The words of document `number`: 20 to 140, the same whenever asked.
fn words(seed: u64, number: u64) -> Vec<u64> {
    let mut random = Random(seed ^ number.wrapping_mul(0x2545_f491_4f6c_dd1d));
    let count = 20 + random.below(121);
    (0..count).map(|_| random.below(VOCABULARY)).collect()
}

fn make(folder: &Path, documents: u64, seed: u64) -> Result<()> {
    std::fs::create_dir_all(folder)?;
    for shard in 0..documents.div_ceil(SHARD) {
        let path = folder.join(format!("planted-{shard:03}.jsonl.zst"));
        let mut out = zstd::Encoder::new(BufWriter::new(File::create(&path)?), 1)?.auto_finish();
        for number in shard * SHARD..((shard + 1) * SHARD).min(documents) {
            let mut random = Random(seed.wrapping_add(number));
            let mut text = String::new();
            if number % 5 != 4 {
                for word in words(seed, number) {
                    push_word(&mut text, word);
                }
                writeln!(out, r#"{{"id": "{number}", "text": "{text}"}}"#)?;
                continue;
            }
            // an original of the same shard: the start of its words, then others
            let back = 1 + random.below((number - shard * SHARD).min(200_000));
            let original = (number - back) / 5 * 5;
            let of = words(seed, original.max(shard * SHARD));
            let shingles = of.len() as u64 - 4;
            let shared = shingles * (66 + random.below(35)) / 100;
            for (at, word) in of.iter().enumerate() {
                let own = at as u64 >= shared + 4;
                push_word(
                    &mut text,
                    if own { VOCABULARY + random.below(VOCABULARY) } else { *word },
                );
            }
            let similarity = shared as f64 / (2 * shingles - shared) as f64;
            writeln!(
                out,
                r#"{{"id": "{number}", "text": "{text}", "of": "{original}", "similarity": {similarity}}}"#
            )?;
        }
        println!("{}", path.display());
    }
    Ok(())
}

fn check(out: &Path) -> Result<()> {
    // for each hundredth of similarity: planted, removed
    let mut bins: BTreeMap<u64, [u64; 2]> = BTreeMap::new();
    let mut strangers = 0_u64;
    for (folder, removed) in [("kept", 0), ("removed", 1)] {
        for entry in std::fs::read_dir(out.join(folder))? {
            let path = entry?.path();
            let reader = BufReader::new(zstd::Decoder::new(File::open(&path)?)?);
            for line in reader.lines() {
                let line = line?;
                let Some((_, rest)) = line.split_once(r#""similarity": "#) else {
                    strangers += removed;
                    continue;
                };
                let number: String =
                    rest.chars().take_while(|c| c.is_ascii_digit() || *c == '.').collect();
                let similarity: f64 =
                    number.parse().with_context(|| format!("{}: {line}", path.display()))?;
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "a similarity is between 0 and 1"
                )]
                let bin = bins.entry((similarity * 50.0).floor() as u64).or_default();
                bin[0] += 1;
                bin[1] += removed;
            }
        }
    }
    println!("similarity   planted   removed   share");
    for (bin, [planted, removed]) in bins {
        let share = removed as f64 / planted as f64 * 100.0;
        println!(
            "{:.2}-{:.2}  {planted:9} {removed:9}  {share:5.1} %",
            bin as f64 / 50.0,
            (bin + 1) as f64 / 50.0
        );
    }
    println!("documents that were not planted, and went: {strangers}");
    Ok(())
}

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["make", folder, documents] => make(Path::new(folder), documents.parse()?, 1),
        ["make", folder, documents, seed] => {
            make(Path::new(folder), documents.parse()?, seed.parse()?)
        }
        ["check", out] => check(Path::new(out)),
        _ => bail!("plant make FOLDER DOCUMENTS [SEED] | plant check OUT"),
    }
}
