//! Conditions that labels must show: `defect_rate < 2%`, or a test of two rates.

use std::str::FromStr;

use super::sprt::Sprt;
use crate::model::Unit;
use crate::summary::{GateState, Gauge, Interval};

/// Which rate a gate asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Measure {
    /// `defect_rate`: share of documents.
    Documents,
    /// `token_defect_rate`: share of tokens.
    Tokens,
    /// `defect_rate[kind]`: share of documents with this kind of defect.
    Kind(String),
}

impl Measure {
    /// The unit whose share it is.
    pub fn unit(&self) -> Unit {
        match self {
            Self::Documents | Self::Kind(_) => Unit::Document,
            Self::Tokens => Unit::Token,
        }
    }
}

/// How it is decided.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Test {
    /// By the confidence sequence against this rate.
    Below(f64),
    /// By Wald's test.
    Sprt(Sprt),
}

/// A gate as it was written and understood.
///
/// Forms: `defect_rate < 2%`, `token_defect_rate<0.02`, `defect_rate[table] < 1%` are decided by the
/// confidence sequence; `defect_rate: p0=1%, p1=5%`, or `p0=1%,p1=5%` alone, by Wald's test, which
/// passes a rate of `p0` and fails one of `p1`, each with a risk of 5 %.
#[derive(Debug, Clone, PartialEq)]
pub struct Gate {
    /// As written.
    pub condition: String,
    /// Which rate.
    pub measure: Measure,
    /// How it is decided.
    pub test: Test,
}

/// Why a text is no gate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GateError {
    /// It asks for something unknown.
    #[error("'{0}' is no rate: write defect_rate, token_defect_rate or defect_rate[KIND]")]
    Measure(String),
    /// No condition after the rate.
    #[error("'{0}' has no condition: write 'defect_rate < 2%' or 'defect_rate: p0=1%, p1=5%'")]
    Condition(String),
    /// A comparison that cannot be shown.
    #[error("'{0}' cannot be a gate: a rate must lie below a number, write '<'")]
    Direction(String),
    /// No number.
    #[error("'{0}' is no number: write a share such as 0.02, or 2%")]
    Number(String),
    /// A number that is no share.
    #[error("{0} is no share between 0 and 1: did you mean {1}%?")]
    Share(String, String),
    /// Rates in the wrong order.
    #[error("p0 must be below p1: p0 is the rate that passes, p1 the one that fails")]
    Order,
}

impl FromStr for Gate {
    type Err = GateError;

    fn from_str(text: &str) -> Result<Self, GateError> {
        let written = text.trim();
        let at = written
            .find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '[' | ']' | '-' | '/')))
            .unwrap_or(written.len());
        // a kind may hold any character up to its bracket
        let at = written.find(']').map_or(at, |bracket| bracket + 1);
        let (name, rest) = written.split_at(at);
        let (measure, rest) = if name == "p0" || name == "p1" {
            (Measure::Documents, written)
        } else {
            (measure(name)?, rest.trim())
        };
        let test = if let Some(number) = rest.strip_prefix('<') {
            Test::Below(share(number.strip_prefix('=').unwrap_or(number))?)
        } else if rest.starts_with(['>', '=', '!']) {
            return Err(GateError::Direction(written.to_owned()));
        } else {
            Test::Sprt(rates(rest.trim_start_matches(':'), written)?)
        };
        Ok(Self { condition: written.to_owned(), measure, test })
    }
}

fn measure(name: &str) -> Result<Measure, GateError> {
    match name {
        "defect_rate" => Ok(Measure::Documents),
        "token_defect_rate" => Ok(Measure::Tokens),
        _ => name
            .strip_prefix("defect_rate[")
            .and_then(|kind| kind.strip_suffix(']'))
            .map(str::trim)
            .filter(|kind| !kind.is_empty())
            .map(|kind| Measure::Kind(kind.to_owned()))
            .ok_or_else(|| GateError::Measure(name.to_owned())),
    }
}

fn rates(text: &str, whole: &str) -> Result<Sprt, GateError> {
    let no_condition = || GateError::Condition(whole.to_owned());
    let (mut p0, mut p1) = (None, None);
    for part in text.split([',', ';', ' ']).filter(|part| !part.trim().is_empty()) {
        let (name, number) = part.split_once('=').ok_or_else(no_condition)?;
        let rate = match name.trim() {
            "p0" => &mut p0,
            "p1" => &mut p1,
            _ => return Err(no_condition()),
        };
        *rate = Some(share(number)?);
    }
    let (p0, p1) = p0.zip(p1).ok_or_else(no_condition)?;
    if p0 >= p1 {
        return Err(GateError::Order);
    }
    Ok(Sprt::new(p0, p1))
}

fn share(text: &str) -> Result<f64, GateError> {
    let text = text.trim();
    let (number, unit) = match text.strip_suffix('%') {
        Some(number) => (number.trim(), 100.0),
        None => (text, 1.0),
    };
    let value: f64 = number.parse().map_err(|_| GateError::Number(text.to_owned()))?;
    let share = value / unit;
    if share > 0.0 && share < 1.0 {
        return Ok(share);
    }
    let meant = if value > 0.0 && value < 100.0 { number } else { "2" };
    Err(GateError::Share(text.to_owned(), meant.to_owned()))
}

