//! What an annotator gives.

/// The type of an annotation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ValueType {
    /// A whole number, Int64 in Arrow.
    Int,
    /// A real number, Float64 in Arrow.
    Float,
    /// True or false, Boolean in Arrow.
    Bool,
}

/// A measured value.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Value {
    /// A whole number.
    Int(i64),
    /// A real number.
    Float(f64),
    /// True or false.
    Bool(bool),
    /// Not defined for this text.
    Null,
}

impl Value {
    /// A count as a value; a count above `i64::MAX` gives `i64::MAX`.
    pub fn count(count: usize) -> Self {
        Self::Int(i64::try_from(count).unwrap_or(i64::MAX))
    }

    /// `part / whole`, or [`Value::Null`] where `whole` is 0.
    pub fn ratio(part: usize, whole: usize) -> Self {
        if whole == 0 { Self::Null } else { Self::Float(part as f64 / whole as f64) }
    }

    /// `part / whole`, or 0 where `whole` is 0.
    pub fn ratio_or_zero(part: usize, whole: usize) -> Self {
        if whole == 0 { Self::Float(0.0) } else { Self::ratio(part, whole) }
    }
}

/// A text with the value an annotator must give for it.
#[derive(Clone, Copy, Debug)]
pub struct Example {
    /// The text measured.
    pub text: &'static str,
    /// The value, worked out by hand.
    pub value: Value,
}
