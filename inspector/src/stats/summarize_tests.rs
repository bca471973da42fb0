use super::*;
use crate::model::Stratum;
use crate::stats::sequence::{PRIOR, sequence};
use crate::stats::testing::{HeavyFrame, Random, label};
use crate::summary::GateState;

fn frame() -> Frame {
    Frame {
        documents: Some(10_000_000),
        size: Some(10_000_000_000),
        size_max: Some(4_000),
        is_sample: true,
        progress: 1.0,
        ..Frame::default()
    }
}

/// `defects` first, then good ones.
fn labels(defects: u64, n: u64) -> Vec<Label> {
    (0..n).map(|id| label(id, if id < defects { Verdict::Defect } else { Verdict::Good })).collect()
}

fn gated(gate: &str) -> Settings {
    Settings { gate: Some(gate.parse().unwrap()), ..Settings::default() }
}

#[test]
fn the_sentence_and_the_headline_come_from_the_sequence() {
    let summary = summarize(&labels(0, 74), &frame(), &Settings::default());
    assert_eq!(summary.sentence, "0 defects in 74: below 5.8 %, valid though you are watching");
    assert_eq!((summary.n, summary.good, summary.defects), (74, 74, 0));
    let expected = sequence(0, 74, None, PRIOR, 0.05);
    assert!((summary.documents.sequence.high - expected.high).abs() < 1e-9);
    assert_eq!(summary.with_skips, summary.documents.sequence);
    assert!((summary.per_minute.unwrap() - 20.0).abs() < 1e-9);
    assert_eq!(summary.unseen_kind, None);
    let forecast = summary.forecast.unwrap();
    assert!((forecast.below - 0.05).abs() < 1e-12);
    let after = sequence(0, 74 + forecast.documents, None, PRIOR, 0.05).high;
    assert!(after < 0.05 && forecast.documents > 0);
    assert!((forecast.minutes.unwrap() - forecast.documents as f64 / 20.0).abs() < 1e-9);
}

#[test]
fn no_labels_say_nothing() {
    let summary = summarize(&[], &frame(), &gated("defect_rate < 2%"));
    assert_eq!(summary.sentence, "nothing judged yet");
    assert_eq!(summary.documents.sequence, UNKNOWN);
    assert_eq!((summary.tokens, summary.discoveries.len()), (None, 0));
    assert_eq!(summary.gauge.unwrap().state, GateState::Open);
}

#[test]
fn a_head_of_a_file_has_counts_and_no_interval() {
    let head = Frame { is_sample: false, ..frame() };
    let mut seen = labels(2, 40);
    for label in &mut seen {
        label.sampled = false;
    }
    let summary = summarize(&seen, &head, &gated("defect_rate < 50%"));
    assert_eq!(summary.sentence, "not a random sample");
    assert_eq!((summary.n, summary.defects, summary.is_sample), (40, 2, false));
    assert_eq!((summary.documents.sequence, summary.tokens), (UNKNOWN, None));
    assert!(summary.rules.is_empty() && summary.kinds.is_empty() && summary.forecast.is_none());
    assert_eq!(summary.gauge.unwrap().state, GateState::Open);
}

#[test]
fn browsing_and_second_looks_do_not_count() {
    let mut given = labels(1, 50);
    given.push(Label { sampled: false, ..label(900, Verdict::Defect) });
    given.push(Label { repeat: true, ..label(0, Verdict::Good) });
    given.push(Label { repeat: true, ..label(1, Verdict::Good) });
    let summary = summarize(&given, &frame(), &Settings::default());
    assert_eq!((summary.n, summary.defects), (50, 1));
    assert_eq!(summary.self_agreement.unwrap().1, 2);
}

#[test]
fn skips_widen_to_both_sides() {
    let mut given = labels(3, 100);
    given.extend((200..210).map(|id| label(id, Verdict::Skip)));
    let summary = summarize(&given, &frame(), &Settings::default());
    assert_eq!((summary.n, summary.skips), (100, 10));
    let good = sequence(3, 110, Some(10_000_000), PRIOR, 0.05);
    let bad = sequence(13, 110, Some(10_000_000), PRIOR, 0.05);
    assert_eq!(summary.with_skips, Interval { low: good.low, high: bad.high });
}

#[test]
fn a_frame_that_was_judged_whole_is_known() {
    let small =
        Frame { documents: Some(200), size: Some(200_000), size_max: Some(1_000), ..frame() };
    let summary = summarize(&labels(3, 200), &small, &Settings::default());
    assert_eq!(summary.sentence, "3 defects in 200: 1.5 %, every document was judged");
    let truth = Interval { low: 0.015, high: 0.015 };
    assert_eq!((summary.documents.sequence, summary.documents.fixed), (truth, truth));
    assert!((summary.tokens.unwrap().sequence.unwrap().high - 0.015).abs() < 1e-6);
    assert_eq!(summary.forecast, None);
}

