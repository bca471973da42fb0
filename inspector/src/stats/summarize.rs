//! From labels to everything that is shown of them.

use std::collections::HashMap;

use super::agreement::self_agreement;
use super::forecast::{forecast, median_ms, next_target};
use super::gate::{Gate, Measure, Test};
use super::good_turing::unseen;
use super::groups::{Count, Groups};
use super::merge::{Judged, merge};
use super::rules::{Fired, rule_rates};
use super::sentence::{NO_SAMPLE, sentence};
use super::walk::Draw;
use crate::model::{Frame, Label, Unit, Verdict};
use crate::summary::{Forecast, Gauge, Interval, Rate, StratumRate, Summary, WeightedRate};

/// What is fixed before the first label.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Chance that an interval is ever wrong.
    pub alpha: f64,
    /// Beta prior of the defect rate; it decides where intervals are narrow, not whether they hold.
    pub prior: (f64, f64),
    /// What the labels shall show.
    pub gate: Option<Gate>,
    /// What is drawn with equal chances.
    pub unit: Unit,
    /// The claim that is forecast; without one the gate's, else the next round number.
    pub target: Option<f64>,
}

impl Default for Settings {
    fn default() -> Self {
        let prior = super::sequence::PRIOR;
        Self { alpha: 0.05, prior, gate: None, unit: Unit::Document, target: None }
    }
}

const UNKNOWN: Interval = Interval { low: 0.0, high: 1.0 };

/// Points of the curve of discoveries.
const TWENTIETHS: usize = 20;

/// What `labels` say of `frame`.
///
/// `labels` are those in force, in the order in which they were given; those of browsing
/// (`sampled` is false) and second looks (`repeat`) count for no rate. A document counts once: with
/// several reviewers the majority decides, those who cannot say do not count beside others, and a
/// tie is a skip.
///
/// Where tokens are drawn, [`Summary::documents`] is estimated by inverse sizes and its fixed
/// interval is the sequence, as there is no narrower one; strata, kinds and rules have shares of
/// tokens then. Where the frame is no sample there are counts and no intervals.
pub fn summarize(labels: &[Label], frame: &Frame, settings: &Settings) -> Summary {
    let counted =
        labels.iter().filter(|label| !label.repeat && (label.sampled || !frame.is_sample));
    let judged = merge(counted);
    let mut summary = counts(&judged, labels);
    if frame.is_sample {
        Sample::new(&judged, frame, settings).fill(&mut summary);
    } else {
        NO_SAMPLE.clone_into(&mut summary.sentence);
        summary.gauge =
            settings.gate.as_ref().map(|gate| gate.by_sequence(0.0, None, settings.alpha));
    }
    summary
}

