//! The defect rate by the unit that was not drawn.
//!
//! Where documents were drawn, the share of tokens in defective ones; where tokens were drawn, the
//! share of documents. The estimate is Hájek's ratio. The sequence bets against every rate: under
//! it the averages of bad and of good weight in the next draw are known, also after large documents
//! are gone, so a stake on either has a fair price; a rate that made the stakes grow by 2/alpha is
//! excluded (Waudby-Smith and Ramdas, *Estimating means of bounded random variables by betting*,
//! 2024). Stakes on the plain weight need no bound of the weights, which helps heavy tails; stakes
//! on the difference of bad and good are better for even weights and need the greatest one.

use super::bisect::crossing;
use super::walk::{Draw, Step, Totals, Walk};
use crate::model::Unit;
use crate::summary::{Interval, WeightedRate};

/// Parts of the capital that are staked, from careful to bold. Against a low rate stakes are
/// small, for a win pays the inverse of the rate.
struct Stakes {
    plain: [f64; LANES],
    difference: [f64; LANES],
}

const LANES: usize = 4;

const AGAINST_LOW: Stakes =
    Stakes { plain: [0.02, 0.08, 0.25, 0.6], difference: [0.005, 0.03, 0.12, 0.5] };

const AGAINST_HIGH: Stakes =
    Stakes { plain: [0.05, 0.2, 0.5, 0.9], difference: [0.3, 0.7, 0.9, 0.98] };

/// The defect rate by the other unit than `drawn`, at level `1 - alpha`; none without documents.
/// Its sequence is none where documents or bytes of the frame are not known or contradict the sample.
pub fn rate(draws: &[Draw], totals: Totals, drawn: Unit, alpha: f64) -> Option<WeightedRate> {
    let (estimate, effective_n) = hajek(draws, drawn)?;
    let Some(walk) = Walk::new(draws, totals, drawn, other(drawn)) else {
        return Some(WeightedRate { estimate, sequence: None, effective_n });
    };
    let estimate = estimate.clamp(walk.least, walk.most);
    let low = lower(&walk, &AGAINST_LOW, alpha / 2.0);
    let high = 1.0 - lower(&walk.mirrored(), &AGAINST_HIGH, alpha / 2.0);
    // where every rate is excluded the sizes are not those of the frame, or chance was unkind
    let sequence = (low <= high + 1e-7)
        // both ends may come to lie on one side of the estimate; wider is never wrong
        .then(|| Interval { low: low.min(estimate), high: high.max(estimate) });
    Some(WeightedRate { estimate, sequence, effective_n })
}

/// The other unit.
pub fn other(unit: Unit) -> Unit {
    match unit {
        Unit::Document => Unit::Token,
        Unit::Token => Unit::Document,
    }
}

/// Hájek's ratio and the effective number of documents, (Σw)²/Σw².
fn hajek(draws: &[Draw], drawn: Unit) -> Option<(f64, f64)> {
    let (mut all, mut bad, mut squares) = (0.0, 0.0, 0.0);
    for (defect, size) in draws {
        let size = size.max(&1).to_owned() as f64;
        let weight = if drawn == Unit::Document { size } else { 1.0 / size };
        all += weight;
        squares += weight * weight;
        bad += if *defect { weight } else { 0.0 };
    }
    (all > 0.0).then(|| (bad / all, all * all / squares))
}

/// The least rate against which no bet has won `1 / alpha`.
fn lower(walk: &Walk, stakes: &Stakes, alpha: f64) -> f64 {
    let limit = -alpha.ln();
    crossing(walk.most, walk.least, |p| {
        let mut capital = Capital::new(p, walk.bound, stakes);
        for step in &walk.steps {
            capital.bet(step);
        }
        capital.log() - limit
    })
}

/// What became of a capital of one that was split evenly over the stakes.
struct Capital<'a> {
    share: f64,
    bound: Option<f64>,
    stakes: &'a Stakes,
    plain: [f64; LANES],
    difference: [f64; LANES],
    /// Logarithm of what was taken out of the numbers to keep them small.
    scale: f64,
    bets: u32,
    refuted: bool,
}

impl<'a> Capital<'a> {
    fn new(share: f64, bound: Option<f64>, stakes: &'a Stakes) -> Self {
        let difference = if bound.is_some() { [1.0; LANES] } else { [0.0; LANES] };
        let plain = [1.0; LANES];
        Self { share, bound, stakes, plain, difference, scale: 0.0, bets: 0, refuted: false }
    }

    fn bet(&mut self, step: &Step) {
        let (bad, good) = step.means(self.share);
        let hit = if step.bad { step.value } else { 0.0 };
        if bad <= 0.0 {
            // nothing bad is left under this rate, but some was drawn
            self.refuted |= hit > 0.0;
            return;
        }
        let win = hit / bad - 1.0;
        for (capital, stake) in self.plain.iter_mut().zip(&self.stakes.plain) {
            *capital *= 1.0 + stake * win;
        }
        if let Some(bound) = self.bound {
            let mean = bad - self.share * (bad + good);
            let most = self.share * bound + mean;
            if most > 0.0 {
                let win = ((hit - self.share * step.value - mean) / most).max(-1.0);
                for (capital, stake) in self.difference.iter_mut().zip(&self.stakes.difference) {
                    *capital *= 1.0 + stake * win;
                }
            }
        }
        self.bets += 1;
        if self.bets.is_multiple_of(8) {
            self.rescale();
        }
    }

    fn rescale(&mut self) {
        let lanes = || self.plain.iter().chain(&self.difference).copied();
        let greatest = lanes().fold(0.0, f64::max);
        if greatest > 0.0 && greatest.is_finite() {
            self.scale += greatest.ln();
            let shrink = 1.0 / greatest;
            self.plain.iter_mut().for_each(|capital| *capital *= shrink);
            self.difference.iter_mut().for_each(|capital| *capital *= shrink);
        }
    }

    fn log(&self) -> f64 {
        if self.refuted {
            return f64::INFINITY;
        }
        let lanes = if self.bound.is_some() { 2 * LANES } else { LANES };
        let sum: f64 = self.plain.iter().chain(&self.difference).sum();
        self.scale + (sum / lanes as f64).ln()
    }
}

#[cfg(test)]
#[path = "weighted_tests.rs"]
mod tests;
