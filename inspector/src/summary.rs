//! What labels say: the shape of the live statistics.

use serde::{Deserialize, Serialize};

/// An interval of shares, from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Interval {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// A share with its intervals.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Rate {
    /// Documents that have it.
    pub count: u64,
    /// Documents that were judged.
    pub n: u64,
    /// The estimate.
    pub estimate: f64,
    /// 95 % confidence sequence: valid at any time, also while one watches.
    pub sequence: Interval,
    /// 95 % Clopper and Pearson interval: valid only where n was fixed in advance.
    pub fixed: Interval,
}

/// A defect rate by a unit that documents are weighted for.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct WeightedRate {
    /// The estimate, by Hájek's ratio.
    pub estimate: f64,
    /// 95 % confidence sequence; none where the frame's documents or bytes are not known.
    pub sequence: Option<Interval>,
    /// Effective number of documents, (Σw)²/Σw².
    pub effective_n: f64,
}

/// One stratum.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct StratumRate {
    /// Its name.
    pub name: String,
    /// Its share of the frame.
    pub weight: f64,
    /// Its defect rate; the sequence is at 1 - 0.05/strata, so that all hold together.
    pub rate: Rate,
}

/// One rule, or one kind of finding.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct RuleRate {
    /// Its name.
    pub rule: String,
    /// Share of the documents it fired for that are defective.
    pub precision: Rate,
    /// Lower bound of the share of defective documents that it finds; none where either the
    /// documents with it or those without it were not sampled.
    pub recall_low: Option<f64>,
}

/// How much more work until a claim can be made.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Forecast {
    /// The claim: a defect rate below this.
    pub below: f64,
    /// Documents without a further defect until then.
    pub documents: u64,
    /// Minutes at the median pace so far.
    pub minutes: Option<f64>,
}

/// What a gate says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GateState {
    /// The data show it.
    Passed,
    /// The data show the contrary.
    Failed,
    /// Neither yet.
    Open,
}

/// A gate, `defect_rate < 2%`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Gauge {
    /// The condition as written.
    pub condition: String,
    /// `sprt` or `confidence sequence`.
    pub method: String,
    /// Log likelihood ratio so far.
    pub llr: f64,
    /// Accept at or below.
    pub accept: f64,
    /// Reject at or above.
    pub reject: f64,
    /// What it says.
    pub state: GateState,
}

/// Everything the labels say.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Summary {
    /// Documents judged good or defective, which count for rates.
    pub n: u64,
    /// Good ones.
    pub good: u64,
    /// Defective ones.
    pub defects: u64,
    /// Documents of which the reviewer could not say.
    pub skips: u64,
    /// Documents marked for a second look.
    pub flagged: u64,
    /// Whether rates are shown at all: the documents are a probability sample.
    pub is_sample: bool,
    /// The sentence in words, with its numbers, or why there is none.
    pub sentence: String,
    /// Defect rate by document; where strata are drawn its estimate is weighted by them and its
    /// sequence is a weighted union bound.
    pub documents: Rate,
    /// Ends of that sequence with all skips bad (high) and all skips good (low).
    pub with_skips: Interval,
    /// Defect rate by token.
    pub tokens: Option<WeightedRate>,
    /// Rate of each kind of defect; the sequences are at 1 - 0.05/kinds.
    pub kinds: Vec<(String, Rate)>,
    /// Strata.
    pub strata: Vec<StratumRate>,
    /// Rules and kinds of finding.
    pub rules: Vec<RuleRate>,
    /// How much more work.
    pub forecast: Option<Forecast>,
    /// The gate.
    pub gauge: Option<Gauge>,
    /// Chance that the next defect is of a kind not seen so far (Good and Turing).
    pub unseen_kind: Option<f64>,
    /// Defects found after each twentieth of the documents, for a sparkline.
    pub discoveries: Vec<u64>,
    /// Labels a minute, by the median.
    pub per_minute: Option<f64>,
    /// Cohen's kappa of the reviewer with himself on hidden repeats, and their number.
    pub self_agreement: Option<(f64, u64)>,
}