#[test]
fn kinds_have_their_own_rates_at_a_shared_level() {
    let mut given = labels(4, 100);
    given[0].kinds = vec!["table".into()];
    given[1].kinds = vec!["table".into(), "boilerplate".into()];
    given[2].kinds = vec!["table".into()];
    let summary = summarize(&given, &frame(), &Settings::default());
    let names: Vec<_> =
        summary.kinds.iter().map(|(kind, r)| (kind.as_str(), r.count, r.n)).collect();
    assert_eq!(names, [("table", 3, 100), ("boilerplate", 1, 100)]);
    let expected = sequence(3, 100, None, PRIOR, 0.025);
    assert!((summary.kinds[0].1.sequence.high - expected.high).abs() < 1e-9);
    assert!((summary.unseen_kind.unwrap() - 0.25).abs() < 1e-12);
}

#[test]
fn strata_are_weighted_by_the_frame() {
    let stratum =
        |name: &str, documents| Stratum { name: name.into(), documents, size: documents * 1_000 };
    let strata = vec![stratum("a", 9_000_000), stratum("b", 1_000_000)];
    let given: Vec<Label> = (0..200)
        .map(|id| {
            let b = id % 2 == 1;
            let verdict = if b && id < 80 { Verdict::Defect } else { Verdict::Good };
            Label { stratum: Some(if b { "b" } else { "a" }.into()), ..label(id, verdict) }
        })
        .collect();
    let summary = summarize(&given, &Frame { strata, ..frame() }, &Settings::default());
    assert!((summary.documents.estimate - 0.04).abs() < 1e-9, "{:?}", summary.documents);
    assert_eq!((summary.documents.count, summary.documents.n), (40, 200));
    assert_eq!(summary.strata.len(), 2);
    assert!((summary.strata[1].weight - 0.1).abs() < 1e-12);
    assert!((summary.strata[1].rate.estimate - 0.4).abs() < 1e-12);
    let end = |count, documents| sequence(count, 100, Some(documents), PRIOR, 0.025).high;
    let high = 0.9 * end(0, 9_000_000) + 0.1 * end(40, 1_000_000);
    assert!((summary.documents.sequence.high - high).abs() < 1e-8);
    assert!((summary.tokens.unwrap().estimate - 0.04).abs() < 1e-9);
}

#[test]
fn walds_test_is_for_plain_samples_and_the_sequence_for_strata() {
    let gauge = summarize(&labels(0, 72), &frame(), &gated("p0=1%, p1=5%")).gauge.unwrap();
    assert_eq!((gauge.method.as_str(), gauge.state), ("sprt", GateState::Passed));
    assert!(gauge.llr <= gauge.accept);
    let gauge = summarize(&labels(0, 71), &frame(), &gated("p0=1%, p1=5%")).gauge.unwrap();
    assert_eq!(gauge.state, GateState::Open);
    let strata = vec![Stratum { name: "a".into(), documents: 1_000_000, size: 1_000_000_000 }];
    let mut given = labels(0, 72);
    for label in &mut given {
        label.stratum = Some("a".into());
    }
    let gauge =
        summarize(&given, &Frame { strata, ..frame() }, &gated("p0=1%, p1=5%")).gauge.unwrap();
    // 72 clean ones are below 5.9 % for one who watches
    assert_eq!((gauge.method.as_str(), gauge.state), ("confidence sequence", GateState::Open));
}

#[test]
fn gates_by_sequence_pass_fail_and_stay_open() {
    let state = |defects, n, gate: &str| {
        summarize(&labels(defects, n), &frame(), &gated(gate)).gauge.unwrap().state
    };
    assert_eq!(state(0, 300, "defect_rate < 2%"), GateState::Passed);
    assert_eq!(state(0, 100, "defect_rate < 2%"), GateState::Open);
    assert_eq!(state(30, 100, "defect_rate < 2%"), GateState::Failed);
    assert_eq!(state(0, 1_000, "token_defect_rate < 2%"), GateState::Passed);
    assert_eq!(state(300, 1_000, "token_defect_rate < 2%"), GateState::Failed);
    // no defect has a kind here
    assert_eq!(state(30, 400, "defect_rate[table] < 2%"), GateState::Passed);
    assert_eq!(state(0, 72, "defect_rate[table]: p0=1%, p1=5%"), GateState::Passed);
}

