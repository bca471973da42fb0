use super::exact_sign::exceeds;
use super::made::Source;
use super::projection::{Projection, ProjectionError};
use super::sign::SignHash;
use super::{SignBands, cosine, hamming};
use minhash_lsh::Level;
use proptest::prelude::*;
use xxhash_rust::xxh3::xxh3_64;

fn by_definition(hash: &SignHash, rows: &[f32]) -> Vec<u64> {
    let (dimensions, bits) = (hash.projection().dimensions(), hash.projection().bits());
    let mut words = Vec::new();
    for row in rows.chunks_exact(dimensions) {
        for word in 0..bits / 64 {
            let one = |lane: usize| {
                let bit = word * 64 + lane;
                exceeds(row, hash.projection().direction(bit), hash.thresholds()[bit])
            };
            words.push((0..64).map(|lane| u64::from(one(lane)) << lane).sum());
        }
    }
    words
}

#[test]
fn signatures_are_pinned() {
    let hash = SignHash::new(Projection::new(300, 256, 1).unwrap(), None).unwrap();
    let rows: Vec<f32> = (0..50).flat_map(|seed| Source::new(seed).unit(300)).collect();
    let found = hash.signatures(&rows, 1);
    let bytes: Vec<u8> = found.words.iter().flat_map(|word| word.to_le_bytes()).collect();
    assert_eq!(xxh3_64(&bytes), PINNED);
}
const PINNED: u64 = 8_927_784_863_786_843_867;

#[test]
fn rows_without_direction_have_signatures_too() {
    let hash = SignHash::new(Projection::new(5, 64, 1).unwrap(), None).unwrap();
    let rows = [
        [0.0; 5],
        [f32::NAN, f32::INFINITY, 0.0, 0.0, f32::NEG_INFINITY],
        [f32::MAX / 4.0; 5],
        [f32::from_bits(0x8000); 5],
    ];
    let found = hash.signatures(rows.as_flattened(), 1);
    // what is not finite counts as 0, and 0 is not below 0
    assert_eq!(found.words[..2], [u64::MAX; 2]);
    assert_eq!(found.words, by_definition(&hash, rows.as_flattened()));
}

#[test]
fn bits_differ_as_often_as_the_angle_says() {
    let hash = SignHash::new(Projection::new(64, 512, 11).unwrap(), None).unwrap();
    let mut source = Source::new(4);
    for wanted in [0.5, 0.9, 0.95, 0.99] {
        let (mut differing, mut expected) = (0, 0.0);
        let trials = 400;
        for _ in 0..trials {
            let left = source.unit(64);
            let right = source.near(&left, wanted);
            let signed = |row: &[f32]| hash.signatures(row, 1).words;
            differing += hamming(&signed(&left), &signed(&right));
            expected += f64::from(cosine(&left, &right)).acos() / std::f64::consts::PI * 512.0;
        }
        let spread = (expected * (1.0 - expected / 512.0 / f64::from(trials))).sqrt();
        assert!((f64::from(differing) - expected).abs() < 4.0 * spread, "{wanted}");
    }
}

#[test]
fn pairs_are_found_as_often_as_the_formula_says() {
    let (dimensions, pairs) = (120, 1500);
    let hash = SignHash::new(Projection::new(dimensions, 256, 5).unwrap(), None).unwrap();
    let bands = SignBands::for_threshold(0.95, 1_000_000, 256).unwrap();
    for wanted in [0.90, 0.93, 0.95] {
        let mut source = Source::new(6);
        let mut rows = Vec::new();
        for _ in 0..pairs {
            let left = source.unit(dimensions);
            rows.extend(source.near(&left, wanted));
            rows.extend(left);
        }
        let words = hash.signatures(&rows, 2).words;
        let (mut stored, mut looked_up, mut found) = (Vec::new(), Vec::new(), 0);
        for pair in words.chunks_exact(8) {
            let (left, right) = pair.split_at(4);
            bands.own_keys(left, &mut stored);
            bands.query_keys(right, &mut looked_up);
            let meets = looked_up.iter().any(|key| stored.contains(key));
            found += u32::from(meets && hamming(left, right) <= bands.max_hamming());
        }
        let (share, recall) = (f64::from(found) / f64::from(pairs), bands.recall(wanted));
        let spread = (recall * (1.0 - recall) / f64::from(pairs)).sqrt();
        assert!((share - recall).abs() < 4.0 * spread + 1e-3, "{wanted}: {share}, not {recall}");
    }
}

#[test]
fn taking_a_mean_off_is_taking_it_off_the_vectors() {
    let (dimensions, bits) = (96, 256);
    let mut source = Source::new(8);
    let mean: Vec<f32> = source.unit(dimensions).iter().map(|value| value * 0.7).collect();
    let projection = Projection::new(dimensions, bits, 2).unwrap();
    let centred = SignHash::new(projection.clone(), Some(mean.clone())).unwrap();
    let plain = SignHash::new(projection.clone(), None).unwrap();
    let mut differing = 0;
    for _ in 0..50 {
        let row = source.near(&mean.iter().map(|value| value / 0.7).collect::<Vec<_>>(), 0.7);
        let less: Vec<f32> = row.iter().zip(&mean).map(|(value, mean)| value - mean).collect();
        differing += hamming(&centred.signatures(&row, 1).words, &plain.signatures(&less, 1).words);
    }
    // what differs is what rounding to bfloat16 before or after moves over a border
    assert!(differing < 50 * 256 / 100, "{differing}");
    let error = SignHash::new(projection, Some(vec![0.0; 7])).unwrap_err();
    assert_eq!(error, ProjectionError::Mean { found: 7, dimensions });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn every_level_and_thread_count_gives_the_defined_bits(
        seed: u64, count in 0_usize..70, dimensions in 1_usize..150, words in 1_usize..5,
        centred: bool, scale in -30_i32..30,
    ) {
        let mut source = Source::new(seed);
        let projection = Projection::new(dimensions, words * 64, seed).unwrap();
        let scale = 2.0_f32.powi(scale);
        let mean: Vec<f32> = source.unit(dimensions).iter().map(|x| x * scale).collect();
        // rows at right angles to a direction, so that their bit is at the border
        let mut rows = Vec::new();
        for row in 0..count {
            let mut next: Vec<f32> = source.unit(dimensions).iter().map(|x| x * scale).collect();
            if row % 3 == 0 && dimensions > 1 {
                let (last, first) = (next[1], next[0]);
                next.fill(0.0);
                let direction = projection.direction(row % 64);
                let [a, b] = [0, 1].map(|at| f32::from_bits(u32::from(direction[at]) << 16));
                (next[0], next[1]) = if row % 2 == 0 { (b, -a) } else { (first, last) };
            }
            rows.extend(next);
        }
        let hash = SignHash::new(projection, centred.then_some(mean)).unwrap();
        let expected = by_definition(&hash, &rows);
        for level in Level::available() {
            for threads in [1, 2] {
                let found = hash.signatures_at(level, &rows, threads);
                prop_assert_eq!(&found.words, &expected);
            }
        }
    }
}
