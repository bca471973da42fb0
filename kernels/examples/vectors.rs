//! How fast vectors are worked on by the CPU, one thread, and with `recall` what
//! share of planted pairs buckets find: `cargo run --release --example vectors [recall]`.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a bench")]

use std::hint::black_box;
use std::time::Instant;

use tamis_kernels::vectors::{
    Flat, PackedSignatures, Projection, SignBands, SignHash, cosine, exact_pairs, hamming,
    made::Source, nearest,
};

/// The median of five runs in seconds.
fn median(mut run: impl FnMut()) -> f64 {
    let mut times: Vec<f64> = (0..5)
        .map(|_| {
            let start = Instant::now();
            run();
            start.elapsed().as_secs_f64()
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[2]
}

/// Recall by the formula and as found, for planted pairs of each cosine.
fn recall() {
    let (dimensions, pairs) = (768, 20_000);
    let hash = SignHash::new(Projection::new(dimensions, 256, 1).unwrap(), None).unwrap();
    for threshold in [0.90, 0.95, 0.97] {
        let bands = SignBands::for_threshold(threshold, 1_000_000, 256).unwrap();
        println!("{bands:?}");
        for wanted in [0.88, 0.90, 0.92, 0.94, 0.95, 0.96, 0.97, 0.98, 0.99] {
            let mut source = Source::new(7);
            let mut found = 0;
            for _ in 0..pairs / 1000 {
                let mut rows = Vec::new();
                for _ in 0..1000 {
                    let left = source.unit(dimensions);
                    rows.extend(source.near(&left, wanted));
                    rows.extend(left);
                }
                let words = hash.signatures(&rows, 1).words;
                let (mut stored, mut looked_up) = (Vec::new(), Vec::new());
                for pair in words.chunks_exact(8) {
                    let (left, right) = pair.split_at(4);
                    bands.own_keys(left, &mut stored);
                    bands.query_keys(right, &mut looked_up);
                    let meets = looked_up.iter().any(|key| stored.contains(key));
                    found += u32::from(meets && hamming(left, right) <= bands.max_hamming());
                }
            }
            println!(
                "  cosine {wanted}: formula {:.4}, found {:.4}; compared at cosine 0.3: {:.1e}, 0.5: {:.1e}",
                bands.recall(wanted),
                f64::from(found) / f64::from(pairs),
                bands.candidates(0.3),
                bands.candidates(0.5),
            );
        }
    }
}

fn main() {
    if std::env::args().nth(1).as_deref() == Some("recall") {
        return recall();
    }
    let (count, dimensions) = (8192, 768);
    let mut source = Source::new(1);
    let rows: Vec<f32> = (0..count).flat_map(|_| source.unit(dimensions)).collect();
    let flat = Flat::new(&rows, dimensions);
    let pairs = (count * (count - 1) / 2) as f64;

    let mut found = 0;
    let seconds = median(|| {
        exact_pairs(&flat, 0.95, 1, |_| found += 1).unwrap();
    });
    // blocks on the diagonal are multiplied whole
    let blocks = (count / 2048) as f64;
    let products = blocks * (blocks + 1.0) / 2.0 * 2048.0 * 2048.0;
    println!(
        "exact pairs, {count} x {dimensions}: {:.0} M pairs/s, {:.1} GFLOP/s, {found} found",
        pairs / seconds / 1e6,
        2.0 * products * dimensions as f64 / seconds / 1e9
    );

    let hash = SignHash::new(Projection::new(dimensions, 256, 1).unwrap(), None).unwrap();
    let mut signatures = hash.signatures(&rows, 1);
    let seconds = median(|| signatures = black_box(hash.signatures(&rows, 1)));
    let products = (count * 256 * dimensions) as f64;
    println!(
        "256-bit signatures of {dimensions}: {:.0} k vectors/s, {:.1} GFLOP/s, {:.4} % of bits again",
        count as f64 / seconds / 1e3,
        2.0 * products / seconds / 1e9,
        signatures.recomputed as f64 / (count * 256) as f64 * 100.0
    );

    let bands = SignBands::for_threshold(0.95, 1_000_000, 256).unwrap();
    let mut close = 0;
    let seconds = median(|| {
        let mut packed = PackedSignatures::new(4);
        for signature in signatures.words.chunks_exact(4) {
            packed.near(signature, bands.max_hamming(), |_| {
                close += 1;
                true
            });
            packed.push(signature);
        }
    });
    println!("close pairs of 256 bits: {:.0} M pairs/s, {close} found", pairs / seconds / 1e6);

    let mut keys = Vec::new();
    let seconds = median(|| {
        for signature in signatures.words.chunks_exact(4) {
            bands.own_keys(signature, &mut keys);
            black_box(&keys);
            bands.join_keys(signature, &mut keys);
            black_box(&keys);
        }
    });
    println!("keys ({bands:?}): {:.2} M documents/s", count as f64 / seconds / 1e6);

    let mut sum = 0.0;
    let seconds = median(|| {
        for pair in rows.chunks_exact(2 * dimensions) {
            sum += cosine(&pair[..dimensions], &pair[dimensions..]);
        }
    });
    println!("cosine: {:.1} M/s ({sum:.3})", (count / 2) as f64 / seconds / 1e6);
    let seconds = median(|| {
        for pair in rows[..16 * dimensions].chunks_exact(2 * dimensions).cycle().take(4096) {
            sum += cosine(&pair[..dimensions], &pair[dimensions..]);
        }
    });
    println!("cosine of vectors in the cache: {:.1} M/s ({sum:.3})", 4096.0 / seconds / 1e6);

    let queries = &rows[..100 * dimensions];
    let seconds = median(|| {
        black_box(nearest(&flat, queries, 10, 1).unwrap());
    });
    println!("nearest 10 of 100 queries: {:.0} M pairs/s", 100.0 * count as f64 / seconds / 1e6);
}