impl Gate {
    /// What a confidence sequence says: passed with its upper end below the threshold, failed with
    /// its lower end at or above it.
    ///
    /// The gauge shows where the threshold lies: the estimate is 0, the interval's ends are plus
    /// and minus log(1/alpha), where the sequence's own ratio has its bound.
    pub(crate) fn by_sequence(
        &self,
        estimate: f64,
        interval: Option<Interval>,
        alpha: f64,
    ) -> Gauge {
        let threshold = match self.test {
            Test::Below(threshold) => threshold,
            // no test of independent documents can be made here; p1 is what must be excluded
            Test::Sprt(sprt) => sprt.p1,
        };
        let bound = -alpha.ln();
        let (llr, state) = match interval {
            None => (0.0, GateState::Open),
            Some(Interval { high, .. }) if high < threshold => {
                (-bound * part(threshold - estimate, high - estimate), GateState::Passed)
            }
            Some(Interval { low, .. }) if low >= threshold => {
                (bound * part(estimate - threshold, estimate - low), GateState::Failed)
            }
            Some(Interval { high, .. }) if threshold >= estimate => {
                (-bound * part(threshold - estimate, high - estimate), GateState::Open)
            }
            Some(Interval { low, .. }) => {
                (bound * part(estimate - threshold, estimate - low), GateState::Open)
            }
        };
        self.gauge("confidence sequence", llr, (-bound, bound), state)
    }

    /// What Wald's test says of verdicts in their order.
    pub(crate) fn by_sprt(&self, sprt: &Sprt, defects: impl IntoIterator<Item = bool>) -> Gauge {
        let (state, llr) = sprt.judge(defects);
        self.gauge("sprt", llr, (sprt.accept(), sprt.reject()), state)
    }

    fn gauge(
        &self,
        method: &str,
        llr: f64,
        (accept, reject): (f64, f64),
        state: GateState,
    ) -> Gauge {
        let (condition, method) = (self.condition.clone(), method.to_owned());
        Gauge { condition, method, llr, accept, reject, state }
    }
}

/// `distance` in units of `whole`, at most three of them; a collapsed interval is at its bound.
fn part(distance: f64, whole: f64) -> f64 {
    if whole > 0.0 { (distance / whole).min(3.0) } else { 1.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gate(text: &str) -> Gate {
        text.parse().unwrap()
    }

    fn error(text: &str) -> String {
        text.parse::<Gate>().unwrap_err().to_string()
    }

    #[test]
    fn rates_and_numbers_are_read() {
        assert_eq!(gate("defect_rate < 2%").test, Test::Below(0.02));
        assert_eq!(gate("  defect_rate<0.02 ").test, Test::Below(0.02));
        assert_eq!(gate("defect_rate <= 2 %").test, Test::Below(0.02));
        assert_eq!(gate("token_defect_rate<.5%").measure, Measure::Tokens);
        assert_eq!(gate("token_defect_rate<.5%").test, Test::Below(0.005));
        assert_eq!(gate("defect_rate[table] < 1%").measure, Measure::Kind("table".into()));
        assert_eq!(
            gate("defect_rate[lost table] < 1%").measure,
            Measure::Kind("lost table".into())
        );
        assert_eq!(gate("defect_rate < 2%").condition, "defect_rate < 2%");
    }

    #[test]
    fn tests_of_two_rates_are_read() {
        let sprt = Test::Sprt(Sprt::new(0.01, 0.05));
        for text in [
            "p0=1%,p1=5%",
            "defect_rate: p0=1%, p1=5%",
            "defect_rate p1=0.05 p0=0.01",
            "p1=5% p0=1%",
        ] {
            assert_eq!((gate(text).test, gate(text).measure), (sprt, Measure::Documents), "{text}");
        }
        assert_eq!(gate("token_defect_rate: p0=1%,p1=5%").measure, Measure::Tokens);
    }

    #[test]
    fn errors_say_what_is_wrong() {
        assert!(error("defectrate < 2%").starts_with("'defectrate' is no rate"));
        assert!(error("defect_rate[] < 2%").starts_with("'defect_rate[]' is no rate"));
        assert!(error("defect_rate > 2%").contains("must lie below"));
        assert!(error("defect_rate == 2%").contains("must lie below"));
        assert!(error("defect_rate").contains("has no condition"));
        assert!(error("").contains("is no rate"));
        assert!(error("defect_rate < two").starts_with("'two' is no number"));
        assert_eq!(error("defect_rate < 2"), "2 is no share between 0 and 1: did you mean 2%?");
        assert!(error("defect_rate < 0").contains("no share"));
        assert!(error("defect_rate < NaN").contains("no share"));
        assert!(error("defect_rate < 100%").contains("no share"));
        assert!(error("p0=5%,p1=1%").contains("p0 must be below p1"));
        assert!(error("p0=5%").contains("has no condition"));
        assert!(error("p0=1%,p2=5%").contains("has no condition"));
    }

    #[test]
    fn a_sequence_passes_fails_or_leaves_open() {
        let gate = gate("defect_rate < 2%");
        let at =
            |low, high, estimate| gate.by_sequence(estimate, Some(Interval { low, high }), 0.05);
        assert_eq!(at(0.0, 0.019, 0.005).state, GateState::Passed);
        assert_eq!(at(0.0, 0.02, 0.005).state, GateState::Open);
        assert_eq!(at(0.02, 0.1, 0.05).state, GateState::Failed);
        assert_eq!(at(0.01, 0.1, 0.05).state, GateState::Open);
        assert_eq!(gate.by_sequence(0.0, None, 0.05).state, GateState::Open);
        for gauge in
            [at(0.0, 0.019, 0.005), at(0.0, 0.02, 0.005), at(0.021, 0.1, 0.05), at(0.01, 0.1, 0.05)]
        {
            assert_eq!(gauge.state == GateState::Passed, gauge.llr < gauge.accept, "{gauge:?}");
            assert_eq!(gauge.state == GateState::Failed, gauge.llr >= gauge.reject, "{gauge:?}");
        }
    }
}
