//! Wald's sequential test of two rates, and the fixed plan with the same risks.

use statrs::distribution::{Binomial, DiscreteCDF};

use super::number::whole;
use crate::summary::GateState;

/// A test of the rate `p0` against the worse rate `p1`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sprt {
    /// A rate that shall pass.
    pub p0: f64,
    /// A rate that shall fail.
    pub p1: f64,
    /// Risk of failing at `p0`.
    pub alpha: f64,
    /// Risk of passing at `p1`.
    pub beta: f64,
}

/// A plan whose number of documents is fixed in advance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FixedPlan {
    /// Documents to judge.
    pub n: u64,
    /// Defects with which they still pass.
    pub accept: u64,
}

/// Largest plan that is looked for; rates that need more are too close to be told apart by eye.
const LARGEST_PLAN: u64 = 1 << 24;

impl Sprt {
    /// Both risks at 5 %.
    pub fn new(p0: f64, p1: f64) -> Self {
        Self { p0, p1, alpha: 0.05, beta: 0.05 }
    }

    /// What a defect adds to the log likelihood ratio.
    pub fn step_defect(&self) -> f64 {
        (self.p1 / self.p0).ln()
    }

    /// What a good document adds to it, a negative number.
    pub fn step_good(&self) -> f64 {
        ((1.0 - self.p1) / (1.0 - self.p0)).ln()
    }

    /// Pass at or below this.
    pub fn accept(&self) -> f64 {
        (self.beta / (1.0 - self.alpha)).ln()
    }

    /// Fail at or above this.
    pub fn reject(&self) -> f64 {
        ((1.0 - self.beta) / self.alpha).ln()
    }

    /// Log likelihood ratio after `count` defects in `n`.
    pub fn llr(&self, count: u64, n: u64) -> f64 {
        count as f64 * self.step_defect() + (n - count) as f64 * self.step_good()
    }

    /// Documents without a defect after which it passes at the earliest.
    pub fn earliest_accept(&self) -> u64 {
        whole((self.accept() / self.step_good()).ceil())
    }

    /// What the verdicts say, in the order in which they were given: the first bound that was
    /// crossed decides. At three times the fixed plan the nearer bound decides.
    ///
    /// Gives the state and the log likelihood ratio at which it was decided, or so far.
    pub fn judge(&self, defects: impl IntoIterator<Item = bool>) -> (GateState, f64) {
        let end = self.longest();
        let (mut count, mut n) = (0, 0);
        for defect in defects {
            count += u64::from(defect);
            n += 1;
            let llr = self.llr(count, n);
            if let Some(state) = self.state_at(llr, n, end) {
                return (state, llr);
            }
        }
        (GateState::Open, self.llr(count, n))
    }

    /// Documents after which it stops in any case; none where no plan is that large.
    pub fn longest(&self) -> Option<u64> {
        self.fixed_plan().map(|plan| 3 * plan.n)
    }

    fn state_at(&self, llr: f64, n: u64, end: Option<u64>) -> Option<GateState> {
        let over = end.is_some_and(|end| n >= end);
        if llr <= self.accept() || (over && llr <= 0.0) {
            Some(GateState::Passed)
        } else if llr >= self.reject() || over {
            Some(GateState::Failed)
        } else {
            None
        }
    }

    /// The least fixed plan with the same risks.
    pub fn fixed_plan(&self) -> Option<FixedPlan> {
        let below = |p: f64, n: u64, c: u64| Binomial::new(p, n).map(|law| law.cdf(c)).ok();
        for accept in 0.. {
            // the least n at which so few defects are too unlikely for p1
            let n = super::bisect::first(accept + 1, LARGEST_PLAN, |n| {
                below(self.p1, n, accept).is_some_and(|chance| chance <= self.beta)
            })?;
            if below(self.p0, n, accept)? >= 1.0 - self.alpha {
                return Some(FixedPlan { n, accept });
            }
        }
        None
    }

