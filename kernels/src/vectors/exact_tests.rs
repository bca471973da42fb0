use super::*;
use crate::vectors::made::Source;
use crate::vectors::rows::Flat;
use proptest::prelude::*;

/// Rows of which many are near an earlier one, some right at `threshold`.
pub(in crate::vectors) fn planted(
    source: &mut Source,
    count: usize,
    dimensions: usize,
    threshold: f64,
) -> Vec<f32> {
    let mut rows: Vec<f32> = Vec::with_capacity(count * dimensions);
    for row in 0..count {
        let kind = source.bits() % 4;
        let earlier = usize::try_from(source.bits()).unwrap_or(0) % row.max(1);
        let next = if row == 0 || kind == 0 {
            source.unit(dimensions)
        } else {
            let from = rows[earlier * dimensions..][..dimensions].to_vec();
            match kind {
                1 => source.near(&from, threshold),
                2 => from,
                _ => {
                    let cosine = 1.0 - (1.0 - threshold) * 2.0 * source.uniform();
                    source.near(&from, cosine)
                }
            }
        };
        rows.extend(next);
    }
    rows
}

fn double_loop(rows: &[f32], dimensions: usize, threshold: f32) -> Vec<Pair> {
    let rows: Vec<&[f32]> = rows.chunks_exact(dimensions).collect();
    let mut pairs = Vec::new();
    for left in 0..rows.len() {
        for right in left + 1..rows.len() {
            let cosine = cosine(rows[left], rows[right]);
            if cosine >= threshold {
                pairs.push(Pair { left, right, cosine });
            }
        }
    }
    pairs
}

#[test]
fn several_blocks_give_the_pairs_of_the_double_loop_in_its_order() {
    let dimensions = 3;
    let count = BLOCK_ROWS * 2 + 77;
    let rows = Source::new(9).normals(count * dimensions);
    let mut rows = rows;
    rows.chunks_exact_mut(dimensions).for_each(|row| assert!(super::super::normalize(row)));
    let expected = double_loop(&rows, dimensions, 0.9999);
    assert!(expected.len() > 300, "{}", expected.len());
    for threads in [1, 3] {
        let mut found = Vec::new();
        exact_pairs(&Flat::new(&rows, dimensions), 0.9999, threads, |pair| found.push(pair))
            .unwrap();
        assert_eq!(found, expected);
    }
}

#[test]
fn rows_that_are_no_unit_vectors_are_refused() {
    for bad in [2.0, f32::NAN, f32::INFINITY] {
        let rows = [1.0, 0.0, bad, 0.0];
        let error = exact_pairs(&Flat::new(&rows, 2), 0.9, 1, |_| {}).unwrap_err();
        assert!(matches!(error, SearchError::NotUnit { row: 1, .. }), "{error}");
    }
    let flat = Flat::new(&[1.0, 0.0], 2);
    assert!(matches!(exact_pairs(&flat, f32::NAN, 1, |_| {}), Err(SearchError::Threshold(_))));
    assert!(exact_pairs(&Flat::new(&[], 0), 0.5, 1, |_| {}).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn pairs_are_those_of_the_double_loop(
        seed: u64, count in 0_usize..120, dimensions in 2_usize..80, threshold in 0.5_f64..0.99,
    ) {
        let mut source = Source::new(seed);
        let rows = planted(&mut source, count, dimensions, threshold);
        #[expect(clippy::cast_possible_truncation, reason = "a threshold")]
        let threshold = threshold as f32;
        let expected = double_loop(&rows, dimensions, threshold);
        let mut found = Vec::new();
        exact_pairs(&Flat::new(&rows, dimensions), threshold, 2, |pair| found.push(pair)).unwrap();
        prop_assert_eq!(&found, &expected);
        // the block form: everything before the cut against everything after it
        let cut = count / 3;
        let (before, after) = rows.split_at(cut * dimensions);
        let mut across = Vec::new();
        let (left, right) = (Block { first: 0, rows: before }, Block { first: cut, rows: after });
        exact_block(left, right, dimensions, threshold, |pair| across.push(pair)).unwrap();
        let expected: Vec<Pair> =
            expected.into_iter().filter(|pair| pair.left < cut && pair.right >= cut).collect();
        prop_assert_eq!(across, expected);
    }
}
