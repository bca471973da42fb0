//! A sample drawn without replacement, step by step: what each draw could be, given the past.

use crate::model::Unit;

/// Documents and sizes of what a sample was drawn from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Totals {
    /// Documents.
    pub documents: Option<u64>,
    /// Their bytes of text.
    pub size: Option<u64>,
    /// The largest of them in bytes.
    pub size_max: Option<u64>,
}

/// A judged document in the order of the sample: whether it is defective, and its bytes of text.
pub type Draw = (bool, u64);

/// One draw: under the share `p` its value, where it is bad, is `p * all - past_bad` on average,
/// and where it is good `(1 - p) * all - past_good`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Step {
    pub(crate) bad: bool,
    /// What is counted: a size, one, or the inverse of a size.
    pub(crate) value: f64,
    pub(crate) all: f64,
    pub(crate) past_bad: f64,
    pub(crate) past_good: f64,
}

impl Step {
    /// Averages of bad and of good values under the share `p`; a negative one refutes it.
    pub(crate) fn means(&self, p: f64) -> (f64, f64) {
        (p * self.all - self.past_bad, (1.0 - p) * self.all - self.past_good)
    }
}

/// The draws of a sample, prepared for the share by one unit.
pub(crate) struct Walk {
    pub(crate) steps: Vec<Step>,
    /// Share of the frame that is known to be bad, for all of it that was seen.
    pub(crate) least: f64,
    /// Share of the frame that is not known to be good.
    pub(crate) most: f64,
    /// Bound of the values, where one is known.
    pub(crate) bound: Option<f64>,
}

impl Walk {
    /// Prepares `draws`, drawn by `drawn` from `totals`, for the defect rate by `wanted`.
    ///
    /// Documents have equal chances in each draw, tokens draw a document by its share of what is
    /// left. None where the totals that this needs are not known or contradict the sample.
    pub(crate) fn new(draws: &[Draw], totals: Totals, drawn: Unit, wanted: Unit) -> Option<Self> {
        let total = |unit| match unit {
            Unit::Document => totals.documents,
            Unit::Token => totals.size,
        };
        let (chances, wanted_total) = (total(drawn)? as f64, total(wanted)? as f64);
        let (mut drawn_so_far, mut bad_so_far, mut good_so_far) = (0.0, 0.0, 0.0);
        let mut steps = Vec::with_capacity(draws.len());
        for (bad, size) in draws {
            // a document of no bytes is never drawn by tokens; one byte keeps its inverse finite
            let size = size.max(&1).to_owned() as f64;
            let of = |unit| if unit == Unit::Token { size } else { 1.0 };
            let rest = chances - drawn_so_far;
            if rest <= 0.0 {
                return None;
            }
            steps.push(Step {
                bad: *bad,
                value: of(wanted) / of(drawn),
                all: wanted_total / rest,
                past_bad: bad_so_far / rest,
                past_good: good_so_far / rest,
            });
            drawn_so_far += of(drawn);
            *(if *bad { &mut bad_so_far } else { &mut good_so_far }) += of(wanted);
        }
        if bad_so_far + good_so_far > wanted_total || drawn_so_far > chances {
            return None;
        }
        let bound = match (drawn, wanted) {
            (Unit::Document, Unit::Token) => totals.size_max.map(|max| {
                let seen = draws.iter().map(|(_, size)| *size).max().unwrap_or(0);
                max.max(seen).max(1) as f64
            }),
            (Unit::Token, Unit::Document) => None,
            _ => Some(1.0),
        };
        let least = if wanted_total > 0.0 { bad_so_far / wanted_total } else { 0.0 };
        let most = if wanted_total > 0.0 { 1.0 - good_so_far / wanted_total } else { 1.0 };
        Some(Self { steps, least, most: most.max(least), bound })
    }

    /// The same walk with good and bad exchanged: its share is one minus the other.
    pub(crate) fn mirrored(&self) -> Self {
        let steps = self.steps.iter().map(|step| Step {
            bad: !step.bad,
            past_bad: step.past_good,
            past_good: step.past_bad,
            ..*step
        });
        Self {
            steps: steps.collect(),
            least: 1.0 - self.most,
            most: 1.0 - self.least,
            bound: self.bound,
        }
    }
}