/// What can be said without a sample.
fn counts(judged: &[Judged<'_>], labels: &[Label]) -> Summary {
    let of = |verdict| judged.iter().filter(|d| d.verdict == verdict).count() as u64;
    let (good, defects) = (of(Verdict::Good), of(Verdict::Defect));
    let n = good + defects;
    let estimate = if n == 0 { 0.0 } else { defects as f64 / n as f64 };
    let pace = median_ms(labels.iter().map(|label| label.spent_ms));
    Summary {
        n,
        good,
        defects,
        skips: of(Verdict::Skip),
        flagged: judged.iter().filter(|document| document.flagged).count() as u64,
        documents: Rate { count: defects, n, estimate, sequence: UNKNOWN, fixed: UNKNOWN },
        with_skips: UNKNOWN,
        discoveries: discoveries(judged),
        per_minute: pace.map(|ms| 60_000.0 / ms as f64),
        self_agreement: self_agreement(labels),
        ..Summary::default()
    }
}

fn discoveries(judged: &[Judged<'_>]) -> Vec<u64> {
    let verdicts: Vec<bool> = judged
        .iter()
        .filter(|document| document.verdict != Verdict::Skip)
        .map(|document| document.verdict == Verdict::Defect)
        .collect();
    let points = TWENTIETHS.min(verdicts.len());
    let until = |point: usize| &verdicts[..verdicts.len() * point / points];
    (1..=points).map(|point| until(point).iter().filter(|bad| **bad).count() as u64).collect()
}

/// Judged documents of a probability sample, by group.
struct Sample<'a> {
    settings: &'a Settings,
    groups: Groups,
    /// Documents whose group is known, with it.
    documents: Vec<(usize, &'a Judged<'a>)>,
    /// Documents judged good or defective in each group, in their order.
    draws: Vec<Vec<Draw>>,
}

impl<'a> Sample<'a> {
    fn new(judged: &'a [Judged<'a>], frame: &Frame, settings: &'a Settings) -> Self {
        let groups = Groups::new(frame, settings.unit, settings.prior);
        let numbers: HashMap<&str, usize> =
            groups.all.iter().enumerate().map(|(g, group)| (group.name.as_str(), g)).collect();
        let group = |document: &Judged<'_>| {
            if groups.stratified {
                numbers.get(document.label.stratum.as_deref()?).copied()
            } else {
                Some(0)
            }
        };
        let documents: Vec<_> = judged.iter().filter_map(|d| Some((group(d)?, d))).collect();
        let mut sample = Self { settings, groups, documents, draws: Vec::new() };
        sample.draws = sample.draws_of(None, |document| document.verdict == Verdict::Defect);
        sample
    }

    /// Draws of each group, `hit` saying which are counted; documents of which the reviewer could
    /// not say are left out, or taken for `skips`.
    fn draws_of(&self, skips: Option<bool>, hit: impl Fn(&Judged<'_>) -> bool) -> Vec<Vec<Draw>> {
        let mut draws = vec![Vec::new(); self.groups.all.len()];
        for (group, document) in &self.documents {
            let hit = match document.verdict {
                Verdict::Skip => skips,
                _ => Some(hit(document)),
            };
            draws[*group].extend(hit.map(|hit| (hit, document.label.size)));
        }
        draws
    }

    fn fill(&self, summary: &mut Summary) {
        let alpha = self.settings.alpha;
        let in_groups = self.groups.drawn(&self.draws, alpha);
        let drawn = self.groups.over(&in_groups);
        let other = self.groups.other(&self.draws, alpha);
        summary.is_sample = true;
        let whole = self.groups.left(&counts_of(&self.draws)) == Some(0);
        summary.sentence =
            sentence(drawn.count, drawn.n, drawn.sequence, self.settings.unit, whole);
        (summary.documents, summary.tokens) = self.by_unit(drawn, other);
        summary.with_skips = self.with_skips(summary);
        if self.groups.stratified {
            summary.strata = self.strata(in_groups);
        }
        summary.kinds = self.kinds();
        let sightings: Vec<u64> = summary.kinds.iter().map(|(_, rate)| rate.count).collect();
        summary.unseen_kind = unseen(&sightings);
        summary.rules = self.rules();
        summary.gauge = self.settings.gate.as_ref().map(|gate| self.gauge(gate, summary));
        summary.forecast = self.forecast(drawn.sequence.high, summary.per_minute);
    }

    /// Rates by document and by token, whichever was drawn.
    fn by_unit(&self, drawn: Rate, other: Option<WeightedRate>) -> (Rate, Option<WeightedRate>) {
        if self.settings.unit == Unit::Document {
            return (drawn, other);
        }
        let sequence = other.and_then(|other| other.sequence).unwrap_or(UNKNOWN);
        let estimate = other.map_or(drawn.estimate, |other| other.estimate);
        let documents = Rate { estimate, sequence, fixed: sequence, ..drawn };
        let tokens = (drawn.n > 0).then_some(WeightedRate {
            estimate: drawn.estimate,
            sequence: Some(drawn.sequence),
            effective_n: drawn.n as f64,
        });
        (documents, tokens)
    }

    /// Ends of the sequence by document with every skip good, and with every skip bad.
    fn with_skips(&self, summary: &Summary) -> Interval {
        if summary.skips == 0 {
            return summary.documents.sequence;
        }
        let sequence = |skips: bool| {
            let draws = self.draws_of(Some(skips), |document| document.verdict == Verdict::Defect);
            let alpha = self.settings.alpha;
            match self.settings.unit {
                Unit::Document => self.groups.over(&self.groups.drawn(&draws, alpha)).sequence,
                Unit::Token => {
                    self.groups.other(&draws, alpha).and_then(|r| r.sequence).unwrap_or(UNKNOWN)
                }
            }
        };
        Interval { low: sequence(false).low, high: sequence(true).high }
    }

    fn strata(&self, rates: Vec<Rate>) -> Vec<StratumRate> {
        let weights = self.groups.weights(self.settings.unit);
        let named = self.groups.all.iter().zip(weights).zip(rates);
        named
            .map(|((group, weight), rate)| StratumRate { name: group.name.clone(), weight, rate })
            .collect()
    }

    /// The rate of one kind at a level, by the unit that was drawn.
    fn kind(&self, kind: &str, alpha: f64) -> Rate {
        self.groups.over(&self.groups.drawn(&self.draws_of_kind(kind), alpha))
    }

    fn draws_of_kind(&self, kind: &str) -> Vec<Vec<Draw>> {
        self.draws_of(None, |document| document.kinds.contains(&kind))
    }

    /// Kinds that were seen, the most frequent first.
    fn kinds(&self) -> Vec<(String, Rate)> {
        let mut seen: Vec<&str> = self
            .documents
            .iter()
            .flat_map(|(_, document)| document.kinds.iter().copied())
            .collect();
        seen.sort_unstable();
        seen.dedup();
        let alpha = self.settings.alpha / seen.len().max(1) as f64;
        let mut kinds: Vec<(String, Rate)> =
            seen.into_iter().map(|kind| (kind.to_owned(), self.kind(kind, alpha))).collect();
        kinds.sort_by_key(|(_, rate)| std::cmp::Reverse(rate.count));
        kinds
    }

    fn rules(&self) -> Vec<crate::summary::RuleRate> {
        let judged: Vec<Fired<'_>> = self
            .documents
            .iter()
            .filter(|(_, document)| document.verdict != Verdict::Skip)
            .map(|(group, document)| Fired {
                group: *group,
                defect: document.verdict == Verdict::Defect,
                rules: &document.label.rules,
            })
            .collect();
        rule_rates(&judged, &self.groups, self.settings.alpha)
    }

    /// Wald's test where the rate is that of what was drawn, and drawn as one; else the sequence.
    fn gauge(&self, gate: &Gate, summary: &Summary) -> Gauge {
        let alpha = self.settings.alpha;
        if let Test::Sprt(sprt) = &gate.test
            && !self.groups.stratified
            && gate.measure.unit() == self.settings.unit
        {
            let verdicts = match &gate.measure {
                Measure::Kind(kind) => self.draws_of_kind(kind),
                _ => self.draws.clone(),
            };
            return gate.by_sprt(sprt, verdicts.iter().flatten().map(|(bad, _)| *bad));
        }
        match &gate.measure {
            Measure::Documents if summary.n > 0 => {
                let rate = summary.documents;
                gate.by_sequence(rate.estimate, Some(rate.sequence), alpha)
            }
            Measure::Kind(kind) if self.settings.unit == Unit::Document && summary.n > 0 => {
                let rate = self.kind(kind, alpha);
                gate.by_sequence(rate.estimate, Some(rate.sequence), alpha)
            }
            Measure::Kind(kind) => match self.groups.other(&self.draws_of_kind(kind), alpha) {
                Some(rate) => gate.by_sequence(rate.estimate, rate.sequence, alpha),
                None => gate.by_sequence(0.0, None, alpha),
            },
            Measure::Tokens => match summary.tokens {
                Some(rate) => gate.by_sequence(rate.estimate, rate.sequence, alpha),
                None => gate.by_sequence(0.0, None, alpha),
            },
            Measure::Documents => gate.by_sequence(0.0, None, alpha),
        }
    }

    /// By the unit that was drawn.
    fn forecast(&self, upper: f64, per_minute: Option<f64>) -> Option<Forecast> {
        let of_gate = || match self.settings.gate.as_ref()? {
            Gate { measure: Measure::Kind(_), .. } => None,
            Gate { test: Test::Below(below), measure, .. } => {
                (measure.unit() == self.settings.unit).then_some(*below)
            }
            Gate { .. } => None,
        };
        let below = self.settings.target.or_else(of_gate).or_else(|| next_target(upper))?;
        let counts = counts_of(&self.draws);
        let alpha = self.settings.alpha;
        forecast(below, self.groups.left(&counts), per_minute, |more| {
            self.groups.upper_after(&counts, more, alpha)
        })
    }
}

fn counts_of(draws: &[Vec<Draw>]) -> Vec<Count> {
    let count = |draws: &Vec<Draw>| Count {
        count: draws.iter().filter(|(bad, _)| *bad).count() as u64,
        n: draws.len() as u64,
    };
    draws.iter().map(count).collect()
}

#[cfg(test)]
#[path = "summarize_tests.rs"]
mod tests;
