use super::*;
use crate::shingles::splitmix;
use crate::simd::Level;
use proptest::prelude::*;

/// Shared and own shingles of a pair: two sets of `size` with about this similarity.
struct Planted {
    sets: [Vec<u64>; 2],
    similarity: f64,
}

fn planted(seed: u64, size: usize, similarity: f64) -> Planted {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small numbers")]
    let shared = (2.0 * size as f64 * similarity / (1.0 + similarity)).round() as usize;
    let own = size - shared;
    let all: Vec<u64> =
        (0..shared + 2 * own).map(|at| splitmix(seed.wrapping_mul(1 << 20) + at as u64)).collect();
    let a = all[..shared + own].to_vec();
    let mut b = all[..shared].to_vec();
    b.extend(&all[shared + own..]);
    Planted { sets: [a, b], similarity: shared as f64 / (shared + 2 * own) as f64 }
}

/// Means over planted pairs: slots that agree, and pairs that share a band.
fn measure(size: usize, similarity: f64, pairs: u64) -> (f64, f64, f64) {
    let banding = Banding::new(14, 8).unwrap();
    let level = Level::detect();
    let mut signatures = [vec![0; banding.slots()], vec![0; banding.slots()]];
    let (mut agree, mut caught, mut exact) = (0_usize, 0_u64, 0.0);
    for seed in 0..pairs {
        let pair = planted(seed + 1, size, similarity);
        exact = pair.similarity;
        for (set, slots) in pair.sets.iter().zip(&mut signatures) {
            signature(level, set, slots);
        }
        let [a, b] = &signatures;
        agree += a.iter().zip(b).filter(|(a, b)| a == b).count();
        let mut bands = a.chunks(8).zip(b.chunks(8));
        caught += u64::from(bands.any(|(a, b)| a == b));
    }
    let slots = pairs as f64 * banding.slots() as f64;
    (exact, agree as f64 / slots, caught as f64 / pairs as f64)
}

/// Seeds 1 to 40,000; at 14 bands of 8.
#[test]
fn planted_pairs_are_caught_as_the_curve_says_and_without_bias() {
    let banding = Banding::new(14, 8).unwrap();
    for size in [20, 50, 100, 400, 2000] {
        for similarity in [0.7, 0.75, 0.8, 0.9] {
            let (exact, agree, caught) = measure(size, similarity, 40_000);
            let curve = banding.candidate_probability(exact);
            println!(
                "{size:5} shingles, J {exact:.4}: slots agree {agree:.4}, caught {caught:.4}, curve {curve:.4}"
            );
            assert!((agree - exact).abs() < 0.002, "{size} {exact}: {agree}");
            assert!(caught > curve - 0.01, "{size} {exact}: {caught} of {curve}");
        }
    }
}

#[test]
fn the_classic_signature_agrees_as_often() {
    let pairs: u64 = 600;
    for size in [30, 300] {
        let (mut fast, mut classic) = (0, 0);
        let mut exact = 0.0;
        for seed in 0..pairs {
            let pair = planted(seed + 90_000, size, 0.6);
            exact = pair.similarity;
            let of = |set: &[u64]| {
                let (mut fast, mut slow) = (vec![0; 112], vec![0; 112]);
                signature(Level::detect(), set, &mut fast);
                classic_signature(set, &mut slow);
                (fast, slow)
            };
            let (a, b) = (of(&pair.sets[0]), of(&pair.sets[1]));
            fast += a.0.iter().zip(&b.0).filter(|(a, b)| a == b).count();
            classic += a.1.iter().zip(&b.1).filter(|(a, b)| a == b).count();
        }
        let slots = pairs as f64 * 112.0;
        assert!((fast as f64 / slots - exact).abs() < 0.01, "{size}: {fast}");
        assert!((classic as f64 / slots - exact).abs() < 0.01, "{size}: {classic}");
    }
}

#[test]
fn nothing_has_no_signature() {
    let mut slots = vec![0; 16];
    signature(Level::detect(), &[], &mut slots);
    assert!(slots.iter().all(|slot| *slot == EMPTY));
    signature(Level::detect(), &[7], &mut slots);
    assert!(slots.iter().all(|slot| *slot != EMPTY));
}

