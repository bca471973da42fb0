//! What the one annotating function is told: stages of edits and measures, as canonical JSON.

use std::borrow::Cow;
use std::collections::BTreeMap;

use datafusion::arrow::datatypes::{DataType, Field, Fields};
use serde::{Deserialize, Serialize};

use crate::annotators::{self, Annotator, ValueType};
use crate::edit::{Edit, Editor};
use crate::error::RuleError;
use crate::given::{self, Given};
use crate::shingles::{BANDS, MinHashSpec};
use crate::tokenizer::TokenizerSpec;
use crate::trace::Trace;

/// The canonical annotation specification.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnnotateSpec {
    /// Annotations of the text as it was read.
    pub original: Vec<String>,
    /// The stages, in order.
    pub stages: Vec<StageSpec>,
    /// Band hashes for near duplicates, where they are looked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minhash: Option<MinHashSpec>,
    /// Leave `content_hash` NULL: nobody looks for exact duplicates.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub no_content_hash: bool,
    /// What the rule files bring along and annotations are made of, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub given: BTreeMap<String, Given>,
    /// What counts tokens, where somebody does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokenizer: Option<TokenizerSpec>,
}

/// One stage: edits, then measures of the edited text.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StageSpec {
    /// Edits, in file order.
    pub edits: Vec<Edit>,
    /// Annotations, sorted.
    pub annotations: Vec<String>,
}

/// One column that the function makes.
#[derive(Clone, Copy)]
pub(crate) struct SpecColumn {
    pub(crate) annotator: &'static dyn Annotator,
    /// Stage from 1, 0 for the text as it was read.
    pub(crate) stage: usize,
}

/// The flat name of an annotation in a stage (0 is the input).
pub fn column_name(stage: usize, annotation: &str) -> String {
    match stage {
        0 => format!("original.{annotation}"),
        1 => annotation.to_owned(),
        _ => format!("stage{stage}.{annotation}"),
    }
}

/// The Arrow type of an annotator's values.
pub(crate) fn arrow_type(annotator: &dyn Annotator) -> DataType {
    match annotator.value_type() {
        ValueType::Int => DataType::Int64,
        ValueType::Float => DataType::Float64,
        ValueType::Bool => DataType::Boolean,
        ValueType::Text => DataType::Utf8,
        ValueType::Findings => crate::findings::data_type(),
    }
}

impl AnnotateSpec {
    /// Reads a specification; unknown annotators and broken patterns are errors.
    pub fn parse(json: &str) -> Result<Self, RuleError> {
        let spec: Self = serde_json::from_str(json)
            .map_err(|error| RuleError::whole("annotation specification", error))?;
        spec.columns()?;
        spec.minhash.as_ref().map_or(Ok(()), MinHashSpec::check)?;
        Ok(spec)
    }

    /// The specification as canonical JSON: equal specifications are equal strings.
    pub fn to_json(&self) -> String {
        // a struct of strings and numbers always has a JSON form
        serde_json::to_string(self).unwrap_or_default()
    }

    pub(crate) fn columns(&self) -> Result<Vec<SpecColumn>, RuleError> {
        let stages = self.stages.iter().enumerate().map(|(at, stage)| (at + 1, &stage.annotations));
        let mut columns = Vec::new();
        for (stage, names) in std::iter::once((0, &self.original)).chain(stages) {
            for name in names {
                let known = match annotators::find(name) {
                    None => given::find(&self.given, name)?,
                    known => known,
                };
                let annotator = known.ok_or_else(|| {
                    RuleError::whole("annotation specification", format!("no annotator '{name}'"))
                })?;
                if annotator.needs_tokenizer() && self.tokenizer.is_none() {
                    let what = format!("'{name}' needs a tokenizer and none is given");
                    return Err(RuleError::whole("annotation specification", what));
                }
                columns.push(SpecColumn { annotator, stage });
            }
        }
        Ok(columns)
    }

    /// The annotator of that name, of tamis or made by what rule files bring along.
    pub fn annotator(&self, name: &str) -> Option<&'static dyn Annotator> {
        annotators::find(name).or_else(|| given::find(&self.given, name).ok().flatten())
    }

    /// The flat annotation columns, in the order of the function's struct.
    pub fn annotation_fields(&self) -> Result<Vec<Field>, RuleError> {
        let field = |column: &SpecColumn| {
            let name = column_name(column.stage, column.annotator.name());
            Field::new(name, arrow_type(column.annotator), true)
        };
        Ok(self.columns()?.iter().map(field).collect())
    }

    /// The struct that the function returns.
    pub fn return_type(&self) -> Result<DataType, RuleError> {
        let mut fields = self.annotation_fields()?;
        fields.push(Field::new("edited", DataType::Boolean, true));
        fields.push(Field::new("edits", DataType::List(edit_item()), true));
        fields.push(Field::new("content_hash", DataType::FixedSizeBinary(16), true));
        if let Some(minhash) = &self.minhash {
            let kind = DataType::FixedSizeBinary(minhash.bytes());
            fields.push(Field::new(BANDS, kind, true));
        }
        Ok(DataType::Struct(Fields::from(fields)))
    }

    /// The text after all edits.
    pub fn edited_text<'a>(&self, text: &'a str) -> Cow<'a, str> {
        self.stage_text(self.stages.len(), text)
    }

    /// The text as `stage` measures it; 0 is the input.
    pub fn stage_text<'a>(&self, stage: usize, text: &'a str) -> Cow<'a, str> {
        self.traced(stage, text).0
    }

    /// The text as `stage` measures it, and the way back to the text as it was read.
    pub fn traced<'a>(&self, stage: usize, text: &'a str) -> (Cow<'a, str>, Trace) {
        let mut seen = Cow::Borrowed(text);
        let mut trace = Trace::default();
        for edit in self.stages.iter().take(stage).flat_map(|stage| &stage.edits) {
            let Ok(editor) = Editor::new(edit) else { continue };
            let mut cuts = Vec::new();
            if let Some(edited) = editor.cut(&seen, &mut |cut| cuts.push(cut)) {
                seen = Cow::Owned(edited);
                trace.0.push(cuts);
            }
        }
        (seen, trace)
    }

    /// The places of the text as it was read that edits changed, each with the number of its rule.
    pub fn touched(&self, text: &str) -> Vec<(u32, usize, usize)> {
        let mut seen = Cow::Borrowed(text);
        let mut trace = Trace::default();
        let mut places = Vec::new();
        for edit in self.stages.iter().flat_map(|stage| &stage.edits) {
            let Ok(editor) = Editor::new(edit) else { continue };
            let mut cuts = Vec::new();
            if let Some(edited) = editor.cut(&seen, &mut |cut| cuts.push(cut)) {
                for cut in &cuts {
                    let (start, end) = trace.back(cut.from, cut.to);
                    places.push((edit.rule, start, end));
                }
                seen = Cow::Owned(edited);
                trace.0.push(cuts);
            }
        }
        places
    }
}

pub(crate) fn edit_fields() -> Fields {
    Fields::from(vec![
        Field::new("rule", DataType::UInt32, false),
        Field::new("start", DataType::UInt64, false),
        Field::new("end", DataType::UInt64, false),
    ])
}

pub(crate) fn edit_item() -> std::sync::Arc<Field> {
    std::sync::Arc::new(Field::new_list_field(DataType::Struct(edit_fields()), false))
}