    /// Documents it takes on average where the rate is `p`, exactly, from the chances of all ways.
    pub fn expected_documents(&self, p: f64) -> f64 {
        let end = self.longest();
        // chance of having `index` defects and no decision yet
        let mut open = vec![1.0_f64];
        let (mut n, mut expected) = (0_u64, 0.0);
        loop {
            let left: f64 = open.iter().sum();
            if left < 1e-12 || end.is_some_and(|end| n >= end) {
                return expected;
            }
            expected += left;
            n += 1;
            let mut next = vec![0.0; open.len() + 1];
            for (count, chance) in open.iter().enumerate() {
                next[count] += chance * (1.0 - p);
                next[count + 1] += chance * p;
            }
            for (count, chance) in (0_u64..).zip(&mut next) {
                if *chance > 0.0 && self.state_at(self.llr(count, n), n, end).is_some() {
                    *chance = 0.0;
                }
            }
            while next.last() == Some(&0.0) {
                next.pop();
            }
            open = next;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::testing::Random;

    #[test]
    fn steps_and_bounds_are_those_of_the_table() {
        let test = Sprt::new(0.01, 0.05);
        assert_eq!(format!("{:.3}", test.step_defect()), "1.609");
        assert_eq!(format!("{:.4}", test.step_good()), "-0.0412");
        assert_eq!(format!("{:.3}", test.reject()), "2.944");
        assert_eq!(format!("{:.3}", test.accept()), "-2.944");
        assert_eq!(test.earliest_accept(), 72);
        assert_eq!(test.judge(vec![false; 71]).0, GateState::Open);
        assert_eq!(test.judge(vec![false; 72]).0, GateState::Passed);
        assert_eq!(test.judge(vec![true; 2]).0, GateState::Failed);
    }

    #[test]
    fn fixed_plans_are_those_of_the_table() {
        let plan = |p0, p1| Sprt::new(p0, p1).fixed_plan().map(|plan| (plan.n, plan.accept));
        assert_eq!(plan(0.01, 0.05), Some((181, 4)));
        assert_eq!(plan(0.02, 0.1), Some((89, 4)));
        assert_eq!(plan(0.005, 0.02), Some((523, 5)));
    }

    #[test]
    fn expected_documents_are_those_of_the_table() {
        let rows =
            [(0.01, 0.05, 113.0, 77.0), (0.02, 0.1, 55.0, 38.0), (0.005, 0.02, 339.0, 246.0)];
        for (p0, p1, at_p0, at_p1) in rows {
            let test = Sprt::new(p0, p1);
            let (good, bad) = (test.expected_documents(p0), test.expected_documents(p1));
            // the table was simulated
            assert!((good / at_p0 - 1.0).abs() < 0.03, "{good}");
            assert!((bad / at_p1 - 1.0).abs() < 0.03, "{bad}");
        }
        let between = Sprt::new(0.01, 0.05).expected_documents(0.022);
        assert!((between / 162.0 - 1.0).abs() < 0.04, "{between}");
    }

    #[test]
    fn risks_are_kept_with_truncation() {
        let test = Sprt::new(0.01, 0.05);
        let mut random = Random::new(9);
        let runs = 500;
        let mut wrong = |p: f64, state: GateState| {
            (0..runs).filter(|_| test.judge((0..600).map(|_| random.chance(p))).0 == state).count()
        };
        let (failed, passed) = (wrong(0.01, GateState::Failed), wrong(0.05, GateState::Passed));
        // 5 % and two and a half standard deviations of the simulation
        assert!(failed <= 37 && passed <= 37, "{failed} {passed} of {runs}");
    }

    #[test]
    fn the_first_crossing_decides() {
        let mut verdicts = vec![false; 72];
        verdicts.extend([true; 10]);
        assert_eq!(Sprt::new(0.01, 0.05).judge(verdicts).0, GateState::Passed);
    }
}