#[test]
fn the_sketch_estimates_the_similarity() {
    let banding = Banding::new(14, 8).unwrap();
    let (mut sum, pairs) = (0.0, 2_000);
    for seed in 0..pairs {
        let pair = planted(seed + 500_000, 200, 0.8);
        let of = |set: &[u64]| {
            let mut slots = vec![0; banding.slots()];
            signature(Level::detect(), set, &mut slots);
            sketch(&slots)
        };
        let one = estimate(&of(&pair.sets[0]), &of(&pair.sets[1]));
        assert!((one - pair.similarity).abs() < 0.25);
        sum += one - pair.similarity;
    }
    assert!((sum / pairs as f64).abs() < 0.005, "{sum}");
    assert!(estimate(&[], &[]).abs() < 1e-12);
}

#[test]
fn bands_of_another_number_are_other_buckets() {
    let banding = Banding::new(4, 2).unwrap();
    let mut hashes = Vec::new();
    band_hashes(&[1, 2, 1, 2, 3, 4, 5, 6], banding, &mut hashes);
    assert_eq!(hashes.len(), 4);
    assert_ne!(hashes[0], hashes[1]);
    let mut again = Vec::new();
    band_hashes(&[1, 2, 9, 9, 3, 4, 9, 9], banding, &mut again);
    let same: Vec<bool> = hashes.iter().zip(&again).map(|(a, b)| a == b).collect();
    assert_eq!(same, [true, false, true, false]);
}

#[test]
fn the_curve_and_the_choice_of_bands() {
    let default = Banding::new(14, 8).unwrap();
    // 1 - (1 - s^8)^14 by hand
    for (similarity, share) in [(0.7, 0.565), (0.75, 0.7716), (0.8, 0.924), (0.9, 0.9996)] {
        assert!((default.candidate_probability(similarity) - share).abs() < 5e-4, "{similarity}");
    }
    assert_eq!(Banding::for_threshold(0.8).unwrap(), default);
    for threshold in [0.3, 0.5, 0.7, 0.85, 0.9, 0.95, 1.0] {
        let chosen = Banding::for_threshold(threshold).unwrap();
        assert!(chosen.slots() <= 112, "{chosen:?}");
        assert!(chosen.candidate_probability(threshold) >= 0.92, "{threshold} {chosen:?}");
    }
    assert!(Banding::for_threshold(0.1).is_err());
    assert!(Banding::for_threshold(f64::NAN).is_err());
    assert!(Banding::new(0, 8).is_err());
    assert!(Banding::new(1000, 1000).is_err());
    assert!(Banding::new(5, 30).unwrap().check(0.8).is_err());
    default.check(0.8).unwrap();
}

proptest! {
    #[test]
    fn every_level_gives_the_same_bits(
        shingles in prop::collection::vec(any::<u64>(), 0..400), slots in 1_usize..150,
    ) {
        let mut expected = vec![0; slots];
        signature(Level::Baseline, &shingles, &mut expected);
        for level in Level::available() {
            let mut out = vec![0; slots];
            signature(level, &shingles, &mut out);
            prop_assert_eq!(&out, &expected, "{:?}", level);
        }
    }

    #[test]
    fn order_and_copies_change_nothing(
        mut shingles in prop::collection::vec(any::<u64>(), 1..100),
    ) {
        let mut expected = vec![0; 112];
        signature(Level::detect(), &shingles, &mut expected);
        shingles.reverse();
        shingles.push(shingles[0]);
        let mut again = vec![0; 112];
        signature(Level::detect(), &shingles, &mut again);
        prop_assert_eq!(again, expected);
    }
}

#[test]
fn hashes_are_the_same_on_every_machine() {
    let words: Vec<u64> = (0..20).map(splitmix).collect();
    let banding = Banding::new(14, 8).unwrap();
    let (mut set, mut slots, mut bands) = (Vec::new(), vec![0; banding.slots()], Vec::new());
    for level in Level::available() {
        shingles(level, &words, 5, &mut set);
        signature(level, &set, &mut slots);
        band_hashes(&slots, banding, &mut bands);
        assert_eq!((set[0], set[15]), (6_595_677_746_462_438_180, 1_439_686_103_695_673_364));
        assert_eq!((slots[0], slots[111]), (8_810_897, 32_780_972));
        assert_eq!((bands[0], bands[13]), (4_003_381_826_325_952_630, 9_043_194_394_871_056_495));
    }
}