#[test]
fn rules_have_precision_and_a_bound_of_recall() {
    let mut given = labels(20, 400);
    given[..18]
        .iter_mut()
        .for_each(|label| label.rules = vec!["docs/lost".into(), "docs/lost".into()]);
    for label in &mut given[398..] {
        label.rules = vec!["docs/lost".into()];
    }
    for label in &mut given {
        label.rules.push("docs/always".into());
    }
    let summary = summarize(&given, &frame(), &Settings::default());
    assert_eq!(summary.rules.len(), 2);
    let (always, lost) = (&summary.rules[0], &summary.rules[1]);
    assert_eq!((always.rule.as_str(), always.recall_low), ("docs/always", None));
    assert_eq!((lost.precision.count, lost.precision.n), (18, 20));
    assert!((lost.precision.estimate - 0.9).abs() < 1e-12);
    assert!(lost.precision.sequence.low > 0.5 && lost.precision.sequence.high > 0.9);
    // 18 of 20 were found, which proves much less
    let bound = lost.recall_low.unwrap();
    assert!(bound > 0.3 && bound < 0.9, "{bound}");
}

#[test]
fn two_phases_bound_recall_through_their_strata() {
    let stratum = |name: &str, documents| Stratum { name: name.into(), documents, size: documents };
    let strata = vec![stratum("docs/lost", 20_000), stratum("none", 980_000)];
    let given: Vec<Label> = (0..600)
        .map(|id| {
            let flagged = id % 2 == 0;
            let verdict = if flagged && id % 20 != 0 { Verdict::Defect } else { Verdict::Good };
            let name = if flagged { "docs/lost" } else { "none" };
            let rules = if flagged { vec!["docs/lost".to_owned()] } else { Vec::new() };
            Label { stratum: Some(name.into()), rules, ..label(id, verdict) }
        })
        .collect();
    let frame = Frame { strata, documents: Some(1_000_000), ..frame() };
    let summary = summarize(&given, &frame, &Settings::default());
    // precision 0.9, none missed in 300: 65 % with fixed numbers, less for one who watches
    let bound = summary.rules[0].recall_low.unwrap();
    assert!(bound > 0.35 && bound < 0.65, "{bound}");
    let proportion = summary.rules[0].precision;
    assert!((proportion.estimate - 0.9).abs() < 1e-12);
}

#[test]
fn tokens_that_were_drawn_have_the_plain_rate() {
    let settings = Settings { unit: Unit::Token, ..Settings::default() };
    let summary = summarize(&labels(3, 120), &frame(), &settings);
    let tokens = summary.tokens.unwrap();
    let plain = sequence(3, 120, None, PRIOR, 0.05);
    assert!((tokens.estimate - 0.025).abs() < 1e-12);
    assert!((tokens.sequence.unwrap().high - plain.high).abs() < 1e-3);
    assert!(summary.sentence.contains(" of tokens, valid"), "{}", summary.sentence);
    assert!((summary.documents.estimate - 0.025).abs() < 1e-12);
    assert!(summary.documents.sequence.high > plain.high);
}

#[test]
fn discoveries_are_twenty_points_of_a_rising_curve() {
    let mut given = labels(0, 200);
    given[5].verdict = Verdict::Defect;
    given[150].verdict = Verdict::Defect;
    let curve = summarize(&given, &frame(), &Settings::default()).discoveries;
    assert_eq!(curve.len(), 20);
    assert_eq!((curve[0], curve[14], curve[15], curve[19]), (1, 1, 2, 2));
    assert_eq!(summarize(&labels(1, 3), &frame(), &Settings::default()).discoveries, [1, 1, 1]);
}

#[test]
fn token_rates_of_a_heavy_frame_hold_in_summaries() {
    let mut random = Random::new(77);
    let heavy = HeavyFrame::new(&mut random, 5_000, |r| if r < 0.1 { 0.3 } else { 0.02 });
    let totals = heavy.totals();
    let frame = Frame {
        documents: totals.documents,
        size: totals.size,
        size_max: totals.size_max,
        ..frame()
    };
    let given: Vec<Label> = (0..)
        .zip(heavy.draw(&mut random))
        .take(500)
        .map(|(id, (bad, size))| Label {
            size,
            ..label(id, if bad { Verdict::Defect } else { Verdict::Good })
        })
        .collect();
    let summary = summarize(&given, &frame, &Settings::default());
    let tokens = summary.tokens.unwrap().sequence.unwrap();
    assert!(tokens.low < heavy.token_rate() && heavy.token_rate() < tokens.high);
    let documents = summary.documents.sequence;
    assert!(documents.low < heavy.document_rate() && heavy.document_rate() < documents.high);
}
