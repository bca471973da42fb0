//! The strata of a frame, or the frame as one, and rates over them.

use std::cell::RefCell;
use std::collections::HashMap;

use super::by_size::token_rate;
use super::fixed::clopper_pearson;
use super::sequence::{sequence, upper};
use super::strata::{Part, combine};
use super::walk::{Draw, Totals};
use super::weighted;
use crate::model::{Frame, Unit};
use crate::summary::{Interval, Rate, WeightedRate};

/// Defects and documents judged, in a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Count {
    pub(crate) count: u64,
    pub(crate) n: u64,
}

/// A stratum, or the frame.
#[derive(Debug, Clone)]
pub(crate) struct Group {
    pub(crate) name: String,
    pub(crate) totals: Totals,
}

/// Count, documents, frame, and the bits of alpha and of the prior.
type Key = (u64, u64, Option<u64>, u64, (u64, u64));

/// The prior of shares that lean to neither side (Jeffreys).
const EVEN: (f64, f64) = (0.5, 0.5);

/// The groups with what is fixed for a session.
pub(crate) struct Groups {
    pub(crate) all: Vec<Group>,
    /// Whether strata were drawn.
    pub(crate) stratified: bool,
    /// What was drawn.
    pub(crate) unit: Unit,
    prior: (f64, f64),
    /// Intervals that were computed already: many rules have the same counts.
    sequences: RefCell<HashMap<Key, Interval>>,
    fixed: RefCell<HashMap<(u64, u64, u64), Interval>>,
}

impl Groups {
    pub(crate) fn new(frame: &Frame, unit: Unit, prior: (f64, f64)) -> Self {
        let totals = |documents, size| Totals { documents, size, size_max: frame.size_max };
        let stratified = !frame.strata.is_empty();
        let groups = if stratified {
            let group = |stratum: &crate::model::Stratum| Group {
                name: stratum.name.clone(),
                totals: totals(Some(stratum.documents), Some(stratum.size)),
            };
            frame.strata.iter().map(group).collect()
        } else {
            vec![Group { name: String::new(), totals: totals(frame.documents, frame.size) }]
        };
        let (sequences, fixed) = (RefCell::default(), RefCell::default());
        Self { all: groups, stratified, unit, prior, sequences, fixed }
    }

    /// Shares of the frame by a unit; even where no group has any.
    pub(crate) fn weights(&self, unit: Unit) -> Vec<f64> {
        let of = |group: &Group| match unit {
            Unit::Document => group.totals.documents,
            Unit::Token => group.totals.size,
        };
        let sizes: Vec<f64> = self.all.iter().map(|g| of(g).unwrap_or(0) as f64).collect();
        let all: f64 = sizes.iter().sum();
        if all > 0.0 {
            return sizes.into_iter().map(|size| size / all).collect();
        }
        vec![1.0 / sizes.len() as f64; sizes.len()]
    }

    /// The level of each group at which all hold together.
    fn each(&self, alpha: f64) -> f64 {
        alpha / self.all.len() as f64
    }

    /// Documents of a group where they are what was drawn; tokens count as independent here.
    fn finite(&self, group: usize) -> Option<u64> {
        match self.unit {
            Unit::Document => self.all[group].totals.documents,
            Unit::Token => None,
        }
    }

    /// The sequence of a share that may be anything, of documents that count as independent.
    pub(crate) fn even_sequence(&self, counts: Count, alpha: f64) -> Interval {
        self.sequence_at(counts, None, EVEN, alpha)
    }

    fn sequence_of(&self, counts: Count, frame: Option<u64>, alpha: f64) -> Interval {
        self.sequence_at(counts, frame, self.prior, alpha)
    }

    fn sequence_at(
        &self,
        Count { count, n }: Count,
        frame: Option<u64>,
        prior: (f64, f64),
        alpha: f64,
    ) -> Interval {
        let key = (count, n, frame, alpha.to_bits(), (prior.0.to_bits(), prior.1.to_bits()));
        let mut known = self.sequences.borrow_mut();
        *known.entry(key).or_insert_with(|| sequence(count, n, frame, prior, alpha))
    }

    /// Clopper and Pearson's interval; a frame that was seen whole leaves no error.
    pub(crate) fn fixed_of(&self, counts: Count, frame: Option<u64>, alpha: f64) -> Interval {
        let Count { count, n } = counts;
        if n > 0 && frame == Some(n) {
            let share = count as f64 / n as f64;
            return Interval { low: share, high: share };
        }
        let mut known = self.fixed.borrow_mut();
        *known
            .entry((count, n, alpha.to_bits()))
            .or_insert_with(|| clopper_pearson(count, n, alpha))
    }

    /// The rate in one group by the unit that was drawn, from counts.
    pub(crate) fn in_group(&self, group: usize, counts: Count, alpha: f64) -> Rate {
        let frame = self.finite(group);
        rate(counts, self.sequence_of(counts, frame, alpha), self.fixed_of(counts, frame, alpha))
    }

