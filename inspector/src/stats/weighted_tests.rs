use proptest::prelude::*;

use super::*;
use crate::stats::testing::{HeavyFrame, Random};

/// Whether the sequence excludes `truth` at any time, from both sides.
fn ever_excludes(draws: &[Draw], totals: Totals, drawn: Unit, truth: f64) -> bool {
    let walk = Walk::new(draws, totals, drawn, other(drawn)).unwrap();
    let limit = 40_f64.ln();
    let leaves = |walk: &Walk, truth: f64, stakes: &Stakes| {
        let mut capital = Capital::new(truth, walk.bound, stakes);
        // at the very end rounding makes nothing of what is left
        walk.steps.iter().take(walk.steps.len() - 5).any(|step| {
            capital.bet(step);
            capital.log() >= limit
        })
    };
    leaves(&walk, truth, &AGAINST_LOW) || leaves(&walk.mirrored(), 1.0 - truth, &AGAINST_HIGH)
}

fn coverage(drawn: Unit, documents: usize, rate: impl Fn(f64) -> f64 + Copy) -> (u64, u64) {
    let runs = 300;
    let left = (0..runs).filter(|seed| {
        let mut random = Random::new(1000 + seed);
        let frame = HeavyFrame::new(&mut random, documents, rate);
        let (draws, truth) = match drawn {
            Unit::Document => (frame.draw(&mut random), frame.token_rate()),
            Unit::Token => (frame.draw_by_size(&mut random), frame.document_rate()),
        };
        ever_excludes(&draws, frame.totals(), drawn, truth)
    });
    (left.count() as u64, runs)
}

#[test]
fn heavy_tails_leave_it_in_at_most_one_run_of_twenty() {
    for drawn in [Unit::Document, Unit::Token] {
        for documents in [60, 500] {
            // large documents are the bad ones, the good ones, and neither
            let (left, runs) = coverage(drawn, documents, |r| if r < 0.05 { 0.6 } else { 0.02 });
            assert!(left * 20 <= runs, "{drawn:?} {documents}: {left} of {runs}");
            let (left, runs) = coverage(drawn, documents, |r| if r < 0.3 { 0.0 } else { 0.1 });
            assert!(left * 20 <= runs, "{drawn:?} {documents}: {left} of {runs}");
            let (left, runs) = coverage(drawn, documents, |_| 0.05);
            assert!(left * 20 <= runs, "{drawn:?} {documents}: {left} of {runs}");
        }
    }
}

#[test]
fn a_frame_that_was_seen_whole_leaves_no_doubt() {
    for drawn in [Unit::Document, Unit::Token] {
        let mut random = Random::new(7);
        let frame = HeavyFrame::new(&mut random, 200, |r| if r < 0.1 { 0.5 } else { 0.05 });
        let (draws, truth) = match drawn {
            Unit::Document => (frame.draw(&mut random), frame.token_rate()),
            Unit::Token => (frame.draw_by_size(&mut random), frame.document_rate()),
        };
        let rate = rate(&draws, frame.totals(), drawn, 0.05).unwrap();
        let sequence = rate.sequence.unwrap();
        assert!((rate.estimate - truth).abs() < 1e-9, "{rate:?} {truth}");
        assert!((sequence.low - truth).abs() < 1e-6, "{rate:?} {truth}");
        assert!((sequence.high - truth).abs() < 1e-6, "{rate:?} {truth}");
    }
}

#[test]
fn even_weights_cost_little_against_the_plain_sequence() {
    let totals =
        Totals { documents: Some(1_000_000), size: Some(1_000_000_000), size_max: Some(1_000) };
    for (count, n, most) in [(0_usize, 74, 1.6), (3, 120, 1.6), (20, 400, 1.6)] {
        let draws: Vec<Draw> =
            (0..n).map(|place| (place % (n / count.max(1)) == 1 && count > 0, 1_000)).collect();
        assert_eq!(draws.iter().filter(|draw| draw.0).count(), count);
        let weighted = rate(&draws, totals, Unit::Document, 0.05).unwrap().sequence.unwrap();
        let plain =
            crate::stats::sequence::sequence(count as u64, n as u64, None, (0.5, 5.0), 0.05);
        assert!(weighted.high < plain.high * most, "{weighted:?} {plain:?}");
    }
}

#[test]
fn totals_that_are_missing_or_wrong_give_no_sequence() {
    let draws = [(false, 10), (true, 30)];
    let none = rate(&draws, Totals::default(), Unit::Document, 0.05).unwrap();
    assert_eq!((none.sequence, none.estimate), (None, 0.75));
    assert!((none.effective_n - 1.6).abs() < 1e-12);
    let wrong = Totals { documents: Some(1), size: Some(40), size_max: Some(30) };
    assert_eq!(rate(&draws, wrong, Unit::Document, 0.05).unwrap().sequence, None);
    let wrong = Totals { documents: Some(5), size: Some(20), size_max: Some(30) };
    assert_eq!(rate(&draws, wrong, Unit::Document, 0.05).unwrap().sequence, None);
    assert_eq!(rate(&[], Totals::default(), Unit::Document, 0.05), None);
    // by tokens: 1/10 and 1/30
    let by_tokens = rate(&draws, Totals::default(), Unit::Token, 0.05).unwrap();
    assert!((by_tokens.estimate - 0.25).abs() < 1e-12);
}

#[test]
fn without_the_greatest_weight_there_is_a_sequence_still() {
    let draws: Vec<Draw> = (0..400).map(|place| (place % 50 == 0, 900 + place % 200)).collect();
    let known = Totals { documents: Some(100_000), size: Some(100_000_000), size_max: None };
    let sequence = rate(&draws, known, Unit::Document, 0.05).unwrap().sequence.unwrap();
    assert!(sequence.low < 0.02 && sequence.high > 0.02 && sequence.high < 0.2, "{sequence:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn the_estimate_lies_inside_and_the_ends_are_in_order(
        draws in proptest::collection::vec((proptest::bool::weighted(0.1), 0_u64..1_000_000), 1..200),
        more in 0_u64..10_000, by_token: bool,
    ) {
        let drawn = if by_token { Unit::Token } else { Unit::Document };
        let size: u64 = draws.iter().map(|draw| draw.1.max(1)).sum();
        let totals = Totals {
            documents: Some(draws.len() as u64 + more),
            size: Some(size + more * (size / draws.len() as u64)),
            size_max: Some(1_000_000),
        };
        let rate = rate(&draws, totals, drawn, 0.05).unwrap();
        // sizes that were not drawn by tokens may contradict the frame
        prop_assert!(rate.sequence.is_some() || by_token);
        if let Some(sequence) = rate.sequence {
            prop_assert!(0.0 <= sequence.low && sequence.low <= rate.estimate);
            prop_assert!(rate.estimate <= sequence.high && sequence.high <= 1.0);
        }
        prop_assert!(rate.effective_n <= draws.len() as f64 + 1e-9 && rate.effective_n >= 1.0 - 1e-9);
    }
}
