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
    /// A word of a small vocabulary, such as a language, Utf8 in Arrow.
    Text,
    /// What a text points at and lacks, a list of structs in Arrow; its values are taken from the
    /// document itself.
    Findings,
}

/// A measured value. A word lives as long as the annotator that gives it.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum AnnotationValue<'a> {
    /// A whole number.
    Int(i64),
    /// A real number.
    Float(f64),
    /// True or false.
    Bool(bool),
    /// A word of a small vocabulary.
    Text(&'a str),
    /// Not defined for this text.
    Null,
}

/// A value of an annotator that is compiled in.
pub type Value = AnnotationValue<'static>;

impl Value {
    /// A count as a value; a count above `i64::MAX` gives `i64::MAX`.
    pub fn count(count: usize) -> Self {
        Self::Int(i64::try_from(count).unwrap_or(i64::MAX))
    }

    /// `part / whole`, or [`Value::Null`] where `whole` is 0.
    pub fn ratio(part: usize, whole: usize) -> Self {
        if whole == 0 { Self::Null } else { Self::Float(part as f64 / whole as f64) }
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

impl Example {
    /// A text and a count.
    pub const fn int(text: &'static str, value: i64) -> Self {
        Self { text, value: Value::Int(value) }
    }

    /// A text and a real number.
    pub const fn float(text: &'static str, value: f64) -> Self {
        Self { text, value: Value::Float(value) }
    }

    /// A text and a word.
    pub const fn text(text: &'static str, value: &'static str) -> Self {
        Self { text, value: Value::Text(value) }
    }

    /// A text for which the annotation is not defined.
    pub const fn null(text: &'static str) -> Self {
        Self { text, value: Value::Null }
    }
}

/// `part / whole`, or [`Value::Null`] where `whole` is 0.
pub(super) fn share(part: u64, whole: u64) -> Value {
    if whole == 0 { Value::Null } else { Value::Float(part as f64 / whole as f64) }
}
