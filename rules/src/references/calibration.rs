//! How sure a finding is: logistic weights, fitted on the tuning projects only.

use super::kinds::{Form, Kind, Strength, Verdict};

/// What a confidence is made of.
#[derive(Clone, Copy, Debug)]
pub(super) struct Features {
    pub(super) kind: Kind,
    pub(super) form: Form,
    pub(super) verdict: Verdict,
    pub(super) strength: Strength,
    /// The noun has a capital or is an abbreviation.
    pub(super) capital: bool,
    /// Distinct targets of this kind that are not there.
    pub(super) lost: u32,
    /// Bodies of this kind in the text.
    pub(super) bodies: u32,
    /// The number before or after is there.
    pub(super) neighbour: bool,
    /// The text has labels of this kind.
    pub(super) labelled: bool,
    /// What follows the mention is not what it announces.
    pub(super) gap: bool,
}

/// Confidence, from 0 to 1.
pub(super) fn confidence(features: &Features) -> f32 {
    let z = bias(features) + evidence(features);
    1.0 / (1.0 + (-z).exp())
}

fn bias(features: &Features) -> f32 {
    use Kind as K;
    match (features.form, features.verdict, features.kind) {
        (Form::Residue, _, _) => 2.5,
        (Form::Promise, _, _) => 0.6,
        (_, Verdict::External | Verdict::Truncated, _) => 1.4,
        (Form::Deictic, Verdict::Hollow | Verdict::Partial, _) => 0.6,
        (Form::Deictic, _, K::Table) => 0.4,
        (Form::Deictic, _, K::Figure) => 0.3,
        (Form::Deictic, _, K::Listing) => -0.6,
        (Form::Deictic, _, K::Attachment) => 0.2,
        (Form::Deictic, _, _) => -0.4,
        (_, Verdict::Hollow, K::Table | K::Figure) => 2.4,
        (_, Verdict::Hollow, K::Citation) => 1.6,
        (_, Verdict::Hollow, _) => 0.6,
        (_, Verdict::Partial, _) => 0.6,
        (_, _, K::Table | K::Figure) => 0.7,
        (_, _, K::Listing) => 0.0,
        (_, _, K::Appendix) => -0.9,
        (_, _, K::Equation | K::Algorithm) => -0.2,
        (_, _, K::Section) => -1.2,
        (_, _, K::Footnote) => 2.2,
        (_, _, K::Citation) => -0.6,
        (_, _, K::AuthorYear) => -0.8,
        (_, _, K::Anchor) => 0.8,
        _ => 0.0,
    }
}

fn evidence(features: &Features) -> f32 {
    let mut z = 0.0;
    if features.form == Form::Numbered {
        z += match features.strength {
            Strength::M3 => 0.6,
            Strength::M2 => -0.1,
            _ => -3.0,
        };
        let named = matches!(
            features.kind,
            Kind::Table | Kind::Figure | Kind::Listing | Kind::Algorithm | Kind::Section | Kind::Appendix
        );
        if named && !features.capital {
            z -= 1.2;
        }
        z += 0.5 * (features.lost.clamp(1, 6) as f32).ln();
        if features.bodies == 0 && features.lost >= 2 {
            z += 0.4;
        }
        if features.neighbour {
            z += 0.9;
        }
        if features.labelled {
            z += 0.3;
        }
    } else {
        if features.strength == Strength::M0 {
            z -= 0.7;
        }
        if features.gap {
            z += 1.3;
        }
        if features.bodies == 0 {
            z += 0.5;
        }
    }
    z
}
