//! An annotator written down as data.

use super::{AnnotationValue, Annotator, Example, Value, ValueType};
use crate::document::Document;

/// An annotator as one constant: what it is called and means, and the function that measures.
#[derive(Clone, Copy)]
pub struct Measure {
    /// See [`Annotator::name`].
    pub name: &'static str,
    /// See [`Annotator::value_type`].
    pub value_type: ValueType,
    /// See [`Annotator::unit`].
    pub unit: &'static str,
    /// See [`Annotator::range`].
    pub range: (f64, f64),
    /// See [`Annotator::definition`].
    pub definition: &'static str,
    /// See [`Annotator::source`].
    pub source: &'static str,
    /// See [`Annotator::examples`].
    pub examples: &'static [Example],
    /// See [`Annotator::measure`].
    pub measure: fn(&mut Document<'_>) -> Value,
    /// See [`Annotator::evidence`].
    pub evidence: fn(&mut Document<'_>) -> Vec<(usize, usize)>,
}

impl Measure {
    /// A measure that no span explains.
    #[expect(clippy::too_many_arguments, reason = "a table of constants reads best without names")]
    pub(crate) const fn plain(
        name: &'static str,
        value_type: ValueType,
        unit: &'static str,
        range: (f64, f64),
        definition: &'static str,
        source: &'static str,
        examples: &'static [Example],
        measure: fn(&mut Document<'_>) -> Value,
    ) -> Self {
        let evidence = no_evidence;
        Self { name, value_type, unit, range, definition, source, examples, measure, evidence }
    }
}

impl Annotator for Measure {
    fn name(&self) -> &str {
        self.name
    }

    fn value_type(&self) -> ValueType {
        self.value_type
    }

    fn unit(&self) -> &'static str {
        self.unit
    }

    fn range(&self) -> (f64, f64) {
        self.range
    }

    fn definition(&self) -> &'static str {
        self.definition
    }

    fn source(&self) -> &'static str {
        self.source
    }

    fn examples(&self) -> &'static [Example] {
        self.examples
    }

    fn measure<'m>(&'m self, document: &mut Document<'_>) -> AnnotationValue<'m> {
        (self.measure)(document)
    }

    fn evidence(&self, document: &mut Document<'_>) -> Vec<(usize, usize)> {
        (self.evidence)(document)
    }
}

/// The evidence of a measure that no span explains.
pub(crate) fn no_evidence(_document: &mut Document<'_>) -> Vec<(usize, usize)> {
    Vec::new()
}

/// An annotator that counts tokens: it is there only where a tokenizer was named.
#[derive(Clone, Copy)]
pub struct TokenMeasure(pub Measure);

impl Annotator for TokenMeasure {
    fn name(&self) -> &str {
        self.0.name
    }

    fn value_type(&self) -> ValueType {
        self.0.value_type
    }

    fn unit(&self) -> &'static str {
        self.0.unit
    }

    fn range(&self) -> (f64, f64) {
        self.0.range
    }

    fn definition(&self) -> &'static str {
        self.0.definition
    }

    fn source(&self) -> &'static str {
        self.0.source
    }

    fn examples(&self) -> &'static [Example] {
        self.0.examples
    }

    fn measure<'m>(&'m self, document: &mut Document<'_>) -> AnnotationValue<'m> {
        (self.0.measure)(document)
    }

    fn needs_tokenizer(&self) -> bool {
        true
    }

    fn evidence(&self, document: &mut Document<'_>) -> Vec<(usize, usize)> {
        (self.0.evidence)(document)
    }
}
