//! Prints the pairs of lines of standard input whose sets of word triples have at least a Jaccard
//! similarity (0.8, or the first argument), with the similarity and the numbers of the lines:
//!
//!     cargo run --release -p minhash-lsh --example near_lines -- 0.7 < FILE

use std::collections::BTreeSet;
use std::error::Error;
use std::io::{BufRead, Write};

use minhash_lsh::{Banding, Level, band_hashes, jaccard, shingle_set, shingles, signature};
use xxhash_rust::xxh3::xxh3_64;

/// Words of a shingle: lines are short.
const SHINGLE_WORDS: usize = 3;

/// A line that is in a bucket.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Member {
    bucket: u64,
    line: usize,
}

fn main() -> Result<(), Box<dyn Error>> {
    let threshold: f64 = std::env::args().nth(1).map_or(Ok(0.8), |word| word.parse())?;
    let banding = Banding::for_threshold(threshold)?;
    let level = Level::detect();
    let lines: Vec<String> = std::io::stdin().lock().lines().collect::<Result<_, _>>()?;
    let mut sets: Vec<Vec<u64>> = Vec::with_capacity(lines.len());
    let mut members: Vec<Member> = Vec::with_capacity(lines.len() * banding.bands());
    let (mut slots, mut hashes) = (vec![0; banding.slots()], Vec::new());
    for (line, text) in lines.iter().enumerate() {
        let words: Vec<u64> =
            text.split_whitespace().map(|word| xxh3_64(word.to_lowercase().as_bytes())).collect();
        let mut set = Vec::new();
        shingles(level, &words, SHINGLE_WORDS, &mut set);
        if !set.is_empty() {
            signature(level, &set, &mut slots);
            band_hashes(&slots, banding, &mut hashes);
            members.extend(hashes.iter().map(|bucket| Member { bucket: *bucket, line }));
        }
        shingle_set(&mut set);
        sets.push(set);
    }
    members.sort_unstable();
    // two lines may share several buckets
    let mut candidates: BTreeSet<[usize; 2]> = BTreeSet::new();
    for bucket in members.chunk_by(|a, b| a.bucket == b.bucket) {
        for (at, first) in bucket.iter().enumerate() {
            candidates.extend(bucket[at + 1..].iter().map(|second| [first.line, second.line]));
        }
    }
    let mut out = std::io::stdout().lock();
    for [first, second] in candidates {
        let similarity = jaccard(&sets[first], &sets[second]);
        if similarity >= threshold {
            writeln!(out, "{similarity:.3}\t{}\t{}\t{}", first + 1, second + 1, lines[first])?;
        }
    }
    Ok(())
}
