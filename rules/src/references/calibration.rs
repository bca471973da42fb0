//! How sure a finding is: logistic weights, fitted on the tuning projects only.

use super::kinds::{Form, Kind, Strength, Verdict};

/// Numbers that a confidence is made of, a constant one among them.
const TERMS: usize = 11;

/// What a confidence is made of.
#[derive(Clone, Copy, Debug)]
pub(super) struct Features {
    pub(super) kind: Kind,
    pub(super) form: Form,
    pub(super) verdict: Verdict,
    pub(super) strength: Strength,
    /// The noun has a capital or is an abbreviation.
    pub(super) capital: bool,
    /// Distinct targets of this kind, or mentions of this form, that find nothing.
    pub(super) lost: u32,
    /// Those that find something.
    pub(super) met: u32,
    /// Bodies of this kind in the text.
    pub(super) bodies: u32,
    /// The number before or after is there.
    pub(super) neighbour: bool,
    /// What follows the mention cannot be what it announces.
    pub(super) gap: bool,
}

/// Findings that share their weights.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Group {
    /// Numbered tables and figures.
    Float,
    /// Numbered listings, equations, algorithms.
    Block,
    /// Sections and appendices.
    Section,
    /// Footnotes.
    Footnote,
    /// Numeric citations.
    Citation,
    /// Tables and figures by place.
    FloatPlace,
    /// Code, formulas and lists by place.
    BlockPlace,
    /// What a colon promises.
    Promise,
    /// No data to fit on: set by hand.
    Other,
}

impl Features {
    /// The group whose weights apply.
    pub(super) fn group(&self) -> Group {
        use Kind as K;
        match (self.form, self.kind) {
            _ if matches!(self.verdict, Verdict::External | Verdict::Truncated) => Group::Other,
            (Form::Residue, _) | (_, K::AuthorYear | K::Anchor | K::Attachment) => Group::Other,
            (Form::Promise, _) => Group::Promise,
            (Form::Deictic, K::Table | K::Figure) => Group::FloatPlace,
            (Form::Deictic, _) => Group::BlockPlace,
            (_, K::Table | K::Figure) => Group::Float,
            (_, K::Section | K::Appendix) => Group::Section,
            (_, K::Footnote) => Group::Footnote,
            (_, K::Equation | K::Algorithm) => Group::Other,
            (_, K::Citation) => Group::Citation,
            _ => Group::Block,
        }
    }

    /// The terms, in the order of the weights.
    pub(super) fn vector(&self) -> [f32; TERMS] {
        let flag = |set: bool| f32::from(u8::from(set));
        [
            1.0,
            flag(self.strength == Strength::M3 || self.strength == Strength::M1),
            flag(self.capital),
            (self.lost.clamp(1, 8) as f32).ln(),
            (self.met.min(8) as f32 + 1.0).ln(),
            flag(self.bodies == 0),
            flag(self.neighbour),
            flag(self.gap),
            flag(self.verdict == Verdict::Hollow),
            flag(self.verdict == Verdict::Partial),
            flag(matches!(self.kind, Kind::Table | Kind::Listing | Kind::Section)),
        ]
    }
}

/// Confidence, from 0 to 1.
pub(super) fn confidence(features: &Features) -> f32 {
    let group = features.group();
    let z = match WEIGHTS.get(group as usize) {
        Some(weights) => {
            features.vector().iter().zip(weights).map(|(term, weight)| term * weight).sum()
        }
        None => by_hand(features),
    };
    1.0 / (1.0 + (-z).exp())
}

/// Where there is nothing to fit on.
fn by_hand(features: &Features) -> f32 {
    let strong = features.strength == Strength::M3;
    let lost = (features.lost.clamp(1, 8) as f32).ln();
    match (features.form, features.verdict, features.kind) {
        (Form::Residue, _, _) => 2.5,
        (_, Verdict::External | Verdict::Truncated, _) => 1.4,
        (_, _, Kind::Attachment) => 0.7,
        (_, _, Kind::Equation | Kind::Algorithm) => {
            0.3 + 0.4 * lost + if strong { 0.4 } else { 0.0 }
        }
        (_, _, Kind::AuthorYear) => -0.2 + 0.5 * lost + if strong { 0.6 } else { 0.0 },
        (_, _, Kind::Anchor) => {
            if strong {
                1.5
            } else {
                1.0
            }
        }
        _ => 0.0,
    }
}

/// By group, in the order of [`Group`].
const WEIGHTS: [[f32; TERMS]; 8] = [
    [3.91, -0.24, 0.56, -0.44, -0.84, 0.77, 1.99, 0.00, -1.02, 0.61, -1.21],
    [1.11, 0.54, -1.15, 0.49, 0.06, -0.44, 0.55, 0.00, -0.02, 0.00, 1.37],
    [-3.54, 0.85, 0.51, 2.31, -1.01, -0.26, -0.22, 0.00, 0.00, 0.00, 1.89],
    [6.62, 0.11, 0.00, 0.11, 0.04, 0.08, 0.02, 0.00, 0.00, 0.00, 0.00],
    [-1.72, 0.00, 2.03, 0.73, 1.02, -0.69, 0.25, 0.00, 0.00, 0.00, 0.00],
    [2.79, 0.05, 0.00, -0.49, -1.48, 0.25, 0.00, -0.06, 0.81, 0.00, 0.89],
    [-2.92, 1.62, 0.00, 0.41, 0.00, 1.03, 0.00, 1.42, 0.72, 0.00, 1.03],
    [0.33, 0.85, 0.00, -0.11, -0.68, 0.12, 0.00, 0.77, 0.00, 0.00, 0.00],
];