    /// The rate in one group by the unit that was drawn; where that is tokens, sizes count too.
    pub(crate) fn drawn_in(&self, group: usize, draws: &[Draw], alpha: f64) -> Rate {
        let count = draws.iter().filter(|(bad, _)| *bad).count() as u64;
        let mut rate = self.in_group(group, Count { count, n: draws.len() as u64 }, alpha);
        if self.unit == Unit::Token {
            let totals = self.all[group].totals;
            (rate.estimate, rate.sequence) = token_rate(draws, totals, self.prior, alpha);
        }
        rate
    }

    /// The rate over the frame by the unit that was drawn, from the rates in its groups.
    pub(crate) fn over(&self, rates: &[Rate]) -> Rate {
        let weights = self.weights(self.unit);
        let parts = |interval: fn(&Rate) -> Interval| -> Vec<Part> {
            rates
                .iter()
                .zip(&weights)
                .map(|(rate, weight)| Part {
                    weight: *weight,
                    estimate: (rate.n > 0).then_some(rate.estimate),
                    interval: interval(rate),
                })
                .collect()
        };
        let (estimate, sequence) = combine(&parts(|rate| rate.sequence));
        let fixed = combine(&parts(|rate| rate.fixed)).1;
        let (count, n) = rates.iter().fold((0, 0), |(k, n), rate| (k + rate.count, n + rate.n));
        Rate { count, n, estimate, sequence, fixed }
    }

    /// The sequence over the frame by the unit that was drawn, from the counts in its groups.
    pub(crate) fn sequence_over(&self, counts: &[Count], alpha: f64) -> Interval {
        let each = self.each(alpha);
        let part = |(g, (counts, weight)): (usize, (&Count, f64))| Part {
            weight,
            estimate: (counts.n > 0).then(|| counts.count as f64 / counts.n as f64),
            interval: self.sequence_of(*counts, self.finite(g), each),
        };
        let weighted = counts.iter().zip(self.weights(self.unit));
        combine(&weighted.enumerate().map(part).collect::<Vec<_>>()).1
    }

    /// The rates in all groups by the unit that was drawn, all together at `1 - alpha`.
    pub(crate) fn drawn(&self, draws: &[Vec<Draw>], alpha: f64) -> Vec<Rate> {
        let each = self.each(alpha);
        draws.iter().enumerate().map(|(g, draws)| self.drawn_in(g, draws, each)).collect()
    }

    /// The rate over the frame by the other unit; none where nothing was judged.
    pub(crate) fn other(&self, draws: &[Vec<Draw>], alpha: f64) -> Option<WeightedRate> {
        let each = self.each(alpha);
        let rates: Vec<Option<WeightedRate>> = draws
            .iter()
            .zip(&self.all)
            .map(|(draws, group)| weighted::rate(draws, group.totals, self.unit, each))
            .collect();
        rates.iter().flatten().next()?;
        let unknown = Interval { low: 0.0, high: 1.0 };
        let bounded = rates.iter().flatten().all(|rate| rate.sequence.is_some());
        let parts: Vec<Part> = rates
            .iter()
            .zip(self.weights(weighted::other(self.unit)))
            .map(|(rate, weight)| Part {
                weight,
                estimate: rate.map(|rate| rate.estimate),
                interval: rate.and_then(|rate| rate.sequence).unwrap_or(unknown),
            })
            .collect();
        let (estimate, sequence) = combine(&parts);
        let effective_n = rates.iter().flatten().map(|rate| rate.effective_n).sum();
        Some(WeightedRate { estimate, sequence: bounded.then_some(sequence), effective_n })
    }

    /// Upper end over the frame after `more` documents without a defect, spread over the groups as
    /// they are drawn in turn.
    pub(crate) fn upper_after(&self, counts: &[Count], more: u64, alpha: f64) -> f64 {
        let (each, groups) = (self.each(alpha), self.all.len() as u64);
        let weights = self.weights(self.unit);
        let ends = counts.iter().enumerate().map(|(g, counts)| {
            let frame = self.finite(g);
            let turn = more / groups + u64::from((g as u64) < more % groups);
            let n = counts.n + turn;
            let n = frame.map_or(n, |frame| n.min(frame.max(counts.n)));
            upper(counts.count, n, frame, self.prior, each)
        });
        ends.zip(weights).map(|(high, weight)| high * weight).sum()
    }

    /// Documents that are not judged yet.
    pub(crate) fn left(&self, counts: &[Count]) -> Option<u64> {
        let documents = self.all.iter().map(|group| group.totals.documents).sum::<Option<u64>>()?;
        Some(documents.saturating_sub(counts.iter().map(|counts| counts.n).sum()))
    }
}

/// A rate from counts and intervals.
pub(crate) fn rate(Count { count, n }: Count, sequence: Interval, fixed: Interval) -> Rate {
    let estimate = if n == 0 { 0.0 } else { count as f64 / n as f64 };
    Rate { count, n, estimate, sequence, fixed }
}
