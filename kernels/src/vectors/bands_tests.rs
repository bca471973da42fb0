use super::*;
use crate::vectors::hamming::hamming;
use crate::vectors::made::Source;
use proptest::prelude::*;

#[test]
fn recall_is_that_of_the_closed_form() {
    // 1 - (1 - p^16)^16, without and with one flipped bit, and no cut-off
    let p: f64 = 1.0 - differs(0.95);
    let none = SignBands::new(256, 16, 16, 0, 256).unwrap();
    assert!((none.recall(0.95) - (1.0 - (1.0 - p.powi(16)).powi(16))).abs() < 1e-12);
    let one = SignBands::new(256, 16, 16, 1, 256).unwrap();
    let table = p.powi(16) + 16.0 * p.powi(15) * (1.0 - p);
    assert!((one.recall(0.95) - (1.0 - (1.0 - table).powi(16))).abs() < 1e-12);
    // the cut-off alone: one table of one bit with both values looked up meets always
    let all = SignBands::new(256, 1, 1, 1, 48).unwrap();
    let within: f64 = binomial(256, 1.0 - p).iter().take(49).sum();
    assert!((all.recall(0.95) - within).abs() < 1e-12);
    assert!((all.candidates(0.95) - 1.0).abs() < 1e-12);
}

#[test]
fn recall_is_what_random_bits_show() {
    let bands = SignBands::new(128, 7, 12, 1, 16).unwrap();
    for cosine in [0.93, 0.96, 0.98] {
        let (mut source, chance) = (Source::new(3), differs(cosine));
        let (mut found, trials) = (0, 20_000);
        for _ in 0..trials {
            let left = [source.bits(), source.bits()];
            let mut right = left;
            for bit in 0..128 {
                right[bit / 64] ^= u64::from(source.uniform() < chance) << (bit % 64);
            }
            let meets = meetings_of(bands, &left, &right) > 0;
            found += u32::from(meets && hamming(&left, &right) <= bands.max_hamming());
        }
        let (share, recall) = (f64::from(found) / f64::from(trials), bands.recall(cosine));
        let spread = (recall * (1.0 - recall) / f64::from(trials)).sqrt();
        assert!((share - recall).abs() < 4.0 * spread, "{cosine}: {share} {recall}");
    }
}

/// In how many tables one of the two finds the other.
fn meetings_of(bands: SignBands, left: &[u64], right: &[u64]) -> usize {
    let (mut stored, mut looked_up) = (Vec::new(), Vec::new());
    let mut count = 0;
    for (one, other) in [(left, right), (right, left)] {
        bands.own_keys(one, &mut stored);
        bands.join_keys(other, &mut looked_up);
        count += looked_up.iter().filter(|key| stored.contains(key)).count();
    }
    bands.own_keys(left, &mut looked_up);
    count + looked_up.iter().filter(|key| stored.contains(key)).count()
}

#[test]
fn chosen_schemes_find_what_they_promise() {
    for bits in [256, 384, 512] {
        for threshold in [0.9, 0.95, 0.99] {
            for documents in [1_000, 100_000_000] {
                let bands = SignBands::for_threshold(threshold, documents, bits).unwrap();
                assert!(bands.recall(threshold) >= FOUND, "{bands:?}");
                assert!(bands.recall(threshold + 0.005) >= bands.recall(threshold));
                assert!(bands.tables() * bands.bits_per_table() <= bits);
            }
        }
    }
    // more documents want longer keys
    let few = SignBands::for_threshold(0.95, 10_000, 256).unwrap();
    let many = SignBands::for_threshold(0.95, 100_000_000, 256).unwrap();
    assert!(many.candidates(0.3) < few.candidates(0.3));
    for (threshold, bits) in [(-0.1, 256), (1.1, 256), (f64::NAN, 256), (0.9, 0), (0.9, 1024)] {
        assert!(SignBands::for_threshold(threshold, 1000, bits).is_err());
    }
    assert!(SignBands::new(256, 17, 16, 1, 50).is_err());
    assert!(SignBands::new(256, 8, 33, 1, 50).is_err());
    assert!(SignBands::new(256, 8, 16, 3, 50).is_err());
}

proptest! {
    #[test]
    fn documents_meet_once_in_each_table_with_few_differing_bits(
        seed: u64, bits_per_table in 1_usize..=32, probe_flips in 0_usize..=2, flips in 0_usize..30,
    ) {
        let tables = 192 / bits_per_table;
        let bands = SignBands::new(192, tables, bits_per_table, probe_flips, 192).unwrap();
        let mut source = Source::new(seed);
        let left = [source.bits(), source.bits(), source.bits()];
        let mut right = left;
        for _ in 0..flips {
            let bit = usize::try_from(source.bits() % 192).unwrap();
            right[bit / 64] ^= 1 << (bit % 64);
        }
        let differing = |table: usize| {
            let bits = table * bits_per_table..(table + 1) * bits_per_table;
            bits.filter(|bit| (left[bit / 64] ^ right[bit / 64]) >> (bit % 64) & 1 == 1).count()
        };
        let expected = (0..tables).filter(|table| differing(*table) <= probe_flips).count();
        prop_assert_eq!(meetings_of(bands, &left, &right), expected);
        let (mut stored, mut looked_up) = (Vec::new(), Vec::new());
        bands.own_keys(&left, &mut stored);
        bands.query_keys(&right, &mut looked_up);
        let met = looked_up.iter().filter(|key| stored.contains(key)).count();
        prop_assert_eq!(met, expected);
        prop_assert!(looked_up.len() <= bands.keys_at_most());
    }
}
