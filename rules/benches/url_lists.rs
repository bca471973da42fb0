//! A list of four million sites: the time to make its index, its size, and addresses looked up in a
//! second on one core.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a bench")]

use std::hint::black_box;
use std::time::Instant;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use tamis_rules::urls::{UrlList, domain, host};

const ENTRIES: u64 = 4_000_000;
const ADDRESSES: u64 = 100_000;
const WORDS: [&str; 8] = ["shop", "news", "photo", "media", "play", "star", "green", "data"];
const TOPS: [&str; 5] = ["com", "org", "de", "co.uk", "online"];

/// A host that looks like one, different for every number.
fn site(number: u64) -> String {
    let mixed = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let pick = |shift: u32, of: usize| usize::try_from(mixed >> shift & 0xff).unwrap() % of;
    format!("{}{}{}.{}", WORDS[pick(8, 8)], WORDS[pick(16, 8)], mixed >> 36, TOPS[pick(24, 5)])
}

fn lookups(criterion: &mut Criterion) {
    let cache = std::env::temp_dir().join(format!("tamis-bench-{}", std::process::id()));
    let text: String = (0..ENTRIES).map(|number| site(number) + "\n").collect();
    let path = cache.join("list.fst");
    let begun = Instant::now();
    let list = UrlList::build("bench", &text, &path).unwrap();
    let bytes = std::fs::metadata(&path).unwrap().len();
    println!("{} entries, {bytes} bytes, made in {:.1?}", list.len(), begun.elapsed());
    let address = |number: u64| {
        // every second one is in the list
        let site = site(if number.is_multiple_of(2) { number } else { ENTRIES + number });
        format!("https://www.{site}/a/b/page?id={number}")
    };
    let addresses: Vec<String> = (0..ADDRESSES).map(address).collect();
    let mut group = criterion.benchmark_group("urls");
    group.throughput(Throughput::Elements(ADDRESSES));
    group.bench_function("list of 4 million", |bencher| {
        bencher
            .iter(|| addresses.iter().filter(|url| list.entry(black_box(url)).is_some()).count());
    });
    group.bench_function("registered domain", |bencher| {
        let named = |url: &&String| host(url).is_some_and(|host| domain(&host).is_some());
        bencher.iter(|| addresses.iter().filter(named).count());
    });
    group.finish();
    std::fs::remove_dir_all(&cache).unwrap();
}

criterion_group!(benches, lookups);
criterion_main!(benches);
