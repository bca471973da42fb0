//! What labels say of each rule: how often it is right, and how many defects it finds.

use std::collections::HashMap;

use super::groups::{Count, Groups, rate};
use super::recall::recall_low;
use crate::summary::{Interval, Rate, RuleRate};

/// A judged document: its group, whether it is defective, and the rules that fired for it.
pub(crate) struct Fired<'a> {
    pub(crate) group: usize,
    pub(crate) defect: bool,
    pub(crate) rules: &'a [String],
}

/// Rates of all rules that fired for a judged document, in the order of their names.
///
/// Precision over strata that were drawn at different rates is weighted by them; its ends are the
/// least and the greatest of the strata in which the rule was seen to fire, for it lies between.
pub(crate) fn rule_rates(judged: &[Fired<'_>], groups: &Groups, alpha: f64) -> Vec<RuleRate> {
    let mut all = vec![Count::default(); groups.all.len()];
    let mut places: HashMap<&str, usize> = HashMap::new();
    let mut names: Vec<&str> = Vec::new();
    let mut fired: Vec<Vec<Count>> = Vec::new();
    for document in judged {
        add(&mut all[document.group], document.defect);
        for (at, rule) in document.rules.iter().enumerate() {
            // a rule may stand twice in a label, by two of its findings
            if document.rules[..at].contains(rule) {
                continue;
            }
            let place = *places.entry(rule).or_insert(names.len());
            if place == names.len() {
                names.push(rule);
                fired.push(vec![Count::default(); groups.all.len()]);
            }
            add(&mut fired[place][document.group], document.defect);
        }
    }
    let mut rates: Vec<RuleRate> = names
        .iter()
        .zip(&fired)
        .map(|(rule, fired)| RuleRate {
            rule: (*rule).to_owned(),
            precision: precision(fired, &all, groups, alpha),
            recall_low: recall(fired, &all, groups, alpha),
        })
        .collect();
    rates.sort_by(|a, b| a.rule.cmp(&b.rule));
    rates
}

fn add(counts: &mut Count, defect: bool) {
    counts.n += 1;
    counts.count += u64::from(defect);
}

fn precision(fired: &[Count], all: &[Count], groups: &Groups, alpha: f64) -> Rate {
    let seen: Vec<usize> = (0..fired.len()).filter(|g| fired[*g].n > 0).collect();
    let each = if seen.len() > 1 { alpha / fired.len() as f64 } else { alpha };
    let (mut sequence_ends, mut fixed_ends) = (EMPTY, EMPTY);
    let (mut bad, mut hits) = (0.0, 0.0);
    let weights = groups.weights(groups.unit);
    for g in &seen {
        widen(&mut sequence_ends, groups.even_sequence(fired[*g], each));
        widen(&mut fixed_ends, groups.fixed_of(fired[*g], None, each));
        let weight = weights[*g] / all[*g].n as f64;
        bad += weight * fired[*g].count as f64;
        hits += weight * fired[*g].n as f64;
    }
    let sum = fired.iter().fold(Count::default(), |sum, counts| Count {
        count: sum.count + counts.count,
        n: sum.n + counts.n,
    });
    let mut rate = rate(sum, sequence_ends, fixed_ends);
    if hits > 0.0 {
        rate.estimate = bad / hits;
    }
    rate
}

const EMPTY: Interval = Interval { low: 1.0, high: 0.0 };

fn widen(ends: &mut Interval, other: Interval) {
    ends.low = ends.low.min(other.low);
    ends.high = ends.high.max(other.high);
}

/// Both shares at half of alpha: found defects from below, missed ones from above.
fn recall(fired: &[Count], all: &[Count], groups: &Groups, alpha: f64) -> Option<f64> {
    let n = |counts: &[Count]| counts.iter().map(|counts| counts.n).sum::<u64>();
    if n(fired) == 0 || n(fired) == n(all) {
        return None;
    }
    let of_all = |count: fn(&Count, &Count) -> u64| -> Vec<Count> {
        fired.iter().zip(all).map(|(f, a)| Count { count: count(f, a), n: a.n }).collect()
    };
    let found = groups.sequence_over(&of_all(|fired, _| fired.count), alpha / 2.0);
    let missed = groups.sequence_over(&of_all(|fired, all| all.count - fired.count), alpha / 2.0);
    recall_low(found.low, missed.high)
}
